"""Cuts a watch's stream into frames, by the length that each head declares.

A Wi-Fi name may hold any bracket, so brackets alone end nothing. Some firmware declares a wrong length; such a frame
is still given, at the first "]" after which nothing can be missing: after plain numbers and words, or after the last
network that a position announces; failing that, where the next head begins. The frames given are unescaped.
"""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.watch.networks import read_networks
from aralyk.protocols.watch.wire import (
    ESCAPE,
    FRAME_BYTES_MAX,
    Head,
    head_begins,
    read_head,
    unescape,
)

_OPEN: Final = 0x5B
_CLOSE: Final = 0x5D
_NAMING: Final = (b"UD", b"AL", b"WT")  # kinds of content that list Wi-Fi names
_FIELDS_BEFORE_NETWORKS: Final = 17
_PLAIN: Final = re.compile(rb"[A-Za-z0-9,.:+_ -]*")  # contents of numbers and words, in which no bracket stands
_TEXT_BYTES_MAX: Final = 4096  # a position with 20 named networks has 1,000
_SPACE: Final = b" \r\n\t\0"


class WatchSplitter:
    """One connection's frames; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._head: Head | None = None
        self._at = 0  # the next byte of `_held` to look at
        self._content = 0  # bytes of content before `_at`, unescaped
        self._skipping = False  # within bytes that were already told as broken

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete, unescaped."""
        self._held += data
        out: list[bytes | BrokenFrame] = []
        while self._step(out):
            pass
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut, unless only white space was open."""
        cut = bytes(self._held[:FRAME_BYTES_MAX]).strip(_SPACE)
        told = self._skipping
        self._held.clear()
        self._head, self._at, self._skipping = None, 0, False
        if not cut or told:
            return None
        return _broken(cut, ErrorCode.FRAME_CUT, "frame: expected ']' before the end of the connection")

    def _step(self, out: list[bytes | BrokenFrame]) -> bool:
        """Take one thing from the held bytes; False: more bytes are needed."""
        if self._head is not None:
            return self._in_frame(self._head, out)
        if not self._skipping and self._at == 0:
            del self._held[: len(self._held) - len(self._held.lstrip(_SPACE))]
        if not self._held:
            return False
        start, told = self._next_head(self._at)
        if start == 0 and told and (head := read_head(self._held)) is not None:
            self._skipping = False
            self._head, self._at, self._content = head, head.ends_at, 0
            return True
        return self._garbage(start, out, head_follows=bool(told))

    def _next_head(self, after: int, last: int | None = None) -> tuple[int, bool | None]:
        """Where the next head stands (True) or may stand (None), or the end of the bytes (False)."""
        start = after
        while (start := self._held.find(b"[", start, None if last is None else last + 1)) >= 0:
            told = head_begins(self._held, start)
            if told is not False:
                return start, told
            start += 1
        return len(self._held), False

    def _garbage(self, end: int, out: list[bytes | BrokenFrame], *, head_follows: bool) -> bool:
        """Bytes up to `end` are no frame: tell them once, when the next head is there or the limit is met."""
        if head_follows or end > FRAME_BYTES_MAX or self._skipping:
            piece = bytes(self._held[: min(end, FRAME_BYTES_MAX)]).strip(_SPACE)
            if piece and not self._skipping:
                out.append(_broken(piece, ErrorCode.UNKNOWN_FRAME, "frame: expected [XX*id*LLLL*content]"))
            self._skipping = self._skipping or end > FRAME_BYTES_MAX
            del self._held[:end]
            self._at = 0
            return head_follows
        self._at = end
        return False

    def _in_frame(self, head: Head, out: list[bytes | BrokenFrame]) -> bool:
        if head.content_bytes + head.ends_at >= FRAME_BYTES_MAX:
            return self._give_up(head.ends_at, out)
        while self._at < len(self._held):
            byte = self._held[self._at]
            if byte == _CLOSE and self._ends_here(head):
                out.append(unescape(bytes(self._held[: self._at + 1])))
                del self._held[: self._at + 1]
                self._head, self._at = None, 0
                return True
            if self._content >= head.content_bytes and (cut := self._cut_by_a_head(head, out)) is not False:
                return bool(cut)
            if byte == ESCAPE and self._at + 1 == len(self._held):
                return False  # the next byte tells whether this is an escape
            self._at += 2 if byte == ESCAPE and 1 <= self._held[self._at + 1] <= 5 else 1
            self._content += 1
            if self._at > 2 * FRAME_BYTES_MAX:
                return self._give_up(FRAME_BYTES_MAX, out)
        return False

    def _ends_here(self, head: Head) -> bool:
        if self._content == head.content_bytes:
            return True
        content = bytes(self._held[head.ends_at : self._at])
        if len(content) > _TEXT_BYTES_MAX:
            return False
        if not content.startswith(_NAMING):
            return _PLAIN.fullmatch(content) is not None
        fields = content.decode("latin-1").split(",")
        return len(fields) > _FIELDS_BEFORE_NETWORKS and read_networks(fields[_FIELDS_BEFORE_NETWORKS:]).complete

    def _cut_by_a_head(self, head: Head, out: list[bytes | BrokenFrame]) -> bool | None:
        """Past the declared end without "]", the frame ends where another head stands; None: not yet to be told."""
        if self._content > head.content_bytes and self._held[self._at] != _OPEN:
            return False
        first = head.ends_at if self._content == head.content_bytes else self._at
        start, told = self._next_head(first, self._at)
        if not told:
            return told
        piece = bytes(self._held[:start]).rstrip(_SPACE)
        if piece.endswith(b"]"):
            out.append(unescape(piece))  # its alarm stands before whatever is wrong with it
        else:
            out.append(_broken(piece[:FRAME_BYTES_MAX], ErrorCode.FRAME_CUT, "frame: expected ']' at its length"))
        del self._held[:start]
        self._head, self._at = None, 0
        return True

    def _give_up(self, raw_bytes: int, out: list[bytes | BrokenFrame]) -> bool:
        detail = f"frame: expected at most {FRAME_BYTES_MAX} bytes"
        out.append(_broken(bytes(self._held[:raw_bytes]), ErrorCode.FRAME_TOO_LONG, detail))
        del self._held[:1]
        self._head, self._at, self._skipping = None, 0, True
        return True


def _broken(raw: bytes, code: ErrorCode, detail: str) -> BrokenFrame:
    return BrokenFrame(raw=raw, error=ProtocolError(code, detail))
