"""Reads a bracelet's frames: a satellite fix (@GPSD), cells only (@LBSD), a sign of life (@LINK).

Fields stand at fixed places between commas (see README.md). The strap's state and the alarm stand in every record; if
a record's place or time is unreadable while the strap is open or an alarm is raised, the message is given without them,
because an open strap must never wait for a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record, parse_number
from aralyk.protocols.messages import Alarm, Cell, Message, Source, Strap
from aralyk.protocols.r16h.splitter import FRAME_BYTES_MAX, TERMINATOR

KMH_MPS: Final = 1 / 3.6
DECIMALS: Final = 6
SPEED_KMH: Final = Range(low=0, high=3600, unit="km/h")
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
PERCENT: Final = Range(low=0, high=100, unit="percent")

_IMEI: Final = re.compile(r"[0-9]{14,16}")
_DATE: Final = re.compile(r"[0-9]{8}")
_TIME: Final = re.compile(r"[0-9]{6}")
_CELL: Final = re.compile(r"([0-9]{1,3})-([0-9]{1,3})-([0-9A-Fa-f]{1,8})-([0-9A-Fa-f]{1,9})(?::(-?[0-9]{1,3}))?")
# A fix as a bracelet writes it nearly always: every field in its form, no alarm.
_USUAL: Final = re.compile(
    rb"@GPSD,([0-9]{14,16}),([RS]),([0-9]{8}),([0-9]{6}),([0-9]{1,3}\.[0-9]{1,9}),([NS]),([0-9]{1,3}\.[0-9]{1,9}),([EW]),"
    rb"([0-9]{1,4})?,([0-9]{1,3})?,(-?[0-9]{1,5})?,([0-9]{1,3})?,([LR]),\$?"
)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_DAY_MIN: Final = date(1971, 1, 1).toordinal() - _EPOCH_DAY
_DAY_END: Final = date(2100, 1, 1).toordinal() - _EPOCH_DAY
_HEMISPHERES: Final = {"N": 1, "S": -1, "E": 1, "W": -1}
_STRAPS: Final = {"L": Strap.LOCKED, "R": Strap.OPEN}
_ALARMS: Final = {"SOS": Alarm.SOS, "LBT": Alarm.LOW_BATTERY, "ULK": Alarm.STRAP_OPEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where the fields of a kind of frame stand."""

    fields: int
    battery: int
    strap: int
    flag: int


