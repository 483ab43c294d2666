"""Messages 5501 and 5502 of padlocks: their own position in BCD, UTC, with a one-byte serial; and their sentences.

    time 6 (day first) | lat 4 (ddmm.mmmm) | lon 4½ (dddmm.mmmm), flags ½ | knots 1 | heading/2 1 | strength 1 |
    satellites 1 | km 4 | battery 1 | cell 4 | area 2 | product 1 | status 2 | alarms 2 | items

Flags: 1 a fix, 2 north, 4 east. The place of a 5502 is no fix, as the reference decoder has it. Sentences
`(id,1,001,WORD,…)` carry the lock's own words.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.jt808.items import read_lock_command
from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.wire import Reader, printable
from aralyk.protocols.messages import Alarm, Cell
from aralyk.protocols.wire import DECIMALS, KNOT_MPS, degrees_and_minutes

BLIND: Final = 0x5502
_ON_CHARGER: Final = (0xAA, 0xAB)
_LOCK: Final = 3
_LOCK_ALARMS: Final[dict[int, tuple[str, Alarm]]] = {
    0: ("overspeed", Alarm.OVERSPEED),
    1: ("main_power_low", Alarm.LOW_BATTERY),
    2: ("vibration", Alarm.VIBRATION),
    3: ("battery_low", Alarm.LOW_BATTERY),
    5: ("area_entered", Alarm.GEOFENCE),
    6: ("area_left", Alarm.GEOFENCE),
}
_TRACKER_ALARMS: Final[dict[int, tuple[str, Alarm]]] = {0: ("battery_low", Alarm.LOW_BATTERY)}
_SENTENCE: Final = re.compile(rb"\(([0-9]{6,20}),[ -'*-}]*\)")


def read_padlock(body: bytes, draft: Draft, kind: int) -> Draft:
    """Read a padlock's position.

    Raises:
        ProtocolError: The fixed part is cut short, or its digits are none.
    """
    reader = Reader(body, name="position")
    draft.fixed_at_us = reader.time_us(zone=UTC, day_first=True)
    if draft.fixed_at_us is None:
        draft.unreadable.append("time")
    lat = _degrees(reader.hex(4), name="latitude")
    lon_and_flags = reader.hex(5)
    lon = _degrees(lon_and_flags[:9], name="longitude")
    flags = int(lon_and_flags[9], 16)
    draft.set_place(
        (lat if flags & 2 else -lat) + 0.0,
        (lon if flags & 4 else -lon) + 0.0,
        valid=bool(flags & 1) and kind != BLIND,
    )
    knots = reader.hex(1)
    draft.speed_mps = round(int(knots) * KNOT_MPS, DECIMALS) if knots.isdecimal() else None
    draft.set_heading(reader.u8() * 2)
    draft.extra |= {"rssi": reader.u8(), "satellites": reader.u8(), "odometer_m": reader.u32() * 1000}
    battery = reader.u8()
    if battery in _ON_CHARGER:
        draft.charging = True
    else:
        draft.set_battery(battery)
    cid, lac = reader.u32(), reader.u16()
    _read_alarms(reader, draft)
    network = _read_items(reader, draft)
    if network is not None and cid and lac:
        draft.cells.append(Cell(mcc=network[0], mnc=network[1], lac=lac, cid=cid))
    elif cid and lac:
        draft.extra |= {"cell_id": cid, "cell_area": lac}  # of a network that the lock did not name
    return draft


def device_of_sentence(sentence: bytes) -> str:
    """Who speaks.

    Raises:
        ProtocolError: Not a sentence of a padlock.
    """
    match = _SENTENCE.fullmatch(sentence)
    if match is None:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "sentence: expected (id,…) in printable ASCII")
    return match[1].decode("ascii").lstrip("0") or "0"


def text_of_sentence(sentence: bytes) -> str:
    """The lock's words behind its id."""
    return printable(sentence[1:-1]).partition(",")[2]


def _degrees(digits: str, *, name: str) -> float:
    degrees, minutes = degrees_and_minutes(digits, name=name)
    return degrees + minutes / 60  # `set_place` judges it: an alarm never waits for a place


def _read_alarms(reader: Reader, draft: Draft) -> None:
    product, status, alarms = reader.u8(), reader.u16(), reader.u16()
    draft.extra |= {"product": product, "status": status}
    if product == _LOCK:
        draft.extra["blocked"] = bool(status >> 5 & 1)
    known = _LOCK_ALARMS if product == _LOCK else _TRACKER_ALARMS
    for bit in range(16):
        if alarms >> bit & 1:
            name, alarm = known.get(bit, (f"bit_{bit}", Alarm.OTHER))
            draft.add_alarms(name, (alarm,))


def _read_items(reader: Reader, draft: Draft) -> tuple[int, int] | None:
    network: tuple[int, int] | None = None
    while reader.left >= 2:
        kind, length = reader.u8(), reader.u8()
        if length > reader.left:
            draft.unreadable.append("items")
            break
        value = Reader(reader.take(length), name=f"item_{kind:02x}")
        try:
            if kind == 0x02:
                draft.altitude_m = float(value.i16())
            elif kind == 0x0A and length == 3:
                network = (value.u16(), value.u8())
            elif kind == 0x0B:
                read_lock_command(value, draft)
            elif kind == 0x0C:
                draft.extra["tilt"] = [value.i16() for _ in range(3)]
            elif kind == 0x10:
                draft.extra["wake_source"] = value.u8()
            else:
                draft.extra[value.name] = value.rest().hex()
        except ProtocolError:
            draft.unreadable.append(value.name)
    return network
