"""The database roles: one per kind of work, each with no more than its work needs.

`owner` makes the schema; the others get their rights table by table in the migrations. A role is a
login of its own, so that a stolen gateway connection cannot read the vault. No role is a member of
another: what a role may do is read in one place.
Embedded server: the kernel says which user of the system connects (`peer`), roles have no password.
External server: `create_roles` runs as DATABASE_URL's user, sets passwords that we generate and keep
in `<home>/keys/database-roles.json` (0600); a role with its own ARALYK_DATABASE_URL_<ROLE> is the
administrator's and left alone.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from psycopg import Connection, sql

PASSWORD_BYTES = 24
PASSWORDS_FILE = Path("keys") / "database-roles.json"


class Role(StrEnum):
    """Who connects; the value stands in ARALYK_DATABASE_URL_<ROLE> and in the role's name."""

    OWNER = "owner"
    GATEWAY = "gateway"
    MONITOR = "monitor"
    CONSOLE = "console"
    VAULT = "vault"
    SEQUENCER = "sequencer"
    WATCHDOG = "watchdog"

    @property
    def login(self) -> str:
        """The role's name in PostgreSQL."""
        return f"aralyk_{self.value}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides this role's connection."""
        return f"ARALYK_DATABASE_URL_{self.value.upper()}"


class RolesRefused(RuntimeError):
    """The external server's user may not create the roles; the message holds the SQL for its administrator."""


# A stopped process must not hold a stream's row lock for ever; a page or a check must not hang.
# Milliseconds, as PostgreSQL reads them.
_SETTINGS: Mapping[Role, dict[str, str]] = {
    Role.OWNER: {"lock_timeout": "10000"},
    Role.GATEWAY: {"idle_in_transaction_session_timeout": "30000"},
    Role.MONITOR: {"idle_in_transaction_session_timeout": "60000"},
    Role.CONSOLE: {"statement_timeout": "30000", "idle_in_transaction_session_timeout": "60000"},
    Role.VAULT: {"statement_timeout": "30000", "idle_in_transaction_session_timeout": "60000"},
    Role.SEQUENCER: {"idle_in_transaction_session_timeout": "30000"},
    Role.WATCHDOG: {"statement_timeout": "5000", "idle_in_transaction_session_timeout": "10000"},
}


def create_roles(connection: Connection, roles: Iterable[Role], passwords: Mapping[Role, str]) -> None:
    """Create or repair `roles`: login, no special powers, time-outs, password when one is given.

    Args:
        connection: A superuser (embedded) or a user with CREATEROLE, in autocommit or within a transaction.
        roles: The roles to make.
        passwords: Passwords by role; hashed here, so none reaches the server's log.

    Raises:
        psycopg.errors.InsufficientPrivilege: The connection's user may not create roles.
    """
    existing = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'aralyk\\_%'")}
    for role in roles:
        name = sql.Identifier(role.login)
        verb = sql.SQL("ALTER" if role.login in existing else "CREATE")
        connection.execute(sql.SQL("{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE").format(verb, name))
        for setting, value in ({"timezone": "UTC"} | _SETTINGS[role]).items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
            )
        if role in passwords:
            verifier = connection.pgconn.encrypt_password(
                passwords[role].encode(), role.login.encode(), b"scram-sha-256"
            )
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(verifier.decode())))


def close_database_to_others(connection: Connection, database: str, roles: Iterable[Role] = Role) -> None:
    """Let only `roles` and its owner connect to `database`; none may create schemas or temporary tables."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for role in roles:
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(role.login)))


def administrator_script(roles: Iterable[Role]) -> str:
    """The SQL that a database administrator runs when we may not create roles ourselves."""
    lines = [f"CREATE ROLE {role.login} LOGIN PASSWORD '…';" for role in roles]
    lines += [f"-- then set {role.variable} to that role's connection" for role in roles]
    return "\n".join(lines)


def read_passwords(home: Path) -> dict[Role, str]:
    """Read the passwords we generated for an external server; empty when there are none."""
    try:
        stored = json.loads((home / PASSWORDS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {Role(name): str(password) for name, password in stored.items()}


def settle_passwords(home: Path, roles: Iterable[Role]) -> dict[Role, str]:
    """Read the passwords, generating the missing ones; the file is readable by its owner only."""
    passwords = read_passwords(home)
    missing = [role for role in roles if role not in passwords]
    if missing:
        passwords |= {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in missing}
        _write_private(home / PASSWORDS_FILE, json.dumps(passwords, indent=1) + "\n")
    return passwords


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
