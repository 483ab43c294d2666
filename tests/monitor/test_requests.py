"""What the engine asks of devices becomes a command in the same transaction, and is taken back when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.database import Role
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.monitor.city import City, Order
from tests.monitor.conftest import ShiftClock, StartWatch


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


def commands(city: City, device: str) -> list[tuple[Any, ...]]:
    return city.rows(
        "SELECT kind, interval_s, why, state, outcome FROM devices_command WHERE device_id = %s ORDER BY id", device
    )


def pursued(city: City, database: Database, *, protocol: str = PROTOCOL) -> Order:
    """An order with devices every 60 s, and he is inside the ring."""
    order = city.order(interval_s=60)
    with database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE devices_device SET protocol = %s", (protocol,))
    at = clock.now()
    city.fix(order.hers, at=at)
    city.fix(order.his, north_m=100, at=at)
    return order


def test_a_pursuit_asks_her_device_for_fifteen_seconds_and_keeps_his_quiet_with_the_decision_that_wants_it(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = pursued(city, database)
    start_watch().turn()
    assert commands(city, order.hers) == [("interval", 15, "pursuit_mode", "queued", "")]
    assert commands(city, order.his) == [("interval", 15, "pursuit_mode", "refused", "would_tell")]
    asked = city.rows("SELECT asked_by, episode FROM devices_command ORDER BY id")
    witnesses = city.witnessed("command_asked")
    assert [said["asked_by"] for said in witnesses] == [asked_by for asked_by, _ in asked]
    entries = dict(city.rows("SELECT 'decision:' || id, kind FROM evidence_entry"))
    assert {entries[asked_by] for asked_by, _ in asked} == {"decision"}
    assert {str(episode) for _, episode in asked} == {said["incident"] for said in witnesses}


def test_the_normal_interval_comes_back_when_the_pursuit_is_over(
    city: City, database: Database, start_watch: StartWatch, shift: ShiftClock
) -> None:
    order = pursued(city, database)
    watch = start_watch()
    watch.turn()
    city.control({"type": "order_ended", "order_id": str(order.id), "ended_at": clock.iso(clock.now())})
    watch.turn()
    shift.by(timedelta(minutes=1))
    watch.turn()
    assert commands(city, order.hers) == [
        ("interval", 15, "pursuit_mode", "withdrawn", "not_needed"),
        ("interval", 60, "pursuit_ended", "queued", ""),
    ]
    assert commands(city, order.his) == [("interval", 15, "pursuit_mode", "refused", "would_tell")]
    assert city.rows("SELECT count(*) FROM devices_command WHERE episode IS NOT NULL AND episode_ended_at IS NULL") == [
        (0,)
    ]


def test_a_phone_that_listens_to_nothing_gets_a_row_that_says_so(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = pursued(city, database, protocol="osmand")
    start_watch().turn()
    assert commands(city, order.his) == [("interval", 15, "pursuit_mode", "refused", "not_spoken")]
    assert [said["outcome"] for said in city.witnessed("command_refused")] == ["not_spoken", "not_spoken"]


def test_a_coarse_place_of_his_near_her_is_wanted_better_and_his_device_is_not_asked(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = city.order(interval_s=60)
    with database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE devices_device SET protocol = %s", (PROTOCOL,))
    at = clock.now()
    city.fix(order.hers, at=at)
    city.fix(order.his, north_m=100, at=at, source="network", accuracy_m=900.0)
    watch = start_watch()
    watch.turn()
    assert ("position", None, "better_fix", "refused", "would_tell") in commands(city, order.his)
    city.fix(order.his, north_m=100)
    watch.turn()
    assert [why for _, _, why, *_ in commands(city, order.his) if why != "pursuit_mode"] == ["better_fix"]


def test_a_coarse_place_of_hers_asks_her_device_for_a_better_one(
    city: City, database: Database, start_watch: StartWatch
) -> None:
    order = city.order(interval_s=60)
    with database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE devices_device SET protocol = %s", (PROTOCOL,))
    at = clock.now()
    city.fix(order.his, at=at)
    city.fix(order.hers, north_m=100, at=at, source="network", accuracy_m=900.0)
    watch = start_watch()
    watch.turn()
    assert ("position", None, "better_fix", "queued", "") in commands(city, order.hers)
    city.fix(order.hers, north_m=100)
    watch.turn()
    assert ("position", None, "better_fix", "withdrawn", "not_needed") in commands(city, order.hers)


def test_a_monitor_that_starts_again_asks_nobody_twice(city: City, database: Database, start_watch: StartWatch) -> None:
    pursued(city, database)
    start_watch().turn()
    start_watch().turn()
    assert city.rows("SELECT count(*) FROM devices_command") == [(2,)]
