"""Speaks as the device: the load tools and the tests use it."""

from __future__ import annotations

from datetime import timedelta
from struct import Struct
from typing import Final

from aralyk.protocols.gt06.codec import LOGIN
from aralyk.protocols.gt06.frame import wrapped
from aralyk.protocols.gt06.positions import DEGREE_PARTS, KMH_MPS, NORTH, VALID, WEST
from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message

KMH_MAX: Final = 255
_POSITION: Final = 0x12
_STATUS_POSITION: Final = 0x16
_UPLOAD: Final = 0x22
_HEARTBEAT: Final = 0x13
_WORDS: Final = 0x15
_FIX: Final = Struct(">6BBIIBH")
_CELL: Final = Struct(">HBHBH")
_CELL_LENGTH: Final = 9  # counts itself
_ENGLISH: Final = 2
_NO_CELL: Final = Cell(mcc=0, mnc=0, lac=0, cid=0)
CODES: Final = {
    Alarm.SOS: 0x01,
    Alarm.POWER_CUT: 0x02,
    Alarm.VIBRATION: 0x03,
    Alarm.GEOFENCE: 0x05,
    Alarm.OVERSPEED: 0x06,
    Alarm.LOW_BATTERY: 0x0E,
    Alarm.POWER_OFF: 0x11,
    Alarm.TAMPER: 0x13,
    Alarm.STRAP_OPEN: 0x18,
    Alarm.FALL: 0x23,
    Alarm.JAMMING: 0x30,
}
STATUS_BITS: Final = {
    Alarm.VIBRATION: 1,
    Alarm.POWER_CUT: 2,
    Alarm.LOW_BATTERY: 3,
    Alarm.SOS: 4,
    Alarm.GEOFENCE: 6,
    Alarm.STRAP_OPEN: 7,
}


def encode_login(device_id: str, *, serial: int = 1, zone_min: int | None = None) -> bytes:
    """Write the login with the IMEI, and with the clock's zone where it is told.

    Raises:
        ValueError: The id is not 15 digits.
    """
    if len(device_id) != 15 or not device_id.isdigit():
        raise ValueError("device_id: expected 15 digits")
    content = bytes.fromhex("0" + device_id)
    if zone_min is not None:
        hours, minutes = divmod(abs(zone_min), 60)
        zone = (hours * 100 + minutes) << 4 | (8 if zone_min < 0 else 0)
        content += bytes(2) + zone.to_bytes(2, "big")
    return wrapped(LOGIN, content, serial)


def encode_position(message: Message, *, serial: int = 1) -> bytes:
    """Write kind 12, or kind 16 for a message with alarms, battery or charging; whole km/h and degrees.

    Raises:
        ValueError: No place or no time, or alarms that the frame has no room for.
    """
    cell = _CELL.pack(*_cell_fields(message))
    if not message.alarms and message.battery_pct is None and message.charging is None:
        return wrapped(_POSITION, _fix(message) + cell, serial)
    content = _fix(message) + bytes((_CELL_LENGTH,)) + cell + _status(message)
    return wrapped(_STATUS_POSITION, content, serial)


def encode_upload(message: Message, *, serial: int = 1) -> bytes:
    """Write kind 22: a fix, a cell, ignition, the reason of the report (0: time), and whether it was stored.

    Raises:
        ValueError: No place or no time.
    """
    said = bytes((bool(message.extra.get("ignition")), 0, bool(message.extra.get("stored"))))
    return wrapped(_UPLOAD, _fix(message) + _CELL.pack(*_cell_fields(message)) + said, serial)


def encode_heartbeat(message: Message, *, serial: int = 1) -> bytes:
    """Write kind 13: alarms, charging and battery.

    Raises:
        ValueError: Alarms that the frame has no room for.
    """
    return wrapped(_HEARTBEAT, _status(message), serial)


def encode_words(words: str, *, command_serial: int, serial: int = 1) -> bytes:
    """Write the answer to a command."""
    said = words.encode("ascii")
    content = bytes((4 + len(said),)) + command_serial.to_bytes(4, "big") + said + _ENGLISH.to_bytes(2, "big")
    return wrapped(_WORDS, content, serial)


def _fix(message: Message) -> bytes:
    if message.lat is None or message.lon is None or message.fixed_at_us is None:
        raise ValueError("a position has a place and a time")
    at = EPOCH + timedelta(microseconds=message.fixed_at_us)
    flags = round(message.heading_deg or 0) % 360
    flags |= (NORTH if message.lat >= 0 else 0) | (WEST if message.lon < 0 else 0) | (VALID if message.valid else 0)
    return _FIX.pack(
        at.year - 2000, at.month, at.day, at.hour, at.minute, at.second,
        0xC0 | min(int(message.extra.get("satellites", 0)), 15),
        round(abs(message.lat) * DEGREE_PARTS), round(abs(message.lon) * DEGREE_PARTS),
        min(round((message.speed_mps or 0) / KMH_MPS), KMH_MAX), flags,
    )  # fmt: skip


def _cell_fields(message: Message) -> tuple[int, int, int, int, int]:
    cell = message.cells[0] if message.cells else _NO_CELL
    return cell.mcc, cell.mnc, cell.lac, cell.cid >> 16, cell.cid & 0xFFFF


def _status(message: Message) -> bytes:
    """Status byte, battery, signal, alarm code, language: one alarm in the code, a second one in the status byte."""
    alarms = sorted(message.alarms, key=STATUS_BITS.__contains__)
    coded = alarms[0] if alarms else None
    second = alarms[1] if len(alarms) > 1 else None
    if len(alarms) > 2 or (second and second not in STATUS_BITS) or (coded and coded not in CODES):
        raise ValueError("a frame has room for one alarm of its codes and one of its status byte")
    status = (STATUS_BITS[second] << 3 if second else 0) | (4 if message.charging else 0)
    return bytes((status, _battery(message.battery_pct), 4, CODES[coded] if coded else 0, _ENGLISH))


def _battery(percent: float | None) -> int:
    """A percentage; one of 0 to 6 is written as the nearest level, for so the codec reads it; 255: unknown."""
    if percent is None:
        return 255
    return round(percent) if percent > 6 else 0
