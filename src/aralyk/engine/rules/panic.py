"""A panic press is never dropped: not late, not before the order starts, not after it ended."""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import SOS_PRESSED
from aralyk.engine.records import DEVICE_EPISODES, LATE, NEVER, OPEN, PANIC, UPDATE
from aralyk.engine.rules.gadgets import open_device, sight_device, tell_device
from aralyk.engine.shard import Shard, device_episode_at

PANIC_FOLD_US = policy.PANIC_FOLD_US


@kernel
def panic(s: Shard, device: int, now_us: int, occurred_us: int, phase: int) -> None:
    """Every press is a decision; presses within a minute are one incident."""
    e = device_episode_at(s, device * DEVICE_EPISODES + PANIC)
    folded = phase == OPEN and e["opened_us"] != NEVER and now_us - e["told_us"] <= PANIC_FOLD_US
    if folded and e["calm"] == 0:  # calm 1 marks a late press: a live one never folds into it
        sight_device(s, device)
        tell_device(s, device, PANIC, UPDATE, 1, SOS_PRESSED, now_us, occurred_us)
        return
    open_device(s, device, PANIC, phase, 1, SOS_PRESSED, now_us, occurred_us)
    e["calm"] = 1 if phase == LATE else 0
