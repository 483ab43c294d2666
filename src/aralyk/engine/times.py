"""Instants as integer microseconds since the Unix epoch, UTC, and their ISO 8601 form with Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
TIME_US_MAX = 253_402_300_799_999_999
"""The last microsecond of the year 9999: the last that has an ISO form."""


def us_of(moment: datetime) -> int:
    """Microseconds since the epoch of an aware moment; exact."""
    return (moment - _EPOCH) // _MICROSECOND


def parse_us(text: str) -> int:
    """Microseconds since the epoch of an ISO 8601 text.

    Raises: ValueError: The text is no ISO 8601 time, names no offset from UTC, or lies before 1970.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no offset from UTC (end it with Z)")
    value = us_of(moment)
    if value < 0:
        raise ValueError(f"{text!r} lies before 1970")
    return value


def iso(at_us: int) -> str:
    """`2026-11-21T10:00:00.123456Z`, always six decimals."""
    return (_EPOCH + timedelta(microseconds=at_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
