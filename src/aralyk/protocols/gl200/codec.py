"""Reads a tracker's frames: text reports here and in text.py, binary ones in binary.py, tagged ones in tagged.py."""

from __future__ import annotations

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.gl200.binary import decode_binary
from aralyk.protocols.gl200.splitter import FRAME_BYTES_MAX
from aralyk.protocols.gl200.tagged import decode_tagged
from aralyk.protocols.gl200.text import decode_text


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame, a text one with or without its "$".

    Args:
        frame: Text (`+RESP:`, `+BUFF:`, `+ACK:`), binary (`+RSP` …) or tagged (a plus and a zero byte).
        session: The registered model, which decides how a report ends; without one the frame's own version does.

    Raises:
        ProtocolError: Not a frame of this protocol; nothing else is raised for any bytes.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    if frame[1:2] == b"\0":
        return decode_tagged(frame)
    if frame[4:5] != b":" and frame[5:6] != b":":
        return decode_binary(frame, session)
    return decode_text(frame, session)
