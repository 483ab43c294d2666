"""How the page of duties says each source's rows, and where each leads. A new source is named here too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.urls import reverse

from aralyk.console import law, risk_facts
from aralyk.console.addresses import report_address
from aralyk.duties import of_reports, of_risk
from aralyk.duties.queries import SOURCES
from aralyk.duties.rows import Owed


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
    name = law.duty_name(owed.jurisdiction, owed.rule, at=at)
    return law.clock_name(owed.jurisdiction, owed.rule, at=at) if name == owed.rule else name


def _assess_address(owed: Owed) -> str:
    if owed.protected_person is None or not owed.may_finish:
        return reverse("risk", args=[owed.subject])
    return reverse("risk_assess", args=[owed.subject, owed.protected_person])


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
    }
)
assert set(SHOWN) == {source.name for source in SOURCES}
