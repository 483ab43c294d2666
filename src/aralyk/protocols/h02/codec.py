"""Reads one frame: text between "*" and "#", or binary after "$". See README.md."""

from __future__ import annotations

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.h02.binary import read_binary
from aralyk.protocols.h02.splitter import FRAME_BYTES_MAX
from aralyk.protocols.h02.text import read_text


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame.

    Args:
        frame: With its markers; a line break after it belongs to nothing.
        session: Names the device where a frame does not (some keep-alives have an empty id).

    Returns:
        At most one message. A heartbeat (HTBT, V0) waits for itself as the answer. V1 and NBR have none: the reference
        answers them with its own clock, which a codec does not have.

    Raises:
        ProtocolError: Not a frame of this protocol; nothing else is raised for any bytes.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    match frame[:1]:
        case b"*":
            return read_text(frame, session)
        case b"$":
            return read_binary(frame)
        case b"X" if len(frame) >= 32:
            # A second copy of the last binary frame under a number that is not the device's: a sign of life.
            return Decoded(device_id=session.device_id, messages=())
        case _:
            raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '*' and text, or '$' and 31 or 44 bytes")
