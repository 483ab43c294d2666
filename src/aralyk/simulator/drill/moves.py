"""How people move: knots (second, east, north) joined by straight stretches of constant speed, and what is round them.

Speeds: walking 1.0 to 1.8 m/s with pauses (Bohannon 1997); urban cars 20 to 60 km/h with stops at lights; motorway 80
to 120 km/h; buses 22 to 45 km/h with a stop each 400 m of 12 to 30 s (TCRP 165, ch. 6). Shares of stops, their
lengths and the pauses are guesses [U].
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.plane import Array
from aralyk.simulator.drill.streets import ARTERIAL, MOTORWAY, Way

KMH: Final = 1 / 3.6


class Around(IntEnum):
    """What surrounds a device; each has errors of its own."""

    INDOORS = 0
    FOOT = 1
    CAR = 2
    BUS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Where somebody truly is: `around[i]` holds from knot i to knot i + 1; before and after, standing at the ends."""

    at_s: Array
    east_m: Array
    north_m: Array
    around: npt.NDArray[np.int8]

    def place(self, at_s: Array) -> tuple[Array, Array]:
        """East and north metres at these seconds."""
        return np.interp(at_s, self.at_s, self.east_m), np.interp(at_s, self.at_s, self.north_m)

    def surroundings(self, at_s: Array) -> npt.NDArray[np.int8]:
        """What is round the person at these seconds."""
        row = np.clip(np.searchsorted(self.at_s, at_s, side="right") - 1, 0, self.around.size - 1)
        return self.around[row]

    def motion(self, at_s: Array) -> tuple[Array, Array]:
        """Speed over the last two seconds in m/s, and its heading in degrees clockwise from north."""
        x1, y1 = self.place(at_s)
        x0, y0 = self.place(at_s - 2.0)
        return np.hypot(x1 - x0, y1 - y0) / 2.0, np.degrees(np.arctan2(x1 - x0, y1 - y0)) % 360.0

    @property
    def ends_s(self) -> float:
        """The last knot."""
        return float(self.at_s[-1])

    def delayed(self, by_s: float) -> Track:
        """The same, later."""
        return Track(at_s=self.at_s + by_s, east_m=self.east_m, north_m=self.north_m, around=self.around)


def standing(east_m: float, north_m: float, *, from_s: float, to_s: float, around: Around = Around.INDOORS) -> Track:
    """Somebody who stays where they are."""
    return Track(
        at_s=np.array([from_s, to_s]), east_m=np.array([east_m, east_m]), north_m=np.array([north_m, north_m]),
        around=np.array([around], np.int8),
    )  # fmt: skip


def joined(*tracks: Track, gap: Around = Around.INDOORS) -> Track:
    """One track after the other; between two, the person stands where the first one ended."""
    at, east, north, around = [], [], [], []
    for number, track in enumerate(tracks):
        at.append(track.at_s)
        east.append(track.east_m)
        north.append(track.north_m)
        around.append(track.around)
        if number < len(tracks) - 1:
            around.append(np.array([gap], np.int8))
    return Track(
        at_s=np.concatenate(at), east_m=np.concatenate(east), north_m=np.concatenate(north),
        around=np.concatenate(around),
    )  # fmt: skip


def walk(way: Way, rng: np.random.Generator, *, from_s: float = 0.0) -> Track:
    """On foot along a way: a person's own pace, a pause now and then."""
    pace = float(rng.uniform(1.0, 1.8))
    lengths = _lengths(way)
    speed = np.clip(pace * rng.normal(1.0, 0.05, lengths.size), 1.0, 1.8)
    pause = np.where(rng.random(lengths.size) < 0.12, rng.uniform(5, 60, lengths.size), 0.0)
    return _timed(way.east_m, way.north_m, lengths / speed, pause, Around.FOOT, from_s)


