"""Both indoors, with poor places or none: under one roof although neither phone knows it, or far apart.

Near: from 500 to 900 m beyond D he walks to a building 5 to 60 m from hers; once inside, both places turn to cell fixes
or to nothing, by turns. Far: the same for hours, 2 to 6 km beyond D; every priority 1 is false.
"""

from __future__ import annotations

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, Windows, with_everyday_faults
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Door, Streets

LASTS_S = 3 * 3600.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """One afternoon indoors."""
    distance_m, warning_m = parts.ring(rng)
    interval_s = int(rng.choice(parts.INTERVALS_S))
    hers_at = streets.door(rng)
    near = rng.random() < 0.5
    if near:
        beside = Door(
            east_m=hers_at.east_m + float(rng.uniform(5, 40)), north_m=hers_at.north_m + float(rng.uniform(5, 40)),
            corner=hers_at.corner,
        )  # fmt: skip
        start = parts.door_away(streets, rng, hers_at, distance_m + 500.0, distance_m + 900.0)
        coming = parts.go(streets, rng, start, beside, "foot", parts.STANDS_S)
        ends_s = coming.ends_s + LASTS_S
        he = parts.stays(coming, before_s=0.0, until_s=ends_s)
        inside_s = coming.ends_s
    else:
        away = parts.door_away(streets, rng, hers_at, distance_m + 2000.0, distance_m + 6000.0)
        ends_s = parts.STANDS_S + LASTS_S
        he = moves.standing(away.east_m, away.north_m, from_s=0.0, to_s=ends_s)
        inside_s = parts.STANDS_S
    she = moves.standing(hers_at.east_m, hers_at.north_m, from_s=0.0, to_s=ends_s)
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    hers = with_everyday_faults(parts.her_device(rng, interval_s), she, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    his = his.with_faults(**_poor(rng, inside_s, ends_s))
    hers = hers.with_faults(**_poor(rng, parts.STANDS_S, ends_s))
    return Run(
        name=f"indoors-{number:06d}", distance_m=distance_m, warning_m=warning_m, his=his, hers=hers, he=he, she=she,
        ends_s=ends_s, tags={"story": "near" if near else "far"},
        marks={"begins_s": parts.STANDS_S},
    )  # fmt: skip


def _poor(rng: np.random.Generator, from_s: float, to_s: float) -> dict[str, Windows]:
    """Stretches of 3 to 20 minutes: cell fixes, no place, or a good place by the window."""
    edges = from_s + np.concatenate([[0.0], np.cumsum(rng.uniform(180, 1200, 120))])
    edges = edges[edges < to_s]
    spans = np.column_stack([edges, np.append(edges[1:], to_s)])
    what = rng.choice(3, size=len(spans), p=[0.4, 0.4, 0.2])
    return {"cell": spans[what == 0], "placeless": spans[what == 1]}
