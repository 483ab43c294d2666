"""How a process reaches the database as its role.

In this order: `ARALYK_DATABASE_URL_<ROLE>`; else `DATABASE_URL` with the role's name as user (and,
when DATABASE_URL has a password, the role's own from `<home>/keys/database-roles.json`); else the
embedded database of `ARALYK_HOME`, through its Unix socket. DATABASE_URL itself is the owner's.
Read at each call and not at import: `aralyk up` and the tests choose the database while running.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aralyk.database.location import recorded_location
from aralyk.database.roles import Role, read_passwords

DATABASE = "aralyk"
CONNECT_TIMEOUT_S = 10
# A server that vanished without a word (pulled cable) is noticed in about 15 s by whoever waits for it or listens to
# it, and not after the system's quarter of an hour; no effect on a Unix socket.
NETWORK: Mapping[str, Any] = MappingProxyType(
    {"keepalives_idle": 5, "keepalives_interval": 5, "keepalives_count": 2, "tcp_user_timeout": 15_000}
)
_HOME_BY_DEFAULT = Path("var") / "live"


class NoDatabase(RuntimeError):
    """No database is configured, or the role has no way to log in; the message says what to set."""


def home_directory() -> Path:
    """The directory of everything this installation keeps: `ARALYK_HOME`, by default `var/live`."""
    return Path(os.environ.get("ARALYK_HOME") or _HOME_BY_DEFAULT)


def connect_info(role: Role) -> str:
    """Libpq's connection string for `role`.

    Raises:
        NoDatabase: Nothing says where the database is, or the role's password is unknown.
    """
    own = os.environ.get(role.variable)
    if own:
        return own
    url = os.environ.get("DATABASE_URL") or _embedded_url()
    if role is Role.OWNER:
        return url
    parameters: dict[str, Any] = dict(conninfo_to_dict(url))
    parameters["user"] = role.login
    if parameters.get("password"):
        parameters["password"] = _password(role)
    return make_conninfo(**parameters)


def connect(role: Role, **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a connection as `role`, in UTC, named after the role in the server's activity view.

    Raises:
        NoDatabase: Nothing says where the database is.
        psycopg.OperationalError: The server cannot be reached or refuses.
    """
    given: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": role.login, **NETWORK, **options}
    return psycopg.connect(connect_info(role), **given)


def socket_url(socket: Path, database: str = DATABASE) -> str:
    """The owner's URL of a server behind a Unix socket, as DATABASE_URL takes it."""
    return f"postgresql://{Role.OWNER.login}@/{database}?host={quote(str(socket), safe='')}"


def _embedded_url() -> str:
    home = home_directory()
    location = recorded_location(home)
    if location is None:
        raise NoDatabase(f"no database in {home}: start one (`aralyk up`), or set ARALYK_HOME or DATABASE_URL")
    return socket_url(location.socket)


def _password(role: Role) -> str:
    passwords = read_passwords(home_directory())
    if role not in passwords:
        raise NoDatabase(f"no password for {role.login}: run `aralyk migrate`, or set {role.variable}")
    return passwords[role]
