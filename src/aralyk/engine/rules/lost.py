"""Why a device fell silent: its battery died, it was switched off, it was lost while moving, or nobody knows.

A hint about intent and fairness to him, never a proof. All radios of a moving device gone at once, with no low
battery and no switching-off, is what a jammer in a car looks like (and a valley without coverage): it opens a
jamming hint beside the silence.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import BATTERY_DIED, LOST_WHILE_MOVING, NO_CONTACT, POWERED_OFF
from aralyk.engine.records import JAMMING, NEVER, OPEN, THREAT_HIGH, TRUSTED, Row
from aralyk.engine.rules.batteries import is_dying
from aralyk.engine.rules.gadgets import open_device
from aralyk.engine.rules.repetition import provocations
from aralyk.engine.shard import Shard, case_at, device_at

LOST_MOVING_MPS = policy.LOST_MOVING_MPS
LOST_PLACE_AGE_US = policy.LOST_PLACE_AGE_US
PROVOKED_COUNT = policy.PROVOKED_COUNT


@kernel
def why_lost(s: Shard, device: int) -> int:
    """The reason of a silence by lost contact."""
    d = device_at(s, device)
    if is_dying(d):
        return BATTERY_DIED
    if d["off_us"] != NEVER:
        return POWERED_OFF
    return LOST_WHILE_MOVING if _was_moving(d) else NO_CONTACT


@kernel
def _was_moving(d: Row) -> bool:
    """Whether the device moved faster than a walk when it was last placed, just before it was last heard."""
    if d["fix_us"] == NEVER or d["contact_us"] - d["fix_us"] > LOST_PLACE_AGE_US:
        return False
    if d["reported_mps"] > LOST_MOVING_MPS:
        return True
    span = d["fix_us"] - d["prev_us"]
    if d["prev_us"] == NEVER or d["trust"] != TRUSTED or span <= 0 or span > LOST_PLACE_AGE_US:
        return False
    return bool(d["step_m"] - d["prev_radius_m"] - d["radius_m"] > LOST_MOVING_MPS * (span * 1e-6))


@kernel
def is_off_again(s: Shard, device: int, reason: int, now_us: int) -> bool:
    """Whether a device was lost because it was switched off, after it was provoked often."""
    return bool(reason == POWERED_OFF and provocations(s, device, now_us) >= PROVOKED_COUNT)


@kernel
def hint_lost_while_moving(s: Shard, device: int, reason: int, now_us: int) -> None:
    """Open a jamming hint for a device that was lost while it moved; nothing for any other reason."""
    d = device_at(s, device)
    if reason != LOST_WHILE_MOVING or d["open"] & (1 << JAMMING):
        return
    d["clean"] = 0
    priority = 2 if case_at(s, d["case"])["threat"] == THREAT_HIGH else 3
    open_device(s, device, JAMMING, OPEN, priority, LOST_WHILE_MOVING, now_us, d["contact_us"])
