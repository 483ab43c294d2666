"""How far an incident is, who must answer until when, and who was told that nobody did: facts for the page's bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.queries import shown_name
from aralyk.console import incident_words, sentences
from aralyk.console.desk_names import desk_name
from aralyk.incidents.clocks import Running, running
from aralyk.incidents.escalation import escalations_for
from aralyk.incidents.models import Escalation, Incident, Status
from aralyk.roster.queries import is_on_duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the bar.

    Attributes:
        name: Of which milestone.
        title: In the reader's language.
        state: "done", "waits" (a clock runs for it), "ahead", or "passed": it went on without it.
        at: When it was done.
        who: By whom, or what was said.
        due_at: When its clock runs out, where one runs.
        awaited: What that clock waits for.
        overdue: It has run out.
    """

    name: str
    title: str
    state: str
    at: datetime | None = None
    who: str = ""
    due_at: datetime | None = None
    awaited: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One desk that was told, with its newest round; `answer` is the row that a person on duty answers, or None."""

    desk: str
    person: str
    awaited: str
    at: datetime
    times: int
    answered_at: datetime | None
    answered_by: str
    stopped: bool
    answer: int | None

    @property
    def stands(self) -> bool:
        """Nobody answered, and it is still awaited."""
        return self.answered_at is None and not self.stopped


def stages_of(incident: Incident) -> list[Stage]:
    """The bar, from the raising to the closing; the incident comes with its order and people."""
    now = clock.now()
    clocks = {one.milestone.value: one for one in running(incident)}
    done = _done(incident)
    reached = max((index for index, (_name, at, _who) in enumerate(done) if at is not None), default=0)
    return [_stage(incident, one, clocks, passed=index < reached, now=now) for index, one in enumerate(done)]


def told_of(user: User, incident: Incident) -> list[Told]:
    """Which desks were told, those that have not answered first; a desk once for each thing that was awaited."""
    now = clock.now()
    newest: dict[tuple[str, datetime, int | None], Escalation] = {}
    for row in escalations_for(user, incident.pk):
        newest[row.milestone, row.since, row.desk_id] = row
    found = [_told(user, incident, row, now=now) for row in newest.values()]
    ordered = sorted(found, key=lambda one: (not one.stands, one.at))
    # One button: whoever was told twice answers once, and what is still awaited then stands again.
    mine = next((one.answer for one in ordered if one.answer is not None), None)
    return [one if one.answer == mine else replace(one, answer=None) for one in ordered]


def _done(incident: Incident) -> Sequence[tuple[str, datetime | None, str]]:
    judged = sentences.text(incident_words.JUDGEMENTS, incident.judgement) if incident.judgement else ""
    owner = shown_name(incident.acknowledged_by)
    desk = "" if incident.handed_to is None else desk_name(incident.handed_to, at=incident.decided_at)
    by_phone = _("by telephone") if incident.handed_over_at and incident.handed_to is None else ""
    outcome = sentences.text(sentences.OUTCOMES, incident.outcome) if incident.outcome else ""
    return (
        ("raised", incident.raised_at, ""),
        ("shown", incident.shown_at, ""),
        ("acknowledged", incident.acknowledged_at, " · ".join(part for part in (owner, judged) if part)),
        ("handed_over", incident.handed_over_at, desk or by_phone),
        ("accepted", incident.accepted_at, shown_name(incident.accepted_by)),
        ("on_the_way", incident.on_the_way_at, ""),
        ("arrived", incident.arrived_at, ""),
        ("concluded", incident.concluded_at, "" if incident.status == Status.CLOSED else outcome),
        ("closed", incident.closed_at, outcome if incident.status == Status.CLOSED else ""),
    )


def _stage(
    incident: Incident,
    one: tuple[str, datetime | None, str],
    clocks: dict[str, Running],
    *,
    passed: bool,
    now: datetime,
) -> Stage:
    name, at, who = one
    title = sentences.text(incident_words.STAGES, name)
    if at is not None:
        return Stage(name=name, title=title, state="done", at=at, who=who)
    runs = clocks.get(name)
    if runs is not None:
        awaited = sentences.text(incident_words.AWAITED, name)
        return Stage(
            name=name, title=title, state="waits", due_at=runs.due_at, awaited=awaited, overdue=runs.due_at <= now
        )
    return Stage(name=name, title=title, state="passed" if passed else "ahead")


def _told(user: User, incident: Incident, row: Escalation, *, now: datetime) -> Told:
    stands = row.acknowledged_at is None and row.stopped_at is None
    mine = stands and (row.desk_id is None or is_on_duty(user, row.desk_id, at=now))
    return Told(
        desk=_("nobody: there is no desk") if row.desk is None else desk_name(row.desk, at=incident.decided_at),
        person=shown_name(row.person),
        awaited=sentences.text(incident_words.AWAITED, row.milestone),
        at=row.raised_at,
        times=row.round,
        answered_at=row.acknowledged_at,
        answered_by=shown_name(row.acknowledged_by),
        stopped=row.stopped_at is not None,
        answer=row.pk if mine else None,
    )
