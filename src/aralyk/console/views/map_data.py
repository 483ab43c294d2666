"""What the live map draws: places, rings, zones, tracks. JSON, fetched with the permissions of whoever looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
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
from aralyk.devices.queries import SILENT_AFTER_INTERVALS, Spot, Trail, places_for, spots_for, trails_for
from aralyk.incidents.queries import WAITING, incidents_for
from aralyk.orders.queries import Outline, live_orders_for, outlines_for

TRACK_SPAN: Final = timedelta(minutes=30)
PART_ORDERS: Final = 500
EARTH_RADIUS_M: Final = 6_371_008.8  # mean radius of WGS 84
_NO_INTERVAL_S: Final = 60
_NO_ORDER: Final = UUID(int=0)


# Ten thousand at once, none of them in a cycle: the collector need not walk through them.
class _Zone(msgspec.Struct, gc=False):
    condition: str
    kind: str
    label: str
    shape: msgspec.Raw  # as stored: nobody needs to read five thousand polygons to pass them on


class _Party(msgspec.Struct, gc=False):
    party: str
    label: str
    device: str
    lat: float | None
    lon: float | None
    accuracy_m: float | None
    fixed_at: str | None
    source: str
    self_reported: bool
    stale_after_s: int


class _Placeless(msgspec.Struct, gc=False):
    party: str
    label: str
    device: str
    withheld: bool


class _Ring(msgspec.Struct, gc=False):
    centre: str
    distance_m: float
    warning_m: float | None


class _Order(msgspec.Struct, gc=False):
    id: str
    number: str
    url: str
    label: str
    worst: int | None
    parties: list[_Party]
    placeless: list[_Placeless]
    rings: list[_Ring]
    zones: list[_Zone]
    between_m: float | None


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
    """Where the parties of live orders were last; `?order=` (repeatable) keeps it to those.

    Everybody comes in parts of PART_ORDERS orders: `after` in the answer is null, or what to ask for the next part
    with (`?after=`). So no request holds the server for long, however many there are.
    """
    wanted = _orders_asked(request)
    user = person_of(request)
    part, after = (wanted, None) if wanted else _next_part(user, after=_after_asked(request))
    spots = spots_for(user, order_ids=part)
    shown = {UUID(spot.order) for spot in spots}
    worst = _worst_by_order(user, only=shown)
    zones = _zones_by_order(outlines_for(user, order_ids=shown))
    # Once, not for each of five thousand orders: it asks Django's addresses each time.
    address = reverse("order", args=[_NO_ORDER])
    orders = [
        _order(group, url=address.replace(str(_NO_ORDER), order), worst=worst.get(order), zones=zones.get(order, []))
        for order, group in _by_order(spots).items()
    ]
    answer = {"orders": orders, "complete": not wanted, "after": after}
    content = msgspec.json.encode(answer)  # a tenth of json.dumps' time
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


def _after_asked(request: HttpRequest) -> UUID | None:
    text = request.GET.get("after")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused.field("after", expected="the `after` of the part before") from None


def _next_part(user: User, *, after: UUID | None) -> tuple[set[UUID], UUID | None]:
    """The ids of some live orders, and after which of them the next part begins; None: this is the last."""
    live = live_orders_for(user).prefetch_related(None).select_related(None).order_by("pk")
    if after is not None:
        live = live.filter(pk__gt=after)
    found = list(live.values_list("pk", flat=True)[: PART_ORDERS + 1])
    part = found[:PART_ORDERS]
    return set(part), part[-1] if len(found) > PART_ORDERS else None


def _worst_by_order(user: User, *, only: Collection[UUID]) -> dict[str, int]:
    waiting = incidents_for(user).filter(status__in=WAITING, order__in=only)
    worst: dict[str, int] = {}
    for order, priority in waiting.values_list("order", "priority"):
        worst[str(order)] = min(priority, worst.get(str(order), priority))
    return worst


def _zones_by_order(outlines: Sequence[Outline]) -> dict[str, list[_Zone]]:
    labels = {kind: sentences.text(sentences.ZONES, kind) for kind in sentences.ZONES}
    found: dict[str, list[_Zone]] = defaultdict(list)
    for order, condition, kind, shape in outlines:
        found[order].append(_Zone(condition, kind, labels[kind], msgspec.Raw(shape)))
    return found


def _by_order(spots: Sequence[Spot]) -> dict[str, list[Spot]]:
    found: dict[str, list[Spot]] = defaultdict(list)
    for spot in spots:
        found[spot.order].append(spot)
    return found


def _order(group: Sequence[Spot], *, url: str, worst: int | None, zones: list[_Zone]) -> _Order:
    first = group[0]
    placed = [spot for spot in group if spot.lat is not None]
    return _Order(
        id=first.order,
        number=first.order_number,
        url=url,
        label=first.label,
        worst=worst,
        parties=[_party(spot) for spot in placed],
        # withheld: there is a place, and it is not this person's to see
        placeless=[
            _Placeless(spot.party, spot.label, spot.device, spot.withheld) for spot in group if spot.lat is None
        ],
        rings=[
            _Ring(spot.device, distance_m, warning_m)
            for spot in placed
            if spot.rings
            for distance_m, warning_m in _rings(spot.rings)
        ],
        zones=zones,
        between_m=_between_m(placed),
    )


_rings: Final = msgspec.json.Decoder(list[tuple[float, float | None]]).decode


def _party(spot: Spot) -> _Party:
    return _Party(
        spot.party, spot.label, spot.device, spot.lat, spot.lon, spot.accuracy_m, spot.fixed_at,
        spot.source or "unknown", spot.trust == "self_reported", SILENT_AFTER_INTERVALS * spot.interval_s,
    )  # fmt: skip


def _between_m(placed: Sequence[Spot]) -> float | None:
    """Between the last places of both parties, for the eye alone: their ages differ, and only the engine decides."""
    his = [spot for spot in placed if spot.party == "respondent"]
    hers = [spot for spot in placed if spot.party == "protected"]
    distances = [_metres_apart(one, other) for one in his for other in hers]
    return round(min(distances), 1) if distances else None


def _metres_apart(one: Spot, other: Spot) -> float:
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
