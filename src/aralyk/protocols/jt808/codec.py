"""Reads a terminal's messages and writes what it waits for.

A message of any kind with a right checksum is at least a sign of life and is acknowledged: a terminal that hears
nothing sends it again and again. A position that can't be read is an error instead, so that its bytes are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.commands import CommandAnswer, CommandKind
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.jt808.commands import (
    DELIMITER,
    QUERY_POSITION,
    SET_PARAMETERS,
    SHOW_TEXT,
    TRACK,
    VERSION,
)
from aralyk.protocols.jt808.location import read_location
from aralyk.protocols.jt808.media import (
    MEDIA,
    MEDIA_ANSWER,
    MEDIA_EVENT,
    NUMBER_BYTES,
    PHOTO,
    read_media,
    without_content,
)
from aralyk.protocols.jt808.padlock import device_of_sentence, read_padlock, text_of_sentence
from aralyk.protocols.jt808.parts import PARTS, carried, joined
from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.transparent import read_transparent
from aralyk.protocols.jt808.wire import (
    ALTERNATIVE,
    FRAME_BYTES_MAX,
    WANTS_ANSWER,
    Envelope,
    Reader,
    opened,
    printed_id,
    sealed,
)
from aralyk.protocols.messages import Message

GENERAL_ANSWER: Final = 0x8001
PADLOCK_ANSWER: Final = 0x4401
REGISTERED: Final = 0x8100
_DONE: Final = b"\x00"
_BATCH_HEAD_BYTES: Final = 3
_NO_BATTERY_HEARTBEAT: Final = 2
_BATCH: Final = 0x0704
_SHORT_BATCH: Final = 0x0210

_KINDS: Final = {
    QUERY_POSITION: CommandKind.POSITION,
    TRACK: CommandKind.INTERVAL,
    SET_PARAMETERS: CommandKind.INTERVAL,
    SHOW_TEXT: CommandKind.MESSAGE,
}

Read = Callable[[Envelope, Session], "_Said"]


class _Said:
    """What a message says: records, what it says about commands, and what of a part is read with the next one."""

    __slots__ = ("command_answers", "messages", "rest")

    def __init__(
        self, *messages: Message, command_answers: tuple[CommandAnswer, ...] = (), rest: bytes | None = None
    ) -> None:
        self.messages = messages
        self.command_answers = command_answers
        self.rest = rest


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame, unescaped, with its delimiters; or a sentence in parentheses.

    Args:
        frame: As the splitter gives it.
        session: Its model tells apart items that makers use differently; its context holds what parts of a message
            left over.

    Raises:
        ProtocolError: Not a frame of this protocol, or one with a wrong checksum; nothing else for any bytes.
    """
    if frame.startswith(b"("):
        return _sentence(frame)
    envelope = opened(frame)
    whole = envelope.body if not envelope.is_part else joined(envelope, session.context)
    said = _part(envelope, session, whole) if envelope.is_part else _message(envelope, session)
    return Decoded(
        device_id=envelope.device_id,
        messages=said.messages,
        answer=_answer(envelope, whole),
        context=_context(envelope, said, session.context),
        command_answers=said.command_answers,
        sequence=envelope.sequence,
        kept=without_content(envelope) if envelope.kind in (MEDIA, PHOTO) else None,
    )


def _message(envelope: Envelope, session: Session) -> _Said:
    return _READ.get(envelope.kind, _sign_of_life)(envelope, session)


def _part(envelope: Envelope, session: Session, whole: bytes | None) -> _Said:
    """Read the first part as far as it goes, records as they are complete, and all the rest at the end."""
    assert envelope.part is not None
    parts, number = envelope.part
    if whole is None:
        return _unread_part(envelope)
    if envelope.kind == MEDIA:
        said = _message(envelope, session) if number <= 1 else _Said()
        return _Said(*said.messages, rest=whole[:NUMBER_BYTES])
    if envelope.kind in (_BATCH, _SHORT_BATCH):
        return _message(replace(envelope, body=whole), session)
    if 1 < number < parts:
        return _Said(rest=whole)
    try:
        said = _message(replace(envelope, body=whole), session)
    except ProtocolError:
        if number <= 1:
            raise
        return _unread_part(envelope)
    return _Said(*said.messages, command_answers=said.command_answers, rest=whole)


def _unread_part(envelope: Envelope) -> _Said:
    draft = _draft(envelope)
    draft.extra["unread_part_of"] = f"{envelope.kind:04x}"
    return _Said(draft.as_message())


def _sentence(frame: bytes) -> Decoded:
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    device_id, text = device_of_sentence(frame), text_of_sentence(frame)
    if "BASE,2" in text:
        return Decoded(device_id=device_id, messages=())  # asks for the time: no clock is read here
    return Decoded(device_id=device_id, messages=(Message(device_id=device_id, extra={"result": text}),))


