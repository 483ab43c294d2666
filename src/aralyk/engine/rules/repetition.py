"""Repeated provoked alarms: who tampers on purpose to torment her is seen by staff first, not less (9.3).

A provocation is an opened strap, a tamper alarm, a reported jamming or a switching-off of a device of the
respondent; chargers and batteries flap by themselves and never count. From the third within a day of one device
on, the decision's priority rises by one, its reason says so, and the episode goes on under the incident it had
before instead of making a new one with each flap.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import REPEATED_PROVOCATION
from aralyk.engine.records import DEVICE_EPISODES, NEVER, OPEN, UPDATE
from aralyk.engine.rules.gadgets import open_device
from aralyk.engine.shard import Shard, device_at, device_episode_at

PROVOKED_US = policy.PROVOKED_US
PROVOKED_COUNT = policy.PROVOKED_COUNT


@kernel
def provoked(s: Shard, device: int, at_us: int) -> int:
    """Note that the respondent's device was provoked at a moment; return how often within a day (3: or more)."""
    d = device_at(s, device)
    if d["party"] != 0:
        return 0
    if at_us > d["provoked_1_us"]:
        d["provoked_3_us"] = d["provoked_2_us"]
        d["provoked_2_us"] = d["provoked_1_us"]
        d["provoked_1_us"] = at_us
    elif d["provoked_1_us"] > at_us > d["provoked_2_us"]:
        d["provoked_3_us"] = d["provoked_2_us"]
        d["provoked_2_us"] = at_us
    elif d["provoked_2_us"] > at_us > d["provoked_3_us"]:
        d["provoked_3_us"] = at_us
    return provocations(s, device, at_us)


@kernel
def provocations(s: Shard, device: int, at_us: int) -> int:
    """How often the device was provoked within a day before or after a moment (3: or more)."""
    d = device_at(s, device)
    count = 0
    if d["provoked_1_us"] != NEVER and abs(at_us - d["provoked_1_us"]) <= PROVOKED_US:
        count += 1
    if d["provoked_2_us"] != NEVER and abs(at_us - d["provoked_2_us"]) <= PROVOKED_US:
        count += 1
    if d["provoked_3_us"] != NEVER and abs(at_us - d["provoked_3_us"]) <= PROVOKED_US:
        count += 1
    return count


@kernel
def open_provoked(
    s: Shard, device: int, episode: int, phase: int, priority: int, reason: int,
    decided_us: int, occurred_us: int, count: int,
) -> None:  # fmt: skip
    """Open a device's episode; from the third provocation on more urgent, and under the key of the day's last one."""
    if count < PROVOKED_COUNT:
        open_device(s, device, episode, phase, priority, reason, decided_us, occurred_us)
        return
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    folded = phase == OPEN and e["closed_us"] != NEVER and decided_us - e["closed_us"] <= PROVOKED_US
    first = e["first_us"] if folded else NEVER
    told = UPDATE if folded else phase
    raised = max(priority - 1, 1)
    open_device(s, device, episode, told, raised, REPEATED_PROVOCATION, decided_us, occurred_us, first)
