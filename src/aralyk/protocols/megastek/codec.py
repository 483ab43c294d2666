"""Reads a bracelet's sentences: the newer form ($MGV002) and the older ones around a $GPRMC of the receiver.

The belt's state stands in every sentence of the newer form, and an alert's words may name it. If a sentence's place or
time is unreadable while the belt is open or an alarm is raised, the message is given without them: an open belt must
never wait for a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Record, parse_id
from aralyk.protocols.megastek import fields as read
from aralyk.protocols.megastek.alerts import Alert, read_alert
from aralyk.protocols.megastek.older import Older, older_of
from aralyk.protocols.megastek.splitter import FRAME_BYTES_MAX
from aralyk.protocols.messages import AccessPoint, Cell, Message, Source, Strap
from aralyk.protocols.wire import DECIMALS, KNOT_MPS

T = TypeVar("T")

FIELDS_MIN: Final = 11  # up to the hemisphere of the longitude
FIELDS_MAX: Final = 200
_NEWER: Final = re.compile(r"(?:([0-9]{4}))?\$MGV([0-9]{3}),(.*)", re.DOTALL)
_BINARY: Final = re.compile(r"[01]{4}")
_CHARGER_AND_BELT: Final = re.compile(r"([01])([0-3])?(?:-?[0-9])?")
_HEALTH: Final = ("heart_rate", "steps", "activity_s", "light_sleep_s", "deep_sleep_s")
_FORMS: Final = "expected $MGV002 with 11 or more fields, or STX around a $GPRMC sentence"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """The parts of a sentence, in text, of either form."""

    device_id: str
    time: tuple[str, str]  # ddmmyy, hhmmss
    place: tuple[str, str, str, str]
    is_valid: bool
    measurements: dict[str, object]
    charging: bool | None = None
    strap: Strap | None = None
    cells: tuple[Cell, ...] = ()
    wifi: tuple[AccessPoint, ...] = ()


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one sentence, with or without its "!".

    Args:
        frame: Text.
        session: Names the device where the sentence does not.

    Returns:
        One message; the protocol has no answer.

    Raises:
        ProtocolError: Not a sentence of this protocol; nothing else is raised for any bytes.
    """
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"sentence: expected at most {FRAME_BYTES_MAX} bytes")
    text = frame.decode("latin-1").strip(" \r\n\0")
    extra: dict[str, Any] = {}
    if match := _NEWER.fullmatch(text):
        if match[1] is not None and int(match[1]) != len(text) - 4:
            raise ProtocolError(ErrorCode.BAD_FIELD, "length: expected the length of the sentence")
        sentence, alert = _newer(match[3], session, extra)
    else:
        sentence, alert = _older(older_of(text), session, extra)
    return _decoded(sentence, alert, extra)


def _newer(text: str, session: Session, extra: dict[str, Any]) -> tuple[_Sentence, Alert]:
    parts = [part.strip() for part in text.partition(";")[0].split(",")]
    if not FIELDS_MIN - 1 <= len(parts) <= FIELDS_MAX:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, f"sentence: {_FORMS}")
    parts += [""] * (36 - len(parts))
    if parts[2] == "S":
        extra["stored"] = True
    read.add_numbers(extra, {"satellites": parts[11], "hdop": parts[13], "odometer_km": parts[17]})
    _add_inputs(extra, parts[23:28])
    read.add_numbers(extra, {"temperature_1": parts[28], "temperature_2": parts[29]})
    alert = read_alert(parts[33], extra)
    charging, strap = _charger_and_belt(parts[31], extra)
    sentence = _Sentence(
        device_id=_device_id(parts[0], session),
        time=(parts[3], parts[4]),
        place=(parts[6], parts[7], parts[8], parts[9]),
        is_valid=parts[5] == "A",
        measurements={"speed": parts[14], "course": parts[15], "altitude": parts[16], "battery": parts[32]},
        charging=charging,
        strap=strap,
        cells=read.cell(parts[18], parts[19], parts[20], parts[21], rssi=parts[22]),
        wifi=read.wifi(parts[34]),
    )
    return sentence, alert


