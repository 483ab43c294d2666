"""Brings a database to this version's schema: roles, migrations as its owner, then every role's rights.

Rights are applied after each migration in one transaction and from one table (`database.grants`), so a
role never keeps what left that table. In the same transaction a comment on Django's table of migrations
gets the fingerprint of all that was applied: a later start compares it and need not load Django to learn
that nothing changed.
"""

from __future__ import annotations

import hashlib
import os
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aralyk.cli.errors import CommandRefused
from aralyk.database import Role, connect, connect_info
from aralyk.database.roles import (
    RolesRefused,
    administrator_script,
    close_database_to_others,
    create_roles,
    read_passwords,
    settle_passwords,
)

_MARK = "applied: "
_PACKAGES_WITH_TABLES = ("django", "django-allauth")


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
        CommandRefused: Another version made the database, and this one does not know all of its migrations.
    """
    if is_up_to_date():
        return
    missing = unapplied_migrations()
    strange = unknown_migrations()
    if strange:
        raise CommandRefused(
            f"the database was made by another version of Aralyk: {strange[0]} and {len(strange) - 1} more "
            "of its migrations are not in this one; run it with the version that made it, or start with an empty home"
        )
    from django.core.management import call_command
    from django.db import connections, transaction

    from aralyk.database import grants

    if missing:
        call_command("migrate", database="owner", verbosity=0, interactive=False, skip_checks=True)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        grants.apply(cursor)
        cursor.execute(f"COMMENT ON TABLE django_migrations IS '{_MARK}{_fingerprint()}'")
    connections["owner"].close()


def is_up_to_date() -> bool:
    """Whether the database says that this version's migrations and rights were applied to it, for roles that exist."""
    logins = [role.login for role in Role if role is not Role.OWNER and not os.environ.get(role.variable)]
    query = """
        SELECT obj_description(to_regclass('django_migrations'), 'pg_class'),
               (SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s))
    """
    with connect(Role.OWNER) as connection:
        row = connection.execute(query, (logins,)).fetchone()
    return row == (_MARK + _fingerprint(), len(logins))


def set_up_django() -> None:
    """Load Django with our settings; again does nothing."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aralyk.conf.django_settings")
    import django

    django.setup()


def unapplied_migrations() -> list[str]:
    """Names of this version's migrations that the database has not seen."""
    set_up_django()
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["owner"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connections["owner"].close()
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations() -> list[str]:
    """Names of migrations of our own packages that the database has seen and this version does not have."""
    set_up_django()
    from django.apps import apps
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    loader = MigrationExecutor(connections["owner"]).loader
    ours = {one.label for one in apps.get_app_configs() if one.name.startswith("aralyk.")}
    connections["owner"].close()
    return sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in ours and (app, name) not in loader.disk_migrations
    )


def _fingerprint() -> str:
    """One value for everything that makes the schema: our migrations and rights, and the packages with tables."""
    package = Path(__file__).resolve().parent.parent
    seen = hashlib.sha256()
    for path in [package / "database" / "grants.py", *sorted(package.glob("*/migrations/*.py"))]:
        seen.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes() + b"\0")
    for name in _PACKAGES_WITH_TABLES:
        seen.update(f"{name} {version(name)}\0".encode())
    return seen.hexdigest()
