"""Reads the end of a position: cells and access points, whose number the frame says itself.

Firmware differs in what it leaves out, so the lists are read by their counts where these fit and not at all where they
don't: a list that is wrong costs the networks, never the alarm before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from aralyk.protocols.messages import AccessPoint, Cell

NETWORKS_MAX: Final = 64  # a watch hears about ten
_COUNT: Final = re.compile(r"[0-9]{1,2}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_RSSI: Final = re.compile(r"-?[0-9]{1,3}")
_DECIMAL: Final = re.compile(r"[0-9]{1,10}")
_HEXADECIMAL: Final = re.compile(r"[0-9A-Fa-f]{1,9}")
_NUMERIC: Final = re.compile(r"-?[0-9A-Fa-f.]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What the watch heard; `complete`: as many as it said, and nothing of a name is left open."""

    cells: tuple[Cell, ...] = ()
    wifi: tuple[AccessPoint, ...] = ()
    complete: bool = False


def read_networks(fields: Sequence[str]) -> Networks:
    """Read the fields after the status word.

    Args:
        fields: Number of cells, timing advance, mcc, mnc, (lac, cid, signal) for each cell, number of access points,
            (name, mac, signal) for each, and perhaps an accuracy.
    """
    cell_count = _count(fields, 0)
    if not cell_count:
        return _without_cells(fields)
    if len(fields) < 4 + 3 * cell_count - 1:  # the last signal may be left out
        return Networks()
    cells = _cells(fields[2:4], fields[4 : 4 + 3 * cell_count])
    wifi, complete = _wifi(fields[4 + 3 * cell_count :])
    return Networks(cells=cells, wifi=wifi, complete=complete)


def _without_cells(fields: Sequence[str]) -> Networks:
    for start in (1, 2):  # without cells some firmware leaves out the timing advance too
        if start < len(fields) and _count(fields, start) and _MAC.fullmatch(_field(fields, start + 2)):
            wifi, complete = _wifi(fields[start:])
            return Networks(wifi=wifi, complete=complete)
    numeric = all(_NUMERIC.fullmatch(field) for field in fields)
    return Networks(complete=numeric and not _count(fields, 1) | _count(fields, 2))


def _cells(operator: Sequence[str], fields: Sequence[str]) -> tuple[Cell, ...]:
    if not all(_DECIMAL.fullmatch(code) and int(code) <= 999 for code in operator):
        return ()  # no registration: the watch fills the fields with FFFF
    mcc, mnc = map(int, operator)
    cells = []
    for at in range(0, len(fields), 3):
        lac, cid = fields[at], _field(fields, at + 1)
        if not (_HEXADECIMAL.fullmatch(lac) and _HEXADECIMAL.fullmatch(cid)):
            continue
        base = 10 if _DECIMAL.fullmatch(lac) and _DECIMAL.fullmatch(cid) else 16
        signal = _field(fields, at + 2)
        cells.append(Cell(mcc=mcc, mnc=mnc, lac=int(lac, base), cid=int(cid, base), rssi_dbm=_dbm(signal)))
    return tuple(cells)


def _wifi(fields: Sequence[str]) -> tuple[tuple[AccessPoint, ...], bool]:
    """Read the number of access points and each of them; some firmware writes the names with commas in them."""
    said = _count(fields, 0)
    found = tuple(
        AccessPoint(mac=mac.lower(), rssi_dbm=_dbm(signal))
        for mac, signal in pairwise(fields)
        if _MAC.fullmatch(mac) and _RSSI.fullmatch(signal)
    )
    rest_is_numeric = said > 0 or all(_NUMERIC.fullmatch(field) for field in fields)
    return found[:NETWORKS_MAX], len(found) >= said and rest_is_numeric


def _count(fields: Sequence[str], at: int) -> int:
    text = _field(fields, at)
    return int(text) if _COUNT.fullmatch(text) else 0


def _field(fields: Sequence[str], at: int) -> str:
    return fields[at] if at < len(fields) else ""


def _dbm(text: str) -> int | None:
    """Signals are written without their sign by most firmware; 0 is no signal."""
    if not _RSSI.fullmatch(text):
        return None
    return -abs(int(text)) or None
