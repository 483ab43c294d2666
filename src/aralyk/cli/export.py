"""`aralyk export INCIDENT -o FILE`: the sealed evidence bundle of one incident, for court and prosecutor."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from uuid import UUID

import psycopg
import typer

from aralyk.cli.errors import CommandRefused

BY = "system:cli"


def export(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="Its number, as people call it, or its id.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the bundle goes.")],
    reason: Annotated[
        str, typer.Option(help="Why; it stands in the evidence log for ever, so it names no person and no place.")
    ] = "command line",
    rendition: Annotated[str, typer.Option(help="Only `sealed` (court and prosecutor) can be made.")] = "sealed",
    earlier: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint that the reader kept: the bundle gets a path from it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> int:
    """Write the evidence bundle of one incident; the platform must be running. Exit code 1: a check does not hold."""
    from aralyk.bundles.actions import BundleSummary, export_incident
    from aralyk.bundles.errors import BundleRefused
    from aralyk.database import Role, connect
    from aralyk.database.connect import home_directory
    from aralyk.evidence.keys import KeyProblem, exported_key
    from aralyk.ledger.checkpoint import CheckpointError

    try:
        kept = [path.read_bytes() for path in earlier or ()]
        key = exported_key(home_directory())
        with connect(Role.CONSOLE, autocommit=True) as connection:
            summary: BundleSummary = export_incident(
                connection,
                _incident_id(connection, incident),
                output,
                BY,
                key=key,
                reason=reason,
                rendition=rendition,
                earlier=kept,
            )
    except (BundleRefused, KeyProblem, CheckpointError, OSError) as error:
        raise CommandRefused(str(error)) from error
    if as_json:
        typer.echo(json.dumps(asdict(summary) | {"path": str(summary.path)}))
    else:
        _tell(summary.path, asdict(summary))
    return 1 if summary.failed else 0


def _incident_id(connection: psycopg.Connection[tuple[object, ...]], named: str) -> UUID:
    from aralyk.bundles.queries import incident_by_number

    if named.isascii() and named.isdigit() and len(named) < 18:
        with connection.cursor() as cursor:
            return incident_by_number(cursor, int(named))
    try:
        return UUID(named)
    except ValueError:
        raise CommandRefused("INCIDENT: expected the number or the id of an incident, found neither") from None


def _tell(path: Path, summary: dict[str, object]) -> None:
    typer.echo(f"{path}")
    for name in ("sha256", "bytes_", "entries", "lines", "decisions", "checkpoint_size"):
        typer.echo(f"  {name.rstrip('_').replace('_', ' '):<16} {summary[name]}")
    if summary["failed"]:
        typer.echo(f"  DOES NOT HOLD    checks {summary['failed']}: see `aralyk verify {path}`", err=True)
    else:
        typer.echo("  sealed: for court and prosecutor only; check it with `aralyk verify FILE --key KEYFILE`")
