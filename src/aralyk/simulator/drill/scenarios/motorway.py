"""He drives by on the motorway, 80 to 120 km/h, within D of her home; one in five turns in and goes to her.

*Pass-bys* go on without slowing; counted is whether they became priority 1. *Turn-ins* leave the motorway; counted are
his fixes made after the turn, and after the true distance fell below D (before that there is nothing to say), until
priority 1 was decided: 1 is the first possible. Each order has a second ring for which driving through is no lesser
thing (`drive_through: false`): `later_than_at_once` is by how many fixes the drive-through rule delayed priority 1,
from the first fix after the turn on.
Beside them stands the naive rule, "the newest places of both are nearer than D"; a place that is wrong sets it off too.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, with_everyday_faults
from aralyk.simulator.drill.moves import Around
from aralyk.simulator.drill.plane import metres
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.truth import breach_s
from aralyk.simulator.drill.verdicts import Verdicts, alerts, share, wilson

TWIN: Final = "ring-at-once"
TURNS_IN_SHARE: Final = 0.2
STEP_M: Final = 120.0
AFTER_S: Final = 900.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """One drive along the motorway."""
    distance_m, warning_m = parts.ring(rng)
    interval_s = int(rng.choice(parts.INTERVALS_S))
    along, east, north = _line(streets)
    passes_at = float(rng.uniform(0.35, 0.65)) * along[-1]
    x, y, dx, dy = _at(passes_at, along, east, north)
    aside = float(rng.uniform(0.1, 0.9)) * distance_m * (1 if rng.random() < 0.5 else -1)
    home = (x - aside * dy, y + aside * dx)
    turns_in = rng.random() < TURNS_IN_SHARE
    leaves_at = passes_at - float(rng.uniform(-0.3, 0.8)) * distance_m if turns_in else float(along[-1])
    stations = np.append(np.arange(0.0, leaves_at, STEP_M), leaves_at)
    points = [_at(s, along, east, north)[:2] for s in stations]
    temper = float(rng.uniform(85, 115)) / 3.6
    speeds = np.clip(temper * rng.normal(1.0, 0.03, len(points) - 1), 80 / 3.6, 120 / 3.6)
    driven = moves.straight(points, speeds, Around.CAR, from_s=parts.STANDS_S)
    turned_s = driven.ends_s
    if turns_in:
        corner = _at(leaves_at, along, east, north)
        elbow = (corner[0] + 0.5 * (home[0] - corner[0]) + float(rng.uniform(-80, 80)), 0.5 * (home[1] + corner[1]))
        way_in = [points[-1], elbow, home]
        ramp = moves.straight(way_in, rng.uniform(20, 50, 2) / 3.6, Around.CAR, from_s=turned_s + 0.1)
        driven = moves.joined(driven, ramp, gap=Around.CAR)
    ends_s = driven.ends_s + AFTER_S
    he = parts.stays(driven, before_s=0.0, until_s=ends_s)
    she = moves.standing(*home, from_s=0.0, to_s=ends_s)
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    hers = with_everyday_faults(parts.her_device(rng, interval_s), she, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    return Run(
        name=f"motorway-{number:06d}", distance_m=distance_m, warning_m=warning_m, his=his, hers=hers, he=he, she=she,
        ends_s=ends_s, tags={"turns_in": "yes" if turns_in else "no", "sampling": str(interval_s),
                             "distance": str(int(distance_m))},
        marks={"turned_s": turned_s, "leaves_s": parts.STANDS_S},
        conditions=({"id": TWIN, "kind": "proximity", "protected": "p", "distance_m": distance_m,
                     "warning_m": warning_m, "drive_through": False},),
    )  # fmt: skip


def _line(streets: Streets) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    east = streets.east_m[list(streets.motorway)]
    north = streets.north_m[list(streets.motorway)]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))])
    return along, east, north


def _at(
    s: float, along: npt.NDArray[np.float64], east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Point of the motorway and its direction."""
    row = int(np.clip(np.searchsorted(along, s, side="right") - 1, 0, along.size - 2))
    length = along[row + 1] - along[row]
    dx, dy = (east[row + 1] - east[row]) / length, (north[row + 1] - north[row]) / length
    return float(east[row] + (s - along[row]) * dx), float(north[row] + (s - along[row]) * dy), float(dx), float(dy)


def naive_inside_s(run: Run, said: npt.NDArray[Any], from_s: float, *, touching: bool = False) -> float | None:
    """When the rule "the newest places of both are nearer than D" first speaks, from a moment on.

    `touching`: already when their declared circles leave it open, but by a place of his that was made since then:
    before that nothing says that he turned in.
    """
    newest: dict[int, tuple[float, float, float]] = {}
    placed = said[~np.isnan(said["lat"])]
    if touching:
        placed = placed[(placed["party"] == 1) | (placed["fixed_s"] >= from_s)]
    east, north = metres(placed["lat"], placed["lon"])
    for row, x, y in zip(placed, east, north, strict=True):
        newest[int(row["party"])] = (float(x), float(y), float(row["accuracy_m"]) if touching else 0.0)
        if row["received_s"] < from_s or len(newest) < 2 or row["fixed_s"] < from_s:
            continue
        (his_x, his_y, his_m), (her_x, her_y, her_m) = newest[0], newest[1]
        if np.hypot(his_x - her_x, his_y - her_y) < run.distance_m + his_m + her_m:
            return float(row["received_s"])
    return None


