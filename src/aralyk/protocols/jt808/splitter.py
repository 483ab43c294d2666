"""Cuts a terminal's stream at its delimiters.

A delimiter both ends a frame and may begin the next, for a frame may have lost its end, and some terminals write one
delimiter between two frames. So every stretch between two delimiters is a frame, but one with a wrong checksum that
follows a complete frame: that is what stood between two frames, and is given once as broken. Padlocks also send
sentences in parentheses. Which of the two delimiters counts is learnt from the first frame with a right checksum.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from aralyk.protocols.checksums import xor_of
from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.jt808.wire import ALTERNATIVE, FRAME_BYTES_MAX, USUAL, unescaped

SENTENCE_BYTES_MAX: Final = 512  # the longest known has about 60
_OPEN: Final = ord("(")
_CLOSE: Final = ord(")")
_STARTS: Final = {
    None: re.compile(rb"[\x7e\xe7(]"),
    USUAL: re.compile(rb"[\x7e(]"),
    ALTERNATIVE: re.compile(rb"[\xe7(]"),
}
_DELIMITERS: Final = {
    None: re.compile(rb"[\x7e\xe7]"),
    USUAL: re.compile(rb"\x7e"),
    ALTERNATIVE: re.compile(rb"\xe7"),
}
_SENTENCE_END: Final = re.compile(rb"[^ -'*-}]")  # the closing parenthesis, or what no sentence holds


class _Within(Enum):
    """Where the stream stands."""

    GARBAGE = auto()
    FRAME = auto()
    SENTENCE = auto()
    SKIPPED = auto()


class DelimiterSplitter:
    """One connection's frames, unescaped, with their delimiters; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._within = _Within.GARBAGE
        self._held = bytearray()  # of the open stretch, without its delimiter
        self._before = b""  # garbage before an open sentence, which may turn out to be more of it
        self._delimiter = USUAL
        self._learnt: int | None = None
        self._shared = False  # the open stretch begins with the delimiter that ended the frame before

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete."""
        out: list[bytes | BrokenFrame] = []
        at = 0
        while at < len(data):
            at = self._step(data, at, out)
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off."""
        cut = self._before + bytes(self._held)
        self._before = b""
        self._held.clear()
        if not cut.strip():
            return None
        error = ProtocolError(ErrorCode.FRAME_CUT, "frame: expected its end before the connection's")
        return BrokenFrame(raw=cut[:FRAME_BYTES_MAX], error=error)

    def _step(self, data: bytes, at: int, out: list[bytes | BrokenFrame]) -> int:
        match self._within:
            case _Within.FRAME:
                return self._in_frame(data, at, out)
            case _Within.SENTENCE:
                return self._in_sentence(data, at, out)
            case _Within.GARBAGE:
                return self._in_garbage(data, at, out)
            case _Within.SKIPPED:
                start = _DELIMITERS[self._learnt].search(data, at)
                if start is None:
                    return len(data)
                self._begin(data[start.start()])
                return start.end()

    def _begin(self, delimiter: int) -> None:
        self._within = _Within.FRAME
        self._delimiter = delimiter
        self._shared = False

    def _in_garbage(self, data: bytes, at: int, out: list[bytes | BrokenFrame]) -> int:
        start = _STARTS[self._learnt].search(data, at)
        end = len(data) if start is None else start.start()
        taken = self._hold(data[at:end], FRAME_BYTES_MAX, out)
        if start is None or self._within is _Within.SKIPPED:
            return at + taken
        if data[end] == _OPEN:
            self._before = bytes(self._held)
            self._held.clear()
            self._within = _Within.SENTENCE
        else:
            self._end_garbage(out)
            self._begin(data[end])
        return end + 1

    def _in_frame(self, data: bytes, at: int, out: list[bytes | BrokenFrame]) -> int:
        if self._shared and not self._held and _STARTS[self._learnt].match(data, at):
            self._within = _Within.GARBAGE
            return at
        end = data.find(self._delimiter, at)
        taken = self._hold(data[at : len(data) if end < 0 else end], FRAME_BYTES_MAX - 2, out)
        if end < 0 or self._within is _Within.SKIPPED:
            return at + taken
        if self._held:
            self._end_frame(out)
        return end + 1

    def _end_frame(self, out: list[bytes | BrokenFrame]) -> None:
        inside = unescaped(bytes(self._held), self._delimiter)
        right = xor_of(inside) == 0
        if right and self._learnt is None:
            self._learnt = self._delimiter
        if self._shared and not right:
            self._end_garbage(out)
        else:
            mark = bytes([self._delimiter])
            out.append(mark + inside + mark)
        self._held.clear()
        self._shared = True

    def _in_sentence(self, data: bytes, at: int, out: list[bytes | BrokenFrame]) -> int:
        found = _SENTENCE_END.search(data, at)
        end = min(len(data) if found is None else found.start(), at + SENTENCE_BYTES_MAX + 1 - len(self._held))
        self._held += data[at:end]
        too_long = len(self._held) > SENTENCE_BYTES_MAX
        if end == len(data) and not too_long:
            return end
        said, before = b"(" + bytes(self._held), self._before
        self._held.clear()
        self._before = b""
        self._within = _Within.GARBAGE
        if too_long or data[end] != _CLOSE:
            self._hold(before + said, FRAME_BYTES_MAX, out)
            return end
        self._held += before
        self._end_garbage(out)
        out.append(said + b")")
        return end + 1

    def _hold(self, part: bytes, bytes_max: int, out: list[bytes | BrokenFrame]) -> int:
        """Take no more than there is room for and one byte; returns how many were taken."""
        part = part[: bytes_max + 1 - len(self._held)]
        self._held += part
        if len(self._held) > bytes_max:
            error = ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected its end within {bytes_max} bytes")
            out.append(BrokenFrame(raw=bytes(self._held[:bytes_max]), error=error))
            self._held.clear()
            self._within = _Within.SKIPPED
        return len(part)

    def _end_garbage(self, out: list[bytes | BrokenFrame]) -> None:
        garbage = bytes(self._held)
        self._held.clear()
        if garbage.strip():
            error = ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected 7E, E7 or a parenthesis at its start")
            out.append(BrokenFrame(raw=garbage, error=error))
