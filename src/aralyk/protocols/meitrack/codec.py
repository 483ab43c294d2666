"""Reads one frame: a report in text, a batch of binary records, an answer to a command, or a sign of life."""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.meitrack.binary import read_ccc, read_cce
from aralyk.protocols.meitrack.envelope import START, Envelope, envelope, opened
from aralyk.protocols.meitrack.text import is_report, read_report

_SERVER: Final = b"@@"
_PICTURE_FLAG: Final = "O"
_PICTURE: Final = "camera_picture.jpg"
_PACKETS_AT_ONCE: Final = 8
_PICTURE_PACKET: Final = re.compile(rb"([0-9A-Za-z._-]{1,64}),([0-9]{1,6}),([0-9]{1,6}),")
_ASKED_FOR: Final = "34"  # the event of a report that answers A10
_INTERVAL_TAKEN: Final = "A12"


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame, with or without its line's end.

    Args:
        frame: From "$$" on.
        session: Not used: every frame names its device.

    Raises:
        ProtocolError: Not a frame, a wrong checksum, or a batch whose records can't be told apart; nothing else is
            raised for any bytes.
    """
    said = opened(frame)
    if said.kind == "CCC":
        messages = read_ccc(said.content, said.imei)
        counted = str(len(messages)).encode("ascii")
        answer = envelope(_SERVER, said.flag, said.imei, "CCC", counted)
        return Decoded(device_id=said.imei, messages=tuple(messages), answer=answer)
    if said.kind == "CCE":
        return Decoded(device_id=said.imei, messages=tuple(read_cce(said.content, said.imei)))
    if said.kind == "AAC":
        return Decoded(device_id=said.imei, messages=(), answer=envelope(_SERVER, said.flag, said.imei, "AAC", b"1"))
    if said.kind == "D03":
        return Decoded(device_id=said.imei, messages=(), answer=_ask_for_picture(said.imei, _PICTURE, 0), withheld=True)
    if said.kind == "D00":
        return _picture_packet(said)
    return _text(said)


def _text(said: Envelope) -> Decoded:
    fields = said.content.decode("latin-1").split(",")
    if said.kind != "AAA" and not is_report(fields):
        answers: tuple[CommandAnswer, ...] = ()
        if said.kind == _INTERVAL_TAKEN:
            answers = (CommandAnswer(kind=CommandKind.INTERVAL, accepted=fields[0] == "OK"),)
        return Decoded(device_id=said.imei, messages=(), command_answers=answers)
    asked = (CommandAnswer(kind=CommandKind.POSITION, accepted=True),) if fields[0] == _ASKED_FOR else ()
    return Decoded(device_id=said.imei, messages=(read_report(fields, said.imei),), command_answers=asked)


def _ask_for_picture(imei: str, name: str, packet: int) -> bytes:
    return envelope(_SERVER, _PICTURE_FLAG, imei, "D00", f"{name},{packet}".encode("ascii"))


def _picture_packet(said: Envelope) -> Decoded:
    """A picture comes in packets, eight for each time that it is asked for; none is, and what comes is not kept."""
    answer, kept = None, b""
    match = _PICTURE_PACKET.match(said.content)
    if match is not None:
        packets, following = int(match[2]), int(match[3]) + 1
        if following < packets and following % _PACKETS_AT_ONCE == 0:
            answer = _ask_for_picture(said.imei, match[1].decode("ascii"), following)
        kept = match[0]
    frame = envelope(START, said.flag, said.imei, "D00", kept)
    return Decoded(device_id=said.imei, messages=(), answer=answer, withheld=True, kept=frame)
