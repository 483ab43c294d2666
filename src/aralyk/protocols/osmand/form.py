"""The query string of app versions 5 to 8 and the form body of version 10: the same names, `name=value&…`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Record
from aralyk.protocols.osmand.extras import bounded, typed

PAIRS_MAX: Final = 256  # bounds the work per request; cells and access points repeat their name

# canonical name by wire name
_CANONICAL: Final = {
    "id": "device_id",
    "deviceid": "device_id",
    "timestamp": "time",
    "lat": "lat",
    "lon": "lon",
    "location": "location",
    "valid": "valid",
    "speed": "speed_kn",
    "bearing": "heading_deg",
    "heading": "heading_deg",
    "altitude": "altitude_m",
    "accuracy": "accuracy_m",
    "batt": "battery_pct",
    "charge": "charging",
    "mock": "mock",
    "provider": "provider",
    "notificationToken": "push_token",
}
_REPEATED: Final = frozenset({"cell", "wifi", "alarm"})  # all of them are meant
Value = str | ProtocolError


def record_of_form(query: bytes, body: bytes) -> tuple[Record, dict[str, Any]]:
    """Read a query and a form body as one record; apps use one or the other.

    Returns:
        The record by canonical names, and its other fields.

    Raises:
        ProtocolError: Names that are not text, or too many pairs.
    """
    values: dict[str, object] = {}
    names = {"device_id": "id", "time": "timestamp"}
    record = Record(values=values, names=names)
    others: list[tuple[str, object]] = []
    repeated: dict[str, list[str]] = {}
    for name, value in _pairs(query, body):
        key = _CANONICAL.get(name)
        if key is not None and name not in _REPEATED:
            if key in values:  # which of two places is meant?
                value = ProtocolError(ErrorCode.DUPLICATE_FIELD, f"{name}: expected once")
            values[key], names[key] = value, name
        elif isinstance(value, ProtocolError):
            record.unreadable.append(name)
        elif name in _REPEATED:
            repeated.setdefault(name, []).append(value)
        else:
            others.append((name, typed(value)))
    if "alarm" in repeated:
        values["alarm"] = ",".join(repeated.pop("alarm"))
    values.update(repeated)
    _place_of_location(values, names)
    return record, bounded(others)


def _pairs(query: bytes, body: bytes) -> Iterator[tuple[str, Value]]:
    raw = query + b"&" + body.strip() if body else query
    if raw.count(b"&") >= PAIRS_MAX:
        raise ProtocolError(ErrorCode.TOO_MANY_FIELDS, f"request: expected at most {PAIRS_MAX} fields")
    if b"%" in raw or b"+" in raw or not raw.isascii():
        yield from _coded_pairs(raw)
        return
    for part in raw.decode("ascii").split("&"):  # what the app sends most of the time
        name, _, value = part.partition("=")
        if name and value and not value.isspace():  # "speed=" says nothing
            yield name, value


def _coded_pairs(raw: bytes) -> Iterator[tuple[str, Value]]:
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        text = _text(value, of="the value of a field")
        if isinstance(text, ProtocolError) or text.strip():
            known = _text(name, of="the name of a field")
            if isinstance(known, ProtocolError):
                raise known
            yield known, text


def _text(raw: bytes, *, of: str) -> Value:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        return ProtocolError(ErrorCode.NOT_TEXT, f"request: expected UTF-8 text, percent-encoded, in {of}")


def _place_of_location(values: dict[str, object], names: dict[str, str]) -> None:
    if "location" not in values:
        return
    location = values.pop("location")
    if "lat" in values or "lon" in values:
        location = ProtocolError(ErrorCode.DUPLICATE_FIELD, "location: expected without lat and lon")
    elif isinstance(location, str) and "," not in location:
        location = ProtocolError(ErrorCode.BAD_FIELD, "location: expected latitude, a comma and longitude")
    names["lat"] = names["lon"] = "location"
    values["lat"] = values["lon"] = location
    if isinstance(location, str):
        values["lat"], _, values["lon"] = location.partition(",")
