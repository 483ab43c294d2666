"""`aralyk people import FILE --by NAME`: a first filling with people from a CSV file; a dry run unless `--apply`.

Exit code 0: every line is well; 1: some are not, and nothing was written; 2: no such file, account or heading.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aralyk.cli.errors import CommandRefused


def people_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8; docs/how-to/import-people.md.")],
    by: Annotated[str, typer.Option(help="The account in whose name, and within whose districts.")],
    source: Annotated[str, typer.Option(help="Whose list it is: a short name, the same for each file of it.")],
    apply: Annotated[bool, typer.Option("--apply", help="Write it; without, nothing is written.")] = False,
) -> int:
    """Register the people of a list, all of a file or nothing of it."""
    from aralyk.cli.schema import set_up_django

    set_up_django()
    from django.utils import translation

    from aralyk.access.errors import Refused
    from aralyk.access.models import User
    from aralyk.access.sentences import sentence_of
    from aralyk.people.imports import do_import_people

    if not file.is_file():
        raise CommandRefused("FILE: expected a file, found none there")
    user = User.objects.filter(username=by, is_active=True).first()
    if user is None:
        raise CommandRefused("--by: expected the user name of an active account")
    try:
        with translation.override("en"):  # as everything the command line says
            report = do_import_people(user, file.read_bytes(), source=source, apply=apply)
    except Refused as refused:
        fields = "; ".join(f"{each.field}: expected {each.expected}" for each in refused.fields)
        with translation.override("en"):
            raise CommandRefused(f"{fields or sentence_of(refused)}") from None
    for problem in report.problems:
        typer.echo(str(problem))
    done = "registered" if report.applied else "would be registered"
    typer.echo(
        f"{done}: {report.respondents} respondents, {report.protected_persons} protected persons;"
        f" known before: {report.known}; lines with mistakes: {len({each.line for each in report.problems})}"
    )
    if report.problems:
        typer.echo("nothing was written: mend the lines above and run it again")
    elif not report.applied:
        typer.echo("nothing was written: this was a dry run; --apply writes it")
    return 1 if report.problems else 0
