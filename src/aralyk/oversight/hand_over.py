"""The change of a shift in the centre: how everything stands, what the leaving person says, who takes it over by name.

Both put their names to the same list: its hash is witnessed when it is left and again when it is taken. Whose an
incident is does not change by it: the coming person takes each over by an act of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import SEEN_ORDER, May, allows, check_allowed, seen_by, seen_values
from aralyk.access.queries import shown_name
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.devices.queries import SILENT_AFTER_INTERVALS
from aralyk.evidence.kinds import Kind
from aralyk.incidents.models import Escalation, Incident
from aralyk.incidents.queries import queue_for
from aralyk.ledger.canonical import canonical_bytes
from aralyk.orders.models import Suspension
from aralyk.oversight.models import ShiftHandOver

NOTE_MAX: Final = 4_000
NOTE_MIN: Final = 3  # "нет" is an answer; an empty field is none
_SILENT: Final = f"""
    SELECT d.id, o.id, o.number, a.party, s.received_at, why.cause, why.from_at
    FROM devices_assignment a
    JOIN devices_device d ON d.id = a.device_id
    JOIN orders_order o ON o.id = a.order_id
    LEFT JOIN device_status s ON s.device = d.id
    LEFT JOIN LATERAL (
        SELECT l.cause, l.from_at FROM orders_loss l
        WHERE l.order_id = o.id AND a.party = 'respondent' AND l.from_at <= %(at)s
          AND (l.until_at IS NULL OR l.until_at > %(at)s)
        ORDER BY l.from_at DESC LIMIT 1
    ) AS why ON true
    WHERE a.until IS NULL AND o.ended_at IS NULL AND o.starts_at <= %(at)s AND o.expires_at > %(at)s AND {SEEN_ORDER}
      AND (s.received_at IS NULL
           OR %(at)s - s.received_at > d.interval_s * {SILENT_AFTER_INTERVALS} * interval '1 second')
    ORDER BY s.received_at NULLS FIRST, o.number, d.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A device that says nothing; `cause` is of a loss outside his will that goes on, None: not known why."""

    device: str
    order: UUID
    number: str
    party: str
    heard_at: datetime | None
    cause: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An incident that is not closed, whose it is, and which of its clocks ran out without an answer."""

    incident: Incident
    owner: str
    overdue: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How everything stands at one moment, for the person who sees it."""

    at: datetime
    incidents: tuple[Waiting, ...]
    suspensions: tuple[Suspension, ...]
    silent: tuple[Silent, ...]


def standing_for(user: User, *, at: datetime) -> Standing:
    """What is open, whose it is and what is overdue; which suspensions run; which devices are silent and why.

    Raises:
        NotFound: This person has no shift in the centre.
    """
    if not allows(user, May.WATCH):
        raise NotFound("hand_over")
    incidents = list(queue_for(user))
    overdue: dict[UUID, set[str]] = {}
    rows = Escalation.objects.filter(
        incident__in=[one.pk for one in incidents], acknowledged_at__isnull=True, stopped_at__isnull=True
    )
    for incident, milestone in rows.values_list("incident", "milestone"):
        overdue.setdefault(incident, set()).add(milestone)
    suspensions = Suspension.objects.filter(
        seen_by(user, order="order__"), from_at__lte=at, until_at__gt=at, resumed_at__isnull=True
    )
    return Standing(
        at=at,
        incidents=tuple(
            Waiting(
                incident=one, owner=shown_name(one.accepted_by or one.acknowledged_by),
                overdue=tuple(sorted(overdue.get(one.pk, ()))),
            )
            for one in incidents
        ),
        suspensions=tuple(suspensions.select_related("order", "proposal").order_by("until_at", "pk")),
        silent=_silent(user, at=at),
    )  # fmt: skip


def do_leave_shift(by: User, *, note: str) -> ShiftHandOver:
    """Leave a shift: what one has to say, beside how everything stands now.

    Raises:
        Refused: not_permitted; invalid (note).
    """
    check_allowed(by, May.WATCH)
    note = check_text("note", note, shortest=NOTE_MIN, longest=NOTE_MAX)
    with transaction.atomic():
        at = clock.now()
        standing = _listed(standing_for(by, at=at))
        left = ShiftHandOver.objects.create(
            left_by=by, left_at=at, note=note, standing=standing,
            standing_sha256=sha256(canonical_bytes(standing)).hexdigest(),
        )  # fmt: skip
        data: dict[str, object] = {
            "incidents": len(standing["incidents"]), "note_sha256": fingerprint(note),
            "silent": len(standing["silent"]), "standing_sha256": left.standing_sha256,
            "suspended": len(standing["suspended"]),
        }  # fmt: skip
        witness(kind=Kind.SHIFT_LEFT, subject=f"hand_over:{left.pk}", by=by, at=at, data=data)
    return left


def do_take_shift(by: User, hand_over: int) -> ShiftHandOver:
    """Take a shift over by name, as it was left. No incident changes its owner by this.

    Raises:
        NotFound: No such hand-over, or no shift of this person's.
        Refused: not_permitted; own_hand_over; already_answered.
    """
    check_allowed(by, May.WATCH)
    with transaction.atomic():
        left = (
            ShiftHandOver.objects.select_for_update(of=("self",)).select_related("left_by").filter(pk=hand_over).first()
        )
        if left is None:
            raise NotFound("hand_over")
        if left.taken_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        if left.left_by_id == by.pk:
            raise Refused(Code.OWN_HAND_OVER)
        left.taken_at, left.taken_by = clock.now(), by
        left.save(update_fields=["taken_at", "taken_by"])
        data: dict[str, object] = {"from": name_of(left.left_by), "standing_sha256": left.standing_sha256}
        witness(kind=Kind.SHIFT_TAKEN_OVER, subject=f"hand_over:{left.pk}", by=by, at=left.taken_at, data=data)
    return left


def hand_overs_for(user: User) -> QuerySet[ShiftHandOver]:
    """Every hand-over, the newest first, for those who have shifts in the centre, and for who oversees them."""
    if not (allows(user, May.WATCH) or allows(user, May.OVERSEE_LEGALITY)):
        return ShiftHandOver.objects.none()
    return ShiftHandOver.objects.select_related("left_by", "taken_by").order_by("-left_at", "-pk")


def _silent(user: User, *, at: datetime) -> tuple[Silent, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, {**seen_values(user), "at": at})
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
    return tuple(
        Silent(
            device=row[0], order=row[1], number=row[2], party=row[3], heard_at=row[4], cause=row[5], since=row[6]
        )
        for row in rows
    )  # fmt: skip


def _listed(found: Standing) -> dict[str, list[dict[str, Any]]]:
    """Ids, numbers and moments, no name: what both put their names to."""
    return {
        "incidents": [
            {
                "id": str(one.incident.pk), "number": one.incident.number, "status": str(one.incident.status),
                "priority": one.incident.priority, "overdue": list(one.overdue),
                "owner": one.incident.accepted_by_id or one.incident.acknowledged_by_id,
            }
            for one in found.incidents
        ],
        "suspended": [
            {"order": str(one.order_id), "until": clock.iso(one.until_at)} for one in found.suspensions
        ],
        "silent": [
            {
                "device": one.device, "order": str(one.order), "cause": one.cause,
                "heard_at": None if one.heard_at is None else clock.iso(one.heard_at),
            }
            for one in found.silent
        ],
    }  # fmt: skip
