"""`aralyk doctor`: is this installation fit to be relied on? Numbered checks, each with expected and found.

It looks and changes nothing; the attempt to alter evidence runs in a transaction that is rolled back.
Exit code 0 only when every check holds.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer

from aralyk.cli.schema import unapplied_migrations
from aralyk.conf.loading import SettingsRefused
from aralyk.conf.platform import recorded_profile
from aralyk.conf.settings import Settings, load_settings
from aralyk.database import NoDatabase, Role, connect
from aralyk.database.connect import home_directory
from aralyk.database.roles import PASSWORDS_FILE
from aralyk.jurisdictions.loader import PACKS, PackInvalid, available, entries_of, read_pack

POSTGRES_MIN = 150_000
DISK_FREE_MB_MIN = 1_000
HEARTBEAT_S_MAX = 30.0
CLOCK_RATE_WINDOW_S = 0.5
CLOCK_DIFFERENCE_S_MAX = 0.05
SERVER_CLOCK_S_MAX = 2.0
_MEGABYTE = 1_000_000
_GUARDED = ("evidence_entry", "evidence_leaf", "evidence_tile", "evidence_checkpoint", "log_batch", "step", "decision")
# What a role must not be able to do, as (role, table, privilege).
_FORBIDDEN = (
    *(
        (role, table, "SELECT")
        for role in Role
        if role not in {Role.OWNER, Role.VAULT}
        for table in ("people_sealedfield", "people_datakey")
    ),
    *(
        (role, table, verb)
        for role in Role
        if role is not Role.OWNER
        for table in _GUARDED
        for verb in ("UPDATE", "DELETE")
    ),
    (Role.WATCHDOG, "log_batch", "SELECT"),
    (Role.GATEWAY, "orders_order", "SELECT"),
    (Role.GATEWAY, "incidents_incident", "SELECT"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One answered question.

    Attributes:
        name: What was looked at.
        well: Whether it is as expected.
        expected: What a fit installation shows.
        found: What this one shows.
    """

    name: str
    well: bool
    expected: str
    found: str


def doctor(
    home: Annotated[Path | None, typer.Option(help="Directory of the installation (ARALYK_HOME).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each check.")] = False,
) -> int:
    """Check this installation; exit code 0 only when every check holds."""
    if home is not None:
        os.environ["ARALYK_HOME"] = str(home)
    if profile := recorded_profile(home_directory()):
        os.environ.setdefault("ARALYK_PROFILE", profile.value)
    failed = 0
    for number, check in enumerate(_checks(), start=1):
        failed += not check.well
        typer.echo(json.dumps({"number": number, **asdict(check)}) if as_json else _line(number, check))
    if not as_json:
        typer.echo("\nall checks hold" if not failed else f"\n{failed} failed")
    return 1 if failed else 0


def _line(number: int, check: Check) -> str:
    mark = "ok    " if check.well else "FAILED"
    told = check.found if check.well else f"expected {check.expected}, found {check.found}"
    return f"{number:3} {mark} {check.name}: {told}"


def _checks() -> Iterator[Check]:
    try:
        settings = load_settings()
    except SettingsRefused as refused:
        for problem in refused.problems:
            yield Check(name=f"setting {problem.variable}", well=False, expected=problem.expected, found=problem.found)
        return
    home = settings.platform.home
    yield Check(
        name="settings", well=True, expected="known and well-typed", found=f"profile {settings.platform.profile}"
    )
    yield _python()
    yield _pages()
    yield from _packs()
    yield from _private_files(home)
    yield _disk(home)
    yield _clock_rate()
    yield from _database()
    yield from _running(settings)


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check(name="python", well=sys.version_info >= (3, 11), expected="3.11 or newer", found=found)


def _pages() -> Check:
    manifest = Path(__file__).resolve().parent.parent / "console" / "static" / "console" / "dist" / "manifest.json"
    found = "built" if manifest.is_file() else "not built (make build-frontend)"
    return Check(name="pages", well=manifest.is_file(), expected="built", found=found)


