"""Devices, who carries them, and where they were last: with the age of everything.

Where the protected person is shows only to those whose duty is to watch (`May.SEE_PROTECTED_PLACE`); others learn that
she has a place, how old it is and nothing more. A place without its age and radius is never returned.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from aralyk import clock
from aralyk.access.counting import ALARM_PREFIX
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import SEEN_ORDER, May, allows, seen_by, seen_values
from aralyk.devices.models import Assignment, Device, Party
from aralyk.orders.queries import order_for
from aralyk.people.sealing import OF_THE_VAULT

SILENT_AFTER_INTERVALS: Final = 3  # a stall is flagged within three intervals (requirements, 5)
SUSPECTED: Final = "device."  # with the id, the component of the gateway's alarm about a device
TRAIL_POINTS_MAX: Final = 5_000  # of one device: three and a half days at one fix a minute
TRAIL_SPAN_MAX: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is known of one device in one order, as of `as_of`.

    Attributes:
        assignment: Id of its giving to this person in this order.
        order: Its id.
        order_number: As people say it.
        district: Of the order.
        threat: Of the order.
        party: Whose device.
        person: Id of the respondent or the protected person.
        label: The respondent's name, or the protected person's code.
        device: Its id.
        device_kind: bracelet or phone.
        trust: How far the device's word goes (self_reported, secret, imei, attested).
        interval_s: How often it should report, seconds.
        as_of: The moment that ages count to.
        heard_at: When the gateway last heard anything from it; None: never.
        fixed_at: When its last valid place was taken; None: none yet.
        lat: WGS 84 degrees; None when there is none or it is withheld.
        lon: WGS 84 degrees; None when there is none or it is withheld.
        accuracy_m: Radius that the device declared; None when unknown.
        source: gnss, network, fused or unknown; None without a place.
        speed_mps: As reported.
        heading_deg: As reported, clockwise from north.
        battery_pct: 0 to 100.
        charging: Whether it charges.
        strap: locked, open or None (no strap, or unknown).
        strap_since: Since when.
        withheld: Whether a place exists that this person may not see.
        rings: Round the protected person: (distance_m, warning_m) pairs of the order; empty when withheld.
    """

    assignment: int
    order: UUID
    order_number: str
    district: str
    threat: str
    party: Party
    person: UUID
    label: str
    device: str
    device_kind: str
    trust: str
    interval_s: int
    as_of: datetime
    heard_at: datetime | None
    fixed_at: datetime | None
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    source: str | None
    speed_mps: float | None
    heading_deg: float | None
    battery_pct: float | None
    charging: bool | None
    strap: str | None
    strap_since: datetime | None
    withheld: bool
    rings: tuple[tuple[float, float], ...]

    @property
    def fix_age_s(self) -> float | None:
        """Seconds since the place was taken; None without one."""
        return None if self.fixed_at is None else (self.as_of - self.fixed_at).total_seconds()

    @property
    def silent(self) -> bool:
        """Whether nothing was heard for three intervals, or ever. Unknown is not safe."""
        if self.heard_at is None:
            return True
        return (self.as_of - self.heard_at).total_seconds() > SILENT_AFTER_INTERVALS * self.interval_s


class Spot(msgspec.Struct, frozen=True, gc=False):  # ten thousand at once, none of them in a cycle
    """What a map draws of one device in one order; `rings` is JSON: pairs of distance and warning distance."""

    order: str
    order_number: str
    party: str
    label: str
    device: str
    trust: str
    interval_s: int
    fixed_at: str | None
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    source: str | None
    withheld: bool
    rings: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailPoint:
    """One valid place of a device."""

    fixed_at: datetime
    received_at: datetime
    lat: float
    lon: float
    accuracy_m: float | None
    source: str
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The places of one device in an order, oldest first; `cut` when there were more than are returned."""

    device: str
    party: Party
    points: tuple[TrailPoint, ...]
    cut: bool


def alarms_seen_by(user: User, components: Collection[str]) -> set[str]:
    """Of the platform's alarms those this person may hear of: one about a device is for who sees the device, one of
    the vault for who watches it. Whoever looked at a person who does not exist must not learn that it was noticed."""
    if not allows(user, May.WATCH_VAULT):
        components = [component for component in components if not component.startswith(OF_THE_VAULT)]
    if not (allows(user, May.SEE_CASES) or allows(user, May.MANAGE_USERS)):
        return set()
    of_devices = {component for component in components if component.startswith(SUSPECTED)}
    ids = [component.removeprefix(SUSPECTED) for component in of_devices]
    seen = {str(pk) for pk in devices_for(user).filter(pk__in=ids).values_list("pk", flat=True)} if ids else set()
    of_access = {component for component in components if component.startswith(ALARM_PREFIX)}
    hidden = set() if allows(user, May.REVIEW_ACCESS) else of_access
    return {c for c in components if c not in of_devices or c.removeprefix(SUSPECTED) in seen} - hidden


def devices_for(user: User, *, to: May = May.SEE_CASES) -> QuerySet[Device]:
    """The devices of this person's orders, and for those who manage devices also those that nobody carries.

    Args:
        user: Who looks.
        to: What the person wants to do with them; an action says so.
    """
    if not allows(user, May.SEE_CASES):
        return Device.objects.none()
    mine = Assignment.objects.filter(seen_by(user, order="order__", to=to), until__isnull=True)
    devices = Device.objects.filter(pk__in=mine.values("device"))
    if allows(user, May.MANAGE_DEVICES):
        carried = Assignment.objects.filter(until__isnull=True).values("device")
        devices = devices | Device.objects.exclude(pk__in=carried)
    return devices.order_by("pk")


def device_for(user: User, device_id: str, *, to: May = May.SEE_CASES) -> Device:
    """One device; an action says what it wants `to` do with it.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    device = devices_for(user, to=to).filter(pk=device_id).first()
    if device is None:
        raise NotFound("device")
    return device


