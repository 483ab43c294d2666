"""The pilot's cast: 18 pairs of people who do not exist, and what was ordered for each.

His places lie in one square of the city and hers in another, far enough apart that no ordinary day brings the pair
within the warning ring: ways stay inside the rectangle of their ends (`city`). Whatever comes closer is an episode.
The seeding of the demo and the moving of the people read the same cast, so an order's zones are where she lives here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aralyk.simulator.chance import stream
from aralyk.simulator.city import HALF_HEIGHT_M, HALF_WIDTH_M, Place, Spot, Use, place_near
from aralyk.simulator.days import Resident
from aralyk.simulator.motion import Mode

PAIRS: Final = 18
BRACELETS: Final = 6
CLUSTER_HALF_M: Final = 900.0
APART_M: Final = 4600.0  # between the middles of the two squares; 2800 m between their edges
INTERVAL_S: Final = 15


class Wire(StrEnum):
    """What a device speaks."""

    R16H = "r16h"
    TRACCAR_8 = "traccar-client-8"  # query string
    TRACCAR_9 = "traccar-client-9"  # JSON
    TRACCAR_10 = "traccar-client-10"  # form


PHONES: Final = (Wire.TRACCAR_8, Wire.TRACCAR_9, Wire.TRACCAR_10)
SIDES: Final = ("west", "east")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """An area closed to the respondent."""

    code: str
    use: Use
    middle: Spot
    radius_m: float
    working_hours_only: bool

    def polygon(self, *, corners: int = 12) -> dict[str, object]:
        """GeoJSON polygon round the middle, closed, counter-clockwise."""
        ring = []
        for index in range(corners):
            angle = 2 * math.pi * index / corners
            corner = self.middle.moved(east_m=self.radius_m * math.cos(angle), north_m=self.radius_m * math.sin(angle))
            lat, lon = corner.degrees()
            ring.append([round(lon, 6), round(lat, 6)])
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One order's two people, their devices and the measures."""

    number: int
    respondent: Resident
    protected: Resident
    respondent_wire: Wire
    protected_wire: Wire
    respondent_side: str  # of the city: the police district that answers for his residence
    distance_m: int
    warning_m: int
    threat: str
    zones: tuple[Zone, ...]


def respondent_key(number: int) -> str:
    """How the truth names the respondent of a pair."""
    return f"respondent-{number:02d}"


def protected_key(number: int) -> str:
    """How the truth names the protected person of a pair."""
    return f"protected-{number:02d}"


def cast(seed: int) -> tuple[Pair, ...]:
    """The 18 pairs of this seed, in the order of their numbers."""
    return tuple(_pair(seed, number) for number in range(1, PAIRS + 1))


def public_marks(pairs: tuple[Pair, ...]) -> list[Place]:
    """Schools, shops and works of the city: what its ground may show."""
    marks = []
    for pair in pairs:
        for resident in (pair.respondent, pair.protected):
            marks += [resident.work, resident.shop, *([resident.school] if resident.school else [])]
    return marks


def _pair(seed: int, number: int) -> Pair:
    rng = stream(seed, "pair", number)
    room_north_m = HALF_HEIGHT_M - CLUSTER_HALF_M - 200
    room_east_m = HALF_WIDTH_M - CLUSTER_HALF_M - APART_M / 2 - 200
    middle = Spot(
        east_m=float(rng.uniform(-room_east_m, room_east_m)), north_m=float(rng.uniform(-room_north_m, room_north_m))
    )
    his_side = SIDES[number % 2]
    to_his_m = APART_M / 2 * (1 if his_side == "east" else -1)
    his = middle.moved(east_m=to_his_m, north_m=0)
    hers = Spot(east_m=middle.east_m - to_his_m, north_m=float(rng.uniform(-room_north_m, room_north_m)))
    respondent = _resident(seed, respondent_key(number), his, with_child=False)
    protected = _resident(seed, protected_key(number), hers, with_child=number % 3 == 0)
    distance_m = (800, 500, 1000, 600)[number % 4]
    return Pair(
        number=number,
        respondent=respondent,
        protected=protected,
        respondent_wire=Wire.R16H if number <= BRACELETS else PHONES[number % 3],
        protected_wire=PHONES[(number + 1) % 3],
        respondent_side=his_side,
        distance_m=distance_m,
        warning_m=distance_m + 700,
        threat=("high", "medium", "low")[0 if number in (1, 2, 7, 8) else 1 + number % 2],
        zones=_zones(number, protected),
    )


def _resident(seed: int, key: str, middle: Spot, *, with_child: bool) -> Resident:
    rng = stream(seed, "resident", key)

    def building(use: Use) -> Place:
        return place_near(centre=middle, within_m=CLUSTER_HALF_M, use=use, rng=rng)

    return Resident(
        key=key,
        home=building(Use.HOME),
        work=building(Use.WORK),
        shop=building(Use.SHOP),
        school=building(Use.SCHOOL) if with_child else None,
        mode=(Mode.CAR, Mode.BUS, Mode.WALK)[int(rng.choice(3, p=[0.5, 0.35, 0.15]))],
    )


def _zones(number: int, protected: Resident) -> tuple[Zone, ...]:
    zones = []
    if number % 2 == 1:
        zones.append(
            Zone(code="home", use=Use.HOME, middle=protected.home.door, radius_m=350, working_hours_only=False)
        )
    if number % 3 == 0 and protected.school is not None:
        zones.append(
            Zone(code="school", use=Use.SCHOOL, middle=protected.school.door, radius_m=250, working_hours_only=True)
        )
    if number % 4 == 1:
        zones.append(Zone(code="work", use=Use.WORK, middle=protected.work.door, radius_m=300, working_hours_only=True))
    return tuple(zones)