def _packs() -> Iterator[Check]:
    """Each jurisdiction pack of this version, with all that is wrong in it."""
    for code in available():
        name, expected = f"jurisdiction pack {code}", "entries that hold together"
        try:
            count = sum(1 for _ in entries_of(read_pack(PACKS / code)))
        except PackInvalid as invalid:
            found = "; ".join(str(problem) for problem in invalid.problems)
            yield Check(name=name, well=False, expected=expected, found=found)
        else:
            yield Check(name=name, well=True, expected=expected, found=f"{count} entries")


def _private_files(home: Path) -> Iterator[Check]:
    keys = home / PASSWORDS_FILE.parent
    for path in [keys, *sorted(keys.glob("*"))] if keys.is_dir() else [keys]:
        public = path.suffix in {".vkey", ".pub"}
        yield _mode(path, expected="readable by its owner only" if not public else "writable by its owner only")


def _mode(path: Path, *, expected: str) -> Check:
    name = f"private {path.name}"
    if not path.exists():
        return Check(name=name, well=False, expected=expected, found="nothing there")
    status = path.stat()
    loose = status.st_mode & (0o077 if "readable" in expected else 0o022)
    found = f"mode {stat.S_IMODE(status.st_mode):04o}, user id {status.st_uid}"
    return Check(name=name, well=not loose and status.st_uid == os.geteuid(), expected=expected, found=found)


