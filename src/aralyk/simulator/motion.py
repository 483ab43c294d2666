"""How a body moves along a way: it speeds up, brakes before a corner, waits, goes on; never jumps.

A trip is cut at its corners and halts into runs. Each run starts and ends at a known speed and is driven as gain of
speed, cruise, braking, with constant accelerations, so place and speed at any instant come from a closed formula and
are the same however often they are asked. Speeds and accelerations are ordinary ones: walking 1.3 m/s (Bohannon 1997),
city car 11 to 15 m/s with 1.5 m/s2, bus 9 m/s with stops of 15 to 30 s (TCRP 165, ch. 6).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

import numpy as np

from aralyk.simulator.city import Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """The limits of one way of moving."""

    cruise_low_mps: float
    cruise_high_mps: float
    accelerate_mps2: float
    brake_mps2: float
    corner_mps: float
    halt_every_m: float  # a light or a stop about every so many metres; infinite when there is none
    halt_low_s: float
    halt_high_s: float


class Mode(Enum):
    """Ways of moving."""

    WALK = Gait(
        cruise_low_mps=1.1,
        cruise_high_mps=1.6,
        accelerate_mps2=0.6,
        brake_mps2=0.8,
        corner_mps=1.0,
        halt_every_m=math.inf,
        halt_low_s=0,
        halt_high_s=0,
    )
    CAR = Gait(
        cruise_low_mps=11,
        cruise_high_mps=15,
        accelerate_mps2=1.5,
        brake_mps2=2.0,
        corner_mps=4.0,
        halt_every_m=900,
        halt_low_s=5,
        halt_high_s=30,
    )
    CAR_UNHINDERED = Gait(  # scripted: green lights, so that an episode keeps its minute
        cruise_low_mps=13,
        cruise_high_mps=13,
        accelerate_mps2=1.8,
        brake_mps2=2.0,
        corner_mps=5.0,
        halt_every_m=math.inf,
        halt_low_s=0,
        halt_high_s=0,
    )
    BUS = Gait(
        cruise_low_mps=8,
        cruise_high_mps=11,
        accelerate_mps2=1.0,
        brake_mps2=1.2,
        corner_mps=3.0,
        halt_every_m=450,
        halt_low_s=15,
        halt_high_s=30,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Where a body is at an instant and how it moves."""

    spot: Spot
    speed_mps: float
    heading_deg: float | None  # none while it stands


@dataclass(frozen=True, slots=True, kw_only=True)
class _Phase:
    """A stretch of constant acceleration."""

    begins_s: float
    lasts_s: float
    along_m: float
    speed_mps: float
    acceleration_mps2: float


_NO_TIME_S: Final = 1e-9


