"""What is around every content: "$$" (device) or "@@" (server), a flag, a length, the IMEI, the kind, a checksum."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aralyk.protocols.errors import ErrorCode, ProtocolError

FRAME_BYTES_MAX: Final = 4096  # the longest known frame has 1102
LINE_END: Final = b"\r\n"
START: Final = b"$$"
HEAD: Final = re.compile(rb"\$\$([:-~])([0-9]{1,5}),([0-9]{1,20}),([0-9A-Za-z]{3})")
HEAD_BYTES_MAX: Final = 2 + 1 + 5 + 1 + 20 + 1 + 3
# Their content may hold any bytes, also a line's end: only the length says where they end.
BINARY_KINDS: Final = frozenset({b"CCC", b"CCE", b"D00"})
_TAIL_BYTES: Final = 3  # "*" and the checksum
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A frame whose checksum holds; `content` is what stands between the comma behind the kind and the "*"."""

    flag: str
    imei: str
    kind: str
    content: bytes


def checksum(frame: bytes) -> str:
    """The sum of all bytes from the start through "*"."""
    return f"{sum(frame) & 0xFF:02X}"


def envelope(start: bytes, flag: str, imei: str, kind: str, content: bytes = b"") -> bytes:
    """Write a frame as it goes over the wire."""
    body = f",{imei},{kind}".encode("ascii") + (b"," + content if content else b"") + b"*"
    # The length counts from the first comma through the line's end.
    frame = start + flag.encode("ascii") + str(len(body) + 4).encode("ascii") + body
    return frame + checksum(frame).encode("ascii") + LINE_END


def opened(frame: bytes) -> Envelope:
    """Read a frame, with or without its line's end.

    Raises:
        ProtocolError: Not a frame, a wrong checksum, or a binary one whose length is wrong.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    frame = frame.removesuffix(LINE_END)
    head = HEAD.match(frame)
    if head is None:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '$$', flag, length, IMEI and a kind of 3 letters")
    end = len(frame) - _TAIL_BYTES
    said = frame[end + 1 :]
    if end < head.end() or frame[end : end + 1] != b"*" or not _HEX.fullmatch(said):
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected '*' and two hexadecimal digits at the end")
    if int(said, 16) != sum(frame[: end + 1]) & 0xFF:
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected the sum of all bytes through '*'")
    content = frame[head.end() : end]
    if content and not content.startswith(b","):
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected a comma behind the kind")
    if head[4] in BINARY_KINDS and head.end(2) + int(head[2]) != len(frame) + len(LINE_END):
        raise ProtocolError(ErrorCode.BAD_FIELD, "length: expected the bytes from the first comma to the line's end")
    return Envelope(
        flag=head[1].decode("ascii"), imei=head[3].decode("ascii"), kind=head[4].decode("ascii"), content=content[1:]
    )
