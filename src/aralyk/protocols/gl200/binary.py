"""Reads binary reports: `+RSP` places, `+EVT` events, `+INF` state, and their stored forms (`+BSP`, `+BVT`, `+BNF`).

All end with send time, count, checksum, CR LF. The checksum (CRC-16, polynomial 0x1021, starting at 0xFFFF) covers what
stands between the four letters and itself; it was found by trying it on known frames, all of which hold it.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aralyk.protocols.checksums import crc16_ccitt
from aralyk.protocols.codec import Decoded, Sequence, Session
from aralyk.protocols.commands import CommandAnswer
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message, Source
from aralyk.protocols.wire import DECIMALS, KMH_MPS

COUNT_LAST: Final = 0xFFFF
FRAME_BYTES_MIN: Final = 24
_TAIL_BYTES: Final = 4  # checksum, CR LF
_STORED: Final = {b"+BSP": b"+RSP", b"+BVT": b"+EVT", b"+BNF": b"+INF", b"+BBD": b"+OBD", b"+BRD": b"+CRD"}
# Where the id stands; in places, events and OBD after fields that the mask may leave out.
_ID_AT: Final = {b"+INF": 9, b"+ACK": 12, b"+HBD": 11, b"+CRD": 13, b"+LGN": 13}
_HEAD_BYTES: Final = 11  # four letters, type, mask (4), length (2)
_NAME_BIT: Final = 6  # the id is the device's name; bit 7: its IMEI
_IMEI_BIT: Final = 7
_BEFORE_ID: Final = ((8, 1), (9, 2), (10, 2))  # mask bit, bytes: device type, protocol version, firmware
_BATTERY_BIT: Final = 11
_POWER_BIT: Final = 12

PLACES_COMPRESSED: Final = 100
REPORT_BY_CALL: Final = 3
REPORT_FENCE: Final = 8
_PLACE: Final = struct.Struct(">B3sHhii7sHHHHx")
_POINT: Final = struct.Struct(">ii")
PLACE_ALARMS: Final = {1: Alarm.MOVEMENT, REPORT_FENCE: Alarm.GEOFENCE, 9: Alarm.OVERSPEED, 10: Alarm.SOS}
EVENT_ALARMS: Final = {
    2: Alarm.POWER_OFF, 4: Alarm.POWER_CUT, 6: Alarm.LOW_BATTERY, 9: Alarm.MOVEMENT, 10: Alarm.FAULT,
    23: Alarm.OTHER, 26: Alarm.GEOFENCE, 31: Alarm.JAMMING, 33: Alarm.JAMMING,
}  # fmt: skip
# Bytes of an event of its own before its place.
EVENT_BYTES: Final = {6: 2, 45: 7, 46: 7, 15: 3, 17: 4, 21: 5, 26: 12, 31: 2, 35: 1, 33: 1, 23: 1, 34: 3}


def decode_binary(frame: bytes, session: Session) -> Decoded:
    """Read one binary frame.

    Raises:
        ProtocolError: An unknown head, a frame that was cut, a wrong checksum.
    """
    head = _STORED.get(frame[:4], frame[:4])
    if head not in (b"+RSP", b"+EVT", b"+OBD", *_ID_AT):
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected +RESP:, +BUFF:, +ACK: or a binary head")
    if len(frame) < FRAME_BYTES_MIN or not frame.endswith(b"\r\n"):
        raise ProtocolError(ErrorCode.FRAME_CUT, "frame: expected send time, count, checksum, CR LF at its end")
    if crc16_ccitt(frame[4:-_TAIL_BYTES]) != int.from_bytes(frame[-4:-2], "big"):
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected CRC-16 of what stands before it")
    stored = frame[:4] in _STORED
    extra: dict[str, Any] = {"type": f"{head[1:].decode('ascii')} {frame[4]}"} | ({"stored": True} if stored else {})
    reader = _Reader(frame[:-_TAIL_BYTES])
    try:
        device_id = reader.head(head)
        messages = _MESSAGES[head](reader, device_id, extra) if head in _MESSAGES else ()
    except (struct.error, IndexError):
        raise ProtocolError(ErrorCode.FRAME_CUT, "frame: expected more bytes of its type") from None
    count = Sequence(number=int.from_bytes(frame[-6:-4], "big"), last=COUNT_LAST)
    return Decoded(
        device_id=device_id or session.device_id,
        messages=messages,
        command_answers=_answers(frame) if head == b"+ACK" else (),
        sequence=None if stored else count,
    )


class _Reader:
    """A frame's bytes and the next one to read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.battery_pct: float | None = None
        self.power_mv: int | None = None

    def number(self, size: int) -> int:
        """Read an unsigned number."""
        return int.from_bytes(self.take(size), "big")

    def take(self, size: int) -> bytes:
        """Read bytes; raises IndexError when there are fewer."""
        if self.at + size > len(self.data):
            raise IndexError
        self.at += size
        return self.data[self.at - size : self.at]

    def unpack(self, layout: struct.Struct) -> tuple[Any, ...]:
        """Read a fixed group."""
        values = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return values

    @property
    def sent_at_us(self) -> int | None:
        """The send time, before the count."""
        return _time_us(self.data[-9:-2])

    def head(self, head: bytes) -> str | None:
        """Read up to and with the id, and the power where a mask says that it is there."""
        if head in _ID_AT:
            self.at = _ID_AT[head]
            return _id(self.take(8), named=False)
        mask = int.from_bytes(self.data[5:9], "big")
        self.at = _HEAD_BYTES + sum(size for bit, size in _BEFORE_ID if mask >> bit & 1)
        device_id = _id(self.take(8), named=bool(mask >> _NAME_BIT & 1 and not mask >> _IMEI_BIT & 1))
        if mask >> _BATTERY_BIT & 1:
            percent = self.number(1)
            self.battery_pct = float(percent) if percent <= 100 else None
        if mask >> _POWER_BIT & 1:
            self.power_mv = self.number(2)
        return device_id


