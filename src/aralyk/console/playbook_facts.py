"""The playbook of a signal as its page shows it, and the log of what was told to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.sentences import sentence_of
from aralyk.console import incident_words, sentences
from aralyk.console.desk_names import codes_in, names_of
from aralyk.console.incident_forms import StepForm
from aralyk.console.templatetags.console import moment_text
from aralyk.incidents import playbooks
from aralyk.incidents.models import Incident, Status
from aralyk.incidents.queries import Moment
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.jurisdictions.values import PlaybookStep, Text, Whom

SYSTEM_DOWN: Final = "system_down"
_TELLS: Final = frozenset({Whom.RESPONDENT.value, Whom.PROTECTED.value, Whom.POLICE.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One text in one language, and whether no native lawyer has read it."""

    language: str
    name: str
    text: str
    draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that is said word for word: what it is, and the reader's own language first."""

    about: str
    texts: Sequence[Words]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneLine:
    """A step that was done."""

    at: datetime
    by: str
    result: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """One step."""

    slug: str
    contact: str
    whom: str
    title: str
    at_once: bool
    says: Sequence[Said]
    ask: str
    quiet_until: datetime | None
    quiet_until_text: str
    done: Sequence[DoneLine]
    form: forms.Form | None
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookFacts:
    """The playbook; without steps nobody has written one."""

    name: str = ""
    steps: Sequence[StepFacts] = ()
    why_not: str = ""
    system_down: str = ""
    unverified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacted:
    """One line of the log: whom we told, what came of it."""

    at: datetime
    whom: str
    what: str
    text: str
    by: str


def playbook_facts(user: User, incident: Incident, *, sent: tuple[str, forms.Form] | None = None) -> PlaybookFacts:
    """The playbook that holds for this signal.

    Args:
        user: Who reads.
        incident: Fetched for this user.
        sent: The step whose form came back with a mistake: it stands open.
    """
    book = playbooks.playbook_of(incident)
    if book is None:
        return PlaybookFacts()
    may = allows(user, May.ANSWER_INCIDENTS)
    why_not = _why_not(incident) if may else ""
    steps = [
        _facts(incident, state, sent=sent, writable=may and not why_not)
        for state in playbooks.steps_for(user, incident.pk)
    ]
    down = _message(incident, SYSTEM_DOWN)
    return PlaybookFacts(
        name=_own(book.name), steps=steps, why_not=why_not, unverified=book.unverified,
        system_down="" if down is None else _own(down),
    )  # fmt: skip


def form_of_step(step: PlaybookStep, data: Any = None) -> StepForm:
    """The form of a step, empty or filled with what was sent."""
    return StepForm(data, prefix=f"step_{step.slug}", results=step.results)


def contacts_of(incident: Incident, moments: Sequence[Moment]) -> list[Contacted]:
    """What we told whom: calls of the playbook, hand-overs, and desks that were told that nobody answered."""
    found = []
    desks = names_of((code for moment in moments for code in codes_in(moment.data)), at=incident.decided_at)
    for moment in moments:
        data = moment.data
        if moment.kind == playbooks.EVENT and data.get("contact") in _TELLS:
            whom = sentences.text(incident_words.CONTACTS, str(data["contact"]))
            what = sentences.text(incident_words.RESULTS, str(data["result"]))
        elif moment.kind == "handed_over":
            whom, what = _desks(data, desks) or _("by telephone"), sentences.text(sentences.EVENTS, moment.kind)
        elif moment.kind == "escalated":
            whom = _desks(data, desks) or _("nobody: there is no desk")
            what = sentences.text(sentences.EVENTS, moment.kind)
        else:
            continue
        found.append(Contacted(at=moment.at, whom=whom, what=what, text=moment.text, by=moment.by))
    return found


def _desks(data: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(code, code) for code in codes_in(data))


def _why_not(incident: Incident) -> str:
    if incident.status == Status.OPEN:
        return sentence_of(Refused(Code.TAKE_IT_ON_FIRST))
    return sentence_of(Refused(Code.ALREADY_CLOSED)) if incident.status == Status.CLOSED else ""


def _facts(
    incident: Incident, state: playbooks.StepState, *, sent: tuple[str, forms.Form] | None, writable: bool
) -> StepFacts:
    step = state.step
    is_sent = sent is not None and sent[0] == step.slug
    form = sent[1] if sent is not None and is_sent else form_of_step(step)
    until = state.quiet_until
    return StepFacts(
        slug=step.slug, contact=step.contact.value,
        whom=sentences.text(incident_words.CONTACTS, step.contact.value), title=_own(step.title),
        at_once=step.at_once, says=_says(incident, step), ask="" if step.ask is None else _own(step.ask),
        quiet_until=until, quiet_until_text="" if until is None else moment_text(until),
        done=[
            DoneLine(
                at=done.at, by=done.by, text=done.text,
                result=sentences.text(incident_words.RESULTS, done.result.value),
            )
            for done in state.done
        ],
        form=form if writable else None, open=is_sent,
    )  # fmt: skip


def _says(incident: Incident, step: PlaybookStep) -> list[Said]:
    message = None if step.says is None else _message(incident, step.says)
    found = []
    if step.script is not None:
        about = _("Say, word for word:") if message is None else _("First, whoever answers:")
        found.append(Said(about=about, texts=_texts(step.script)))
    if message is not None:
        found.append(Said(about=_("Only when she can speak and is alone:"), texts=_texts(message)))
    return found


def _message(incident: Incident, slug: str) -> Text | None:
    law = pack(incident.order.jurisdiction)
    try:
        return law.her_message(slug, on=law.day_of(incident.decided_at))
    except NotInForce:
        return None


def _texts(text: Text) -> list[Words]:
    mine = get_language() or "ru"
    found = [
        Words(
            language=code, name=sentences.text(incident_words.LANGUAGES, code), text=text.in_language(code),
            draft=text.is_draft(code),
        )
        for code in text.languages()
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.language != mine)


def _own(text: Text) -> str:
    """The text in the reader's language; an instruction that nobody wrote in it is shown as it was written first."""
    mine = get_language() or "ru"
    return text.in_language(mine if mine in text.languages() else text.languages()[0])
