"""Finds the places of a text report.

Every report, whatever its type and model, writes a place as the same run of fields: accuracy (hdop, 0: the last known
place), speed, course, altitude, longitude, latitude, UTC time; then, after networks that it may list, the serving cell.
What stands before and after differs by type, model and firmware, so a place is found by its form: two decimal degrees
and a time of 14 digits, or the same fields left empty before a cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record, parse_number
from aralyk.protocols.messages import EPOCH, AccessPoint, Cell
from aralyk.protocols.wire import DECIMALS, KMH_MPS, mac_of_digits

HDOP: Final = Range(low=0, high=100, unit="(hdop)")
SPEED_KMH: Final = Range(low=0, high=3600, unit="km/h")
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
ACCESS_POINTS_MAX: Final = 64

_BEFORE_DEGREES: Final = 4  # accuracy, speed, course, altitude
_BEFORE_TIME: Final = 6
_EMPTY_BEFORE_CELL: Final = 6
_ACCESS_POINT_FIELDS: Final = 5  # mac, signal, three reserved
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}\.[0-9]{1,8}")
_TIME: Final = re.compile(r"[0-9]{14}")
_OPERATOR: Final = re.compile(r"[0-9]{1,4}")
_CELL_PART: Final = re.compile(r"[0-9A-Fa-f]{1,9}")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{12}")
_SIGNAL: Final = re.compile(r"-?[0-9]{1,3}")
_ACCURACY: Final = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{1,2})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One run of fields: where, or without a fix only the cell.

    Attributes:
        starts_at: Index of its accuracy.
        ends_at: Index after its cell.
        hdop: The accuracy as written; 0: the device repeats its last known place.
    """

    starts_at: int
    ends_at: int
    fixed_at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    hdop: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    altitude_m: float | None = None
    cells: tuple[Cell, ...] = ()
    wifi: tuple[AccessPoint, ...] = ()


def find_places(fields: Sequence[str], *, start: int, stop: int, record: Record) -> list[Place]:
    """Find all places between two indexes, in their order.

    Args:
        fields: The report's fields.
        start: Index after the device's id.
        stop: Index of the send time.
        record: Its `unreadable` collects measurements that can't be used.

    Raises:
        ProtocolError: A place is written, and outside the earth.
    """
    places: list[Place] = []
    at = start
    while at < stop:
        place = _with_fix(fields, at, stop, record) or _without_fix(fields, at, stop)
        if place is None:
            at += 1
            continue
        places.append(place)
        at = place.ends_at
    return places


def time_or_none(text: str, *, name: str, record: Record) -> int | None:
    """Read yyyymmddhhmmss; a time that does not exist is unknown, and noted."""
    if not text:
        return None
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        at = datetime.strptime(f"{text}+0000", "%Y%m%d%H%M%S%z")
        if not 1970 < at.year < 2100:
            raise ValueError
    except ValueError:
        record.unreadable.append(name)
        return None
    return (at - EPOCH) // timedelta(microseconds=1)


def _with_fix(fields: Sequence[str], at: int, stop: int, record: Record) -> Place | None:
    lon_at = at + _BEFORE_DEGREES
    if at + _BEFORE_TIME >= stop or not _DEGREES.fullmatch(fields[lon_at]):
        return None
    if not (_DEGREES.fullmatch(fields[lon_at + 1]) and _TIME.fullmatch(fields[lon_at + 2])):
        return None
    measured = {"hdop": at, "speed": at + 1, "course": at + 2, "altitude": at + 3}
    said = Record(
        values={name: fields[index] for name, index in measured.items() if fields[index]}, unreadable=record.unreadable
    )
    speed_kmh = said.optional_number("speed", SPEED_KMH)
    heading_deg = said.optional_number("course", HEADING)
    wifi, cell_at = _wifi(fields, at + _BEFORE_TIME + 1, stop)
    cells, ends_at = _cell(fields, cell_at, stop)
    return Place(
        starts_at=at,
        ends_at=ends_at,
        fixed_at_us=time_or_none(fields[lon_at + 2], name="time", record=record),
        lon=parse_number(fields[lon_at], name="longitude", bounds=LONGITUDE) + 0.0,
        lat=parse_number(fields[lon_at + 1], name="latitude", bounds=LATITUDE) + 0.0,
        hdop=said.optional_number("hdop", HDOP),
        speed_mps=None if speed_kmh is None else round(speed_kmh * KMH_MPS, DECIMALS),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        altitude_m=said.optional_number("altitude", ALTITUDE_M),
        cells=cells,
        wifi=wifi,
    )


def _without_fix(fields: Sequence[str], at: int, stop: int) -> Place | None:
    """A run that is empty but for its accuracy, and perhaps a time, and has a cell or access points."""
    empty_to = at + _EMPTY_BEFORE_CELL
    if empty_to + 1 >= stop or any(fields[at + 1 : empty_to]) or not _ACCURACY.fullmatch(fields[at]):
        return None
    if fields[empty_to] and not _TIME.fullmatch(fields[empty_to]):
        return None
    wifi, cell_at = _wifi(fields, empty_to + 1, stop)
    cells, ends_at = _cell(fields, cell_at, stop)
    if not cells and not wifi:
        return None
    return Place(starts_at=at, ends_at=ends_at, cells=cells, wifi=wifi)


def _wifi(fields: Sequence[str], at: int, stop: int) -> tuple[tuple[AccessPoint, ...], int]:
    """Read the number of access points and each of them, where the report lists them before its cell."""
    if at + 2 >= stop or not (fields[at].isdecimal() and _MAC.fullmatch(fields[at + 1])):
        return (), at
    return access_points(fields, at + 1, stop, step=_ACCESS_POINT_FIELDS)


def access_points(fields: Sequence[str], at: int, stop: int, *, step: int) -> tuple[tuple[AccessPoint, ...], int]:
    """Read access points one after another; gives them and the index after the last."""
    found: list[AccessPoint] = []
    while at + 1 < stop and _MAC.fullmatch(fields[at]) and _SIGNAL.fullmatch(fields[at + 1]):
        if len(found) < ACCESS_POINTS_MAX:
            found.append(AccessPoint(mac=mac_of_digits(fields[at]), rssi_dbm=-abs(int(fields[at + 1])) or None))
        at += step
    return tuple(found), at


def _cell(fields: Sequence[str], at: int, stop: int) -> tuple[tuple[Cell, ...], int]:
    """Read the serving cell; its four fields are there even when they can't be read."""
    if at + 4 > stop:
        return (), at
    cell = read_cell(fields[at : at + 4])
    return ((cell,) if cell is not None and cell.mcc else ()), at + 4


def read_cell(parts: Sequence[str], signal: str = "") -> Cell | None:
    """Read mcc, mnc (decimal), lac, cid (hexadecimal); None: these fields are no cell."""
    mcc, mnc, lac, cid = parts
    if not (_OPERATOR.fullmatch(mcc) and _OPERATOR.fullmatch(mnc) and int(mcc) <= 999 and int(mnc) <= 999):
        return None
    if not (_CELL_PART.fullmatch(lac) and _CELL_PART.fullmatch(cid)):
        return None
    rssi_dbm = (-abs(int(signal)) or None) if _SIGNAL.fullmatch(signal) else None
    return Cell(mcc=int(mcc), mnc=int(mnc), lac=int(lac, 16), cid=int(cid, 16), rssi_dbm=rssi_dbm)
