"""What a step row says of the state after it, so that a replay can be compared with more than its decisions.

The digest of the engine's state costs time that grows with the orders (milliseconds for each thousand), so it is taken
once in a while: "state:<hex>". The steps between are chained: "since:<hex>" is the SHA-256 of the mark before, how far
time passed, what was read and what was decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256

from aralyk.engine import State

WHOLE = "state:"
CHAINED = "since:"


def whole(state: State) -> str:
    """The mark that names the state itself."""
    return WHOLE + state.digest()


def chained(before: str, *, now_us: int, up_to: Mapping[str, int], bodies: Iterable[bytes]) -> str:
    """The mark that continues the one before.

    Args:
        before: The mark of the step before; empty at the first.
        now_us: How far the step let time pass.
        up_to: Last sequence taken of each stream.
        bodies: The step's decisions, as stored.
    """
    head = json.dumps([before, now_us, sorted(up_to.items())], separators=(",", ":")).encode()
    seen = sha256(head)
    for body in bodies:
        seen.update(b"\n")
        seen.update(body)
    return CHAINED + seen.hexdigest()


def is_whole(mark: str) -> bool:
    """Whether a mark names the state itself."""
    return mark.startswith(WHOLE)
