"""Reads Codec 12 to 15: words of a device, answers to commands, and packets of a camera."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aralyk.protocols.codec import Decoded
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.messages import EPOCH, Message, Source
from aralyk.protocols.teltonika.frame import framed
from aralyk.protocols.teltonika.records import DECIMALS

CODEC_12: Final = 0x0C
CODEC_13: Final = 0x0D  # adds the time
CODEC_14: Final = 0x0E  # adds the IMEI, and refuses commands meant for another
CODEC_15: Final = 0x0F  # adds both
TEXT_CODECS: Final = frozenset({CODEC_12, CODEC_13, CODEC_14, CODEC_15})

COMMAND: Final = 0x05
ANSWER: Final = 0x06
CAMERA: Final = 0x0D
REFUSED: Final = 0x11
TEXT_CHARS_MAX: Final = 512
PHOTO_PACKET_BYTES_MAX: Final = 2048  # what the reference asks for at a time
PHOTO_HEAD_BYTES: Final = 11  # of a packet: its kind, the photo's number, offset, size

_HEAD: Final = struct.Struct(">BBBI")
_PLACE: Final = re.compile(
    r"GPS:([01]) Sat:[0-9]{1,2} Lat:(-?[0-9]{1,2}\.[0-9]{1,9}) Long:(-?[0-9]{1,3}\.[0-9]{1,9}) Alt:(-?[0-9]{1,5}) "
    r"Speed:([0-9]{1,3}) Dir:([0-9]{1,3}) Date: ?([0-9]{4})/([0-9]{1,2})/([0-9]{1,2}) "
    r"Time: ?([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})"
)
_IMEI: Final = re.compile(r"[0-9]{15,16}")
_U32: Final = struct.Struct(">I")
_REFUSALS: Final = ("error", "unknown", "wrong", "warning", "invalid", "not supported")


def read_text(data: bytes, device_id: str | None) -> Decoded:
    """Read the data of a frame of these codecs; what stands in an unknown form is kept as hexadecimal text."""
    if len(data) < _HEAD.size + 1:
        return Decoded(device_id=device_id, messages=())
    codec, _, kind, _ = _HEAD.unpack_from(data)
    body = data[_HEAD.size : -1]
    if codec == CODEC_12 and kind == CAMERA:
        return _photo(body, device_id)
    sent_at_us = None
    if codec in (CODEC_13, CODEC_15) and len(body) >= _U32.size:
        sent_at_us = _U32.unpack_from(body)[0] * 1_000_000 or None
        body = body[_U32.size :]
    if codec in (CODEC_14, CODEC_15) and _IMEI.fullmatch(body[:8].hex()):
        device_id = body[:8].hex().removeprefix("0")
        body = body[8:]
    words = _words(body)
    answers = (_answer(kind, words),) if kind in (ANSWER, REFUSED) else ()
    fix = _fix(words) if kind == ANSWER else {}
    message = Message(device_id=device_id, sent_at_us=sent_at_us, extra={"type": kind, "result": words}, **fix)
    return Decoded(device_id=device_id, messages=(message,), command_answers=answers)


def _words(body: bytes) -> str:
    text = body.decode("ascii", "replace").strip("\r\n\0 ")
    printable = all(char.isprintable() or char in "\r\n\t" for char in text) and "\ufffd" not in text
    return (text if printable else body.hex())[:TEXT_CHARS_MAX]


def _fix(words: str) -> dict[str, Any]:
    """Read the place in the answer to "getgps"; nothing unless all of it is possible."""
    match = _PLACE.match(words)
    if match is None:
        return {}
    valid, lat, lon, altitude, speed_kmh, heading, *moment = match.groups()
    year, month, day, hour, minute, second = map(int, moment)
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return {}
    if abs(float(lat)) > 90 or abs(float(lon)) > 180 or int(heading) > 360 or not 1970 < at.year < 2100:
        return {}
    return {
        "fixed_at_us": (at - EPOCH) // timedelta(microseconds=1),
        "lat": float(lat),
        "lon": float(lon),
        "valid": valid == "1",
        "altitude_m": float(altitude),
        "speed_mps": round(int(speed_kmh) / 3.6, DECIMALS),
        "heading_deg": float(int(heading) % 360),
        "source": Source.GNSS,
    }


def _answer(kind: int, words: str) -> CommandAnswer:
    lower = words.lower()
    if kind == REFUSED or lower.startswith(_REFUSALS):
        return CommandAnswer(accepted=False)
    if lower.startswith("gps:"):
        return CommandAnswer(kind=CommandKind.POSITION, accepted=True)
    if lower.startswith(("param id", "new value")):
        return CommandAnswer(kind=CommandKind.INTERVAL, accepted=True)
    return CommandAnswer()


def _photo(body: bytes, device_id: str | None) -> Decoded:
    """What would fetch the next packet of a photo is never sent, and of one that comes the head is kept (ADR-0015)."""
    answer = kept = None
    if len(body) >= 5 and body[0] == 1:
        answer = _photo_request(body[1:5], 0)
    elif len(body) >= PHOTO_HEAD_BYTES and body[0] == 2:
        offset, size = struct.unpack_from(">IH", body, 5)
        kept = framed(_HEAD.pack(CODEC_12, 1, CAMERA, PHOTO_HEAD_BYTES) + body[:PHOTO_HEAD_BYTES] + b"\x01")
        if size == PHOTO_PACKET_BYTES_MAX:  # a shorter packet is the last
            answer = _photo_request(body[1:5], (offset + size) & 0xFFFF_FFFF)
    return Decoded(device_id=device_id, messages=(), answer=answer, withheld=True, kept=kept)


def _photo_request(photo: bytes, offset: int) -> bytes:
    payload = b"\x02" + photo + struct.pack(">IH", offset, PHOTO_PACKET_BYTES_MAX)
    return framed(_HEAD.pack(CODEC_12, 1, CAMERA, len(payload)) + payload + b"\x01")
