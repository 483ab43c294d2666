"""kill -9 at any moment: nothing confirmed is lost, nothing is decided twice, no timer is forgotten."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from pathlib import Path

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.ledger import merkle
from tests.faults.running import (
    Load,
    Process,
    check_decisions_are_those_of_an_undisturbed_watch,
    check_nothing_lost,
    check_steps_replay,
    drained,
    until,
)
from tests.monitor.city import City

QUICK = {"settle_ms": 100, "pace_ms": 20, "snapshot_s": 1}


def some_time(moments: random.Random) -> None:
    threading.Event().wait(moments.uniform(0.0, 0.4))


def test_a_killed_monitor_loses_nothing_and_decides_nothing_twice(city: City, home: Path) -> None:
    orders = [city.order() for _ in range(4)]
    moments = random.Random(20261121)
    with Process("monitor", home, **QUICK) as monitor, Load(city, orders) as load:
        for _ in range(3):
            load.until_more(100)
            some_time(moments)
            monitor.kill()
            monitor.start()
        load.until_more(100)
        load.end()
        until(drained, "everything is read")
    check_nothing_lost(load.confirmed)
    check_steps_replay()
    decisions = check_decisions_are_those_of_an_undisturbed_watch()
    assert {decision["order_id"] for decision in decisions} == {str(order.id) for order in orders}


def test_a_monitor_told_to_stop_keeps_its_state_and_starts_without_a_replay(city: City, home: Path) -> None:
    orders = [city.order()]
    with Process("monitor", home, **QUICK) as monitor, Load(city, orders) as load:
        load.until_more(40)
        assert monitor.stop() == 0
        load.end()
        monitor.start()
        until(drained, "everything is read")
    assert city.witnessed("process_started")[-1]["replayed"] == 0
    check_steps_replay()


def test_silence_that_falls_due_while_the_monitor_is_dead_is_raised_when_it_is_back(city: City, home: Path) -> None:
    with Process("monitor", home, **QUICK) as monitor:
        # Just begun: a device that was awaited and silent before would go on with that incident instead.
        order = city.order(interval_s=1, starts_before=timedelta(seconds=0))
        heard_at = clock.now()
        city.fix(order.hers, at=heard_at)
        city.fix(order.his, north_m=20_000, at=heard_at)
        until(drained, "both were heard")
        monitor.kill()
        due = heard_at + timedelta(seconds=3 * order.interval_s)
        until(lambda: clock.now() > due + timedelta(seconds=1), "the silence falls due with nobody watching")
        back_at = clock.now()
        monitor.start()
        raised = "SELECT decided_at, raised_at FROM incidents_incident WHERE kind = 'silence' AND decided_at > %s"
        rows = until(lambda: city.rows(raised, heard_at), "the silence is raised")
    for decided_at, raised_at in rows:
        assert abs(decided_at - due) < timedelta(seconds=1)
        assert raised_at >= back_at
    assert len(rows) == 2


def test_a_killed_sequencer_gives_every_witness_one_place_and_no_place_twice(city: City, home: Path) -> None:
    orders = [city.order() for _ in range(2)]
    moments = random.Random(7)
    with Process("jobs", home) as jobs, Load(city, orders, every_s=0.005) as load:
        for _ in range(3):
            load.until_more(100)
            some_time(moments)
            jobs.kill()
            jobs.start()
        load.end()
        until(lambda: city.rows("SELECT count(*) FROM evidence_pending") == [(0,)], "every witness has its place")
    leaves = city.rows("SELECT leaf_index, entry_id, leaf_hash FROM evidence_leaf ORDER BY leaf_index")
    entries = dict(city.rows("SELECT id, leaf_hash FROM evidence_entry"))
    assert [index for index, _, _ in leaves] == list(range(len(entries)))
    assert {entry: bytes(found) for _, entry, found in leaves} == {key: bytes(h) for key, h in entries.items()}
    ((size, root),) = city.rows("SELECT tree_size, root FROM evidence_checkpoint ORDER BY tree_size DESC LIMIT 1")
    assert merkle.root_of_leaf_hashes([bytes(found) for _, _, found in leaves[:size]]) == bytes(root)


def test_two_monitors_never_watch_at_once(city: City, home: Path) -> None:
    orders = [city.order()]
    second_home = home / "second"
    second_home.mkdir()
    with Process("monitor", home, **QUICK), Load(city, orders) as load:
        second = Process("monitor", second_home, **QUICK, lock_wait_s=1)
        second.launch()
        assert second.wait() == 6
        load.until_more(40)
        load.end()
        until(drained, "the first one goes on")
    check_steps_replay()
    with connect(Role.OWNER) as connection:
        assert connection.execute("SELECT count(*) FROM evidence_entry WHERE kind = 'process_started'").fetchone() == (
            1,
        )
