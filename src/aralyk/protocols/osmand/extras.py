"""What a record says beyond the fields we know: kept by the device's own names, typed and bounded.

The frame keeps everything; extras are a reader's convenience, so a limit never refuses a record: it counts what it
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

EXTRAS_MAX: Final = 64  # the richest client known sends 30
NAME_CHARS_MAX: Final = 64
TEXT_CHARS_MAX: Final = 512
EXACT_INTEGER_MAX: Final = 2**53  # beyond, JSON readers disagree about the value; such a number stays text
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,15})")
_DECIMAL: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")

# Our own words in `extra`; a device that uses one for something else must not change what readers of ours conclude.
# Least of all may a phone call itself attested, or its check-in passed, by a parameter.
RESERVED: Final = frozenset(
    {
        "alarm",
        "attestation",
        "check_in",
        "left_out",
        "mock",
        "proximity_ble",
        "push_token",
        "stored",
        "time_zone",
        "unreadable",
    }
)

Scalar = str | int | float | bool


def bounded(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Keep up to EXTRAS_MAX scalars; `left_out` counts the others."""
    kept: dict[str, Any] = {}
    left_out = 0
    for name, value in pairs:
        scalar = _scalar(value)
        if scalar is None:
            continue
        short = len(name) <= NAME_CHARS_MAX and len(str(scalar)) <= TEXT_CHARS_MAX
        if short and name not in RESERVED and len(kept) < EXTRAS_MAX:
            kept[name] = scalar
        else:
            left_out += 1
    if left_out:
        kept["left_out"] = left_out
    return kept


def typed(text: str) -> Scalar:
    """Read a form's text as what it looks like: a boolean, a number, else the text."""
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text) and abs(int(text)) <= EXACT_INTEGER_MAX:
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _scalar(value: object) -> Scalar | None:
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) <= EXACT_INTEGER_MAX else str(value)[: TEXT_CHARS_MAX + 1]
    return msgspec.json.encode(value).decode("utf-8")
