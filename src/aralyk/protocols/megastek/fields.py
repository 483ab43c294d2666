"""Reads the fields that both forms of sentences share: identity, time, coordinates, numbers, cells."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range
from aralyk.protocols.messages import EPOCH, AccessPoint, Cell
from aralyk.protocols.wire import KNOT_MPS, angle, mac_of_digits

SPEED_KN: Final = Range(low=0, high=1000 / KNOT_MPS, unit="knots")
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
PERCENT: Final = Range(low=0, high=100, unit="percent")
ANY_NUMBER: Final = Range(low=-1e9, high=1e9, unit="")
WIFI_MAX: Final = 32

_DATE: Final = re.compile(r"[0-9]{6}")
_TIME: Final = re.compile(r"([0-9]{6})(?:\.([0-9]{1,6}))?")
_LATITUDE: Final = re.compile(r"([0-9]{1,2})([0-9]{2}(?:\.[0-9]{1,9})?)")
_LONGITUDE: Final = re.compile(r"([0-9]{1,3})([0-9]{2}(?:\.[0-9]{1,9})?)")
_DECIMAL: Final = re.compile(r"[0-9]{1,3}")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
_WIFI: Final = re.compile(r"([0-9A-Fa-f]{12}):-?([0-9]{1,3})")


def time_us(date: str, time: str) -> int:
    """Read ddmmyy and hhmmss, UTC.

    Raises:
        ProtocolError: Another form, or no moment.
    """
    match = _TIME.fullmatch(time)
    try:
        if match is None or not _DATE.fullmatch(date):
            raise ValueError
        at = datetime.strptime(f"{date}{match[1]}+0000", "%d%m%y%H%M%S%z")
    except ValueError:
        raise ProtocolError(ErrorCode.BAD_FIELD, "time: expected ddmmyy and hhmmss in UTC") from None
    if at.year < 2000:  # two digits of a year: Python takes 69 to 99 for the century before
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, "time: expected a year from 2000 to 2068")
    at_us: int = (at - EPOCH).days * 86_400_000_000 + (at - EPOCH).seconds * 1_000_000
    return at_us + int((match[2] or "").ljust(6, "0"))


def place(lat: str, north: str, lon: str, east: str) -> tuple[float, float] | None:
    """Read degrees and minutes; None: nothing was said.

    Raises:
        ProtocolError: Another form, or no place on Earth.
    """
    if not (lat or lon):
        return None
    return (
        _degrees(lat, north, form=_LATITUDE, letters="NS", name="latitude", bounds=LATITUDE),
        _degrees(lon, east, form=_LONGITUDE, letters="EW", name="longitude", bounds=LONGITUDE),
    )


def _degrees(text: str, letter: str, *, form: re.Pattern[str], letters: str, name: str, bounds: Range) -> float:
    match = form.fullmatch(text)
    if match is None or letter not in letters or len(letter) != 1:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected degrees and minutes, and {' or '.join(letters)}")
    degrees = angle(int(match[1]), float(match[2]), name=name, bounds=bounds)
    return -degrees if letter == letters[1] and degrees else degrees


def cell(mcc: str, mnc: str, lac: str, cid: str, *, rssi: str = "") -> tuple[Cell, ...]:
    """Read the serving cell, area and cell hexadecimal; the signal comes without its sign. Empty when not whole."""
    is_whole = _DECIMAL.fullmatch(mcc) and _DECIMAL.fullmatch(mnc) and _HEX.fullmatch(lac) and _HEX.fullmatch(cid)
    if not is_whole:
        return ()
    rssi_dbm = -int(rssi) if _DECIMAL.fullmatch(rssi) else None
    return (Cell(mcc=int(mcc), mnc=int(mnc), lac=int(lac, 16), cid=int(cid, 16), rssi_dbm=rssi_dbm),)


def wifi(text: str) -> tuple[AccessPoint, ...]:
    """Read `mac:signal` between bars; what has another form is left out."""
    matches = (_WIFI.fullmatch(part.strip()) for part in text.split("|")[:WIFI_MAX])
    return tuple(AccessPoint(mac=mac_of_digits(match[1]), rssi_dbm=-int(match[2])) for match in matches if match)


def add_numbers(extra: dict[str, Any], fields: dict[str, str]) -> None:
    """Add the fields that are numbers to a record's extra."""
    for name, text in fields.items():
        try:
            number = float(text)
        except ValueError:
            continue
        if abs(number) < ANY_NUMBER.high:
            extra[name] = int(number) if number == int(number) and "." not in text else number
