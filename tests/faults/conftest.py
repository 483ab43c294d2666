"""A city, and processes that watch it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from aralyk.database.cluster import Cluster
from aralyk.engine import State, compile_order
from aralyk.monitor.process import WARM_UP_ORDER
from tests.conftest import NOT_STARTED, Database
from tests.faults.running import SOURCE
from tests.monitor.city import City


@pytest.fixture(scope="session", autouse=True)
def compiled_engine() -> None:
    """The kernel's machine code is on disk before a process is timed."""
    State.empty().set_order(compile_order(WARM_UP_ORDER), 0)


@pytest.fixture
def city(database: Database) -> Iterator[City]:
    """Writes what the console and the gateway would."""
    found = City(database)
    yield found
    found.close()


@pytest.fixture
def own_city(own_postgres: Cluster, django_db_blocker: DjangoDbBlocker) -> Iterator[City]:
    """A city on a durable server of the test's own."""
    with django_db_blocker.unblock():
        yield from city_on(own_postgres)


def city_on(cluster: Cluster) -> Iterator[City]:
    """A city in a migrated database of `cluster`, to which DATABASE_URL points meanwhile."""
    from tests.conftest import point_to

    name = "faults"
    cluster.create_database(name)
    url = cluster.url_of(name)
    command = [sys.executable, "-m", "aralyk.cli", "migrate", "--quiet"]
    environ = os.environ | {"DATABASE_URL": url, "PYTHONPATH": str(SOURCE)}
    subprocess.run(command, env=environ, check=True, timeout=120)
    point_to(url)
    try:
        found = City(Database(cluster=cluster, name=name))
        yield found
        found.close()
    finally:
        point_to(NOT_STARTED)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The processes' home."""
    return tmp_path
