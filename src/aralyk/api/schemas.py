"""What the API returns. Fields may be added; these keep their names and meaning."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from ninja import Schema
from pydantic import Field, PlainSerializer, WithJsonSchema

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.access.permissions import GRANTS
from aralyk.access.queries import shown_name
from aralyk.devices.models import Assignment, Device
from aralyk.devices.queries import Place, Trail
from aralyk.incidents.models import Incident, Outcome
from aralyk.incidents.queries import Moment
from aralyk.orders.models import Condition, Order
from aralyk.orders.queries import Standing, article_of, issue_clocks, standing

Time = Annotated[
    datetime,
    PlainSerializer(clock.iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Me(Schema):
    """Who asks, and what they may do. `districts` null: every district."""

    id: int
    name: str
    role: str
    language: str
    may: list[str]
    districts: list[str] | None


class IncidentOut(Schema):
    """An incident as the queue shows it."""

    id: UUID
    number: int
    order: UUID
    order_number: str
    respondent: str
    district: str
    threat: str
    kind: str
    priority: int
    worst_priority: int
    status: str
    episode_open: bool
    late: bool
    condition: str
    party: str
    occurred_at: Time
    decided_at: Time
    raised_at: Time
    shown_at: Time | None
    acknowledged_at: Time | None
    acknowledged_by: str
    closed_at: Time | None
    closed_by: str
    outcome: str
    synthetic: bool


class IncidentDetail(IncidentOut):
    """One incident, with the engine's latest decision whole (places withheld from those who may not see them)."""

    decision: dict[str, Any]
    close_reason: str


class IncidentPage(Schema):
    """A part of the queue, worst first."""

    items: list[IncidentOut]
    total: int
    as_of: Time


class MomentOut(Schema):
    """One line of a time line; `by` is empty when the machine did it."""

    at: Time
    kind: str
    by: str
    text: str
    data: dict[str, Any]


class ConditionOut(Schema):
    """A condition with what it rests on; `unverified`: nobody has read the article in the primary text."""

    code: str
    kind: str
    known_by: str
    article: str
    act: str
    number: str | None
    unverified: bool
    parameters: dict[str, Any]


class OrderOut(Schema):
    """An order as a list shows it; protected persons by code."""

    id: UUID
    number: str
    legal_basis: str
    respondent: str
    protected_persons: list[str]
    district: str
    threat: str
    standing: Standing
    version: int
    issued_at: Time
    starts_at: Time
    expires_at: Time
    ended_at: Time | None
    synthetic: bool


class ClockOut(Schema):
    """A clock that ran for the issue of the order."""

    slug: str
    runs_from: Time
    due_at: Time
    late_by_s: float


class OrderDetail(OrderOut):
    """One order with its conditions and the clocks of its issue."""

    statements: dict[str, str]
    ended_reason: str
    conditions: list[ConditionOut]
    clocks: list[ClockOut]


class OrderPage(Schema):
    """A part of the orders, newest first."""

    items: list[OrderOut]
    total: int
    as_of: Time


class DeviceOut(Schema):
    """A device of the inventory."""

    id: str
    kind: str
    protocol: str
    model: str
    interval_s: int
    trust: str
    active: bool
    synthetic: bool


class DevicePage(Schema):
    """A part of the inventory."""

    items: list[DeviceOut]
    total: int


class AssignmentOut(Schema):
    """Who carried a device, by whose decision and why."""

    order: UUID
    order_number: str
    party: str
    since: Time
    until: Time | None
    decided_by: str
    reason: str


class DeviceDetail(DeviceOut):
    """One device with who carried it."""

    assignments: list[AssignmentOut]


class PlaceOut(Schema):
    """Where a device was last, with its age; `withheld`: there is a place that this person may not see."""

    order: UUID
    order_number: str
    district: str
    threat: str
    party: str
    label: str
    device: str
    device_kind: str
    trust: str
    interval_s: int
    heard_at: Time | None
    fixed_at: Time | None
    fix_age_s: float | None
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    source: str | None
    speed_mps: float | None
    heading_deg: float | None
    battery_pct: float | None
    charging: bool | None
    strap: str | None
    strap_since: Time | None
    silent: bool
    withheld: bool
    rings: list[tuple[float, float]]


PLACE_FIELDS: Final = tuple(PlaceOut.model_fields)


class PlacesOut(Schema):
    """The live map's points."""

    as_of: Time
    places: list[PlaceOut]


class TrailPointOut(Schema):
    """One valid place."""

    fixed_at: Time
    received_at: Time
    lat: float
    lon: float
    accuracy_m: float | None
    source: str
    late: bool


class TrailOut(Schema):
    """The places of one device, oldest first; `cut`: there were more than are returned."""

    device: str
    party: str
    cut: bool
    points: list[TrailPointOut]


class AlarmOut(Schema):
    """What the platform says of itself: one line for each component that is in alarm."""

    component: str
    at: Time


class StatusOut(Schema):
    """How the platform stands: how old the newest step is, how much evidence waits, what is in alarm."""

    as_of: Time
    newest_step_at: Time | None
    newest_step_age_s: float | None
    evidence_waiting: int
    alarms: list[AlarmOut]


class HealthOut(Schema):
    """The console answers and its database too."""

    database: bool


class NoteIn(Schema):
    """A note for the time line."""

    text: str = Field(max_length=4_000)


class CloseIn(Schema):
    """A person's opinion at closing, and its reason."""

    outcome: Outcome
    reason: str = Field(max_length=1_000)
    still_open_confirmed: bool = False


