"""Cuts the stream into sentences: each begins at "$" and ends at the line's end, or where the next one begins.

Bytes before a "$" belong to no sentence and are given once, as one broken frame; line ends alone are nothing.
"""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.laipac.sentence import FRAME_BYTES_MAX, LINE_END, START

_CUT: Final = re.compile(rb"(?=\$)|(?<=\n)")


class SentenceSplitter:
    """One connection's sentences; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the sentences that are now complete, without their line ends."""
        out: list[bytes | BrokenFrame] = []
        for piece in _CUT.split(data):
            if piece.startswith(START):
                self._end(out)
            # One byte more than the limit is enough to know that it was passed.
            self._held += piece[: FRAME_BYTES_MAX + 1 - len(self._held)]
            if piece.endswith(b"\n") and (self._held.startswith(START) or not self._held.strip(LINE_END)):
                self._end(out)
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off."""
        cut = bytes(self._held[:FRAME_BYTES_MAX]).strip(LINE_END)
        self._held.clear()
        if not cut:
            return None
        error = ProtocolError(ErrorCode.FRAME_CUT, "frame: expected a line's end before the end of the connection")
        return BrokenFrame(raw=cut, error=error)

    def _end(self, out: list[bytes | BrokenFrame]) -> None:
        held = bytes(self._held)
        self._held.clear()
        kept = held[:FRAME_BYTES_MAX].strip(LINE_END)
        if not kept:
            return
        if not kept.startswith(START):
            out.append(BrokenFrame(raw=kept, error=_not_a_start()))
        elif len(held) > FRAME_BYTES_MAX:
            out.append(BrokenFrame(raw=kept, error=_too_long()))
        else:
            out.append(kept)


def _not_a_start() -> ProtocolError:
    return ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '$' at its start")


def _too_long() -> ProtocolError:
    return ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected a line's end within {FRAME_BYTES_MAX} bytes")
