"""What a device says about itself: panic, strap, battery, jamming and spoofing hints.

A panic press is never dropped: not late, not before the order starts, not after it ended. A tamper opens when
the strap is open (with its since-time) or the case was opened, and only staff close it (`State.clear_tamper`);
a strap that is locked again is an `update`. Battery and hints are technical and close themselves.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import (
    BATTERY_LOW,
    BATTERY_WELL,
    CLOCK_DISAGREEMENT,
    HINT_ENDED,
    JAMMING_REPORTED,
    MOCK_LOCATION,
    SOS_PRESSED,
    STRAP_LOCKED_AGAIN,
    TAMPER_ALARM,
)
from aralyk.engine.reasons import (
    STRAP_OPEN as REASON_STRAP_OPEN,
)
from aralyk.engine.records import (
    ALARM_JAMMING,
    ALARM_LOW_BATTERY,
    ALARM_STRAP_OPEN,
    ALARM_TAMPER,
    BATTERY,
    BATTERY_MASK,
    BATTERY_SHIFT,
    BATTERY_UNKNOWN,
    CHARGING_MASK,
    CHARGING_SHIFT,
    CHARGING_YES,
    CLOSE,
    DEVICE_EPISODES,
    JAMMING,
    LATE,
    MOCK,
    NEVER,
    OPEN,
    PANIC,
    PLACED,
    SPOOFING,
    STRAP_LOCKED,
    STRAP_MASK,
    STRAP_OPEN,
    STRAP_SHIFT,
    TAMPER,
    UPDATE,
    Row,
)
from aralyk.engine.rules.telling import clear_draft, see, tell
from aralyk.engine.rules.verdicts import close_episode
from aralyk.engine.shard import Shard, device_at, device_episode_at

LATE_US = policy.LATE_US
PANIC_FOLD_US = policy.PANIC_FOLD_US
BATTERY_LOW_PCT = policy.BATTERY_LOW_PCT
BATTERY_WELL_PCT = policy.BATTERY_WELL_PCT
HINT_CALM_FIXES = policy.HINT_CALM_FIXES


@kernel
def sight_device(s: Shard, device: int) -> None:
    """Start a draft that shows where this device was last, if it has been anywhere."""
    clear_draft(s)
    if device_at(s, device)["fix_us"] != NEVER:
        see(s, 0 if device_at(s, device)["party"] == 0 else 1, device)


@kernel
def tell_device(
    s: Shard, device: int, episode: int, phase: int, priority: int, reason: int, decided_us: int, occurred_us: int
) -> None:
    """Tell one decision about a device's own episode."""
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    case = device_at(s, device)["case"]
    tell(s, e, case, device, -1, phase, episode, priority, reason, decided_us, min(occurred_us, decided_us))


@kernel
def open_device(
    s: Shard,
    device: int,
    episode: int,
    phase: int,
    priority: int,
    reason: int,
    decided_us: int,
    occurred_us: int,
    first_us: int = NEVER,
) -> None:
    """Open a device's episode and tell it (phase `open`, `late`, or `update` of an incident begun at `first_us`)."""
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    e["opened_us"] = occurred_us if phase == LATE else decided_us
    if first_us != NEVER:
        e["opened_us"] = first_us
    e["first_us"] = e["opened_us"]
    e["occurred_us"] = occurred_us
    e["level"] = priority
    device_at(s, device)["open"] |= 1 << episode
    sight_device(s, device)
    tell_device(s, device, episode, phase, priority, reason, decided_us, occurred_us)


@kernel
def close_device(s: Shard, device: int, episode: int, reason: int, at_us: int) -> None:
    """Close a device's episode if it is open, and tell it."""
    if not device_at(s, device)["open"] & (1 << episode):
        return
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    sight_device(s, device)
    tell_device(s, device, episode, CLOSE, e["level"], reason, at_us, at_us)
    close_episode(e, at_us)
    device_at(s, device)["open"] &= ~(1 << episode)


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


