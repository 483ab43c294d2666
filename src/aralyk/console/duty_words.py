"""How the page of duties says each source's rows, and where each leads. A new source is named here too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from aralyk.console import law, people_words, risk_facts, sentences
from aralyk.console.addresses import report_address
from aralyk.duties import of_orders, of_people, of_reports, of_risk
from aralyk.duties.queries import SOURCES
from aralyk.duties.rows import Owed
from aralyk.reports.clocks import Owed as Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page says of one duty.

    Attributes:
        words: What is to be done, in the reader's language, as of a moment.
        address: The page where it is done or read about.
        finish: The address that takes "done" with a note; "" when it is done by its own page alone.
    """

    words: Callable[[Owed, datetime], str]
    address: Callable[[Owed], str]
    finish: Callable[[Owed], str]


def _owed_on_report(owed: Owed, at: datetime) -> str:
    """Some clocks of reports are the pack's clocks, the others its duties; both have names."""
    if owed.kind == Clock.REFERRAL_RESULT:
        return _("What came of it: %(duty)s") % {"duty": law.duty_name(owed.jurisdiction, owed.rule, at=at)}
    name = law.duty_name(owed.jurisdiction, owed.rule, at=at)
    return law.clock_name(owed.jurisdiction, owed.rule, at=at) if name == owed.rule else name


def _assess_address(owed: Owed) -> str:
    if owed.protected_person is None or not owed.may_finish:
        return reverse("risk", args=[owed.subject])
    return reverse("risk_assess", args=[owed.subject, owed.protected_person])


def _ask_address(owed: Owed) -> str:
    return reverse("order_question", args=[owed.id]) if owed.may_finish else reverse("order", args=[owed.subject])


def _child_address(owed: Owed) -> str:
    """Her file is for those who keep it; who oversees duties reads of him."""
    if owed.may_finish:
        return f"{reverse('protected_person', args=[owed.subject])}#children"
    return reverse("respondent", args=[owed.respondent])


SHOWN: Final[Mapping[str, Shown]] = MappingProxyType(
    {
        of_risk.LEVEL: Shown(
            words=lambda owed, at: law.duty_name(owed.jurisdiction, owed.rule, at=at),
            address=lambda owed: reverse("risk", args=[owed.subject]),
            finish=lambda owed: reverse("duty_finish", args=[owed.id]),
        ),
        of_risk.ASSESSMENT: Shown(
            words=lambda owed, at: risk_facts.assess_again(owed.kind), address=_assess_address, finish=lambda owed: ""
        ),
        of_reports.TASK: Shown(
            words=_owed_on_report,
            address=lambda owed: report_address(owed.subject),
            finish=lambda owed: "",
        ),
        of_orders.QUESTION: Shown(
            words=lambda owed, at: _("Ask whether the order should go on"),
            address=_ask_address,
            finish=lambda owed: "",
        ),
        of_people.CHILD: Shown(
            words=lambda owed, at: _("A child is with him: find out how the child is"),
            address=_child_address,
            finish=lambda owed: "",
        ),
        of_people.NOTICE: Shown(
            words=lambda owed, at: (
                _("A child is with him: %(notice)s") % {"notice": sentences.text(people_words.NOTICES, owed.kind)}
            ),
            address=_child_address,
            finish=lambda owed: "",
        ),
    }
)
assert set(SHOWN) == {source.name for source in SOURCES}
