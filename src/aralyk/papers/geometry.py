"""Where a public area is drawn, so that it says where not to go and not where she is.

A public area is a circle that holds the closed place wholly and whose centre is far from it. The offset is uniform over
a ring round the place, so that no point of the area but its middle is less likely than another, and the middle is
certainly wrong. All circles of one class have one radius: size tells nothing of the place's own size or outline.
"""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, cos, hypot, pi, radians, sin, sqrt
from typing import Any, Final

from aralyk.ledger.canonical import canonical_bytes

METRES_PER_DEGREE: Final = 111_320.0
OFFSET_M_MIN: Final = 1_000.0  # REQUIREMENTS 7
OFFSET_M_MIN_MAX: Final = 3_000.0  # twice a large ordered distance would close a whole town
OFFSET_RING_M: Final = 1_500.0  # the ring in which the offset lies is so wide: 16 km² of places that look alike
GRID_DEGREES: Final = 0.001  # about 100 m: what a person can write down and find again
PLACE_STEPS_M: Final = (500.0, 1_000.0, 2_000.0, 3_000.0, 5_000.0)  # classes of places, by radius


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """A circle on the ground.

    Attributes:
        lat: Degrees, WGS 84.
        lon: Degrees, WGS 84.
        radius_m: Metres.
    """

    lat: float
    lon: float
    radius_m: float


def circle_of(shape: Mapping[str, Any]) -> Circle:
    """The circle round a zone's shape: the circle itself, or one that holds the polygon."""
    circle = shape.get("circle")
    if circle is not None:
        return Circle(lat=float(circle["lat"]), lon=float(circle["lon"]), radius_m=float(circle["radius_m"]))
    points = [(float(point[1]), float(point[0])) for point in shape["coordinates"][0]]
    lats, lons = [lat for lat, _ in points], [lon for _, lon in points]
    lat, lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    radius_m = max(distance_m(lat, lon, *point) for point in points)
    return Circle(lat=lat, lon=lon, radius_m=radius_m)


def digest_of_shape(shape: Any) -> str:
    """SHA-256 of a zone's shape: names it without telling it."""
    return hashlib.sha256(canonical_bytes(shape)).hexdigest()


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points of one town; 0.5 % wrong at most, far below what a public area hides."""
    north = (other_lat - lat) * METRES_PER_DEGREE
    east = (other_lon - lon) * METRES_PER_DEGREE * cos(radians((lat + other_lat) / 2))
    return hypot(north, east)


def hides(area: Circle, place: Circle) -> bool:
    """Whether an area that was published before may stand for this place: it holds it, and is not centred on it."""
    apart_m = distance_m(area.lat, area.lon, place.lat, place.lon)
    return apart_m >= OFFSET_M_MIN and apart_m + place.radius_m <= area.radius_m


def offset_m_min(ordered_m: float | None) -> float:
    """How far the middle of an area must be from the place: 1 km, or twice the ordered distance up to 3 km."""
    return min(max(OFFSET_M_MIN, 2 * (ordered_m or 0.0)), OFFSET_M_MIN_MAX)


def draw(place: Circle, *, ordered_m: float | None = None, chance: random.Random | None = None) -> Circle:
    """Draw a public area for a closed place. Call it once a place: two areas of one place tell more than one.

    Args:
        place: The closed place.
        ordered_m: The largest distance that the order names; he knows it.
        chance: Where chance comes from: the machine's own unless a simulation wants to be repeated.

    Returns:
        A circle on a grid of 0.001°; the place lies wholly in it, and its middle at least `offset_m_min` away.
    """
    chance = chance or secrets.SystemRandom()
    nearest_m, held_m = offset_m_min(ordered_m), _class_of(place.radius_m)
    farthest_m = nearest_m + OFFSET_RING_M
    while True:
        # Uniform over the ring's area, not over its width: otherwise the inner part would be the better guess.
        offset_m = sqrt(chance.uniform(nearest_m**2, farthest_m**2))
        bearing = chance.uniform(0.0, 2 * pi)
        lat = _on_grid(place.lat + offset_m * cos(bearing) / METRES_PER_DEGREE)
        lon = _on_grid(place.lon + offset_m * sin(bearing) / (METRES_PER_DEGREE * cos(radians(place.lat))))
        if nearest_m <= distance_m(lat, lon, place.lat, place.lon) <= farthest_m:
            return Circle(lat=lat, lon=lon, radius_m=farthest_m + held_m)


def _class_of(radius_m: float) -> float:
    """The radius of the smallest class that holds a place; above the last class, whole multiples of it."""
    for step in PLACE_STEPS_M:
        if radius_m <= step:
            return step
    return ceil(radius_m / PLACE_STEPS_M[-1]) * PLACE_STEPS_M[-1]


def _on_grid(degrees: float) -> float:
    return round(round(degrees / GRID_DEGREES) * GRID_DEGREES, 3)
