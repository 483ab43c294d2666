"""Taking on, noting, showing, concluding, closing, reopening. Each act goes through `acting`: one transaction.

The first to acknowledge owns it, or is told who was first. Closing needs an opinion and its reason; a tamper never
closes itself, and somebody looks at its closing a second time. The third "no sign of pursuit" in an order opens all
three again: what is nothing alone may be stalking together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.texts import check_text
from aralyk.access.witness import Actor, System, fingerprint, name_of
from aralyk.incidents import legality, second_looks
from aralyk.incidents.acting import UNTOUCHED, Planned, perform, write
from aralyk.incidents.life import TRANSITIONS, Act
from aralyk.incidents.models import Incident, IncidentEvent, Outcome, Status, Suspicion
from aralyk.orders.models import Order
from aralyk.orders.versions import CONTROL_STREAM
from aralyk.tracking.log import append, control_line

NOTE_MAX: Final = 4_000
CLOSE_REASON_MAX: Final = 1_000
CLOSE_REASON_MIN: Final = 3
SHOWN_AT_ONCE_MAX: Final = 200  # more than a screen holds
NO_PURSUIT_MAX: Final = 3  # REQUIREMENTS 9.3: the third one opens all of them again


def do_acknowledge(by: User, incident_id: UUID) -> Incident:
    """Take an incident on. The first one wins; their name stands beside it from now on.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; already_acknowledged (`who`); already_closed.
    """
    return perform(
        by, incident_id, Act.ACKNOWLEDGE,
        lambda incident, at: Planned(change={"acknowledged_at": at, "acknowledged_by": by}),
    ).incident  # fmt: skip


def do_note(by: User, incident_id: UUID, *, text: str) -> IncidentEvent:
    """Add to an incident's time line, also after it was closed; nothing written is ever edited.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; invalid (text).
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    text = check_text("text", text, longest=NOTE_MAX)
    planned = Planned(data={"text_sha256": fingerprint(text)}, text=text)
    return perform(by, incident_id, Act.NOTE, lambda incident, at: planned).event


def do_conclude(by: User, incident_id: UUID, *, outcome: Outcome, reason: str) -> Incident:
    """Say what it was: an opinion with a name, also by the officer who was there. The centre closes it.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_possible_now; already_closed; invalid.
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    outcome, reason = _opinion(outcome), _reason(reason)
    return perform(
        by, incident_id, Act.CONCLUDE,
        lambda incident, at: Planned(
            change={"outcome": outcome, "concluded_at": at, "concluded_by": by},
            data={"outcome": str(outcome), "reason_sha256": fingerprint(reason)},
            text=reason,
        ),
    ).incident  # fmt: skip


def do_close(
    by: User, incident_id: UUID, *, outcome: Outcome | None, reason: str, still_open_confirmed: bool = False
) -> Incident:
    """Close an incident with an opinion and its reason.

    A tamper never closes itself: its closing tells the engine that somebody looked, and only while the strap is not
    known to be open does that need no confirmation.

    Args:
        by: Who may close incidents.
        incident_id: One that somebody has taken on.
        outcome: The person's opinion, never a court's finding; None: the one with which it was concluded.
        reason: Why, in words.
        still_open_confirmed: The person knows that the situation still goes on, and closes all the same.

    Returns:
        The incident: closed; or open again, if this was the third "no sign of pursuit" of its order.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_acknowledged; already_closed; still_open; invalid.
    """
    check_allowed(by, May.CLOSE_INCIDENTS)
    given = None if outcome is None else _opinion(outcome)
    reason = _reason(reason)

    def plan(incident: Incident, at: datetime) -> Planned:
        said = given or incident.outcome
        if not said:
            raise Refused.field("outcome", expected=" or ".join(Outcome.values))
        goes_on = _goes_on(incident, _tampered_device(incident))
        if goes_on and not still_open_confirmed:
            raise Refused(Code.STILL_OPEN)
        return Planned(
            change={"closed_at": at, "closed_by": by, "outcome": Outcome(said), "close_reason": reason},
            data={
                "order": str(incident.order_id), "outcome": str(said), "priority": incident.priority,
                "reason_sha256": fingerprint(reason), "still_open": goes_on, "threat": str(incident.order.threat),
                "worst_priority": incident.worst_priority,
            },
            text=reason,
        )  # fmt: skip

    with transaction.atomic():
        done = perform(by, incident_id, Act.CLOSE, plan)
        second_looks.ask(done.incident, done.event, by=by, at=done.at)
        legality.list_closing(done.incident, done.event, by=by, at=done.at)
        if done.incident.outcome == Outcome.NO_PURSUIT:
            _open_again_if_it_recurs(done.incident, at=done.at)
        _clear_tamper(by, done.incident, _tampered_device(done.incident), at=done.at)
    return done.incident


def do_reopen(by: User, incident_id: UUID, *, reason: str) -> Incident:
    """Open a closed incident again: nobody's name stands on it, and its clocks begin anew.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_possible_now; invalid.
    """
    check_allowed(by, May.CLOSE_INCIDENTS)
    return reopen(by, incident_id, reason=_reason(reason))


def reopen(by: Actor, incident_id: UUID, *, reason: str = "", suspicion: Suspicion | None = None) -> Incident:
    """The same, for whoever's rule it is: inside a transaction or as its own."""

    def plan(incident: Incident, at: datetime) -> Planned:
        change = {**UNTOUCHED, "clock_from": at} | ({} if suspicion is None else {"suspicion": suspicion})
        data: dict[str, object] = {"outcome_before": str(incident.outcome)}
        data |= {"reason_sha256": fingerprint(reason)} if reason else {}
        data |= {"suspicion": str(suspicion)} if suspicion is not None else {}
        return Planned(change=change, data=data, text=reason)

    return perform(by, incident_id, Act.REOPEN, plan).incident


