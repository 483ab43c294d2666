"""What an officer's tasks look like under /api/v1/. Fields may be added; these keep their names and meaning."""

from __future__ import annotations

from uuid import UUID

from ninja import Schema
from pydantic import AwareDatetime, Field

from aralyk.api.check_schemas import FixIn
from aralyk.api.schemas import Time
from aralyk.incidents.actions import CLOSE_REASON_MAX
from aralyk.response.judging import Fix
from aralyk.response.models import FieldAct, FieldEntry
from aralyk.response.road import Said
from aralyk.response.tasks import Brief, Her, Spot, Task


class SpotOut(Schema):
    """Where a device was last; null is unknown."""

    lat: float | None
    lon: float | None
    accuracy_m: float | None
    fixed_at: Time | None


class BriefOut(Schema):
    """What every officer of the desk sees of a hand-over: his place, the threat, weapons."""

    id: UUID
    number: int
    kind: str
    priority: int
    handed_over_at: Time | None
    threat: str
    weapons: str
    weapon_kinds: list[str]
    his: list[SpotOut]


class TasksOut(Schema):
    """What waits for the desk at which this officer is on duty, and what he accepted."""

    waiting: list[BriefOut]
    accepted: list[BriefOut]


class ShelterOut(Schema):
    """A shelter: its duty phone and meeting point, never its place."""

    duty_phone: str
    meeting_point: str


class HerOut(Schema):
    """One protected person; `place_hidden`: she may be in a shelter, the centre says where to meet her."""

    code: str
    language: str
    hears: str
    spots: list[SpotOut]
    shelter: ShelterOut | None
    place_hidden: bool
    children: str
    birth_years: list[int | None]


class SaidOut(Schema):
    """One word from the road, with both times; not `moved`: the incident stood otherwise by then."""

    id: UUID
    act: str
    device_at: Time
    received_at: Time
    late: bool
    moved: bool


class TaskOut(Schema):
    """An accepted task, for the officer who accepted it, until it is closed. Show `watermark` over her place."""

    brief: BriefOut
    status: str
    order: UUID
    order_number: str
    respondent: str
    accepted_at: Time
    watermark: str
    hers: list[HerOut]
    earlier_orders: int
    earlier_incidents: int
    said: list[SaidOut]


class SaidIn(Schema):
    """One word from the road; `id` is made once by the device and sent again with every retry."""

    id: UUID
    act: FieldAct
    device_at: AwareDatetime
    fix: FixIn | None = None
    outcome: str = Field(default="", max_length=24)
    reason: str = Field(default="", max_length=CLOSE_REASON_MAX)


def brief(one: Brief) -> BriefOut:
    """One hand-over."""
    return BriefOut(
        id=one.id, number=one.number, kind=one.kind, priority=one.priority, handed_over_at=one.handed_over_at,
        threat=one.threat, weapons=one.weapons, weapon_kinds=list(one.weapon_kinds),
        his=[_spot(spot) for spot in one.his],
    )  # fmt: skip


def task(one: Task) -> TaskOut:
    """One accepted task."""
    return TaskOut(
        brief=brief(one.brief), status=one.status, order=one.order, order_number=one.order_number,
        respondent=one.respondent, accepted_at=one.accepted_at, watermark=one.watermark,
        hers=[_her(her) for her in one.hers], earlier_orders=one.record.orders,
        earlier_incidents=one.record.incidents, said=[said_out(entry) for entry in one.entries],
    )  # fmt: skip


def said_out(entry: FieldEntry) -> SaidOut:
    """One word."""
    return SaidOut(
        id=entry.pk, act=entry.act, device_at=entry.device_at, received_at=entry.received_at, late=entry.late,
        moved=entry.moved,
    )  # fmt: skip


def said(incident: UUID, sent: SaidIn) -> Said:
    """As the domain takes it."""
    fix = sent.fix
    return Said(
        id=sent.id, incident=incident, act=sent.act, device_at=sent.device_at, outcome=sent.outcome,
        fix=None if fix is None else Fix(lat=fix.lat, lon=fix.lon, accuracy_m=fix.accuracy_m, fixed_at=fix.fixed_at),
        reason=sent.reason,
    )  # fmt: skip


def _spot(one: Spot) -> SpotOut:
    return SpotOut(lat=one.lat, lon=one.lon, accuracy_m=one.accuracy_m, fixed_at=one.fixed_at)


def _her(one: Her) -> HerOut:
    way = one.shelter
    return HerOut(
        code=one.code, language=one.language, hears=one.hears, spots=[_spot(spot) for spot in one.spots],
        shelter=None if way is None else ShelterOut(duty_phone=way.duty_phone, meeting_point=way.meeting_point),
        place_hidden=one.place_hidden, children=one.children, birth_years=list(one.birth_years),
    )  # fmt: skip