class ShownIn(Schema):
    """Incidents that a screen of the centre has just shown."""

    incidents: list[UUID] = Field(max_length=200)


class ShownOut(Schema):
    """Those that were shown for the first time."""

    incidents: list[UUID]


def me(user: User, *, districts: frozenset[str] | None) -> Me:
    """The card of whoever asks."""
    return Me(
        id=user.pk,
        name=shown_name(user),
        role=str(user.role),
        language=user.language,
        may=sorted(GRANTS[Role(user.role)].may),
        districts=None if districts is None else sorted(districts),
    )


def incident(found: Incident) -> IncidentOut:
    """An incident from `incidents_for`, which has fetched what is needed."""
    return IncidentOut(**_incident(found))


def incident_detail(found: Incident, decision: dict[str, Any]) -> IncidentDetail:
    """One incident with a decision that this person may read."""
    return IncidentDetail(**_incident(found), decision=decision, close_reason=found.close_reason)


def _incident(found: Incident) -> dict[str, Any]:
    return {
        "id": found.pk,
        "number": found.number,
        "order": found.order_id,
        "order_number": found.order.number,
        "respondent": found.order.respondent.name,
        "district": found.district,
        "threat": found.order.threat,
        "kind": found.kind,
        "priority": found.priority,
        "worst_priority": found.worst_priority,
        "status": found.status,
        "episode_open": found.episode_open,
        "late": found.late,
        "condition": found.condition,
        "party": found.party,
        "occurred_at": found.occurred_at,
        "decided_at": found.decided_at,
        "raised_at": found.raised_at,
        "shown_at": found.shown_at,
        "acknowledged_at": found.acknowledged_at,
        "acknowledged_by": shown_name(found.acknowledged_by),
        "closed_at": found.closed_at,
        "closed_by": shown_name(found.closed_by),
        "outcome": found.outcome,
        "synthetic": found.order.synthetic,
    }


def moment(found: Moment) -> MomentOut:
    """One line of a time line."""
    return MomentOut(at=found.at, kind=found.kind, by=found.by, text=found.text, data=dict(found.data))


def order(found: Order, *, at: datetime) -> OrderOut:
    """An order from `orders_for`, which has fetched what is needed."""
    return OrderOut(**_order(found, at=at))


def order_detail(found: Order, conditions: list[Condition], *, at: datetime) -> OrderDetail:
    """One order with the conditions that hold now."""
    return OrderDetail(
        **_order(found, at=at),
        statements=found.statements,
        ended_reason=found.ended_reason,
        conditions=[_condition(found, condition) for condition in conditions],
        clocks=[
            ClockOut(
                slug=clock_.slug, runs_from=clock_.runs_from, due_at=clock_.due_at,
                late_by_s=clock_.late_by.total_seconds(),
            )
            for clock_ in issue_clocks(found)
        ],
    )  # fmt: skip


def _order(found: Order, *, at: datetime) -> dict[str, Any]:
    return {
        "id": found.pk,
        "number": found.number,
        "legal_basis": found.legal_basis,
        "respondent": found.respondent.name,
        "protected_persons": sorted(person.code for person in found.protected_persons.all()),
        "district": found.district,
        "threat": found.threat,
        "standing": standing(found, at=at),
        "version": found.current_version,
        "issued_at": found.issued_at,
        "starts_at": found.starts_at,
        "expires_at": found.expires_at,
        "ended_at": found.ended_at,
        "synthetic": found.synthetic,
    }


def _condition(found: Order, condition: Condition) -> ConditionOut:
    article = article_of(found, condition)
    return ConditionOut(
        code=condition.code,
        kind=condition.kind,
        known_by=condition.known_by,
        article=article.slug,
        act=article.act,
        number=article.number,
        unverified=article.unverified,
        parameters=condition.parameters,
    )


def device(found: Device) -> DeviceOut:
    """A device, without its secret's hash."""
    return DeviceOut(**_device(found))


def device_detail(found: Device, assignments: list[Assignment]) -> DeviceDetail:
    """One device with who carried it."""
    return DeviceDetail(
        **_device(found),
        assignments=[
            AssignmentOut(
                order=row.order_id, order_number=row.order.number, party=row.party, since=row.since, until=row.until,
                decided_by=shown_name(row.decided_by), reason=row.reason,
            )
            for row in assignments
        ],
    )  # fmt: skip


def _device(found: Device) -> dict[str, Any]:
    return {
        "id": found.pk,
        "kind": found.kind,
        "protocol": found.protocol,
        "model": found.model,
        "interval_s": found.interval_s,
        "trust": found.trust,
        "active": found.active,
        "synthetic": found.synthetic,
    }


def place(found: Place) -> dict[str, Any]:
    """A point of the live map, in the form of `PlaceOut`."""
    return {name: _plain(getattr(found, name)) for name in PLACE_FIELDS}


def _plain(value: Any) -> Any:
    return clock.iso(value) if isinstance(value, datetime) else value


def trail(found: Trail) -> TrailOut:
    """The places of one device."""
    points = [
        TrailPointOut(
            fixed_at=point.fixed_at, received_at=point.received_at, lat=point.lat, lon=point.lon,
            accuracy_m=point.accuracy_m, source=point.source, late=point.late,
        )
        for point in found.points
    ]  # fmt: skip
    return TrailOut(device=found.device, party=found.party.value, cut=found.cut, points=points)
