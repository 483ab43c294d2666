"""What a person does all day: stays and trips, one after the other, without holes.

A day is a list of errands ("at 13:05 to the shop, on foot"). An errand whose hour has passed while the person was still
on the way is dropped, as people drop them. Scripted episodes are errands too, so that a scripted person moves by the
same rules as everybody. City days begin at city midnight; the city has its own hour, because a demo that is started at
night should still show a morning (`CITY_HOUR_AT_START`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from aralyk.simulator.chance import stream
from aralyk.simulator.city import Place, Spot, way
from aralyk.simulator.motion import Mode, Trip
from aralyk.simulator.noise import Sky

HOUR_S: Final = 3600.0
DAY_S: Final = 24 * HOUR_S
CITY_HOUR_AT_START: Final = 7.9
WORKING_DAYS: Final = 5  # of seven


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """One person of the city and the places of their life."""

    key: str
    home: Place
    work: Place
    shop: Place
    school: Place | None  # a child to bring in the morning
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Leave at `at_s` (seconds since the start) for a place."""

    at_s: float
    to: Place
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The truth about one person at one instant."""

    spot: Spot
    speed_mps: float
    heading_deg: float | None
    sky: Sky


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    leaves_s: float
    trip: Trip


class Life:
    """One person's way through time: asked for any instant, planned as far as it was asked."""

    def __init__(self, *, seed: int, resident: Resident, scripted: Iterable[Errand] = (), start: Place | None = None):
        self.resident = resident
        self._seed = seed
        self._scripted = sorted(scripted, key=lambda errand: errand.at_s)
        self._place = start or resident.home
        self._first_spot = self._place.door
        # A scripted start holds until the script has sent the person somewhere; nothing ordinary comes before it.
        self._free_from_s = self._scripted[0].at_s if start and self._scripted else -CITY_HOUR_AT_START * HOUR_S
        self._legs: list[_Leg] = []
        self._leaves_s: list[float] = []
        self._next_day = 0

    def at(self, since_s: float) -> Whereabouts:
        """Where the person is `since_s` seconds after the start."""
        while self._midnight_s(self._next_day) <= since_s:
            self._plan_day()
        index = bisect_right(self._leaves_s, since_s) - 1
        if index < 0:
            return Whereabouts(spot=self._first_spot, speed_mps=0.0, heading_deg=None, sky=Sky.INDOORS)
        leg = self._legs[index]
        move = leg.trip.at(since_s - leg.leaves_s)
        if since_s >= leg.leaves_s + leg.trip.lasts_s:
            sky = Sky.INDOORS
        else:
            sky = Sky.OPEN if leg.trip.mode is Mode.WALK else Sky.VEHICLE
        return Whereabouts(spot=move.spot, speed_mps=move.speed_mps, heading_deg=move.heading_deg, sky=sky)

    @staticmethod
    def _midnight_s(day: int) -> float:
        return day * DAY_S - CITY_HOUR_AT_START * HOUR_S

    def _plan_day(self) -> None:
        day = self._next_day
        self._next_day += 1
        midnight_s = self._midnight_s(day)
        rng = stream(self._seed, "day", self.resident.key, day)
        ordinary = _ordinary_day(self.resident, rng, midnight_s, day=day)
        scripted = [errand for errand in self._scripted if midnight_s <= errand.at_s < midnight_s + DAY_S]
        for errand in sorted(_without_overlaps(ordinary, scripted), key=lambda errand: errand.at_s):
            self._go(errand, rng)

    def _go(self, errand: Errand, rng: np.random.Generator) -> None:
        if errand.at_s < self._free_from_s or errand.to == self._place:
            return
        trip = Trip(way=way(self._place, errand.to, rng), mode=errand.mode, rng=rng)
        self._legs.append(_Leg(leaves_s=errand.at_s, trip=trip))
        self._leaves_s.append(errand.at_s)
        self._free_from_s = errand.at_s + trip.lasts_s
        self._place = errand.to


SCRIPT_QUIET_S: Final = 1800.0  # no ordinary errand this long before or after a scripted one


def _without_overlaps(ordinary: list[Errand], scripted: list[Errand]) -> list[Errand]:
    """A scripted day part keeps ordinary errands out of its way."""
    kept = [errand for errand in ordinary if all(abs(errand.at_s - fixed.at_s) > SCRIPT_QUIET_S for fixed in scripted)]
    return [*kept, *scripted]


def _ordinary_day(resident: Resident, rng: np.random.Generator, midnight_s: float, *, day: int) -> list[Errand]:
    plan = _working_day(resident, rng) if day % 7 < WORKING_DAYS else _day_off(resident, rng)
    return [Errand(at_s=midnight_s + hour * HOUR_S, to=place, mode=mode) for hour, place, mode in plan]


def _working_day(resident: Resident, rng: np.random.Generator) -> list[tuple[float, Place, Mode]]:
    leaves = float(rng.uniform(7.6, 8.7))
    plan: list[tuple[float, Place, Mode]] = []
    if resident.school is not None:
        plan.append((leaves, resident.school, Mode.WALK))
        leaves += 0.7
    plan.append((leaves, resident.work, resident.mode))
    lunch = float(rng.uniform(12.5, 13.5))
    plan += [(lunch, resident.shop, Mode.WALK), (lunch + 0.6, resident.work, Mode.WALK)]
    evening = float(rng.uniform(17.2, 18.6))
    if rng.random() < 0.5:
        plan.append((evening, resident.shop, resident.mode))
        evening += 0.8
    plan.append((evening, resident.home, resident.mode))
    if rng.random() < 0.3:
        plan += [(evening + 2.0, resident.shop, Mode.WALK), (evening + 2.7, resident.home, Mode.WALK)]
    return plan


def _day_off(resident: Resident, rng: np.random.Generator) -> list[tuple[float, Place, Mode]]:
    leaves = float(rng.uniform(10.0, 12.0))
    plan = [(leaves, resident.shop, resident.mode), (leaves + 1.5, resident.home, resident.mode)]
    if rng.random() < 0.4:
        plan += [(leaves + 4.0, resident.shop, Mode.WALK), (leaves + 4.8, resident.home, Mode.WALK)]
    return plan
