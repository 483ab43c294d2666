"""A child is handed over at a neutral place, and comes back two and a half hours later (REQUIREMENTS 9.11).

The window is half an hour, a second one half an hour about the return. He lives on the other side of the place than
she. *As agreed* owes quiet; each other story breaks it in one way: he is at the place too early, he comes to her home
instead, follows her afterwards, keeps the child, his device falls silent, the child carries no device. A panic press
in the window is never muted. `short_visit_quiet`: as agreed, and back within 75 minutes, so that the second window's
early hour lies over the first window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import Device, window
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.runs import Other, Run, iso
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Door, Streets

STORIES: Final = (
    "as_agreed", "early", "towards_her", "follows", "not_back", "child_without_device", "his_device_silent", "panic",
    "short_visit",
)  # fmt: skip
KIND: Final = ("handover",)
OPENS_S, LASTS_S, GRACE_S = 5400.0, 1800.0, 900.0
STAY_S, SHORT_S = 9000.0, 4500.0  # from the window's begin to the return
PLACE_M, NEAR_M = 50.0, 200.0  # the neutral place, and what counts as there
FOLLOWS_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Where all three are, and the moments that matter."""

    he: Track
    she: Track
    child: Track
    given_s: float  # the child goes over to him
    arrives_s: float  # he is at the place


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo nine."""
    story = STORIES[number % len(STORIES)]
    distance_m, interval_s = float(rng.choice((200.0, 500.0))), int(rng.choice(parts.INTERVALS_S))
    home = streets.door(rng)
    place = parts.door_away(streets, rng, home, distance_m + 1500.0, distance_m + 3000.0)
    his_home = _behind(streets, rng, home, place)
    back_s = OPENS_S + (SHORT_S if story == "short_visit" else STAY_S)
    ends_s = back_s + 2 * GRACE_S + 600.0
    ways = _ways(streets, rng, story, home, place, his_home, back_s, ends_s)
    his = parts.his_device(rng, interval_s)
    if story == "his_device_silent":
        his = his.with_faults(silent=window(OPENS_S + 300.0, OPENS_S + 1500.0))
    hers = rules.phone(rng, interval_s, presses_s=(OPENS_S + 700.0,) if story == "panic" else ())
    child: Device | None = None if story == "child_without_device" else rules.phone(rng, interval_s)
    return Run(
        name=f"handover-{number:06d}", distance_m=distance_m, warning_m=None, his=his, hers=hers, he=ways.he,
        she=ways.she, ends_s=ends_s, tags={"story": story},
        conditions=(_ring(distance_m), _windows(place, back_s)),
        others=() if child is None else (Other(party="c", device=child, track=ways.child),),
        without_device=("c",) if child is None else (),
        expected=_expected(story, ways, home, place, distance_m, interval_s, back_s, ends_s),
    )  # fmt: skip


def _ring(distance_m: float) -> dict[str, Any]:
    return {"id": "ring-c", "kind": "proximity", "protected": "c", "distance_m": distance_m, "warning_m": None}


def _windows(place: Door, back_s: float) -> dict[str, Any]:
    return {
        "id": "hand", "kind": "handover", "protected": "p", "child": "c", "shape": rules.circle(place, PLACE_M),
        "windows": [
            {"from": iso(OPENS_S), "to": iso(OPENS_S + LASTS_S), "return_at": iso(back_s)},
            {"from": iso(back_s - GRACE_S), "to": iso(back_s + GRACE_S)},
        ],
    }  # fmt: skip


def _behind(streets: Streets, rng: np.random.Generator, home: Door, place: Door) -> Door:
    """His home: 1.5 to 4 km from the place and farther from hers than the place is, or the best of forty."""
    doors = [parts.door_away(streets, rng, place, 1500.0, 4000.0) for _ in range(40)]
    return max(doors, key=lambda door: door.distance_m(home) - door.distance_m(place))


def _ways(
    streets: Streets, rng: np.random.Generator, story: str, home: Door, place: Door, his_home: Door,
    back_s: float, ends_s: float,
) -> Ways:  # fmt: skip
    arrives_s = OPENS_S - float(rng.uniform(0, 600))
    if story == "early":
        arrives_s = OPENS_S - float(rng.uniform(1500, 2700))
    given_s = OPENS_S + float(rng.uniform(480, 720))
    comes = rules.visit(streets, rng, his_home, place, arrives_s=arrives_s, mode="car")
    brings = rules.visit(streets, rng, home, place, arrives_s=OPENS_S + float(rng.uniform(120, 300)), mode="car")
    if story == "towards_her":
        comes = parts.go(streets, rng, his_home, home, "car", OPENS_S - 60.0)
        he = parts.stays(comes, before_s=0.0, until_s=ends_s)
        stays = rules.at(home, to_s=ends_s)
        return Ways(he=he, she=stays, child=stays, given_s=given_s, arrives_s=comes.ends_s)
    if story == "follows":
        return _following(streets, rng, home, place, comes, brings, given_s, arrives_s, ends_s)
    leaves = parts.go(streets, rng, place, home, "car", given_s + 30.0)
    takes = parts.go(streets, rng, place, his_home, "car", given_s + 120.0)
    fetches = rules.visit(streets, rng, home, place, arrives_s=back_s - float(rng.uniform(60, 300)), mode="car")
    away = parts.go(streets, rng, place, home, "car", back_s + 240.0)
    she = parts.stays(moves.joined(brings, leaves, fetches, away), before_s=0.0, until_s=ends_s)
    if story == "not_back":
        he = parts.stays(moves.joined(comes, takes), before_s=0.0, until_s=ends_s)
        return Ways(he=he, she=she, child=_first_with(she, he, given_s), given_s=given_s, arrives_s=arrives_s)
    returns = rules.visit(streets, rng, his_home, place, arrives_s=back_s - float(rng.uniform(0, 240)), mode="car")
    goes = parts.go(streets, rng, place, his_home, "car", back_s + 120.0)
    he = parts.stays(moves.joined(comes, takes, returns, goes), before_s=0.0, until_s=ends_s)
    child = _first_with(_first_with(she, he, given_s), she, back_s + 60.0)
    return Ways(he=he, she=she, child=child, given_s=given_s, arrives_s=arrives_s)


def _following(
    streets: Streets, rng: np.random.Generator, home: Door, place: Door, comes: Track, brings: Track,
    given_s: float, arrives_s: float, ends_s: float,
) -> Ways:  # fmt: skip
    """She walks home with the child, who did not go with him; he walks the same way a minute and a half behind."""
    walks = parts.go(streets, rng, place, home, "foot", given_s)
    she = parts.stays(moves.joined(brings, walks, gap=Around.FOOT), before_s=0.0, until_s=ends_s)
    he = parts.stays(moves.joined(comes, walks.delayed(90.0), gap=Around.FOOT), before_s=0.0, until_s=ends_s)
    return Ways(he=he, she=she, child=she, given_s=given_s, arrives_s=arrives_s)


def _first_with(first: Track, then: Track, at_s: float) -> Track:
    """With the one until a moment, with the other from there on."""
    before, after = first.at_s < at_s, then.at_s > at_s
    x0, y0 = first.place(np.array([at_s - 1e-3]))
    x1, y1 = then.place(np.array([at_s]))
    around = [first.around[: int(before.sum())], np.array([Around.FOOT], np.int8)]
    around.append(then.surroundings(np.concatenate([[at_s], then.at_s[after]]))[:-1])
    return Track(
        at_s=np.concatenate([first.at_s[before], [at_s - 1e-3, at_s], then.at_s[after]]),
        east_m=np.concatenate([first.east_m[before], x0, x1, then.east_m[after]]),
        north_m=np.concatenate([first.north_m[before], y0, y1, then.north_m[after]]),
        around=np.concatenate(around),
    )


def _expected(
    story: str, ways: Ways, home: Door, place: Door, distance_m: float, interval_s: int, back_s: float, ends_s: float
) -> tuple[Expected, ...]:
    late_s = 3.0 * interval_s + 30.0
    quiet = Expected(name=f"{story}_quiet", kinds=(*PAIR, *KIND), from_s=0.0, to_s=ends_s, at_most=0)
    told = Expected(name=story, kinds=KIND, from_s=0.0, to_s=ends_s, priority=1)
    if story in ("as_agreed", "short_visit"):
        inside = replace(
            quiet, name=f"{story}_quiet_in_window", from_s=OPENS_S + 60.0, to_s=OPENS_S + LASTS_S + GRACE_S
        )
        never_early = replace(
            quiet, name=f"{story}_never_early_inside", kinds=KIND, from_s=OPENS_S, reasons=("handover_early_at_place",)
        )
        return (quiet, inside, never_early, replace(quiet, name=f"{story}_quiet_p1", priority=1))
    if story == "early":
        seen_s = rules.within_s(ways.he, place, PLACE_M + NEAR_M, from_s=0.0, to_s=OPENS_S)
        reasons = ("handover_early_at_place",)
        # A place may be off towards him: told a minute before he is truly there is no error.
        return (
            replace(told, from_s=seen_s - 60.0, to_s=seen_s + late_s, moment_s=seen_s, priority=2, reasons=reasons),
        )
    if story == "towards_her":
        breach_s = rules.meets_s(ways.he, ways.she, distance_m, from_s=0.0, to_s=ends_s)
        before = replace(
            told, name=f"towards_her_{rules.BEFORE}", kinds=(*PAIR, *KIND, "silence"), to_s=breach_s,
            moment_s=breach_s, priority=2,
        )  # fmt: skip
        return (before, replace(told, kinds=(*PAIR, *KIND), to_s=breach_s + late_s + 60.0, moment_s=breach_s))
    if story == "follows":
        from_s = rules.last_within_s(ways.he, place, PLACE_M + NEAR_M, from_s=0.0, to_s=ways.he.ends_s)
        moment_s = from_s + FOLLOWS_S
        return (replace(told, kinds=(*PAIR, *KIND), from_s=ways.given_s, to_s=moment_s + late_s, moment_s=moment_s),)
    due_s = back_s + GRACE_S
    if story == "not_back":
        return (replace(told, from_s=due_s, to_s=due_s + late_s, reasons=("handover_child_not_back",)),)
    if story == "child_without_device":
        unsure = ("handover_child_return_unconfirmed",)
        return (replace(told, from_s=due_s, to_s=due_s + late_s, priority=2, reasons=unsure),)
    if story == "his_device_silent":
        gone_s = OPENS_S + 300.0
        silent = ("handover_device_silent",)
        return (replace(told, from_s=gone_s, to_s=gone_s + late_s + interval_s, priority=2, reasons=silent),)
    pressed_s = OPENS_S + 700.0
    return (replace(told, kinds=("panic",), from_s=pressed_s, to_s=pressed_s + 5.0),)