def assignments_for(user: User, device_id: str) -> QuerySet[Assignment]:
    """Who carried a device, newest first, as far as the orders are this person's to see.

    Raises:
        NotFound: No such device, or not this person's.
    """
    device = device_for(user, device_id)
    mine = Assignment.objects.filter(seen_by(user, order="order__"), device=device)
    return mine.select_related("order", "decided_by").order_by("-since", "-pk")


def suspicions_of(device_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The signs that somebody else speaks in a device's name, by device, as far as its alarm stands.

    Not checked: whether the caller may see these devices; ask it for those that were fetched with permission.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT component, detail->'what' FROM (SELECT DISTINCT ON (component) component, state, detail"
            " FROM platform_alarm WHERE component = ANY(%s) ORDER BY component, id DESC) newest WHERE state = 'raised'",
            ([SUSPECTED + device_id for device_id in device_ids],),
        )
        found = cursor.fetchall()
    return {
        component.removeprefix(SUSPECTED): tuple(json.loads(what) if isinstance(what, str) else what or ())
        for component, what in found
    }


_RINGS: Final = """
           CASE WHEN a.party = 'protected' AND %(sees_her)s THEN (
               SELECT json_agg(json_build_array(c.parameters->'distance_m', c.parameters->'warning_m') ORDER BY c.id)
               FROM orders_condition c WHERE c.order_version_id = v.id AND c.kind = 'proximity'
                   AND c.parameters->>'protected' = a.person::text) END
"""
_SEEN: Final = "(a.party <> 'protected' OR %(sees_her)s)"
# A word from the time of the one who had it before is not this person's.
_OWN_WORD: Final = """
    NOT EXISTS (SELECT FROM devices_assignment b WHERE b.device_id = a.device_id AND b.person <> a.person
        AND coalesce(s.fixed_at, s.received_at) < b.until)
"""
JOINS: Final = f"""
    FROM devices_assignment a
    JOIN devices_device d ON d.id = a.device_id
    JOIN orders_order o ON o.id = a.order_id
    JOIN orders_orderversion v ON v.order_id = o.id AND v.version = o.current_version
    LEFT JOIN people_respondent r ON a.party = 'respondent' AND r.id = a.person
    LEFT JOIN people_protectedperson p ON a.party = 'protected' AND p.id = a.person
    LEFT JOIN device_status s ON s.device = d.id AND {_OWN_WORD}
"""
IN_FORCE: Final = f"""
    WHERE a.until IS NULL AND o.ended_at IS NULL AND o.starts_at <= %(at)s AND o.expires_at > %(at)s
      AND {SEEN_ORDER}
      AND (%(orders)s::uuid[] IS NULL OR o.id = ANY(%(orders)s::uuid[]))
      AND (%(device)s::text IS NULL OR a.device_id = %(device)s)
"""
_CARRIED: Final = JOINS + IN_FORCE
_PLACES: Final = f"""
    SELECT o.id, o.number, o.district, o.threat, a.party, a.person, coalesce(r.name, p.code), d.id, d.kind, d.trust,
           d.interval_s, s.received_at, s.fixed_at, s.lat, s.lon, s.accuracy_m, s.source, s.speed_mps, s.heading_deg,
           s.battery_pct, s.charging, s.strap, s.strap_since, {_RINGS}, a.id {_CARRIED}
      AND (%(assignments)s::bigint[] IS NULL OR a.id = ANY(%(assignments)s))
    ORDER BY o.number, a.party DESC, d.id
"""


# As text where a map wants text, without what it does not draw: a thousand rows are read and parsed at once.
_SPOTS: Final = f"""
    SELECT o.id::text, o.number, a.party, coalesce(r.name, p.code), d.id, d.trust, d.interval_s,
           to_char(s.fixed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           CASE WHEN {_SEEN} THEN s.lat END, CASE WHEN {_SEEN} THEN s.lon END,
           CASE WHEN {_SEEN} THEN s.accuracy_m END, s.source, NOT {_SEEN} AND s.lat IS NOT NULL, ({_RINGS})::text
    {_CARRIED}
    ORDER BY o.number, a.party DESC, d.id
"""


def places_for(
    user: User,
    *,
    order_ids: Collection[UUID] | None = None,
    device_id: str | None = None,
    assignments: Collection[int] | None = None,
    at: datetime | None = None,
) -> list[Place]:
    """Where the devices of live orders were last: one query however many.

    Args:
        user: Who looks.
        order_ids: Only these orders'; None: all.
        device_id: Only this device's.
        assignments: Only these.
        at: The moment that ages count to (default: now).

    Returns:
        By order number, the respondent first.
    """
    at = at or clock.now()
    sees_her = allows(user, May.SEE_PROTECTED_PLACE)
    asked = asked_of(user, order_ids=order_ids, device_id=device_id, at=at)
    asked["assignments"] = None if assignments is None else list(assignments)
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, asked)
        rows = cursor.fetchall()
    return [_place(row, at=at, sees_her=sees_her) for row in rows]


