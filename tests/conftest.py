"""What every test may ask for: a real PostgreSQL, a fresh migrated database, the shared real data.

One embedded server per pytest worker, commits not durable (they are quick); a test about
durability asks for `own_postgres`. No test reaches beyond this machine: a hook in the interpreter
refuses it.
"""

from __future__ import annotations

import atexit
import ipaddress
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import psycopg
import pytest
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from aralyk.cli.schema import bring_up_to_date
from aralyk.database.cluster import Cluster
from aralyk.database.connect import connect, connect_info
from aralyk.database.roles import Role

REPOSITORY = Path(__file__).resolve().parent.parent
TEMPLATE = "aralyk_template"
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 6 << 30  # two servers with a gigabyte of log each, and as much again
NOT_STARTED = "postgresql://aralyk_owner@/aralyk?host=/nonexistent/no-database-in-this-test"

settings.register_profile("aralyk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("aralyk-ci", settings.get_profile("aralyk"), derandomize=True, print_blob=True)
settings.load_profile("aralyk-ci" if os.environ.get("CI") else "aralyk")

# A developer's own settings must not leak into tests; without the fixture `database` there is none to reach.
for _name in [name for name in os.environ if name.startswith("ARALYK_") and name != "ARALYK_SHARED"]:
    del os.environ[_name]
os.environ["ARALYK_PROFILE"] = "test"
os.environ["DATABASE_URL"] = NOT_STARTED
os.environ["ARALYK_HOME"] = tempfile.mkdtemp(prefix="aralyk-home-")
atexit.register(shutil.rmtree, os.environ["ARALYK_HOME"])
os.environ["PYTHONPATH"] = str(REPOSITORY / "src")  # processes that tests start run this tree
# Here and not in pyproject.toml: pytest-django would read the settings before these lines.
os.environ["DJANGO_SETTINGS_MODULE"] = "aralyk.conf.django_settings"
django.setup()


class OutsideNetwork(AssertionError):
    """A test tried to reach beyond this machine."""


def _refuse_outside(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
    elif event == "socket.getaddrinfo":
        address = (arguments[0],)
    else:
        return
    if isinstance(address, tuple) and not _is_local(address[0]):
        raise OutsideNetwork(f"{event} to {address[0]!r}: tests use loopback only")


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_refuse_outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A migrated database of one test; DATABASE_URL and Django's connections point to it meanwhile."""

    cluster: Cluster
    name: str

    def url(self, role: Role = Role.OWNER) -> str:
        """The connection string of `role`."""
        return connect_info(role)

    def connect(self, role: Role = Role.OWNER, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection as `role`; the caller closes it (use `with`)."""
        return connect(role, **options)


def _new_home(*, parent: Path | None = None) -> Path:
    # Not below pytest's own directory: that is 0700 and, as root, the server runs as somebody else.
    home = Path(tempfile.mkdtemp(prefix="aralyk-test-", dir=parent))
    home.chmod(0o755)
    return home


def _remove(cluster: Cluster, home: Path) -> None:
    shutil.rmtree(cluster.location.base)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One embedded server for this pytest worker; commits are quick and not durable, in memory where there is room.

    Each test copies the template, 16 MB in a thousand files: on a busy disk that takes longer than the test.
    """
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN
    home = _new_home(parent=MEMORY if has_room else None)
    cluster = Cluster(home, durable=False)
    with cluster:
        yield cluster
    _remove(cluster, home)


@pytest.fixture
def own_postgres() -> Iterator[Cluster]:
    """A durable server (fsync on) of the test's own, to be killed, stopped or filled up."""
    home = _new_home()
    cluster = Cluster(home)
    with cluster:
        yield cluster
    _remove(cluster, home)


@pytest.fixture(scope="session")
def migrated_template(postgres: Cluster, django_db_blocker: DjangoDbBlocker) -> str:
    """The name of a migrated database without rows, which no test writes to."""
    postgres.create_database(TEMPLATE)
    migrate(postgres, TEMPLATE, django_db_blocker)
    return TEMPLATE


@pytest.fixture
def database(
    postgres: Cluster, migrated_template: str, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """A fresh migrated database; psycopg and Django's ORM both reach it, commits are real."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    postgres.create_database(name, template=migrated_template)
    with django_db_blocker.unblock():
        point_to(postgres.url_of(name))
        try:
            yield Database(cluster=postgres, name=name)
        finally:
            point_to(NOT_STARTED)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def django_db_setup(postgres: Cluster, migrated_template: str) -> Iterator[None]:
    """pytest-django's own database (tests marked django_db): one per worker, each test rolled back."""
    postgres.create_database("django_marked", template=migrated_template)
    point_to(postgres.url_of("django_marked"))
    yield
    point_to(NOT_STARTED)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The directory of real tracks, vectors and statistics that stands beside the repository."""
    path = Path(os.environ.get("ARALYK_SHARED") or REPOSITORY.parent / "shared")
    if not path.is_dir():
        pytest.skip("no directory `shared` beside the repository (or at ARALYK_SHARED): real data not available")
    return path


def migrate(cluster: Cluster, name: str, blocker: DjangoDbBlocker) -> None:
    """Apply all migrations and grants to the database `name`."""
    with blocker.unblock():
        point_to(cluster.url_of(name))
        try:
            bring_up_to_date()
        finally:
            point_to(NOT_STARTED)


def point_to(url: str) -> None:
    """Make DATABASE_URL and all of Django's connections, in every thread, mean the database at `url`."""
    from django.db import connections

    from aralyk.conf.databases import database_parameters

    os.environ["DATABASE_URL"] = url
    connections.close_all()
    for alias, parameters in database_parameters().items():
        # In place: threads that connect later read the same dictionary.
        connections.settings[alias].update(parameters)
