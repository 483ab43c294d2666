"""A city to watch, and watches over it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.monitor.heartbeat import Heartbeat
from aralyk.monitor.metrics import Metrics
from aralyk.monitor.settings import MonitorSettings
from aralyk.monitor.watch import Watch
from tests.conftest import Database
from tests.monitor.city import City

StartWatch = Callable[..., Watch]


class ShiftClock:
    """The clock of everything in the test, moved on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def by(self, span: timedelta) -> datetime:
        """Let so much time pass; returns the time it is then."""
        later = clock.now() + span
        anchor = clock.Anchor(wall_s=later.timestamp(), monotonic_ns=time.monotonic_ns())
        self._monkeypatch.setattr(clock, "_clock", clock.SteadyClock(None, anchor))
        return later


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> ShiftClock:
    """Moves the clock, as if that much time had passed."""
    return ShiftClock(monkeypatch)


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
