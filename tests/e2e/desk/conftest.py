"""Pages in a real browser: accounts of the stage, the console on loopback, a Chromium for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pytest_django import Settings

from tests.conftest import Database
from tests.console.serving import Served, served
from tests.e2e.desk.browsing import chromium
from tests.orders.cast import Cast
from tests.orders.stage import roles, with_accounts

__all__ = ["browser", "roles", "server", "with_accounts"]


@pytest.fixture
def server(database: Database, tmp_path: Path, settings: Settings) -> Iterator[Served]:
    """The console as it runs in production, on a port of its own."""
    settings.HOME = tmp_path
    with served() as running:
        yield running


@pytest.fixture
def browser(server: Served, roles: Cast) -> Iterator[Browser]:
    """A Chromium, started after all that uses the ORM and stopped before it: its event loop is in this thread."""
    with chromium() as running:
        yield running
