"""Reads a Teltonika device's frames: login, records, words, over TCP and UDP. See README.md in this folder.

The transport is told by the first bytes: zeros before data of TCP, a length and an IMEI for a login, a length that
counts the rest of a datagram for UDP. TCP data carry a checksum and are refused without the right one.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from aralyk.protocols.checksums import crc16_arc
from aralyk.protocols.codec import BrokenFrame, Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.teltonika.elements import PANIC
from aralyk.protocols.teltonika.frame import (
    CHECKSUM_BYTES,
    FRAME_BYTES_MAX,
    HEAD_BYTES,
    IMEI_BYTES_MAX,
    IMEI_BYTES_MIN,
    PING,
    PREAMBLE,
    U32,
)
from aralyk.protocols.teltonika.gh3000 import CODEC_7, read_gh3000_records
from aralyk.protocols.teltonika.records import LAYOUTS, read_records
from aralyk.protocols.teltonika.texts import TEXT_CODECS, read_text

ACCEPTED: Final = b"\x01"
UDP_HEAD: Final = struct.Struct(">HHBBH")  # length of the rest, packet, 1, AVL packet, length of the IMEI
UDP_ANSWER_PACKET: Final = 0  # the reference writes no packet number; devices go by the AVL packet's
PRIORITY_AT: Final = HEAD_BYTES + 10  # of the first record, after codec, number of records and time
_IMEI: Final = re.compile(rb"[0-9]{14,16}")


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame.

    Args:
        frame: A login, a ping, TCP data with envelope and checksum, or a whole datagram.
        session: Names the device for TCP data, which do not.

    Returns:
        The records; the answer is their number (TCP: 4 bytes), or 01 for a login.

    Raises:
        ProtocolError: Not a frame of this protocol, or a wrong checksum; nothing else is raised for any bytes.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    if frame[:4] == PREAMBLE:
        return _read_data(_checked(frame), session.device_id)
    if frame and frame.count(PING) == len(frame):
        return Decoded(device_id=session.device_id, messages=())
    if len(frame) < 2:
        raise _unknown()
    length = int.from_bytes(frame[:2], "big")
    if length != len(frame) - 2:
        raise _unknown()
    if IMEI_BYTES_MIN <= length <= IMEI_BYTES_MAX:
        return Decoded(device_id=_imei(frame[2:]), messages=(), answer=ACCEPTED)
    return _read_datagram(frame)


def frames_of_datagram(datagram: bytes) -> list[bytes | BrokenFrame]:
    """A datagram is one frame; an empty one is none."""
    if len(datagram) > FRAME_BYTES_MAX:
        error = ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
        return [BrokenFrame(raw=datagram[:FRAME_BYTES_MAX], error=error)]
    return [datagram] if datagram else []


def may_cry(frame: bytes) -> bool:
    """Whether the first record has a panic's priority; devices send such a record at once, in a frame of its own."""
    return len(frame) > PRIORITY_AT and frame[PRIORITY_AT] == PANIC


def may_name(frame: bytes) -> bool:
    """Whether the frame is no data: a login, or a ping that is taken for one."""
    return not frame.startswith(PREAMBLE)


def _checked(frame: bytes) -> bytes:
    data = frame[HEAD_BYTES:-CHECKSUM_BYTES]
    if len(frame) < HEAD_BYTES + CHECKSUM_BYTES or U32.unpack_from(frame, 4)[0] != len(data):
        raise ProtocolError(ErrorCode.BAD_FIELD, "length: expected the length of the data, followed by a checksum")
    if U32.unpack_from(frame, len(frame) - CHECKSUM_BYTES)[0] != crc16_arc(data):
        raise ProtocolError(ErrorCode.BAD_CHECKSUM, "checksum: expected CRC-16/ARC of the data")
    return data


def _read_data(data: bytes, device_id: str | None) -> Decoded:
    if len(data) < 3:
        raise ProtocolError(ErrorCode.BAD_FIELD, "data: expected codec, number of records, records and their number")
    codec, count = data[0], data[1]
    if codec in TEXT_CODECS:
        return read_text(data, device_id)
    if data[-1] != count:
        raise ProtocolError(ErrorCode.BAD_FIELD, "number of records: expected the same before and after them")
    answer = U32.pack(count)
    if codec in LAYOUTS:
        messages = read_records(data, 2, count, codec, device_id)
    elif codec == CODEC_7:
        messages = read_gh3000_records(data, 2, count, device_id)
    else:
        messages = ()  # a codec to come: a sign of life whose bytes the log keeps
    return Decoded(device_id=device_id, messages=messages, answer=answer)


def _read_datagram(frame: bytes) -> Decoded:
    if len(frame) < UDP_HEAD.size:
        raise _unknown()
    _, _, one, avl_packet, imei_length = UDP_HEAD.unpack_from(frame)
    if one != 1 or not IMEI_BYTES_MIN <= imei_length <= IMEI_BYTES_MAX:
        raise _unknown()
    data_at = UDP_HEAD.size + imei_length
    decoded = _read_data(frame[data_at:], _imei(frame[UDP_HEAD.size : data_at]))
    if decoded.answer is None or frame[data_at] in TEXT_CODECS:
        return decoded
    answer = struct.pack(">HHBBB", 5, UDP_ANSWER_PACKET, 1, avl_packet, frame[data_at + 1])
    return Decoded(device_id=decoded.device_id, messages=decoded.messages, answer=answer)


def _imei(digits: bytes) -> str:
    if not _IMEI.fullmatch(digits):
        raise ProtocolError(ErrorCode.BAD_FIELD, "imei: expected 14 to 16 digits")
    return digits.decode("ascii")


def _unknown() -> ProtocolError:
    return ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected a login, TCP data after four zeros, or a datagram")
