"""Cuts the bracelet's stream at "$".

Frames have no length and no checksum; only the terminator holds them apart. Line breaks between frames are not part of
any. A frame over the limit is given once, cut to the limit, and its rest is thrown away up to the next "$".
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError

TERMINATOR: Final = b"$"
FRAME_BYTES_MAX: Final = 1024  # the longest known frame has about 120; more cells may be listed


class DollarSplitter:
    """One connection's frames; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete, without "$" and surrounding white space."""
        out: list[bytes | BrokenFrame] = []
        *ended, open_end = data.split(TERMINATOR)
        for part in ended:
            self._take(part, out)
            self._end(out)
        self._take(open_end, out)
        return out

    def close(self) -> BrokenFrame | None:
        """Give the frame that the end of the connection cut, unless only white space was open."""
        cut = bytes(self._held).strip()
        self._held.clear()
        if not cut:
            return None
        error = ProtocolError(ErrorCode.FRAME_CUT, "frame: expected '$' before the end of the connection")
        return BrokenFrame(raw=cut, error=error)

    def _take(self, part: bytes, out: list[bytes | BrokenFrame]) -> None:
        if self._skipping:
            return
        self._held += part if self._held else part.lstrip()
        if len(self._held) > FRAME_BYTES_MAX:
            error = ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected '$' within {FRAME_BYTES_MAX} bytes")
            out.append(BrokenFrame(raw=bytes(self._held[:FRAME_BYTES_MAX]), error=error))
            self._held.clear()
            self._skipping = True

    def _end(self, out: list[bytes | BrokenFrame]) -> None:
        frame = bytes(self._held).strip()
        self._held.clear()
        if frame and not self._skipping:
            out.append(frame)
        self._skipping = False
