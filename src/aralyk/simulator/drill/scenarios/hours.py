"""Hours: an area that begins round him, one that is over, a curfew across midnight and both changes of the clock.

The clock changes are those of New York (forward, 8 March 2026) and Sydney (back, 5 April 2026): the curfew ends at six
in the morning by the wall clock, and he leaves home half an hour before it or ten minutes after it. The simulator reads
the wall clock by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.expected import Expected
from aralyk.simulator.drill.moves import Track
from aralyk.simulator.drill.runs import STARTS, Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Door, Streets

STORIES: Final = (
    "begins_round_him", "is_over", "curfew_at_night", "curfew_forward", "curfew_forward_over", "curfew_back",
    "curfew_back_over",
)  # fmt: skip
AREA_M: Final = 300.0
OUT_M: Final = 900.0  # how far he goes from home
BISHKEK, NEW_YORK, SYDNEY = "Asia/Bishkek", "America/New_York", "Australia/Sydney"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of one condition, the moments of the wall clock, and when he is where he must not be."""

    timezone: str
    days: tuple[str, ...]
    begins: str
    ends: str
    from_local: str  # the run begins
    to_local: str
    moves_local: str  # he goes


TABLE: Final = {
    "begins_round_him": Hours(
        timezone=BISHKEK, days=("mon",), begins="08:00", ends="09:00", from_local="2026-03-02T07:00",
        to_local="2026-03-02T08:30", moves_local="2026-03-02T07:10",
    ),
    "is_over": Hours(
        timezone=BISHKEK, days=("mon",), begins="07:00", ends="08:00", from_local="2026-03-02T07:00",
        to_local="2026-03-02T09:30", moves_local="2026-03-02T08:10",
    ),
    "curfew_at_night": Hours(
        timezone=BISHKEK, days=("mon",), begins="21:00", ends="06:00", from_local="2026-03-02T23:30",
        to_local="2026-03-03T01:30", moves_local="2026-03-03T00:20",
    ),
    "curfew_forward": Hours(
        timezone=NEW_YORK, days=("sat",), begins="21:00", ends="06:00", from_local="2026-03-08T04:30",
        to_local="2026-03-08T06:00", moves_local="2026-03-08T05:20",
    ),
    "curfew_forward_over": Hours(
        timezone=NEW_YORK, days=("sat",), begins="21:00", ends="06:00", from_local="2026-03-08T05:00",
        to_local="2026-03-08T06:50", moves_local="2026-03-08T06:10",
    ),
    "curfew_back": Hours(
        timezone=SYDNEY, days=("sat",), begins="21:00", ends="06:00", from_local="2026-04-05T04:30",
        to_local="2026-04-05T06:00", moves_local="2026-04-05T05:20",
    ),
    "curfew_back_over": Hours(
        timezone=SYDNEY, days=("sat",), begins="21:00", ends="06:00", from_local="2026-04-05T05:00",
        to_local="2026-04-05T06:50", moves_local="2026-04-05T06:10",
    ),
}  # fmt: skip


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo seven."""
    story = STORIES[number % len(STORIES)]
    hours = TABLE[story]
    interval_s = int(rng.choice(parts.INTERVALS_S))
    from_s, to_s = _second(hours, hours.from_local), _second(hours, hours.to_local)
    goes_s = _second(hours, hours.moves_local) + float(rng.uniform(0, 300))
    centre = streets.door(rng)
    he, nearest_s = _his_way(rng, story, centre, goes_s, from_s, to_s)
    far = rules.beside(centre, rng, 9000.0)
    return Run(
        name=f"hours-{number:06d}", distance_m=200.0, warning_m=None, his=parts.his_device(rng, interval_s),
        hers=rules.phone(rng, interval_s), he=he, she=rules.at(far, from_s=from_s, to_s=to_s), from_s=from_s,
        ends_s=to_s, timezone=hours.timezone, tags={"story": story}, conditions=(_condition(story, hours, centre),),
        expected=_expected(story, hours, nearest_s, interval_s, from_s, to_s),
    )  # fmt: skip


def _second(hours: Hours, local: str) -> float:
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(hours.timezone))
    return (at - STARTS).total_seconds()


def _condition(story: str, hours: Hours, centre: Door) -> dict[str, Any]:
    return {
        "id": "area", "kind": "curfew" if story.startswith("curfew") else "exclusion_zone",
        "shape": rules.circle(centre, AREA_M),
        "schedule": [{"days": list(hours.days), "from": hours.begins, "to": hours.ends}],
    }  # fmt: skip


def _his_way(
    rng: np.random.Generator, story: str, centre: Door, goes_s: float, from_s: float, to_s: float
) -> tuple[Track, float]:
    """His way, and the first second at which he is surely where he must not be in those hours."""
    outside, inside = rules.beside(centre, rng, OUT_M), rules.beside(centre, rng, float(rng.uniform(0, 100)))
    leaves = story.startswith("curfew")
    start, end = (inside, outside) if leaves else (outside, inside)
    trip = rules.hop(start, end, from_s=goes_s, speed_mps=float(rng.uniform(1.2, 1.8)))
    stand = rules.at(start, from_s=from_s, to_s=goes_s - 1.0)
    last = rules.at(end, from_s=trip.ends_s + 1.0, to_s=max(to_s, trip.ends_s + 2.0))
    he = moves.joined(stand, trip, last)
    seconds = np.arange(goes_s, he.ends_s, 1.0)
    east, north = he.place(seconds)
    apart = np.hypot(east - centre.east_m, north - centre.north_m)
    found = np.flatnonzero(apart > AREA_M + 100.0 if leaves else apart < AREA_M - 100.0)
    return he, float(seconds[found[0]])


def _expected(
    story: str, hours: Hours, there_s: float, interval_s: int, from_s: float, to_s: float
) -> tuple[Expected, ...]:
    kinds = ("curfew",) if story.startswith("curfew") else ("exclusion_zone",)
    quiet = Expected(name=f"{story}_quiet", kinds=kinds, from_s=from_s, to_s=to_s, at_most=0)
    if story.endswith("over"):
        return (quiet,)
    late_s = 3.0 * interval_s + 30.0
    if story != "begins_round_him":
        return (Expected(name=story, kinds=kinds, from_s=from_s, to_s=there_s + late_s, moment_s=there_s),)
    active_s = _second(hours, f"2026-03-02T{hours.begins}")
    return (
        Expected(name=story, kinds=kinds, from_s=active_s, to_s=active_s + 1.0, reasons=("became_active",), priority=2),
        Expected(name=f"{story}_quiet", kinds=kinds, from_s=from_s, to_s=active_s - 0.001, at_most=0),
    )
