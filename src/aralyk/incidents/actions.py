"""What people do with incidents. Each act is one transaction: row, time line, witness, and the word to every screen.

The first to acknowledge owns it: one UPDATE that hits exactly one row, or a refusal that names who was first. What
people write freely stands in the time line; evidence holds its hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.queries import shown_name
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.life import TRANSITIONS, Act
from aralyk.incidents.models import Incident, IncidentEvent, Outcome, Status
from aralyk.incidents.queries import incident_for
from aralyk.orders.versions import CONTROL_STREAM
from aralyk.tracking.live import LiveKind, announce
from aralyk.tracking.log import append, control_line

NOTE_MAX: Final = 4_000
CLOSE_REASON_MAX: Final = 1_000
CLOSE_REASON_MIN: Final = 3
SHOWN_AT_ONCE_MAX: Final = 200  # more than a screen holds


def do_acknowledge(by: User, incident_id: UUID) -> Incident:
    """Take an incident on. The first one wins; their name stands beside it from now on.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; already_acknowledged (`who`); already_closed.
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    at = clock.now()
    with transaction.atomic():
        incident_for(by, incident_id, to=May.ANSWER_INCIDENTS)
        taken = Incident.objects.filter(pk=incident_id, status=Status.OPEN).update(
            status=Status.ACKNOWLEDGED, acknowledged_at=at, acknowledged_by=by, updated_at=at
        )
        incident = incident_for(by, incident_id)
        if taken != 1:
            _check_transition(incident, Act.ACKNOWLEDGE)
        _tell(by, incident, event="acknowledged", kind=Kind.INCIDENT_ACKNOWLEDGED, at=at)
    return incident


def do_note(by: User, incident_id: UUID, *, text: str) -> IncidentEvent:
    """Add to an incident's time line, also after it was closed; nothing written is ever edited.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; invalid (text).
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    text = check_text("text", text, longest=NOTE_MAX)
    at = clock.now()
    with transaction.atomic():
        incident = _locked(by, incident_id, to=May.ANSWER_INCIDENTS)
        _check_transition(incident, Act.NOTE)
        return _tell(
            by, incident, event="noted", kind=Kind.INCIDENT_NOTED, at=at, text=text,
            data={"text_sha256": fingerprint(text)},
        )  # fmt: skip


def do_close(
    by: User, incident_id: UUID, *, outcome: Outcome, reason: str, still_open_confirmed: bool = False
) -> Incident:
    """Close an incident with an opinion and its reason.

    A tamper never closes itself: its closing tells the engine that somebody looked, and only while the strap is not
    known to be open does that need no confirmation.

    Args:
        by: Who may close incidents.
        incident_id: An acknowledged incident.
        outcome: The person's opinion, never a court's finding.
        reason: Why, in words.
        still_open_confirmed: The person knows that the situation still goes on, and closes all the same.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_acknowledged; already_closed; still_open; invalid.
    """
    check_allowed(by, May.CLOSE_INCIDENTS)
    if outcome not in Outcome.values:
        raise Refused.field("outcome", expected=" or ".join(Outcome.values), found=outcome)
    reason = check_text("reason", reason, shortest=CLOSE_REASON_MIN, longest=CLOSE_REASON_MAX)
    at = clock.now()
    with transaction.atomic():
        incident = _locked(by, incident_id, to=May.CLOSE_INCIDENTS)
        _check_transition(incident, Act.CLOSE)
        tampered = _tampered_device(incident)
        goes_on = _goes_on(incident, tampered)
        if goes_on and not still_open_confirmed:
            raise Refused(Code.STILL_OPEN)
        incident.status = Status.CLOSED
        incident.closed_at = incident.updated_at = at
        incident.closed_by = by
        incident.outcome = Outcome(outcome)
        incident.close_reason = reason
        incident.save(update_fields=["status", "closed_at", "updated_at", "closed_by", "outcome", "close_reason"])
        _tell(
            by, incident, event="closed", kind=Kind.INCIDENT_CLOSED, at=at, text=incident.close_reason,
            data={
                "order": str(incident.order_id), "outcome": str(incident.outcome), "priority": incident.priority,
                "reason_sha256": fingerprint(reason), "still_open": goes_on, "threat": str(incident.order.threat),
                "worst_priority": incident.worst_priority,
            },
        )  # fmt: skip
        _clear_tamper(by, incident, tampered, at=at)
    return incident


def do_mark_shown(by: User, incident_ids: Sequence[UUID]) -> list[UUID]:
    """Record that a screen of the centre showed these incidents for the first time, at the server's time.

    Args:
        by: Whose screen; only of those whose duty is to watch does it count.
        incident_ids: At most 200; those already shown, or not this person's, are passed over.

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
        fresh = list(
            Incident.objects.select_for_update(of=("self",))
            .filter(seen_by(by, order="order__", district="district"), pk__in=incident_ids, shown_at__isnull=True)
            .order_by("pk")
        )
        Incident.objects.filter(pk__in=[incident.pk for incident in fresh]).update(shown_at=at)
        for incident in fresh:
            _tell(by, incident, event="shown", kind=Kind.INCIDENT_SHOWN, at=at)
    return [incident.pk for incident in fresh]


def _locked(by: User, incident_id: UUID, *, to: May) -> Incident:
    """The incident with its order, locked until the end of the transaction."""
    incident = (
        Incident.objects.select_for_update(of=("self",))
        .select_related("order", "acknowledged_by")
        .filter(seen_by(by, order="order__", district="district", to=to), pk=incident_id)
        .first()
    )
    if incident is None:
        raise NotFound("incident")
    return incident


def _check_transition(incident: Incident, act: Act) -> None:
    result = TRANSITIONS[Status(incident.status), act]
    if result is Code.ALREADY_ACKNOWLEDGED:
        raise Refused(result, who=shown_name(incident.acknowledged_by))
    if isinstance(result, Code):
        raise Refused(result)


def _tell(
    by: User,
    incident: Incident,
    *,
    event: str,
    kind: Kind,
    at: datetime,
    text: str = "",
    data: Mapping[str, object] | None = None,
) -> IncidentEvent:
    """Time line, witness, live stream."""
    written = IncidentEvent.objects.create(
        incident=incident, at=at, kind=event, by=by, text=text, data=dict(data or {})
    )
    witness(
        kind=kind,
        subject=f"incident:{incident.pk}",
        by=by,
        at=at,
        data={"number": incident.number, "event": written.pk, **(data or {})},
    )
    with connection.cursor() as cursor:
        announce(cursor, kind=LiveKind.INCIDENT, subject=str(incident.pk), district=incident.district, at=at)
    return written


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
