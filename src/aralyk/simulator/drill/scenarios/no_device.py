"""She carries nothing: the order is watched by areas round her home, her work and a school alone (REQUIREMENTS 9.8).

Areas as wide as the ordered distance, and (`…_wide`) 500 m wider. Counted is whether he is told before the true
distance to her is D, while she is there. What the mode cannot see is counted too: he meets her on
her way, outside all areas (`unseen_on_the_way`). An area has no ring in seconds: it is told when he is probably inside.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, window, with_everyday_faults
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Door, Streets

STORIES: Final = (
    "home", "home_wide", "work", "school_wide", "phone_dies_home", "unseen_on_the_way", "passes_outside", "stays_away",
)  # fmt: skip
AREA: Final = ("exclusion_zone",)
TELLS: Final = ("exclusion_zone", "silence")
INNOCENT: Final = ("passes_outside", "stays_away", "unseen_on_the_way")
WIDER_M: Final = 500.0
AFTER_S: Final = 900.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo eight."""
    story = STORIES[number % len(STORIES)]
    distance_m, interval_s = float(rng.choice(parts.DISTANCES_M)), int(rng.choice(parts.INTERVALS_S))
    wide_m = WIDER_M if story.endswith("_wide") else 0.0
    home = streets.door(rng)
    areas = {
        "home": home,
        "work": parts.door_away(streets, rng, home, 2500.0, 5000.0),
        "school": parts.door_away(streets, rng, home, 1000.0, 3000.0),
    }
    there = next((door for name, door in areas.items() if story.startswith(name)), home)
    he, she, leaves_s = _clear_of(streets, rng, story, there, areas, distance_m)
    ends_s = he.ends_s
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    if story == "phone_dies_home":
        his = his.with_faults(silent=window(leaves_s - 120.0, ends_s))
    return Run(
        name=f"no_device-{number:06d}", distance_m=distance_m, warning_m=None, his=his, hers=None, he=he, she=she,
        ends_s=ends_s, tags={"story": story}, marks={"begins_s": leaves_s},
        conditions=tuple(
            {"id": name, "kind": "exclusion_zone", "shape": rules.circle(door, distance_m + wide_m), "schedule": None}
            for name, door in areas.items()
        ),
        expected=_expected(story, he, she, distance_m, leaves_s, 3.0 * interval_s),
    )  # fmt: skip


def _clear_of(
    streets: Streets, rng: np.random.Generator, story: str, there: Door, areas: dict[str, Door], distance_m: float
) -> tuple[Track, Track, float]:
    """His and her ways of which the innocent ones touch no area, the meeting on her way lies in none (of 60 tries)."""
    free_m = distance_m + 300.0
    for _ in range(60):
        start = parts.door_away(streets, rng, there, distance_m + 2000.0, distance_m + 5000.0)
        he, she, leaves_s = _tracks(streets, rng, story, there, start, distance_m)
        seconds = np.arange(0.0, he.ends_s, 5.0)
        if story == "unseen_on_the_way":
            seconds = seconds[seconds > he.ends_s - 2 * AFTER_S]
        east, north = he.place(seconds)
        others = [door for name, door in areas.items() if door is not there or story in INNOCENT]
        near = min(float(np.hypot(east - door.east_m, north - door.north_m).min()) for door in others)
        if near > (distance_m + 80.0 if story == "passes_outside" else free_m) or story not in INNOCENT:
            return he, she, leaves_s
    return he, she, leaves_s


def _tracks(
    streets: Streets, rng: np.random.Generator, story: str, there: Door, start: Door, distance_m: float
) -> tuple[Track, Track, float]:
    """His and her ways, and when he leaves."""
    leaves_s = parts.STANDS_S
    if story == "stays_away":
        return rules.at(start, to_s=6 * 3600.0), rules.at(there, to_s=6 * 3600.0), leaves_s
    if story == "passes_outside":
        offset = distance_m + float(rng.uniform(100, 600))
        middle = rules.beside(there, rng, offset)
        along = np.array([there.north_m - middle.north_m, middle.east_m - there.east_m]) / offset
        points = [(middle.east_m + s * along[0], middle.north_m + s * along[1]) for s in (-3000.0, 3000.0)]
        speed = float(rng.uniform(1.0, 1.8)) if rng.random() < 0.4 else float(rng.uniform(20, 60)) / 3.6
        passing = moves.straight(points, np.array([speed]), Around.FOOT if speed < 2 else Around.CAR, from_s=leaves_s)
        he = parts.stays(passing, before_s=0.0, until_s=passing.ends_s + AFTER_S)
        return he, rules.at(there, to_s=he.ends_s), leaves_s
    mode = str(rng.choice(["foot", "car", "bus"]))
    if story == "unseen_on_the_way":
        meeting = parts.door_away(streets, rng, there, 2 * distance_m + 600.0, 2 * distance_m + 2500.0)
        going = parts.go(streets, rng, start, meeting, mode, leaves_s)
        he = parts.stays(going, before_s=0.0, until_s=going.ends_s + AFTER_S)
        return he, rules.at(meeting, to_s=he.ends_s), leaves_s
    going = parts.go(streets, rng, start, there, mode, leaves_s)
    he = parts.stays(going, before_s=0.0, until_s=going.ends_s + AFTER_S)
    return he, rules.at(there, to_s=he.ends_s), leaves_s


def _expected(
    story: str, he: Track, she: Track, distance_m: float, leaves_s: float, late_s: float
) -> tuple[Expected, ...]:
    """Told before D, told at all; or nothing."""
    ends_s = he.ends_s
    if story == "stays_away":
        return (Expected(name="stays_away_quiet", kinds=(*AREA, *PAIR), from_s=0.0, to_s=ends_s, at_most=0),)
    if story == "passes_outside":
        return (
            Expected(
                name="passes_outside_quiet_p1", kinds=(*AREA, *PAIR), from_s=0.0, to_s=ends_s, priority=1, at_most=0
            ),
            Expected(name="passes_outside_quiet", kinds=(*AREA, *PAIR), from_s=0.0, to_s=ends_s, at_most=0),
        )
    breach_s = rules.meets_s(he, she, distance_m, from_s=leaves_s, to_s=ends_s)
    if story == "unseen_on_the_way":
        return (Expected(name=story, kinds=(*AREA, *PAIR), from_s=breach_s - 600.0, to_s=ends_s, moment_s=breach_s),)
    area = next((name for name in ("home", "work", "school") if story.startswith(name)), "home")
    return (
        Expected(
            name=f"{story}_{rules.BEFORE}",
            kinds=TELLS,
            from_s=leaves_s - 120.0,
            to_s=breach_s,
            moment_s=breach_s,
            condition=area,
        ),
        Expected(
            name=story, kinds=TELLS, from_s=leaves_s - 120.0, to_s=breach_s + late_s, moment_s=breach_s, condition=area
        ),
    )
