"""Strangers are counted, within bounds, and an address is told apart without being told."""

from __future__ import annotations

import ipaddress

from aralyk.database import Role
from aralyk.gateway import strangers
from aralyk.gateway.sources import Occupancy, Sources
from aralyk.gateway.strangers import KEPT_MAX, WAITING_MAX, Sighting, Strangers
from tests.conftest import Database
from tests.gateway.driving import rows


def test_made_up_ids_do_not_fill_the_memory() -> None:
    counted = Strangers()
    for number in range(3 * WAITING_MAX):
        counted.note("gt06", str(number), at_us=number)
    taken = counted.take()
    assert len(taken) == WAITING_MAX + 1
    assert sum(seen.count for seen in taken.values()) == 3 * WAITING_MAX
    assert taken["gt06", ""].last_us == 3 * WAITING_MAX - 1


def test_what_could_not_be_written_is_counted_on() -> None:
    counted = Strangers()
    counted.note("gt06", "1", at_us=5)
    taken = counted.take()
    counted.note("gt06", "1", at_us=9)
    counted.give_back(taken)
    (seen,) = counted.take().values()
    assert (seen.first_us, seen.last_us, seen.count) == (5, 9, 2)


def test_made_up_ids_do_not_fill_the_memory_while_the_database_is_away() -> None:
    counted, heard = Strangers(), 0
    for turn in range(5):
        unwritten = counted.take()
        for number in range(WAITING_MAX):
            counted.note("gt06", f"{turn}-{number}", at_us=1)
        heard += WAITING_MAX
        counted.give_back(unwritten)
        assert len(counted._waiting) <= WAITING_MAX + 1
    assert sum(sighting.count for sighting in counted.take().values()) == heard


def test_the_table_keeps_those_last_seen(database: Database) -> None:
    seen = {("gt06", f"{number:05d}"): Sighting(first_us=number, last_us=number, count=1) for number in range(KEPT_MAX)}
    later = {("gt06", "new"): Sighting(first_us=10**9, last_us=10**9, count=3)}
    later["gt06", "00000"] = Sighting(first_us=10**9, last_us=10**9, count=1)
    with database.connect(Role.GATEWAY) as connection, connection.cursor() as cursor:
        strangers.write(cursor, seen)
        strangers.write(cursor, later)
    kept = {row[0]: row[1] for row in rows("SELECT claimed_id, count FROM devices_stranger")}
    assert len(kept) == KEPT_MAX
    assert (kept["new"], kept["00000"]) == (3, 2)
    assert "00001" not in kept


def test_a_name_tells_addresses_apart_and_nothing_else() -> None:
    sources = Sources([ipaddress.ip_network("10.0.0.0/8")])
    one, mapped, other = (sources.of((host, 4000)) for host in ("10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1"))
    assert one.name == mapped.name != other.name
    assert (one.trusted, mapped.trusted, other.trusted) == (True, True, False)
    assert one.name == sources.of(("10.1.2.3", 5000)).name
    assert one.name != Sources([]).of(("10.1.2.3", 4000)).name
    assert "10.1.2.3" not in repr(one)
    assert sources.of("").address is None
    assert other.within([ipaddress.ip_network("192.0.2.0/24")])
    assert not other.within([ipaddress.ip_network("fd00::/8")])


def test_an_address_that_hangs_up_gives_its_room_back() -> None:
    room, source = Occupancy(per_address_max=1), Sources([]).of(("192.0.2.1", 1))
    assert [room.enter(source), room.enter(source)] == [True, False]
    room.leave(source)
    assert room.enter(source)