def _id(raw: bytes, *, named: bool) -> str | None:
    """An IMEI, two decimal digits in each byte and one in the last, or the device's name."""
    if not named and all(byte <= 99 for byte in raw[:7]) and raw[7] <= 9:
        return "".join(f"{byte:02d}" for byte in raw[:7]) + str(raw[7])
    name = raw.rstrip(b"\0")
    return name.decode("ascii") if name.isalnum() else None


def _answers(frame: bytes) -> tuple[CommandAnswer, ...]:
    serial = int.from_bytes(frame[-15:-13], "big")
    return (CommandAnswer(serial=serial or None, accepted=True),)


def _places(reader: _Reader, device_id: str | None, extra: dict[str, Any]) -> tuple[Message, ...]:
    kind = reader.data[4]
    if kind == REPORT_FENCE:
        reader.take(2)
    reader.take(1)  # motion
    extra["satellites"] = reader.number(1)
    if kind == PLACES_COMPRESSED:
        return _compressed(reader, device_id, extra)
    reader.take(1)  # kind of report
    if kind == REPORT_BY_CALL:
        _skip_caller(reader)
    count = reader.number(1)
    alarms = (PLACE_ALARMS[kind],) if kind in PLACE_ALARMS else ()
    return tuple(_place(reader, device_id, alarms if left == 1 else (), dict(extra)) for left in range(count, 0, -1))


def _skip_caller(reader: _Reader) -> None:
    reader.take(1)
    while (digits := reader.number(1)) & 0x0F != 0x0F and digits & 0xF0 != 0xF0:
        pass


def _events(reader: _Reader, device_id: str | None, extra: dict[str, Any]) -> tuple[Message, ...]:
    kind = reader.data[4]
    reader.take(1)  # motion
    extra["satellites"] = reader.number(1)
    own = reader.take(EVENT_BYTES.get(kind, 0))
    if kind == 33:
        extra["jamming_state"] = own[0]
    reader.take(1)  # number of places, always 1
    alarms = (EVENT_ALARMS[kind],) if kind in EVENT_ALARMS else ()
    return (_place(reader, device_id, alarms, extra),)


