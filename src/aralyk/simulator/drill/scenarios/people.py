"""One order, three protected people (she, her child, her sister), each with a device and a ring of their own.

He comes to one of them, or to one after the other; or the child is with her and both must be told. The others are
3 km and more away: a priority 1 about them is false.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, with_everyday_faults
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.moves import Around
from aralyk.simulator.drill.runs import Other, Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Streets

STORIES: Final = ("comes_to_her", "comes_to_child", "comes_to_sister", "one_after_other", "child_with_her")
PEOPLE: Final = {"her": "p", "child": "c", "sister": "s"}
RINGS: Final = {"p": "ring", "c": "ring-c", "s": "ring-s"}
TELLS: Final = (*PAIR, "silence")


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo five."""
    story = STORIES[number % len(STORIES)]
    interval_s = int(rng.choice(parts.INTERVALS_S))
    distances = {party: float(rng.choice((200.0, 500.0))) for party in RINGS}
    home = streets.door(rng)
    spots = {"p": home, "c": parts.door_away(streets, rng, home, 4000.0, 6000.0)}
    if story == "child_with_her":
        spots["c"] = rules.beside(home, rng, 15.0)
    spots["s"] = _apart_from(streets, rng, [spots["p"], spots["c"]])
    goals = {"one_after_other": ["p", "c"], "child_with_her": ["p"]}.get(story)
    goals = goals or [PEOPLE[story.removeprefix("comes_to_")]]
    trips = []
    begins_s = parts.STANDS_S
    here = parts.door_away(streets, rng, spots[goals[0]], 2500.0, 4000.0)
    for goal in goals:
        trips.append(parts.go(streets, rng, here, spots[goal], "car", begins_s))
        begins_s, here = trips[-1].ends_s + 600.0, spots[goal]
    he = parts.stays(moves.joined(*trips, gap=Around.FOOT), before_s=0.0, until_s=begins_s)
    ends_s = he.ends_s
    tracks = {party: rules.at(spot, to_s=ends_s) for party, spot in spots.items()}
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    rings: list[dict[str, Any]] = [
        {"id": RINGS[p], "kind": "proximity", "protected": p, "distance_m": distances[p], "warning_m": None}
        for p in ("c", "s")
    ]
    met = [*goals, "c"] if story == "child_with_her" else goals
    expected: list[Expected] = []
    for party in RINGS:
        if party not in met:
            name = f"{story}_others_quiet"
            expected.append(
                Expected(name=name, kinds=PAIR, from_s=0.0, to_s=ends_s, priority=1, condition=RINGS[party], at_most=0)
            )
            continue
        breach_s = rules.meets_s(he, tracks[party], distances[party], from_s=0.0, to_s=ends_s)
        told = Expected(
            name=f"{story}_{rules.BEFORE}", kinds=TELLS, from_s=0.0, to_s=breach_s, moment_s=breach_s,
            condition=RINGS[party],
        )  # fmt: skip
        expected += [told, replace(told, name=story, to_s=breach_s + 3.0 * interval_s + 30.0)]
    return Run(
        name=f"people-{number:06d}", distance_m=distances["p"], warning_m=None, his=his,
        hers=rules.phone(rng, interval_s), he=he, she=tracks["p"], ends_s=ends_s, tags={"story": story},
        conditions=tuple(rings),
        others=tuple(Other(party=p, device=rules.phone(rng, interval_s), track=tracks[p]) for p in ("c", "s")),
        expected=tuple(expected),
    )  # fmt: skip


def _apart_from(streets: Streets, rng: np.random.Generator, others: list[Any]) -> Any:
    """A door 3 km and more from all of these, or the farthest of fifty."""
    doors = [streets.door(rng) for _ in range(50)]
    apart = [min(door.distance_m(other) for other in others) for door in doors]
    fits = [door for door, m in zip(doors, apart, strict=True) if m >= 3000.0]
    return fits[0] if fits else doors[int(np.argmax(apart))]
