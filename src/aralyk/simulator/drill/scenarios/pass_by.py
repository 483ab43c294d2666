"""He passes without stopping: on foot or in a car, outside D or through its edge, over a straight street.

*Outside*: the true distance never falls below D; a priority 1 about the pair is false. *Edge*: it does, for a chord of
the circle. A car through the edge is a drive-through: counted is whether it stayed below priority 1. On foot it is a
breach that lasts minutes: counted is whether it was alerted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, with_everyday_faults
from aralyk.simulator.drill.moves import Around
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.truth import breach_s, episodes
from aralyk.simulator.drill.verdicts import Verdicts, alerts, share, wilson

HALF_M: Final = 3000.0
PAIR_KINDS: Final = ("proximity", "warning_ring", "approach")


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """One passing."""
    distance_m, warning_m = parts.ring(rng)
    interval_s = int(rng.choice(parts.INTERVALS_S))
    home = streets.door(rng)
    edge = rng.random() < 0.5
    offset = float(rng.uniform(0.6, 0.98)) * distance_m if edge else distance_m + float(rng.uniform(50, 500))
    on_foot = rng.random() < 0.4
    angle = float(rng.uniform(0, 2 * np.pi))
    along = np.arange(-HALF_M, HALF_M + 1.0, 150.0)
    dx, dy = np.cos(angle), np.sin(angle)
    points = [(home.east_m + s * dx - offset * dy, home.north_m + s * dy + offset * dx) for s in along]
    if on_foot:
        speeds = np.clip(rng.uniform(1.0, 1.8) * rng.normal(1, 0.05, along.size - 1), 1.0, 1.8)
    else:
        speeds = np.clip(rng.uniform(30, 60) * rng.normal(1, 0.1, along.size - 1), 20, 60) / 3.6
    passing = moves.straight(points, speeds, Around.FOOT if on_foot else Around.CAR, from_s=parts.STANDS_S)
    ends_s = passing.ends_s + 600.0
    he = parts.stays(passing, before_s=0.0, until_s=ends_s)
    she = moves.standing(home.east_m, home.north_m, from_s=0.0, to_s=ends_s)
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    hers = with_everyday_faults(parts.her_device(rng, interval_s), she, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    return Run(
        name=f"pass_by-{number:06d}", distance_m=distance_m, warning_m=warning_m, his=his, hers=hers, he=he, she=she,
        ends_s=ends_s,
        tags={"side": "edge" if edge else "outside", "mode": "foot" if on_foot else "car", "sampling": str(interval_s)},
    )  # fmt: skip


class Passes:
    """Figures of passings."""

    def __init__(self) -> None:
        self.pairs = self.events = self.alerted = self.before = self.silent = 0
        self.days = 0.0
        self.incidents = self.p1_true = self.p1_false = 0
        self.groups: dict[str, dict[str, int]] = {}

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one passing."""
        self.pairs += 1
        self.days += run.ends_s / 86400.0
        speaking = alerts(verdicts)
        self.incidents += np.unique(speaking["incident"]).size
        near = speaking[np.isin(speaking["kind"], PAIR_KINDS)]
        first = bool((near["priority"] == 1).any())
        group = self.groups.setdefault(
            f"{run.tags['side']}_{run.tags['mode']}", {"of": 0, "alerted": 0, "priority_1": 0}
        )
        group["of"] += 1
        group["alerted"] += near.size > 0
        group["priority_1"] += first
        breach = breach_s(run)
        if breach is None:
            self.p1_false += first
            return ["false_p1"] if first else []
        self.p1_true += first
        if all(episode.drive_through for episode in episodes(run)):
            return []
        self.events += 1
        self.alerted += speaking.size > 0
        self.before += bool((speaking["decided_s"] <= breach).any())
        self.silent += speaking.size == 0
        return [] if speaking.size else ["missed"]

    def line(self) -> dict[str, Any]:
        """The published figures."""
        days = max(self.days, 1e-9)
        return {
            "pairs": self.pairs,
            "true_events": self.events,
            "alerted": self.alerted,
            "alerted_before_breach": self.before,
            "silent_misses": self.silent,
            "false_p1_per_pair_day": round(self.p1_false / days, 5),
            "incidents_per_pair_day": round(self.incidents / days, 4),
            "precision_p1": share(self.p1_true, self.p1_true + self.p1_false),
            "warning_s": None,
            "latency_fixes": None,
            "by_mode": {
                name: {
                    **g,
                    "not_priority_1": share(g["of"] - g["priority_1"], g["of"]),
                    "not_priority_1_95": wilson(g["of"] - g["priority_1"], g["of"]),
                }
                for name, g in sorted(self.groups.items())
            },
        }