@kernel
def tamper(s: Shard, device: int, flags: int, fresh: bool, now_us: int, occurred_us: int, phase: int) -> None:
    """Strap and case: open once, tell what changes, never close."""
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
        _tampered(s, device, again, 1 if d["party"] == 0 else 2, REASON_STRAP_OPEN, now_us, occurred_us, phase)
    elif flags & ALARM_TAMPER:
        _tampered(s, device, False, 2, TAMPER_ALARM, now_us, occurred_us, phase)


@kernel
def _tampered(
    s: Shard, device: int, again: bool, priority: int, reason: int, now_us: int, occurred_us: int, phase: int
) -> None:
    """Open the tamper, or update it when it is worse or happened once more (a late one only when it came earlier)."""
    e = device_episode_at(s, device * DEVICE_EPISODES + TAMPER)
    if e["opened_us"] == NEVER:
        open_device(s, device, TAMPER, phase, priority, reason, now_us, occurred_us)
        device_at(s, device)["strap_us"] = occurred_us
        return
    worse = priority < e["level"]
    earlier = phase == LATE and occurred_us < e["occurred_us"]
    if not (worse or earlier or (again and phase == OPEN)):
        return
    e["level"] = min(e["level"], priority)
    e["occurred_us"] = min(e["occurred_us"], occurred_us)
    sight_device(s, device)
    tell_device(s, device, TAMPER, LATE if phase == LATE else UPDATE, e["level"], reason, now_us, occurred_us)


@kernel
def battery(s: Shard, device: int, flags: int, now_us: int, occurred_us: int) -> None:
    """Low at 15 % or by the device's own alarm; well again at 25 % or on the charger."""
    d = device_at(s, device)
    charging = (flags >> CHARGING_SHIFT) & CHARGING_MASK
    if charging != 0:
        d["charging"] = charging
    level = (flags >> BATTERY_SHIFT) & BATTERY_MASK
    known = level != BATTERY_UNKNOWN
    low = (known and level <= BATTERY_LOW_PCT) or flags & ALARM_LOW_BATTERY != 0
    on_charger = d["charging"] == CHARGING_YES
    if not d["open"] & (1 << BATTERY):
        if low and not on_charger:
            open_device(s, device, BATTERY, OPEN, 3, BATTERY_LOW, now_us, occurred_us)
    elif on_charger or (known and level >= BATTERY_WELL_PCT):
        close_device(s, device, BATTERY, BATTERY_WELL, now_us)


@kernel
def hints(s: Shard, device: int, flags: int, clock_disagrees: bool, now_us: int, occurred_us: int) -> None:
    """Jamming, mocked places and a clock that disagrees: told, never believed to prove anything."""
    d = device_at(s, device)
    jammed = flags & ALARM_JAMMING != 0
    mocked = flags & MOCK != 0
    if jammed and not d["open"] & (1 << JAMMING):
        open_device(s, device, JAMMING, OPEN, 3, JAMMING_REPORTED, now_us, occurred_us)
    if (mocked or clock_disagrees) and not d["open"] & (1 << SPOOFING):
        reason = MOCK_LOCATION if mocked else CLOCK_DISAGREEMENT
        open_device(s, device, SPOOFING, OPEN, 3, reason, now_us, occurred_us)
    if jammed or mocked or clock_disagrees:
        d["clean"] = 0
    elif flags & PLACED and d["open"] & ((1 << JAMMING) | (1 << SPOOFING)):
        d["clean"] += 1
        if d["clean"] >= HINT_CALM_FIXES:
            close_device(s, device, JAMMING, HINT_ENDED, now_us)
            close_device(s, device, SPOOFING, HINT_ENDED, now_us)


@kernel
def say(s: Shard, device: int, record: Row, fresh: bool, clock_disagrees: bool, now_us: int, occurred_us: int) -> None:
    """Apply everything one record says about its device while the order lives."""
    flags = record["flags"]
    phase = LATE if now_us - occurred_us > LATE_US else OPEN
    tamper(s, device, flags, fresh, now_us, occurred_us, phase)
    if fresh:
        battery(s, device, flags, now_us, occurred_us)
        hints(s, device, flags, clock_disagrees, now_us, occurred_us)
