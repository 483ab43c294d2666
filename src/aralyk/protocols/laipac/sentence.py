"""A sentence as NMEA has it: "$", fields between commas, "*", two hex digits of checksum."""

from __future__ import annotations

from typing import Final

from aralyk.protocols.checksums import xor_of
from aralyk.protocols.errors import ErrorCode, ProtocolError

FRAME_BYTES_MAX: Final = 512  # the longest known sentence has about 110
START: Final = b"$"
LINE_END: Final = b"\r\n"
PASSWORD: Final = "00000000"  # the factory's


def checksum(content: bytes) -> str:
    """All bytes between "$" and "*", exclusively or-ed."""
    return f"{xor_of(content):02X}"


def sentence(*fields: str) -> bytes:
    """Write a sentence as it goes over the wire."""
    content = ",".join(fields).encode("ascii")
    return START + content + b"*" + checksum(content).encode("ascii") + LINE_END


def fields_of(frame: bytes) -> tuple[list[str], str]:
    """Read the fields and the checksum as it was written.

    Raises:
        ProtocolError: Not a sentence, or its checksum is wrong.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    frame = frame.strip(LINE_END)
    content, star, said = frame[1:].rpartition(b"*")
    if not frame.startswith(START) or not star or not content:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '$', fields, '*' and a checksum")
    if said.upper() != checksum(content).encode("ascii"):
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected the XOR of all bytes between '$' and '*'")
    try:
        return content.decode("ascii").split(","), said.decode("ascii")
    except UnicodeDecodeError:
        raise ProtocolError(ErrorCode.NOT_TEXT, "frame: expected ASCII text") from None
