"""These tests act as the accounts of the stage; some look at the running console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.conftest import Database
from tests.console.serving import Served, served
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "with_accounts"]


@pytest.fixture
def home(tmp_path: Path, settings: Settings) -> Path:
    """The installation's directory."""
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def server(database: Database) -> Iterator[Served]:
    """The console as it runs in production, on a port of its own."""
    with served() as running:
        yield running
