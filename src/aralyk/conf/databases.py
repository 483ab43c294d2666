"""Django's view of the database: one alias for each role that Django code acts as.

`default` is the console's role; `vault` reads sealed fields; `owner` only migrates. The router keeps
migrations on `owner`, and no model moves between aliases by itself: vault code names its alias.
"""

from __future__ import annotations

from typing import Any

from psycopg.conninfo import conninfo_to_dict

from aralyk.database import NoDatabase, Role, connect_info
from aralyk.database.connect import CONNECT_TIMEOUT_S, home_directory

ALIASES: dict[str, Role] = {"default": Role.CONSOLE, "vault": Role.VAULT, "owner": Role.OWNER}
_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


class OwnerMigrates:
    """Database router: the schema is changed through `owner` only."""

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:
        """Whether migrations run on this alias."""
        return db == "owner"

    def allow_relation(self, _left: object, _right: object, **_hints: object) -> bool:
        """All aliases are one database."""
        return True


def databases() -> dict[str, dict[str, Any]]:
    """Django's DATABASES; without a database (collecting messages, type checks) one that says so when opened."""
    # The console runs each request in a thread of its own: a connection that outlived it would never be used again.
    fixed = {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0}
    try:
        return {alias: fixed | parameters for alias, parameters in database_parameters().items()}
    except NoDatabase:
        absent = fixed | {"NAME": "aralyk", "HOST": str(home_directory().resolve() / "no-database-here")}
        return {alias: dict(absent) for alias in ALIASES}


def database_parameters() -> dict[str, dict[str, Any]]:
    """Where each alias connects now, in Django's words.

    Raises:
        NoDatabase: Nothing says where the database is.
    """
    return {alias: _parameters(role) for alias, role in ALIASES.items()}


def _parameters(role: Role) -> dict[str, Any]:
    found = conninfo_to_dict(connect_info(role))
    parameters: dict[str, Any] = {name: str(found.pop(key, "") or "") for key, name in _DJANGO_NAMES.items()}
    options: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": role.login}
    parameters["OPTIONS"] = options | {key: value for key, value in found.items() if value is not None}
    return parameters
