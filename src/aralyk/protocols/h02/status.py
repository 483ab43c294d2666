"""The status word: 32 bits, active low. Every bit that the vendor's tables call an alarm is read, not the first.

The tables of the vendor's models contradict each other in a few bits. Where all of them call a bit an alarm, or one of
them calls it a panic, a cut or a fault, it is one here; a bit that known trackers hold low in everyday use is a state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aralyk.protocols.messages import Alarm

# bit: alarm, and our word for those that have no alarm of their own
ALARM_BITS: Final[Mapping[int, tuple[Alarm, str | None]]] = {
    0: (Alarm.VIBRATION, None),  # theft: the door or the case was moved
    1: (Alarm.SOS, None),
    2: (Alarm.OVERSPEED, None),
    3: (Alarm.OTHER, "illegal_ignition"),
    4: (Alarm.GEOFENCE, None),  # went into an area
    5: (Alarm.FAULT, None),  # antenna cut
    6: (Alarm.FAULT, None),  # antenna short
    7: (Alarm.GEOFENCE, None),  # left an area
    11: (Alarm.LOW_BATTERY, None),
    12: (Alarm.FAULT, None),  # battery bad
    15: (Alarm.OVERSPEED, None),
    16: (Alarm.FAULT, None),  # receiver of satellites
    17: (Alarm.VIBRATION, None),
    18: (Alarm.SOS, None),
    19: (Alarm.POWER_CUT, None),  # runs from its own battery
    20: (Alarm.POWER_CUT, None),  # power taken out
    21: (Alarm.FAULT, None),  # antenna cut
    22: (Alarm.FAULT, None),  # antenna short
    24: (Alarm.OTHER, "temperature_or_theft"),
    25: (Alarm.OTHER, "tow_or_password"),
    28: (Alarm.POWER_CUT, None),  # power switched off
}
STATE_BITS: Final[Mapping[int, str]] = {
    8: "door_open",
    9: "armed",
    13: "engine_running",
    14: "user_defined",  # low in everyday frames of several trackers
    26: "network_blocked_or_sos",  # the tables contradict each other, and newer trackers hold it low all day
    27: "fuel_cut",
}
IGNITION_BIT: Final = 10  # low: ignition off
ALL_QUIET: Final = 0xFFFFFFFF


def read_status(word: int, extra: dict[str, Any]) -> tuple[Alarm, ...]:
    """Give all alarms of a word, each once, and put its states into `extra`."""
    low = [bit for bit in range(32) if not word >> bit & 1]
    alarms = [ALARM_BITS[bit] for bit in low if bit in ALARM_BITS]
    states = [STATE_BITS[bit] for bit in low if bit in STATE_BITS]
    words = [name for _, name in alarms if name]
    extra["status"] = f"{word:08X}"
    extra["ignition"] = IGNITION_BIT not in low
    if states:
        extra["states"] = states
    if words:
        extra["alarm"] = ",".join(words)
    return tuple(dict.fromkeys(alarm for alarm, _ in alarms))
