"""Check-ins: in every window of the day he must show that it is he who carries the device.

The windows are the condition's slots; `slot_at` is the first whose deadline (its end and the grace) has not come.
A window without a passed check-in is missed at its deadline: priority 3, from the second in a row on (or at high
threat at once) 2. A failed check-in is priority 2 at once. One run of misses and failures is one incident: a passed
one after them closes it, a buffered one from inside a missed window corrects it. A window whose deadline lies
beyond the order's end is never judged: collection stops with the order.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import CHECK_IN_FAILED, CHECK_IN_LATE, CHECK_IN_MISSED, CHECK_IN_PASSED
from aralyk.engine.records import (
    CHECK_IN,
    CHECK_IN_MASK,
    CHECK_IN_SHIFT,
    CLOSE,
    FOREVER,
    KIND_CHECK_IN,
    LATE,
    NEVER,
    OPEN,
    THREAT_HIGH,
    UPDATE,
    Row,
)
from aralyk.engine.records import CHECK_IN_FAILED as FLAG_FAILED
from aralyk.engine.records import CHECK_IN_PASSED as FLAG_PASSED
from aralyk.engine.rules.telling import clear_draft, see, tell
from aralyk.engine.rules.verdicts import close_episode
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, device_at, slot_at

MISSED_COUNT = policy.MISSED_COUNT


@kernel
def deadline_us(s: Shard, condition: int) -> int:
    """When the next window is judged; FOREVER if there is none. A window that ended while we were away waits."""
    c = condition_at(s, condition)
    if c["slot_at"] >= c["slot_to"]:
        return FOREVER
    return int(max(slot_at(s, c["slot_at"])["to_us"], c["excused_us"]) + c["grace_us"])


@kernel
def pass_deadline(s: Shard, case: int, condition: int, at_us: int) -> None:
    """Judge the window whose deadline has come."""
    c = condition_at(s, condition)
    window = slot_at(s, c["slot_at"])
    c["slot_at"] += 1
    if window["met_us"] != NEVER:
        c["missed"] = 0
        return
    c["missed"] += 1
    c["lapse_us"] = max(c["lapse_us"], window["to_us"])
    serious = c["missed"] >= MISSED_COUNT or case_at(s, case)["threat"] == THREAT_HIGH
    _tell_lapse(s, case, condition, OPEN, 2 if serious else 3, CHECK_IN_MISSED, at_us, window["to_us"])


@kernel
def check_in(s: Shard, device: int, record: Row, now_us: int, at_us: int, phase: int) -> None:
    """Apply what one record of the respondent says about a check-in."""
    said = (record["flags"] >> CHECK_IN_SHIFT) & CHECK_IN_MASK
    d = device_at(s, device)
    if said == 0:
        return
    if said == FLAG_PASSED:
        d["identity_us"] = max(d["identity_us"], at_us)
    if d["party"] != 0:
        return
    case = d["case"]
    k = case_at(s, case)
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["kind"] != CHECK_IN:
            continue
        if said == FLAG_PASSED:
            _pass(s, case, condition, now_us, at_us)
        elif said == FLAG_FAILED:
            c["failed_us"] = max(c["failed_us"], at_us)
            c["lapse_us"] = max(c["lapse_us"], at_us)
            _tell_lapse(s, case, condition, phase, 2, CHECK_IN_FAILED, now_us, at_us)


@kernel
def _pass(s: Shard, case: int, condition: int, now_us: int, at_us: int) -> None:
    """Note a passed check-in in its window; end or correct the incident."""
    c = condition_at(s, condition)
    c["passed_us"] = max(c["passed_us"], at_us)
    window = _window_of(s, condition, at_us)
    corrects = False
    if window >= 0:
        row = slot_at(s, window)
        corrects = row["met_us"] == NEVER and window < c["slot_at"]
        if row["met_us"] == NEVER or at_us < row["met_us"]:
            row["met_us"] = at_us
    if corrects:
        c["missed"] = min(c["missed"], c["slot_at"] - 1 - window)
    if condition_episode_at(s, condition)["opened_us"] == NEVER:
        return
    if at_us >= c["lapse_us"]:
        _close(s, case, condition, CHECK_IN_PASSED, now_us, at_us)
    elif corrects and c["missed"] == 0 and c["failed_us"] <= at_us:
        _close(s, case, condition, CHECK_IN_LATE, now_us, at_us)
    elif corrects:
        e = condition_episode_at(s, condition)
        _see_newest(s, case)
        tell(s, e, case, -1, condition, UPDATE, KIND_CHECK_IN, e["level"], CHECK_IN_LATE, now_us, at_us)


@kernel
def _window_of(s: Shard, condition: int, at_us: int) -> int:
    """The window that holds a moment; -1 if none does."""
    c = condition_at(s, condition)
    low = c["slot_from"]
    high = c["slot_to"]
    while low < high:
        middle = (low + high) // 2
        if slot_at(s, middle)["to_us"] <= at_us:
            low = middle + 1
        else:
            high = middle
    return int(low) if low < c["slot_to"] and slot_at(s, low)["from_us"] <= at_us else -1


@kernel
def _tell_lapse(
    s: Shard, case: int, condition: int, phase: int, priority: int, reason: int, now_us: int, occurred_us: int
) -> None:
    """Open or update the incident; if he passed one after this lapse already, it is over at once."""
    e = condition_episode_at(s, condition)
    if e["opened_us"] == NEVER:
        e["opened_us"] = occurred_us if phase == LATE else now_us
        e["occurred_us"] = occurred_us
        e["level"] = priority
    else:
        phase = LATE if phase == LATE else UPDATE
        e["level"] = min(e["level"], priority)
    _see_newest(s, case)
    tell(s, e, case, -1, condition, phase, KIND_CHECK_IN, e["level"], reason, now_us, min(occurred_us, now_us))
    c = condition_at(s, condition)
    if c["passed_us"] != NEVER and c["passed_us"] >= c["lapse_us"]:
        _close(s, case, condition, CHECK_IN_PASSED, now_us, c["passed_us"])


@kernel
def _close(s: Shard, case: int, condition: int, reason: int, now_us: int, at_us: int) -> None:
    e = condition_episode_at(s, condition)
    _see_newest(s, case)
    tell(s, e, case, -1, condition, CLOSE, KIND_CHECK_IN, e["level"], reason, now_us, min(at_us, now_us))
    close_episode(e, now_us)


@kernel
def _see_newest(s: Shard, case: int) -> None:
    """Start a draft that shows where the respondent was last, by his device with the newest place."""
    clear_draft(s)
    k = case_at(s, case)
    best = -1
    for device in range(k["device_from"], k["protected_from"]):
        if device_at(s, device)["fix_us"] == NEVER:
            continue
        if best < 0 or device_at(s, device)["fix_us"] > device_at(s, best)["fix_us"]:
            best = device
    if best >= 0:
        see(s, 0, best)
