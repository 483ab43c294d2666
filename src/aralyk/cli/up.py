"""`aralyk up`: the whole platform on this machine, from an empty directory to a running desk.

The embedded database (unless DATABASE_URL names another), its schema, then every process under the
supervisor, until Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from aralyk.cli import logs
from aralyk.cli.errors import CommandRefused, StartFailed
from aralyk.cli.schema import is_up_to_date
from aralyk.cli.supervisor import Supervisor, sole_supervisor
from aralyk.conf.platform import settle_profile
from aralyk.conf.settings import PROCESSES, Settings, load_settings
from aralyk.database.cluster import Cluster

SERVICES = tuple(name for name in PROCESSES if name != "simulator")


def up(
    home: Annotated[Path | None, typer.Option(help="Directory of this installation (ARALYK_HOME).")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the console (ARALYK_CONSOLE_PORT).")] = None,
) -> int:
    """Start the database and every process, and keep them running until Ctrl-C."""
    if home is not None:
        os.environ["ARALYK_HOME"] = str(home)
    if port is not None:
        os.environ["ARALYK_CONSOLE_PORT"] = str(port)
    with running_platform(SERVICES, migrate_schema) as (supervisor, settings):
        say_where(settings)
        supervisor.watch(lambda: None)
    say("stopped")
    return 0


@contextmanager
def running_platform(names: Sequence[str], prepare: Callable[[], None]) -> Iterator[tuple[Supervisor, Settings]]:
    """Database, schema and the processes `names`, all stopped at the end.

    Args:
        names: Processes, in the order of their start.
        prepare: Brings the database to this version's schema; run before the processes start.

    Raises:
        AlreadyRunning: The home is in use.
        CommandRefused: A port is taken.
        StartFailed: A process did not come up, or a signal came before all were.
    """
    settings = load_settings()
    home = settings.platform.home.resolve()
    os.environ["ARALYK_HOME"] = str(home)
    with sole_supervisor(home):
        settle_profile(settings.platform)
        logs.log_into(home / "log" / "supervisor.log", "supervisor")
        check_ports_free(settings, names)
        cluster = start_database(home)
        with Supervisor(home=home, names=names, cluster=cluster) as supervisor:
            prepare()
            supervisor.start(lambda name, seconds: say(name, seconds))
            if supervisor.stopping:
                raise StartFailed("stopped before everything was up")
            yield supervisor, settings
            say("stopping")


def start_database(home: Path) -> Cluster | None:
    """Start the embedded server and make it DATABASE_URL; None when DATABASE_URL names another."""
    started_s = time.monotonic()
    if os.environ.get("DATABASE_URL"):
        say("database   DATABASE_URL")
        return None
    cluster = Cluster(home)
    cluster.start()
    os.environ["DATABASE_URL"] = cluster.url
    say("database", time.monotonic() - started_s)
    return cluster


def migrate_schema() -> None:
    """Bring the schema up to date in a process of its own: the supervisor stays small.

    Raises:
        CommandRefused: The migration failed; its words were printed.
    """
    started_s = time.monotonic()
    if not is_up_to_date():
        finished = subprocess.run([sys.executable, "-m", "aralyk.cli", "migrate", "--quiet"], check=False)
        if finished.returncode != 0:
            raise CommandRefused("the database's schema could not be brought up to date (see above)")
    say("schema", time.monotonic() - started_s)


def check_ports_free(settings: Settings, names: Sequence[str]) -> None:
    """Refuse to start when a port of ours is taken, naming the setting that moves it."""
    for name in set(names) & set(SERVICES):  # the simulator's ports are the gateway's: it only connects
        values = settings.processes[name]
        for field in dataclasses.fields(values):
            if field.name == "port" or field.name.endswith("_port"):
                _check_port_free(
                    _host_beside(values, field.name),
                    int(getattr(values, field.name)),
                    f"ARALYK_{name}_{field.name}".upper(),
                )
        for item in getattr(values, "ports", ()):
            _check_port_free(values.tracker_host, int(item.rpartition(":")[2]), f"ARALYK_{name}_PORTS".upper())


def _host_beside(values: object, port_field: str) -> str:
    """The address that goes with a port: `http_port` with `http_host`; alone, this machine."""
    return str(getattr(values, port_field.removesuffix("port") + "host", "127.0.0.1"))


def _check_port_free(host: str, port: int, variable: str) -> None:
    if port == 0:
        return  # not wanted, or any free one
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandRefused(
                f"port {port} on {host} cannot be used ({error.strerror}): set {variable} to another"
            ) from None


def say(what: str, seconds: float | None = None) -> None:
    """One calm line of progress."""
    typer.echo(f"  {what}" if seconds is None else f"  {what:<10} {seconds:4.1f} s")


def say_where(settings: Settings) -> None:
    """Where to look and how to stop."""
    console = settings.processes["console"]
    address = settings.platform.public_url or f"http://localhost:{console.port}"
    typer.echo(f"\n  Console    {address}")
    typer.echo(f"  Logs       {settings.platform.home / 'log'}")
    typer.echo("  Stop       Ctrl-C\n")
