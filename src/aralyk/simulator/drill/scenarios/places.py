"""Places that are bad, few, late or not his: what may be told from them, and what must not.

`kept_half_an_hour` is published as a limit: of a device at 15 s the engine remembers 16 minutes.

He comes with cell places only; crosses her street or a closed area between two fixes; his phone kept what it should
have sent, or one fix of it overtook another. And the innocent: a lone jump to her door, towers at her door, a bad fix
before a good one beyond. He stands far away in all `…_quiet` stories.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import NETWORK, Astray, Device, Windows, window
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.verdicts import CLOSE, LATE, OPEN, UPDATE

STORIES: Final = (
    "cell_only", "cell_only_high_threat", "silent_high_threat", "silent_far_away", "crosses_between_fixes",
    "crosses_area_between_fixes", "kept_a_while", "kept_half_an_hour", "overtaken", "vague", "only_towers",
    "lone_jump", "towers", "phone_goes_alone", "tower_near_her", "bad_fix_across",
)  # fmt: skip
LEAVES_S: Final = 900.0
AWAY_M: Final = {"lone_jump": 9000.0, "tower_near_her": 1200.0, "bad_fix_across": 500.0}
CELL_M, VAGUE_M = 900.0, 5000.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo sixteen."""
    story = STORIES[number % len(STORIES)]
    home = streets.door(rng)
    distance_m = 300.0
    he, his, expected, more = _cast(rng, story, home, distance_m)
    return Run(
        name=f"places-{number:06d}", distance_m=distance_m, warning_m=more.pop("warning_m", None), his=his,
        hers=rules.phone(rng, 15), he=he, she=rules.at(home, to_s=he.ends_s), ends_s=he.ends_s,
        threat="high" if story.endswith("high_threat") else "medium", tags={"story": story}, expected=expected,
        conditions=more.pop("conditions", ()),
    )  # fmt: skip


