"""Cuts the stream by the length in each frame, and finds the next one where a length lies.

Three forms are known: the length is right; it leaves out the checksum (two bytes short); it counts something else (the
dialects of kinds 17 and 69), and only CR LF ends the frame. Bytes that can't begin a frame are given once, as one
broken frame, when the next start is found; line ends between frames belong to none.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.checksums import crc16_x25
from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.gt06.frame import END, FRAME_BYTES_MAX, LONG, SHORT

_STARTS: Final = (SHORT, LONG)
_LENGTH_AT: Final = 2  # in a short frame
_MISCOUNTED: Final = 2
_WAIT: Final = 0
_REFUSE: Final = -2  # the start bytes, which were none


class LengthSplitter:
    """One connection's frames; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._garbage = bytearray()
        self._error: ProtocolError | None = None

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete."""
        if not self._held and not self._garbage and self._error is None and _is_one_frame(data):
            return [data]  # what most readings are
        out: list[bytes | BrokenFrame] = []
        held = self._held
        held += data
        at = 0
        while at < len(held):
            start = _start(held, at)
            if start > at:
                self._discard(held[at:start])
                at = start
                continue
            size = _size(held, at)
            if size == _WAIT:
                break
            if size < 0:
                self._error = self._error or (_too_long() if size == _REFUSE else None)
                self._discard(held[at : at - size])
                at -= size
                continue
            self._refuse(out)
            out.append(bytes(held[at : at + size]))
            at += size
        del held[:at]
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off, unless only line ends were left."""
        cut = bytes(self._garbage + self._held)[:FRAME_BYTES_MAX]
        self._held.clear()
        self._garbage.clear()
        if not cut.strip(END):
            return None
        error = ProtocolError(ErrorCode.FRAME_CUT, "frame: expected its end before the end of the connection")
        return BrokenFrame(raw=cut, error=error)

    def _discard(self, data: bytearray) -> None:
        self._garbage += data[: FRAME_BYTES_MAX - len(self._garbage)]

    def _refuse(self, out: list[bytes | BrokenFrame]) -> None:
        if self._garbage.strip(END):
            out.append(BrokenFrame(raw=bytes(self._garbage), error=self._error or _not_a_start()))
        self._garbage.clear()
        self._error = None


def _is_one_frame(data: bytes) -> bool:
    """Whether these bytes are one whole short frame and nothing else, as `_size` would find."""
    return (
        data.startswith(SHORT) and data.endswith(END) and len(data) > _LENGTH_AT and data[_LENGTH_AT] + 5 == len(data)
    )


def _start(held: bytearray, at: int) -> int:
    """Where the next frame may begin; the last byte is left, for it may be half of a start."""
    if held.startswith(_STARTS, at):
        return at
    found = [place for start in _STARTS if (place := held.find(start, at)) >= 0]
    if found:
        return min(found)
    half = held[-1] in (SHORT[0], LONG[0])
    return len(held) - half


def _size(held: bytearray, at: int) -> int:
    """Bytes of the frame that begins here, or _WAIT, or how many to throw away, below 0."""
    have = len(held) - at
    if have < 4:
        return _WAIT
    size = held[at + 2] + 5 if held[at] == SHORT[0] else (held[at + 2] << 8 | held[at + 3]) + 6
    if size > FRAME_BYTES_MAX:
        return _REFUSE
    if have < size:
        return _WAIT
    if held[at + size - 2 : at + size] == END:
        return size
    if have < size + _MISCOUNTED:
        return _WAIT
    if held[at + size : at + size + _MISCOUNTED] == END:
        return size + _MISCOUNTED
    end = held.find(END, at, at + FRAME_BYTES_MAX)
    if end >= 0:
        whole = _whole_frame(held, at + 2, end + 2)
        return end + 2 - at if whole is None else at - whole
    return _REFUSE if have >= FRAME_BYTES_MAX else _WAIT


def _whole_frame(held: bytearray, at: int, end: int) -> int | None:
    """Where a whole frame begins that ends here: the one before it lost its end, and must not swallow it."""
    while (at := min((place for start in _STARTS if (place := held.find(start, at, end)) >= 0), default=-1)) >= 0:
        size = held[at + 2] + 5 if held[at] == SHORT[0] else (held[at + 2] << 8 | held[at + 3]) + 6
        if at + size == end and crc16_x25(bytes(held[at + 2 : end - 4])) == held[end - 4 : end - 2]:
            return at
        at += 1
    return None


def _not_a_start() -> ProtocolError:
    return ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected 78 78 or 79 79, a length that fits, and CR LF")


def _too_long() -> ProtocolError:
    return ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected an end within {FRAME_BYTES_MAX} bytes")