_LAYOUTS: Final = {
    "@GPSD": _Layout(fields=15, battery=12, strap=13, flag=14),
    "@LBSD": _Layout(fields=11, battery=8, strap=9, flag=10),
}
_FORMS: Final = "expected @GPSD with 15 fields, @LBSD with 11 or @LINK with 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fix:
    """What a frame says about where; all None: nothing."""

    at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    cells: tuple[Cell, ...] = field(default=())


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one frame, with or without its "$".

    Args:
        frame: ASCII text.
        session: Not used: every frame names its device.

    Returns:
        One message, or none for @LINK; the protocol has no answer.

    Raises:
        ProtocolError: Not a frame of this protocol; nothing else is raised for any bytes.
    """
    usual = _USUAL.fullmatch(frame)
    if usual is not None and (message := _usual_fix(usual)) is not None:
        return Decoded(device_id=message.device_id, messages=(message,))
    kind, *fields = parts = _parts(frame)
    if kind == "@LINK" and len(parts) == 2:
        return Decoded(device_id=_imei(fields[0]), messages=())
    layout = _LAYOUTS.get(kind)
    if layout is None or len(parts) != layout.fields:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, f"frame: {_FORMS}")
    message = _message(parts, layout)
    assert message.device_id is not None
    return Decoded(device_id=message.device_id, messages=(message,))


def may_cry(frame: bytes) -> bool:
    """Whether the flag may be SOS."""
    return b"SOS" in frame.upper()


def _usual_fix(usual: re.Match[bytes]) -> Message | None:
    """The message of a fix in its usual form; None when a number or the time is out of its range: see `_message`."""
    imei, stored, day, time, lat, north, lon, east, speed, course, altitude, battery, strap = usual.groups()
    lat_deg, lon_deg = float(lat), float(lon)
    speed_kmh = None if speed is None else int(speed)
    heading_deg = None if course is None else float(course)
    altitude_m = None if altitude is None else float(altitude)
    battery_pct = None if battery is None else float(battery)
    if (
        lat_deg > LATITUDE.high
        or lon_deg > LONGITUDE.high
        or (speed_kmh is not None and speed_kmh > SPEED_KMH.high)
        or (heading_deg is not None and heading_deg > HEADING.high)
        or (altitude_m is not None and not ALTITUDE_M.low <= altitude_m <= ALTITUDE_M.high)
        or (battery_pct is not None and battery_pct > PERCENT.high)
    ):
        return None
    try:
        at_us = _time_us(day.decode(), time.decode())
    except ProtocolError:
        return None
    return Message(
        device_id=imei.decode(),
        fixed_at_us=at_us,
        lat=lat_deg if north == b"N" else 0.0 - lat_deg,  # never -0.0
        lon=lon_deg if east == b"E" else 0.0 - lon_deg,
        valid=True,
        altitude_m=altitude_m,
        speed_mps=None if speed_kmh is None else round(speed_kmh * KMH_MPS, DECIMALS),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=Source.GNSS,
        battery_pct=battery_pct,
        strap=Strap.LOCKED if strap == b"L" else Strap.OPEN,
        extra={"stored": True} if stored == b"S" else {},
    )


def _parts(frame: bytes) -> list[str]:
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"frame: expected at most {FRAME_BYTES_MAX} bytes")
    try:
        text = frame.strip().removesuffix(TERMINATOR).decode("ascii")
    except UnicodeDecodeError:
        raise ProtocolError(ErrorCode.NOT_TEXT, "frame: expected ASCII text") from None
    return [part.strip() for part in text.split(",")]


def _imei(text: str) -> str:
    if not _IMEI.fullmatch(text):
        raise ProtocolError(ErrorCode.BAD_FIELD, "imei: expected 14 to 16 digits")
    return text


def _message(parts: Sequence[str], layout: _Layout) -> Message:
    imei = _imei(parts[1])
    record = Record(values=_measurements(parts, layout))
    extra: dict[str, Any] = {}
    alarms = _alarms(parts[layout.flag], extra)
    strap = _strap(parts[layout.strap], record)
    if _stored(parts[2], record):
        extra["stored"] = True
    fix = _fix_or_alarm(parts, record, urgent=bool(alarms) or strap is Strap.OPEN)
    speed_kmh = record.optional_number("speed", SPEED_KMH)
    heading_deg = record.optional_number("course", HEADING)
    altitude_m = record.optional_number("altitude", ALTITUDE_M)
    battery_pct = record.optional_number("battery", PERCENT)
    has_place = fix.lat is not None
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
    return Message(
        device_id=imei,
        fixed_at_us=fix.at_us if has_place else None,
        sent_at_us=None if has_place else fix.at_us,
        lat=fix.lat,
        lon=fix.lon,
        valid=True if has_place else None,
        altitude_m=altitude_m,
        speed_mps=None if speed_kmh is None else round(speed_kmh * KMH_MPS, DECIMALS),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=Source.GNSS if has_place else Source.NETWORK if fix.cells else Source.UNKNOWN,
        battery_pct=battery_pct,
        strap=strap,
        alarms=alarms,
        cells=fix.cells,
        extra=extra,
    )


def _measurements(parts: Sequence[str], layout: _Layout) -> dict[str, object]:
    said: dict[str, object] = {"battery": parts[layout.battery]}
    if parts[0] == "@GPSD":
        said |= {"speed": parts[9], "course": parts[10], "altitude": parts[11]}
    return {name: text for name, text in said.items() if text}


def _alarms(flag: str, extra: dict[str, Any]) -> tuple[Alarm, ...]:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", flag) if word]
    alarms = tuple(dict.fromkeys(_ALARMS.get(word.upper(), Alarm.OTHER) for word in words))
    if Alarm.OTHER in alarms or (flag and not words):
        extra["alarm"] = flag
        return alarms or (Alarm.OTHER,)
    return alarms


def _strap(text: str, record: Record) -> Strap | None:
    strap = _STRAPS.get(text.upper())
    if strap is None:
        record.unreadable.append("strap")
    return strap


def _stored(text: str, record: Record) -> bool:
    if text not in ("R", "S"):
        record.unreadable.append("stored")
    return text == "S"


def _fix_or_alarm(parts: Sequence[str], record: Record, *, urgent: bool) -> _Fix:
    try:
        at_us = _time_us(parts[3], parts[4])
        if parts[0] == "@LBSD":
            return _Fix(at_us=at_us, cells=_cells(parts[5:8], record))
        lat, lon = _place(parts[5:9])
        return _Fix(at_us=at_us, lat=lat, lon=lon)
    except ProtocolError as error:
        if not urgent:
            raise
        record.unreadable.append(error.detail.partition(":")[0])
        return _Fix()


def _time_us(day: str, time: str) -> int:
    try:
        if not (_DATE.fullmatch(day) and _TIME.fullmatch(time)):
            raise ValueError
        hour, minute, second = int(time[:2]), int(time[2:4]), int(time[4:])
        if hour > 23 or minute > 59 or second > 59:
            raise ValueError
        days = _days(day)
    except ValueError:
        raise ProtocolError(ErrorCode.BAD_FIELD, "time: expected yyyymmdd,hhmmss in UTC") from None
    if not _DAY_MIN <= days < _DAY_END:
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, "time: expected a year from 1971 to 2099")
    return (days * 86_400 + hour * 3600 + minute * 60 + second) * 1_000_000


@lru_cache(maxsize=64)
def _days(yyyymmdd: str) -> int:
    """Days since 1970; devices speak of the same few."""
    return date(int(yyyymmdd[:4]), int(yyyymmdd[4:6]), int(yyyymmdd[6:])).toordinal() - _EPOCH_DAY


def _place(fields: Sequence[str]) -> tuple[float | None, float | None]:
    if not any(fields):
        return None, None  # no fix: the bracelet leaves all four empty
    lat_text, north, lon_text, east = fields
    return (
        _signed(lat_text, north, name="latitude", letters="NS", bounds=LATITUDE),
        _signed(lon_text, east, name="longitude", letters="EW", bounds=LONGITUDE),
    )


def _signed(text: str, letter: str, *, name: str, letters: str, bounds: Range) -> float:
    if len(letter) != 1 or letter not in letters:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected {letters[0]} or {letters[1]} after it")
    degrees = parse_number(text, name=name, bounds=Range(low=0, high=bounds.high, unit=bounds.unit))
    return degrees * _HEMISPHERES[letter] + 0.0  # "00.00000,S" is 0.0, not -0.0


def _cells(fields: Sequence[str], record: Record) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for text in fields:
        match = _CELL.fullmatch(text)
        if match:
            cells.append(
                Cell(
                    mcc=int(match[1]),
                    mnc=int(match[2]),
                    lac=int(match[3], 16),
                    cid=int(match[4], 16),
                    rssi_dbm=None if match[5] is None else int(match[5]),
                )
            )
        elif text:
            record.unreadable.append("cells")
    return tuple(cells)
