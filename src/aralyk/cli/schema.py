"""Brings a database to this version's schema: roles, migrations as its owner, then every role's rights.

Rights are applied after each migration in one transaction and from one table (`database.grants`), so a
role never keeps what left that table.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aralyk.database import Role, connect, connect_info
from aralyk.database.roles import (
    RolesRefused,
    administrator_script,
    close_database_to_others,
    create_roles,
    read_passwords,
    settle_passwords,
)


def settle_roles(home: Path) -> None:
    """Create the roles of an external database that do not exist, or whose passwords we have not set yet.

    Raises:
        RolesRefused: DATABASE_URL's user may not; the message holds the SQL for the administrator.
    """
    ours = [role for role in Role if role is not Role.OWNER and not os.environ.get(role.variable)]
    by_password = bool(conninfo_to_dict(connect_info(Role.OWNER)).get("password"))
    with connect(Role.OWNER, autocommit=True) as connection:
        rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
        existing = {str(row[0]) for row in rows}
        known = read_passwords(home)
        wanted = [role for role in ours if role.login not in existing or (by_password and role not in known)]
        if not wanted:
            return
        passwords = settle_passwords(home, wanted) if by_password else {}
        try:
            with connection.transaction():
                create_roles(connection, wanted, passwords)
                close_database_to_others(connection, connection.info.dbname, ours)
        except psycopg.errors.InsufficientPrivilege:
            script = administrator_script(wanted)
            raise RolesRefused(
                f"user {connection.info.user} may not create roles; an administrator can:\n{script}"
            ) from None


def bring_up_to_date() -> None:
    """Migrate the database that DATABASE_URL (or the home) names and grant the roles their rights.

    Raises:
        NoDatabase: Nothing says where the database is.
    """
    missing = unapplied_migrations()
    from django.core.management import call_command
    from django.db import connections, transaction

    from aralyk.database import grants

    if missing:
        call_command("migrate", database="owner", verbosity=0, interactive=False, skip_checks=True)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        grants.apply(cursor)
    connections["owner"].close()


def unapplied_migrations() -> list[str]:
    """Names of this version's migrations that the database has not seen."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aralyk.conf.django_settings")
    import django
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connections["owner"].close()
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
