"""Writes commands, escaped for the wire.

The serial of a frame is the command's own: the terminal repeats it in its answer (0001, 0201). BUZZ has no words here:
the standard knows none, and makers' are for doors and horns.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind, CommandNotSpoken
from aralyk.protocols.jt808.wire import (
    ALTERNATIVE,
    USUAL,
    Envelope,
    escaped,
    id_bytes_count,
    id_bytes_of,
    sealed,
)

QUERY_POSITION: Final = 0x8201
SET_PARAMETERS: Final = 0x8103
SHOW_TEXT: Final = 0x8300
TRACK: Final = 0x8202  # not sent, but its answer is understood
INTERVAL_PARAMETER: Final = 0x0029  # seconds between positions
VERSION: Final = "version"  # keys of a session's context
DELIMITER: Final = "delimiter"
_TEXT_FLAGS: Final = 0b0000_1101  # urgent, shown, read aloud


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command.

    An interval becomes the terminal's own (8103, parameter 0029), in a pursuit too: temporary tracking (8202) would end
    by itself, in the middle of a pursuit, and could not be told from a silence.

    Raises:
        CommandNotSpoken: The terminal's id is unknown, or the protocol has no words for the command.
    """
    match command.kind:
        case CommandKind.POSITION:
            kind, body = QUERY_POSITION, b""
        case CommandKind.INTERVAL:
            assert command.interval_s is not None
            kind, body = SET_PARAMETERS, _interval(command.interval_s)
        case CommandKind.MESSAGE:
            assert command.text is not None
            kind, body = SHOW_TEXT, _text(command.text)
        case CommandKind.BUZZ:
            raise CommandNotSpoken("jt808: buzz is not spoken")
    version = session.context.get(VERSION)
    delimiter = ALTERNATIVE if DELIMITER in session.context else USUAL
    try:
        id_bytes = id_bytes_of(session.device_id or "", bytes_count=id_bytes_count(version is not None, delimiter))
    except ValueError as error:
        raise CommandNotSpoken(f"jt808: {error}") from None
    envelope = Envelope(
        delimiter=delimiter,
        kind=kind,
        id_bytes=id_bytes,
        version=None if version is None else int(version),
        serial=command.serial,
        body=body,
    )
    return escaped(sealed(envelope))


def _interval(interval_s: int) -> bytes:
    return b"\x01" + INTERVAL_PARAMETER.to_bytes(4, "big") + b"\x04" + interval_s.to_bytes(4, "big")


def _text(text: str) -> bytes:
    try:
        return bytes([_TEXT_FLAGS]) + text.encode("gbk")
    except UnicodeEncodeError:
        raise CommandNotSpoken("jt808: message: expected letters of GBK (Latin, Cyrillic, Chinese)") from None
