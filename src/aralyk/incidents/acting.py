"""The one way in which an incident changes by a person's act.

Permission, row lock, the table of `life`, then in the same transaction: the row, one line of the time line, one
witness, the word to every screen; escalations of what is no longer awaited stop, and its clocks are looked at anew.
What people write freely stands in the time line; evidence holds its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, FieldProblem, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, seen_by
from aralyk.access.queries import shown_name
from aralyk.access.witness import Actor, user_of, witness
from aralyk.incidents.clocks import runs_of
from aralyk.incidents.life import DEEDS, TRANSITIONS, Act, possible, refusal
from aralyk.incidents.models import Escalation, Incident, IncidentEvent, Status
from aralyk.incidents.telling import stop_telling
from aralyk.tracking.live import LiveKind, announce

# What a life begins without: opened again, nobody's name stands on it.
UNTOUCHED: Final[Mapping[str, Any]] = {
    "shown_at": None, "acknowledged_at": None, "acknowledged_by": None, "judgement": "", "handed_to": None,
    "handed_over_at": None, "accepted_at": None, "accepted_by": None, "on_the_way_at": None, "arrived_at": None,
    "returned_at": None, "concluded_at": None, "concluded_by": None, "outcome": "", "closed_at": None,
    "closed_by": None, "close_reason": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What an act writes besides the status.

    Attributes:
        change: Columns of the incident.
        data: What the time line and the witness say; ids and hashes, never a name or a text.
        text: What somebody wrote freely, for the time line alone.
    """

    change: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)
    text: str = ""


Plan = Callable[[Incident, datetime], Planned]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """An act that was done."""

    incident: Incident
    event: IncidentEvent
    at: datetime


def perform(by: Actor, incident_id: UUID, act: Act, plan: Plan) -> Acted:
    """Do one act.

    Args:
        by: A person, or the machine where the rules themselves reopen.
        incident_id: Which.
        act: What.
        plan: Called with the locked incident and the time, after the table allowed the act; may refuse.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; or why it is impossible: then the field `act` names the status and what is possible.
    """
    deed = DEEDS[act]
    if isinstance(by, User):
        check_allowed(by, deed.may)
    with transaction.atomic():
        incident = locked(by, incident_id, to=deed.may)
        check_possible(by, incident, act)
        at = clock.now()
        return write(by, incident, act, plan(incident, at), at=at)


def locked(by: Actor, incident_id: UUID, *, to: May) -> Incident:
    """The incident with its order, locked until the end of the transaction."""
    # Its people are read after the lock: what is joined stays as it was before somebody else was faster.
    found = Incident.objects.select_for_update(of=("self",)).select_related("order")
    if isinstance(by, User):
        found = found.filter(seen_by(by, order="order__", district="district", to=to))
    incident = found.filter(pk=incident_id).first()
    if incident is None:
        raise NotFound("incident")
    return incident


def check_possible(by: Actor, incident: Incident, act: Act) -> None:
    """Go on only with what the table allows now.

    Raises:
        Refused: Names the status, what is possible, and whose it is where somebody was first.
    """
    status = Status(incident.status)
    if (status, act) not in TRANSITIONS:
        owner = incident.acknowledged_by if act is Act.ACKNOWLEDGE else incident.accepted_by
        who = {"who": shown_name(owner)} if act in {Act.ACKNOWLEDGE, Act.ACCEPT} and owner is not None else {}
        problem = FieldProblem(field="act", expected=", ".join(possible(status)), found=status.value)
        raise Refused(refusal(status, act), fields=(problem,), **who)
    if DEEDS[act].officers_own and incident.accepted_by != user_of(by):
        raise Refused(Code.ANOTHERS_INCIDENT, who=shown_name(incident.accepted_by))


def write(by: Actor, incident: Incident, act: Act, planned: Planned, *, at: datetime) -> Acted:
    """Write an act that was checked, inside the transaction that holds the row's lock."""
    before = Status(incident.status)
    after = TRANSITIONS[before, act]
    change = dict(planned.change)
    if change or after is not before:
        clock_at = None if after is Status.CLOSED else at
        change |= {"status": after, "updated_at": at, "clock_at": clock_at}
        for name, value in change.items():
            setattr(incident, name, value)
        incident.save(update_fields=list(change))
        stop_escalations(incident, at=at)
    if after is not before:
        stop_telling(incident, by=user_of(by))
    return Acted(incident=incident, event=tell(by, incident, act, planned, at=at), at=at)


def stop_escalations(incident: Incident, *, at: datetime) -> None:
    """Stop those whose clock no longer runs: what they waited for has happened, or a new run of it began."""
    standing = Escalation.objects.filter(incident=incident, acknowledged_at__isnull=True, stopped_at__isnull=True)
    runs = set(runs_of(incident))
    over = [one.pk for one in standing if (one.milestone, one.since) not in runs]
    if over:
        Escalation.objects.filter(pk__in=over).update(stopped_at=at)


def tell(by: Actor, incident: Incident, act: Act, planned: Planned, *, at: datetime) -> IncidentEvent:
    """Time line, witness, live stream."""
    deed = DEEDS[act]
    written = IncidentEvent.objects.create(
        incident=incident, at=at, kind=deed.event, by=user_of(by), text=planned.text, data=dict(planned.data)
    )
    data = {"number": incident.number, "event": written.pk, **planned.data}
    witness(kind=deed.kind, subject=f"incident:{incident.pk}", by=by, at=at, data=data)
    announce_change(incident, at=at)
    return written


def announce_change(incident: Incident, *, at: datetime) -> None:
    """The word to every screen."""
    with connection.cursor() as cursor:
        announce(cursor, kind=LiveKind.INCIDENT, subject=str(incident.pk), district=incident.district, at=at)
