"""Reads single fields of textual records.

Two classes of fields. The record stands on id, time and place: unreadable ones refuse it (`ProtocolError`). The others
(speed, battery …) are worth less than the place beside them: unreadable ones become unknown and their names are
collected, so that a phone with an odd battery driver is not silenced. Values come as text (forms) or as JSON scalars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import EPOCH

ID_CHARS_MAX: Final = 64  # the registry's column
NUMBER_CHARS_MAX: Final = 40  # 17 digits with sign and exponent need 24; a longer one is no measurement
TIME_CHARS_MAX: Final = 40
SECONDS_BELOW: Final = 2**31  # larger whole numbers are milliseconds (Traccar's rule; 2038 in seconds)
TIME_BELOW: Final = datetime(2100, 1, 1, tzinfo=UTC)

_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\s*", re.ASCII)
_NOT_FINITE: Final = frozenset({"nan", "inf", "infinity"})
_ID: Final = re.compile(r"[A-Za-z0-9._:@-]+")
_EPOCH_TIME: Final = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,9}))?")
# A "+" of the zone that was not percent-encoded arrives as a space.
_ISO_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(Z|[+ -][0-9]{2}:?[0-9]{2})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Bounds of a number, both included, as an error names them."""

    low: float
    high: float
    unit: str

    def __str__(self) -> str:
        return f"{self.unit} from {self.low:g} to {self.high:g}"


LATITUDE: Final = Range(low=-90, high=90, unit="degrees")
LONGITUDE: Final = Range(low=-180, high=180, unit="degrees")


def parse_number(value: object, *, name: str, bounds: Range) -> float:
    """Read a number.

    Args:
        value: Text or a JSON scalar.
        name: The field as the device calls it.
        bounds: What it must lie in.

    Raises:
        ProtocolError: `bad_field`, `not_finite` or `out_of_range`; never quotes the value.
    """
    if isinstance(value, str):
        if len(value) > NUMBER_CHARS_MAX or not _NUMBER.fullmatch(value):
            raise _no_number(value, name=name, bounds=bounds)
        number = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        # A whole number of hundreds of digits has no float; it is out of every range anyway.
        number = float(value) if abs(value) < 1e300 else 1e300
    else:
        raise ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected a number, {bounds}")
    if not bounds.low <= number <= bounds.high:
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, f"{name}: expected {bounds}")
    return number


def _no_number(text: str, *, name: str, bounds: Range) -> ProtocolError:
    if text.strip().lower().lstrip("+-") in _NOT_FINITE:
        return ProtocolError(ErrorCode.NOT_FINITE, f"{name}: expected {bounds}, found no finite number")
    return ProtocolError(ErrorCode.BAD_FIELD, f"{name}: expected a number, {bounds}")


def parse_id(value: object, *, name: str) -> str:
    """Read a device's id.

    Raises:
        ProtocolError: Not 1 to 64 letters, digits or . _ : @ -
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else value
    if not isinstance(text, str) or len(text) > ID_CHARS_MAX or not _ID.fullmatch(text):
        raise ProtocolError(
            ErrorCode.BAD_FIELD, f"{name}: expected 1 to {ID_CHARS_MAX} letters, digits or . _ : @ - without spaces"
        )
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time as read; `zone_assumed` when the device named no zone and UTC was taken."""

    us: int
    zone_assumed: bool = False


def parse_time(value: object, *, name: str) -> Moment:
    """Read whole or decimal seconds or milliseconds since 1970, or ISO 8601; without a zone it is UTC, and marked.

    Raises:
        ProtocolError: None of these forms, or a time before 1970 or after 2099.
    """
    text = repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > TIME_CHARS_MAX:
        raise _bad_time(name)
    text = text.strip()
    if match := _EPOCH_TIME.fullmatch(text):
        moment = Moment(us=_epoch_us(int(match[1]), match[2] or ""))
    elif match := _ISO_TIME.fullmatch(text):
        moment = _iso_moment(match, name=name)
    else:
        raise _bad_time(name)
    if not 0 < moment.us < (TIME_BELOW - EPOCH) // timedelta(microseconds=1):
        raise ProtocolError(ErrorCode.OUT_OF_RANGE, f"{name}: expected a time from 1970 to 2099")
    return moment


def _epoch_us(whole: int, decimals: str) -> int:
    unit_digits = 6 if whole < SECONDS_BELOW else 3
    unit_us = 1_000_000 if whole < SECONDS_BELOW else 1_000
    return whole * unit_us + int(decimals.ljust(unit_digits, "0")[:unit_digits])


def _iso_moment(match: re.Match[str], *, name: str) -> Moment:
    zone = (match[3] or "Z").replace(" ", "+")
    try:
        at = datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}")
        return Moment(us=(at - EPOCH) // timedelta(microseconds=1), zone_assumed=match[3] is None)
    except (ValueError, OverflowError):
        raise _bad_time(name) from None


def _bad_time(name: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.BAD_FIELD,
        f"{name}: expected seconds or milliseconds since 1970, or ISO 8601 like 2026-11-21T10:00:00Z",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The fields of one record by canonical name, with the names that the device uses for them.

    Attributes:
        values: What was said; a field that is absent, null or empty text is not in it. A ProtocolError stands for
            what was said in no readable form (twice, not text), so that it counts only where the field matters.
        names: Canonical name to the device's, where they differ.
        unreadable: Filled by reading: fields that had a value we can't use.
    """

    values: Mapping[str, object]
    names: Mapping[str, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def required(self, key: str) -> object:
        """A value that the record stands on.

        Raises:
            ProtocolError: It was said in no readable form.
        """
        value = self.values[key]
        if isinstance(value, ProtocolError):
            raise value
        return value

    def name_of(self, key: str) -> str:
        """The device's name of a field."""
        return self.names.get(key, key)

    def optional_number(self, key: str, bounds: Range, *, unknown: float | None = None) -> float | None:
        """Read a number that the place does not depend on; `unknown` is the device's own word for "not known"."""
        if key not in self.values:
            return None
        try:
            number = parse_number(self.values[key], name=self.name_of(key), bounds=bounds)
        except ProtocolError:
            if not self._says(key, unknown):
                self.unreadable.append(self.name_of(key))
            return None
        return None if number == unknown else number

    def optional_bool(self, key: str) -> bool | None:
        """Read true/false/1/0 as text or JSON."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return value
        known = None if isinstance(value, ProtocolError) else _BOOLEANS.get(str(value).strip().lower())
        if known is None:
            self.unreadable.append(self.name_of(key))
        return known

    def _says(self, key: str, unknown: float | None) -> bool:
        if unknown is None:
            return False
        try:
            return parse_number(self.values[key], name=key, bounds=Range(low=unknown, high=unknown, unit="")) == unknown
        except ProtocolError:
            return False


_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
