"""Hours of a condition: from local weekly rules to UTC intervals, computed once when the order is compiled.

`{"days": ["mon"], "from": "20:00", "to": "07:00"}` begins on Monday evening and ends on Tuesday morning; equal
ends mean the whole day. Local times follow the order's IANA time zone: an hour that a clock change skips
begins or ends at the change, one that it repeats is taken the first time for a begin and the last time for an end,
so that nothing falls between. Overlapping hours are merged; the result is clipped to the order's life.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aralyk.engine.times import us_of

SECOND_US: Final = 1_000_000
"""Clock changes fall on whole seconds."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One weekly rule in local time."""

    days: frozenset[str]
    begins: time
    ends: time


def intervals_us(
    hours: Sequence[Hours], *, zone: ZoneInfo, starts_us: int, expires_us: int
) -> tuple[tuple[int, int], ...]:
    """Expand weekly hours into disjoint, sorted UTC intervals inside [starts_us, expires_us)."""
    found: list[tuple[int, int]] = []
    day = _local_date(starts_us, zone) - timedelta(days=1)
    last = _local_date(expires_us, zone)
    while day <= last:
        found.extend(_on(day, rule, zone) for rule in hours if DAYS[day.weekday()] in rule.days)
        day += timedelta(days=1)
    return _merged(found, starts_us, expires_us)


def windows_us(per_day: int, *, zone: ZoneInfo, starts_us: int, expires_us: int) -> tuple[tuple[int, int], ...]:
    """Cut every local day into equal windows, in UTC, clipped to [starts_us, expires_us).

    Equal in elapsed time: a day of 23 or 25 hours has as many windows as any other. A window of which less than
    half is left by the clip is dropped.
    """
    found = []
    day = _local_date(starts_us, zone)
    last = _local_date(expires_us, zone)
    while day <= last:
        begins = us_of(datetime.combine(day, time(0), tzinfo=zone))
        day += timedelta(days=1)
        length = us_of(datetime.combine(day, time(0), tzinfo=zone)) - begins
        for i in range(per_day):
            low, high = begins + i * length // per_day, begins + (i + 1) * length // per_day
            kept = min(high, expires_us) - max(low, starts_us)
            if 2 * kept >= high - low:
                found.append((max(low, starts_us), min(high, expires_us)))
    return tuple(found)


def _local_date(at_us: int, zone: ZoneInfo) -> date:
    return _local(at_us, zone).date()


def _local(at_us: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(zone)


def _on(day: date, rule: Hours, zone: ZoneInfo) -> tuple[int, int]:
    end_day = day + timedelta(days=1) if rule.ends <= rule.begins else day
    return _instant_us(day, rule.begins, zone, fold=0), _instant_us(end_day, rule.ends, zone, fold=1)


def _instant_us(day: date, clock: time, zone: ZoneInfo, *, fold: int) -> int:
    """The moment of a local time: of two the first (fold 0) or the last (1); of none, the clock change itself."""
    first, last = (us_of(datetime.combine(day, clock, tzinfo=zone).replace(fold=f)) for f in (0, 1))
    if first <= last:
        return last if fold else first
    # Skipped: read with the clock of before it lies after the change, with that of after before it.
    before = _offset(last, zone)
    while first - last > SECOND_US:
        middle = (first + last) // 2 // SECOND_US * SECOND_US
        if _offset(middle, zone) == before:
            last = middle
        else:
            first = middle
    return first


def _offset(at_us: int, zone: ZoneInfo) -> timedelta | None:
    return _local(at_us, zone).utcoffset()


def _merged(found: list[tuple[int, int]], starts_us: int, expires_us: int) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for begins, ends in sorted(found):
        begins, ends = max(begins, starts_us), min(ends, expires_us)
        if begins >= ends:
            continue
        if merged and begins <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ends, merged[-1][1]))
        else:
            merged.append((begins, ends))
    return tuple(merged)