def _cast(
    rng: np.random.Generator, story: str, home: Door, distance_m: float
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """His way, his device, what is expected, and what else the order says."""
    if story.startswith("cell_only"):
        return _cell_only(rng, story, home, distance_m)
    if story.startswith("silent"):
        return _silent(rng, story, home)
    if story.startswith("crosses"):
        return _crosses(rng, story, home, distance_m)
    if story.startswith("kept") or story == "overtaken":
        return _late(rng, story, home)
    if story == "phone_goes_alone":
        return _alone(rng, story, home)
    return _stands(rng, story, home)


def _near(name: str, from_s: float, to_s: float, **more: Any) -> Expected:
    return Expected(name=name, kinds=PAIR, from_s=from_s, to_s=to_s, **more)


def _cell_only(
    rng: np.random.Generator, story: str, home: Door, distance_m: float
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """He comes to a spot 400 to 500 m beyond the ring and stays, placed by cells whose circles touch the ring."""
    start = rules.beside(home, rng, 5000.0)
    spot = rules.beside(home, rng, distance_m + float(rng.uniform(400, 500)))
    trip = rules.hop(start, spot, from_s=LEAVES_S, speed_mps=8.0)
    ends_s = trip.ends_s + 900.0
    he = parts.stays(trip, before_s=0.0, until_s=ends_s)
    tower = Astray(
        from_s=trip.ends_s, to_s=ends_s, east_m=spot.east_m, north_m=spot.north_m, accuracy_m=CELL_M, source=NETWORK
    )
    # On the way there is no place at all: what is told is told by the cells.
    his = rules.bracelet(rng, 15, astray=(tower,)).with_faults(placeless=window(LEAVES_S - 60.0, ends_s))
    told = _near(story, trip.ends_s, trip.ends_s + 90.0)
    if story == "cell_only":
        never = _near("cell_only_quiet_p1", 0.0, ends_s, priority=1, at_most=0)
        return he, his, (told, never), {}
    # A request for a better fix waits two minutes: then the possible is critical.
    critical = replace(told, to_s=trip.ends_s + 120.0 + 60.0, priority=1)
    return he, his, (critical,), {}


def _silent(
    rng: np.random.Generator, story: str, home: Door
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """His device dies 2 km away at high threat; or 60 km away, from where he cannot be there within the half hour."""
    far = story == "silent_far_away"
    he = rules.at(rules.beside(home, rng, 60_000.0 if far else 2000.0), to_s=LEAVES_S + 1800.0)
    his = rules.bracelet(rng, 15).with_faults(silent=window(LEAVES_S, he.ends_s))
    if far:
        told = Expected(name=story, kinds=("silence",), from_s=LEAVES_S, to_s=LEAVES_S + 90.0, priority=3)
        quiet = Expected(name=f"{story}_quiet", kinds=("silence",), from_s=0.0, to_s=he.ends_s, at_most=0)
        return he, his, (told, quiet), {}
    # At 60 km/h he can be there within two minutes; two more for a better fix.
    told = Expected(
        name=story, kinds=("silence", *PAIR), from_s=LEAVES_S, to_s=LEAVES_S + 120.0 + 120.0 + 60.0, priority=1
    )
    return he, his, (told,), {}


def _crosses(
    rng: np.random.Generator, story: str, home: Door, distance_m: float
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """He rides past her door (or through an area) at 15 m/s; his fixes come each two minutes, 900 m from it each."""
    area = story == "crosses_area_between_fixes"
    middle = rules.beside(home, rng, 6000.0) if area else home
    angle = float(rng.uniform(0, 2 * np.pi))
    dx, dy = float(np.cos(angle)), float(np.sin(angle))
    ends = [Door(east_m=middle.east_m + s * dx, north_m=middle.north_m + s * dy, corner=0) for s in (-900.0, 900.0)]
    trip = rules.hop(ends[0], ends[1], from_s=LEAVES_S, speed_mps=15.0)
    ends_s = trip.ends_s + 600.0
    he = parts.stays(trip, before_s=0.0, until_s=ends_s)
    his = rules.bracelet(rng, 15).with_faults(silent=window(LEAVES_S - 5.0, trip.ends_s + 1.0))
    kinds = ("exclusion_zone",) if area else PAIR
    told = Expected(name=story, kinds=kinds, from_s=LEAVES_S, to_s=trip.ends_s + 60.0)
    condition = {"id": "area", "kind": "exclusion_zone", "shape": rules.circle(middle, distance_m), "schedule": None}
    return he, his, (told,), {"conditions": (condition,) if area else ()}


def _late(
    rng: np.random.Generator, story: str, home: Door
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """He visits her for three minutes; his phone keeps that for minutes, or what comes after overtakes it."""
    if story.startswith("kept"):
        start, spot = rules.beside(home, rng, 2500.0), rules.beside(home, rng, 60.0)
        there = rules.hop(start, spot, from_s=LEAVES_S)
        back = rules.hop(spot, start, from_s=there.ends_s + 180.0)
        he = parts.stays(moves.joined(there, back, gap=Around.FOOT), before_s=0.0, until_s=back.ends_s + 2000.0)
        comes_s = back.ends_s + (1500.0 if story == "kept_half_an_hour" else 480.0)
        offline: Windows = window(LEAVES_S - 30.0, comes_s)
        late = _near(story, comes_s, comes_s + 60.0, phases=(OPEN, UPDATE, LATE), priority=2)
        return he, rules.bracelet(rng, 15).with_faults(offline=offline), (late,), {}
    # He stands at the corner 900 m away; for a minute he is at her door, and those fixes come after the next ones.
    spot, corner = rules.beside(home, rng, 40.0), rules.beside(home, rng, 900.0)
    there = rules.hop(corner, spot, from_s=LEAVES_S, speed_mps=40.0)
    back = rules.hop(spot, corner, from_s=there.ends_s + 40.0, speed_mps=40.0)
    he = parts.stays(moves.joined(there, back, gap=Around.FOOT), before_s=0.0, until_s=back.ends_s + 600.0)
    his = rules.bracelet(rng, 15).with_faults(offline=window(LEAVES_S + 8.0, back.ends_s - 8.0))
    return he, his, (_near(story, LEAVES_S, back.ends_s + 100.0, priority=1),), {}


def _alone(
    rng: np.random.Generator, story: str, home: Door
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """He is with her; his phone, which nobody attests, says that he went into the warning ring."""
    spot, said = rules.beside(home, rng, 50.0), rules.beside(home, rng, 1000.0)
    start = rules.beside(home, rng, 3500.0)
    trip = rules.hop(start, spot, from_s=LEAVES_S)
    he = parts.stays(trip, before_s=0.0, until_s=trip.ends_s + 1500.0)
    goes_s = trip.ends_s + 300.0
    lie = Astray(from_s=goes_s + 120.0, to_s=he.ends_s, east_m=said.east_m, north_m=said.north_m, source=2)
    his = rules.phone(rng, 15, astray=(lie,)).with_faults(silent=window(goes_s, goes_s + 120.0))
    never = _near(f"{story}_closed_quiet", goes_s, he.ends_s, priority=4, phases=(CLOSE,), at_most=0)
    lowered = _near(f"{story}_lowered_quiet", goes_s, he.ends_s, priority=4, gravest=2, phases=(UPDATE,), at_most=0)
    return he, his, (lowered, never), {"warning_m": 1500.0}


def _stands(
    rng: np.random.Generator, story: str, home: Door
) -> tuple[Track, Device, tuple[Expected, ...], dict[str, Any]]:
    """He stands 3.5 km away (9 km for the jump): his phone says otherwise, or nothing to go by."""
    away = rules.beside(home, rng, AWAY_M.get(story, 3500.0))
    ends_s = LEAVES_S + 5400.0
    he = rules.at(away, to_s=ends_s)
    quiet = _near(f"{story}_quiet", 0.0, ends_s, at_most=0)
    begins = [LEAVES_S + 600.0 * i for i in range(6)]
    if story == "lone_jump":
        lies = tuple(Astray(from_s=s, to_s=s + 15.0, east_m=home.east_m, north_m=home.north_m) for s in begins)
        return he, rules.bracelet(rng, 15, astray=lies), (quiet,), {}
    if story == "towers":  # once in ten minutes, for one fix of a device that speaks each minute
        lies = tuple(
            Astray(from_s=s, to_s=s + 60.0, east_m=home.east_m, north_m=home.north_m, accuracy_m=800.0, source=NETWORK)
            for s in begins
        )
        return he, rules.bracelet(rng, 60, astray=lies), (quiet,), {}
    never = replace(quiet, name=f"{story}_quiet_p1", priority=1)
    if story == "tower_near_her":
        tower = Astray(
            from_s=LEAVES_S, to_s=ends_s, east_m=home.east_m, north_m=home.north_m, accuracy_m=400.0, source=NETWORK
        )
        soon = replace(never, name="tower_near_her_quiet_p1_soon", to_s=LEAVES_S + 180.0)
        return he, rules.bracelet(rng, 15, astray=(tower,)), (never, soon), {}
    if story == "bad_fix_across":
        # On her other side, 30 m declared and from the network: the way between leads over her.
        east_m, north_m = 2 * home.east_m - away.east_m, 2 * home.north_m - away.north_m
        lies = tuple(
            Astray(from_s=s, to_s=s + 15.0, east_m=east_m, north_m=north_m, accuracy_m=30.0, source=NETWORK)
            for s in begins
        )
        return he, rules.bracelet(rng, 15, astray=lies), (never,), {}
    radius_m = VAGUE_M if story == "vague" else 800.0
    where = away if story == "vague" else rules.beside(home, rng, 60_000.0)
    lie = Astray(
        from_s=LEAVES_S, to_s=ends_s, east_m=where.east_m, north_m=where.north_m, accuracy_m=radius_m, source=NETWORK
    )
    told = Expected(name=story, kinds=("silence",), from_s=LEAVES_S, to_s=LEAVES_S + 360.0, priority=3)
    return he, rules.bracelet(rng, 15, astray=(lie,)), (told,), {}
