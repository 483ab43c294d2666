"""Hours of a condition against a second reading: each minute of local time asked of zoneinfo by itself."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aralyk.engine import OrderInvalid, compile_order
from aralyk.engine.schedules import DAYS, Hours, intervals_us
from aralyk.engine.times import us_of
from tests.engine.builders import about, at, circle, decided, order, started, still

ZONES = [
    "Europe/Lisbon", "Europe/Berlin", "Asia/Bishkek", "America/Santiago", "Australia/Lord_Howe", "America/New_York",
    "Africa/Casablanca", "Asia/Tehran", "Pacific/Apia", "America/St_Johns", "UTC",
]  # fmt: skip
MINUTE = timedelta(minutes=1)
MINUTE_US = 60_000_000
CHANGES = [
    date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 9, 6), date(2026, 10, 4), date(2026, 10, 25),
    date(2026, 11, 1), date(2026, 2, 15), date(2026, 3, 22), date(2011, 12, 30), date(2026, 7, 1),
]  # fmt: skip


def minutes_by_asking(rules: list[Hours], zone: ZoneInfo, begins: datetime, ends: datetime) -> set[int]:
    """Every minute whose local time lies in a rule's hours; of an hour that comes twice all between first and last."""
    early, late = begins - timedelta(days=3), ends + timedelta(days=3)
    local: list[tuple[datetime, datetime]] = []
    moment = early
    while moment < late:
        local.append((moment, moment.astimezone(zone).replace(tzinfo=None)))
        moment += MINUTE
    found: set[int] = set()
    for rule in rules:
        day = early.date()
        while day <= late.date():
            if DAYS[day.weekday()] in rule.days:
                first = datetime.combine(day, rule.begins)
                last = datetime.combine(day + timedelta(days=1 if rule.ends <= rule.begins else 0), rule.ends)
                inside = [us_of(utc) for utc, wall in local if first <= wall < last]
                if inside:
                    found.update(range(inside[0], inside[-1] + MINUTE_US, MINUTE_US))
            day += timedelta(days=1)
    return {m for m in found if us_of(begins) <= m < us_of(ends)}


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
rules_of = st.lists(
    st.builds(Hours, days=st.frozensets(st.sampled_from(DAYS), min_size=1), begins=clocks, ends=clocks),
    min_size=1, max_size=2,
)  # fmt: skip
SUNDAY = frozenset({"sun", "sat"})


@settings(max_examples=60)
@given(st.sampled_from(ZONES), rules_of, st.sampled_from(CHANGES), st.integers(0, 1439))
@example("Europe/Lisbon", [Hours(days=SUNDAY, begins=time(1, 30), ends=time(2, 15))], date(2026, 3, 29), 0)
@example("America/Santiago", [Hours(days=SUNDAY, begins=time(0, 0), ends=time(0, 30))], date(2026, 9, 6), 0)
@example("America/Santiago", [Hours(days=SUNDAY, begins=time(23, 30), ends=time(0, 30))], date(2026, 4, 5), 0)
@example("Australia/Lord_Howe", [Hours(days=SUNDAY, begins=time(1, 45), ends=time(2, 15))], date(2026, 10, 4), 0)
@example("Australia/Lord_Howe", [Hours(days=SUNDAY, begins=time(1, 45), ends=time(2, 15))], date(2026, 4, 5), 0)
def test_hours_hold_exactly_the_minutes_that_the_clock_on_the_wall_says(
    name: str, rules: list[Hours], change: date, minute: int
) -> None:
    zone = ZoneInfo(name)
    begins = datetime.combine(change, time(0), UTC) - timedelta(days=2) + minute * MINUTE
    ends = begins + timedelta(days=4)
    found = intervals_us(rules, zone=zone, starts_us=us_of(begins), expires_us=us_of(ends))
    assert all(low < high for low, high in found)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(found))
    minutes = {m for low, high in found for m in range(low, high, MINUTE_US)}
    assert minutes == minutes_by_asking(rules, zone, begins, ends)


def test_twenty_four_hundred_is_the_end_of_the_day_and_never_a_beginning() -> None:
    def given_hours(begin: str, end: str) -> object:
        hours = [{"days": ["sat"], "from": begin, "to": end}]
        return compile_order(order(circle(schedule=hours))).conditions[0].intervals_us

    assert given_hours("20:00", "24:00") == given_hours("20:00", "00:00")
    with pytest.raises(OrderInvalid) as refused:
        given_hours("24:00", "07:00")
    assert refused.value.field == "conditions[0].schedule[0].from"


@pytest.mark.parametrize("name", ["Europe/Lisbon", "Asia/Bishkek", "America/Santiago", "Australia/Lord_Howe"])
def test_an_area_that_becomes_active_round_him_speaks_at_that_local_minute(name: str) -> None:
    zone = ZoneInfo(name)
    local = datetime.fromtimestamp(at(300) / 1e6, zone)
    hours = [{"days": [DAYS[local.weekday()]], "from": f"{local:%H:%M}", "to": "24:00"}]
    state = started(circle(schedule=hours), timezone=name)
    assert about(decided(state, still("bracelet", 0, 19)), "exclusion_zone") == []
    (said,) = about(state.tick(at(301)), "exclusion_zone")
    assert (said.decided_at_us, said.reason) == (at(300), "became_active")
