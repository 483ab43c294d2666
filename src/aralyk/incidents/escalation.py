"""Whoever did not answer is not asked again alone: each round tells several desks at once, until a person answers.

A row for each desk and round (`Escalation`), and a notice to each person on duty there (`telling`). A job calls
`do_escalate` each second. It takes the incidents whose clocks must be looked at, by an index that holds only those that
run, and in one transaction writes what is due and when to look again: killed in between, it did nothing, and the next
call does it. A round is told once however often this runs (the database holds that too).

Never a dead end: where a desk of a round is not ready (nobody on the roster, or no answer to its test call), the last
desk is told in the same round, and else any desk that is ready; where there is no desk at all a row says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.witness import System, witness
from aralyk.channels.notices import do_answer_about
from aralyk.channels.words import Text
from aralyk.evidence.kinds import Kind
from aralyk.incidents.acting import announce_change, locked
from aralyk.incidents.actions import do_acknowledge
from aralyk.incidents.clocks import RoundDue, Running, next_round_at, rounds_due, running
from aralyk.incidents.models import Escalation, Incident, IncidentEvent, Status
from aralyk.incidents.telling import subject_of, tell_desk
from aralyk.jurisdictions.values import DeskKind, Milestone
from aralyk.roster.queries import DutyNow, Manned, duty_at, is_on_duty

BATCH: Final = 200  # incidents in one transaction: some 50 ms
# A serious one is looked at so often though nothing is due: the threat of its order may have been raised meanwhile.
# So is one of a priority that the pack has no clock for.
_LOOK_AGAIN: Final = timedelta(minutes=1)
_SERIOUS: Final = 2
# Whoever is told at one of these and answers has taken the incident on; the caller for her has not.
_TAKES_ON: Final = frozenset({DeskKind.CENTRE, DeskKind.DUTY_UNIT, DeskKind.SUPERVISOR, DeskKind.LAST})


Told = tuple[UUID, str, datetime]  # incident and run: which clock, since when


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was told before: of each run the newest round, and when which desk answered."""

    newest: Mapping[Told, int]
    answered: Mapping[Told, Mapping[int | None, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one call did: incidents that were looked at, rows that are new."""

    incidents: int = 0
    raised: int = 0


def do_escalate(*, now: datetime) -> Looked:
    """Raise every round that is due on the incidents that must be looked at, at most BATCH of them."""
    with transaction.atomic():
        due = list(
            Incident.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("order")
            .defer("decision")
            .filter(clock_at__lte=now)
            .order_by("clock_at")[:BATCH]
        )
        if not due:
            return Looked()
        duty, told = duty_at(now), _told(due)
        raised = sum(_look_at(incident, told, duty, now=now) for incident in due)
        Incident.objects.bulk_update(due, ["clock_at"])
    return Looked(incidents=len(due), raised=raised)


def standing_for(user: User) -> QuerySet[Escalation]:
    """Escalations that nobody has answered, as this person may see them: the longest waiting first."""
    if not allows(user, May.READ_ROSTER):
        return Escalation.objects.none()
    seen = seen_by(user, order="incident__order__", district="incident__district")
    found = Escalation.objects.filter(seen, acknowledged_at__isnull=True, stopped_at__isnull=True)
    return found.select_related("incident", "desk", "person").order_by("raised_at", "pk")


def escalations_for(user: User, incident_id: UUID) -> QuerySet[Escalation]:
    """All of one incident, in order."""
    seen = seen_by(user, order="incident__order__", district="incident__district")
    found = Escalation.objects.filter(seen, incident=incident_id)
    return found.select_related("desk", "person", "acknowledged_by").order_by("raised_at", "pk")


def do_answer_escalation(by: User, escalation_id: int) -> Escalation:
    """Say "I was told": a named person of that desk. At every desk but the caller's for her it takes the incident on.

    Raises:
        NotFound: No such escalation, or not this person's to see.
        Refused: not_permitted; not_on_duty at that desk; already_answered; already_acknowledged (`who`).
    """
    check_allowed(by, May.READ_ROSTER)
    found = Escalation.objects.filter(pk=escalation_id).first()
    if found is None:
        raise NotFound("escalation")
    with transaction.atomic():
        incident = locked(by, found.incident_id, to=May.SEE_CASES)
        at = clock.now()
        row = Escalation.objects.select_for_update(of=("self",)).select_related("desk").get(pk=escalation_id)
        if row.acknowledged_at is not None or row.stopped_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        if row.desk is not None and not is_on_duty(by, row.desk.pk, at=at):
            raise Refused(Code.NOT_ON_DUTY)
        same = Escalation.objects.filter(
            incident=incident, milestone=row.milestone, since=row.since, desk=row.desk, acknowledged_at__isnull=True,
            stopped_at__isnull=True,
        )  # fmt: skip
        same.update(acknowledged_at=at, acknowledged_by=by)
        do_answer_about(by, subject_of(incident))
        _tell_answer(by, incident, row, at=at)
        kind = DeskKind.LAST if row.desk is None else DeskKind(row.desk.kind)
        if incident.status == Status.OPEN and kind in _TAKES_ON and allows(by, May.ANSWER_INCIDENTS):
            do_acknowledge(by, incident.pk)
        row.refresh_from_db()
    return row


def _told(due: Sequence[Incident]) -> Before:
    """Two queries that stay small however long nobody answers."""
    rows = Escalation.objects.filter(incident__in=due)
    newest = rows.values_list("incident", "milestone", "since").annotate(Max("round"))
    answers = rows.filter(acknowledged_at__isnull=False).order_by("acknowledged_at")
    answered: dict[Told, dict[int | None, datetime]] = defaultdict(dict)
    for incident, milestone, since, desk, at in answers.values_list(
        "incident", "milestone", "since", "desk", "acknowledged_at"
    ):
        if at is not None:
            answered[incident, milestone, since][desk] = at
    return Before(newest={(one, what, since): number for one, what, since, number in newest}, answered=answered)


def _look_at(incident: Incident, told: Before, duty: DutyNow, *, now: datetime) -> int:
    """Write what is due on one incident, and set when to look again; returns how many rows are new."""
    clocks = running(incident)
    rows = [row for one in clocks for row in _rows_of(incident, one, told, duty, now=now)]
    next_at = min((next_round_at(one, now=now) for one in clocks), default=now + _LOOK_AGAIN)
    if incident.priority <= _SERIOUS:
        next_at = min(next_at, now + _LOOK_AGAIN)
    incident.clock_at = None if incident.status == Status.CLOSED else next_at
    Escalation.objects.bulk_create(rows)
    people = {at.desk.pk: at.people for at in duty.desks}
    for row in rows:
        waited_s = int((now - row.since).total_seconds())
        once = f"escalation:{row.pk}"
        tell_desk(incident, people.get(row.desk_id or 0, ()), text=Text.UNANSWERED, once=once, seconds=waited_s)
    for row in _first_of_each_round(rows):
        _tell_raised(incident, [one for one in rows if _round_of(one) == _round_of(row)], at=now)
    return len(rows)


def _rows_of(incident: Incident, one: Running, told: Before, duty: DutyNow, *, now: datetime) -> Iterable[Escalation]:
    run = (incident.pk, one.milestone.value, one.since)
    answered = told.answered.get(run, {})
    for due in rounds_due(one, now=now):
        if due.number <= told.newest.get(run, 0):
            continue
        for at in _desks(due, duty, district=incident.district):
            desk = None if at is None else at.desk
            if _has_promised(answered.get(desk.pk if desk else None), due):
                continue
            yield Escalation(
                incident=incident, milestone=one.milestone, since=one.since, round=due.number, desk=desk,
                person_id=at.people[0] if at is not None and at.people else None, due_at=due.due_at, raised_at=now,
            )  # fmt: skip


def _desks(due: RoundDue, duty: DutyNow, *, district: str) -> list[Manned | None]:
    found: list[Manned] = []
    every_kind_is_ready = True
    for kind in due.desks:
        here = duty.of(kind, district=district)
        found += here
        every_kind_is_ready &= any(one.is_ready for one in here)
    if not every_kind_is_ready:
        found += duty.of(DeskKind.LAST, district=district)
    if not any(one.is_ready for one in found):
        found += duty.any_ready(district=district)
    once = {one.desk.pk: one for one in found}
    return list(once.values()) or [None]


def _has_promised(answered_at: datetime | None, due: RoundDue) -> bool:
    """Whether somebody of that desk answered so lately that this round need not tell it again."""
    lately = due.due_at - timedelta(seconds=due.clock.rule.repeat_s)
    return answered_at is not None and answered_at > lately


def _first_of_each_round(rows: Sequence[Escalation]) -> list[Escalation]:
    return list({_round_of(row): row for row in reversed(rows)}.values())[::-1]


def _round_of(row: Escalation) -> tuple[str, datetime, int]:
    return str(row.milestone), row.since, row.round


def _tell_raised(incident: Incident, rows: Sequence[Escalation], *, at: datetime) -> None:
    first = rows[0]
    data: dict[str, object] = {
        "desks": [row.desk.code for row in rows if row.desk is not None],
        "due_at": clock.iso(first.due_at),
        "milestone": str(Milestone(first.milestone)),
        "round": first.round,
    }
    event = IncidentEvent.objects.create(incident=incident, at=at, kind="escalated", data=data)
    witness(
        kind=Kind.INCIDENT_ESCALATED, subject=f"incident:{incident.pk}", by=System.INCIDENTS, at=at,
        data={"number": incident.number, "event": event.pk, **data},
    )  # fmt: skip
    announce_change(incident, at=at)


def _tell_answer(by: User, incident: Incident, row: Escalation, *, at: datetime) -> None:
    data: dict[str, object] = {
        "desk": row.desk.code if row.desk else None, "milestone": str(row.milestone), "round": row.round
    }  # fmt: skip
    event = IncidentEvent.objects.create(incident=incident, at=at, kind="escalation_answered", by=by, data=data)
    witness(
        kind=Kind.ESCALATION_ANSWERED, subject=f"incident:{incident.pk}", by=by, at=at,
        data={"number": incident.number, "event": event.pk, **data},
    )  # fmt: skip
    announce_change(incident, at=at)
