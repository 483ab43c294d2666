"""The command line: `aralyk COMMAND …`.

A table names each command's module; only the chosen one is loaded, so help is quick and a command
never fails for the imports of another. Mistakes of the caller go to stderr with exit code 2 and name
the field; exit code 1 means that the command ran and the answer is "no".
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

EXIT_MISTAKE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Where a command lives.

    Attributes:
        module: Module below `aralyk.cli`.
        function: Its typer-annotated function.
        summary: One line of help.
        hidden: Not listed: for our own processes.
    """

    module: str
    function: str
    summary: str
    hidden: bool = False


COMMANDS: dict[str, Command] = {
    "up": Command(module="up", function="up", summary="Start the database and every process; Ctrl-C stops them."),
    "demo": Command(module="demo", function="demo", summary="The same with the synthetic pilot of 18 orders."),
    "migrate": Command(module="migrate", function="migrate", summary="Bring the database to this version's schema."),
    "doctor": Command(
        module="doctor", function="doctor", summary="Check settings, database, roles, disk, clock, keys."
    ),
    "decode": Command(
        module="decode", function="decode", summary="What does this device say? Frames in, messages out."
    ),
    "replay": Command(module="replay", function="replay", summary="What does an order make of these observations?"),
    "drill": Command(module="drill", function="drill", summary="How good is the detection? Scenarios with a truth."),
    "pack check": Command(
        module="pack_check", function="pack_check", summary="May a jurisdiction pack be trusted? Every mistake at once."
    ),
    "vault status": Command(module="vault", function="status", summary="Is all that is sealed readable here?"),
    "vault rotate": Command(module="vault", function="rotate", summary="A new master key; no value is touched."),
    "vault rewrap": Command(module="vault", function="rewrap", summary="Finish a rotation that was cut off."),
    "vault destroy": Command(module="vault", function="destroy", summary="End one person's sealed file for good."),
    "vault canary": Command(module="vault", function="canary", summary="Alarm at any look at this person."),
    "people import": Command(
        module="people_import", function="people_import", summary="A first filling with people, from a CSV file."
    ),
    "export": Command(module="export", function="export", summary="Write the evidence bundle of one incident."),
    "verify": Command(module="verify", function="verify", summary="Check a bundle, offline, step by numbered step."),
    "bench engine": Command(module="bench_engine", function="bench_engine", summary="Fixes per second of the engine."),
    "bench codecs": Command(
        module="bench_codecs", function="bench_codecs", summary="Frames per second and core, by protocol and stage."
    ),
    "bench path": Command(module="bench_path", function="bench_path", summary="Device to live stream: rate and delay."),
    "bench ledger": Command(
        module="bench_ledger", function="bench_ledger", summary="Append, prove and verify evidence."
    ),
    "bench console": Command(module="bench_console", function="bench_console", summary="Pages and the live stream."),
    "bench pages": Command(
        module="bench_pages", function="bench_pages", summary="Every page as every role, with 100,000 cases."
    ),
    "warm": Command(module="warm", function="warm", summary="Compile the engine (used by `make`).", hidden=True),
    "seed": Command(module="demo", function="seed", summary="Bring in the pilot (used by `demo`).", hidden=True),
    "process": Command(module="process", function="process", summary="Run one process (used by `up`).", hidden=True),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        from importlib.metadata import version

        print(f"aralyk {version('aralyk')}")
        return 0
    if len(given) > 1 and given[0] == "--home":
        os.environ["ARALYK_HOME"] = given[1]
        given = given[2:]
    name, rest = _command_in(given)
    if name is None:
        asked_for_help = not given or given[0] in {"--help", "-h", "help"}
        print(_overview(), file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else EXIT_MISTAKE
    return _run(name, rest)


def _command_in(given: Sequence[str]) -> tuple[str | None, list[str]]:
    for words in (2, 1):
        name = " ".join(given[:words])
        if name in COMMANDS:
            return name, list(given[words:])
    return None, []


def _run(name: str, rest: list[str]) -> int:
    import typer

    from aralyk.cli.errors import explain

    command = COMMANDS[name]
    try:
        function = getattr(importlib.import_module(f"aralyk.cli.{command.module}"), command.function)
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        app.command(name)(_exiting(function))
        app(rest, prog_name=f"aralyk {name}")
    except SystemExit as finished:
        return finished.code if isinstance(finished.code, int) else 0
    except Exception as error:  # noqa: BLE001 - the last frame: what is not ours to explain is raised again
        return explain(error)
    return 0


def _exiting(function: Callable[..., object]) -> Callable[..., None]:
    """The command with its returned number as the exit code; typer reads the parameters through `wraps`."""
    import typer

    @functools.wraps(function)
    def run(*arguments: object, **options: object) -> None:
        outcome = function(*arguments, **options)
        if isinstance(outcome, int):
            raise typer.Exit(outcome)

    return run


def _overview() -> str:
    shown = {name: command for name, command in COMMANDS.items() if not command.hidden}
    width = max(len(name) for name in shown)
    lines = [f"  {name.ljust(width)}  {command.summary}" for name, command in shown.items()]
    usage = "Usage: aralyk [--home DIRECTORY] COMMAND [OPTIONS]   (aralyk COMMAND --help explains one)"
    where = "The home is the installation's directory (ARALYK_HOME, else var/live); the demo's is var/demo."
    return "\n".join([usage, "", *lines, "", where])
