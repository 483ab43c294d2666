"""What the live map draws: places, rings, zones, tracks. JSON, fetched with the permissions of whoever looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.access.models import User
from aralyk.console import sentences
from aralyk.console.people import person_of
from aralyk.devices.queries import SILENT_AFTER_INTERVALS, Place, Trail, places_for, trails_for
from aralyk.incidents.queries import WAITING, incidents_for
from aralyk.orders.queries import zones_for

TRACK_SPAN: Final = timedelta(minutes=30)
EARTH_RADIUS_M: Final = 6_371_008.8  # mean radius of WGS 84
_NO_INTERVAL_S: Final = 60
_NO_ORDER: Final = UUID(int=0)


def map_values(*, only: UUID | None = None) -> dict[str, Any]:
    """What a template needs to start a map; `only` keeps it to one order."""
    url = reverse("map_places")
    return {
        "url": f"{url}?order={only}" if only else url,
        "only": only or "",
        "focus": only or "",
        "ground": reverse("map_ground") if _ground_file().exists() else "",
        "tiles": settings.TILE_URL,
        "attribution": _attribution(),
    }


@require_GET
def places(request: HttpRequest) -> HttpResponse:
    """Where the parties of live orders were last; `?order=` (repeatable) keeps it to those."""
    wanted = _orders_asked(request)
    user = person_of(request)
    by_order: dict[UUID, list[Place]] = defaultdict(list)
    for place in places_for(user, order_ids=wanted or None):
        by_order[place.order].append(place)
    zones = zones_for(user, order_ids=by_order if wanted else None)["features"]
    worst = _worst_by_order(user, only=by_order if wanted else None)
    zones_by_order: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for zone in zones:
        zones_by_order[zone["properties"]["order"]].append(zone)
    # Once, not for each of five thousand orders: both ask Django's active language and addresses each time.
    address = reverse("order", args=[_NO_ORDER])
    zone_labels = {kind: sentences.text(sentences.ZONES, kind) for kind in sentences.ZONES}
    orders = [
        _order(
            order,
            group,
            url=address.replace(str(_NO_ORDER), str(order)),
            worst=worst.get(order),
            zones=[_zone(zone, zone_labels) for zone in zones_by_order[str(order)]],
        )
        for order, group in by_order.items()
    ]
    content = msgspec.json.encode({"orders": orders, "complete": not wanted})  # a tenth of json.dumps' time
    return HttpResponse(content, content_type="application/json", headers={"Cache-Control": "no-store"})


@require_GET
def tracks(request: HttpRequest, order_id: UUID) -> JsonResponse:
    """The last half hour of an order's devices; a gap is a gap, never a straight line that pretends to be a way."""
    until = clock.now()
    user = person_of(request)
    trails = trails_for(user, order_id, since=until - TRACK_SPAN, until=until)
    intervals = {place.device: place.interval_s for place in places_for(user, order_ids=[order_id])}
    found = [_track(trail, interval_s=intervals.get(trail.device, _NO_INTERVAL_S)) for trail in trails]
    return JsonResponse({"tracks": found}, headers={"Cache-Control": "no-store"})


@require_GET
def ground(request: HttpRequest) -> HttpResponse:
    """The plain ground: the synthetic city in the demo, nothing elsewhere until a base map is imported."""
    path = _ground_file()
    if not path.exists():
        return JsonResponse({"type": "FeatureCollection", "features": []})
    etag = f'"{path.stat().st_mtime_ns:x}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    return HttpResponse(path.read_bytes(), content_type="application/geo+json", headers=headers)


def _ground_file() -> Path:
    return Path(settings.HOME) / "ground.geojson"


def _attribution() -> str:
    if settings.TILE_URL:
        return str(settings.TILE_ATTRIBUTION)
    return _("Synthetic city: no real streets or people") if settings.SYNTHETIC else ""


