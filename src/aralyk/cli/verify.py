"""`aralyk verify BUNDLE`: the stand-alone verifier under the platform's roof; the same code, the same output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aralyk.cli.errors import CommandRefused
from aralyk.ledger.__main__ import Mistake, verify_file


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The bundle's file.")],
    key: Annotated[
        Path | None, typer.Option(help="The log's public key, had from elsewhere than the bundle (log.vkey).")
    ] = None,
    earlier: Annotated[Path | None, typer.Option(help="A checkpoint of the log that you kept yourself.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Check a bundle, offline, step by numbered step; exit code 0 only when every check holds."""
    try:
        return verify_file(bundle, key=key, earlier=earlier, as_json=as_json)
    except (OSError, Mistake) as error:
        raise CommandRefused(str(error)) from error