def drive(way: Way, rng: np.random.Generator, *, from_s: float = 0.0) -> Track:
    """By car along a way: each stretch at its own speed, lights and crossings."""
    lengths = _lengths(way)
    road = np.array(way.road)
    temper = float(rng.uniform(0.8, 1.15))
    base = np.where(road == ARTERIAL, 46.0, 33.0) * KMH
    urban = np.clip(base * temper * rng.lognormal(0.0, 0.18, lengths.size), 20 * KMH, 60 * KMH)
    fast = np.clip(100 * KMH * temper * rng.normal(1.0, 0.05, lengths.size), 80 * KMH, 120 * KMH)
    speed = np.where(road == MOTORWAY, fast, urban)
    lit = np.array(way.lit[1:])
    stops = rng.random(lengths.size) < np.where(lit, 0.45, 0.08)
    waits = np.where(stops, np.where(lit, rng.uniform(5, 45, lengths.size), rng.uniform(2, 8, lengths.size)), 0.0)
    waits[-1] = 0.0
    return _timed(way.east_m, way.north_m, lengths / speed, waits, Around.CAR, from_s)


def ride(way: Way, rng: np.random.Generator, *, from_s: float = 0.0) -> Track:
    """By bus: on foot to the stop, a wait, the line along the way with a stop each 400 m, on foot to the door."""
    total = way.length_m
    first = min(float(rng.uniform(60, 350)), total * 0.2)
    last = min(float(rng.uniform(60, 350)), total * 0.2)
    to_stop, line, from_stop = _cut(way, first, total - last)
    walked = walk(to_stop, rng, from_s=from_s)
    begins = walked.ends_s + float(rng.uniform(20, 480))
    lengths = _lengths(line)
    speed = rng.uniform(22, 45, lengths.size) * KMH
    run = np.cumsum(lengths)
    is_stop = np.diff(np.floor(np.concatenate([[0.0], run]) / 400.0)) > 0
    lights = (rng.random(lengths.size) < 0.35) & np.array(line.lit[1:])
    waits = np.where(is_stop, rng.uniform(12, 30, lengths.size), 0.0) + np.where(
        lights, rng.uniform(5, 40, lengths.size), 0.0
    )
    ridden = _timed(line.east_m, line.north_m, lengths / speed, waits, Around.BUS, begins)
    return joined(walked, ridden, walk(from_stop, rng, from_s=ridden.ends_s + 3.0), gap=Around.FOOT)


def straight(points: list[tuple[float, float]], speed_mps: Array, around: Around, *, from_s: float = 0.0) -> Track:
    """Straight stretches at given speeds."""
    east = np.array([p[0] for p in points])
    north = np.array([p[1] for p in points])
    lengths = np.hypot(np.diff(east), np.diff(north))
    return _timed(east, north, lengths / speed_mps, np.zeros(lengths.size), around, from_s)


def _lengths(way: Way) -> Array:
    return np.asarray(np.maximum(np.hypot(np.diff(way.east_m), np.diff(way.north_m)), 0.1), np.float64)


def _timed(east: Array, north: Array, lasts: Array, waits: Array, around: Around, from_s: float) -> Track:
    """Knots at both ends of each stretch: arriving, and going on after the wait."""
    waits = np.maximum(waits, 1e-3)  # two knots are never at one moment
    arrive = from_s + np.cumsum(lasts + np.concatenate([[0.0], waits[:-1]]))
    at = np.empty(2 * lasts.size + 1)
    at[0] = from_s
    at[1::2], at[2::2] = arrive, arrive + waits
    return Track(
        at_s=at, east_m=np.concatenate([east[:1], np.repeat(east[1:], 2)]),
        north_m=np.concatenate([north[:1], np.repeat(north[1:], 2)]),
        around=np.full(at.size - 1, around, np.int8),
    )  # fmt: skip


def _cut(way: Way, first_m: float, second_m: float) -> tuple[Way, Way, Way]:
    """A way in three, cut at two distances from its start."""
    run = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(way.east_m), np.diff(way.north_m)))])
    parts = []
    for low, high in ((0.0, first_m), (first_m, second_m), (second_m, float(run[-1]))):
        inner = np.flatnonzero((run > low) & (run < high))
        at = np.concatenate([[low], run[inner], [high]])
        east = np.interp(at, run, way.east_m)
        north = np.interp(at, run, way.north_m)
        rows = np.clip(np.searchsorted(run, at[:-1], side="right") - 1, 0, len(way.road) - 1)
        road = tuple(way.road[r] for r in rows)
        lit = (False, *(way.lit[i] for i in inner), False)
        parts.append(Way(east_m=east, north_m=north, road=road, lit=lit))
    return parts[0], parts[1], parts[2]
