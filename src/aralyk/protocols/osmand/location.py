"""The JSON body of app version 9 (background-geolocation's template): one location under `location`.

Whether the request calls itself JSON does not matter: the body does. (The app also repeats four fields in a member
named "_", so that a form parser finds them; reading the JSON itself loses nothing.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Record
from aralyk.protocols.osmand.extras import bounded
from aralyk.protocols.osmand.form import record_of_form

# canonical name: path of members
_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "device_id": ("device_id",),
    "time": ("location", "timestamp"),
    "lat": ("location", "coords", "latitude"),
    "lon": ("location", "coords", "longitude"),
    "accuracy_m": ("location", "coords", "accuracy"),
    "speed_mps": ("location", "coords", "speed"),
    "heading_deg": ("location", "coords", "heading"),
    "altitude_m": ("location", "coords", "altitude"),
    "battery_level": ("location", "battery", "level"),
    "charging": ("location", "battery", "is_charging"),
    "alarm": ("location", "extras", "alarm"),
    "mock": ("location", "mock"),
    "provider": ("location", "provider"),
}
_NAMES: Final = {key: ".".join(path) for key, path in _PATHS.items()}
_ACTIVITY: Final = ("location", "activity", "type")
# extra name: member of `location`
_EXTRAS: Final[Mapping[str, str]] = {"event": "event", "motion": "is_moving", "odometer": "odometer", "uuid": "uuid"}


def record_of_json(body: bytes, *, query: bytes) -> tuple[Record, dict[str, Any]]:
    """Read a body of one location.

    Args:
        body: The request's body, which looks like JSON.
        query: The request's query; it may hold an installation's own parameters, but no second record.

    Returns:
        The record by canonical names, and its other fields.

    Raises:
        ProtocolError: Not JSON, not objects where they must be, or a record in the query too.
    """
    if query and record_of_form(query, b"")[0].values:
        raise ProtocolError(
            ErrorCode.DUPLICATE_FIELD, "request: expected a record in the query or in the body, not both"
        )
    try:
        root = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolError(ErrorCode.NOT_JSON, "body: expected one JSON object in UTF-8") from None
    if not isinstance(root, dict):
        raise ProtocolError(ErrorCode.BAD_FIELD, "body: expected one JSON object")
    if "location" not in root:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "location: expected an object")
    if not isinstance(root["location"], dict | None):
        raise ProtocolError(ErrorCode.BAD_FIELD, "location: expected an object")
    values = {key: value for key, path in _PATHS.items() if (value := _at(root, path)) not in (None, "")}
    mock = _at(root, ("location", "extras", "mock"))
    if mock is not None and not isinstance(mock, ProtocolError):
        values.setdefault("mock", mock)
    return Record(values=values, names=_NAMES), _extra_of(root)


def _at(root: object, path: tuple[str, ...]) -> Any:
    for depth, name in enumerate(path):
        if root is None:
            return None
        if not isinstance(root, dict):
            return ProtocolError(ErrorCode.BAD_FIELD, f"{'.'.join(path[:depth])}: expected an object")
        root = root.get(name)
    return root


def _extra_of(root: dict[str, Any]) -> dict[str, Any]:
    location = root["location"] or {}
    pairs: list[tuple[str, object]] = [(name, location.get(member)) for name, member in _EXTRAS.items()]
    pairs.append(("activity", _at(root, _ACTIVITY)))
    extras = location.get("extras")
    if isinstance(extras, dict):
        pairs += [(name, value) for name, value in extras.items() if name not in ("alarm", "mock")]
    return bounded((name, value) for name, value in pairs if not isinstance(value, ProtocolError))