def _context(envelope: Envelope, read: _Said, known: Mapping[str, str]) -> Mapping[str, str] | None:
    said: dict[str, str] = {}
    if envelope.is_part:
        said[PARTS] = "" if read.rest is None else carried(envelope, read.rest)
    if envelope.version is not None:
        said[VERSION] = str(envelope.version)
    if envelope.delimiter == ALTERNATIVE:
        said[DELIMITER] = f"{ALTERNATIVE:02x}"
    return said if any(known.get(key, "") != value for key, value in said.items()) else None


# answers


def _answer(envelope: Envelope, whole: bytes | None) -> bytes | None:
    if envelope.kind in _UNANSWERED:
        return None
    if envelope.kind in (0x5501, 0x5502):
        if not envelope.attributes & WANTS_ANSWER:
            return None
        body = envelope.kind.to_bytes(2, "big") + _DONE
        return sealed(replace(envelope, kind=PADLOCK_ANSWER, serial=1, part=None, body=body))
    if envelope.kind == MEDIA and whole is not None and len(whole) >= NUMBER_BYTES and envelope.is_last:
        body = whole[:NUMBER_BYTES]  # and no part that is missing
        return sealed(replace(envelope, kind=MEDIA_ANSWER, serial=0, part=None, body=body))
    serial = envelope.serial.to_bytes(2, "big")
    if envelope.kind == 0x0100:
        body = serial + _DONE + printed_id(envelope.id_bytes).encode("ascii")
        return sealed(replace(envelope, kind=REGISTERED, serial=0, part=None, body=body))
    body = serial + envelope.kind.to_bytes(2, "big") + _DONE
    return sealed(replace(envelope, kind=GENERAL_ANSWER, serial=0, part=None, body=body))


# Answers to what the platform asked; what the reference decoder leaves unanswered; and 0004 and 0109, which ask for
# the time and get none, because no clock is read here.
_UNANSWERED: Final = frozenset(
    {0x0001, 0x0004, 0x0104, 0x0109, 0x0201, 0x0302, 0x0500, 0x0701, 0x0702, 0x0805, 0x1300, 0x2070}
)


# records


def _sign_of_life(envelope: Envelope, session: Session) -> _Said:
    return _Said()


def _draft(envelope: Envelope) -> Draft:
    return Draft(device_id=envelope.device_id)


def _location(envelope: Envelope, session: Session) -> _Said:
    return _Said(read_location(envelope.body, _draft(envelope), session.model).as_message())


def _queried_location(envelope: Envelope, session: Session) -> _Said:
    reader = Reader(envelope.body, name="serial")
    answers = _answers_of(reader.u16(), kind=CommandKind.POSITION, accepted=True)
    message = read_location(reader.rest(), _draft(envelope), session.model).as_message()
    return _Said(message, command_answers=answers)


def _controlled_location(envelope: Envelope, session: Session) -> _Said:
    return _Said(read_location(envelope.body[2:], _draft(envelope), session.model).as_message())


def _batch(envelope: Envelope, session: Session) -> _Said:
    reader = Reader(envelope.body, name="batch")
    reader.u16()  # how many; the records' lengths say it again
    said = _records(envelope, session, reader, archive=reader.u8() > 0, length_bytes=2)
    said.rest = envelope.body[:_BATCH_HEAD_BYTES] + (said.rest or b"")
    return said


def _short_batch(envelope: Envelope, session: Session) -> _Said:
    reader = Reader(envelope.body, name="batch")
    if reader.left == 7 and not envelope.is_part:
        draft = _draft(envelope)
        draft.set_battery(reader.u8())
        draft.sent_at_us = reader.time_us()
        return _Said(draft.as_message())
    return _records(envelope, session, reader, archive=False, length_bytes=1)


def _records(envelope: Envelope, session: Session, reader: Reader, *, archive: bool, length_bytes: int) -> _Said:
    """Read records; one that is cut is read as far as it goes, and left over for the next part if there is one."""
    messages: list[Message] = []
    while reader.left > length_bytes:
        draft = _draft(envelope)
        if archive:
            draft.extra["archive"] = True
        began = reader.at
        length = reader.u8() if length_bytes == 1 else reader.u16()
        if length > reader.left:
            draft.unreadable.append("batch")
        try:
            read_location(reader.take(min(length, reader.left)), draft, session.model)
        except ProtocolError:
            draft.unreadable.append("position")
        cut = not envelope.is_last and "batch" in draft.unreadable
        if draft.alarms or not cut:  # an alarm is told twice rather than after a part that may never come
            messages.append(draft.as_message())
        if cut:
            reader.at = began
            break
    if not messages and not envelope.is_part:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "batch: expected a record")
    return _Said(*messages, rest=reader.rest())


def _media(envelope: Envelope, session: Session) -> _Said:
    if not envelope.body:
        return _Said()
    return _Said(read_media(envelope.body, _draft(envelope), session.model).as_message())


def _padlock(envelope: Envelope, session: Session) -> _Said:
    return _Said(read_padlock(envelope.body, _draft(envelope), envelope.kind).as_message())


def _transparent(envelope: Envelope, session: Session) -> _Said:
    draft = read_transparent(envelope.body, _draft(envelope), session.model)
    return _Said() if draft is None else _Said(draft.as_message())


