"""Maps and device lists show what the log says, once, and never older than what is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.database import Role
from aralyk.tracking import columns, projection
from aralyk.tracking.arrivals import Message
from aralyk.tracking.projection import Heard, Term, content_hash
from tests.conftest import Database

NOON = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
TERMS = {"phone-1": Term(clock.to_us(NOON - timedelta(days=1)), clock.to_us(NOON + timedelta(days=1)))}


def fix(*, after_s: float = 0, heard_after_s: float | None = None, device: str = "phone-1", **said: Any) -> Heard:
    fields: dict[str, Any] = {"fixed_at": NOON + timedelta(seconds=after_s), "lat": 42.87, "lon": 74.6} | said
    message = Message(**fields)
    heard = NOON + timedelta(seconds=after_s + 1 if heard_after_s is None else heard_after_s)
    return projection.heard(device=device, received_us=clock.to_us(heard), stream="position/g1", seq=1, message=message)


def write(database: Database, *steps: Sequence[Heard]) -> None:
    with database.connect(Role.MONITOR, autocommit=True) as connection:
        columns.register(connection)
        for heard in steps:
            with connection.transaction(), connection.cursor() as cursor:
                projection.write_fixes(cursor, heard, terms=TERMS)
                projection.write_statuses(cursor, heard, terms=TERMS)


def read(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect(Role.MONITOR) as connection:
        return connection.execute(query).fetchall()


def test_a_fix_heard_twice_is_one_row(database: Database) -> None:
    write(database, [fix(), fix(heard_after_s=30)], [fix(heard_after_s=60)])
    assert read(database, "SELECT count(*) FROM fix") == [(1,)]


def test_two_fixes_of_one_moment_that_differ_are_both_kept(database: Database) -> None:
    write(database, [fix(), fix(lat=42.88)])
    assert read(database, "SELECT lat FROM fix ORDER BY lat") == [(42.87,), (42.88,)]


def test_a_fix_older_than_the_lateness_window_is_marked_late(database: Database) -> None:
    write(database, [fix(heard_after_s=120), fix(after_s=1, heard_after_s=122)])
    assert read(database, "SELECT late FROM fix ORDER BY fixed_at") == [(False,), (True,)]


def test_a_record_without_a_place_is_contact_and_no_fix(database: Database) -> None:
    write(database, [fix(lat=None, lon=None, battery_pct=40.0)])
    assert read(database, "SELECT count(*) FROM fix") == [(0,)]
    assert read(database, "SELECT lat, battery_pct FROM device_status") == [(None, 40.0)]


def test_a_late_fix_does_not_move_the_newest_place_backwards(database: Database) -> None:
    write(database, [fix(after_s=60, lat=42.9)], [fix(after_s=0, heard_after_s=90, lat=42.8)])
    assert read(database, "SELECT lat, fixed_at, received_at FROM device_status") == [
        (42.9, NOON + timedelta(seconds=60), NOON + timedelta(seconds=90))
    ]


def test_a_fix_that_the_device_calls_invalid_is_kept_but_is_nobodys_place(database: Database) -> None:
    write(database, [fix()], [fix(after_s=10, lat=1.0, valid=False)])
    assert read(database, "SELECT lat, valid FROM fix ORDER BY fixed_at") == [(42.87, True), (1.0, False)]
    assert read(database, "SELECT lat FROM device_status") == [(42.87,)]


def test_a_clock_that_runs_ahead_does_not_stay_newest_for_ever(database: Database) -> None:
    write(database, [fix(after_s=86_400, heard_after_s=5, lat=42.8)], [fix(after_s=20, lat=42.9)])
    assert read(database, "SELECT lat FROM device_status") == [(42.9,)]


def test_a_place_outside_the_earth_is_no_place_but_contact(database: Database) -> None:
    write(database, [fix(lat=91.0)])
    assert read(database, "SELECT count(*) FROM fix") == [(0,)]
    assert read(database, "SELECT count(*) FROM device_status") == [(1,)]


def test_no_place_is_collected_of_a_device_in_no_order(database: Database) -> None:
    write(database, [fix(device="spare-7", battery_pct=80.0)])
    assert read(database, "SELECT count(*) FROM fix") == [(0,)]
    assert read(database, "SELECT lat, fixed_at, battery_pct FROM device_status") == [(None, None, 80.0)]


def test_collection_of_places_stops_at_the_last_second_of_the_order(database: Database) -> None:
    day_s = 86_400
    before, after = fix(after_s=day_s - 30, lat=42.8), fix(after_s=day_s, lat=42.9, battery_pct=9.0)
    write(database, [before, after])
    assert read(database, "SELECT lat FROM fix") == [(42.8,)]
    assert read(database, "SELECT lat, battery_pct FROM device_status") == [(42.8, 9.0)]


def test_a_place_of_before_the_end_that_arrives_after_it_is_kept(database: Database) -> None:
    write(database, [fix(after_s=86_390, heard_after_s=86_500)])
    assert read(database, "SELECT late FROM fix") == [(False,)]


def test_no_place_is_collected_before_the_order_begins(database: Database) -> None:
    write(database, [fix(after_s=-90_000)])
    assert read(database, "SELECT count(*) FROM fix") == [(0,)]


def test_the_strap_says_since_when(database: Database) -> None:
    write(
        database,
        [fix(strap="locked")],
        [fix(after_s=15, strap="open")],
        [fix(after_s=30, strap="open"), fix(after_s=45)],
    )
    assert read(database, "SELECT strap, strap_since FROM device_status") == [("open", NOON + timedelta(seconds=15))]


def test_what_a_message_does_not_say_stays_as_it_was_known(database: Database) -> None:
    write(database, [fix(battery_pct=70.0, charging=True)], [fix(after_s=15)])
    assert read(database, "SELECT battery_pct, charging FROM device_status") == [(70.0, True)]


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_an_absurd_time_of_a_fix_stops_nothing(database: Database, year: int) -> None:
    write(database, [fix(fixed_at=datetime(year, 1, 1, tzinfo=UTC)), fix(after_s=30)])
    assert read(database, "SELECT count(*) FROM fix") == [(2,)]


MESSAGES = st.builds(
    Message,
    lat=st.none() | st.floats(-90, 90),
    lon=st.none() | st.floats(-180, 180),
    accuracy_m=st.none() | st.floats(0, 1e6),
    valid=st.none() | st.booleans(),
    source=st.sampled_from(["gnss", "network", "fused", "unknown"]),
)


@given(MESSAGES, MESSAGES)
def test_equal_content_has_one_name_and_different_content_two(one: Message, other: Message) -> None:
    same = (one.lat, one.lon, one.accuracy_m, one.source, one.valid is not False) == (
        other.lat,
        other.lon,
        other.accuracy_m,
        other.source,
        other.valid is not False,
    )
    signed_zero = {repr(one.lat), repr(other.lat), repr(one.lon), repr(other.lon)} & {"-0.0"}
    assert (content_hash(one) == content_hash(other)) == same or signed_zero
