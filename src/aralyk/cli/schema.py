"""Brings a database to this version's schema: migrations as its owner, then every role's rights.

Rights are applied after each migration in one transaction and from one table (`database.grants`), so a
role never keeps what left that table.
"""

from __future__ import annotations

import os


def bring_up_to_date() -> None:
    """Migrate the database that DATABASE_URL (or the home) names and grant the roles their rights.

    Raises:
        NoDatabase: Nothing says where the database is.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aralyk.conf.django_settings")
    import django
    from django.core.management import call_command
    from django.db import connections, transaction

    from aralyk.database import grants

    django.setup()
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        grants.apply(cursor)
    connections["owner"].close()
