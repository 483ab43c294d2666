"""Reads the newest binary form: a plus and a zero byte, then records of tagged data; known from one frame only."""

from __future__ import annotations

import struct
from typing import Any, Final

from aralyk.protocols.codec import Decoded, Sequence
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Message, Source
from aralyk.protocols.wire import DECIMALS, KMH_MPS

COUNT_LAST: Final = 0xFFFF
FRAME_BYTES_MIN: Final = 24
DATA_PLACE: Final = 0x52
DATA_KEPT_MAX: Final = 32
DATA_BYTES_MAX: Final = 64
_TAIL_BYTES: Final = 4  # count, check byte, "$"
_SEVERAL_FRAMES_BIT: Final = 7
_FIX_GOOD: Final = 2
_RECORD: Final = struct.Struct(">IHBB")  # taken at, number, id, event
_PLACE: Final = struct.Struct(">BiiIHBH3sB")  # flags, lon, lat, time, speed, hdop, course, altitude, satellites
_TIMES: Final = range(31_536_000, 4_102_444_800)  # 1971 to 2099


def decode_tagged(frame: bytes) -> Decoded:
    """Read one tagged frame. Its check byte is not checked: the rule is not known for sure.

    Raises:
        ProtocolError: The length or the end is wrong, or something in it goes beyond it.
    """
    if len(frame) < FRAME_BYTES_MIN or int.from_bytes(frame[2:4], "big") != len(frame) or not frame.endswith(b"$"):
        raise ProtocolError(ErrorCode.FRAME_CUT, "frame: expected as many bytes as it declares, and '$' at its end")
    at = 7 if frame[4] >> _SEVERAL_FRAMES_BIT & 1 else 5
    digits = frame[at : at + 8].hex()
    if not digits.isdecimal() or not digits.startswith("0"):
        raise ProtocolError(ErrorCode.BAD_FIELD, "imei: expected 15 decimal digits")
    device_id = digits[1:]
    at += 8 + 5  # type, protocol and custom version of the device
    try:
        messages = _records(frame[:-_TAIL_BYTES], at + 1 + frame[at], device_id)
    except (struct.error, IndexError):
        raise ProtocolError(ErrorCode.FRAME_CUT, "frame: expected more bytes in a record") from None
    count = Sequence(number=int.from_bytes(frame[-4:-2], "big"), last=COUNT_LAST)
    return Decoded(device_id=device_id, messages=messages, sequence=count)


def _records(data: bytes, at: int, device_id: str) -> tuple[Message, ...]:
    placed: list[Message] = []
    last: Message | None = None
    while at < len(data):
        size, body = _number(data, at)
        end = at + size
        if size < body - at + _RECORD.size or end > len(data):
            raise IndexError
        last, places = _record(data[body:end], device_id)
        placed += places
        at = end
    return tuple(placed) if placed or last is None else (last,)


def _record(data: bytes, device_id: str) -> tuple[Message, list[Message]]:
    """What a record says without a place, and its places."""
    taken_at_s, number, record_id, event = _RECORD.unpack_from(data)
    # What the numbers mean is not known: they are shown as not known, so that nobody takes the record for a calm one.
    extra: dict[str, Any] = {"type": f"{record_id:02x}", "event": event, "event_not_known": True, "record": number}
    others: dict[str, str] = {}
    places: list[bytes] = []
    at = _RECORD.size
    while at < len(data):
        tag, at = _number(data, at)
        size, at = _number(data, at)
        if at + size > len(data):
            raise IndexError
        if tag == DATA_PLACE:
            places.append(data[at : at + size])
        elif len(others) < DATA_KEPT_MAX:
            others[f"{tag:02x}"] = data[at : at + min(size, DATA_BYTES_MAX)].hex()
        at += size
    if others:
        extra["data"] = others
    sent_at_us = taken_at_s * 1_000_000 if taken_at_s in _TIMES else None
    bare = Message(device_id=device_id, sent_at_us=sent_at_us, extra=extra)
    return bare, [_place(place, bare) for place in places]


def _place(raw: bytes, bare: Message) -> Message:
    flags, lon, lat, at_s, speed, hdop, heading, altitude, satellites = _PLACE.unpack_from(raw)
    if abs(lat) > 90_000_000 or abs(lon) > 180_000_000:
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, "latitude: expected -90 to 90, and longitude -180 to 180 degrees")
    return Message(
        device_id=bare.device_id,
        fixed_at_us=at_s * 1_000_000 if at_s in _TIMES else None,
        sent_at_us=bare.sent_at_us,
        lat=lat / 1e6,
        lon=lon / 1e6,
        valid=flags >> 2 & 3 == _FIX_GOOD,
        altitude_m=int.from_bytes(altitude, "big", signed=True) / 10,
        speed_mps=round(speed / 10 * KMH_MPS, DECIMALS),
        heading_deg=float(heading % 360),
        source=Source.GNSS,
        extra={**bare.extra, "hdop": hdop / 10, "satellites": satellites},
    )


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read one byte, or two when the first has its highest bit set; gives the number and the index after it."""
    if data[at] < 0x80:
        return data[at], at + 1
    return (data[at] & 0x7F) << 8 | data[at + 1], at + 2