def _heartbeat(envelope: Envelope, session: Session) -> _Said:
    if len(envelope.body) < _NO_BATTERY_HEARTBEAT:
        return _Said()
    reader, draft = Reader(envelope.body, name="heartbeat"), _draft(envelope)
    draft.set_battery(reader.u8())
    draft.extra["rssi"] = reader.u8()
    if reader.left:
        draft.extra["status"] = reader.u8()
    return _Said(draft.as_message())


def _general_answer(envelope: Envelope, session: Session) -> _Said:
    reader = Reader(envelope.body, name="answer")
    serial, kind, result = reader.u16(), reader.u16(), reader.u8()
    return _Said(command_answers=_answers_of(serial, kind=_KINDS.get(kind), accepted=result == 0))


def _answers_of(serial: int, *, kind: CommandKind | None, accepted: bool | None) -> tuple[CommandAnswer, ...]:
    """Commands are numbered from 1; what answers number 0 answers none of ours."""
    return (CommandAnswer(serial=serial, kind=kind, accepted=accepted),) if serial else ()


def _text_answer(envelope: Envelope, session: Session) -> _Said:
    reader, draft = Reader(envelope.body, name="text"), _draft(envelope)
    serial = reader.u16()
    draft.extra["result"] = reader.text(encoding="utf-16-be")
    answers = _answers_of(serial, kind=None, accepted=None)
    return _Said(draft.as_message(), command_answers=answers)


def _reported_text(envelope: Envelope, session: Session) -> _Said:
    draft = _draft(envelope)
    draft.extra["result"] = Reader(envelope.body[1:], name="text").text(encoding="gbk")
    return _Said(draft.as_message())


def _command_result(envelope: Envelope, session: Session) -> _Said:
    reader, draft = Reader(envelope.body, name="text"), _draft(envelope)
    length = reader.u32()
    draft.extra["result"] = reader.text(min(length, reader.left))
    return _Said(draft.as_message())


def _attributes(envelope: Envelope, session: Session) -> _Said:
    reader, draft = Reader(envelope.body, name="attributes"), _draft(envelope)
    # Kind, maker, model and number of the terminal stand before the card; 2019 made them longer.
    reader.take(min(reader.left, 34 if envelope.version is None else 2 + 11 + 30 + 30))
    try:
        draft.extra["iccid"] = reader.hex(10)
        draft.extra["hardware"] = reader.text(reader.u8())
        draft.extra["firmware"] = reader.text(reader.u8())
    except ProtocolError:
        draft.unreadable.append("attributes")
    return _Said(draft.as_message())


def _driver(envelope: Envelope, session: Session) -> _Said:
    """The card's state; the driver's name on it is not repeated."""
    reader, draft = Reader(envelope.body, name="card"), _draft(envelope)
    try:
        draft.extra["card_status"] = reader.u8()
        draft.sent_at_us = reader.time_us()
        draft.extra["card_result"] = reader.u8()
        reader.take(reader.u8())
        draft.extra["card"] = reader.text(20)
    except ProtocolError:
        draft.unreadable.append("card")
    return _Said(draft.as_message())


_PARAMETERS: Final = {
    0x0001: "heartbeat_interval_s",
    0x0018: "server_port",
    0x0027: "sleep_interval_s",
    0x0028: "emergency_interval_s",
    0x0029: "interval_s",
    0x0055: "overspeed_kmh",
    0x0080: "odometer_100_m",
}


def _parameters(envelope: Envelope, session: Session) -> _Said:
    reader, draft = Reader(envelope.body, name="parameters"), _draft(envelope)
    try:
        reader.take(3)  # the question's serial, how many parameters
        while reader.left >= 5:
            name = _PARAMETERS.get(reader.u32())
            value = reader.take(reader.u8())
            if name is not None and len(value) == 4:
                draft.extra[name] = int.from_bytes(value, "big")
    except ProtocolError:
        draft.unreadable.append("parameters")
    return _Said(draft.as_message())


def _acceleration(envelope: Envelope, session: Session) -> _Said:
    reader, draft = Reader(envelope.body, name="acceleration"), _draft(envelope)
    values = []
    while reader.left >= 12:
        reader.take(6)  # time
        values.append([_sign_and_size(reader.u16()) for _ in range(3)])
    draft.extra["acceleration"] = values
    return _Said(draft.as_message())


def _sign_and_size(word: int) -> int:
    return -(word & 0x7FFF) if word & 0x8000 else word


_READ: Final[dict[int, Read]] = {
    0x0001: _general_answer,
    0x0002: _heartbeat,
    0x0104: _parameters,
    0x0107: _attributes,
    0x0200: _location,
    0x0201: _queried_location,
    _SHORT_BATCH: _short_batch,
    0x0500: _controlled_location,
    0x0701: _command_result,
    0x0702: _driver,
    _BATCH: _batch,
    MEDIA_EVENT: _media,
    MEDIA: _media,
    0x0900: _transparent,
    0x1300: _text_answer,
    0x2070: _acceleration,
    0x5501: _padlock,
    0x5502: _padlock,
    0x6006: _reported_text,
}
