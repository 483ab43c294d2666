"""The order ends in the middle of the run: collection stops at the last second, panic and an open strap live on.

He is in her ring, in a closed area, silent, or on his way to her when it ends; the devices go on speaking.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import window
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.verdicts import CLOSE, LATE, OPEN, UPDATE

STORIES: Final = ("in_her_ring", "in_the_area", "comes_afterwards", "silent", "panic_afterwards", "strap_before")
ALL: Final = (
    *PAIR, "exclusion_zone", "silence", "battery", "jamming", "spoofing", "separation", "pursuit_mode", "better_fix",
    "inclusion_zone", "curfew", "check_in", "handover",
)  # fmt: skip
ENDS_S: Final = 3600.0
AFTER_S: Final = 1800.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo six."""
    story = STORIES[number % len(STORIES)]
    interval_s = int(rng.choice(parts.INTERVALS_S))
    home = streets.door(rng)
    area = rules.beside(home, rng, 4000.0)
    to_s = ENDS_S + AFTER_S
    start = rules.beside(home, rng, 3000.0)
    near = rules.beside(home, rng, 50.0)
    he = rules.at({"in_her_ring": near, "in_the_area": area}.get(story, start), to_s=to_s)
    if story == "comes_afterwards":
        he = parts.stays(rules.hop(start, near, from_s=ENDS_S + 60.0), before_s=0.0, until_s=to_s)
    his = rules.bracelet(rng, interval_s) if story == "strap_before" else rules.phone(rng, interval_s)
    if story == "silent":
        his = his.with_faults(silent=window(ENDS_S - 1200.0, to_s))
    if story == "strap_before":
        his = his.with_faults(strap_open=window(ENDS_S - 600.0, ENDS_S - 300.0))
    presses_s = (ENDS_S + 300.0,) if story == "panic_afterwards" else ()
    return Run(
        name=f"expiry-{number:06d}", distance_m=500.0, warning_m=None, his=his,
        hers=rules.phone(rng, interval_s, presses_s=presses_s), he=he, she=moves.standing(
            home.east_m, home.north_m, from_s=0.0, to_s=to_s), ends_s=to_s, expires_s=ENDS_S, tags={"story": story},
        conditions=(
            {"id": "area", "kind": "exclusion_zone", "shape": rules.circle(area, 300.0), "schedule": None},
            {"id": "call", "kind": "check_in", "per_day": 24, "grace_s": 300.0},
        ),
        expected=_expected(story),
    )  # fmt: skip


def _expected(story: str) -> tuple[Expected, ...]:
    after = Expected(
        name=f"{story}_quiet_afterwards", kinds=ALL, from_s=ENDS_S + 0.001, to_s=ENDS_S + AFTER_S, priority=4,
        at_most=0, phases=(OPEN, UPDATE, CLOSE, LATE),
    )  # fmt: skip
    closed = Expected(
        name=f"{story}_closed", kinds=ALL, from_s=ENDS_S, to_s=ENDS_S, priority=4, phases=(CLOSE,),
        reasons=("order_ended",),
    )  # fmt: skip
    if story in ("in_her_ring", "in_the_area", "silent"):
        kinds = {"in_her_ring": PAIR, "in_the_area": ("exclusion_zone",), "silent": ("silence",)}[story]
        return (after, replace(closed, kinds=kinds))
    if story == "panic_afterwards":
        pressed_s = ENDS_S + 300.0
        return (
            after,
            Expected(name=story, kinds=("panic",), from_s=pressed_s, to_s=pressed_s + 5.0, priority=1),
        )
    if story == "strap_before":
        tamper = replace(after, name="strap_before_never_closed_quiet", kinds=("tamper",), from_s=0.0, phases=(CLOSE,))
        return (after, tamper)
    return (after,)
