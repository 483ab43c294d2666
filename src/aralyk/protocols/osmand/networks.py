"""Cells and access points of a form: `cell=mcc,mnc,lac,cid[,rssi]` and `wifi=mac,rssi`, each repeatable."""

from __future__ import annotations

import re
from typing import Final

from aralyk.protocols.fields import Record
from aralyk.protocols.messages import AccessPoint, Cell

_CELL: Final = re.compile(r"([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,10}),([0-9]{1,12})(?:,(-?[0-9]{1,3}))?")
_WIFI: Final = re.compile(r"([0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})(?:,(-?[0-9]{1,3}))?")


def cells_of(record: Record) -> tuple[Cell, ...]:
    """Read the cells; one that we can't read is named in `unreadable`, the others stay."""
    return tuple(
        Cell(
            mcc=int(match[1]),
            mnc=int(match[2]),
            lac=int(match[3]),
            cid=int(match[4]),
            rssi_dbm=None if match[5] is None else int(match[5]),
        )
        for match in _matches(record, "cell", _CELL)
    )


def wifi_of(record: Record) -> tuple[AccessPoint, ...]:
    """Read the access points; a mac comes with colons or hyphens and leaves with colons, in lower case."""
    return tuple(
        AccessPoint(
            mac=match[1].lower().replace("-", ":"),
            rssi_dbm=None if match[2] is None else int(match[2]),
        )
        for match in _matches(record, "wifi", _WIFI)
    )


def _matches(record: Record, key: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    texts = record.values.get(key)
    if not isinstance(texts, list):
        return []
    matches = [pattern.fullmatch(text.strip()) for text in texts]
    if None in matches:
        record.unreadable.append(key)
    return [match for match in matches if match is not None]
