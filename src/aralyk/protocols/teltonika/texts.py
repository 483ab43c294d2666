"""Reads Codec 12 to 15: words of a device, answers to commands, and packets of a camera."""

from __future__ import annotations

import re
import struct
from typing import Final

from aralyk.protocols.codec import Decoded
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.messages import Message
from aralyk.protocols.teltonika.frame import framed

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

_HEAD: Final = struct.Struct(">BBBI")
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
    message = Message(device_id=device_id, sent_at_us=sent_at_us, extra={"type": kind, "result": words})
    return Decoded(device_id=device_id, messages=(message,), command_answers=answers)


def _words(body: bytes) -> str:
    text = body.decode("ascii", "replace").strip("\r\n\0 ")
    printable = all(char.isprintable() or char in "\r\n\t" for char in text) and "\ufffd" not in text
    return (text if printable else body.hex())[:TEXT_CHARS_MAX]


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
    """Ask for the next packet of a photo; the bytes of the photo stay in the frame, which the log keeps."""
    answer = None
    if len(body) >= 5 and body[0] == 1:
        answer = _photo_request(body[1:5], 0)
    elif len(body) >= 11 and body[0] == 2:
        offset, size = struct.unpack_from(">IH", body, 5)
        if size == PHOTO_PACKET_BYTES_MAX:  # a shorter packet is the last
            answer = _photo_request(body[1:5], (offset + size) & 0xFFFF_FFFF)
    return Decoded(device_id=device_id, messages=(), answer=answer)


def _photo_request(photo: bytes, offset: int) -> bytes:
    payload = b"\x02" + photo + struct.pack(">IH", offset, PHOTO_PACKET_BYTES_MAX)
    return framed(_HEAD.pack(CODEC_12, 1, CAMERA, len(payload)) + payload + b"\x01")
