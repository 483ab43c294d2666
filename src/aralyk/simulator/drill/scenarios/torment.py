"""He provokes alarms for a day, and harms nobody: does the desk drown, and does repetition raise the priority?

Strap opened and closed, the battery let down and charged, the warning ring skirted again and again, the phone switched
off and on. Counted are incidents per pair-day by kind, and the runs in which a later incident of a kind was told with
a graver priority than the first.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import DAY_S, EVERYDAY, Device, Windows, with_everyday_faults
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.truth import breach_s
from aralyk.simulator.drill.verdicts import UPDATE, Verdicts, alerts, share

STORIES: Final = ("strap", "battery", "warning_ring", "off_and_on")
TIMES_LOW, TIMES_HIGH = 6, 20


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo four."""
    story = STORIES[number % len(STORIES)]
    interval_s = int(rng.choice(parts.INTERVALS_S))
    home = streets.door(rng)
    distance_m = float(rng.choice((200.0, 500.0)))
    start = parts.door_away(streets, rng, home, distance_m + 2500.0, distance_m + 5000.0)
    he = moves.standing(start.east_m, start.north_m, from_s=0.0, to_s=DAY_S)
    if story == "warning_ring":
        he = _skirting(rng, home, distance_m)
    she = moves.standing(home.east_m, home.north_m, from_s=0.0, to_s=DAY_S)
    his = Device(kind="bracelet" if story == "strap" else "phone", interval_s=interval_s)
    his = with_everyday_faults(his, he, rng, EVERYDAY, from_s=0.0, to_s=DAY_S)
    hers = with_everyday_faults(parts.her_device(rng, interval_s), she, rng, EVERYDAY, from_s=0.0, to_s=DAY_S)
    return Run(
        name=f"torment-{number:06d}", distance_m=distance_m, warning_m=2 * distance_m, his=_provoking(story, his, rng),
        hers=hers, he=he, she=she, ends_s=DAY_S, tags={"story": story}, marks={"days": 1.0},
    )  # fmt: skip


def _moments(rng: np.random.Generator, low_s: float, high_s: float) -> Windows:
    count = int(rng.integers(TIMES_LOW, TIMES_HIGH + 1))
    begins = np.linspace(2 * 3600.0, 22 * 3600.0, count) + rng.uniform(-600, 600, count)
    return np.column_stack([begins, begins + rng.uniform(low_s, high_s, count)])


def _provoking(story: str, his: Device, rng: np.random.Generator) -> Device:
    if story == "strap":
        return his.with_faults(strap_open=_moments(rng, 60, 600))
    if story == "off_and_on":
        return his.with_faults(silent=_moments(rng, 120, 900))
    if story != "battery":
        return his
    levels: list[tuple[float, float]] = [(0.0, 80.0)]
    plugged = _moments(rng, 900, 1500)
    for begins, ends in plugged:
        levels += [(begins - 1200.0, 40.0), (begins - 60.0, 12.0), (begins, 12.0), (ends, 60.0)]
    levelled = Device(
        kind=his.kind, interval_s=his.interval_s, silent=his.silent, placeless=his.placeless, cell=his.cell,
        offline=his.offline, battery=tuple(sorted(levels)),
    )  # fmt: skip
    return levelled.with_faults(charging=plugged)


def _skirting(rng: np.random.Generator, home: Door, distance_m: float) -> Track:
    """Walks in and out of the warning ring, never nearer than 1.25 D, all day."""
    count = int(rng.integers(TIMES_LOW, TIMES_HIGH + 1))
    angle = float(rng.uniform(0, 2 * np.pi))
    depth = np.where(
        np.arange(2 * count + 1) % 2, rng.uniform(1.25, 1.8, 2 * count + 1), rng.uniform(2.3, 3.0, 2 * count + 1)
    )
    points = [
        (home.east_m + d * distance_m * np.cos(angle), home.north_m + d * distance_m * np.sin(angle)) for d in depth
    ]
    hops = [
        moves.straight(
            points[i : i + 2], np.array([float(rng.uniform(1.0, 1.8))]), Around.FOOT, from_s=3600.0 + i * 1900.0
        )
        for i in range(2 * count)
    ]
    return parts.stays(moves.joined(*hops, gap=Around.FOOT), before_s=0.0, until_s=DAY_S)


class Torments:
    """Figures of provoked alarms."""

    def __init__(self) -> None:
        self.pairs = self.p1_false = self.incidents = 0
        self.by: dict[str, dict[str, float]] = {}

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one day."""
        self.pairs += 1
        speaking = alerts(verdicts)
        incidents = np.unique(speaking["incident"]).size
        self.incidents += incidents
        row = self.by.setdefault(
            run.tags["story"],
            {"of": 0, "incidents_to_priority_2": 0, "incidents_any": 0, "priority_1": 0, "raised_by_repetition": 0},
        )
        told = verdicts[verdicts["phase"] <= UPDATE]
        row["of"] += 1
        row["incidents_to_priority_2"] += incidents
        row["incidents_any"] += np.unique(told["incident"]).size
        has_p1 = bool((speaking["priority"] == 1).any())
        row["priority_1"] += has_p1
        row["raised_by_repetition"] += _is_raised(told)
        false_p1 = bool((speaking["priority"][speaking["kind"] == "proximity"] == 1).any()) and breach_s(run) is None
        self.p1_false += false_p1
        return ["false_p1"] if false_p1 else []

    def line(self) -> dict[str, Any]:
        """The published figures."""
        return {
            "pairs": self.pairs,
            "true_events": 0,
            "alerted": 0,
            "alerted_before_breach": None,
            "silent_misses": 0,
            "false_p1_per_pair_day": share(self.p1_false, self.pairs),
            "incidents_per_pair_day": round(self.incidents / max(self.pairs, 1), 4),
            "precision_p1": None,
            "warning_s": None,
            "latency_fixes": None,
            "by_mode": {
                name: {
                    "of": int(row["of"]),
                    **{k: round(v / row["of"], 4) for k, v in row.items() if k != "of"},
                }
                for name, row in sorted(self.by.items())
            },
        }


def _is_raised(told: Verdicts) -> bool:
    """Whether a later incident of some kind was told with a graver priority than the first of its kind."""
    for kind in np.unique(told["kind"]):
        mine = told[told["kind"] == kind]
        names = list(dict.fromkeys(mine["incident"].tolist()))
        gravest = [int(mine["priority"][mine["incident"] == name].min()) for name in names]
        if len(gravest) > 1 and min(gravest[1:]) < gravest[0]:
            return True
    return False
