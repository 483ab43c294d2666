"""A device falls silent 1 to 8 km away, and he comes, or stays where he was; or hers falls silent and he comes.

By whose act: killed in the background or switched off, its battery dead, jammed (heard, without a place). In the
stories named `…_stays` he goes nowhere, and a priority 1 would be false.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, Device, window, with_everyday_faults
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Streets

STORIES: Final = (
    "killed_comes", "battery_comes", "jams_comes", "hers_dies_comes",
    "killed_stays", "battery_stays", "jams_stays", "hers_dies_stays",
)  # fmt: skip
SILENT_S: Final = 3 * 3600.0


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Run `number`: story `number` modulo eight."""
    story = STORIES[number % len(STORIES)]
    distance_m, warning_m = parts.ring(rng)
    interval_s = int(rng.choice(parts.INTERVALS_S))
    home = streets.door(rng)
    start = parts.door_away(streets, rng, home, distance_m + 1000.0, distance_m + 8000.0)
    falls_s = parts.STANDS_S + float(rng.uniform(0, 300))
    leaves_s = falls_s + float(rng.uniform(0, 1200))
    if story.endswith("comes"):
        mode = "foot" if start.distance_m(home) < distance_m + 2500.0 and rng.random() < 0.5 else "car"
        coming = parts.go(streets, rng, start, home, mode, leaves_s)
        ends_s = coming.ends_s + 1200.0
        he = parts.stays(coming, before_s=0.0, until_s=ends_s)
    else:
        ends_s = falls_s + SILENT_S
        he = moves.standing(start.east_m, start.north_m, from_s=0.0, to_s=ends_s)
    she = moves.standing(home.east_m, home.north_m, from_s=0.0, to_s=ends_s)
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    hers = with_everyday_faults(parts.her_device(rng, interval_s), she, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    his, hers = _fallen(story, his, hers, falls_s, ends_s)
    return Run(
        name=f"silence-{number:06d}", distance_m=distance_m, warning_m=warning_m, his=his, hers=hers, he=he, she=she,
        ends_s=ends_s, tags={"story": story}, marks={"begins_s": falls_s},
    )  # fmt: skip


def _fallen(story: str, his: Device, hers: Device, falls_s: float, ends_s: float) -> tuple[Device, Device]:
    gone = window(falls_s, ends_s + 1.0)
    if story.startswith("hers"):
        return his, _dying(hers, falls_s).with_faults(silent=gone)
    if story.startswith("jams"):
        return his.with_faults(jammed=gone), hers
    if story.startswith("battery"):
        return _dying(his, falls_s).with_faults(silent=gone), hers
    return his.with_faults(silent=gone), hers


def _dying(device: Device, dead_s: float) -> Device:
    """Its last quarter of an hour, by its own account."""
    return Device(
        kind=device.kind, interval_s=device.interval_s, silent=device.silent, placeless=device.placeless,
        cell=device.cell, offline=device.offline, battery=((0.0, 22.0), (dead_s, 1.0)),
    )  # fmt: skip
