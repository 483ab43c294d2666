"""Speaks as the device: the simulator, the load tools and the tests use it."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.teltonika.elements import PANIC
from aralyk.protocols.teltonika.frame import framed
from aralyk.protocols.teltonika.records import CODEC_8, CODEC_8_EXTENDED, CODEC_16, COORDINATE_UNIT
from aralyk.protocols.teltonika.texts import ANSWER, CODEC_12

RECORDS_MAX: Final = 255  # their number is one byte
ELEMENT_OF_ALARM: Final = {
    Alarm.SOS: 236,
    Alarm.FALL: 242,
    Alarm.MOVEMENT: 246,
    Alarm.JAMMING: 249,
    Alarm.POWER_CUT: 252,
}
_WIDTHS: Final = ((1, "B"), (2, "H"), (4, "I"), (8, "Q"))
_CODECS: Final = {CODEC_8: ("B", "B", "B"), CODEC_8_EXTENDED: ("H", "H", "H"), CODEC_16: ("H", "HB", "B")}
_GENERATION_ON_CHANGE: Final = 5


def encode_login(device_id: str) -> bytes:
    """Write the IMEI that begins a TCP connection."""
    return struct.pack(">H", len(device_id)) + device_id.encode("ascii")


def encode_records(messages: Sequence[Message], *, codec: int = CODEC_8) -> bytes:
    """Write a TCP packet of records.

    Raises:
        ValueError: No message, too many, or one without a time.
    """
    return framed(_data(messages, codec))


def encode_datagram(messages: Sequence[Message], *, packet: int, avl_packet: int, codec: int = CODEC_8) -> bytes:
    """Write a UDP packet of records; the first message names the device.

    Raises:
        ValueError: As for `encode_records`; or nobody is named.
    """
    data = _data(messages, codec)
    if messages[0].device_id is None:
        raise ValueError("a datagram names its device")
    imei = messages[0].device_id.encode("ascii")
    rest = struct.pack(">HBBH", packet, 1, avl_packet, len(imei)) + imei + data
    return struct.pack(">H", len(rest)) + rest


def encode_answer(words: str) -> bytes:
    """Write what the device says to a command."""
    text = words.encode("ascii")
    return framed(struct.pack(">BBBI", CODEC_12, 1, ANSWER, len(text)) + text + b"\x01")


def _data(messages: Sequence[Message], codec: int) -> bytes:
    if not 1 <= len(messages) <= RECORDS_MAX:
        raise ValueError(f"a packet has from 1 to {RECORDS_MAX} records")
    number = bytes([len(messages)])
    return bytes([codec]) + number + b"".join(_record(message, codec) for message in messages) + number


def _record(message: Message, codec: int) -> bytes:
    if message.fixed_at_us is None:
        raise ValueError("a record has a time")
    elements = elements_of(message)
    id_code, event_code, count_code = _CODECS[codec]
    event = next((ELEMENT_OF_ALARM[alarm] for alarm in message.alarms if alarm in ELEMENT_OF_ALARM), 0)
    head = struct.pack(
        ">QBiihHBH",
        message.fixed_at_us // 1_000,
        PANIC if Alarm.SOS in message.alarms else 0,
        round((message.lon or 0.0) * COORDINATE_UNIT),
        round((message.lat or 0.0) * COORDINATE_UNIT),
        round(message.altitude_m or 0.0),
        round(message.heading_deg or 0.0) % 360,
        int(message.extra.get("satellites", 9)) if message.valid else 0,
        round((message.speed_mps or 0.0) * 3.6),
    )
    events = (event, _GENERATION_ON_CHANGE) if codec == CODEC_16 else (event,)
    parts = [head, struct.pack(f">{event_code}{count_code}", *events, sum(map(len, elements.values())))]
    for width, code in _WIDTHS:
        group = elements[width]
        parts.append(struct.pack(f">{count_code}", len(group)))
        parts += (struct.pack(f">{id_code}{code}", number, value) for number, value in group.items())
    if codec == CODEC_8_EXTENDED:
        parts.append(bytes(2))
    return b"".join(parts)


def elements_of(message: Message) -> dict[int, dict[int, int]]:
    """The IO elements of a record by their width in bytes."""
    elements: dict[int, dict[int, int]] = {1: {}, 2: {}, 4: {}, 8: {}}
    elements[1] = {ELEMENT_OF_ALARM[alarm]: 1 for alarm in message.alarms if alarm in ELEMENT_OF_ALARM}
    if message.battery_pct is not None:
        elements[1][113] = round(message.battery_pct)
        if message.charging is not None:
            elements[1][116] = int(message.charging)
    for cell in message.cells[:1]:
        elements[2] |= {205: cell.cid, 206: cell.lac}
        elements[4] |= {241: cell.mcc * 100 + cell.mnc}
    return elements
