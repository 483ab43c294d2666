"""Due times are right across midnight, a change of the clocks, weekends and holidays."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aralyk.jurisdictions.clocks import DueTime, OfficeDays, add_months_to_day, due_at
from aralyk.jurisdictions.model import Calendar, Holiday, KnownFrom, Text
from aralyk.jurisdictions.values import Due, Ends, Weekday

BERLIN = ZoneInfo("Europe/Berlin")
ALMATY = ZoneInfo("Asia/Almaty")
ZONES = st.sampled_from(
    [BERLIN, ALMATY, ZoneInfo("Asia/Bishkek"), ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kabul")]
)
MOMENTS = st.integers(0, 9 * 366 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
FIVE_DAYS = tuple(Weekday)[:5]


def offices(
    *days_off: date, days_on: tuple[date, ...] = (), weekdays: tuple[Weekday, ...] = FIVE_DAYS,
    years: tuple[int, ...] = tuple(range(2019, 2040)),
) -> OfficeDays:  # fmt: skip
    since = date(2000, 1, 1)
    week = Calendar(
        slug="offices", valid_from=since, source="ours", known_from=KnownFrom.OURS, unverified=False,
        weekdays=weekdays, opens=time(9), closes=time(17), years_known=years,
    )  # fmt: skip
    holiday = Holiday(
        slug="day", valid_from=since, source="ours", known_from=KnownFrom.OURS, unverified=False,
        name=Text(en="Day"), days_off=days_off or (date(2001, 1, 1),), days_on=days_on,
    )  # fmt: skip
    return OfficeDays.of([week], [holiday])


def due(term: Due, event_at: datetime, *, zone: ZoneInfo = BERLIN, by: OfficeDays | None = None) -> DueTime:
    return due_at(term, event_at=event_at, zone=zone, offices=by or offices())


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def test_24_hours_are_24_hours_over_a_night_in_which_the_clocks_change() -> None:
    evening = local(2026, 3, 28, 20)  # the night to 29 March has 23 hours
    assert due(Due(hours=24), evening).at == local(2026, 3, 29, 21)
    assert due(Due(days=1), evening).at == local(2026, 3, 29, 20)


def test_a_day_on_which_kazakhstan_changed_its_zone_is_no_hour_shorter_for_anybody() -> None:
    evening = datetime(2024, 2, 29, 20, tzinfo=ALMATY)  # at midnight the clocks went back by an hour
    assert due(Due(hours=24), evening, zone=ALMATY).at == datetime(2024, 3, 1, 19, tzinfo=ALMATY)
    assert due(Due(days=1), evening, zone=ALMATY).at == datetime(2024, 3, 1, 20, tzinfo=ALMATY)


def test_a_time_of_day_that_the_clocks_skip_ends_an_hour_later_on_the_clock() -> None:
    assert due(Due(days=1), local(2026, 3, 28, 2, 30)).at == local(2026, 3, 29, 3, 30)


def test_a_term_that_ends_with_the_day_ends_at_the_next_midnight_of_the_country() -> None:
    term = Due(days=7, ends=Ends.END_OF_DAY)
    assert due(term, local(2026, 3, 25, 0, 0)).at == local(2026, 4, 2)
    assert due(term, local(2026, 3, 25, 23, 59)).at == local(2026, 4, 2)
    assert due(term, datetime(2026, 3, 25, 23, 30, tzinfo=UTC)).at == local(2026, 4, 3)  # already the 26th in Berlin


def test_a_month_from_the_last_day_ends_on_the_last_day() -> None:
    assert due(Due(months=1), local(2027, 1, 31, 12)).at == local(2027, 2, 28, 12)
    assert due(Due(months=1), local(2027, 12, 31, 12)).at == local(2028, 1, 31, 12)


def test_a_duty_before_an_event_counts_back_from_it() -> None:
    expiry = local(2026, 3, 29, 12)
    assert due(Due(hours=24, ahead=True), expiry).at == local(2026, 3, 28, 11)
    assert due(Due(days=1, ahead=True), expiry).at == local(2026, 3, 28, 12)
    assert due(Due(hours=0, ahead=True), expiry).at == expiry


def test_working_days_begin_after_the_event_and_pass_over_weekends_and_holidays() -> None:
    friday = local(2026, 10, 9, 15)
    assert due(Due(working_days=1), friday).at == local(2026, 10, 12, 15)
    assert due(Due(working_days=1), friday, by=offices(date(2026, 10, 12))).at == local(2026, 10, 13, 15)
    bought = offices(date(2026, 10, 12), days_on=(date(2026, 10, 10),))
    assert due(Due(working_days=1), friday, by=bought).at == local(2026, 10, 10, 15)
    assert due(Due(working_days=5, ends=Ends.END_OF_DAY), friday).at == local(2026, 10, 17)


def test_a_last_day_on_which_nobody_works_moves_to_the_next_working_day() -> None:
    term = Due(days=7, ends=Ends.END_OF_DAY, moves_to_working_day=True)
    saturday = local(2026, 10, 3, 12)
    assert due(term, saturday).at == local(2026, 10, 13)  # Saturday the 10th → Monday the 12th, its end
    assert due(term, local(2026, 10, 2, 12)).at == local(2026, 10, 10)


def test_working_hours_run_only_while_the_office_is_open() -> None:
    assert due(Due(working_hours=4), local(2026, 10, 8, 10)).at == local(2026, 10, 8, 14)
    assert due(Due(working_hours=4), local(2026, 10, 8, 15)).at == local(2026, 10, 9, 11)
    assert due(Due(working_hours=4), local(2026, 10, 9, 20)).at == local(2026, 10, 12, 13)
    assert due(Due(working_hours=8), local(2026, 10, 9, 9)).at == local(2026, 10, 9, 17)


def test_a_year_whose_holidays_nobody_listed_gives_an_early_and_provisional_term() -> None:
    new_year = local(2026, 12, 30, 12)
    listed = offices(date(2027, 1, 1), years=(2026, 2027))
    unlisted = offices(years=(2026,))
    assert due(Due(working_days=2), new_year, by=listed) == DueTime(
        at=local(2027, 1, 4, 12).astimezone(UTC), provisional=False
    )
    assert due(Due(working_days=2), new_year, by=unlisted) == DueTime(
        at=local(2027, 1, 1, 12).astimezone(UTC), provisional=True
    )


def test_an_office_that_never_works_is_an_error_and_no_endless_search() -> None:
    with pytest.raises(ValueError, match="offices: expected working days"):
        due(Due(working_days=1), local(2026, 1, 1), by=OfficeDays())
    with pytest.raises(ValueError, match="offices: expected 1 working hours"):
        due(Due(working_hours=1), local(2026, 1, 1), by=OfficeDays())


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="event_at: expected a time with its zone"):
        due(Due(hours=1), datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


@given(at=MOMENTS, hours=st.integers(0, 8784), zone=ZONES)
def test_hours_elapse_the_same_in_every_zone(at: datetime, hours: int, zone: ZoneInfo) -> None:
    assert due(Due(hours=hours), at.astimezone(zone), zone=zone).at - at == timedelta(hours=hours)


@given(at=MOMENTS, days=st.integers(1, 400), zone=ZONES)
def test_days_end_on_the_day_that_the_calendar_names_at_the_time_that_the_clock_shows(
    at: datetime, days: int, zone: ZoneInfo
) -> None:
    start, end = at.astimezone(zone), due(Due(days=days), at, zone=zone).at.astimezone(zone)
    assert (
        timedelta()
        <= abs(end.replace(tzinfo=None) - start.replace(tzinfo=None) - timedelta(days=days))
        <= (
            timedelta(hours=1)  # where the clocks skip that time of day
        )
    )
    assert abs(end - start - timedelta(days=days)) <= timedelta(hours=1)


@given(at=MOMENTS, days=st.integers(1, 400), zone=ZONES)
def test_a_term_to_the_end_of_the_day_is_never_shorter_and_less_than_a_day_longer(
    at: datetime, days: int, zone: ZoneInfo
) -> None:
    to_the_hour = due(Due(days=days), at, zone=zone).at
    to_the_end = due(Due(days=days, ends=Ends.END_OF_DAY), at, zone=zone).at
    assert timedelta() < to_the_end - to_the_hour <= timedelta(hours=25)
    assert to_the_end.astimezone(zone).time() == time()


@given(
    at=MOMENTS, later=st.timedeltas(timedelta(), timedelta(days=9)), zone=ZONES,
    days_off=st.sets(st.dates(date(2020, 1, 1), date(2029, 12, 31)), max_size=60),
    term=st.integers(1, 60).flatmap(lambda count: st.sampled_from(
        [Due(hours=count), Due(days=count), Due(working_days=count), Due(working_hours=count)]
    )),
)  # fmt: skip
def test_who_starts_later_is_never_due_earlier(
    at: datetime, later: timedelta, zone: ZoneInfo, days_off: set[date], term: Due
) -> None:
    by = offices(*days_off)
    first, second = (due(term, moment, zone=zone, by=by).at for moment in (at, at + later))
    assert second >= first - (
        timedelta(hours=1) if term.days or term.working_days else timedelta()
    )  # the clocks may go back between


@given(at=MOMENTS, zone=ZONES, days_off=st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=40))
def test_a_further_holiday_never_makes_a_term_end_earlier_and_working_terms_end_on_working_days(
    at: datetime, zone: ZoneInfo, days_off: set[date]
) -> None:
    assume(at.year == 2026 or not days_off)
    without, with_them = offices(), offices(*days_off)
    for term in (Due(working_days=3), Due(working_hours=12), Due(days=5, moves_to_working_day=True)):
        late = due(term, at, zone=zone, by=with_them)
        assert late.at >= due(term, at, zone=zone, by=without).at
        last = (late.at - timedelta(microseconds=1)).astimezone(zone).date()
        assert with_them.are_worked(last) or with_them.are_worked(late.at.astimezone(zone).date())


@given(
    at=MOMENTS, zone=ZONES, count=st.integers(1, 20),
    days_off=st.sets(st.dates(date(2026, 1, 1), date(2027, 1, 31)), max_size=40),
)  # fmt: skip
def test_an_unlisted_year_can_only_make_a_term_end_earlier(
    at: datetime, zone: ZoneInfo, count: int, days_off: set[date]
) -> None:
    true = due(Due(working_days=count), at, zone=zone, by=offices(*days_off))
    guessed = due(Due(working_days=count), at, zone=zone, by=offices(years=()))
    assert guessed.at <= true.at
    assert guessed.provisional
    assert not true.provisional


@given(day=st.dates(date(1990, 1, 1), date(2100, 1, 1)), months=st.integers(0, 120))
def test_months_keep_the_day_or_take_the_months_last(day: date, months: int) -> None:
    end = add_months_to_day(day, months)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day == day.day or (end.day < day.day and (end + timedelta(days=1)).day == 1)
