"""Quiet of an incident: he stands at the edge of the ring, goes in and out, paces about her door, or is seen away once.

Counted are opens and decisions within the story, by condition and time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import Astray, window
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.verdicts import CLOSE, OPEN, UPDATE

STORIES: Final = ("at_the_edge", "in_and_out", "paces_with_her", "seen_away_once", "lost_often")
DISTANCE_M: Final = 500.0
LEAVES_S: Final = 900.0
HOUR_S: Final = 3600.0
TURNS: Final = {
    # metres from her between which he goes, seconds of rest at each, his speed
    "at_the_edge": ((450.0, 525.0), 360.0, 1.5), "in_and_out": ((380.0, 850.0), 20.0, 6.0),
    "paces_with_her": ((60.0, 420.0), 1.0, 3.0),
}  # fmt: skip


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo five."""
    story = STORIES[number % len(STORIES)]
    home = streets.door(rng)
    start = rules.beside(home, rng, 3500.0)
    he = _way(rng, story, home, start)
    ends_s = he.ends_s
    his = rules.bracelet(rng, 15)
    if story == "seen_away_once":
        gone = rules.beside(home, rng, 1500.0)
        last_s = ends_s - 1500.0
        once = Astray(from_s=last_s + 115.0, to_s=last_s + 129.0, east_m=gone.east_m, north_m=gone.north_m)
        silent = np.concatenate([window(last_s, last_s + 115.0), window(last_s + 129.0, ends_s)])
        his = rules.bracelet(rng, 15, astray=(once,)).with_faults(silent=silent)
    if story == "lost_often":
        begins = np.arange(LEAVES_S, ends_s - 600.0, 1200.0)
        his = his.with_faults(silent=np.column_stack([begins, begins + 600.0]))
    return Run(
        name=f"restless-{number:06d}", distance_m=DISTANCE_M, warning_m=None, his=his, hers=rules.phone(rng, 15), he=he,
        she=rules.at(home, to_s=ends_s), ends_s=ends_s, tags={"story": story}, expected=_expected(story, ends_s),
    )  # fmt: skip


def _way(rng: np.random.Generator, story: str, home: Door, start: Door) -> Track:
    if story == "lost_often":
        far = rules.beside(home, rng, 9000.0)
        return rules.at(far, to_s=LEAVES_S + 4 * HOUR_S)
    angle = float(rng.uniform(0, 2 * np.pi))

    def along(away_m: float) -> Door:
        return Door(
            east_m=home.east_m + away_m * float(np.cos(angle)), north_m=home.north_m + away_m * float(np.sin(angle)),
            corner=home.corner,
        )  # fmt: skip

    if story == "seen_away_once":
        trip = rules.hop(along(3500.0), along(60.0), from_s=LEAVES_S)
        return parts.stays(trip, before_s=0.0, until_s=trip.ends_s + HOUR_S)
    turns, rests_s, speed_mps = TURNS[story]
    here = along(3500.0)
    trips: list[Track] = []
    begins_s = LEAVES_S
    while begins_s < LEAVES_S + HOUR_S:
        there = along(turns[len(trips) % 2])
        trips.append(rules.hop(here, there, from_s=begins_s, speed_mps=speed_mps if trips else 12.0))
        begins_s, here = trips[-1].ends_s + rests_s, there
    return parts.stays(moves.joined(*trips, gap=Around.FOOT), before_s=0.0, until_s=begins_s + 600.0)


def _expected(story: str, ends_s: float) -> tuple[Expected, ...]:
    def counted(
        name: str, phases: tuple[int, ...], at_most: int, kinds: tuple[str, ...] = PAIR, gravest: int = 1
    ) -> Expected:
        return Expected(
            name=name, kinds=kinds, from_s=0.0, to_s=ends_s, priority=4, gravest=gravest, phases=phases,
            at_most=at_most,
        )  # fmt: skip

    if story == "paces_with_her":
        return (counted("paces_with_her_decisions_quiet", (OPEN, UPDATE), 90),)
    if story == "seen_away_once":
        return (counted("seen_away_once_quiet", (CLOSE,), 0),)
    if story == "lost_often":
        return (counted("lost_often_quiet", (OPEN,), 2, ("silence",)),)
    if story == "at_the_edge":
        return (
            counted("at_the_edge_quiet", (OPEN,), 1),
            counted("at_the_edge_lowered_quiet", (UPDATE, CLOSE), 2, ("proximity",), gravest=2),
        )
    return (counted(f"{story}_quiet", (OPEN,), 2), counted(f"{story}_closed_quiet", (CLOSE,), 2))
