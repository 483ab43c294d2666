"""Cuts a tracker's stream, in which text and binary frames may alternate.

Text ends with "$" (some firmware: with a zero byte). Binary frames say their length, each kind at its own place. Bytes
that begin no known frame are told once, up to the next beginning; a text frame within which another one begins has
lost its end, and the later one is kept.
"""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError

FRAME_BYTES_MAX: Final = 4096  # the longest known frame, 268 compressed places, has 1,422
TAILED_BYTES_MIN: Final = 24  # head, id, send time and tail; shorter lengths are noise

_TEXT: Final = re.compile(rb"\+(?:RESP|BUFF|ACK):")
_TEXT_END: Final = re.compile(rb"[$\0]|\+(?:RESP|BUFF|ACK):")
_BEGINNINGS: Final = (b"+RESP:", b"+BUFF:", b"+ACK:")
_BEGINNING_BYTES: Final = 6
# Where the length stands, and its bytes.
_LENGTHS: Final = {
    b"+RSP": (9, 2), b"+BSP": (9, 2), b"+EVT": (9, 2), b"+BVT": (9, 2), b"+OBD": (9, 2), b"+BBD": (9, 2),
    b"+INF": (7, 2), b"+BNF": (7, 2), b"+CRD": (6, 2), b"+BRD": (6, 2), b"+LGN": (6, 2),
    b"+ACK": (6, 1), b"+HBD": (5, 1), b"+\0": (2, 2),
}  # fmt: skip
_BINARY: Final = re.compile(rb"\+(?:[RB]SP|EVT|BVT|OBD|BBD|INF|BNF|[CB]RD|LGN|ACK(?!:)|HBD)")
_SPACE: Final = b" \r\n\t\0$"


class QueclinkSplitter:
    """One connection's frames, text ones without their "$"; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._seen = 0  # bytes of what is open that were looked at
        self._garbage = False  # what is open begins no frame
        self._skipping = False  # what is open was already told as broken

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete."""
        self._held += data
        out: list[bytes | BrokenFrame] = []
        while self._step(out):
            pass
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut, unless only white space was open."""
        cut, told = bytes(self._held[:FRAME_BYTES_MAX]).strip(_SPACE), self._skipping
        self._held.clear()
        self._seen, self._garbage, self._skipping = 0, False, False
        if not cut or told:
            return None
        return _broken(cut, ErrorCode.FRAME_CUT, "frame: expected its end before the end of the connection")

    def _step(self, out: list[bytes | BrokenFrame]) -> bool:
        """Take one thing from the held bytes; False: more bytes are needed."""
        if self._skipping:
            return self._skip()
        if self._garbage:
            return self._tell_garbage(out)
        if self._seen == 0:
            del self._held[: len(self._held) - len(self._held.lstrip(_SPACE))]
        begins = _begins(self._held, 0) if self._held else None
        if begins is None:
            return False
        if not begins:
            self._garbage = True
            return True
        return self._text(out) if _TEXT.match(self._held) else self._binary(out)

    def _text(self, out: list[bytes | BrokenFrame]) -> bool:
        match = _TEXT_END.search(self._held, max(self._seen, 1))
        # Without an end, the last bytes may yet turn out to begin another frame.
        at = match.start() if match else len(self._held) - _BEGINNING_BYTES
        if at > FRAME_BYTES_MAX:
            self._refuse_long(out)
            return True
        if match is None:
            self._seen = max(1, at)
            return False
        frame = bytes(self._held[:at]).rstrip()
        if match[0] in (b"$", b"\0"):
            out.append(frame)
            at += 1
        else:
            out.append(_broken(frame, ErrorCode.FRAME_CUT, "frame: expected '$' before the next one begins"))
        del self._held[:at]
        self._seen = 0
        return True

    def _binary(self, out: list[bytes | BrokenFrame]) -> bool:
        at, size = _LENGTHS[b"+\0" if self._held[1] == 0 else bytes(self._held[:4])]
        if len(self._held) < at + size:
            return False
        length = int.from_bytes(self._held[at : at + size], "big")
        plausible = TAILED_BYTES_MIN <= length <= FRAME_BYTES_MAX
        if plausible and len(self._held) < length:
            return False
        frame = bytes(self._held[:length])
        if not plausible or not frame.endswith(b"$" if frame[1] == 0 else b"\r\n"):
            self._garbage, self._seen = True, 1  # what looked like a beginning was none
            return True
        out.append(frame)
        del self._held[:length]
        return True

    def _tell_garbage(self, out: list[bytes | BrokenFrame]) -> bool:
        end, begins = self._next_beginning()
        if end > FRAME_BYTES_MAX:
            self._refuse_long(out)
            return True
        self._seen = end
        if begins:
            detail = "frame: expected +RESP:, +BUFF:, +ACK: or a binary head"
            out.append(_broken(bytes(self._held[:end]).strip(_SPACE), ErrorCode.UNKNOWN_FRAME, detail))
            del self._held[:end]
            self._seen, self._garbage = 0, False
        return begins

    def _refuse_long(self, out: list[bytes | BrokenFrame]) -> None:
        detail = f"frame: expected at most {FRAME_BYTES_MAX} bytes"
        out.append(_broken(bytes(self._held[:FRAME_BYTES_MAX]), ErrorCode.FRAME_TOO_LONG, detail))
        del self._held[:FRAME_BYTES_MAX]
        self._seen, self._garbage, self._skipping = 0, False, True

    def _skip(self) -> bool:
        end, begins = self._next_beginning()
        del self._held[:end]
        self._seen, self._skipping = 0, not begins
        return begins

    def _next_beginning(self) -> tuple[int, bool]:
        """Where the next frame begins, or (False) where one may begin, or the end of the bytes."""
        start = self._seen
        while (start := self._held.find(b"+", start)) >= 0:
            # A plus and a zero byte are too little to believe in the middle of anything.
            begins = self._held[start + 1 : start + 2] != b"\0" and _begins(self._held, start)
            if begins is not False:
                return start, bool(begins)
            start += 1
        return len(self._held), False


def frames_of_datagram(datagram: bytes) -> list[bytes | BrokenFrame]:
    """Cut one datagram: the same frames, none of which goes on in the next."""
    splitter = QueclinkSplitter()
    frames = splitter.feed(datagram)
    cut = splitter.close()
    return frames if cut is None else [*frames, cut]


def _begins(held: bytearray, at: int) -> bool | None:
    """Whether a frame begins at a place; None: more bytes are needed to tell."""
    window = bytes(held[at : at + _BEGINNING_BYTES])
    if _TEXT.match(window) or window[1:2] == b"\0":
        return window.startswith(b"+")
    if len(window) >= 5 and _BINARY.match(window):
        return True
    beginnings = (*_BEGINNINGS, *(name + b"\1" for name in _LENGTHS))
    if any(len(window) < len(whole) and whole.startswith(window) for whole in beginnings):
        return None
    return False


def _broken(raw: bytes, code: ErrorCode, detail: str) -> BrokenFrame:
    return BrokenFrame(raw=raw, error=ProtocolError(code, detail))
