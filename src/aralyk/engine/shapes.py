"""Areas as drawn: GeoJSON polygons with holes, and circles, into metres round an anchor.

Edges lie in the local plane of the anchor (the middle of the outer ring's box), each vertex with the scales at
its own latitude, exactly as the kernel places a fix. A polygon across the antimeridian is legal.
Checked: ring length and closure, ranges, an area above zero. Not checked: that rings do not cross themselves or
each other (the drawing desk does, with shapely); the even-odd rule decides what such rings mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aralyk.engine.compiled import entry
from aralyk.engine.errors import OrderInvalid
from aralyk.engine.geodesy import metres_per_degree, wrap_degrees

VERTICES_MAX: Final = 10_000
"""Per area: a district's drawn border; each fix near it reads every edge."""
RADIUS_M_MAX: Final = 100_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An area in the plane of its anchor; `edges` is empty for a circle."""

    lat: float
    lon: float
    east_m: float
    north_m: float
    bound_m: float
    edges: tuple[tuple[float, float, float, float], ...]


@entry
def project(
    lat: float, lon: float, lats: npt.NDArray[np.float64], lons: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """East and north metres from an anchor for each place, and in row 0 the anchor's own scales."""
    east, north = metres_per_degree(lat)
    out = np.empty((lats.size + 1, 2))
    out[0, 0] = east
    out[0, 1] = north
    for i in range(lats.size):
        e, n = metres_per_degree(lats[i])
        out[i + 1, 0] = wrap_degrees(lons[i] - lon) * (e + east) * 0.5
        out[i + 1, 1] = (lats[i] - lat) * (n + north) * 0.5
    return out


def parse_area(shape: object, field: str) -> Area:
    """Read the INTERFACES form of a shape.

    Raises: OrderInvalid: The shape is neither a GeoJSON Polygon nor a circle, or a value is out of range.
    """
    if not isinstance(shape, Mapping):
        raise OrderInvalid(field=field, expected="a GeoJSON Polygon or a circle", found=type(shape).__name__)
    if "circle" in shape:
        return _circle(shape["circle"], f"{field}.circle")
    if shape.get("type") != "Polygon":
        found = f"type {str(shape.get('type'))[:40]!r}"
        raise OrderInvalid(field=field, expected='a GeoJSON "Polygon" or {"circle": …}', found=found)
    return _polygon(shape.get("coordinates"), f"{field}.coordinates")


def _circle(circle: object, field: str) -> Area:
    if not isinstance(circle, Mapping):
        raise OrderInvalid(field=field, expected="an object with lat, lon, radius_m", found=type(circle).__name__)
    lat = _number(circle.get("lat"), f"{field}.lat", 90.0)
    lon = _number(circle.get("lon"), f"{field}.lon", 180.0)
    radius = circle.get("radius_m")
    if not isinstance(radius, int | float) or isinstance(radius, bool) or not 0.0 < radius <= RADIUS_M_MAX:
        raise OrderInvalid(field=f"{field}.radius_m", expected="metres in (0, 100000]", found=repr(radius)[:40])
    scales = project(lat, lon, np.empty(0), np.empty(0))
    east, north = float(scales[0, 0]), float(scales[0, 1])
    size = float(radius)
    return Area(lat=lat, lon=lon, east_m=east, north_m=north, bound_m=size, edges=())


def _number(value: object, field: str, limit: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -limit <= value <= limit:
        # The value itself may be a place: it is not quoted.
        raise OrderInvalid(field=field, expected=f"degrees in [-{limit:g}, {limit:g}]", found="another value")
    return float(value)


def _ring(ring: object, field: str) -> list[tuple[float, float]]:
    if not isinstance(ring, Sequence) or isinstance(ring, str) or len(ring) < 4:
        raise OrderInvalid(field=field, expected="a closed ring of at least 4 positions", found="fewer or no list")
    points: list[tuple[float, float]] = []
    for i, position in enumerate(ring):
        if not isinstance(position, Sequence) or isinstance(position, str) or len(position) < 2:
            raise OrderInvalid(field=f"{field}[{i}]", expected="[longitude, latitude]", found="another value")
        lon = _number(position[0], f"{field}[{i}][0]", 180.0)
        points.append((_number(position[1], f"{field}[{i}][1]", 90.0), lon))
    if points[0] != points[-1]:
        raise OrderInvalid(field=field, expected="a ring whose last position equals its first", found="an open ring")
    return points


def _polygon(coordinates: object, field: str) -> Area:
    if not isinstance(coordinates, Sequence) or isinstance(coordinates, str) or not coordinates:
        raise OrderInvalid(field=field, expected="a list of rings", found=type(coordinates).__name__)
    rings = [_ring(ring, f"{field}[{i}]") for i, ring in enumerate(coordinates)]
    total = sum(len(ring) for ring in rings)
    if total > VERTICES_MAX:
        raise OrderInvalid(field=field, expected=f"at most {VERTICES_MAX} positions", found=str(total))
    lat, lon = _anchor(rings[0])
    edges: list[tuple[float, float, float, float]] = []
    area = 0.0
    bound2 = 0.0
    for i, ring in enumerate(rings):
        points = project(lat, lon, np.array([p[0] for p in ring]), np.array([p[1] for p in ring]))
        signed = 0.0
        drawn: list[tuple[float, float, float, float]] = []
        for (x0, y0), (x1, y1) in zip(points[1:-1].tolist(), points[2:].tolist(), strict=True):
            drawn.append((x0, y0, x1, y1))
            signed += 0.5 * (x0 * y1 - x1 * y0)
            bound2 = max(bound2, x0 * x0 + y0 * y0)
        # However it was drawn, the area lies to the left of each edge: outer rings anticlockwise, holes clockwise.
        is_left = (signed >= 0.0) == (i == 0)
        edges += drawn if is_left else [(x1, y1, x0, y0) for x0, y0, x1, y1 in drawn]
        area += abs(signed) if i == 0 else -abs(signed)
    if area <= 0.0:
        raise OrderInvalid(field=field, expected="an area above zero", found="none")
    scale = points[0]
    return Area(
        lat=lat, lon=lon, east_m=float(scale[0]), north_m=float(scale[1]),
        bound_m=math.sqrt(bound2), edges=tuple(edges),
    )  # fmt: skip


def _anchor(ring: list[tuple[float, float]]) -> tuple[float, float]:
    first = ring[0][1]
    east = [_wrapped(lon - first) for _, lon in ring]
    lats = [lat for lat, _ in ring]
    lon = _wrapped(first + 0.5 * (min(east) + max(east)))
    return 0.5 * (min(lats) + max(lats)), lon


def _wrapped(degrees: float) -> float:
    if degrees > 180.0:
        return degrees - 360.0
    return degrees + 360.0 if degrees < -180.0 else degrees
