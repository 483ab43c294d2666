"""Messages that are cut into parts: what a connection has heard of one stands in its context until the rest is there.

Each part is a frame of its own: it is stored, acknowledged and read as far as it goes before the next one comes:
terminals wait for the acknowledgement of each, and an alarm in a first part must not wait for a last one. What can't be
read yet is carried over, and beside the later part the log has the context that it was read with: it reads the same
years later. A part that was not heard, or another connection, ends the carrying; so do more bytes than anybody needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aralyk.protocols.jt808.wire import Envelope

PARTS: Final = "parts"  # the key in a session's context
# Of one connection; a hundred positions with their networks. A batch carries over one unfinished record at most.
HELD_BYTES_MAX: Final = 8 * 1024


def joined(envelope: Envelope, context: Mapping[str, str]) -> bytes | None:
    """A part's body behind what the parts before it left over.

    Returns:
        The bytes; None: a part before it was not heard on this connection, or there was too much of it.
    """
    assert envelope.part is not None
    parts, number = envelope.part
    if number <= 1:
        return envelope.body
    name, _, held = context.get(PARTS, "").partition(":")
    try:
        return bytes.fromhex(held) + envelope.body if name == _name(envelope.kind, number - 1, parts) else None
    except ValueError:  # a context that somebody else wrote
        return None


def carried(envelope: Envelope, rest: bytes) -> str:
    """What the next part is to be read with, as a value of the context; empty: nothing."""
    assert envelope.part is not None
    parts, number = envelope.part
    if number >= parts or len(rest) > HELD_BYTES_MAX:
        return ""
    return f"{_name(envelope.kind, number, parts)}:{rest.hex()}"


def _name(kind: int, number: int, parts: int) -> str:
    return f"{kind:04x} {number}/{parts}"
