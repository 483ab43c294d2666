"""A position as messages 0200, 0201, 0704 and others hold it: 28 bytes, and items behind them.

    alarms 4 | status 4 | lat 4 | lon 4 | altitude 2 | speed 2 | heading 2 | time 6 (BCD, GMT+8) | items

Places are whole millionths of a degree without a sign; bits of the status tell south and west. A place that the
terminal itself calls no fix (bit 1) is given as it stands, with `valid` False. Whatever else is unreadable, the alarms
are given: they stand first.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.jt808.alarms import read_alarm_word
from aralyk.protocols.jt808.items import read_items
from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.wire import Reader
from aralyk.protocols.wire import DECIMALS, KMH_MPS

_MICRODEGREES: Final = 1_000_000
_ALARM_BYTES: Final = 4
_POSITION_BYTES: Final = 28
_PACKED_BYTES: Final = 18  # of one maker, instead of items

FIX: Final = 1 << 1
SOUTH: Final = 1 << 2
WEST: Final = 1 << 3
CHARGING: Final = 1 << 26


def read_location(data: bytes, draft: Draft, model: str | None) -> Draft:
    """Read a position and its items.

    Raises:
        ProtocolError: Not even the alarms are there.
    """
    if len(data) < _ALARM_BYTES:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "position: expected 28 bytes")
    reader = Reader(data, name="position")
    read_alarm_word(reader.u32(), draft, model)
    if len(data) < _POSITION_BYTES:
        draft.unreadable.append("position")
        return draft
    read_status_and_place(reader, draft, model)
    read_motion_and_time(reader, draft)
    rest = reader.rest()
    if len(rest) == _PACKED_BYTES and not _are_items(rest):
        _read_packed(Reader(rest, name="position"), draft)
    else:
        read_items(rest, draft, model)
    return draft


def read_status_and_place(reader: Reader, draft: Draft, model: str | None) -> None:
    """Read the status and the place."""
    status = reader.u32()
    draft.extra["status"] = status
    draft.extra["ignition"] = bool(status & 1)
    draft.extra["blocked"] = bool(status >> 10 & 1)
    if status & CHARGING:
        draft.charging = True  # a bit of makers: 0 says nothing
    if model == "G1C Pro":
        draft.extra["motion"] = bool(status >> 4 & 1)
    if model in ("MV810G", "MV710G"):
        draft.extra["door"] = bool(status >> 16 & 1)
    lat = reader.u32() / _MICRODEGREES
    lon = reader.u32() / _MICRODEGREES
    draft.set_place(
        (-lat if status & SOUTH else lat) + 0.0, (-lon if status & WEST else lon) + 0.0, valid=bool(status & FIX)
    )


def read_motion_and_time(reader: Reader, draft: Draft) -> None:
    """Read altitude, speed, heading and time."""
    read_motion(reader, draft)
    draft.fixed_at_us = reader.time_us()
    if draft.fixed_at_us is None:
        draft.unreadable.append("time")


def read_motion(reader: Reader, draft: Draft) -> None:
    """Read altitude, speed and heading."""
    draft.altitude_m = float(reader.i16())
    draft.speed_mps = round(reader.u16() / 10 * KMH_MPS, DECIMALS)
    draft.set_heading(reader.u16())


def _are_items(data: bytes) -> bool:
    at = 0
    while at + 2 <= len(data):
        at += 2 + data[at + 1]
    return at == len(data)


def _read_packed(reader: Reader, draft: Draft) -> None:
    reader.take(4)  # what is left of battery and mileage
    draft.extra["odometer_m"] = reader.u32() * 1000
    draft.extra["battery_v"] = reader.u16() / 10
    reader.u32()  # an area's number
    draft.extra["rssi"] = reader.u8()