def _information(reader: _Reader, device_id: str | None, extra: dict[str, Any]) -> tuple[Message, ...]:
    return (Message(device_id=device_id, sent_at_us=reader.sent_at_us, extra=extra),)


_MESSAGES: Final = {b"+RSP": _places, b"+EVT": _events, b"+INF": _information}


def _place(reader: _Reader, device_id: str | None, alarms: tuple[Alarm, ...], extra: dict[str, Any]) -> Message:
    hdop, speed, heading, altitude, lon, lat, time, mcc, mnc, lac, cid = reader.unpack(_PLACE)
    fixed = abs(lat) <= 90_000_000 and abs(lon) <= 180_000_000
    extra |= {"hdop": hdop}
    if Alarm.OTHER in alarms:
        extra["alarm"] = extra["type"]
    if reader.power_mv is not None:
        extra["power_v"] = reader.power_mv / 1000
    cells = (Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid),) if 0 < mcc <= 999 else ()
    return Message(
        device_id=device_id,
        fixed_at_us=_time_us(time) if fixed else None,
        sent_at_us=reader.sent_at_us,
        lat=lat / 1e6 if fixed else None,
        lon=lon / 1e6 if fixed else None,
        valid=hdop > 0 if fixed else None,
        altitude_m=float(altitude) if fixed else None,
        speed_mps=_speed_mps(int.from_bytes(speed, "big")) if fixed else None,
        heading_deg=float(heading % 360) if fixed else None,
        source=Source.GNSS if fixed else Source.NETWORK if cells else Source.UNKNOWN,
        battery_pct=reader.battery_pct,
        alarms=alarms,
        cells=cells,
        extra=extra,
    )


def _compressed(reader: _Reader, device_id: str | None, extra: dict[str, Any]) -> tuple[Message, ...]:
    """One point for each second; most as differences from the one before."""
    messages: list[Message] = []
    speed = heading = lon = lat = 0
    at_s: int | None = None
    for _ in range(reader.number(2)):
        at_s = None if at_s is None else at_s + 1
        form = reader.data[reader.at] >> 6
        if form == 1:
            bits = reader.number(3)
            speed, heading = bits >> 9 & 0xFFF, bits & 0x1FF
            lon, lat = reader.unpack(_POINT)
            at_s = reader.number(4) if at_s is None else at_s
        elif form == 2:
            bits = reader.number(5)
            speed += _signed(bits >> 30, 7)
            heading += _signed(bits >> 23, 7)
            lon += _signed(bits >> 11, 12)
            lat += _signed(bits, 11)
        else:
            reader.take(1)  # no fix, or nothing new
            continue
        messages.append(_point(device_id, at_s, lat, lon, speed, heading, extra))
    return tuple(messages)


def _point(
    device_id: str | None, at_s: int | None, lat: int, lon: int, speed: int, heading: int, extra: dict[str, Any]
) -> Message:
    if abs(lat) > 90_000_000 or abs(lon) > 180_000_000:
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, "latitude: expected -90 to 90, and longitude -180 to 180 degrees")
    return Message(
        device_id=device_id,
        fixed_at_us=None if at_s is None else at_s * 1_000_000,
        lat=lat / 1e6,
        lon=lon / 1e6,
        valid=True,
        speed_mps=_speed_mps(speed),
        heading_deg=float(heading % 360),
        source=Source.GNSS,
        extra=dict(extra),
    )


def _signed(bits: int, size: int) -> int:
    value = bits & ((1 << size) - 1)
    return value - (1 << size) if value >> (size - 1) else value


def _speed_mps(tenths_kmh: int) -> float | None:
    return round(tenths_kmh / 10 * KMH_MPS, DECIMALS) if 0 <= tenths_kmh <= 36_000 else None


def _time_us(raw: bytes) -> int | None:
    """Read year (two bytes), month, day, hour, minute, second; None: no such time."""
    year, month, day, hour, minute, second = struct.unpack(">HBBBBB", raw)
    if not 1970 < year < 2100:
        return None
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return (at - EPOCH) // timedelta(microseconds=1)