class Passes:
    """Figures of pass-bys and turn-ins."""

    def __init__(self) -> None:
        self.pairs = self.passed = self.passed_inside = self.passed_p1 = self.passed_alerted = 0
        self.turned = self.turned_alerted = self.turned_before = self.silent = 0
        self.fixes: list[int] = []
        self.naive: list[int] = []
        self.later: list[int] = []
        self.later_sharp: list[int] = []
        self.later_told: list[int] = []
        self.later_than_naive: list[int] = []
        self.never = self.never_by_the_rule = 0
        self.by: dict[str, list[int]] = {}

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one drive."""
        self.pairs += 1
        at_once = verdicts[verdicts["condition"] == TWIN]
        verdicts = verdicts[verdicts["condition"] != TWIN]
        speaking = alerts(verdicts)
        near = speaking[np.isin(speaking["kind"], ("proximity", "warning_ring", "approach"))]
        first = bool((near["priority"] == 1).any())
        breach = breach_s(run)
        if run.tags["turns_in"] == "no":
            self.passed += 1
            self.passed_inside += breach is not None
            self.passed_p1 += first
            self.passed_alerted += speaking.size > 0
            counts = self.by.setdefault(f"{run.tags['sampling']}s", [0, 0])
            counts[0] += 1
            counts[1] += first
            return ["pass_by_p1"] if first else []
        self.turned += 1
        self.turned_alerted += speaking.size > 0
        self.silent += speaking.size == 0
        if breach is None:
            return []
        self.turned_before += bool((speaking["decided_s"] <= breach).any())
        return self._add_turn(run, said, verdicts, at_once, max(run.marks["turned_s"], breach))

    def _add_turn(
        self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts, at_once: Verdicts, from_s: float
    ) -> list[str]:
        fixes = parts.fixes_until(said, 0, from_s, parts.first_priority_1_s(verdicts))
        first = parts.fixes_until(said, 0, from_s, parts.first_priority_1_s(at_once))
        naive = parts.fixes_until(said, 0, from_s, naive_inside_s(run, said, from_s))
        if fixes is None:
            self.never += 1
            self.never_by_the_rule += first is not None
            return ["turn_in_never_p1" if first is None else "turn_in_never_p1_by_the_rule"]
        self.fixes.append(fixes)
        if naive is not None:
            self.naive.append(naive)
            self.later_than_naive.append(fixes - naive)
        if first is None:
            return []
        delay = fixes - max(first, 1)
        self.later.append(delay)
        touch = parts.fixes_until(said, 0, from_s, naive_inside_s(run, said, from_s, touching=True))
        if touch is not None:
            self.later_told.append(fixes - max(first, touch, 1))
        if parts.both_in_contact(said, from_s + 2 * run.interval_s, run.interval_s, radius_m=50.0):
            self.later_sharp.append(delay)
        return ["turn_in_late"] if delay > 1 else []

    def line(self) -> dict[str, Any]:
        """The published figures."""
        quiet = self.passed - self.passed_p1
        return {
            "pairs": self.pairs,
            "true_events": self.turned,
            "alerted": self.turned_alerted,
            "alerted_before_breach": self.turned_before,
            "silent_misses": self.silent,
            "false_p1_per_pair_day": None,
            "incidents_per_pair_day": None,
            "precision_p1": None,
            "warning_s": None,
            "latency_fixes": _spread(self.fixes),
            "pass_bys": {
                "of": self.passed, "inside_d": self.passed_inside, "alerted": self.passed_alerted,
                "not_priority_1": quiet, "share": share(quiet, self.passed), "share_95": wilson(quiet, self.passed),
                "by_sampling": {k: share(n - p1, n) for k, (n, p1) in sorted(self.by.items())},
            },
            "turn_ins": {
                "of": self.turned, "never_priority_1": self.never,
                "never_by_the_rule": self.never_by_the_rule, "fixes_naive": _spread(self.naive),
                "later_than_naive": _spread(self.later_than_naive),
                "later_than_naive_by_more_than_one_fix": sum(n > 1 for n in self.later_than_naive),
                "later_than_at_once": _spread(self.later),
                "by_more_than_one_fix": sum(n > 1 for n in self.later),
                "by_more_than_one_fix_95": wilson(sum(n > 1 for n in self.later), len(self.later)),
                "since_a_place_told": {
                    "of": len(self.later_told), "by_more_than_one_fix": sum(n > 1 for n in self.later_told),
                },
                "declared_to_50_m": {
                    "of": len(self.later_sharp), "by_more_than_one_fix": sum(n > 1 for n in self.later_sharp),
                },
            },
        }  # fmt: skip


def _spread(values: list[int]) -> dict[str, float] | None:
    if not values:
        return None
    return {
        "p50": float(np.quantile(values, 0.5)),
        "p95": float(np.quantile(values, 0.95)),
        "max": float(max(values)),
    }
