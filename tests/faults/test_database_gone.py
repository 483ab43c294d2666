"""The database stops, dies or runs out of disk under load: everyone waits, nobody forgets, all go on by themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from aralyk.database.cluster import Cluster
from tests.faults.conftest import city_on
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

DISK_MB = 400


def check_all(city: City, load: Load) -> None:
    """What must hold after any of it."""
    check_nothing_lost(load.confirmed)
    check_steps_replay()
    check_decisions_are_those_of_an_undisturbed_watch()
    until(lambda: city.rows("SELECT count(*) FROM evidence_pending") == [(0,)], "every witness has its place")
    ((leaves, entries),) = city.rows(
        "SELECT (SELECT count(*) FROM evidence_leaf), (SELECT count(*) FROM evidence_entry)"
    )
    assert leaves == entries


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_monitor_and_sequencer_go_on_after_the_database_was(
    own_city: City, own_postgres: Cluster, home: Path, how: str
) -> None:
    orders = [own_city.order(interval_s=30) for _ in range(3)]
    with (
        Process("monitor", home, settle_ms=100, pace_ms=20) as monitor,
        Process("jobs", home) as jobs,
        Load(own_city, orders) as load,
    ):
        load.until_more(150)
        if how == "restarted":
            own_postgres.stop()
        else:
            assert own_postgres.pid is not None
            os.kill(own_postgres.pid, signal.SIGQUIT)
            until(lambda: own_postgres.poll() is not None, "the server is gone")
        monitor.forget_beat()
        jobs.forget_beat()
        until(lambda: "database_lost" in monitor.words(), "the monitor notices")
        assert monitor.beat() is None  # the watchdog sees that nothing gets on
        own_postgres.start()
        load.until_more(150)
        until(monitor.beat, "the monitor works again")
        until(jobs.beat, "the sequencer works again")
        load.end()
        until(drained, "everything is read")
        assert monitor.alive()
        assert jobs.alive()
        check_all(own_city, load)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own of DISK_MB, or a reason to skip."""
    if os.geteuid() != 0:
        pytest.skip("a file system that can be filled up needs root to mount it")
    place = Path(tempfile.mkdtemp(prefix="aralyk-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "aralyk-test", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        place.rmdir()
        pytest.skip(f"this machine does not let us mount a tmpfs: {mounted.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


@pytest.fixture
def small_cluster(small_disk: Path) -> Iterator[Cluster]:
    """A durable server on the small disk."""
    with Cluster(small_disk / "home") as cluster:
        yield cluster
        base = cluster.location.base
    if not base.is_relative_to(small_disk):
        shutil.rmtree(base)


@pytest.fixture
def small_city(small_cluster: Cluster, django_db_blocker: DjangoDbBlocker) -> Iterator[City]:
    """A city on the small disk."""
    with django_db_blocker.unblock():
        yield from city_on(small_cluster)


def test_a_full_disk_loses_nothing_that_was_confirmed(
    small_city: City, small_cluster: Cluster, small_disk: Path, home: Path
) -> None:
    if not small_cluster.location.base.is_relative_to(small_disk):
        pytest.skip("the server's data cannot lie on the small disk here")
    orders = [small_city.order(interval_s=30) for _ in range(3)]
    with (
        Process("monitor", home, settle_ms=100, pace_ms=20) as monitor,
        Process("jobs", home),
        Load(small_city, orders) as load,
    ):
        load.until_more(150)
        ballast = small_disk / "ballast"
        fill(ballast)
        until(lambda: load.refused > 3, "nothing is confirmed any more")
        ballast.unlink()
        revive(small_cluster)
        load.until_more(150)
        monitor.forget_beat()
        until(monitor.beat, "the monitor works again")
        load.end()
        until(drained, "everything is read")
        check_all(small_city, load)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb") as file, suppress(OSError):
        while True:
            file.write(b"\0" * 65_536)
            file.flush()


def revive(cluster: Cluster) -> None:
    """What the supervisor does when the server fell over its full disk."""
    if cluster.poll() is not None:
        cluster.start()
