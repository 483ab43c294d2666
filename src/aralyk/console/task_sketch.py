"""A sketch of where both are, north up, with how exact each place is. Drawn here: no map service hears of her place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Final

from aralyk.response.tasks import Spot

SIZE: Final = 320.0
MARGIN: Final = 46.0
SMALLEST_M: Final = 60.0  # two places closer than this are not drawn further apart than they are
METRES_PER_DEGREE: Final = 111_195.0
SCALES_M: Final = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One place on the sketch, in its own units."""

    party: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """The drawing, and the same in figures."""

    dots: tuple[Dot, ...]
    scale_px: float
    scale_m: int
    distance_m: float | None


def sketch_of(his: Sequence[Spot], hers: Sequence[Spot]) -> Sketch | None:
    """The sketch of the newest place of each; None when no place is known."""
    known = [(party, spot) for party, spots in (("respondent", his), ("protected", hers)) for spot in _newest(spots)]
    if not known:
        return None
    lats, lons = [spot.lat or 0.0 for _, spot in known], [spot.lon or 0.0 for _, spot in known]
    lat, lon = sum(lats) / len(lats), sum(lons) / len(lons)
    east_m = METRES_PER_DEGREE * cos(radians(lat))
    flat = [
        ((one_lon - lon) * east_m, (one_lat - lat) * METRES_PER_DEGREE)
        for one_lat, one_lon in zip(lats, lons, strict=True)
    ]
    furthest = max(SMALLEST_M, *(max(abs(x), abs(y)) for x, y in flat))
    per_m = (SIZE / 2 - MARGIN) / furthest
    scale_m = max((one for one in SCALES_M if one * per_m <= SIZE / 3), default=SCALES_M[0])
    dots = tuple(
        Dot(
            party=party, x=round(SIZE / 2 + x * per_m, 1), y=round(SIZE / 2 - y * per_m, 1),
            radius=round(min(SIZE, max(9.0, (spot.accuracy_m or 0.0) * per_m)), 1),
        )
        for (party, spot), (x, y) in zip(known, flat, strict=True)
    )  # fmt: skip
    apart = hypot(flat[0][0] - flat[1][0], flat[0][1] - flat[1][1]) if len(flat) == 2 else None
    return Sketch(dots=dots, scale_px=round(scale_m * per_m, 1), scale_m=scale_m, distance_m=apart)


def _newest(spots: Sequence[Spot]) -> list[Spot]:
    return [spot for spot in spots if spot.lat is not None and spot.lon is not None][:1]
