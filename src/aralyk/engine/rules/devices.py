"""What one record says about its device while the order lives: who it is, strap, charge, whom it hears, what to doubt.

`say` runs before the record's place is taken, `doubt` after it, so that a doubt about the place sees the step that
led there.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.records import (
    ALARM_POWER_OFF,
    ALARM_TAMPER,
    ATTEST_MASK,
    ATTEST_SHIFT,
    ATTESTED,
    LATE,
    NEVER,
    OPEN,
    PLACED,
    SELF_REPORTED,
    Row,
)
from aralyk.engine.rules.batteries import battery, is_dying
from aralyk.engine.rules.checkins import check_in
from aralyk.engine.rules.hints import hint
from aralyk.engine.rules.repetition import provoked
from aralyk.engine.rules.separation import compare_own, listen
from aralyk.engine.rules.straps import tamper
from aralyk.engine.shard import Shard, device_at

LATE_US = policy.LATE_US


@kernel
def attest(d: Row, flags: int) -> None:
    """Note whether the device's newest record is attested: as it says, else as the order says of the device."""
    said = (flags >> ATTEST_SHIFT) & ATTEST_MASK
    d["attest_now"] = said if said != 0 else ATTESTED if d["attested"] == 1 else SELF_REPORTED


@kernel
def say(s: Shard, device: int, record: Row, fresh: bool, now_us: int, occurred_us: int) -> None:
    """Apply everything one record says about its device but its place."""
    d = device_at(s, device)
    flags = record["flags"]
    phase = LATE if now_us - occurred_us > LATE_US else OPEN
    tamper(s, device, flags, fresh, now_us, occurred_us, phase)
    check_in(s, device, record, now_us, occurred_us, phase)
    if not fresh:
        return
    battery(s, device, flags, now_us, occurred_us)
    if not flags & ALARM_POWER_OFF:
        d["off_us"] = NEVER
    elif not d["rising"] & ALARM_POWER_OFF:
        d["off_us"] = occurred_us
        if not is_dying(d):
            provoked(s, device, occurred_us)
    d["rising"] = flags & (ALARM_TAMPER | ALARM_POWER_OFF)


@kernel
def doubt(s: Shard, device: int, record: Row, fresh: bool, ahead: bool, now_us: int, occurred_us: int) -> None:
    """Weigh one record's place and what it hears, after its place was taken."""
    phase = LATE if now_us - occurred_us > LATE_US else OPEN
    listen(s, device, record, now_us, occurred_us, phase)
    if record["flags"] & PLACED and occurred_us == device_at(s, device)["fix_us"]:
        compare_own(s, device, now_us)
    hint(s, device, record, fresh, ahead, now_us, occurred_us)
