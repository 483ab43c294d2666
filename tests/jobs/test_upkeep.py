"""The tables stay in shape: months have their partition, old live events go, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aralyk.access import counting
from aralyk.access.models import CountedLook
from aralyk.access.models import Role as AccountRole
from aralyk.database import Role
from aralyk.jobs import upkeep
from aralyk.jobs.settings import JobsSettings
from aralyk.jobs.upkeep import Kept, Upkeep, keep_up
from tests.conftest import Database
from tests.orders.cast import account

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
KEPT = Kept(
    map_events=timedelta(hours=1), events=timedelta(days=7), keys=timedelta(hours=48), looks=timedelta(hours=24)
)
FIX = (
    "INSERT INTO fix (device, fixed_at, content_hash, received_at, valid, source, stream, seq, late)"
    " VALUES ('d', %s, 'x', %s, true, 'gnss', 'position/g1', 1, false)"
)


def keep(database: Database, *, now: datetime = NOW) -> Upkeep:
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        return keep_up(connection, now=now, kept=KEPT)


def partitions(database: Database) -> list[str]:
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'fix'::regclass ORDER BY 1"
        ).fetchall()
    return [name for (name,) in rows]


def test_this_month_and_the_next_three_have_their_partition(database: Database) -> None:
    assert keep(database).partitions == 4
    assert partitions(database) == ["fix_2026_11", "fix_2026_12", "fix_2027_01", "fix_2027_02", "fix_other"]
    assert keep(database).partitions == 0


def test_a_replayed_month_gets_its_partition_and_its_rows_move_there(database: Database) -> None:
    then = datetime(2019, 7, 31, 23, 59, tzinfo=UTC)
    with database.connect(Role.MONITOR, autocommit=True) as connection:
        connection.execute(FIX, (then, NOW))
        connection.execute(FIX, (datetime(1980, 1, 1, tzinfo=UTC), NOW))
        connection.execute(FIX, (datetime(2150, 1, 1, tzinfo=UTC), NOW))
    keep(database)
    with database.connect(Role.MONITOR, autocommit=True) as connection:
        rows = connection.execute("SELECT tableoid::regclass::text, fixed_at FROM fix ORDER BY fixed_at").fetchall()
        # The moved row is still known as the same fix.
        again = connection.execute(FIX + " ON CONFLICT DO NOTHING", (then, NOW)).rowcount
    assert [name for name, _ in rows] == ["fix_other", "fix_2019_07", "fix_other"]
    assert rows[1][1] == then
    assert again == 0


def test_events_of_maps_go_after_an_hour_and_others_after_a_week(database: Database) -> None:
    with database.connect(Role.MONITOR, autocommit=True) as connection:
        for kind in ("fix", "incident"):
            for age in (timedelta(minutes=5), timedelta(hours=2), timedelta(days=8)):
                connection.execute(
                    "INSERT INTO live_event (kind, subject, district, at) VALUES (%s, 's', 'd', %s)", (kind, NOW - age)
                )
    assert keep(database).events == 3
    with database.connect(Role.MONITOR) as connection:
        left = connection.execute("SELECT kind, at FROM live_event ORDER BY kind, at DESC").fetchall()
    assert left == [
        ("fix", NOW - timedelta(minutes=5)),
        ("incident", NOW - timedelta(minutes=5)),
        ("incident", NOW - timedelta(hours=2)),
    ]


def test_a_long_backlog_of_events_goes_in_pieces(database: Database) -> None:
    count = upkeep.TRIMMED_AT_ONCE + 10
    with database.connect(Role.MONITOR, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO live_event (kind, subject, district, at)"
            " SELECT 'fix', 's', 'd', %s FROM generate_series(1, %s)",
            (NOW - timedelta(days=1), count),
        )
    assert keep(database).events == count


def test_a_request_that_was_sent_twice_is_known_for_two_days_and_then_forgotten(database: Database) -> None:
    with database.connect(Role.CONSOLE, autocommit=True) as connection:
        for key, age in (("a", timedelta(hours=47)), ("b", timedelta(hours=49))):
            connection.execute(
                "INSERT INTO api_idempotencykey (key_sha256, request_sha256, sight_sha256, status, content_type,"
                " created_at) VALUES (%s, '', '', 200, '', %s)",
                (key, NOW - age),
            )
    assert keep(database).keys == 1
    assert left(database, "SELECT key_sha256 FROM api_idempotencykey") == ["a"]
    assert keep(database, now=NOW + timedelta(hours=2)).keys == 1
    assert left(database, "SELECT key_sha256 FROM api_idempotencykey") == []


def test_a_counted_look_stays_longer_than_the_hour_that_counts_it_and_then_goes(database: Database) -> None:
    looker = account("operator", AccountRole.OPERATOR, agency="monitoring_centre")
    for what, age in (("vault", timedelta(minutes=59)), ("break_glass", timedelta(hours=25))):
        CountedLook.objects.create(user=looker, what=what, at=NOW - age)
    assert keep(database).looks == 1
    assert left(database, "SELECT what FROM access_countedlook") == ["vault"]
    assert keep(database, now=NOW + timedelta(hours=24)).looks == 1


def test_no_setting_forgets_a_look_while_it_still_counts(tmp_path: Path) -> None:
    least = 2
    JobsSettings(home=tmp_path, counted_look_hours=least)
    with pytest.raises(ValueError, match="counted_look_hours"):
        JobsSettings(home=tmp_path, counted_look_hours=least - 1)
    assert timedelta(hours=least) > counting.HOUR


def left(database: Database, query: str) -> list[str]:
    with database.connect(Role.OWNER) as connection:
        return [word for (word,) in connection.execute(query).fetchall()]
