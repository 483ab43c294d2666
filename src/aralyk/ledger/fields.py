"""Reads fields out of JSON that somebody else wrote: the right type, or `Malformed` with what was expected and found.

A verifier meets anything; every surprise must end in a failed check and never in a stack trace. Messages name fields
and types, never values: a bundle holds places.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

JsonObject = Mapping[str, object]

# Any time that a device or a log can mean; outside, adding a margin would leave the calendar.
YEAR_MIN: Final = 1970
YEAR_MAX: Final = 2999
_TYPES: Final[dict[type, str]] = {
    dict: "an object", list: "a list", str: "text", bool: "true or false", int: "an integer", float: "a number",
    type(None): "null",
}  # fmt: skip


class Malformed(ValueError):
    """A document has not the form that it must have."""


def kind_of(value: object) -> str:
    """The JSON type of a value, in words."""
    return _TYPES.get(type(value), type(value).__name__)


def as_object(value: object, where: str) -> JsonObject:
    """An object, or Malformed."""
    if isinstance(value, dict):
        return value
    raise Malformed(f"{where}: expected an object, found {kind_of(value)}")


def as_list(value: object, where: str) -> list[object]:
    """A list, or Malformed."""
    if isinstance(value, list):
        return value
    raise Malformed(f"{where}: expected a list, found {kind_of(value)}")


def as_text(value: object, where: str) -> str:
    """Text, or Malformed."""
    if isinstance(value, str):
        return value
    raise Malformed(f"{where}: expected text, found {kind_of(value)}")


def member(value: JsonObject, name: str, where: str) -> object:
    """A field that must be there."""
    if name not in value:
        raise Malformed(f"{where}: expected a field {name}, found none")
    return value[name]


def text(value: JsonObject, name: str, where: str) -> str:
    """A field that is text."""
    return as_text(member(value, name, where), f"{where}.{name}")


def integer(value: JsonObject, name: str, where: str) -> int:
    """A field that is an integer (true and false are not)."""
    found = member(value, name, where)
    if isinstance(found, int) and not isinstance(found, bool):
        return found
    raise Malformed(f"{where}.{name}: expected an integer, found {kind_of(found)}")


def object_(value: JsonObject, name: str, where: str) -> JsonObject:
    """A field that is an object."""
    return as_object(member(value, name, where), f"{where}.{name}")


def list_(value: JsonObject, name: str, where: str) -> list[object]:
    """A field that is a list."""
    return as_list(member(value, name, where), f"{where}.{name}")


def moment(value: JsonObject, name: str, where: str) -> datetime:
    """A field that is a time with its zone."""
    return as_moment(text(value, name, where), f"{where}.{name}")


def as_moment(value: str, where: str) -> datetime:
    """A time with its zone, or Malformed."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise Malformed(f"{where}: expected a time, ISO 8601") from error
    if at.tzinfo is None:
        raise Malformed(f"{where}: expected a time with its zone")
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise Malformed(f"{where}: expected a year from {YEAR_MIN} to {YEAR_MAX}")
    return at


def digest(value: object, where: str) -> bytes:
    """A SHA-256 in 64 lower-case hex digits."""
    written = as_text(value, where)
    if len(written) != 64 or set(written) - set("0123456789abcdef"):
        raise Malformed(f"{where}: expected 64 hex digits")
    return bytes.fromhex(written)


def only(value: JsonObject, names: frozenset[str], where: str) -> None:
    """No field beyond these."""
    surplus = value.keys() - names
    if surplus:
        raise Malformed(f"{where}: expected no fields but {', '.join(sorted(names))}, found {len(surplus)} more")