def do_mark_shown(by: User, incident_ids: Sequence[UUID]) -> list[UUID]:
    """Record that a screen of the centre showed these incidents for the first time, at the server's time.

    Args:
        by: Whose screen; only of those whose duty is to watch does it count.
        incident_ids: At most 200; those already shown, closed, or not this person's, are passed over.

    Returns:
        Those that were shown now for the first time.

    Raises:
        Refused: invalid: too many at once.
    """
    if len(incident_ids) > SHOWN_AT_ONCE_MAX:
        raise Refused.field("incidents", expected=f"at most {SHOWN_AT_ONCE_MAX}", found=len(incident_ids))
    if not allows(by, May.WATCH) or not incident_ids:
        return []
    at = clock.now()
    with transaction.atomic():
        fresh = [
            incident
            for incident in Incident.objects.select_for_update(of=("self",))
            .filter(seen_by(by, order="order__", district="district"), pk__in=incident_ids, shown_at__isnull=True)
            .order_by("pk")
            if (Status(incident.status), Act.SHOW) in TRANSITIONS
        ]
        for incident in fresh:
            write(by, incident, Act.SHOW, Planned(change={"shown_at": at}), at=at)
    return [incident.pk for incident in fresh]


def _opinion(outcome: Outcome) -> Outcome:
    if outcome not in Outcome.values:
        raise Refused.field("outcome", expected=" or ".join(Outcome.values), found=outcome)
    return Outcome(outcome)


def _reason(reason: str) -> str:
    return check_text("reason", reason, shortest=CLOSE_REASON_MIN, longest=CLOSE_REASON_MAX)


def _open_again_if_it_recurs(closed: Incident, *, at: datetime) -> None:
    """The third "no sign of pursuit" opens all of them again, as suspected stalking, and the prosecutor is told.

    Those that were opened for that once don't count again: whoever closes them now knows why they were open.
    """
    # Two who close in one order at the same moment must not both count two. FOR NO KEY UPDATE: the monitor still adds.
    Order.objects.select_for_update(no_key=True).get(pk=closed.order_id)
    alike = Incident.objects.filter(
        order=closed.order_id, status=Status.CLOSED, outcome=Outcome.NO_PURSUIT, suspicion=""
    ).order_by("pk")  # fmt: skip
    found = list(alike.values_list("pk", flat=True))
    if len(found) < NO_PURSUIT_MAX:
        return
    for pk in found:
        opened = reopen(System.INCIDENTS, pk, suspicion=Suspicion.STALKING)
        if pk == closed.pk:
            closed.refresh_from_db()
            legality.list_suspicion(opened, at=at)


def _tampered_device(incident: Incident) -> str | None:
    """The device whose tamper this incident is about; None for other kinds."""
    return str(incident.decision["basis"]["device"]) if incident.kind == "tamper" else None


def _goes_on(incident: Incident, tampered: str | None) -> bool:
    """Whether the situation is known to go on. A tamper's episode stays open until somebody clears it."""
    if tampered is None:
        return incident.episode_open
    with connection.cursor() as cursor:
        cursor.execute("SELECT strap = 'open' FROM device_status WHERE device = %s", (tampered,))
        row = cursor.fetchone()
    return bool(row and row[0])


def _clear_tamper(by: User, incident: Incident, device: str | None, *, at: datetime) -> None:
    """Tell the engine, last in the transaction: it ends the episode, or opens a new one if the strap is still open."""
    if device is None:
        return
    control = {"type": "tamper_cleared", "device": device, "incident": incident.engine_key}
    line = control_line(control, received_at_us=clock.to_us(at))
    with connection.cursor() as cursor:
        append(cursor, stream=CONTROL_STREAM, lines=[line], received_at=at, by=name_of(by))
