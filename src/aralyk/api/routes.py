"""REST under /api/v1/: the same queries and actions as the pages, so that nothing is seen or done by one way alone.

The console includes `aralyk.api.urls`. Lists are worst or newest first and never longer than LIMIT_MAX.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from ninja import Path, Query
from ninja import Status as Answer
from ninja.responses import codes_4xx

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.access.permissions import districts_of
from aralyk.api import schemas
from aralyk.api.door import Error, user_of
from aralyk.api.door import api as api
from aralyk.devices import queries as devices
from aralyk.duties.queries import alarms_seen_by
from aralyk.incidents import actions as answer
from aralyk.incidents import queries as incidents
from aralyk.incidents.models import Status
from aralyk.orders import queries as orders

LIMIT_MAX: Final = 200
OFFSET_MAX: Final = 100_000
YEAR_MIN: Final = 2000
TRAIL_BY_DEFAULT: Final = timedelta(hours=2)

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
Offset = Annotated[int, Query(ge=0, le=OFFSET_MAX)]
Slug = Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Priority = Annotated[int | None, Query(ge=1, le=4)]
DeviceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{4,64}$")]


def responses(schema: Any) -> Any:
    """A route's answer, and the one form of its refusals."""
    return {200: schema, codes_4xx: Error}


@api.get("/me", response=responses(schemas.Me), tags=["access"])
def me(request: HttpRequest) -> schemas.Me:
    """Who asks, and what they may do."""
    user = user_of(request)
    return schemas.me(user, districts=districts_of(user))


@api.get("/incidents", response=responses(schemas.IncidentPage), tags=["incidents"])
def list_incidents(
    request: HttpRequest,
    status: Status | None = None,
    kind: Slug = None,
    district: Slug = None,
    priority: Priority = None,
    order: UUID | None = None,
    include_closed: bool = False,
    limit: Limit = 50,
    offset: Offset = 0,
) -> schemas.IncidentPage:
    """What waits for an answer, worst first."""
    queue = incidents.queue_for(
        user_of(request), status=status, kind=kind, district=district, priority=priority, order_id=order,
        include_closed=include_closed,
    )  # fmt: skip
    items = [schemas.incident(found) for found in queue[offset : offset + limit]]
    return schemas.IncidentPage(items=items, total=queue.count(), as_of=clock.now())


@api.post("/incidents/shown", response=responses(schemas.ShownOut), tags=["incidents"])
def mark_shown(request: HttpRequest, payload: schemas.ShownIn) -> schemas.ShownOut:
    """Say that a screen of the centre has shown these; the server's time counts."""
    return schemas.ShownOut(incidents=answer.do_mark_shown(user_of(request), payload.incidents))


@api.get("/incidents/{incident_id}", response=responses(schemas.IncidentDetail), tags=["incidents"])
def get_incident(request: HttpRequest, incident_id: UUID) -> schemas.IncidentDetail:
    """One incident, with the engine's latest decision."""
    return _detail(request, incident_id)


@api.get("/incidents/{incident_id}/time-line", response=responses(list[schemas.MomentOut]), tags=["incidents"])
def get_time_line(request: HttpRequest, incident_id: UUID) -> list[schemas.MomentOut]:
    """What the engine said and what people did, in order."""
    return [schemas.moment(found) for found in incidents.time_line_for(user_of(request), incident_id)]


@api.post("/incidents/{incident_id}/acknowledge", response=responses(schemas.IncidentDetail), tags=["incidents"])
def acknowledge(request: HttpRequest, incident_id: UUID) -> schemas.IncidentDetail:
    """Take an incident on; the first one wins, others get 409 with that person's name."""
    answer.do_acknowledge(user_of(request), incident_id)
    return _detail(request, incident_id)


@api.post("/incidents/{incident_id}/notes", response=responses(list[schemas.MomentOut]), tags=["incidents"])
def note(request: HttpRequest, incident_id: UUID, payload: schemas.NoteIn) -> list[schemas.MomentOut]:
    """Add to the time line; returns all of it."""
    answer.do_note(user_of(request), incident_id, text=payload.text)
    return get_time_line(request, incident_id)


@api.post("/incidents/{incident_id}/close", response=responses(schemas.IncidentDetail), tags=["incidents"])
def close(request: HttpRequest, incident_id: UUID, payload: schemas.CloseIn) -> schemas.IncidentDetail:
    """Close an incident with an opinion and its reason."""
    answer.do_close(
        user_of(request), incident_id, outcome=payload.outcome, reason=payload.reason,
        still_open_confirmed=payload.still_open_confirmed,
    )  # fmt: skip
    return _detail(request, incident_id)


@api.get("/orders", response=responses(schemas.OrderPage), tags=["orders"])
def list_orders(request: HttpRequest, live: bool = False, limit: Limit = 50, offset: Offset = 0) -> schemas.OrderPage:
    """Orders, newest first; `live`: only those that hold now."""
    user, at = user_of(request), clock.now()
    found = orders.live_orders_for(user, at=at) if live else orders.orders_for(user)
    items = [schemas.order(order, at=at) for order in found[offset : offset + limit]]
    return schemas.OrderPage(items=items, total=found.count(), as_of=at)