def _orders_asked(request: HttpRequest) -> set[UUID]:
    try:
        return {UUID(text) for text in request.GET.getlist("order")}
    except ValueError:
        raise Refused.field("order", expected="ids of orders") from None


def _worst_by_order(user: User, *, only: Collection[UUID] | None) -> dict[UUID, int]:
    waiting = incidents_for(user).filter(status__in=WAITING)
    if only is not None:
        waiting = waiting.filter(order__in=only)
    worst: dict[UUID, int] = {}
    for order, priority in waiting.values_list("order", "priority"):
        worst[order] = min(priority, worst.get(order, priority))
    return worst


def _order(
    order: UUID, group: Sequence[Place], *, url: str, worst: int | None, zones: list[dict[str, Any]]
) -> dict[str, Any]:
    first = group[0]
    placed = [place for place in group if place.lat is not None]
    return {
        "id": str(order),
        "number": first.order_number,
        "url": url,
        "label": first.label,
        "worst": worst,
        "parties": [_party(place) for place in placed],
        "placeless": [
            {
                "party": place.party.value,
                "label": place.label,
                "device": place.device,
                "withheld": place.withheld,  # there is a place, and it is not this person's to see
            }
            for place in group
            if place.lat is None
        ],
        "rings": [
            {"centre": place.device, "distance_m": distance, "warning_m": warning}
            for place in placed
            for distance, warning in place.rings
        ],
        "zones": zones,
        "between_m": _between_m(placed),
    }


def _party(place: Place) -> dict[str, Any]:
    return {
        "key": place.device,
        "order": str(place.order),
        "party": place.party.value,
        "label": place.label,
        "device": place.device,
        "device_kind": place.device_kind,
        "lat": place.lat,
        "lon": place.lon,
        "accuracy_m": place.accuracy_m,
        "fixed_at": clock.iso(place.fixed_at) if place.fixed_at else None,
        "source": place.source or "unknown",
        "self_reported": place.trust == "self_reported",
        "stale_after_s": SILENT_AFTER_INTERVALS * place.interval_s,
    }


def _zone(feature: dict[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    properties = feature["properties"]
    return {
        "condition": properties["condition"],
        "kind": properties["kind"],
        "label": labels[properties["kind"]],
        "shape": feature["geometry"],
    }


def _between_m(placed: Sequence[Place]) -> float | None:
    """Between the last places of both parties, for the eye alone: their ages differ, and only the engine decides."""
    his = [place for place in placed if place.party == "respondent"]
    hers = [place for place in placed if place.party == "protected"]
    distances = [_metres_apart(one, other) for one in his for other in hers]
    return round(min(distances), 1) if distances else None


def _metres_apart(one: Place, other: Place) -> float:
    """On a sphere (haversine): within 0.6 % of the ellipsoid, below what the places' own errors leave."""
    assert one.lat is not None
    assert one.lon is not None
    assert other.lat is not None
    assert other.lon is not None
    lat_a, lat_b = radians(one.lat), radians(other.lat)
    across = sin((lat_b - lat_a) / 2) ** 2
    along = cos(lat_a) * cos(lat_b) * sin(radians(other.lon - one.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(across + along)))


def _track(trail: Trail, *, interval_s: int) -> dict[str, Any]:
    """The way in pieces; between two pieces more than three intervals passed."""
    pieces: list[list[list[float]]] = []
    gaps: list[list[list[float]]] = []
    before = None
    for point in trail.points:
        here = [round(point.lon, 6), round(point.lat, 6)]
        if before and (point.fixed_at - before.fixed_at).total_seconds() <= SILENT_AFTER_INTERVALS * interval_s:
            pieces[-1].append(here)
        else:
            if pieces:
                gaps.append([pieces[-1][-1], here])
            pieces.append([here])
        before = point
    lines = [piece for piece in pieces if len(piece) > 1]
    return {"device": trail.device, "party": trail.party.value, "pieces": lines, "gaps": gaps}
