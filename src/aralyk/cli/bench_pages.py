"""`aralyk bench pages`: how long every page takes the server with a hundred thousand cases, and how many queries.

A database of its own, made once by copying the pilot (`bench_many`) and, with `--keep`, used again. Every address of
the console and of the API (`bench_addresses`) is asked for as each role that may see it, in this process: the time is
that from the request to the whole answer, through every middleware and to PostgreSQL, without the network and without
other requests beside it. What is over the goal is marked. Beside it stands the processor time, of this process and of
the database: on a machine that does other things meanwhile it says what the page itself costs.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from aralyk.cli.bench_addresses import Page, pages
from aralyk.cli.bench_home import cpu_s, descendants, scratch_environment, scratch_home, words_aside
from aralyk.cli.bench_many import HERE, Heavy, multiply

GOAL_MS: Final = 200.0
CASES_OF_ONE: Final = 5  # opened by name to a role that has no district
HEAVY_FILE: Final = "bench-heavy.json"
_NO_PAGE: Final = {302, 403, 404, 405, 422}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one page cost one role."""

    page: str
    role: str
    requests: int
    status: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    database_cpu_ms: float
    queries: int
    bytes: int


def bench_pages(
    cases: Annotated[int, typer.Option(min=36, max=1_000_000, help="Cases in the database.")] = 100_000,
    watched: Annotated[int, typer.Option(min=36, max=100_000, help="Of these: in force, with devices.")] = 5_000,
    requests: Annotated[int, typer.Option(min=1, max=10_000, help="For each page and role.")] = 20,
    role: Annotated[list[str] | None, typer.Option(help="Only these roles.")] = None,
    page: Annotated[str, typer.Option(help="Only addresses with this in them.")] = "",
    keep: Annotated[Path | None, typer.Option(help="Make the database here, or use the one that is here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Measure every page as every role, over a database of many cases."""
    told: list[Asked] = []
    out = sys.stdout

    def tell(figures: dict[str, Any]) -> None:
        if as_json:
            print(json.dumps(figures, ensure_ascii=False), file=out, flush=True)

    with contextlib.ExitStack() as stack:
        home = stack.enter_context(_home(keep))
        stack.enter_context(scratch_environment(home, {}))
        stack.enter_context(words_aside())
        heavy = stack.enter_context(_database(home, cases=cases, watched=watched, tell=tell))
        found = pages(heavy)
        tell({"phase": "not_measured", "addresses": found.without_rows})
        chosen = [one for one in found.pages if page in one.name]
        database = _Database(home)
        for name, client in _clients(role):
            for one in chosen:
                asked = _ask(client, one, database, role=name, requests=requests)
                if asked is not None:
                    told.append(asked)
                    tell({"phase": "page", **asdict(asked)})
    told.sort(key=lambda asked: -asked.p50_ms)
    slow = [asked for asked in told if asked.p50_ms > GOAL_MS]
    failed = [asked for asked in told if asked.status >= 500]
    tell({"phase": "result", "pages": len(told), "above_goal": len(slow), "failed": len(failed)})
    if not as_json:
        _show(told, found.without_rows)
    return 1 if slow or failed else 0


@contextlib.contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with scratch_home() as home:
            yield home
        return
    keep.mkdir(parents=True, exist_ok=True)
    keep.chmod(0o755)  # the database may run as another user and must get through
    yield keep.resolve()


@contextlib.contextmanager
def _database(home: Path, *, cases: int, watched: int, tell: Callable[[dict[str, Any]], None]) -> Iterator[Heavy]:
    """The database of this home, filled when it is new and brought to this version's schema when it is not."""
    from aralyk.cli.schema import bring_up_to_date, set_up_django
    from aralyk.database.cluster import Cluster

    with Cluster(home) as cluster:
        os.environ["DATABASE_URL"] = cluster.url
        set_up_django()
        bring_up_to_date()
        written = home / HEAVY_FILE
        if not written.exists():
            began_s = time.monotonic()
            heavy = _fill(home, cluster, cases=cases, watched=watched)
            written.write_text(json.dumps(asdict(heavy)), encoding="utf-8")
            tell({"phase": "filled", "seconds": round(time.monotonic() - began_s, 1)})
        tell({"phase": "rows", **_counts()})
        try:
            yield Heavy(**json.loads(written.read_text(encoding="utf-8")))
        finally:
            from django.db import connections

            connections.close_all()


def _fill(home: Path, cluster: Any, *, cases: int, watched: int) -> Heavy:
    from aralyk import clock
    from aralyk.cli.bench_cases import Cases
    from aralyk.database.connect import DATABASE
    from aralyk.jurisdictions.loader import pack
    from aralyk.risk.standing import JURISDICTION

    Cases(home).begin()
    _make_staff()
    law = pack(JURISDICTION)
    districts = [district.slug for district in law.districts_on(law.day_of(clock.now()))]
    with cluster.superuser(DATABASE) as connection:
        return multiply(connection, cases=cases, watched=watched, districts=districts)


def _make_staff() -> None:
    """An account of each role: of the pilot's first district where a role has districts, else with cases by name."""
    from aralyk import clock
    from aralyk.access.actions import do_create_user
    from aralyk.access.break_glass import do_break_glass
    from aralyk.access.grants import do_grant_case, rights_of
    from aralyk.access.models import Role, User
    from aralyk.access.permissions import GRANTS, Scope
    from aralyk.access.witness import System
    from aralyk.orders.models import DraftedOrder, Order

    police = User.objects.get(username="police-a")
    orders = list(Order.objects.filter(district=HERE).order_by("-number")[:CASES_OF_ONE])
    for role in Role:
        scope = GRANTS[role].scope
        own = scope in {Scope.OWN_DISTRICTS, Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED}
        every = role is Role.PROSECUTOR  # of the whole country: the widest that the role can have
        user = do_create_user(
            System.SETUP, username=_username(role), password=f"bench-{os.urandom(16).hex()}", role=role,
            districts=(HERE,) if own and not every else (), display_name=role.value,
        )  # fmt: skip
        if scope is Scope.NO_DISTRICT and rights_of(role):
            for order in orders:
                do_grant_case(police, order=order.pk, username=user.username, right=rights_of(role)[-1],
                              purpose="УЧЕБ: измерение страниц", ends_at=clock.now() + timedelta(days=1))  # fmt: skip
    duty_unit = User.objects.get(username=_username(Role.DUTY_UNIT))
    elsewhere = Order.objects.exclude(district=HERE).order_by("number")[0]
    do_break_glass(duty_unit, number=elsewhere.number, reason="УЧЕБ: измерение страниц, никому ничего не грозит")
    by = User.objects.get(username=_username(Role.POLICE))
    DraftedOrder.objects.create(author=by, created_at=clock.now(), updated_at=clock.now())


def _username(role: Any) -> str:
    return f"bench-{role.value}"


def _counts() -> dict[str, int]:
    from aralyk.database import Role, connect

    tables = ("orders_order", "people_respondent", "reports_report", "devices_device", "incidents_incident",
              "risk_leveldecision", "risk_riskduty", "reports_task", "evidence_entry", "access_user")  # fmt: skip
    with connect(Role.OWNER) as connection:
        query = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        row = connection.execute(f"SELECT {query}").fetchone()
    assert row is not None
    return dict(zip(tables, row, strict=True))


def _clients(roles: Sequence[str] | None) -> Iterator[tuple[str, Any]]:
    """A browser of each role, logged in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import Client

    from aralyk.access.models import Role, User

    for role in Role:
        if roles and role.value not in roles:
            continue
        user = User.objects.get(username=_username(role))
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        client = Client(raise_request_exception=False, SERVER_NAME="localhost")
        client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        yield role.value, client


class _Queries:
    """Counts what goes to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(statement, params, many, context)


class _Database:
    """The server's processes, those of a query in parallel too."""

    def __init__(self, home: Path) -> None:
        from aralyk.database.location import recorded_location

        location = recorded_location(home)
        assert location is not None
        self._pid = int((location.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def cpu_s(self) -> float:
        """Used since the server's start; the processes that ended count with their parent."""
        return cpu_s(self._pid, ended=True) + sum(cpu_s(pid) for pid in descendants(self._pid))


def _ask(client: Any, page: Page, database: _Database, *, role: str, requests: int) -> Asked | None:
    """Ask for a page until there are figures; None: it is no page, or not this role's.

    Its first requests are not counted: after a start everything is cold.
    """
    import numpy as np

    answers = [(address, client.get(address).status_code) for address in page.addresses]
    addresses = [address for address, status in answers if status not in _NO_PAGE]
    if not addresses:
        return None
    waits_ms, queries, size, status = [], _Queries(), 0, 0
    used_s, database_s = time.process_time(), database.cpu_s()
    with _counting(queries):
        for number in range(requests):
            began_s = time.perf_counter()
            response = client.get(addresses[number % len(addresses)])
            size += len(b"".join(response) if response.streaming else response.content)
            waits_ms.append((time.perf_counter() - began_s) * 1e3)
            status = max(status, response.status_code)
    used_s, database_s = time.process_time() - used_s, database.cpu_s() - database_s
    p50, p99 = np.quantile(waits_ms, (0.5, 0.99))
    return Asked(
        page=page.name,
        role=role,
        requests=requests,
        status=status,
        p50_ms=round(float(p50), 1),
        p99_ms=round(float(p99), 1),
        cpu_ms=round(used_s / requests * 1e3, 1),
        database_cpu_ms=round(database_s / requests * 1e3, 1),
        queries=round(queries.count / requests),
        bytes=size // requests,
    )


@contextlib.contextmanager
def _counting(queries: _Queries) -> Iterator[None]:
    from django.db import connections

    with contextlib.ExitStack() as stack:
        for alias in connections:
            stack.enter_context(connections[alias].execute_wrapper(queries))
        yield


def _show(told: Sequence[Asked], without_rows: Sequence[str]) -> None:
    """Each page once, with the role that waits longest for it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"server time, ms; over {GOAL_MS:g}: !", title_justify="left")
    for name in ("", "page", "slowest role", "roles", "p50", "p99", "cpu", "db cpu", "queries", "bytes", "status"):
        table.add_column(name, justify="left" if name in {"", "page", "slowest role"} else "right", no_wrap=True)
    seen: set[str] = set()
    for one in told:
        if one.page not in seen:
            seen.add(one.page)
            roles = sum(other.page == one.page for other in told)
            figures = (
                roles, one.p50_ms, one.p99_ms, one.cpu_ms, one.database_cpu_ms, one.queries, one.bytes, one.status,
            )  # fmt: skip
            mark = "!" if one.p50_ms > GOAL_MS else ""
            table.add_row(mark, one.page, one.role, *(f"{figure:,}" for figure in figures))
    Console(width=160).print(table)
    print(f"not measured, as no row fills them: {', '.join(without_rows)}")
