"""A regular street grid laid over the centre of Bishkek, with homes, work, schools and shops; every part invented.

The real streets are not ours to ship (OpenStreetMap imports them on request), and a synthetic street must not pass for
a real one: every feature of the ground says so, and no home is on it. Places are metres east and north of the centre
on a flat plane; at 10 km the plane is wrong by less than a metre, far below any phone's error. All buildings front an
east-west street, so a way between two of them stays inside the rectangle that they span: that bound is what keeps the
ordinary days of a pair apart (see `days`).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

CENTRE_LAT_DEG: Final = 42.8700
CENTRE_LON_DEG: Final = 74.5900
HALF_WIDTH_M: Final = 5000
HALF_HEIGHT_M: Final = 3600
BLOCK_M: Final = 200
AVENUE_EVERY_M: Final = 800
SETBACK_M: Final = 20.0  # a door stands this far from the middle of its street

_WGS84_RADIUS_M: Final = 6378137.0
_WGS84_FLATTENING: Final = 1 / 298.257223563


def _metres_per_degree() -> tuple[float, float]:
    """North and east metres per degree at the city's centre, from the ellipsoid's two radii of curvature."""
    e2 = _WGS84_FLATTENING * (2 - _WGS84_FLATTENING)
    latitude = math.radians(CENTRE_LAT_DEG)
    w = math.sqrt(1 - e2 * math.sin(latitude) ** 2)
    meridian_m = _WGS84_RADIUS_M * (1 - e2) / w**3
    normal_m = _WGS84_RADIUS_M / w
    return math.radians(meridian_m), math.radians(normal_m * math.cos(latitude))


_NORTH_M_PER_DEG, _EAST_M_PER_DEG = _metres_per_degree()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A point of the city's plane."""

    east_m: float
    north_m: float

    def moved(self, *, east_m: float, north_m: float) -> Spot:
        """The point that lies this far from here."""
        return Spot(east_m=self.east_m + east_m, north_m=self.north_m + north_m)

    def distance_m(self, other: Spot) -> float:
        """Straight distance on the plane."""
        return math.hypot(self.east_m - other.east_m, self.north_m - other.north_m)

    def degrees(self) -> tuple[float, float]:
        """Latitude and longitude, WGS 84."""
        return CENTRE_LAT_DEG + self.north_m / _NORTH_M_PER_DEG, CENTRE_LON_DEG + self.east_m / _EAST_M_PER_DEG

    @classmethod
    def from_degrees(cls, *, lat: float, lon: float) -> Spot:
        """The point of the plane at this latitude and longitude."""
        return cls(east_m=(lon - CENTRE_LON_DEG) * _EAST_M_PER_DEG, north_m=(lat - CENTRE_LAT_DEG) * _NORTH_M_PER_DEG)