def _disk(home: Path) -> Check:
    existing = next(path for path in (home.resolve(), *home.resolve().parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // _MEGABYTE
    expected = f"at least {DISK_FREE_MB_MIN} MB free"
    return Check(name="disk", well=free_mb >= DISK_FREE_MB_MIN, expected=expected, found=f"{free_mb} MB free")


def _clock_rate() -> Check:
    before_s = time.time() - time.monotonic()
    time.sleep(CLOCK_RATE_WINDOW_S)  # a clock's rate can only be seen over some time
    difference_s = abs(time.time() - time.monotonic() - before_s)
    expected = f"wall and steady clock agree within {CLOCK_DIFFERENCE_S_MAX} s"
    found = f"they differ by {difference_s:.3f} s over {CLOCK_RATE_WINDOW_S} s"
    return Check(name="clock", well=difference_s <= CLOCK_DIFFERENCE_S_MAX, expected=expected, found=found)


def _database() -> Iterator[Check]:
    try:
        with connect(Role.OWNER) as connection:
            yield Check(name="database", well=True, expected="reachable", found="reachable")
            yield _version(connection)
            yield from _durable(connection)
            yield _server_clock(connection)
            yield from _schema(connection)
    except (NoDatabase, psycopg.OperationalError) as error:
        yield Check(name="database", well=False, expected="reachable", found=str(error).strip().splitlines()[0])
        return
    for role in Role:
        yield _login(role)


def _version(connection: psycopg.Connection[Any]) -> Check:
    version = connection.info.server_version
    found = connection.info.parameter_status("server_version") or str(version)
    return Check(name="database version", well=version >= POSTGRES_MIN, expected="15 or newer", found=found)


def _durable(connection: psycopg.Connection[Any]) -> Iterator[Check]:
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        found = str(_value(connection, "SELECT current_setting(%s)", setting))
        well = (
            found in {"on", "remote_apply", "remote_write", "local"}
            if setting == "synchronous_commit"
            else found == "on"
        )
        yield Check(name=f"database {setting}", well=well, expected="on", found=found)


def _server_clock(connection: psycopg.Connection[Any]) -> Check:
    server: datetime = _value(connection, "SELECT clock_timestamp()")
    difference_s = abs((server - datetime.now(UTC)).total_seconds())
    expected = f"within {SERVER_CLOCK_S_MAX} s of ours"
    well = difference_s <= SERVER_CLOCK_S_MAX
    return Check(name="database clock", well=well, expected=expected, found=f"{difference_s:.1f} s apart")


def _schema(connection: psycopg.Connection[Any]) -> Iterator[Check]:
    if _value(connection, "SELECT to_regclass('evidence_entry') IS NULL"):
        yield Check(name="schema", well=False, expected="this version's", found="none (aralyk migrate)")
        return
    missing = unapplied_migrations()
    found = ", ".join(missing) + " not applied (aralyk migrate)" if missing else "this version's"
    yield Check(name="schema", well=not missing, expected="this version's", found=found)
    if not missing:
        yield _rights(connection)
        yield _guards(connection)
        yield _evidence_refuses_change(connection)


def _rights(connection: psycopg.Connection[Any]) -> Check:
    query = "SELECT has_table_privilege(%s, %s, %s)"
    too_many = [
        f"{role.login} may {verb} {table}"
        for role, table, verb in _FORBIDDEN
        if connection.execute(query, (role.login, table, verb)).fetchone() == (True,)
    ]
    found = "; ".join(too_many) if too_many else f"{len(_FORBIDDEN)} forbidden rights, none held"
    return Check(name="rights of roles", well=not too_many, expected="none of the forbidden rights", found=found)


def _guards(connection: psycopg.Connection[Any]) -> Check:
    query = """
        SELECT tgrelid::regclass::text FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgfoid::regproc::text LIKE '%refuse_change'
        GROUP BY 1 HAVING count(*) >= 2
    """
    guarded = {str(row[0]) for row in connection.execute(query).fetchall()}
    bare = sorted(set(_GUARDED) - guarded)
    found = f"none on {', '.join(bare)}" if bare else f"on all {len(_GUARDED)} tables"
    return Check(name="guards against change", well=not bare, expected="triggers that refuse change", found=found)


def _evidence_refuses_change(connection: psycopg.Connection[Any]) -> Check:
    expected = "an UPDATE as owner is refused"
    name = "evidence"
    try:
        with connection.transaction(force_rollback=True):
            changed = connection.execute(
                "UPDATE evidence_entry SET kind = kind WHERE id = (SELECT max(id) FROM evidence_entry)"
            ).rowcount
    except psycopg.errors.RestrictViolation:
        return Check(name=name, well=True, expected=expected, found="refused")
    found = "it was allowed" if changed else "no entry yet to try it on"
    return Check(name=name, well=not changed, expected=expected, found=found)


def _login(role: Role) -> Check:
    name = f"role {role.value}"
    expected = f"logs in as {role.login}" if role is not Role.OWNER else "logs in"
    try:
        with connect(role) as connection:
            found = str(_value(connection, "SELECT current_user"))
    except (NoDatabase, psycopg.OperationalError) as error:
        return Check(name=name, well=False, expected=expected, found=str(error).strip().splitlines()[0])
    own_login = bool(os.environ.get(role.variable)) or role is Role.OWNER
    return Check(name=name, well=own_login or found == role.login, expected=expected, found=f"logs in as {found}")


def _running(settings: Settings) -> Iterator[Check]:
    run = settings.platform.home / "run"
    for name in (*settings.processes["watchdog"].processes, "watchdog"):
        yield _heartbeat(run / f"{name}.heartbeat", name)
    yield _alarms(run / "status.json")


def _heartbeat(path: Path, name: str) -> Check:
    expected = f"a heartbeat within {HEARTBEAT_S_MAX:.0f} s"
    try:
        age_s = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return Check(name=f"process {name}", well=False, expected=expected, found="none: it does not run")
    well = -HEARTBEAT_S_MAX <= age_s <= HEARTBEAT_S_MAX
    return Check(name=f"process {name}", well=well, expected=expected, found=f"{age_s:.0f} s ago")


def _alarms(path: Path) -> Check:
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Check(name="alarms", well=False, expected="none open", found="no status from the watchdog")
    open_alarms = [f"{alarm['component']} ({alarm['reason']})" for alarm in status["open"]]
    return Check(name="alarms", well=not open_alarms, expected="none open", found=", ".join(open_alarms) or "none open")


def _value(connection: psycopg.Connection[Any], query: str, *given: object) -> Any:
    row = connection.execute(query, given or None).fetchone()
    assert row is not None
    return row[0]
