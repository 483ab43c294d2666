"""The envelope of a watch's frame, `[XX*id*LLLL*content]` or `[XX*id*index*LLLL*content]`, and its escapes.

LLLL counts the content's bytes before escaping, in hexadecimal. On the wire the five bytes that structure a frame are
written as `}` and a number where they stand in binary content; text (Wi-Fi names) is sent as it is, brackets included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

FRAME_BYTES_MAX: Final = 32_768  # voice messages come in parts of some kilobytes; text frames have at most 1,000
_HEAD_BYTES_MAX: Final = 48  # the longest head has 43

_HEAD: Final = re.compile(
    rb"\[([A-Za-z0-9]{2})\*([A-Za-z0-9]{1,24})\*(?:([A-Za-z0-9]{1,8})\*(?=[0-9A-Fa-f]{4}\*))?([0-9A-Fa-f]{4})\*"
)
# Too few bytes to tell: the beginning of a head, or a head whose length may turn out to be an index.
_HEAD_BEGUN: Final = re.compile(
    rb"\[(?:[A-Za-z0-9]{0,2}|[A-Za-z0-9]{2}\*[A-Za-z0-9]{0,24}"
    rb"|[A-Za-z0-9]{2}\*[A-Za-z0-9]{1,24}\*[A-Za-z0-9]{0,8}(?:\*[0-9A-Fa-f]{0,4})?)"
)
_ESCAPES: Final = {0x7D: 1, 0x5B: 2, 0x5D: 3, 0x2C: 4, 0x2A: 5}
_ESCAPED: Final = re.compile(rb"\}([\x01-\x05])")
_PLAIN: Final = {number: bytes((byte,)) for byte, number in _ESCAPES.items()}
ESCAPE: Final = 0x7D


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Who speaks, and how long the content is said to be."""

    manufacturer: str
    device_id: str
    index: str | None
    content_bytes: int
    ends_at: int


def read_head(data: bytes | bytearray) -> Head | None:
    """Read the head that the bytes begin with; None: they begin with none."""
    match = _HEAD.match(data)
    if match is None:
        return None
    manufacturer, device_id, index, length = match.groups()
    return Head(
        manufacturer=manufacturer.decode("ascii"),
        device_id=device_id.decode("ascii"),
        index=None if index is None else index.decode("ascii"),
        content_bytes=int(length, 16),
        ends_at=match.end(),
    )


def head_begins(data: bytes | bytearray, at: int) -> bool | None:
    """Whether a head stands at a "["; None: more bytes are needed to tell."""
    window = bytes(data[at : at + _HEAD_BYTES_MAX])
    if len(window) < _HEAD_BYTES_MAX and _HEAD_BEGUN.fullmatch(window):
        return None
    return _HEAD.match(window) is not None


def write_frame(content: bytes, *, manufacturer: str, device_id: str, index: str | None = None) -> bytes:
    """Write a frame around content that is already as it stands on the wire.

    Raises:
        ValueError: The content is longer than four hexadecimal digits can say.
    """
    length = len(unescape(content))
    if length > 0xFFFF:
        raise ValueError("a frame's content has at most 65535 bytes")
    numbered = "" if index is None else f"{index}*"
    return f"[{manufacturer}*{device_id}*{numbered}{length:04x}*".encode("ascii") + content + b"]"


def escape(data: bytes) -> bytes:
    """Write binary content as it stands on the wire."""
    return b"".join(bytes((ESCAPE, _ESCAPES[byte])) if byte in _ESCAPES else bytes((byte,)) for byte in data)


def unescape(data: bytes) -> bytes:
    """Undo `escape`; a `}` that no escape number follows is itself."""
    return _ESCAPED.sub(lambda match: _PLAIN[match[1][0]], data)
