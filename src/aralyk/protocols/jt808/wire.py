"""The envelope of a frame: delimiters, escapes, header, checksum; and a reader of bounded bytes.

    7E | message id 2 | attributes 2 | [version 1] | id 6, 7 or 10 | serial 2 | body | XOR 1 | 7E

An id has 6 bytes, 10 with a version, 7 between the delimiters E7 that one family of terminals writes instead of 7E.
A frame here is what the splitter gives: unescaped, with its delimiters. The length within the attributes is not used:
terminals write others than they send, and the delimiters hold frames apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from aralyk.protocols.checksums import xor_of
from aralyk.protocols.codec import Sequence
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import EPOCH

FRAME_BYTES_MAX: Final = 4096  # a body has at most 1023 bytes by the standard, twice that when all are escaped
USUAL: Final = 0x7E
ALTERNATIVE: Final = 0xE7
BEIJING: Final = timezone(timedelta(hours=8))  # the standard's clock, whatever the country

_IMEI_BYTES: Final = 6
_TWO_PARTS: Final = 0x2000  # bits of the attributes
_VERSIONED: Final = 0x4000
WANTS_ANSWER: Final = 0x8000
_SHORT_SERIALS: Final = frozenset({0x5501, 0x5502})  # padlocks count with one byte

# Two bytes on the wire for one in the frame, by delimiter.
_ESCAPES: Final = {
    USUAL: {b"\x7d\x01": b"\x7d", b"\x7d\x02": b"\x7e"},
    ALTERNATIVE: {b"\xe6\x01": b"\xe6", b"\xe6\x02": b"\xe7", b"\x3e\x01": b"\x3e", b"\x3e\x02": b"\x3d"},
}
_UNESCAPE: Final = {USUAL: re.compile(rb"\x7d[\x01\x02]"), ALTERNATIVE: re.compile(rb"[\xe6\x3e][\x01\x02]")}
_ESCAPE: Final = {USUAL: re.compile(rb"[\x7d\x7e]"), ALTERNATIVE: re.compile(rb"[\xe6\xe7\x3e\x3d]")}
_ESCAPED: Final = {mark: {byte: pair for pair, byte in pairs.items()} for mark, pairs in _ESCAPES.items()}


def unescaped(inside: bytes, delimiter: int) -> bytes:
    """The inside of a frame as it was before it went on the wire; a pair that is no escape stays as it is."""
    pairs = _ESCAPES[delimiter]
    return _UNESCAPE[delimiter].sub(lambda match: pairs[match[0]], inside)


def escaped(frame: bytes) -> bytes:
    """A frame with its delimiters as it goes on the wire; a textual sentence stays as it is."""
    delimiter = frame[0]
    if delimiter not in _ESCAPED:
        return frame
    pairs = _ESCAPED[delimiter]
    return frame[:1] + _ESCAPE[delimiter].sub(lambda match: pairs[match[0]], frame[1:-1]) + frame[-1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What stands around a body.

    Attributes:
        delimiter: 7E, or E7 of one family of terminals.
        kind: The message id.
        attributes: Bits and length, as sent.
        version: Of the protocol, since 2019; None before.
        id_bytes: The terminal's number as sent.
        serial: The terminal's count of its messages.
        part: How many parts a message was cut into, and which of them this is, from 1.
        body: What the message says.
    """

    kind: int
    id_bytes: bytes
    body: bytes
    delimiter: int = USUAL
    attributes: int = 0
    version: int | None = None
    serial: int = 0
    part: tuple[int, int] | None = None

    @property
    def is_part(self) -> bool:
        """Whether the message has other parts."""
        return self.part is not None and max(self.part) > 1

    @property
    def is_last(self) -> bool:
        """Whether nothing of the message comes after this frame."""
        return self.part is None or self.part[1] >= self.part[0]

    @property
    def device_id(self) -> str:
        """The id without leading zeros, as devices are registered."""
        return printed_id(self.id_bytes).lstrip("0") or "0"

    @property
    def sequence(self) -> Sequence:
        """The serial, and where it starts again."""
        return Sequence(number=self.serial, last=0xFF if self.kind in _SHORT_SERIALS else 0xFFFF)


