"""When is it due? Pure arithmetic on moments, days of a time zone and the working days of its offices.

Hours are elapsed hours: 24 are 24, across midnight and across a change of the clocks. Days and months are those of the
country's calendar and end at the same time of day, or with the day. Working days and hours need to know the holidays;
for a year whose holidays nobody has listed every day of the working week counts as worked, which can only make the due
time earlier, and the answer says that it is provisional.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aralyk.jurisdictions.model import Calendar, Holiday
from aralyk.jurisdictions.values import Due, Ends, Weekday

SEARCH_DAYS_MAX: Final = 20_000  # 3,660 working days, the longest term, are some 5,200 days of a five-day week
_DAY: Final = timedelta(days=1)
_WEEKDAYS: Final = tuple(Weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """When a term ends.

    Attributes:
        at: Aware, UTC; the first moment at which the duty is overdue.
        provisional: Whether it counts days of a year whose holidays are not listed; the true end may be later.
    """

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeDays:
    """The days and hours on which offices work.

    Attributes:
        weeks: The calendars, oldest first; none: the pack has none, and nothing may count working days.
        days_off: Holidays.
        days_on: Days of rest that were made working days.
    """

    weeks: tuple[Calendar, ...] = ()
    days_off: frozenset[date] = frozenset()
    days_on: frozenset[date] = frozenset()

    @classmethod
    def of(cls, weeks: Iterable[Calendar], holidays: Iterable[Holiday]) -> OfficeDays:
        """From the entries of a pack."""
        listed = tuple(holidays)
        return cls(
            weeks=tuple(weeks),
            days_off=frozenset(day for holiday in listed for day in holiday.days_off),
            days_on=frozenset(day for holiday in listed for day in holiday.days_on),
        )

    def week_of(self, day: date) -> Calendar | None:
        """The calendar in force on `day`."""
        return next((week for week in self.weeks if week.holds_on(day)), None)

    def are_known(self, day: date) -> bool:
        """Whether every holiday of that year is listed."""
        week = self.week_of(day)
        return week is not None and day.year in week.years_known

    def are_worked(self, day: date) -> bool:
        """Whether offices work on `day`, as far as is known."""
        week = self.week_of(day)
        if week is None:
            return False
        if day in self.days_on:
            return True
        return day not in self.days_off and _WEEKDAYS[day.weekday()] in week.weekdays


def due_at(due: Due, *, event_at: datetime, zone: ZoneInfo, offices: OfficeDays) -> DueTime:
    """When something is due that an event at `event_at` started.

    Args:
        due: As checked by the loader: one unit.
        event_at: Aware.
        zone: Of the country.
        offices: When its offices work; asked only by terms in working days and hours, or moved to a working day.

    Raises:
        ValueError: `event_at` has no zone, or the offices don't work long enough in the next decades.
    """
    if event_at.tzinfo is None:
        raise ValueError("event_at: expected a time with its zone, found none")
    sign = -1 if due.ahead else 1
    if due.hours is not None:
        return DueTime(at=event_at.astimezone(UTC) + sign * timedelta(hours=due.hours), provisional=False)
    if due.working_hours is not None:
        return _after_working_hours(due.working_hours, event_at=event_at, zone=zone, offices=offices)
    local = event_at.astimezone(zone)
    if due.working_days is not None:
        last, provisional = _nth_working_day(local.date() + _DAY, due.working_days, offices)
    elif due.days is not None:
        last, provisional = local.date() + sign * timedelta(days=due.days), False
    else:
        assert due.months is not None
        last, provisional = add_months_to_day(local.date(), due.months), False
    if due.moves_to_working_day:
        last, provisional = _nth_working_day(last, 1, offices)
    return DueTime(at=_moment(last, local, due.ends, zone), provisional=provisional)


def add_months_to_day(day: date, months: int) -> date:
    """The same day of the month `months` later; the month's last day where there is no such day."""
    year, month_index = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month_index == 11), (month_index + 1) % 12 + 1, 1)
    return min(date(year, month_index + 1, 1) + timedelta(days=day.day - 1), first_of_next - _DAY)


def _moment(day: date, local: datetime, ends: Ends, zone: ZoneInfo) -> datetime:
    """The end of a term on its last day; where the clocks skip that time of day, later by as much as they skip."""
    if ends is Ends.END_OF_DAY:
        return datetime.combine(day + _DAY, time(), tzinfo=zone).astimezone(UTC)
    return local.replace(year=day.year, month=day.month, day=day.day, fold=0).astimezone(UTC)


def _nth_working_day(first: date, count: int, offices: OfficeDays) -> tuple[date, bool]:
    """The `count`-th working day from `first` on, and whether a day whose year is not listed was passed."""
    day, provisional = first, False
    for _ in range(SEARCH_DAYS_MAX):
        provisional |= not offices.are_known(day)
        if offices.are_worked(day):
            count -= 1
            if count == 0:
                return day, provisional
        day += _DAY
    raise ValueError(f"offices: expected working days after {first}, found too few")


def _after_working_hours(hours: int, *, event_at: datetime, zone: ZoneInfo, offices: OfficeDays) -> DueTime:
    """Open time is counted as it elapses, so a clock change in it costs or gives nobody an hour."""
    left, at = timedelta(hours=hours), event_at.astimezone(UTC)
    day, provisional = event_at.astimezone(zone).date(), False
    for _ in range(SEARCH_DAYS_MAX):
        provisional |= not offices.are_known(day)
        week = offices.week_of(day)
        if week is not None and offices.are_worked(day):
            opens = datetime.combine(day, week.opens, tzinfo=zone).astimezone(UTC)
            closes = datetime.combine(day, week.closes, tzinfo=zone).astimezone(UTC)
            begins = max(at, opens)
            if begins + left <= closes:
                return DueTime(at=begins + left, provisional=provisional)
            left -= max(closes - begins, timedelta())
        day += _DAY
    raise ValueError(f"offices: expected {hours} working hours after the event, found too few")
