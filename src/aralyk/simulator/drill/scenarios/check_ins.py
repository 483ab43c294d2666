"""He must show four times a day that it is he who carries the device: passed, missed, missed again, failed, too late.

Two days; windows of six hours begin at six in the morning of the order's place, which is the run's first second; a
quarter of an hour of grace.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from aralyk.simulator.drill.devices import window
from aralyk.simulator.drill.expected import Expected
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts, rules
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.verdicts import CLOSE

STORIES: Final = ("passed", "missed", "missed_twice", "failed", "sent_late", "missed_at_high_threat")
KIND: Final = ("check_in",)
WINDOW_S: Final = 6 * 3600.0
GRACE_S: Final = 900.0
WINDOWS: Final = 8
TOLD_S: Final = 10.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo six."""
    story = STORIES[number % len(STORIES)]
    home = streets.door(rng)
    his_home = parts.door_away(streets, rng, home, 4000.0, 8000.0)
    ends_s = WINDOWS * WINDOW_S
    lapse = int(rng.integers(2, 5))  # the window in which something is wrong
    words = {i: (i * WINDOW_S + float(rng.uniform(600, WINDOW_S - 1200)), "passed") for i in range(WINDOWS)}
    his = rules.phone(rng, 300)
    if story.startswith("missed"):
        del words[lapse]
    if story == "missed_twice":
        del words[lapse + 1]
    if story == "failed":
        words[lapse + WINDOWS] = (words[lapse][0] - 300.0, "failed")
    comes_s = (lapse + 1) * WINDOW_S + GRACE_S + 1800.0
    if story == "sent_late":
        his = his.with_faults(offline=window(words[lapse][0] - 60.0, comes_s))
    return Run(
        name=f"check_ins-{number:06d}", distance_m=500.0, warning_m=None,
        his=replace(his, check_ins=tuple(words.values())), hers=rules.phone(rng, 300),
        he=rules.at(his_home, to_s=ends_s), she=rules.at(home, to_s=ends_s), ends_s=ends_s,
        threat="high" if story.endswith("high_threat") else "medium", tags={"story": story},
        conditions=({"id": "call", "kind": "check_in", "per_day": 4, "grace_s": GRACE_S},),
        expected=_expected(story, lapse, words, comes_s, ends_s),
    )  # fmt: skip


def _expected(
    story: str, lapse: int, words: dict[int, tuple[float, str]], comes_s: float, ends_s: float
) -> tuple[Expected, ...]:
    first_s = (lapse + 1) * WINDOW_S + GRACE_S
    all_day = Expected(name=f"{story}_quiet", kinds=KIND, from_s=0.0, to_s=ends_s, priority=3, at_most=0)
    missed = Expected(
        name=story, kinds=KIND, from_s=first_s, to_s=first_s + TOLD_S, priority=3, reasons=("check_in_missed",)
    )
    if story == "passed":
        return (all_day,)
    if story == "failed":
        at_s = words[lapse + WINDOWS][0]
        return (
            replace(missed, from_s=at_s, to_s=at_s + TOLD_S, priority=2, reasons=("check_in_failed",)),
            replace(all_day, name="failed_quiet_before", to_s=at_s),
        )
    before = replace(all_day, name=f"{story}_quiet_before", to_s=first_s - 1.0)
    if story == "missed_at_high_threat":
        return (replace(missed, priority=2), before)
    if story == "missed_twice":
        second_s = first_s + WINDOW_S
        again = replace(missed, from_s=second_s, to_s=second_s + TOLD_S, priority=2)
        return (again, before, replace(all_day, name="missed_twice_quiet_first", to_s=second_s - 1.0, priority=2))
    once = replace(all_day, name=f"{story}_quiet_serious", priority=2)
    if story == "missed":
        return (missed, before, once)
    corrected = Expected(
        name="sent_late_corrected", kinds=KIND, from_s=comes_s, to_s=comes_s + 60.0, priority=3, phases=(CLOSE,)
    )
    return (missed, corrected, before, once)
