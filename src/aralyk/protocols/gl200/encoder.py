"""Speaks as a tracker: load tools and tests use it. Frames are as on the wire."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from aralyk.protocols.checksums import crc16_ccitt
from aralyk.protocols.gl200.binary import EVENT_BYTES, PLACES_COMPRESSED
from aralyk.protocols.messages import EPOCH, Message
from aralyk.protocols.wire import KMH_MPS

VERSION: Final = "1A0800"  # a GL300, carried by people
PLACES_MAX: Final = 15
_TIME: Final = "%Y%m%d%H%M%S"
_PLACE_MASK: Final = 0x00FC1FBF  # device, versions, IMEI, battery, power, all of the place
_PLACE_TYPE: Final = 7
_GOOD_FIX: Final = 2 << 2
_STEP_BITS: Final = (7, 7, 12, 11)  # speed, course, longitude, latitude


def encode_report(messages: Sequence[Message], *, type_: str = "FRI", count: int = 1) -> bytes:
    """Write a text report of one place, or an FRI of several; the battery is the last message's.

    Raises:
        ValueError: No message, more than an FRI holds, one without a device, or no time to send it at.
    """
    if not 1 <= len(messages) <= PLACES_MAX:
        raise ValueError(f"a report holds 1 to {PLACES_MAX} places")
    last = messages[-1]
    form = "BUFF" if last.extra.get("stored") else "RESP"
    battery = "" if last.battery_pct is None else str(round(last.battery_pct))
    head = f"+{form}:GT{type_},{VERSION},{_id(last)},,,00,{len(messages)}"
    places = [place for message in messages for place in _place(message)]
    return (",".join([head, *places, battery, f"{_send_time(last):{_TIME}}", f"{count:04X}"]) + "$").encode("ascii")


def encode_state(message: Message, *, type_: str, count: int = 1) -> bytes:
    """Write a text report that has no place, such as PFA.

    Raises:
        ValueError: As for `encode_report`.
    """
    form = "BUFF" if message.extra.get("stored") else "RESP"
    return f"+{form}:GT{type_},{VERSION},{_id(message)},,{_send_time(message):{_TIME}},{count:04X}$".encode("ascii")


def encode_heartbeat(message: Message, *, count: int = 1) -> bytes:
    """Write the heartbeat.

    Raises:
        ValueError: As for `encode_report`.
    """
    return f"+ACK:GTHBD,{VERSION},{_id(message)},,{_send_time(message):{_TIME}},{count:04X}$".encode("ascii")


def encode_binary(message: Message, *, type_: int = _PLACE_TYPE, count: int = 1) -> bytes:
    """Write a binary place with its checksum.

    Raises:
        ValueError: As for `encode_report`.
    """
    return _binary(b"+RSP", type_, message, b"\x10", count)  # the kind of report


def encode_event(message: Message, *, type_: int, count: int = 1) -> bytes:
    """Write a binary event with its checksum; bytes of the type's own are 1.

    Raises:
        ValueError: As for `encode_report`.
    """
    return _binary(b"+EVT", type_, message, b"\1" * EVENT_BYTES.get(type_, 0), count)


def encode_track(messages: Sequence[Message], *, count: int = 1) -> bytes:
    """Write places one second apart in the compressed form; a message without a place is a second without a fix.

    Raises:
        ValueError: The first message has no place; otherwise as for `encode_report`.
    """
    track, before = b"", None
    for message in messages:
        point = None if message.lat is None else _point(message)
        track += b"\0" if point is None else _compressed(point, before)
        if point is not None and before is None:
            track += int(_fix_time(message).timestamp()).to_bytes(4, "big")
        before = point or before
    if messages[0].lat is None:
        raise ValueError("a track begins with a place")
    head = _binary_head(messages[0]) + len(messages).to_bytes(2, "big")
    return _sealed(b"+RSP", PLACES_COMPRESSED, head + track, messages[-1], count)


def encode_tagged(message: Message, *, count: int = 1) -> bytes:
    """Write a tagged place; its check byte is 0, as the rule is not known for sure.

    Raises:
        ValueError: As for `encode_report`.
    """
    fix_s, sent_s = (int(at.timestamp()) for at in (_fix_time(message), _send_time(message)))
    place = struct.pack(
        ">BiiIHBH3sB", _GOOD_FIX if message.valid else 0, _micro(message.lon), _micro(message.lat), fix_s,
        round((message.speed_mps or 0.0) / KMH_MPS * 10), 12, round(message.heading_deg or 0) % 360,
        round((message.altitude_m or 0.0) * 10).to_bytes(3, "big", signed=True), 7,
    )  # fmt: skip
    record = struct.pack(">IHBB", sent_s, count, 0x50, 0) + bytes([0x52, len(place)]) + place
    body = bytes([0]) + bytes.fromhex(f"0{_id(message)}") + bytes([0x82, 3, 0, 3, 0, 0, len(record) + 1]) + record
    tail = count.to_bytes(2, "big") + b"\0$"
    return b"+\0" + (4 + len(body) + len(tail)).to_bytes(2, "big") + body + tail


def _binary(head: bytes, type_: int, message: Message, own: bytes, count: int) -> bytes:
    body = _binary_head(message) + own + b"\1"
    speed = round((message.speed_mps or 0.0) / KMH_MPS * 10).to_bytes(3, "big")
    heading, altitude = round(message.heading_deg or 0) % 360, round(message.altitude_m or 0)
    body += struct.pack(">B3sHh", int(bool(message.valid)), speed, heading, altitude)
    body += struct.pack(">ii", _micro(message.lon), _micro(message.lat)) + _binary_time(_fix_time(message))
    cell = message.cells[0] if message.cells else None
    body += struct.pack(">HHHHx", *((cell.mcc, cell.mnc, cell.lac, cell.cid) if cell else (0, 0, 0, 0)))
    return _sealed(head, type_, body, message, count)


def _binary_head(message: Message) -> bytes:
    """Versions, IMEI, battery, voltage, motion and satellites."""
    imei = _id(message)
    head = struct.pack(">BHH", 0x45, 0x0102, 0x0209)
    head += bytes([*(int(imei[at : at + 2]) for at in range(0, 14, 2)), int(imei[14])])
    return head + struct.pack(">BHBB", round(message.battery_pct or 0), 12_000, 0x42, 7)


def _sealed(head: bytes, type_: int, body: bytes, message: Message, count: int) -> bytes:
    body += _binary_time(_send_time(message)) + count.to_bytes(2, "big")
    start = bytes([type_]) + _PLACE_MASK.to_bytes(4, "big")
    checked = start + (len(head) + len(start) + 2 + len(body) + 4).to_bytes(2, "big") + body
    return head + checked + crc16_ccitt(checked).to_bytes(2, "big") + b"\r\n"


def _point(message: Message) -> tuple[int, int, int, int]:
    speed = round((message.speed_mps or 0.0) / KMH_MPS * 10)
    return speed, round(message.heading_deg or 0) % 360, _micro(message.lon), _micro(message.lat)


def _compressed(point: tuple[int, int, int, int], before: tuple[int, int, int, int] | None) -> bytes:
    """Write a point whole, or as the difference from the one before where that has room for it."""
    steps = [now - then for now, then in zip(point, before or point, strict=True)]
    fits = all(-(1 << bits - 1) <= step < 1 << bits - 1 for step, bits in zip(steps, _STEP_BITS, strict=True))
    if before is None or not fits:
        speed, heading, lon, lat = point
        return (1 << 22 | speed << 9 | heading).to_bytes(3, "big") + struct.pack(">ii", lon, lat)
    packed = 2 << 1  # the form, and the kind of fix
    for step, bits in zip(steps, _STEP_BITS, strict=True):
        packed = packed << bits | step & (1 << bits) - 1
    return packed.to_bytes(5, "big")


def _place(message: Message) -> list[str]:
    if message.lat is None or message.lon is None:
        place = ["0", "", "", "", "", "", ""]
    else:
        place = [
            "1",
            f"{(message.speed_mps or 0.0) / KMH_MPS:.1f}",
            str(round(message.heading_deg or 0) % 360),
            f"{message.altitude_m or 0.0:.1f}",
            f"{message.lon:.6f}",
            f"{message.lat:.6f}",
            f"{_fix_time(message):{_TIME}}",
        ]
    if not message.cells:
        return [*place, "", "", "", "", ""]
    cell = message.cells[0]
    return [*place, f"{cell.mcc:04}", f"{cell.mnc:04}", f"{cell.lac:04X}", f"{cell.cid:04X}", ""]


def _id(message: Message) -> str:
    if message.device_id is None:
        raise ValueError("a tracker always names itself")
    return message.device_id


def _fix_time(message: Message) -> datetime:
    if message.fixed_at_us is None:
        raise ValueError("a place has a time")
    return EPOCH + timedelta(microseconds=message.fixed_at_us)


def _send_time(message: Message) -> datetime:
    at_us = message.sent_at_us if message.sent_at_us is not None else message.fixed_at_us
    if at_us is None:
        raise ValueError("a report has a send time")
    return EPOCH + timedelta(microseconds=at_us)


def _micro(degrees: float | None) -> int:
    return round((degrees or 0.0) * 1_000_000)


def _binary_time(at: datetime) -> bytes:
    return struct.pack(">HBBBBB", at.year, at.month, at.day, at.hour, at.minute, at.second)