@api.get("/orders/{order_id}", response=responses(schemas.OrderDetail), tags=["orders"])
def get_order(request: HttpRequest, order_id: UUID) -> schemas.OrderDetail:
    """One order with its conditions, what they rest on, and the clocks of its issue."""
    order = orders.order_for(user_of(request), order_id)
    return schemas.order_detail(order, list(orders.conditions_of(order)), at=clock.now())


@api.get("/orders/{order_id}/trails", response=responses(list[schemas.TrailOut]), tags=["map"])
def get_trails(
    request: HttpRequest, order_id: UUID, since: datetime | None = None, until: datetime | None = None
) -> list[schemas.TrailOut]:
    """Where the order's devices were; by default the last two hours, at most seven days."""
    end = _aware("until", until) or clock.now()
    start = _aware("since", since) or end - TRAIL_BY_DEFAULT
    return [schemas.trail(found) for found in devices.trails_for(user_of(request), order_id, since=start, until=end)]


@api.get("/devices", response=responses(schemas.DevicePage), tags=["devices"])
def list_devices(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> schemas.DevicePage:
    """The devices of one's orders, and for those who manage devices also those that nobody carries."""
    found = devices.devices_for(user_of(request))
    items = [schemas.device(device) for device in found[offset : offset + limit]]
    return schemas.DevicePage(items=items, total=found.count())


@api.get("/devices/{device_id}", response=responses(schemas.DeviceDetail), tags=["devices"])
def get_device(request: HttpRequest, device_id: DeviceId) -> schemas.DeviceDetail:
    """One device with who carried it."""
    user = user_of(request)
    return schemas.device_detail(devices.device_for(user, device_id), list(devices.assignments_for(user, device_id)))


@api.get("/map/places", response=responses(schemas.PlacesOut), tags=["map"])
def get_places(request: HttpRequest, order: UUID | None = None) -> HttpResponse:
    """Where the devices of live orders were last, each with its age."""
    at = clock.now()
    found = devices.places_for(user_of(request), order_ids=_only(order), at=at)
    return _written({"as_of": clock.iso(at), "places": [schemas.place(place) for place in found]})


@api.get("/map/zones", response=responses(dict[str, Any]), tags=["map"])
def get_zones(request: HttpRequest, order: UUID | None = None) -> HttpResponse:
    """The fixed zones of live orders as GeoJSON."""
    user = user_of(request)
    if order is not None:
        orders.order_for(user, order)  # one that is not this person's is not there: 404, not an empty map
    return _written(orders.zones_for(user, order_ids=_only(order)))


@api.get("/status", response=responses(schemas.StatusOut), tags=["platform"])
def get_status(request: HttpRequest) -> schemas.StatusOut:
    """How the platform stands; what it can't say is null, never "well"."""
    at = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT now FROM step ORDER BY shard, step DESC LIMIT 1")
        newest = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM (SELECT 1 FROM evidence_pending LIMIT 100000) AS waiting")
        waiting = cursor.fetchone()
        cursor.execute(
            "SELECT component, at FROM (SELECT DISTINCT ON (component) component, state, at FROM platform_alarm"
            " ORDER BY component, id DESC) AS newest WHERE state = 'raised' ORDER BY component"
        )
        alarms = cursor.fetchall()
    seen = alarms_seen_by(user_of(request), [component for component, _ in alarms])
    step_at = newest[0] if newest else None
    return schemas.StatusOut(
        as_of=at,
        newest_step_at=step_at,
        newest_step_age_s=None if step_at is None else (at - step_at).total_seconds(),
        evidence_waiting=waiting[0],
        alarms=[schemas.AlarmOut(component=component, at=raised) for component, raised in alarms if component in seen],
    )


@api.get("/health", response={200: schemas.HealthOut, 503: schemas.HealthOut}, auth=None, tags=["platform"])
def get_health(request: HttpRequest) -> Answer[schemas.HealthOut]:
    """The console answers, and its database too; for a load balancer, without log-in."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Answer(503, schemas.HealthOut(database=False))
    return Answer(200, schemas.HealthOut(database=True))


def _detail(request: HttpRequest, incident_id: UUID) -> schemas.IncidentDetail:
    user = user_of(request)
    found = incidents.incident_for(user, incident_id)
    return schemas.incident_detail(found, incidents.decision_for(user, found))


def _only(order: UUID | None) -> tuple[UUID, ...] | None:
    return None if order is None else (order,)


def _written(content: object) -> HttpResponse:
    """JSON of thousands of rows, without building a checked model for each; a test compares it with its schema."""
    return HttpResponse(msgspec.json.encode(content), content_type="application/json")


def _aware(field: str, at: datetime | None) -> datetime | None:
    """A time without a zone is read as UTC, as everything in this API.

    Raises:
        Refused: invalid: a time from before there was such a thing as a fix.
    """
    if at is not None and at.year < YEAR_MIN:
        raise Refused.field(field, expected=f"a time after the beginning of {YEAR_MIN}")
    return at if at is None or at.tzinfo else at.replace(tzinfo=clock.EPOCH.tzinfo)
