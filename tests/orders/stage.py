"""Fixtures of the domain's tests: a database that already holds one account of each role.

Argon2 is slow on purpose, so the accounts are made once per directory of tests, in a template of their own.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django import DjangoDbBlocker

from aralyk.database.cluster import Cluster
from tests.conftest import NOT_STARTED, Database, point_to

if TYPE_CHECKING:
    from tests.orders.cast import Cast

_names = (f"aralyk_cast_{number}" for number in count(1))


@pytest.fixture(scope="session", name="migrated_template")
def with_accounts(migrated_template: str, postgres: Cluster, django_db_blocker: DjangoDbBlocker) -> str:
    """The migrated template with the accounts in it."""
    from tests.orders.cast import make_accounts

    name = next(_names)
    postgres.create_database(name, template=migrated_template)
    with django_db_blocker.unblock():
        point_to(postgres.url_of(name))
        try:
            make_accounts()
        finally:
            point_to(NOT_STARTED)
    return name


@pytest.fixture
def roles(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """One account of each role, and the vault's key in a directory of this test."""
    from tests.orders.cast import cast

    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    return cast()
