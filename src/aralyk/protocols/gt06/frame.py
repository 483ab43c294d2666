"""The envelope: start bytes, length, kind, content, serial, CRC-16/X-25, CR LF.

`78 78` has one byte of length, `79 79` two. The checksum covers everything between the start bytes and itself.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from aralyk.protocols.checksums import crc16_x25
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.gt06.reader import Reader

FRAME_BYTES_MAX: Final = 2048  # pictures come in pieces of 1024; everything else is shorter
SHORT: Final = b"\x78\x78"
LONG: Final = b"\x79\x79"
END: Final = b"\r\n"
SERIAL_LAST: Final = 65_535
_AFTER_CONTENT: Final = 6  # serial, checksum, end
_ACKNOWLEDGED: Final = Struct(">BBH")


def acknowledgement(kind: int, serial: int) -> bytes:
    """What the device waits for: the frame's kind and serial."""
    body = _ACKNOWLEDGED.pack(5, kind, serial)
    return SHORT + body + crc16_x25(body) + END


def opened(frame: bytes) -> Reader:
    """Take a frame's envelope off, and stand where its content begins.

    A length that does not fit is no error while the checksum holds: there are devices that miscount.

    Raises:
        ProtocolError: Not a frame, or its checksum is wrong.
    """
    size = len(frame)
    if size > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    start = frame[:2]
    long = start == LONG
    begin = 5 if long else 4
    if size < begin + _AFTER_CONTENT or not (long or start == SHORT) or frame[-2:] != END:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected 78 78 or 79 79, a body, and CR LF")
    if crc16_x25(frame[2:-4]) != frame[-4:-2]:
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected the CRC-16/X-25 of the frame")
    reader = Reader(frame, begin, size - _AFTER_CONTENT)
    reader.long = long
    reader.kind = frame[begin - 1]
    reader.length = frame[2] << 8 | frame[3] if long else frame[2]
    reader.serial = frame[-6] << 8 | frame[-5]
    return reader


def wrapped(kind: int, content: bytes, serial: int, *, long: bool = False) -> bytes:
    """Put content into its envelope, as device or as server."""
    length = len(content) + 5
    body = length.to_bytes(2 if long else 1, "big") + bytes((kind,)) + content + serial.to_bytes(2, "big")
    return (LONG if long else SHORT) + body + crc16_x25(body) + END
