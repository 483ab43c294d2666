"""A protocol of the tests' own, found like the others: lines of text, with words for three of the four commands.

`ID` is a sign of life, `ID OK n` and `ID NO n` answer the command with serial n, `ID HM` answers in words of its own.
"""

from __future__ import annotations

from dataclasses import replace

from aralyk.protocols.codec import BrokenFrame, Codec, Decoded, Session, Transport
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError

_ACCEPTED = {"OK": True, "NO": False, "HM": None}


class Lines:
    """Cuts at line feeds."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Whole lines."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return list(lines)

    def close(self) -> BrokenFrame | None:
        """What was cut off."""
        return None


def decode(frame: bytes, session: Session) -> Decoded:
    """Read a line."""
    try:
        device, *said = frame.decode("ascii").split()
    except ValueError as error:
        raise ProtocolError(ErrorCode.NOT_TEXT, "line: expected ID and words in ASCII") from error
    if not said:
        return Decoded(device_id=device, messages=())
    serial = int(said[1]) if len(said) > 1 else None
    answer = CommandAnswer(serial=serial, accepted=_ACCEPTED[said[0]])
    return Decoded(device_id=device, messages=(), command_answers=(answer,))


def encode_command(command: Command, session: Session) -> bytes:
    """Write a command."""
    if command.kind is CommandKind.BUZZ:
        raise CommandNotSpoken("buzz")
    value = command.interval_s or command.text or ""
    return f"{command.serial} {command.kind} {value}\n".encode()


CODEC = Codec(
    name="plainspoken",
    transport=Transport.TCP,
    frame_bytes_max=1024,
    decode=decode,
    splitter=Lines,
    encode_command=encode_command,
)
UNANSWERED = replace(CODEC, commands_answered=False)
OVER_HTTP = replace(CODEC, transport=Transport.HTTP, splitter=None, answer_of_commands=b"".join)
