"""What the numbered IO elements of a record mean, where all the vendor's families agree or a wearer's safety needs it.

An id means different things in different families (113 is a battery's percentage in a personal tracker and an engine's
value in a CAN adapter), so few are interpreted, with their width or their range as the second witness; all are kept in
`extra` as the device sent them, unscaled, by the names below or as `io<id>`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from aralyk.protocols.messages import Alarm, Cell

BATTERY_PERCENT: Final = "io113"
CHARGER: Final = "io116"
EXTERNAL_VOLTAGE: Final = "external_voltage_mv"
CELL_ID_2G: Final = "gsm_cell_id"
CELL_ID_4G: Final = "lte_cell_id"
AREA_CODE: Final = "gsm_area_code"
OPERATOR: Final = "gsm_operator"
UNPLUGGED: Final = "unplugged"

AREA_CODE_MAX: Final = 0xFFFF
CELL_ID_MAX: Final = 0xFFF_FFFF  # 28 bits in LTE and UMTS
EXTERNAL_MV_MIN: Final = 4_000  # less is a floating wire, not a supply
PANIC: Final = 2  # priority of a record; 0 low, 1 high

_NAMES: Final = {
    1: "digital_input_1",
    2: "digital_input_2",
    3: "digital_input_3",
    4: "digital_input_4",
    21: "gsm_signal",
    66: "external_voltage_mv",
    67: "battery_voltage_mv",
    69: "gnss_status",
    179: "digital_output_1",
    180: "digital_output_2",
    181: "pdop_tenths",
    182: "hdop_tenths",
    199: "trip_odometer_m",
    200: "sleep_mode",
    205: "gsm_cell_id",
    206: "gsm_area_code",
    236: "alarm_button",
    239: "ignition",
    240: "movement",
    241: "gsm_operator",
    242: "man_down",
    246: "towing",
    247: "crash",
    249: "jamming",
    252: "unplugged",
    253: "harsh_driving",
    318: "gnss_jamming",
    636: "lte_cell_id",
}


class _Names(dict[int, str]):
    """Names by id; at most 65,536 ids exist, so the table is bounded by itself."""

    def __missing__(self, number: int) -> str:
        name = self[number] = _NAMES.get(number, f"io{number}")
        return name


name_of: Final = _Names().__getitem__

# Element, highest value that means what the vendor's list says, alarm, the device's word where the alarm is `other`.
_RAISED: Final[tuple[tuple[int, int, Alarm, str | None], ...]] = (
    (236, 1, Alarm.SOS, None),
    (242, 1, Alarm.FALL, None),
    (246, 1, Alarm.MOVEMENT, None),
    (247, 6, Alarm.OTHER, "crash"),
    (249, 1, Alarm.JAMMING, None),
    (252, 1, Alarm.POWER_CUT, None),
    (253, 3, Alarm.OTHER, "harsh_driving"),
    (318, 2, Alarm.JAMMING, None),
)
# Said by a record's event alone: its element may hold the number of the zone or the speed.
_EVENTS: Final = dict.fromkeys((155, 156, 157, 158, 159, 175), Alarm.GEOFENCE) | {255: Alarm.OVERSPEED}
EVENT_IDS: Final = frozenset(_EVENTS)
ALARM_NAMES: Final = frozenset(_NAMES[row[0]] for row in _RAISED)
_NAMED_EVENTS: Final = EVENT_IDS | {row[0] for row in _RAISED}


def alarms_of(extra: dict[str, Any], *, event: int, priority: int) -> tuple[Alarm, ...]:
    """All alarms of a record, a panic first; `extra["alarm"]` gets the words of those that have no name here.

    A record of panic priority is somebody's panic button unless its event is a known alarm of another kind: what was
    configured to cry for help is never read as routine.
    """
    alarms: list[Alarm] = []
    words: list[str] = []
    if priority == PANIC and event not in _NAMED_EVENTS:
        alarms.append(Alarm.SOS)
    for element, highest, alarm, word in _RAISED:
        if 1 <= extra.get(_NAMES[element], 0) <= highest:
            alarms.append(alarm)
            if word is not None:
                words.append(word)
    if event in _EVENTS:
        alarms.append(_EVENTS[event])
    if words:
        extra["alarm"] = ",".join(words)
    return tuple(dict.fromkeys(alarms))


def charging_of(extra: dict[str, Any], *, has_battery_percent: bool) -> bool | None:
    """Whether power comes in: the unplug detector, the supply's voltage, or a personal tracker's charger."""
    if extra.get(UNPLUGGED) == 1:
        return False
    voltage_mv = extra.get(EXTERNAL_VOLTAGE)
    if voltage_mv is not None:
        return bool(voltage_mv >= EXTERNAL_MV_MIN)
    charger = extra.get(CHARGER) if has_battery_percent else None
    return None if charger not in (0, 1) else charger == 1


def cells_of(extra: dict[str, Any]) -> tuple[Cell, ...]:
    """The serving cell, when operator, area and cell are all said."""
    cell_id = extra.get(CELL_ID_4G) or extra.get(CELL_ID_2G)
    area_code = extra.get(AREA_CODE)
    return _cell(extra[OPERATOR], area_code, cell_id) if cell_id and area_code else ()


@lru_cache(maxsize=4096)
def _cell(operator: int, area_code: int, cell_id: int) -> tuple[Cell, ...]:
    # The operator is mcc and mnc as one decimal number; the mnc has two digits or three.
    if 10_000 <= operator <= 99_999:
        mcc, mnc = divmod(operator, 100)
    elif 100_000 <= operator <= 999_999:
        mcc, mnc = divmod(operator, 1_000)
    else:
        return ()
    if area_code > AREA_CODE_MAX or cell_id > CELL_ID_MAX:
        return ()
    return (Cell(mcc=mcc, mnc=mnc, lac=area_code, cid=cell_id),)
