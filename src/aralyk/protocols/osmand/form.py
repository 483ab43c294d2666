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
    "alarm": "alarm",
    "mock": "mock",
    "provider": "provider",
    "notificationToken": "push_token",
}
_REPEATED: Final = frozenset({"cell", "wifi"})


def record_of_form(query: bytes, body: bytes) -> tuple[Record, dict[str, Any]]:
    """Read a query and a form body as one record; apps use one or the other.

    Returns:
        The record by canonical names, and its other fields.

    Raises:
        ProtocolError: Not text, too many pairs, or a known field twice (which of two places is meant?).
    """
    values: dict[str, object] = {}
    names: dict[str, str] = {"device_id": "id", "time": "timestamp"}
    others: list[tuple[str, object]] = []
    repeated: dict[str, list[str]] = {}
    for name, text in _pairs(query, body):
        key = _CANONICAL.get(name)
        if name in _REPEATED:
            repeated.setdefault(name, []).append(text)
        elif key is None:
            others.append((name, typed(text)))
        elif key in values:
            raise ProtocolError(ErrorCode.DUPLICATE_FIELD, f"{name}: expected once")
        else:
            values[key], names[key] = text, name
    values.update(repeated)
    _place_of_location(values, names)
    return Record(values=values, names=names), bounded(others)


def _pairs(query: bytes, body: bytes) -> Iterator[tuple[str, str]]:
    parts = [part for part in (*query.split(b"&"), *body.strip().split(b"&")) if part]
    if len(parts) > PAIRS_MAX:
        raise ProtocolError(ErrorCode.TOO_MANY_FIELDS, f"request: expected at most {PAIRS_MAX} fields")
    for part in parts:
        name, _, value = part.partition(b"=")
        text = _text(value)
        if text.strip():  # "speed=" says nothing
            yield _text(name), text


def _text(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError(ErrorCode.NOT_TEXT, "request: expected UTF-8 text, percent-encoded") from None


def _place_of_location(values: dict[str, object], names: dict[str, str]) -> None:
    if "location" not in values:
        return
    location = str(values.pop("location"))
    if "lat" in values or "lon" in values:
        raise ProtocolError(ErrorCode.DUPLICATE_FIELD, "location: expected without lat and lon")
    values["lat"], comma, values["lon"] = location.partition(",")
    names["lat"] = names["lon"] = "location"
    if not comma:
        raise ProtocolError(ErrorCode.BAD_FIELD, "location: expected latitude, a comma and longitude")
