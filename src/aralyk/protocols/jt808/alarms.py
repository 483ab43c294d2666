"""The alarm word of every position: 32 bits, each of them read.

Names of the standard of 2013; bits 15 to 18 as small trackers use them (the reference decoder's reading), because the
standard of 2019 gives them to lorries. A bit that has no alarm of ours becomes OTHER, and its word stands in `extra`.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.messages import Alarm, Strap

# Main power lost: the standard says that the supply failed, the reference decoder that the terminal switched off.
_POWER_LOST: Final = (Alarm.POWER_CUT, Alarm.POWER_OFF)

ALARM_BITS: Final[dict[int, tuple[str, tuple[Alarm, ...]]]] = {
    0: ("sos", (Alarm.SOS,)),
    1: ("overspeed", (Alarm.OVERSPEED,)),
    2: ("fatigue_driving", (Alarm.OTHER,)),
    3: ("danger_ahead", (Alarm.OTHER,)),
    4: ("gnss_fault", (Alarm.FAULT,)),
    5: ("gnss_antenna_cut", (Alarm.FAULT,)),
    6: ("gnss_antenna_short", (Alarm.FAULT,)),
    7: ("main_power_low", (Alarm.LOW_BATTERY,)),
    8: ("main_power_lost", _POWER_LOST),
    9: ("display_fault", (Alarm.FAULT,)),
    10: ("speech_fault", (Alarm.FAULT,)),
    11: ("camera_fault", (Alarm.FAULT,)),
    12: ("card_module_fault", (Alarm.FAULT,)),
    13: ("overspeed_warning", (Alarm.OTHER,)),
    14: ("fatigue_warning", (Alarm.OTHER,)),
    15: ("vibration", (Alarm.VIBRATION,)),
    16: ("tamper", (Alarm.TAMPER,)),
    17: ("tamper_2", (Alarm.TAMPER,)),
    18: ("battery_low", (Alarm.LOW_BATTERY,)),
    19: ("parked_too_long", (Alarm.OTHER,)),
    20: ("area_entered_or_left", (Alarm.GEOFENCE,)),
    21: ("route_entered_or_left", (Alarm.GEOFENCE,)),
    22: ("road_time", (Alarm.OTHER,)),
    23: ("off_route", (Alarm.GEOFENCE,)),
    24: ("speed_sensor_fault", (Alarm.FAULT,)),
    25: ("fuel_lost", (Alarm.OTHER,)),
    26: ("stolen", (Alarm.OTHER,)),
    27: ("illegal_ignition", (Alarm.OTHER,)),
    28: ("illegal_movement", (Alarm.MOVEMENT,)),
    29: ("collision", (Alarm.OTHER,)),
    30: ("rollover", (Alarm.OTHER,)),
    31: ("illegal_door", (Alarm.OTHER,)),
}
PADLOCKS: Final = frozenset({"G-360P", "G-508P"})
AOVX: Final = frozenset({"AL300", "GL100"})
_PADLOCK_BITS: Final[dict[int, tuple[str, tuple[Alarm, ...]]]] = {
    0: ("strap_cut", (Alarm.STRAP_OPEN,)),
    1: ("tamper", (Alarm.TAMPER,)),
    4: ("removed", (Alarm.STRAP_OPEN,)),
}
_AOVX_BITS: Final[dict[int, tuple[str, tuple[Alarm, ...]]]] = {16: ("movement", (Alarm.MOVEMENT,))}
_VL300_BITS: Final[dict[int, tuple[str, tuple[Alarm, ...]]]] = {29: ("bit_29", ()), 30: ("bit_30", ())}


def read_alarm_word(word: int, draft: Draft, model: str | None) -> None:
    """Add all alarms of a word; models that give a bit another meaning are told apart by their registered name."""
    if word == 0:
        return
    own = _bits_of(model)
    draft.extra["alarm_word"] = word
    for bit in range(32):
        if word >> bit & 1:
            name, alarms = own.get(bit) or ALARM_BITS[bit]
            draft.add_alarms(name, alarms)
            if Alarm.STRAP_OPEN in alarms:
                draft.strap = Strap.OPEN


def _bits_of(model: str | None) -> dict[int, tuple[str, tuple[Alarm, ...]]]:
    if model in PADLOCKS:
        return _PADLOCK_BITS
    if model in AOVX:
        return _AOVX_BITS
    return _VL300_BITS if model == "VL300" else {}
