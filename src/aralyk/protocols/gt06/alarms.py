"""The two places where a device raises alarms: three bits of its status byte, and a code of its own.

Codes differ by model in a few places. A code that is in no table is still an alarm (`other`, kept by its number).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aralyk.protocols.gt06.reader import About, Draft
from aralyk.protocols.messages import Alarm

STATUS_ALARMS: Final[Mapping[int, Alarm]] = {
    1: Alarm.VIBRATION,
    2: Alarm.POWER_CUT,
    3: Alarm.LOW_BATTERY,
    4: Alarm.SOS,
    5: Alarm.OTHER,
    6: Alarm.GEOFENCE,
    7: Alarm.STRAP_OPEN,
}
CODE_ALARMS: Final[Mapping[int, Alarm]] = {
    0x01: Alarm.SOS,
    0x02: Alarm.POWER_CUT,
    0x03: Alarm.VIBRATION,
    0x04: Alarm.GEOFENCE,  # entered
    0x05: Alarm.GEOFENCE,  # left
    0x06: Alarm.OVERSPEED,
    0x09: Alarm.VIBRATION,  # moved from its place
    0x0C: Alarm.TAMPER,
    0x0E: Alarm.LOW_BATTERY,
    0x0F: Alarm.LOW_BATTERY,
    0x10: Alarm.TAMPER,  # the SIM card was changed
    0x11: Alarm.POWER_OFF,
    0x13: Alarm.TAMPER,
    0x15: Alarm.POWER_OFF,  # the battery is empty
    0x18: Alarm.STRAP_OPEN,
    0x19: Alarm.LOW_BATTERY,
    0x23: Alarm.FALL,
    0x25: Alarm.TAMPER,
    0x30: Alarm.JAMMING,
    0x32: Alarm.TAMPER,
}
# Codes that tell of something ordinary.
_NO_ALARM: Final = frozenset({0x00, 0x0B, 0x0D, 0xFE, 0xFF})
_VEHICLE_MODELS: Final = frozenset({"VL103", "LL303", "VL512"})
_VEHICLE_CODES: Final[Mapping[int, Alarm]] = {0x09: Alarm.MOVEMENT, 0x30: Alarm.OTHER}
_LW_CODES: Final[Mapping[int, Alarm]] = {0x18: Alarm.OTHER, 0x19: Alarm.OTHER}
_CARD_SWIPED: Final = 0xEA

EVENT_ALARMS: Final[Mapping[int, Alarm]] = {
    0x0E: Alarm.LOW_BATTERY,
    0x80: Alarm.VIBRATION,
    0x87: Alarm.OVERSPEED,
    0x88: Alarm.POWER_CUT,
}
RESTART_ALARMS: Final[Mapping[int, Alarm]] = {
    0x11: Alarm.LOW_BATTERY,
    0x12: Alarm.LOW_BATTERY,
    0x13: Alarm.POWER_CUT,
    0x14: Alarm.STRAP_OPEN,
}


def is_vehicle_model(model: str) -> bool:
    """Whether the model is one of those with layouts of their own."""
    return model in _VEHICLE_MODELS


def status_alarm(bits: int, draft: Draft, *, seventh: Alarm = Alarm.STRAP_OPEN) -> None:
    """Read the alarm of a status byte's three bits; `seventh` is what this dialect means by 7."""
    if bits:
        alarm = seventh if bits == 7 else STATUS_ALARMS[bits]
        draft.raised(alarm)
        if alarm is Alarm.OTHER:
            draft.extra["alarm"] = f"status {bits}"


def code_alarm(code: int, draft: Draft, about: About) -> None:
    """Read an alarm code."""
    if code in _NO_ALARM:
        if code:
            draft.extra["event"] = code
        return
    if about.model in _VEHICLE_MODELS:
        if code == _CARD_SWIPED:
            draft.extra["event"] = code
            return
        alarm = _VEHICLE_CODES.get(code) or CODE_ALARMS.get(code, Alarm.OTHER)
    elif about.model.startswith("LW"):
        alarm = _LW_CODES.get(code) or CODE_ALARMS.get(code, Alarm.OTHER)
    else:
        alarm = CODE_ALARMS.get(code, Alarm.OTHER)
    draft.raised(alarm)
    draft.extra["alarm"] = f"code {code:#04x}"
