"""Reads a position: date, time, place, movement, health of the watch, the status word and the networks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record, parse_number
from aralyk.protocols.messages import EPOCH, Alarm, Message, Source, Strap
from aralyk.protocols.watch.networks import read_networks
from aralyk.protocols.wire import DECIMALS, KMH_MPS

SPEED_KMH: Final = Range(low=0, high=3600, unit="km/h")
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
PERCENT: Final = Range(low=0, high=100, unit="percent")
SATELLITES: Final = Range(low=0, high=100, unit="satellites")
SIGNAL: Final = Range(low=0, high=100, unit="percent")
STEPS: Final = Range(low=0, high=10_000_000, unit="steps")
YEAR_MIN: Final = 2000  # two digits from 69 on would be the last century
FIELDS_MAX: Final = 400  # a position with 20 named networks has about 100
FIELDS_BEFORE_NETWORKS: Final = 16

_DATE_TIME: Final = re.compile(r"[0-9]{6},[0-9]{6}")
_STATUS: Final = re.compile(r"[0-9A-Fa-f]{1,16}")
# Where the numbers that the place does not depend on stand.
_MEASUREMENTS: Final = {
    "speed": 7, "course": 8, "altitude": 9, "satellites": 10, "signal": 11, "battery": 12, "steps": 13,
}  # fmt: skip

# The low half of the status word holds states, the high half alarms; the reference takes the states of battery, fence
# and charger for alarms too.
ALARM_BITS: Final = {
    0: Alarm.LOW_BATTERY,
    1: Alarm.GEOFENCE,
    2: Alarm.GEOFENCE,
    14: Alarm.POWER_CUT,
    16: Alarm.SOS,
    17: Alarm.LOW_BATTERY,
    18: Alarm.GEOFENCE,
    19: Alarm.GEOFENCE,
    20: Alarm.STRAP_OPEN,
    21: Alarm.FALL,
    22: Alarm.FALL,
} | dict.fromkeys(range(23, 32), Alarm.OTHER)
STRAP_OPEN_BITS: Final = (3, 20)
MOTION_BIT: Final = 4


def read_position(content: bytes, *, device_id: str, alarming: bool, extra: dict[str, Any]) -> Message:
    """Read what follows the kind of a position or alarm.

    Args:
        content: Fields between commas; names of networks may be in any encoding.
        device_id: The watch's.
        alarming: Whether the kind says that there is an alarm, named by the status word or not.
        extra: Where to put what the message has no field for.

    Raises:
        ProtocolError: The place can't be read, and neither an alarm nor an open strap is known.
    """
    fields = content.decode("latin-1").split(",", FIELDS_MAX)
    said = {name: fields[at].strip() for name, at in _MEASUREMENTS.items() if at < len(fields) and fields[at].strip()}
    record = Record(values=said)
    alarms, strap = _status(fields, record, extra, alarming=alarming)
    fixed_at_us, lat, lon, valid = _fix(fields, record, urgent=bool(alarms) or strap is not None)
    networks = read_networks(fields[FIELDS_BEFORE_NETWORKS:])
    speed_kmh = record.optional_number("speed", SPEED_KMH)
    heading_deg = record.optional_number("course", HEADING)
    altitude_m = record.optional_number("altitude", ALTITUDE_M)
    battery_pct = record.optional_number("battery", PERCENT)
    for name, bounds in (("satellites", SATELLITES), ("signal", SIGNAL), ("steps", STEPS)):
        number = record.optional_number(name, bounds)
        if number is not None:
            extra[name] = int(number)
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
    return Message(
        device_id=device_id,
        fixed_at_us=fixed_at_us,
        lat=lat,
        lon=lon,
        valid=valid,
        altitude_m=altitude_m,
        speed_mps=None if speed_kmh is None else round(speed_kmh * KMH_MPS, DECIMALS),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=_source(valid, heard=bool(networks.cells or networks.wifi)),
        battery_pct=battery_pct,
        strap=strap,
        alarms=alarms,
        cells=networks.cells,
        wifi=networks.wifi,
        extra=extra,
    )


def _source(valid: bool | None, *, heard: bool) -> Source:
    if valid:
        return Source.GNSS
    return Source.NETWORK if valid is None and heard else Source.UNKNOWN


def _status(
    fields: Sequence[str], record: Record, extra: dict[str, Any], *, alarming: bool
) -> tuple[tuple[Alarm, ...], Strap | None]:
    text = fields[FIELDS_BEFORE_NETWORKS - 1].strip() if len(fields) >= FIELDS_BEFORE_NETWORKS else ""
    word = 0
    if _STATUS.fullmatch(text):
        word = int(text, 16)
        extra["status"] = f"{word:08x}"
    else:
        record.unreadable.append("status")
    alarms = tuple(dict.fromkeys(alarm for bit, alarm in ALARM_BITS.items() if word >> bit & 1))
    if alarming and not alarms:
        alarms = (Alarm.OTHER,)
    if Alarm.OTHER in alarms:
        extra["alarm"] = "AL" if alarming else "status"
    if word >> MOTION_BIT & 1:
        extra["motion"] = True
    # A watch without the sensor never sets these bits, so that their absence does not say "locked".
    return alarms, Strap.OPEN if any(word >> bit & 1 for bit in STRAP_OPEN_BITS) else None


def _fix(
    fields: Sequence[str], record: Record, *, urgent: bool
) -> tuple[int | None, float | None, float | None, bool | None]:
    fixed_at_us = _time_us(",".join(fields[:2]))
    if fixed_at_us is None:
        record.unreadable.append("time")
    try:
        if len(fields) < FIELDS_BEFORE_NETWORKS:
            raise ProtocolError(ErrorCode.MISSING_FIELD, "frame: expected a position with 16 fields and its networks")
        valid = {"A": True, "V": False}.get(fields[2].strip())
        if valid is None:
            raise ProtocolError(ErrorCode.BAD_FIELD, "validity: expected A or V")
        lat = _signed(fields[3], fields[4], name="latitude", letters="NS", bounds=LATITUDE)
        lon = _signed(fields[5], fields[6], name="longitude", letters="EW", bounds=LONGITUDE)
    except ProtocolError as error:
        if not urgent:
            raise
        record.unreadable.append(error.detail.partition(":")[0])
        return fixed_at_us, None, None, None
    return fixed_at_us, lat, lon, valid


def _time_us(text: str) -> int | None:
    """Read ddmmyy,hhmmss; None: no such time, as before the watch's first fix."""
    try:
        if not _DATE_TIME.fullmatch(text):
            return None
        at = datetime.strptime(f"{text}+0000", "%d%m%y,%H%M%S%z")
    except ValueError:
        return None
    return (at - EPOCH) // timedelta(microseconds=1) if at.year >= YEAR_MIN else None


def _signed(text: str, letter: str, *, name: str, letters: str, bounds: Range) -> float:
    letter = letter.strip()
    if letter and letter not in letters:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected {letters[0]} or {letters[1]} after it")
    degrees = parse_number(text, name=name, bounds=bounds)
    # Some firmware writes the sign and the letter: "-84.1,W" is 84.1 degrees west.
    return -abs(degrees) + 0.0 if letter == letters[1] else degrees + 0.0
