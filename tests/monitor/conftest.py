"""A city to watch, and watches over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from aralyk.database import Role
from aralyk.monitor.heartbeat import Heartbeat
from aralyk.monitor.metrics import Metrics
from aralyk.monitor.settings import MonitorSettings
from aralyk.monitor.watch import Watch
from tests.conftest import Database
from tests.monitor.city import City
from tests.orders.shifting import ShiftClock, shift

__all__ = ["City", "ShiftClock", "StartWatch", "city", "shift", "start_watch"]

StartWatch = Callable[..., Watch]


@pytest.fixture
def city(database: Database) -> Iterator[City]:
    """Writes what the console and the gateway would."""
    found = City(database)
    yield found
    found.close()


@pytest.fixture
def start_watch(database: Database, tmp_path: Path) -> Iterator[StartWatch]:
    """Start a watch; the one before it is over (its connection is closed, as after a crash)."""
    with ExitStack() as connections:

        def start(**changes: Any) -> Watch:
            connections.close()
            connection = connections.enter_context(database.connect(Role.MONITOR, autocommit=True))
            settings = MonitorSettings(home=tmp_path, **({"settle_ms": 0, "pace_ms": 0, "lock_wait_s": 5} | changes))
            return Watch(connection, settings, Heartbeat(tmp_path, "monitor"), Metrics())

        yield start
