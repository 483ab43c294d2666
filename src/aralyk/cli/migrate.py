"""`aralyk migrate`: the schema of this version, and what each role may do."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from aralyk.cli import schema
from aralyk.cli.supervisor import sole_supervisor
from aralyk.conf.settings import load_settings
from aralyk.database.cluster import Cluster


def migrate(quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing when all is well.")] = False) -> int:
    """Bring the database to this version's schema; starts the embedded one for it when none is named."""
    home = load_settings().platform.home.resolve()
    if os.environ.get("DATABASE_URL"):
        schema.settle_roles(home)
        schema.bring_up_to_date()
    else:
        with sole_supervisor(home), Cluster(home) as cluster:
            os.environ["DATABASE_URL"] = cluster.url
            schema.bring_up_to_date()
    if not quiet:
        typer.echo("the schema is up to date")
    return 0