def _add_inputs(extra: dict[str, Any], parts: Sequence[str]) -> None:
    if all(part.isdecimal() for part in parts) and not _BINARY.fullmatch(parts[0]):
        read.add_numbers(extra, dict(zip(_HEALTH, parts, strict=True)))
        return
    wires = {"inputs": parts[0], "outputs": parts[1]}
    extra |= {name: bits for name, bits in wires.items() if _BINARY.fullmatch(bits)}
    read.add_numbers(extra, {"adc_1": parts[2], "adc_2": parts[3], "adc_3": parts[4]})


def _charger_and_belt(text: str, extra: dict[str, Any]) -> tuple[bool | None, Strap | None]:
    """Two digits: charger, and the belts that are closed (1 the first, 2 the second, 3 both; 0 none)."""
    match = _CHARGER_AND_BELT.fullmatch(text)
    if match is None:
        if text:
            extra["unreadable"] = ["belt"]
        return None, None
    if match[2] is None:
        return match[1] == "1", None
    extra["belt"] = int(match[2])
    # The second belt alone is closed on a bracelet that has two: its first one is open.
    return match[1] == "1", Strap.LOCKED if match[2] in ("1", "3") else Strap.OPEN


def _older(older: Older, session: Session, extra: dict[str, Any]) -> tuple[_Sentence, Alert]:
    extra |= older.extra
    sentence = _Sentence(
        device_id=_device_id(older.device_id, session),
        time=older.time,
        place=older.place,
        is_valid=older.is_valid,
        measurements=dict(older.measurements),
        charging=older.charging,
        cells=older.cells,
    )
    return sentence, read_alert(older.alert, extra)


def _device_id(text: str, session: Session) -> str:
    if text:
        return parse_id(text, name="imei")
    if session.device_id is None:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "imei: expected, as the connection named nobody before")
    return session.device_id


def _decoded(sentence: _Sentence, alert: Alert, extra: dict[str, Any]) -> Decoded:
    record = Record(
        values={name: text for name, text in sentence.measurements.items() if text},
        unreadable=extra.pop("unreadable", []),
    )
    strap = alert.strap or sentence.strap
    if sentence.strap is Strap.OPEN:
        strap = Strap.OPEN  # the belt itself is believed before a word about it
    is_urgent = bool(alert.alarms) or strap is Strap.OPEN
    at_us = _or_alarm(lambda: read.time_us(*sentence.time), record, is_urgent=is_urgent)
    place = _or_alarm(lambda: read.place(*sentence.place), record, is_urgent=is_urgent)
    message = _message(sentence, alert, at_us, place, record, extra, strap)
    return Decoded(device_id=sentence.device_id, messages=(message,))


def _or_alarm(reading: Callable[[], T], record: Record, *, is_urgent: bool) -> T | None:
    try:
        return reading()
    except ProtocolError as error:
        if not is_urgent:
            raise
        record.unreadable.append(error.detail.partition(":")[0])
        return None


def _message(
    sentence: _Sentence,
    alert: Alert,
    at_us: int | None,
    place: tuple[float, float] | None,
    record: Record,
    extra: dict[str, Any],
    strap: Strap | None,
) -> Message:
    speed_kn = record.optional_number("speed", read.SPEED_KN)
    heading_deg = record.optional_number("course", read.HEADING)
    altitude_m = record.optional_number("altitude", read.ALTITUDE_M)
    battery_pct = record.optional_number("battery", read.PERCENT)
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
    source = Source.GNSS if place else Source.NETWORK if sentence.cells or sentence.wifi else Source.UNKNOWN
    return Message(
        device_id=sentence.device_id,
        fixed_at_us=at_us if place else None,
        sent_at_us=None if place else at_us,
        lat=place[0] if place else None,
        lon=place[1] if place else None,
        valid=sentence.is_valid if place else None,
        altitude_m=altitude_m,
        speed_mps=None if speed_kn is None else round(speed_kn * KNOT_MPS, DECIMALS),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=source,
        battery_pct=battery_pct,
        charging=sentence.charging,
        strap=strap,
        alarms=alert.alarms,
        cells=sentence.cells,
        wifi=sentence.wifi,
        extra=extra,
    )