class Trip:
    """One journey along a way, from standing to standing."""

    def __init__(self, *, way: Sequence[Spot], mode: Mode, rng: np.random.Generator) -> None:
        if len(way) < 2:
            raise ValueError(f"a way has two ends or more, not {len(way)}")
        self.mode = mode
        self._way = tuple(way)
        self._corner_m = _distances_along(self._way)
        gait = mode.value
        self._cruise_mps = float(rng.uniform(gait.cruise_low_mps, gait.cruise_high_mps))
        self._phases = self._drive(self._pauses(rng))
        self._begins_s = [phase.begins_s for phase in self._phases]

    @property
    def length_m(self) -> float:
        """Metres from end to end."""
        return self._corner_m[-1]

    @property
    def lasts_s(self) -> float:
        """Seconds from leaving to arriving, halts included."""
        return self._phases[-1].begins_s + self._phases[-1].lasts_s

    def at(self, since_s: float) -> Movement:
        """Place and speed this many seconds after leaving; before and after, standing at the ends."""
        if since_s <= 0:
            return Movement(spot=self._way[0], speed_mps=0.0, heading_deg=None)
        if since_s >= self.lasts_s:
            return Movement(spot=self._way[-1], speed_mps=0.0, heading_deg=None)
        phase = self._phases[bisect_right(self._begins_s, since_s) - 1]
        elapsed_s = min(since_s - phase.begins_s, phase.lasts_s)
        speed_mps = max(0.0, phase.speed_mps + phase.acceleration_mps2 * elapsed_s)
        along_m = phase.along_m + phase.speed_mps * elapsed_s + phase.acceleration_mps2 * elapsed_s**2 / 2
        spot, heading_deg = self._point(along_m)
        return Movement(spot=spot, speed_mps=speed_mps, heading_deg=heading_deg if speed_mps > 0 else None)

    def _point(self, along_m: float) -> tuple[Spot, float]:
        leg = min(max(bisect_right(self._corner_m, along_m) - 1, 0), len(self._way) - 2)
        a, b = self._way[leg], self._way[leg + 1]
        share = min(max((along_m - self._corner_m[leg]) / (self._corner_m[leg + 1] - self._corner_m[leg]), 0.0), 1.0)
        east_m, north_m = b.east_m - a.east_m, b.north_m - a.north_m
        spot = a.moved(east_m=east_m * share, north_m=north_m * share)
        return spot, math.degrees(math.atan2(east_m, north_m)) % 360

    def _pauses(self, rng: np.random.Generator) -> list[tuple[float, float, float]]:
        """Points of the way that bound the speed: (metres along, speed there, seconds of standing), in order."""
        gait = self.mode.value
        points = {0.0: (0.0, 0.0), self.length_m: (0.0, 0.0)}
        points.update({along_m: (min(gait.corner_mps, self._cruise_mps), 0.0) for along_m in self._corner_m[1:-1]})
        if math.isfinite(gait.halt_every_m):
            along_m = float(rng.uniform(0.5, 1.5)) * gait.halt_every_m
            while along_m < self.length_m - gait.halt_every_m / 2:
                points[along_m] = (0.0, float(rng.uniform(gait.halt_low_s, gait.halt_high_s)))
                along_m += float(rng.uniform(0.5, 1.5)) * gait.halt_every_m
        return [(along_m, *points[along_m]) for along_m in sorted(points)]

    def _drive(self, pauses: list[tuple[float, float, float]]) -> list[_Phase]:
        gait = self.mode.value
        gaps_m = [b[0] - a[0] for a, b in pairwise(pauses)]
        speeds = [speed_mps for _, speed_mps, _ in pauses]
        for index, gap_m in enumerate(gaps_m):  # no faster than it can have become …
            speeds[index + 1] = min(speeds[index + 1], math.sqrt(speeds[index] ** 2 + 2 * gait.accelerate_mps2 * gap_m))
        for index in range(len(gaps_m) - 1, -1, -1):  # … and no faster than it can still brake
            speeds[index] = min(speeds[index], math.sqrt(speeds[index + 1] ** 2 + 2 * gait.brake_mps2 * gaps_m[index]))
        phases: list[_Phase] = []
        for index, gap_m in enumerate(gaps_m):
            along_m, _, halt_s = pauses[index]
            _append(phases, along_m=along_m, lasts_s=halt_s, speed_mps=0.0, acceleration_mps2=0.0)
            self._run(phases, along_m=along_m, gap_m=gap_m, from_mps=speeds[index], to_mps=speeds[index + 1])
        return phases

    def _run(self, phases: list[_Phase], *, along_m: float, gap_m: float, from_mps: float, to_mps: float) -> None:
        gait = self.mode.value
        gain, brake = gait.accelerate_mps2, gait.brake_mps2
        reachable_mps2 = (2 * gain * brake * gap_m + brake * from_mps**2 + gain * to_mps**2) / (gain + brake)
        peak_mps = max(min(self._cruise_mps, math.sqrt(reachable_mps2)), from_mps, to_mps)
        gain_m = (peak_mps**2 - from_mps**2) / (2 * gain)
        brake_m = (peak_mps**2 - to_mps**2) / (2 * brake)
        cruise_m = max(gap_m - gain_m - brake_m, 0.0)
        _append(
            phases,
            along_m=along_m,
            lasts_s=(peak_mps - from_mps) / gain,
            speed_mps=from_mps,
            acceleration_mps2=gain,
        )
        _append(
            phases, along_m=along_m + gain_m, lasts_s=cruise_m / peak_mps, speed_mps=peak_mps, acceleration_mps2=0.0
        )
        _append(
            phases,
            along_m=along_m + gain_m + cruise_m,
            lasts_s=(peak_mps - to_mps) / brake,
            speed_mps=peak_mps,
            acceleration_mps2=-brake,
        )


def _append(
    phases: list[_Phase], *, along_m: float, lasts_s: float, speed_mps: float, acceleration_mps2: float
) -> None:
    if lasts_s <= _NO_TIME_S:
        return
    begins_s = phases[-1].begins_s + phases[-1].lasts_s if phases else 0.0
    phases.append(
        _Phase(
            begins_s=begins_s,
            lasts_s=lasts_s,
            along_m=along_m,
            speed_mps=speed_mps,
            acceleration_mps2=acceleration_mps2,
        )
    )


def _distances_along(way: tuple[Spot, ...]) -> list[float]:
    distances = [0.0]
    for a, b in pairwise(way):
        step_m = a.distance_m(b)
        if step_m <= 0:
            raise ValueError("a way never stays on one point")
        distances.append(distances[-1] + step_m)
    return distances
