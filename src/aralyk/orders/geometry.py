"""Shapes as the order states them, asked on flat ground: what is inside, what covers what, how far apart.

For drawing and checking only: what counts as inside for a signal is decided by the engine, from the shape itself. An
error of half a metre is nothing here; a zone of 100 km round is flat to 0.5 % in this latitude.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, hypot, pi, radians
from typing import Any, Final

from aralyk.orders.drafts import Place

METRES_PER_DEGREE: Final = 111_195.0  # of a sphere of 6,371,008.8 m, on which longitudes shrink with the cosine
QUARTER: Final = 64  # segments of a quarter circle: the polygon stays within 0.01 % of the radius
TOUCH_M: Final = 0.5
Shape = Mapping[str, Any]


def metres_between(one: Place, other: Place) -> float:
    """The distance of two places, metres; 0.3 % at most too short or long over 50 km."""
    east = (one.lon - other.lon) * cos(radians((one.lat + other.lat) / 2))
    return hypot(east, one.lat - other.lat) * METRES_PER_DEGREE


def holds(shape: Shape, place: Place) -> bool:
    """Whether a place lies inside a shape, its edge included."""
    circle = shape.get("circle")
    if circle is not None:
        return metres_between(_centre(circle), place) <= float(circle["radius_m"])
    from shapely.geometry import Point

    return bool(_flat(shape, near=place).distance(Point(0.0, 0.0)) <= TOUCH_M)


def covers(outer: Shape, inner: Shape) -> bool:
    """Whether one shape wholly covers another; half a metre is forgiven."""
    if outer == inner:
        return True
    round_outer, round_inner = outer.get("circle"), inner.get("circle")
    if round_outer is not None and round_inner is not None:
        apart = metres_between(_centre(round_outer), _centre(round_inner))
        return bool(apart + round_inner["radius_m"] <= round_outer["radius_m"] + TOUCH_M)
    near = _any_place(outer)
    return bool(_flat(outer, near=near).buffer(TOUCH_M).covers(_flat(inner, near=near)))


def _centre(circle: Mapping[str, Any]) -> Place:
    return Place(lat=float(circle["lat"]), lon=float(circle["lon"]))


def _any_place(shape: Shape) -> Place:
    circle = shape.get("circle")
    if circle is not None:
        return _centre(circle)
    lon, lat = shape["coordinates"][0][0][:2]
    return Place(lat=float(lat), lon=float(lon))


def _flat(shape: Shape, *, near: Place) -> Any:
    """The shape in metres east and north of `near`."""
    # Here and not above: pages that only read an order need no geometry.
    from shapely.geometry import Point, Polygon

    def metres(lat: float, lon: float) -> tuple[float, float]:
        east = (lon - near.lon) * cos(radians(near.lat)) * METRES_PER_DEGREE
        return east, (lat - near.lat) * METRES_PER_DEGREE

    circle = shape.get("circle")
    if circle is not None:
        # The outline of a circle lies inside it: as much larger as makes the polygon's area the circle's.
        larger = 1 + (pi / (2 * QUARTER)) ** 2 / 12
        return Point(*metres(circle["lat"], circle["lon"])).buffer(circle["radius_m"] * larger, quad_segs=QUARTER)
    rings = [[metres(lat, lon) for lon, lat, *_ in ring] for ring in shape["coordinates"]]
    return Polygon(rings[0], rings[1:])
