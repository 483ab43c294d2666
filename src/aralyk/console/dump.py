"""Bytes as a person can read them: offset, sixteen bytes in hex, and their text where they have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ROW_BYTES: Final = 16
SHOWN_BYTES_MAX: Final = 8_192  # a page of text; a longer frame is one of garbage


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpRow:
    """One line."""

    offset: str
    hex: str
    text: str


def dump(raw: bytes) -> list[DumpRow]:
    """The lines of the first SHOWN_BYTES_MAX bytes."""
    shown = raw[:SHOWN_BYTES_MAX]
    return [_row(at, shown[at : at + ROW_BYTES]) for at in range(0, len(shown), ROW_BYTES)]


def _row(at: int, part: bytes) -> DumpRow:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)
    return DumpRow(offset=f"{at:04x}", hex=part.hex(" "), text=text)
