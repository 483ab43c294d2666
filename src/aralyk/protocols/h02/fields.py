"""Fields that text and binary frames share: a moment from digits, and a message around a place that may be bad."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import Range
from aralyk.protocols.messages import EPOCH, Alarm
from aralyk.protocols.wire import DECIMALS, KNOT_MPS

SPEED_KN: Final = Range(low=0, high=2000, unit="knots")
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
PERCENT: Final = Range(low=0, high=100, unit="percent")

_SIX_DIGITS: Final = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a frame says about where and when; all None: nothing."""

    at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool | None = None


def moment_us(time: str, date: str) -> int | None:
    """Read hhmmss and ddmmyy, UTC; None: the tracker has no date (no digits, or only 0).

    Raises:
        ProtocolError: Digits that are no moment.
    """
    if not date.strip("0"):
        return None
    try:
        if not (_SIX_DIGITS.fullmatch(time) and _SIX_DIGITS.fullmatch(date)):
            raise ValueError
        day, month, year, hour, minute, second = (
            int(text[start : start + 2]) for text in (date, time) for start in (0, 2, 4)
        )
        at = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise ProtocolError(ErrorCode.BAD_FIELD, "time: expected hhmmss and ddmmyy in UTC") from None
    return (at - EPOCH) // timedelta(microseconds=1)


def place_or_alarm(read: Callable[[], Place], alarms: tuple[Alarm, ...], unreadable: list[str]) -> Place:
    """Read a place; an alarm never waits for one that can't be read."""
    try:
        return read()
    except ProtocolError as error:
        if not alarms:
            raise
        unreadable.append(error.detail.partition(":")[0])
        return Place()


def speed_mps(knots: float | None) -> float | None:
    """Knots in m/s."""
    return None if knots is None else round(knots * KNOT_MPS, DECIMALS)


def noted(extra: dict[str, Any], unreadable: list[str]) -> dict[str, Any]:
    """The extras with the fields that could not be read."""
    return extra | ({"unreadable": sorted(set(unreadable))} if unreadable else {})
