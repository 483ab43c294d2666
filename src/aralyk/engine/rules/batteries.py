"""A low battery: technical, closes itself, and never counts as provoked."""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import BATTERY_LOW, BATTERY_WELL
from aralyk.engine.records import (
    ALARM_LOW_BATTERY,
    BATTERY,
    BATTERY_MASK,
    BATTERY_SHIFT,
    BATTERY_UNKNOWN,
    CHARGING_MASK,
    CHARGING_SHIFT,
    CHARGING_YES,
    OPEN,
    Row,
)
from aralyk.engine.rules.gadgets import close_device, open_device
from aralyk.engine.shard import Shard, device_at

BATTERY_LOW_PCT = policy.BATTERY_LOW_PCT
BATTERY_WELL_PCT = policy.BATTERY_WELL_PCT
BATTERY_DIED_PCT = policy.BATTERY_DIED_PCT


@kernel
def battery(s: Shard, device: int, flags: int, now_us: int, occurred_us: int) -> None:
    """Low at 15 % or by the device's own alarm; well again at 25 % or on the charger."""
    d = device_at(s, device)
    charging = (flags >> CHARGING_SHIFT) & CHARGING_MASK
    if charging != 0:
        d["charging"] = charging
    level = (flags >> BATTERY_SHIFT) & BATTERY_MASK
    known = level != BATTERY_UNKNOWN
    if known:
        d["battery_pct"] = level
    low = (known and level <= BATTERY_LOW_PCT) or flags & ALARM_LOW_BATTERY != 0
    on_charger = d["charging"] == CHARGING_YES
    if not d["open"] & (1 << BATTERY):
        if low and not on_charger:
            open_device(s, device, BATTERY, OPEN, 3, BATTERY_LOW, now_us, occurred_us)
    elif on_charger or (known and level >= BATTERY_WELL_PCT):
        close_device(s, device, BATTERY, BATTERY_WELL, now_us)


@kernel
def is_dying(d: Row) -> bool:
    """Whether the device's last known charge is about to end by itself."""
    return bool(0 <= d["battery_pct"] <= BATTERY_DIED_PCT and d["charging"] != CHARGING_YES)
