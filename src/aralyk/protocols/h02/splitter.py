"""Cuts a stream in which text frames (`*XX,…#`) and binary ones (`$`, `X`) follow each other.

Binary frames have no length, terminator or checksum, and 32 or 45 bytes depending on the model (42 with a long id). The
length is told from the bytes alone, never from how they arrived: the short frame ends with FF 00 and a byte that can be
no signal strength; the others are long, unless a new frame begins right after the 32nd byte. What the bytes after a
frame have proven is kept for the connection's next ones.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError

FRAME_BYTES_MAX: Final = 2048  # the answer to a text command is a page of settings; positions have 80 to 130
SHORT: Final = 32
LONG_ID: Final = 42
LONG: Final = 45
START_BYTES: Final = 12  # what is looked at before binary bytes are believed to be a frame
SIGNAL_MAX: Final = 31  # strength in a long frame's 32nd byte: 0 to 31

_SPACE: Final = b" \t\r\n\0"
_MARKERS: Final = re.compile(rb"[*$X]")
_TEXT_STARTS: Final = re.compile(rb"\*[A-Za-z]{2},[0-9A-Za-z]")
_BCD: Final = frozenset(tens << 4 | ones for tens in range(10) for ones in range(10))
_MOMENT_MAX: Final = (0x23, 0x59, 0x59, 0x31, 0x12)


class _Start(Enum):
    YES = "yes"
    NO = "no"
    OPEN = "open"  # too few bytes to tell


class H02Splitter:
    """One connection's frames; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._garbage = bytearray()
        self._skipping = False
        self._proven: int | None = None

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete, with their markers."""
        out: list[bytes | BrokenFrame] = []
        self._held += data
        while self._step(out):
            pass
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off, unless only white space was open."""
        cut = (bytes(self._garbage + self._held).strip(_SPACE))[:FRAME_BYTES_MAX]
        self._held.clear()
        self._garbage.clear()
        self._skipping = False
        if not cut:
            return None
        error = ProtocolError(ErrorCode.FRAME_CUT, "frame: expected its end before the end of the connection")
        return BrokenFrame(raw=cut, error=error)

    def take_waiting(self) -> bytes | None:
        """Give a short binary frame that waits for a possible rest, where none can come (the end of a datagram)."""
        if len(self._held) < SHORT or self._held[0] not in b"$X" or _start(self._held) is not _Start.YES:
            return None
        return self._cut(len(self._held))

    def _step(self, out: list[bytes | BrokenFrame]) -> bool:
        if not (self._garbage or self._skipping):
            self._drop_space()
        if not self._held:
            return False
        start = _start(self._held)
        if start is _Start.OPEN:
            return False
        if start is _Start.NO:
            self._set_aside(out)
            return True
        self._end_garbage(out)
        return self._take_text(out) if self._held[0] == ord("*") else self._take_binary(out)

    def _drop_space(self) -> None:
        spaces = len(self._held) - len(self._held.lstrip(_SPACE))
        if spaces:
            del self._held[:spaces]

    def _set_aside(self, out: list[bytes | BrokenFrame]) -> None:
        marker = _MARKERS.search(self._held, 1)
        skipped = self._cut(marker.start() if marker else len(self._held))
        if self._skipping:
            return
        self._garbage += skipped
        if len(self._garbage) > FRAME_BYTES_MAX:
            self._end_garbage(out)
            self._skipping = True

    def _end_garbage(self, out: list[bytes | BrokenFrame]) -> None:
        self._skipping = False
        if self._garbage:
            error = ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '*' and text, or '$' and 31 or 44 bytes")
            out.append(BrokenFrame(raw=bytes(self._garbage[:FRAME_BYTES_MAX]), error=error))
            self._garbage.clear()

    def _take_text(self, out: list[bytes | BrokenFrame]) -> bool:
        end = self._held.find(b"#", 0, FRAME_BYTES_MAX)
        if end >= 0:
            self._give_text(self._cut(end + 1), out)
            return True
        if len(self._held) < FRAME_BYTES_MAX:
            return False
        error = ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected '#' within {FRAME_BYTES_MAX} bytes")
        out.append(BrokenFrame(raw=bytes(self._held[:FRAME_BYTES_MAX]), error=error))
        del self._held[:1]
        self._skipping = True
        return True

    def _give_text(self, text: bytes, out: list[bytes | BrokenFrame]) -> None:
        """Give a frame; what stands before a second beginning lost its '#'."""
        last = max((match.start() for match in _TEXT_STARTS.finditer(text, 1)), default=0)
        if last:
            error = ProtocolError(ErrorCode.FRAME_CUT, "frame: expected '#' before the next frame")
            out.append(BrokenFrame(raw=text[:last], error=error))
        out.append(text[last:])

    def _take_binary(self, out: list[bytes | BrokenFrame]) -> bool:
        length = self._length()
        if length is None or len(self._held) < length:
            return False
        out.append(self._cut(length))
        return True

    def _length(self) -> int | None:
        """Tell the length of the binary frame that begins here; None: too few bytes to tell."""
        if self._held[0] == ord("X"):
            return SHORT
        if len(self._held) < SHORT:
            return None
        if _has_long_id(self._held):
            return LONG_ID
        if self._proven == SHORT or (self._proven is None and _ends_short(self._held)):
            return SHORT
        follows = _start(self._held[SHORT : SHORT + START_BYTES])
        if follows is _Start.OPEN:
            return None
        if follows is _Start.NO:
            self._proven = LONG
            return LONG
        self._proven = None if _ends_short(self._held) else SHORT
        return SHORT

    def _cut(self, length: int) -> bytes:
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken


def frames_of_datagram(data: bytes) -> list[bytes | BrokenFrame]:
    """Cut a datagram, which no frame outlives."""
    splitter = H02Splitter()
    frames = splitter.feed(data)
    if (waiting := splitter.take_waiting()) is not None:
        frames.append(waiting)
    if (rest := splitter.close()) is not None:
        frames.append(rest)
    return frames


def _start(held: bytes | bytearray) -> _Start:
    """Whether a frame begins here."""
    if not held:
        return _Start.OPEN
    if held[0] == ord("*"):
        return _text_start(held)
    if held[0] not in b"$X":
        return _Start.NO
    # Id, time and date are decimal digits; the ninth byte ends a long id, which may be padded.
    if not all(byte in _BCD for byte in held[1:8] + held[9:START_BYTES]):
        return _Start.NO
    return _Start.YES if len(held) >= START_BYTES else _Start.OPEN


def _text_start(held: bytes | bytearray) -> _Start:
    head = bytes(held[:4])
    if not (head[1:3].isalpha() or len(head) == 1) or (len(head) == 4 and head[3:] != b","):
        return _Start.NO
    return _Start.YES if len(head) == 4 else _Start.OPEN


def _ends_short(held: bytes | bytearray) -> bool:
    return held[29] == 0xFF and held[30] == 0 and not 1 <= held[31] <= SIGNAL_MAX


def _has_long_id(held: bytes | bytearray) -> bool:
    return not _is_moment(held[6:11]) and _is_moment(held[9:14]) and any(held[9:14])


def _is_moment(bcd: bytes | bytearray) -> bool:
    """Whether hour, minute, second, day and month can stand here; no day and no month: a tracker without a clock."""
    if not all(byte in _BCD and byte <= limit for byte, limit in zip(bcd, _MOMENT_MAX, strict=True)):
        return False
    return bool(bcd[3] and bcd[4]) or not (bcd[3] or bcd[4])
