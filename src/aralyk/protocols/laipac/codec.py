"""Reads a sentence: a place with an event ($AVRMC), what the device is ($AVSYS, $EAVSYS), a sign of life ($ECHK).

A place that can't be read costs the place alone: event, battery and answer stand, for the event may be a panic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record
from aralyk.protocols.laipac.sentence import LINE_END, PASSWORD, fields_of, sentence
from aralyk.protocols.messages import EPOCH, Alarm, Cell, Message, Source
from aralyk.protocols.wire import DECIMALS, KNOT_MPS, angle

ALARMS: Final[Mapping[str, Alarm]] = {
    "3": Alarm.SOS,
    "4": Alarm.GEOFENCE,  # left
    "5": Alarm.POWER_CUT,
    "6": Alarm.OVERSPEED,
    "7": Alarm.GEOFENCE,  # left
    "8": Alarm.VIBRATION,
    "H": Alarm.POWER_OFF,
    "S": Alarm.OTHER,  # not known, but the device waits for the same word as after "T"
    "T": Alarm.TAMPER,
    "X": Alarm.GEOFENCE,  # entered
    "Y": Alarm.MOVEMENT,  # towed
    "Z": Alarm.LOW_BATTERY,
}
# The word that ends an alarm on the device.
_ENDED_BY: Final[Mapping[str, str]] = {"3": "d", "S": "t", "T": "t", "X": "x", "4": "x", "Y": "y", "Z": "z"}
_INPUTS: Final = "ABCD"
_GOOD_FIX: Final = "ARP"
_STATUSES: Final = "AVRPavrp"
_FIELDS_MIN: Final = 16
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,32}")
_ANGLE: Final = re.compile(r"([0-9]{2,3})([0-9]{2}\.[0-9]+)")
_AREA: Final = re.compile(r"([0-9A-Fa-f]{4})([0-9A-Fa-f]{4})")
_NETWORK: Final = re.compile(r"0?([0-9]{3})([0-9]{2,3})")
_BATTERY: Final = re.compile(r"[0-9]\.?[0-9]{3}")
_SPEED_KNOTS: Final = Range(low=0, high=2000, unit="knots")
_HEADING: Final = Range(low=0, high=360, unit="degrees")
_KM: Final = Range(low=0, high=10_000_000, unit="km")
_MV: Final = Range(low=0, high=100_000, unit="mV")


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one sentence, with or without its line end.

    Args:
        frame: ASCII text.
        session: Not used: every sentence names its device.

    Raises:
        ProtocolError: Not a sentence, a wrong checksum, or a place report without its fields; nothing else is raised
            for any bytes.
    """
    fields, said = fields_of(frame)
    if len(fields) < 2 or not _ID.fullmatch(fields[1]):
        raise ProtocolError(ErrorCode.BAD_FIELD, "id: expected up to 32 letters and digits")
    kind, device_id = fields[0], fields[1]
    if kind == "AVRMC":
        return _position(fields, said)
    answer = frame.strip(LINE_END) + LINE_END if kind == "ECHK" else None
    return Decoded(device_id=device_id, messages=(), answer=answer)


def _position(fields: Sequence[str], said: str) -> Decoded:
    if len(fields) < _FIELDS_MIN:
        raise ProtocolError(ErrorCode.MISSING_FIELD, f"frame: expected AVRMC with at least {_FIELDS_MIN} fields")
    status, event = fields[3], fields[11]
    answers = []
    if status.islower():
        answers.append(sentence("EAVACK", event, said))
    if ended_by := _ENDED_BY.get(event):
        answers.append(sentence("AVCFG", PASSWORD, ended_by))
    return Decoded(device_id=fields[1], messages=(_message(fields),), answer=b"".join(answers) or None)


def _message(fields: Sequence[str]) -> Message:
    status = fields[3]
    values = {"speed": fields[8], "course": fields[9], "mileage": fields[13], "adc_1": fields[15]}
    if len(fields) > _FIELDS_MIN:
        values["adc_2"] = fields[16]
    record = Record(values={name: text for name, text in values.items() if text})
    lat, lon = _angle(fields[4], fields[5], "NS"), _angle(fields[6], fields[7], "EW")
    at_us = _time_us(fields[10], fields[2])
    placed = lat is not None and lon is not None
    if not placed and any(fields[4:8]):
        record.unreadable.append("place")
    if at_us is None:
        record.unreadable.append("time")
    if status not in _STATUSES or len(status) != 1:
        record.unreadable.append("status")
    knots = record.optional_number("speed", _SPEED_KNOTS)
    heading = record.optional_number("course", _HEADING)
    cells = _cells(fields[17:19])
    extra = _extra(fields, record)
    return Message(
        device_id=fields[1],
        fixed_at_us=at_us,
        lat=lat if placed else None,
        lon=lon if placed else None,
        valid=status.upper() in tuple(_GOOD_FIX) if placed else None,
        speed_mps=None if knots is None else round(knots * KNOT_MPS, DECIMALS),
        heading_deg=0.0 if heading == 360 else heading,
        source=Source.GNSS if placed else Source.NETWORK if cells else Source.UNKNOWN,
        alarms=tuple(ALARMS[event] for event in fields[11:12] if event in ALARMS),
        cells=cells,
        extra=extra,
    )


def _extra(fields: Sequence[str], record: Record) -> dict[str, Any]:
    event = fields[11]
    extra: dict[str, Any] = {"status": fields[3][:1], "event": event[:8]}
    if len(event) == 1 and event in _INPUTS:
        number = _INPUTS.index(event)
        extra |= {"input_1": bool(number & 1), "input_2": bool(number & 2), "ignition": bool(number & 1)}
    if ALARMS.get(event) is Alarm.OTHER:
        extra["alarm"] = event
    if _BATTERY.fullmatch(fields[12]):
        extra["battery_v"] = int(fields[12].replace(".", "")) / 1000
    else:
        record.unreadable.append("battery")
    for name, key, bounds in (("odometer_km", "mileage", _KM), ("adc_1_mv", "adc_1", _MV), ("adc_2_mv", "adc_2", _MV)):
        number_said = record.optional_number(key, bounds)
        if number_said is not None:
            extra[name] = number_said
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
    return extra


def _angle(text: str, letter: str, letters: str) -> float | None:
    match = _ANGLE.fullmatch(text)
    if match is None or len(letter) != 1 or letter not in letters:
        return None
    try:
        degrees = angle(int(match[1]), float(match[2]), name="place", bounds=LATITUDE if letters == "NS" else LONGITUDE)
    except ProtocolError:
        return None
    return degrees if letter == letters[0] else 0.0 - degrees


def _time_us(date: str, time: str) -> int | None:
    if not (len(date) == len(time) == 6 and (date + time).isdecimal()):
        return None
    try:
        at = datetime.strptime(f"{date[:4]}20{date[4:]}{time}", "%d%m%Y%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (at - EPOCH) // timedelta(microseconds=1)


def _cells(fields: Sequence[str]) -> tuple[Cell, ...]:
    """Area and cell in hexadecimal, then the network: three digits of country, after a 0 where its own are two."""
    if len(fields) < 2:
        return ()
    area, network = _AREA.fullmatch(fields[0]), _NETWORK.fullmatch(fields[1])
    if area is None or network is None:
        return ()
    return (Cell(mcc=int(network[1]), mnc=int(network[2]), lac=int(area[1], 16), cid=int(area[2], 16)),)
