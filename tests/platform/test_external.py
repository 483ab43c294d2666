"""A server of somebody else's (DATABASE_URL with a password): roles are made, each with its own password."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from aralyk.cli.schema import settle_roles
from aralyk.database import NoDatabase, Role, connect, connect_info
from aralyk.database.cluster import Cluster
from aralyk.database.roles import PASSWORDS_FILE, RolesRefused

ADMINISTRATOR = "country_dba"
USER = "country_user"


@pytest.fixture
def external(own_postgres: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A server without our roles that asks for passwords, and a user who may create roles."""
    with own_postgres.superuser() as connection:
        connection.execute("DROP DATABASE aralyk")
        for role in Role:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role.login)))
        connection.execute(f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEROLE PASSWORD 'dba secret'")
        connection.execute(f"CREATE DATABASE watch OWNER {ADMINISTRATOR}")
        connection.execute(f"CREATE ROLE {USER} LOGIN PASSWORD 'dba secret'")
        rules = own_postgres.location.data / "pg_hba.conf"
        rules.write_text("local all all scram-sha-256\n")
        connection.execute("SELECT pg_reload_conf()")
    host = quote(str(own_postgres.location.socket), safe="")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{ADMINISTRATOR}:{quote('dba secret')}@/watch?host={host}")
    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    return own_postgres


def test_migrate_makes_the_roles_and_each_logs_in_with_its_own_password(external: Cluster, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "aralyk.cli", "migrate"], check=True)
    for role in set(Role) - {Role.OWNER}:
        with connect(role) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role.login,)
    with connect(Role.GATEWAY) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM people_sealedfield")
    assert (tmp_path / PASSWORDS_FILE).stat().st_mode & 0o777 == 0o600


def test_a_second_migrate_keeps_the_passwords(external: Cluster, tmp_path: Path) -> None:
    settle_roles(tmp_path)
    before = (tmp_path / PASSWORDS_FILE).read_text()
    settle_roles(tmp_path)
    assert (tmp_path / PASSWORDS_FILE).read_text() == before


def test_before_migrate_a_role_is_refused_with_the_remedy(external: Cluster) -> None:
    with pytest.raises(NoDatabase, match="aralyk migrate"):
        connect_info(Role.GATEWAY)


def test_a_role_with_its_own_connection_is_left_alone(
    external: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(Role.VAULT.variable, "postgresql://vault-of-the-ministry@elsewhere/watch")
    settle_roles(tmp_path)
    with connect(Role.OWNER) as connection:
        logins = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
    assert Role.VAULT.login not in logins
    assert connect_info(Role.VAULT) == "postgresql://vault-of-the-ministry@elsewhere/watch"


def test_a_user_who_may_not_create_roles_gets_the_sql_for_the_administrator(
    external: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].replace(ADMINISTRATOR, USER))
    with pytest.raises(RolesRefused, match="CREATE ROLE aralyk_gateway LOGIN"):
        settle_roles(tmp_path)
