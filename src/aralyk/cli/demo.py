"""`aralyk demo`: the pilot of 18 orders in a synthetic city, through the real gateway, on this machine.

Everything that `aralyk up` does, with the profile `demo`, the seeded pilot and the simulator. The city's time goes on
where the last run left it: a log whose times went back would be worthless, also in a demo, and had its time gone on
while the demo was off, all 36 devices would rightly be silent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from aralyk import clock
from aralyk.cli.errors import CommandRefused
from aralyk.cli.schema import bring_up_to_date, is_up_to_date, set_up_django
from aralyk.cli.tour import Tour
from aralyk.cli.up import SERVICES, running_platform, say, say_where
from aralyk.conf.settings import load_settings
from aralyk.database import Role, connect
from aralyk.database.connect import home_directory

HOME = Path("var") / "demo"
SPEED_MAX = 60.0
_SECONDS_LEFT_ALONE = 1.0  # between the last run's last moment and this run's first


@dataclass(slots=True, kw_only=True)
class _Run:
    """What this run of the demo knows about itself."""

    speed: float
    began_at: datetime | None = None
    began_s: float = 0.0
    seeding: subprocess.Popen[bytes] | None = None
    accounts: tuple[dict[str, str], ...] = ()
    password: str = ""
    first_incident_told: bool = False


def demo(
    speed: Annotated[float, typer.Option(help="How many times faster than real time, 1 to 60.")] = 1.0,
    port: Annotated[int | None, typer.Option(help="Port of the console (ARALYK_CONSOLE_PORT).")] = None,
    home: Annotated[Path | None, typer.Option(help="Directory of the demo (ARALYK_HOME).")] = None,
    tour: Annotated[bool, typer.Option("--tour", help="Walk through it in ten minutes.")] = False,
) -> int:
    """Play the synthetic pilot on this machine until Ctrl-C."""
    if not 1.0 <= speed <= SPEED_MAX:
        raise CommandRefused(f"--speed: expected 1 to {SPEED_MAX:.0f}, found {speed:g}")
    os.environ["ARALYK_PROFILE"] = "demo"
    os.environ["ARALYK_HOME"] = str(home or os.environ.get("ARALYK_HOME") or HOME)
    if port is not None:
        os.environ["ARALYK_CONSOLE_PORT"] = str(port)
    _lead_devices_to_the_gateway()
    run = _Run(speed=speed)
    try:
        with running_platform((*SERVICES, "simulator"), lambda: _prepare(run)) as (supervisor, settings):
            _await_seed(run)
            say_where(settings)
            _say_logins(run)
            guide = Tour() if tour else None

            def tick() -> None:
                _tell_first_incident(run)
                if guide is not None:
                    guide.go_on()

            supervisor.watch(tick)
    finally:
        if run.seeding is not None:
            run.seeding.terminate()
            run.seeding.communicate()
    say("stopped")
    return 0


def seed(
    number: Annotated[int | None, typer.Option(help="Seed of the city; default: the pilot's.")] = None,
) -> int:
    """Migrate a demo or test installation whose database runs and bring the pilot in; prints the log-ins as JSON."""
    settings = load_settings()
    bring_up_to_date()
    set_up_django()
    from aralyk.simulator.seed import seed as seed_pilot

    seeded = seed_pilot(home=settings.platform.home, profile=settings.platform.profile.value, number=number)
    accounts = [
        {"username": account.username, "role": str(account.role), "name": account.display_name}
        for account in seeded.accounts
    ]
    typer.echo(json.dumps({"accounts": accounts, "password": seeded.password, "orders": seeded.orders}))
    return 0


def _lead_devices_to_the_gateway() -> None:
    """Tell the simulator where the gateway listens, also when somebody moved its ports."""
    gateway = load_settings().processes["gateway"]
    os.environ.setdefault("ARALYK_SIMULATOR_PHONES_URL", f"http://{gateway.http_host}:{gateway.http_port}/osmand")
    os.environ.setdefault("ARALYK_SIMULATOR_BRACELETS_ADDRESS", f"{gateway.r16h_host}:{gateway.r16h_port}")


def _prepare(run: _Run) -> None:
    """Set the clock's pace for this process and the ones to come, then migrate and seed.

    What is seeded already is completed while the other processes start.
    """
    last_s = _last_moment_s()
    now_s = time.time()
    start_s = last_s + _SECONDS_LEFT_ALONE if last_s else now_s
    if run.speed != 1.0 or last_s:
        pace = clock.Pace(real_s=now_s, start_s=start_s, speed=run.speed)
        os.environ["ARALYK_CLOCK_PACE"] = str(pace)
        clock.follow(pace)
    seeded_before = is_up_to_date() and (home_directory() / "simulator" / "devices.json").exists()
    started_s = time.monotonic()
    run.seeding = subprocess.Popen([sys.executable, "-m", "aralyk.cli", "seed"], stdout=subprocess.PIPE)
    if not seeded_before:
        _await_seed(run)
        say("pilot", time.monotonic() - started_s)
    run.began_at, run.began_s = clock.now(), time.monotonic()


def _await_seed(run: _Run) -> None:
    """Wait until the pilot is complete.

    Raises:
        CommandRefused: It could not be seeded; the reason was printed.
    """
    if run.seeding is None:
        return
    output, _ = run.seeding.communicate()
    if run.seeding.returncode != 0:
        raise CommandRefused("the pilot could not be seeded (see above)")
    seeded = json.loads(output)
    run.accounts, run.password = tuple(seeded["accounts"]), seeded["password"]
    run.seeding = None


def _last_moment_s() -> float:
    """The latest domain time that the database has seen, seconds since the epoch; 0 for a new one."""
    query = """
        SELECT extract(epoch FROM greatest((SELECT max(now) FROM step),
                                           (SELECT at FROM evidence_entry ORDER BY id DESC LIMIT 1)))
    """
    with connect(Role.OWNER) as connection:
        if connection.execute("SELECT to_regclass('step') IS NULL").fetchone() == (True,):
            return 0.0
        row = connection.execute(query).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def _say_logins(run: _Run) -> None:
    for account in run.accounts:
        typer.echo(f"  Log-in     {account['username']:<14} {run.password}   {account['role']}")
    if run.speed != 1.0:
        typer.echo(f"  Time       {run.speed:g} times as fast")
    typer.echo("\n  The first approach begins one minute after the start of the city.\n")


def _tell_first_incident(run: _Run) -> None:
    if run.first_incident_told or run.began_at is None:
        return
    query = "SELECT number, kind, priority FROM incidents_incident WHERE raised_at >= %s ORDER BY raised_at LIMIT 1"
    try:
        with connect(Role.OWNER, connect_timeout=2) as connection:
            row = connection.execute(query, (run.began_at,)).fetchone()
    except psycopg.OperationalError:
        return  # the supervisor is just restarting the database; the next tick asks again
    if row is not None:
        run.first_incident_told = True
        number, kind, priority = row
        after_s = time.monotonic() - run.began_s
        typer.echo(f"  First incident: no. {number}, {kind}, priority {priority}, {after_s:.0f} s after the start")
