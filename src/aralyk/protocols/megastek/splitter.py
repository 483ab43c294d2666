"""Cuts a bracelet's stream into sentences.

A sentence of the newer form ends with "!", one of the older form with its line; four digits of length in front of a
newer one say the same as its "!" and are part of it. A sentence that was left open is ended by the head of the next.
Lines that hold no head are garbage: given once, cut to the frame limit, as soon as a sentence follows.
"""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError

FRAME_BYTES_MAX: Final = 2048  # the longest known sentence has 350: ten access points and a cell
_ENDED: Final = re.compile(rb"[^!\r\n]*[!\r\n]")
_OLD_HEADS: Final = (b"STX", b"LOGSTX")
_NEW_HEAD: Final = re.compile(rb"(?:[0-9]{4})?\$MGV[0-9]{3},")
_HEAD: Final = re.compile(rb"(?:LOG)?STX|(?:[0-9]{4})?\$MGV[0-9]{3},")
_BLANK: Final = b" \t\r\n\0"


class LineSplitter:
    """One connection's sentences; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._garbage = bytearray()
        self._error: ProtocolError | None = None  # of the garbage that was not given yet
        self._told = False  # whether the garbage since the last sentence was given
        self._skipping = False  # whether we are within a line over the limit

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the sentences that are now complete."""
        out: list[bytes | BrokenFrame] = []
        at = 0
        while match := _ENDED.match(data, at):
            self._take(data[at : match.end()], out)
            self._end(out)
            at = match.end()
        self._take(data[at:], out)
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off, with garbage before it."""
        cut = bytes(self._garbage + self._held).strip(_BLANK)[:FRAME_BYTES_MAX]
        error = self._error or ProtocolError(ErrorCode.FRAME_CUT, "sentence: expected '!' or the end of the line")
        is_told = self._skipping or (self._told and not _HEAD.search(self._held))
        self._held.clear()
        self._garbage.clear()
        self._error, self._told, self._skipping = None, False, False
        return None if is_told or not cut else BrokenFrame(raw=cut, error=error)

    def _take(self, part: bytes, out: list[bytes | BrokenFrame]) -> None:
        if self._skipping:
            return
        self._held += part if self._held else part.lstrip(_BLANK)
        if len(self._held) > FRAME_BYTES_MAX:
            self._skipping = True
            too_long = ProtocolError(ErrorCode.FRAME_TOO_LONG, f"sentence: expected at most {FRAME_BYTES_MAX} bytes")
            self._throw(bytes(self._held), too_long, out)
            self._held.clear()

    def _end(self, out: list[bytes | BrokenFrame]) -> None:
        if self._skipping:
            self._skipping = False
            return
        if self._held.startswith(_OLD_HEADS) and self._held.endswith(b"!"):
            return  # the older form ends with its line alone
        line = bytes(self._held).strip(_BLANK)
        self._held.clear()
        if not line:
            return
        head = _HEAD.search(line)
        self._throw(line[: head.start()] if head else line, _unknown(), out)
        if head is None:
            return
        self._tell(out)
        self._told = False
        starts = [head.start(), *(match.start() for match in _NEW_HEAD.finditer(line, head.end()))]
        out += (line[start:end] for start, end in zip(starts, [*starts[1:], len(line)], strict=True))

    def _throw(self, garbage: bytes, error: ProtocolError, out: list[bytes | BrokenFrame]) -> None:
        if self._told or not garbage:
            return
        self._garbage += garbage
        self._error = self._error or error
        if len(self._garbage) >= FRAME_BYTES_MAX:
            self._tell(out)

    def _tell(self, out: list[bytes | BrokenFrame]) -> None:
        if self._garbage and self._error is not None:
            out.append(BrokenFrame(raw=bytes(self._garbage[:FRAME_BYTES_MAX]), error=self._error))
        self._garbage.clear()
        self._error, self._told = None, True


def _unknown() -> ProtocolError:
    return ProtocolError(ErrorCode.UNKNOWN_FRAME, "sentence: expected $MGV or STX at its beginning")