class Use(StrEnum):
    """What a building is for."""

    HOME = "home"
    WORK = "work"
    SCHOOL = "school"
    SHOP = "shop"
    MARKET = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A building: where its door is, and the point of the street in front of it."""

    use: Use
    door: Spot

    @property
    def kerb(self) -> Spot:
        """The middle of the street that the door opens to (south of it)."""
        return self.door.moved(east_m=0, north_m=-SETBACK_M)


def street_lines(half_m: int) -> range:
    """Offsets of the parallel streets from the centre line, metres."""
    return range(-half_m, half_m + 1, BLOCK_M)


def place_near(*, centre: Spot, within_m: float, use: Use, rng: np.random.Generator) -> Place:
    """Put up a building inside the square of half side `within_m` round a centre, on the nearest east-west street."""
    east_m = float(np.clip(centre.east_m + rng.uniform(-within_m, within_m), -HALF_WIDTH_M, HALF_WIDTH_M))
    low = max(centre.north_m - within_m, -HALF_HEIGHT_M)
    high = min(centre.north_m + within_m, HALF_HEIGHT_M)
    streets = [line for line in street_lines(HALF_HEIGHT_M) if low <= line + SETBACK_M <= high]
    if not streets:
        raise ValueError(f"no street crosses a square of half side {within_m} m: use at least one block, {BLOCK_M} m")
    street = float(streets[int(rng.integers(len(streets)))])
    return Place(use=use, door=Spot(east_m=east_m, north_m=street + SETBACK_M))


def way(start: Place, end: Place, rng: np.random.Generator) -> tuple[Spot, ...]:
    """A way along the grid from door to door: corners only, no point twice in a row."""
    a, b = start.kerb, end.kerb
    corners = [start.door, a]
    if a.north_m != b.north_m:
        crossing = _crossing_street(a.east_m, b.east_m, rng)
        corners += [Spot(east_m=crossing, north_m=a.north_m), Spot(east_m=crossing, north_m=b.north_m)]
    corners += [b, end.door]
    return tuple(spot for index, spot in enumerate(corners) if index == 0 or spot != corners[index - 1])


def _crossing_street(east_a_m: float, east_b_m: float, rng: np.random.Generator) -> float:
    """A north-south street between two kerbs, or the nearest one when no street lies between."""
    low, high = min(east_a_m, east_b_m), max(east_a_m, east_b_m)
    between = [line for line in street_lines(HALF_WIDTH_M) if low <= line <= high]
    if between:
        return float(between[int(rng.integers(len(between)))])
    return float(min(street_lines(HALF_WIDTH_M), key=lambda line: abs(line - east_a_m)))


def ground_geojson(marks: list[Place]) -> str:
    """The city as the console's ground: streets and public marks as GeoJSON, each marked synthetic; never a home."""
    streets = [
        *(_street(north_m=float(line), number=index) for index, line in enumerate(street_lines(HALF_HEIGHT_M), 1)),
        *(_street(east_m=float(line), number=index) for index, line in enumerate(street_lines(HALF_WIDTH_M), 1)),
    ]
    named = [_mark(place, index) for index, place in enumerate(marks, 1) if place.use is not Use.HOME]
    return json.dumps(
        {
            "type": "FeatureCollection",
            "synthetic": True,
            "label": {
                "en": "Synthetic city: not the real streets of Bishkek",
                "ru": "Учебный город: это не настоящие улицы Бишкека",
                "ky": "Окуу шаары: бул Бишкектин чыныгы көчөлөрү эмес",
            },
            "features": [*streets, *named],
        },
        ensure_ascii=False,
    )


def _street(*, number: int, north_m: float | None = None, east_m: float | None = None) -> dict[str, object]:
    if north_m is not None:
        ends = (Spot(east_m=-HALF_WIDTH_M, north_m=north_m), Spot(east_m=HALF_WIDTH_M, north_m=north_m))
        names = {"en": f"Row {number}", "ru": f"{number}-й ряд", "ky": f"{number}-катар"}
    else:
        assert east_m is not None, "a street runs one way or the other"
        ends = (Spot(east_m=east_m, north_m=-HALF_HEIGHT_M), Spot(east_m=east_m, north_m=HALF_HEIGHT_M))
        names = {"en": f"Line {number}", "ru": f"{number}-я линия", "ky": f"{number}-сап"}
    avenue = round(north_m if north_m is not None else east_m or 0.0) % AVENUE_EVERY_M == 0
    return {
        "type": "Feature",
        "properties": {
            "kind": "avenue" if avenue else "street",
            "synthetic": True,
            "name": names["en"],
            "names": names,
        },
        "geometry": {"type": "LineString", "coordinates": [_lon_lat(end) for end in ends]},
    }


_MARK_NAMES: Final = {
    Use.SCHOOL: {"en": "School", "ru": "Школа", "ky": "Мектеп"},
    Use.SHOP: {"en": "Shop", "ru": "Магазин", "ky": "Дүкөн"},
    Use.MARKET: {"en": "Market", "ru": "Рынок", "ky": "Базар"},
    Use.WORK: {"en": "Works", "ru": "Предприятие", "ky": "Ишкана"},
}


def _mark(place: Place, number: int) -> dict[str, object]:
    names = {language: f"{name} № {number}" for language, name in _MARK_NAMES[place.use].items()}
    return {
        "type": "Feature",
        "properties": {"kind": place.use.value, "synthetic": True, "name": names["en"], "names": names},
        "geometry": {"type": "Point", "coordinates": _lon_lat(place.door)},
    }


def _lon_lat(spot: Spot) -> list[float]:
    lat, lon = spot.degrees()
    return [round(lon, 6), round(lat, 6)]
