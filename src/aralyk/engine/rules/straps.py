"""Strap and case of a device: a tamper opens once, is told again when it changes, and only staff close it.

It opens when the strap is open (with its since-time) or the case was opened; a strap that is locked again is an
`update`. `State.clear_tamper` is the only way to close it.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import REPEATED_PROVOCATION, STRAP_LOCKED_AGAIN, TAMPER_ALARM
from aralyk.engine.reasons import STRAP_OPEN as REASON_STRAP_OPEN
from aralyk.engine.records import (
    ALARM_STRAP_OPEN,
    ALARM_TAMPER,
    DEVICE_EPISODES,
    LATE,
    NEVER,
    OPEN,
    STRAP_LOCKED,
    STRAP_MASK,
    STRAP_OPEN,
    STRAP_SHIFT,
    TAMPER,
    UPDATE,
)
from aralyk.engine.rules.gadgets import sight_device, tell_device
from aralyk.engine.rules.repetition import open_provoked, provoked
from aralyk.engine.shard import Shard, device_at, device_episode_at

PROVOKED_COUNT = policy.PROVOKED_COUNT


@kernel
def tamper(s: Shard, device: int, flags: int, fresh: bool, now_us: int, occurred_us: int, phase: int) -> None:
    """Open once, tell what changes, never close."""
    d = device_at(s, device)
    strap = (flags >> STRAP_SHIFT) & STRAP_MASK
    is_open = strap == STRAP_OPEN or flags & ALARM_STRAP_OPEN != 0
    was = d["strap"]
    if fresh and strap == STRAP_LOCKED and not is_open:
        d["strap"] = STRAP_LOCKED
        if was == STRAP_OPEN and d["open"] & (1 << TAMPER):
            sight_device(s, device)
            level = device_episode_at(s, device * DEVICE_EPISODES + TAMPER)["level"]
            tell_device(s, device, TAMPER, UPDATE, level, STRAP_LOCKED_AGAIN, now_us, occurred_us)
    if is_open:
        if fresh:
            d["strap"] = STRAP_OPEN
        again = was != STRAP_OPEN or not fresh
        priority = 1 if d["party"] == 0 else 2
        count = provoked(s, device, occurred_us) if again else 0
        _tampered(s, device, again, count, priority, REASON_STRAP_OPEN, now_us, occurred_us, phase)
    elif flags & ALARM_TAMPER:
        risen = not d["rising"] & ALARM_TAMPER or not fresh
        count = provoked(s, device, occurred_us) if risen else 0
        _tampered(s, device, False, count, 2, TAMPER_ALARM, now_us, occurred_us, phase)


@kernel
def _tampered(
    s: Shard, device: int, again: bool, count: int, priority: int, reason: int,
    now_us: int, occurred_us: int, phase: int,
) -> None:  # fmt: skip
    """Open the tamper, or update it when it is worse or happened once more (a late one only when it came earlier)."""
    e = device_episode_at(s, device * DEVICE_EPISODES + TAMPER)
    if e["opened_us"] == NEVER:
        open_provoked(s, device, TAMPER, phase, priority, reason, now_us, occurred_us, count)
        device_at(s, device)["strap_us"] = occurred_us
        return
    repeated = count >= PROVOKED_COUNT
    if repeated:
        priority = max(priority - 1, 1)
        reason = REPEATED_PROVOCATION
    worse = priority < e["level"]
    earlier = phase == LATE and occurred_us < e["occurred_us"]
    if not (worse or earlier or ((again or repeated) and phase == OPEN)):
        return
    e["level"] = min(e["level"], priority)
    e["occurred_us"] = min(e["occurred_us"], occurred_us)
    sight_device(s, device)
    tell_device(s, device, TAMPER, LATE if phase == LATE else UPDATE, e["level"], reason, now_us, occurred_us)
