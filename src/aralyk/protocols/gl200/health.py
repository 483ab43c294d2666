"""Reads what stands after a place: appended fields, battery, state of the inputs. Models differ; see README.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.gl200.reports import Family

STATUS_BY: Final = 9  # the status word is among the first fields after the cell; later words are other things
VEHICLE_BATTERY_AT: Final = 5  # reserved, mileage, hours, two analog inputs, battery
_PERCENT: Final = re.compile(r"[0-9]{1,3}")
_STATUS: Final = re.compile(r"[0-9A-F]{6}|[0-9A-F]{8}|[0-9A-F]{10}", re.IGNORECASE)
_SHORT_STATUS: Final = re.compile(r"1[126A]|2[12]|4[12]", re.IGNORECASE)
_MASK: Final = re.compile(r"[0-9A-F]{2}", re.IGNORECASE)
_SATELLITES_BIT: Final = 0
_TRIGGER_BIT: Final = 1
_JAMMING_BIT: Final = 4
JAMMING_FROM: Final = 2  # 0 unknown, 1 none, 2 warning, 3 critical

# (ignition, motion) by the state of a device; None: it does not say.
STATES: Final = {
    0x11: (False, False), 0x12: (False, True), 0x16: (False, True), 0x1A: (False, True), 0x21: (True, False),
    0x22: (True, True), 0x41: (None, False), 0x42: (None, True),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What was said of the device beside its place."""

    battery_pct: float | None = None
    jammed: bool = False


def read_health(tail: Sequence[str], *, family: Family, several: bool, extra: dict[str, Any]) -> Health:
    """Read the fields between the cell and the send time.

    Args:
        tail: These fields.
        family: Of the model.
        several: Whether the report is one of the long ones (FRI and its like), which end alike in a family.
        extra: Takes satellites, jamming state, ignition and motion.
    """
    jammed = False
    if family in (Family.VEHICLE, Family.UNKNOWN):
        tail, jammed = _appended(tail, extra)
    if not several:
        # A single field is reserved, except where a family writes nothing else.
        battery = tail[-1] if len(tail) > 1 or (tail and family is Family.PERSONAL) else ""
        return Health(battery_pct=None if battery.strip("0") == "" else _percent(battery), jammed=jammed)
    last = len(tail) - 1
    battery_at = {Family.PERSONAL: 1, Family.ASSET: 3, Family.CARRIED: last}.get(family)
    if battery_at is None:
        battery_at = _vehicle_battery_at(tail, extra)
        if battery_at is None and family is Family.UNKNOWN:
            return Health(jammed=jammed)
        battery_at = battery_at or VEHICLE_BATTERY_AT
    if battery_at > last:  # older firmware ends earlier; a lone "00" is reserved
        return Health(battery_pct=_percent(tail[-1].lstrip("0")) if tail else None, jammed=jammed)
    return Health(battery_pct=_percent(tail[battery_at]), jammed=jammed)


def read_state(text: str, extra: dict[str, Any]) -> None:
    """Read ignition and motion from a state's two digits."""
    if not _MASK.fullmatch(text):
        return
    ignition, motion = STATES.get(int(text, 16), (None, None))
    extra.update({name: value for name, value in (("ignition", ignition), ("motion", motion)) if value is not None})


def _appended(tail: Sequence[str], extra: dict[str, Any]) -> tuple[Sequence[str], bool]:
    """Take away the fields that newer firmware appends to a place, as their mask tells."""
    mask = int(tail[0], 16) if tail and _MASK.fullmatch(tail[0]) else 0
    rest = list(tail[1:])
    jammed = False
    if mask >> _SATELLITES_BIT & 1 and rest and _PERCENT.fullmatch(text := rest.pop(0)):
        extra["satellites"] = int(text)
    if mask >> _TRIGGER_BIT & 1 and rest:
        rest.pop(0)
    if mask >> _JAMMING_BIT & 1 and rest and rest[0] in ("0", "1", "2", "3"):
        extra["gnss_jamming_state"] = int(rest[0])
        jammed = int(rest.pop(0)) >= JAMMING_FROM
    return [*tail[:1], *rest], jammed


def _vehicle_battery_at(tail: Sequence[str], extra: dict[str, Any]) -> int | None:
    """The battery stands before the status word; None: there is no such word."""
    for at, text in enumerate(tail[:STATUS_BY]):
        if at >= 2 and _STATUS.fullmatch(text):
            word = int(text, 16)
            read_state(f"{word >> 16 & 0xFF:02x}", extra)
            extra["inputs"], extra["outputs"] = word >> 8 & 0xFF, word & 0xFF
            return at - 1
    if len(tail) > VEHICLE_BATTERY_AT + 1 and _SHORT_STATUS.fullmatch(tail[VEHICLE_BATTERY_AT + 1]):
        read_state(tail[VEHICLE_BATTERY_AT + 1], extra)
    return None


def _percent(text: str) -> float | None:
    return float(text) if _PERCENT.fullmatch(text) and int(text) <= 100 else None
