"""Cuts the stream: text ends at its line's end, binary kinds end where their length says.

What belongs to no frame is given once, as one broken frame, when the next frame begins or the connection ends.
"""

from __future__ import annotations

from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.meitrack.envelope import BINARY_KINDS, FRAME_BYTES_MAX, HEAD, HEAD_BYTES_MAX, LINE_END, START

_TAIL_BYTES: Final = 5  # "*", checksum, line's end


class FrameSplitter:
    """One connection's frames; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._garbage = bytearray()
        self._garbage_code: ErrorCode | None = None

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete, with their line ends."""
        out: list[bytes | BrokenFrame] = []
        self._held += data
        while self._skip_to_start():
            end, refused = self._end()
            if refused is not None:
                self._drop(1, refused)
            elif end is None:
                break
            else:
                if (broken := self._told_garbage()) is not None:
                    out.append(broken)
                out.append(bytes(self._held[:end]))
                del self._held[:end]
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off."""
        self._drop(len(self._held), ErrorCode.FRAME_CUT)
        return self._told_garbage()

    def _skip_to_start(self) -> bool:
        start = self._held.find(START)
        if start < 0:
            # The last byte may be the first one of a start.
            start = len(self._held) - self._held.endswith(START[:1])
        if start:
            self._drop(start, ErrorCode.UNKNOWN_FRAME)
        return self._held.startswith(START)

    def _end(self) -> tuple[int | None, ErrorCode | None]:
        """Where the frame at the start ends, None: not yet known; or why there is none."""
        head = HEAD.match(self._held)
        if head is None:
            return None, ErrorCode.UNKNOWN_FRAME if len(self._held) >= HEAD_BYTES_MAX else None
        if bytes(head[4]) not in BINARY_KINDS:
            found = self._held.find(LINE_END, 0, FRAME_BYTES_MAX)
            if found >= 0:
                return found + len(LINE_END), None
            return None, ErrorCode.FRAME_TOO_LONG if len(self._held) >= FRAME_BYTES_MAX else None
        end = head.end(2) + int(head[2])
        if end > FRAME_BYTES_MAX:
            return None, ErrorCode.FRAME_TOO_LONG
        if len(self._held) < end:
            return None, None
        tail = self._held[end - _TAIL_BYTES : end]
        if end < head.end() + _TAIL_BYTES or not (tail.startswith(b"*") and tail.endswith(LINE_END)):
            return None, ErrorCode.UNKNOWN_FRAME
        return end, None

    def _drop(self, count: int, code: ErrorCode) -> None:
        dropped = self._held[:count]
        del self._held[:count]
        if dropped.strip(LINE_END) and self._garbage_code is None:
            self._garbage_code = code
        self._garbage += dropped[: FRAME_BYTES_MAX - len(self._garbage)]

    def _told_garbage(self) -> BrokenFrame | None:
        raw, code = bytes(self._garbage).strip(LINE_END), self._garbage_code
        self._garbage.clear()
        self._garbage_code = None
        return None if code is None else BrokenFrame(raw=raw, error=_error(code))


def _error(code: ErrorCode) -> ProtocolError:
    if code is ErrorCode.FRAME_CUT:
        return ProtocolError(code, "frame: expected its end before the end of the connection")
    if code is ErrorCode.FRAME_TOO_LONG:
        return ProtocolError(code, f"frame: expected its end within {FRAME_BYTES_MAX} bytes")
    return ProtocolError(code, "frame: expected '$$', a head, and '*', checksum and line's end where its length says")
