"""Reads the text report (AAA)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from aralyk.protocols.meitrack.values import Said, cell, dbm_of_csq
from aralyk.protocols.messages import Message

_TIME: Final = re.compile(r"[0-9]{12}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,10}(?:\.[0-9]{0,10})?", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_HEX: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
_FIELDS_OF_A_PLACE: Final = 6
_FIELD_CHARS_MAX: Final = 64
_FIELDS_MAX: Final = 32
_VOLTS_PER_STEP: Final = 100  # how models scale it differs; the model is not in the frame
_ADC_BEFORE_BATTERY: Final = 3


def is_report(fields: Sequence[str]) -> bool:
    """Whether the fields of a kind that we don't know are those of a report."""
    return len(fields) >= _FIELDS_OF_A_PLACE and bool(_TIME.fullmatch(fields[3])) and fields[4] in ("A", "V")


def read_report(fields: Sequence[str], device_id: str) -> Message:
    """Read the fields behind the kind: event, place, time, validity, measurements, cell, state, voltages."""
    # A report may be shorter than the longest: what is not there was not said.
    at = dict(enumerate(fields))
    said = Said()
    event = at.get(0, "")
    if _WHOLE.fullmatch(event):
        said.events.append(int(event))
    elif event:
        said.unreadable.append("event")
    said.lat, said.lon = _number(at, 1, "place", said), _number(at, 2, "place", said)
    said.time_s = _time_s(at.get(3, ""), said)
    validity = at.get(4, "")
    said.valid = {"A": True, "V": False}.get(validity)
    if said.valid is None and validity:
        said.unreadable.append("valid")
    csq = _whole(at, 6, "gsm", said)
    said.speed_kmh = _number(at, 7, "speed", said)
    said.course_deg = _number(at, 8, "course", said)
    said.altitude_m = _number(at, 10, "altitude", said)
    for place, name in ((5, "satellites"), (9, "hdop"), (11, "odometer_m"), (12, "runtime_s")):
        value = _number(at, place, name, said)
        if value is not None:
            said.extra[name] = int(value) if value == int(value) else value
    if csq is not None:
        said.extra["gsm"] = csq
    _cell(at.get(13, ""), csq, said)
    _state(at.get(14, ""), said)
    _voltages(at.get(15, ""), said)
    # The order behind the voltages depends on the model: they are kept as they stand.
    more = [text[:_FIELD_CHARS_MAX] for text in fields[16:_FIELDS_MAX]]
    if any(more):
        said.extra["more"] = more
    return said.message(device_id)


def _number(at: dict[int, str], place: int, name: str, said: Said) -> float | None:
    text = at.get(place, "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        said.unreadable.append(name)
        return None
    return float(text)


def _whole(at: dict[int, str], place: int, name: str, said: Said) -> int | None:
    value = _number(at, place, name, said)
    return None if value is None else int(value)


def _time_s(text: str, said: Said) -> int | None:
    if not text:
        return None
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        return int(datetime.strptime(f"20{text}", "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        said.unreadable.append("time")
        return None


def _cell(text: str, csq: int | None, said: Said) -> None:
    parts = text.split("|")
    if not any(part.strip("0") for part in parts):
        return
    if len(parts) < 4 or not (_WHOLE.fullmatch(parts[0]) and _WHOLE.fullmatch(parts[1])):
        said.unreadable.append("cell")
    elif _HEX.fullmatch(parts[2]) and _HEX.fullmatch(parts[3]):
        lac, cid = int(parts[2], 16), int(parts[3], 16)
        said.cells += cell(int(parts[0]), int(parts[1]), lac, cid, rssi_dbm=dbm_of_csq(csq))
    elif parts[2] or parts[3]:
        said.unreadable.append("cell")


def _state(text: str, said: Said) -> None:
    if not text:
        return
    if len(text) != 4 or not _HEX.fullmatch(text):
        said.unreadable.append("state")
        return
    said.extra |= {"inputs": int(text[:2], 16), "outputs": int(text[2:], 16)}


def _voltages(text: str, said: Said) -> None:
    """Three inputs, battery, supply in hexadecimal hundredths; or battery, supply, inputs as decimal volts."""
    parts = text.split("|") if text else []
    if "." in text:
        volts = [float(part) if _NUMBER.fullmatch(part) else None for part in parts]
        names = ["battery_v", "power_v", *(f"adc_{number}" for number in range(1, 9))]
    else:
        raw = [int(part, 16) if _HEX.fullmatch(part) else None for part in parts]
        # A device with fewer inputs leaves them out in front of battery and supply.
        inputs = min(_ADC_BEFORE_BATTERY, max(0, len(parts) - 2))
        scaled = range(inputs, inputs + 2)
        volts = [
            value / _VOLTS_PER_STEP if value is not None and place in scaled else value
            for place, value in enumerate(raw)
        ]
        names = [*(f"adc_{number}" for number in range(1, inputs + 1)), "battery_v", "power_v"]
    for name, value, part in zip(names, volts, parts, strict=False):
        if value is not None:
            said.extra[name] = value
        elif part:
            said.unreadable.append("voltages")
