"""Cuts a device's stream by its lengths, and finds the way back after garbage.

A frame begins with the length of an IMEI, or with four zeros and the length of its data; a single FF is a ping. What
begins in no such way is garbage: it is given once, cut to the frame limit, as soon as a beginning is found that also
has a known codec or an IMEI's digits. That decision looks at a fixed number of bytes, so it does not depend on chunks.
"""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.codec import BrokenFrame
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.teltonika.frame import (
    CHECKSUM_BYTES,
    FRAME_BYTES_MAX,
    HEAD_BYTES,
    IMEI_BYTES_MAX,
    IMEI_BYTES_MIN,
    PING,
    PREAMBLE,
    U32,
)

DATA_BYTES_MIN: Final = 3  # codec and the number of records twice
DATA_BYTES_MAX: Final = FRAME_BYTES_MAX - HEAD_BYTES - CHECKSUM_BYTES
# What is believed after garbage: a login with its digits, or a length within the limit before a known codec.
_BEGINNING: Final = re.compile(
    rb"\0(?:\x0e[0-9]{14}|\x0f[0-9]{15}|\x10[0-9]{16})|\0{6}[\0-\x3f][\0-\xff][\x07\x08\x0c-\x10\x8e]"
)
_BEGINNING_BYTES_MAX: Final = 18


class LengthSplitter:
    """One connection's frames; equal for any chunking of the same bytes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._garbage = bytearray()
        self._error: ProtocolError | None = None  # of the garbage whose end we look for
        self._told = False  # whether that garbage was given already

    def feed(self, data: bytes, /) -> list[bytes | BrokenFrame]:
        """Take bytes, give the frames that are now complete."""
        if not self._held and self._error is None and _is_one_frame(data):
            return [data]  # what most readings are
        out: list[bytes | BrokenFrame] = []
        held = self._held
        held += data
        at = 0
        while at < len(held):
            if self._error is not None:
                at, found = self._search(at, out)
                if not found:
                    break
            size = self._size(at)
            if size is None or len(held) - at < size:
                break
            if size:
                out.append(bytes(held[at : at + size]))
                at += size
            else:
                self._error = _refusal(held[at : at + HEAD_BYTES])
        del held[:at]
        return out

    def close(self) -> BrokenFrame | None:
        """Give what the end of the connection cut off, or the garbage that it ended."""
        error = self._error or ProtocolError(ErrorCode.FRAME_CUT, "frame: expected all the bytes that its length says")
        cut = bytes(self._garbage + self._held)[:FRAME_BYTES_MAX]
        is_told = self._told
        self._held.clear()
        self._garbage.clear()
        self._error, self._told = None, False
        return None if is_told or not cut else BrokenFrame(raw=cut, error=error)

    def _size(self, at: int) -> int | None:
        """Bytes of the frame that begins here; None: more are needed to know; 0: none begins here."""
        held = self._held
        if held[at] == PING:
            return 1
        if len(held) - at < 2:
            return None
        length = held[at] << 8 | held[at + 1]
        if length:
            return 2 + length if IMEI_BYTES_MIN <= length <= IMEI_BYTES_MAX else 0
        if len(held) - at < HEAD_BYTES:
            return None
        data_bytes: int = U32.unpack_from(held, at + 4)[0]
        if held[at : at + 4] != PREAMBLE or not DATA_BYTES_MIN <= data_bytes <= DATA_BYTES_MAX:
            return 0
        return HEAD_BYTES + data_bytes + CHECKSUM_BYTES

    def _search(self, at: int, out: list[bytes | BrokenFrame]) -> tuple[int, bool]:
        """Throw away bytes up to the next beginning, or up to those that may become one."""
        held = self._held
        start = at
        while match := _BEGINNING.search(held, start):
            start = match.start()
            if self._size(start):
                break
            start += 1
        end = start if match else max(at, len(held) - _BEGINNING_BYTES_MAX + 1)
        self._throw(held[at:end], out)
        if match:
            self._tell(out)
            self._error, self._told = None, False
        return end, match is not None

    def _throw(self, garbage: bytearray, out: list[bytes | BrokenFrame]) -> None:
        if self._told:
            return
        self._garbage += garbage
        if len(self._garbage) >= FRAME_BYTES_MAX:
            self._tell(out)

    def _tell(self, out: list[bytes | BrokenFrame]) -> None:
        if self._garbage and self._error is not None:
            out.append(BrokenFrame(raw=bytes(self._garbage[:FRAME_BYTES_MAX]), error=self._error))
        self._garbage.clear()
        self._told = True


def _is_one_frame(data: bytes) -> bool:
    """Whether these bytes are one whole frame of data and nothing else, as `_size` would find."""
    length = len(data) - HEAD_BYTES - CHECKSUM_BYTES
    if not DATA_BYTES_MIN <= length <= DATA_BYTES_MAX:
        return False
    return data.startswith(PREAMBLE) and length == U32.unpack_from(data, len(PREAMBLE))[0]


def _refusal(head: bytes | bytearray) -> ProtocolError:
    if head[:4] == PREAMBLE and U32.unpack_from(head, 4)[0] > DATA_BYTES_MAX:
        return ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    return ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected a login, or four zeros before data")