def spots_for(user: User, *, order_ids: Collection[UUID] | None = None, at: datetime | None = None) -> list[Spot]:
    """What a map draws of the devices of live orders, in the order of `places_for`; withheld places are not read."""
    with connection.cursor() as cursor:
        cursor.execute(_SPOTS, asked_of(user, order_ids=order_ids, device_id=None, at=at or clock.now()))
        return [Spot(*row) for row in cursor.fetchall()]


def asked_of(user: User, *, order_ids: Collection[UUID] | None, device_id: str | None, at: datetime) -> dict[str, Any]:
    """The parameters of `_CARRIED`: the caller's permissions, fetched once, and what is asked for."""
    return {
        **seen_values(user),
        "at": at,
        "orders": None if order_ids is None else list(order_ids),
        "device": device_id,
        "sees_her": allows(user, May.SEE_PROTECTED_PLACE),
    }


def _place(row: Sequence[Any], *, at: datetime, sees_her: bool) -> Place:
    party = Party(row[4])
    hidden = party is Party.PROTECTED and not sees_her
    rings = tuple((float(distance_m), float(warning_m)) for distance_m, warning_m in row[23] or ())
    return Place(
        assignment=row[24], order=row[0],
        order_number=row[1], district=row[2], threat=row[3], party=party, person=row[5], label=row[6],
        device=row[7], device_kind=row[8], trust=row[9], interval_s=row[10], as_of=at, heard_at=row[11],
        fixed_at=row[12], lat=None if hidden else row[13], lon=None if hidden else row[14],
        accuracy_m=None if hidden else row[15], source=row[16], speed_mps=None if hidden else row[17],
        heading_deg=None if hidden else row[18], battery_pct=row[19], charging=row[20], strap=row[21],
        strap_since=row[22], withheld=hidden and row[13] is not None, rings=rings,
    )  # fmt: skip


def trails_for(user: User, order_id: UUID, *, since: datetime, until: datetime) -> list[Trail]:
    """Where the devices of an order were between two moments, while they were carried in it.

    Args:
        user: Who looks.
        order_id: The order.
        since: Aware; by the time at which a place was taken.
        until: Aware; at most 7 days after `since`, else the newest 7 days are returned.

    Returns:
        One trail for each device that this person may follow: the protected person's only for those who watch.

    Raises:
        NotFound: No such order, or not this person's.
    """
    order = order_for(user, order_id)
    since = max(since, until - TRAIL_SPAN_MAX)
    carried = Assignment.objects.filter(order=order, since__lt=until).filter(Q(until__isnull=True) | Q(until__gt=since))
    if not allows(user, May.SEE_PROTECTED_PLACE):
        carried = carried.filter(party=Party.RESPONDENT)
    return [_trail(assignment, since=since, until=until) for assignment in carried.order_by("-party", "pk")]


def _trail(assignment: Assignment, *, since: datetime, until: datetime) -> Trail:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fixed_at, received_at, lat, lon, accuracy_m, source, late FROM fix"
            " WHERE device = %s AND fixed_at >= %s AND fixed_at <= %s AND valid AND lat IS NOT NULL"
            " ORDER BY fixed_at DESC, received_at DESC LIMIT %s",
            (
                assignment.device_id,
                max(since, assignment.since),
                min(until, assignment.until or until),
                TRAIL_POINTS_MAX + 1,
            ),
        )
        rows = cursor.fetchall()
    points = tuple(
        TrailPoint(
            fixed_at=row[0], received_at=row[1], lat=row[2], lon=row[3], accuracy_m=row[4], source=row[5], late=row[6]
        )
        for row in reversed(rows[:TRAIL_POINTS_MAX])
    )
    return Trail(
        device=assignment.device_id, party=Party(assignment.party), points=points, cut=len(rows) > TRAIL_POINTS_MAX
    )
