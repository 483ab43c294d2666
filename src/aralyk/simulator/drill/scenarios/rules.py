"""What the scenarios of single rules share: their tally, and people who stand, come and go.

Each story writes down with its run what must and must not be decided (`expected`); the tally counts, by the
expectation's name, how many were kept. A story called `…_quiet` owes silence.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import Device
from aralyk.simulator.drill.expected import Expected
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.plane import degrees
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.verdicts import Verdicts, alerts, quantiles, share, wilson

DEVICE_KINDS: Final = ("tamper", "silence", "battery", "jamming", "spoofing", "separation")
BEFORE: Final = "before"
"""The end of the name of an expectation to be told before the true breach, which its window ends with."""


class Rules:
    """Shares of expectations kept, by their names."""

    def __init__(self) -> None:
        self.pairs = self.incidents = self.p1_true = self.p1_false = 0
        self.days = 0.0
        self.kept: dict[str, list[bool]] = {}
        self.owes: dict[str, str] = {}
        self.latency: dict[str, list[float]] = {}
        self.warning: list[float] = []

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one run; wrong is the name of each expectation that was not kept."""
        self.pairs += 1
        self.days += (run.ends_s - run.from_s) / 86400.0
        self.incidents += np.unique(alerts(verdicts)["incident"]).size
        wrong = []
        for expected in run.expected:
            kept = expected.is_kept(verdicts)
            self.kept.setdefault(expected.name, []).append(kept)
            self.owes[expected.name] = "quiet" if expected.at_most is not None else "told"
            self._note_time(expected, verdicts)
            if not kept:
                wrong.append(expected.name)
        return wrong

    def _note_time(self, expected: Expected, verdicts: Verdicts) -> None:
        has_p1 = bool((expected.matching(verdicts)["priority"] == 1).any())
        if expected.at_most is not None:
            self.p1_false += has_p1 and expected.at_most == 0
            return
        told_s = expected.told_s(verdicts)
        if expected.name.endswith(BEFORE):
            self.warning.append(0.0 if told_s is None else -told_s)
            return
        self.p1_true += has_p1
        if told_s is not None:
            self.latency.setdefault(expected.name, []).append(told_s)

    def line(self) -> dict[str, Any]:
        """The published figures."""
        days = max(self.days, 1e-9)
        told = {n: k for n, k in self.kept.items() if self.owes[n] == "told" and not n.endswith(BEFORE)}
        before = [kept for name, k in self.kept.items() if name.endswith(BEFORE) for kept in k]
        events, hits = sum(map(len, told.values())), sum(map(sum, told.values()))
        quiet = [kept for name, k in self.kept.items() if self.owes[name] == "quiet" for kept in k]
        return {
            "pairs": self.pairs,
            "true_events": events,
            "alerted": hits,
            "alerted_before_breach": sum(before) if before else None,
            "silent_misses": events - hits,
            "false_p1_per_pair_day": round(self.p1_false / days, 5),
            "incidents_per_pair_day": round(self.incidents / days, 4),
            "precision_p1": share(self.p1_true, self.p1_true + self.p1_false),
            "warning_s": quantiles(self.warning),
            "latency_fixes": None,
            "alerted_95": wilson(hits, events),
            "pair_days": round(self.days, 3),
            "quiet": {"of": len(quiet), "kept": sum(quiet), "share_95": wilson(sum(quiet), len(quiet))},
            "expected": {
                name: {
                    "owes": self.owes[name],
                    "of": len(kept),
                    "kept": sum(kept),
                    "share": share(sum(kept), len(kept)),
                    "share_95": wilson(sum(kept), len(kept)),
                    "latency_s": quantiles(self.latency.get(name, [])),
                }
                for name, kept in sorted(self.kept.items())
            },
        }


def circle(spot: Door, radius_m: float) -> dict[str, Any]:
    """A round area about a door."""
    lat, lon = degrees(np.array(spot.east_m), np.array(spot.north_m))
    return {"circle": {"lat": float(lat), "lon": float(lon), "radius_m": radius_m}}


def at(spot: Door, *, from_s: float = 0.0, to_s: float) -> Track:
    """Somebody at a door."""
    return moves.standing(spot.east_m, spot.north_m, from_s=from_s, to_s=to_s)


def beside(spot: Door, rng: np.random.Generator, away_m: float) -> Door:
    """A point so far from a door, in any direction; no street leads there."""
    angle = float(rng.uniform(0, 2 * np.pi))
    return Door(
        east_m=spot.east_m + away_m * float(np.cos(angle)), north_m=spot.north_m + away_m * float(np.sin(angle)),
        corner=spot.corner,
    )  # fmt: skip


def visit(
    streets: Streets, rng: np.random.Generator, start: Door, end: Door, *, arrives_s: float, mode: str | None = None
) -> Track:
    """From door to door, arriving at a second."""
    chosen = mode or str(rng.choice(["foot", "car", "bus"]))
    trip = parts.go(streets, rng, start, end, chosen, 0.0)
    return trip.delayed(arrives_s - trip.ends_s)


def hop(start: Door, end: Door, *, from_s: float, speed_mps: float = 12.0) -> Track:
    """Straight from one point to another."""
    points = [(start.east_m, start.north_m), (end.east_m, end.north_m)]
    around = Around.FOOT if speed_mps < 2.5 else Around.CAR
    return moves.straight(points, np.array([speed_mps]), around, from_s=from_s)


def within_s(track: Track, spot: Door, radius_m: float, *, from_s: float, to_s: float) -> float:
    """The first second at which somebody is within a distance of a point.

    Raises: AssertionError: Never; a story that asks for it is wrong.
    """
    seconds = np.arange(from_s, to_s, 1.0)
    east, north = track.place(seconds)
    near = np.flatnonzero(np.hypot(east - spot.east_m, north - spot.north_m) <= radius_m)
    assert near.size, "nobody comes so near"
    return float(seconds[near[0]])


def last_within_s(track: Track, spot: Door, radius_m: float, *, from_s: float, to_s: float) -> float:
    """The last second of a time at which somebody is within a distance of a point; `from_s` if never."""
    seconds = np.arange(from_s, to_s, 1.0)
    east, north = track.place(seconds)
    near = np.flatnonzero(np.hypot(east - spot.east_m, north - spot.north_m) <= radius_m)
    return float(seconds[near[-1]]) if near.size else from_s


def meets_s(a: Track, b: Track, distance_m: float, *, from_s: float, to_s: float) -> float:
    """The first second at which two are within a distance.

    Raises: AssertionError: Never; a story that asks for it is wrong.
    """
    seconds = np.arange(from_s, to_s, 1.0)
    x0, y0 = a.place(seconds)
    x1, y1 = b.place(seconds)
    near = np.flatnonzero(np.hypot(x0 - x1, y0 - y1) <= distance_m)
    assert near.size, "they never meet"
    return float(seconds[near[0]])


def phone(rng: np.random.Generator, interval_s: int, **more: Any) -> Device:
    """A phone that is charged."""
    return Device(kind="phone", interval_s=interval_s, battery=((0.0, float(rng.uniform(45, 100))),), **more)


def bracelet(rng: np.random.Generator, interval_s: int, **more: Any) -> Device:
    """A bracelet that is charged."""
    return Device(kind="bracelet", interval_s=interval_s, battery=((0.0, float(rng.uniform(45, 100))),), **more)
