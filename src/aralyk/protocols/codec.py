"""What every protocol gives: bytes in, messages out, no sockets, no clock.

A splitter cuts a stream into frames and tells broken ones apart; `decode` reads one frame; `answer` of what was read is
sent by whoever owns the socket, after the frame is on disk. A frame is what the log keeps, so `decode` reads a frame
from the log years later exactly as on the day it came: nothing that it needs stands outside the bytes but the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

from aralyk.protocols.commands import Command, CommandAnswer
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Message


class Transport(StrEnum):
    """What carries the frames; a TCP protocol with `frames_of_datagram` is served over UDP too."""

    HTTP = "http"
    TCP = "tcp"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about the sender before a frame is read.

    Attributes:
        device_id: From the login frame, or from the secret that the request came with.
        model: The registered model, for protocols whose frames depend on it.
        key: The registered key of a device that encrypts its content.
        context: What earlier frames of the connection said about the later ones (`Decoded.context`), such as a time
            zone; it stands in the log beside the frame that was read with it.
    """

    device_id: str | None = None
    model: str | None = None
    key: bytes | None = None
    context: Mapping[str, str] = msgspec.field(default_factory=dict)


class Sequence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A frame's number; the one after `last` is 0 or 1."""

    number: int
    last: int


class Decoded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a frame said.

    Attributes:
        device_id: Who speaks, also in a frame without records (login, heartbeat): from the frame, else the session's;
            None: the frame names nobody and came without a session (the gateway refuses it).
        messages: The records, in the frame's order.
        answer: Bytes that the device waits for, to be sent after the commit; None: the protocol has no answer, or it
            is the HTTP status alone.
        context: What the frame says about the later ones of its connection; None: nothing new.
        command_answers: What the device says about commands that it was sent.
        sequence: The number that the device counts its frames with, where it does, and the value after which it starts
            again; a step back tells a replay or a second sender.
        kept: What the log keeps instead of the frame, where that holds a picture or a voice that nobody may keep
            (ADR-0015): the same frame without it, which reads the same. None: the frame itself.
        withheld: Whether `answer` would fetch a picture: it is what the device waits for, and it is never sent.
    """

    device_id: str | None
    messages: tuple[Message, ...]
    answer: bytes | None = None
    context: Mapping[str, str] | None = None
    command_answers: tuple[CommandAnswer, ...] = ()
    sequence: Sequence | None = None
    kept: bytes | None = None
    withheld: bool = False

    @property
    def to_send(self) -> bytes | None:
        """The answer, unless it is withheld."""
        return None if self.withheld else self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenFrame:
    """Bytes of a stream that can't be a frame; `raw` holds no more than the protocol's frame limit."""

    raw: bytes
    error: ProtocolError


class Splitter(Protocol):
    """Cuts one connection's bytes into frames; the result does not depend on how the bytes were chunked."""

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete."""
        ...

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """The parts of a request that may belong to a record.

    `target` is the path with its query, as it was sent; the names of `headers` are in lower case.
    """

    method: str
    target: bytes
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """One protocol.

    Attributes:
        name: As in the log and in `aralyk decode NAME`; equal to its folder.
        transport: What carries its frames.
        frame_bytes_max: Longer frames are refused.
        decode: Reads one frame; raises ProtocolError and nothing else, whatever the bytes. Call `read`.
        splitter: Makes a splitter for a new connection (TCP).
        frame_of_request: Makes the frame that the log keeps; drops the path, where the secret stands (HTTP).
        refusal_status: The status that answers an unreadable frame, once it is quarantined (HTTP).
        frames_of_datagram: Cuts one datagram into frames, for protocols that are also spoken over UDP.
        encode_command: Writes a command as the device wants it, ready for the wire; raises `CommandNotSpoken` for
            one that the protocol, or this model, has no words for. None: the protocol has no commands.
        commands_answered: Whether its devices confirm commands; if not, a command that went out is finished, and
            whether it was heard is not known.
        wire_of_answer: Escapes an answer for the wire, where the splitter unescapes frames; None: sent as it is.
        answer_of_commands: Joins encoded commands into the body that answers a request (HTTP).
        may_cry: Whether a frame may hold a panic, told by a look at its bytes; such frames overtake others of their
            connection that wait. Yes too often costs nothing; None: frames keep their order.
        may_name: Whether a frame may say whose the later ones are (a login), told by a look at its bytes: no cry
            overtakes it, or it would be another's. None: frames that may cry say themselves whose they are.
    """

    name: str
    transport: Transport
    frame_bytes_max: int
    decode: Callable[[bytes, Session], Decoded]
    splitter: Callable[[], Splitter] | None = None
    frame_of_request: Callable[[HttpRequest], bytes] | None = None
    refusal_status: Callable[[ErrorCode], int] | None = None
    frames_of_datagram: Callable[[bytes], list[bytes | BrokenFrame]] | None = None
    encode_command: Callable[[Command, Session], bytes] | None = None
    commands_answered: bool = True
    wire_of_answer: Callable[[bytes], bytes] | None = None
    answer_of_commands: Callable[[list[bytes]], bytes] | None = None
    may_cry: Callable[[bytes], bool] | None = None
    may_name: Callable[[bytes], bool] | None = None

    def read(self, frame: bytes, session: Session) -> Decoded:
        """Read one frame, and refuse it when `decode` fails: its device sends the same bytes after every restart.

        Raises:
            ProtocolError: Not to be read, by the device's fault or ours.
        """
        try:
            return self.decode(frame, session)
        except ProtocolError:
            raise
        except Exception as error:  # any fault of a codec costs its frame alone, and not the gateway
            detail = f"frame: expected its codec to read or refuse it, and it failed ({type(error).__name__})"
            raise ProtocolError(ErrorCode.CODEC_FAILED, detail) from error

    def on_wire(self, answer: bytes) -> bytes:
        """An answer as it is sent."""
        return answer if self.wire_of_answer is None else self.wire_of_answer(answer)

    def refused_with(self, code: str) -> int:
        """The status of a refusal by its code; 200 for reasons that are not the codec's."""
        if self.refusal_status is None or code not in ErrorCode.__members__.values():
            return 200
        return self.refusal_status(ErrorCode(code))
