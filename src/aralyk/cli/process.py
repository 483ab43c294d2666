"""Runs one process of the platform: its settings are loaded, its log is opened, and `run` has the rest."""

from __future__ import annotations

import importlib
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from aralyk.cli import logs
from aralyk.cli.errors import CommandRefused
from aralyk.conf.loading import SettingsRefused
from aralyk.conf.settings import PROCESSES, load_settings
from aralyk.database.launch import follow_parent

EXIT_SETTINGS = 78  # sysexits.h EX_CONFIG: starting again would end the same way
EXIT_ORPHANED = 75


def process(
    name: Annotated[str, typer.Argument(help="One of: " + ", ".join(PROCESSES))],
    parent: Annotated[int, typer.Option(help="Process id to die with; 0: none.")] = 0,
    log: Annotated[Path | None, typer.Option(help="Log file; without: standard error.")] = None,
) -> int:
    """Run one process until it is told to stop (SIGTERM)."""
    if name not in PROCESSES:
        raise CommandRefused(f"name: expected one of {', '.join(PROCESSES)}, found {name!r}")
    if parent:
        try:
            # SIGKILL: every process is built to lose nothing by it, and nothing must stay behind.
            follow_parent(parent, signal.SIGKILL)
        except ProcessLookupError:
            return EXIT_ORPHANED
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aralyk.conf.django_settings")
    if log is not None:
        logs.log_to_file(log, name)
    else:
        logs.log_to_terminal(name)
    try:
        settings = load_settings()
    except SettingsRefused as refused:
        typer.echo(str(refused), err=True)
        return EXIT_SETTINGS
    outcome = importlib.import_module(f"aralyk.{name}.process").run(settings.processes[name])
    assert isinstance(outcome, int)
    return outcome
