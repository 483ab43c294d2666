"""A device's hours are what its frames said, however the log was read, and nothing of those nobody registered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.tracking import health, log
from aralyk.tracking.health import Projector, cell_of, centre_of, forget
from aralyk.tracking.log import Lane
from tests.conftest import Database

START = datetime(2026, 11, 21, 10, tzinfo=UTC)
DEVICE = "tracker-1"


@pytest.fixture
def device(database: Database) -> str:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO devices_device (id, kind, protocol, model, interval_s, trust, active, synthetic)"
            " VALUES (%s, 'bracelet', 'r16h', '', 60, 'imei', true, true)",
            (DEVICE,),
        )
    return DEVICE


def say(
    database: Database, *, after_s: float, device: str | None = DEVICE, lane: Lane = Lane.STATUS, **said: Any
) -> None:
    """One frame, received `after_s` after the start."""
    at = START + timedelta(seconds=after_s)
    line = log.frame_line(
        raw=b"x", lane=lane, messages=[{"fixed_at": clock.iso(at)} | said], protocol="r16h",
        received_at_us=clock.to_us(at), device=device,
    )  # fmt: skip
    with database.connect(Role.GATEWAY) as connection, connection.cursor() as cursor:
        log.append(cursor, stream=f"{lane}/g1", lines=[line], received_at=at, by="system:gateway")


def read(database: Database) -> int:
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        return Projector(connection).follow(now=START)


def hour(database: Database) -> dict[str, Any]:
    with database.connect() as connection:
        cursor = connection.execute("SELECT * FROM device_hour ORDER BY hour DESC LIMIT 1")
        assert cursor.description is not None
        row = cursor.fetchone()
        assert row is not None
        return dict(zip((column.name for column in cursor.description), row, strict=True))


def test_gaps_are_between_contacts_also_over_a_restart_of_the_reader(database: Database, device: str) -> None:
    for after_s in (0, 60, 120):
        say(database, after_s=after_s)
    assert read(database) == 3
    say(database, after_s=300)
    assert read(database) == 1
    assert read(database) == 0
    found = hour(database)
    assert (found["contacts"], found["gaps_s"]) == (4, [60, 60, 180])


def test_what_a_device_says_of_itself_is_kept_with_its_time(database: Database, device: str) -> None:
    say(database, after_s=0, strap="locked", battery_pct=80, extra={"gsm_signal": 17, "firmware": "2.1"})
    say(database, after_s=60, strap="open", lane=Lane.TAMPER, charging=True)
    say(database, after_s=120, strap="open", lane=Lane.TAMPER)
    read(database)
    with database.connect() as connection:
        straps = connection.execute("SELECT since, strap FROM device_strap ORDER BY since").fetchall()
        trait = connection.execute("SELECT strap, firmware, signal FROM device_trait").fetchone()
    assert straps == [(START, "locked"), (START + timedelta(seconds=60), "open")]
    assert trait == ("open", "2.1", 17.0)
    found = hour(database)
    assert (found["battery_minutes"], found["battery_pct"], found["charging"]) == ([0], [80], 1)


def test_a_place_is_counted_by_its_quality_and_a_late_record_is_no_error_of_the_clock(
    database: Database, device: str
) -> None:
    place: dict[str, Any] = {"lat": 42.87, "lon": 74.6, "lane": Lane.POSITION}
    say(database, after_s=10, **place, source="gnss", accuracy_m=8.0, sent_at=clock.iso(START))
    say(database, after_s=20, **place, source="network", accuracy_m=900.0, sent_at=clock.iso(START))
    say(database, after_s=30, **place, valid=False)
    say(database, after_s=600, **place, fixed_at=clock.iso(START))
    read(database)
    found = hour(database)
    assert (found["fixes"], found["coarse"], found["invalid"], found["late"]) == (4, 1, 1, 1)
    assert found["clock_error_s"] == [10.0, 20.0, 0.0]
    assert found["accuracy_m"] == [8.0, 900.0]


def test_strangers_and_places_without_an_order_leave_no_trace(database: Database, device: str) -> None:
    say(database, after_s=0, device=None)
    say(database, after_s=0, device="somebody-else")
    say(database, after_s=0, lat=42.87, lon=74.6, lane=Lane.POSITION)
    assert read(database) == 3
    with database.connect() as connection:
        assert connection.execute("SELECT device FROM device_hour").fetchall() == [(DEVICE,)]
        assert connection.execute("SELECT count(*) FROM coverage_cell").fetchone() == (0,)


def test_one_hour_of_a_device_gone_mad_has_a_bound(
    database: Database, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "GAPS_MAX", 5)
    for after_s in range(0, 20, 2):
        say(database, after_s=after_s)
    read(database)
    assert len(hour(database)["gaps_s"]) == 5


def test_old_hours_are_forgotten(database: Database, device: str) -> None:
    say(database, after_s=0)
    read(database)
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        forget(connection, now=START + timedelta(days=14))
        assert connection.execute("SELECT count(*) FROM device_hour").fetchone() == (1,)
        forget(connection, now=START + timedelta(days=16))
        assert connection.execute("SELECT count(*) FROM device_hour").fetchone() == (0,)


def test_a_cell_holds_its_own_middle() -> None:
    for lat, lon in ((42.87, 74.6), (-33.1, -70.2), (0.0, 0.0)):
        cell = cell_of(lat, lon)
        assert cell_of(*centre_of(*cell)) == cell
        assert abs(centre_of(*cell)[0] - lat) <= 0.0045 / 2 + 1e-9
