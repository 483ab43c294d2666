"""Every case in force, the most dangerous first: what police work by when the platform cannot watch.

A case has its number, its district and threat, where he was last known to be and how long ago, her code, and the phone
of the desk that answers there. No name, and nothing from which her place or phone could be learnt: the list is printed,
read aloud and left on tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from aralyk.access.models import User
from aralyk.access.permissions import SEEN_ORDER, May, allows, seen_values
from aralyk.incidents.queries import WAITING
from aralyk.jurisdictions.values import DeskKind
from aralyk.orders.models import Threat
from aralyk.roster.models import Desk

_THREATS: Final = [Threat.HIGH.value, Threat.MEDIUM.value, Threat.LOW.value]  # the worst first
_IN_FORCE: Final = "o.ended_at IS NULL AND o.starts_at <= %(at)s AND o.expires_at > %(at)s"
_CASES: Final = """
    SELECT o.id, o.number, o.jurisdiction, o.district, o.threat, worst.priority, her.ids, her.codes,
           his.fixed_at, his.lat, his.lon, his.accuracy_m, his.source, his.trust
    FROM orders_order o
    LEFT JOIN LATERAL (
        SELECT min(i.priority) AS priority FROM incidents_incident i
        WHERE i.order_id = o.id AND i.status = ANY(%(waiting)s)
    ) AS worst ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(p.id ORDER BY p.code) AS ids, array_agg(p.code ORDER BY p.code) AS codes
        FROM orders_order_protected_persons op JOIN people_protectedperson p ON p.id = op.protectedperson_id
        WHERE op.order_id = o.id
    ) AS her ON true
    LEFT JOIN LATERAL (
        SELECT s.fixed_at, s.lat, s.lon, s.accuracy_m, s.source, d.trust
        FROM devices_assignment a JOIN devices_device d ON d.id = a.device_id JOIN device_status s ON s.device = d.id
        WHERE a.order_id = o.id AND a.party = 'respondent' AND a.until IS NULL AND s.lat IS NOT NULL
        ORDER BY s.fixed_at DESC LIMIT 1
    ) AS his ON true
    WHERE {wanted}
    ORDER BY array_position(%(threats)s::text[], o.threat::text), worst.priority NULLS LAST, o.number
"""
_OF_ALL: Final = _CASES.format(wanted=_IN_FORCE)
_OF_ONE: Final = _CASES.format(wanted=f"{_IN_FORCE} AND {SEEN_ORDER}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPlace:
    """Where the respondent's device was last known to be.

    Attributes:
        fixed_at: When the place was taken.
        lat: Degrees, WGS 84.
        lon: Degrees, WGS 84.
        accuracy_m: As the device declared it; None: it did not.
        source: Of the place: gnss, network, fused, unknown.
        trust: How the device proves who it is; self_reported: it does not.
    """

    fixed_at: datetime
    lat: float
    lon: float
    accuracy_m: float | None
    source: str
    trust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line of the list; `priority` is of the worst signal that waits, `place` and `desk_phone` None: unknown."""

    order: UUID
    number: str
    jurisdiction: str
    district: str
    threat: str
    priority: int | None
    people: tuple[UUID, ...]
    codes: tuple[str, ...]
    place: LastPlace | None
    desk_phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskList:
    """The cases in force at one moment, the most dangerous first."""

    made_at: datetime
    cases: tuple[Case, ...]


def whole_list(*, at: datetime) -> RiskList:
    """Every case, for the file outside the database. For the machine; people read `list_for`."""
    return _made(_OF_ALL, {}, at=at)


def list_for(user: User, *, at: datetime) -> RiskList:
    """The cases that this person may see; whoever may not read the list finds none."""
    if not allows(user, May.READ_RISK_LIST):
        return RiskList(made_at=at, cases=())
    return _made(_OF_ONE, seen_values(user), at=at)


def _made(query: str, values: Mapping[str, Any], *, at: datetime) -> RiskList:
    phones = _phones()
    with connection.cursor() as cursor:
        cursor.execute(query, {**values, "at": at, "threats": _THREATS, "waiting": [one.value for one in WAITING]})
        rows = cursor.fetchall()
    return RiskList(made_at=at, cases=tuple(_case(row, phones) for row in rows))


def _case(row: Sequence[Any], phones: Mapping[str, str]) -> Case:
    place = None
    if row[8] is not None:
        place = LastPlace(fixed_at=row[8], lat=row[9], lon=row[10], accuracy_m=row[11], source=row[12], trust=row[13])
    return Case(
        order=row[0], number=row[1], jurisdiction=row[2], district=row[3], threat=row[4], priority=row[5],
        people=tuple(row[6] or ()), codes=tuple(row[7] or ()), place=place,
        desk_phone=phones.get(row[3]) or phones.get(""),
    )  # fmt: skip


def _phones() -> dict[str, str]:
    """By district, the phone of its duty unit; "": of one for the whole country."""
    desks = Desk.objects.filter(kind=DeskKind.DUTY_UNIT, closed_at__isnull=True).exclude(phone="").order_by("-pk")
    return {desk.district: desk.phone for desk in desks}