def opened(frame: bytes) -> Envelope:
    """Take a frame out of its envelope.

    Raises:
        ProtocolError: No frame of this protocol, cut short, or with a wrong checksum.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    if len(frame) < 2 or frame[0] not in _ESCAPES or frame[-1] != frame[0]:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected 7E or E7 at both ends")
    if xor_of(frame[1:-1]) != 0:
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected the XOR of all bytes before it")
    reader = Reader(frame[1:-2], name="header")
    kind, attributes = reader.u16(), reader.u16()
    version = reader.u8() if attributes & _VERSIONED else None
    id_bytes = reader.take(id_bytes_count(version is not None, frame[0]))
    short = kind in _SHORT_SERIALS
    serial = reader.u8() if short else reader.u16()
    part = (reader.u16(), reader.u16()) if attributes & _TWO_PARTS and not short else None
    return Envelope(
        delimiter=frame[0],
        kind=kind,
        attributes=attributes,
        version=version,
        id_bytes=id_bytes,
        serial=serial,
        part=part,
        body=reader.rest(),
    )


def sealed(envelope: Envelope) -> bytes:
    """Write a frame, unescaped; the length is filled in and other attributes than the version's bit are not."""
    short = envelope.kind in _SHORT_SERIALS or envelope.kind == 0x4401
    attributes = (
        len(envelope.body)
        | (_VERSIONED if envelope.version is not None else 0)
        | (_TWO_PARTS if envelope.part is not None else 0)
    )
    inside = b"".join(
        (
            envelope.kind.to_bytes(2, "big"),
            attributes.to_bytes(2, "big"),
            b"" if envelope.version is None else bytes([envelope.version]),
            envelope.id_bytes,
            envelope.serial.to_bytes(1 if short else 2, "big"),
            b"" if envelope.part is None else b"".join(number.to_bytes(2, "big") for number in envelope.part),
            envelope.body,
        )
    )
    mark = bytes([envelope.delimiter])
    return mark + inside + bytes([xor_of(inside)]) + mark


def printed_id(id_bytes: bytes) -> str:
    """The id as digits: BCD, or six bytes that hold an IMEI as a number without its check digit."""
    digits = id_bytes.hex()
    if digits.isdecimal() or len(id_bytes) != _IMEI_BYTES:
        return digits
    imei = int.from_bytes(id_bytes, "big")
    return f"{imei}{_luhn(imei)}"


def id_bytes_count(versioned: bool, delimiter: int) -> int:
    """How many bytes an id has."""
    return 10 if versioned else 7 if delimiter == ALTERNATIVE else 6


def id_bytes_of(device_id: str, *, bytes_count: int = 6) -> bytes:
    """The id as a terminal sends it: digits as BCD; an IMEI that has no room so, as a number without its last digit.

    Raises:
        ValueError: The id has no such form.
    """
    digits = 2 * bytes_count
    if not device_id.isdecimal() or not device_id.isascii():
        raise ValueError("device id: expected digits")
    if len(device_id) <= digits:
        return bytes.fromhex(device_id.zfill(digits))
    imei = int(device_id[:-1])
    if bytes_count != _IMEI_BYTES or len(device_id) != 15 or _luhn(imei) != int(device_id[-1]):
        raise ValueError(f"device id: expected at most {digits} digits or an IMEI")
    return imei.to_bytes(bytes_count, "big")


def _luhn(number: int) -> int:
    total = 0
    for place, digit in enumerate(reversed(str(number))):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


@dataclass(slots=True)
class Reader:
    """Takes fields from the front of bytes.

    Every method raises ProtocolError, naming what is read, when the bytes end before the field does.
    """

    data: bytes
    name: str
    at: int = 0

    @property
    def left(self) -> int:
        """How many bytes are not taken yet."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > self.left:
            raise ProtocolError(ErrorCode.BAD_FIELD, f"{self.name}: expected more bytes")
        self.at += count
        return self.data[self.at - count : self.at]

    def rest(self) -> bytes:
        """All the others."""
        return self.take(self.left)

    def u8(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def i8(self) -> int:
        """One byte with a sign."""
        return int.from_bytes(self.take(1), "big", signed=True)

    def u16(self) -> int:
        """Two bytes."""
        return int.from_bytes(self.take(2), "big")

    def i16(self) -> int:
        """Two bytes with a sign."""
        return int.from_bytes(self.take(2), "big", signed=True)

    def u24(self) -> int:
        """Three bytes."""
        return int.from_bytes(self.take(3), "big")

    def u32(self) -> int:
        """Four bytes."""
        return int.from_bytes(self.take(4), "big")

    def hex(self, count: int) -> str:
        """Bytes as hexadecimal digits."""
        return self.take(count).hex()

    def text(self, count: int | None = None, encoding: str = "ascii") -> str:
        """Text without what is not printable; an unreadable byte becomes a replacement sign."""
        return printable(self.rest() if count is None else self.take(count), encoding)

    def time_us(self, *, zone: tzinfo = BEIJING, day_first: bool = False) -> int | None:
        """Six bytes of BCD, year first unless told; None: no time, as terminals without a clock write it."""
        digits = self.hex(6)
        try:
            at = datetime.strptime(digits, "%d%m%y%H%M%S" if day_first else "%y%m%d%H%M%S").replace(tzinfo=zone)
        except ValueError:
            return None
        return (at - EPOCH) // timedelta(microseconds=1) if 2000 <= at.year < 2100 else None


def printable(data: bytes, encoding: str = "ascii") -> str:
    """Text without what is not printable."""
    return "".join(char for char in data.decode(encoding, "replace") if char.isprintable()).strip()
