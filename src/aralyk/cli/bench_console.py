"""`aralyk bench console`: how long pages take, and how soon an open page hears of a change.

A platform of its own in a scratch home: embedded database and console process, with cases in the asked numbers (how
they come to be: `bench_cases`). Then, from a process of their own (`bench_screens`): an operator logs in and asks for
page after page on one kept connection, as often as asked, one after the other; and pages listen to the live stream
while changes are announced, half of them as police of one district, who must hear nothing of the other. Times are the
client's, so they hold the way through loopback; `cpu_ms` is processor time of the console and of the database for one
request. Nothing else runs on the platform: the load of devices is `bench path`'s.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import msgspec
import typer

from aralyk.cli.bench_home import Usage, port_of, scratch_environment, scratch_home, words_aside
from aralyk.cli.errors import CommandRefused

if TYPE_CHECKING:
    from aralyk.cli.bench_screens import Listener, Page

SIZES: Final = (18, 1_000, 5_000)
GOAL_MS: Final = 200.0  # REQUIREMENTS 4: queue and case pages
SUBJECTS: Final = 20  # cases whose pages are asked for in turn
ORDERS_AT_ONCE: Final = 8  # changed orders that a map asks for in one request
EVERY_S: Final = 0.05  # between two announcements
IDLE_S: Final = 1.0  # the console must have rested so long before it is measured
IDLE_WITHIN_S: Final = 120.0
IDLE_CORES: Final = 0.05
TOLD_DISTRICTS: Final = ("bishkek_oktyabrsky", "bishkek_leninsky")
SETTINGS: Final = {"ARALYK_CONSOLE_PORT": "0"}
_COUNTS: Final = ("respondents", "devices", "incidents", "incidents_open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is asked.

    Attributes:
        respondents: The sizes, ascending.
        requests: For each page.
        listeners: Open pages of the live stream.
        events: Changes that are announced.
    """

    respondents: Sequence[int]
    requests: int
    listeners: int
    events: int


def bench_console(
    respondents: Annotated[
        list[int] | None, typer.Option(min=18, max=100_000, help="Sizes to measure; at least the pilot's 18.")
    ] = None,
    requests: Annotated[int, typer.Option(min=1, max=10_000, help="For each page.")] = 40,
    listeners: Annotated[int, typer.Option(min=2, max=1_000, help="Open pages of the live stream.")] = 50,
    events: Annotated[int, typer.Option(min=2, max=10_000, help="Changes that are announced.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, the last is the result.")] = False,
) -> int:
    """Measure pages and the live stream, on a platform made for the purpose."""
    sizes = sorted(set(respondents or SIZES))
    scale = Scale(respondents=sizes, requests=requests, listeners=listeners, events=events)
    told: list[dict[str, Any]] = []
    out = sys.stdout

    def tell(figures: dict[str, Any]) -> None:
        told.append(figures)
        if as_json:
            print(json.dumps(figures), file=out, flush=True)

    with scratch_home() as home, scratch_environment(home, SETTINGS), words_aside():
        result = _Bench(home=home, scale=scale, tell=tell).run()
    if not as_json:
        _show(told)
    return 0 if result["wrong"] == result["missed"] == result["not_answered"] == 0 else 1


class _Bench:
    """One run."""

    def __init__(self, *, home: Path, scale: Scale, tell: Callable[[dict[str, Any]], None]) -> None:
        from aralyk.cli.bench_cases import Cases

        self._home = home
        self._scale = scale
        self._tell = tell
        self._cases = Cases(home)
        self._pages: list[dict[str, Any]] = []
        self._streams: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        """Measure; returns the result, which was also told."""
        from aralyk.cli.up import running_platform

        with running_platform(("console",), self._prepare) as (supervisor, _):
            self._port = port_of(self._home, "console", "port")
            for respondents in self._scale.respondents:
                self._fill(respondents)
                self._await_idle(lambda: supervisor.stopping)
                self._measure_pages(respondents)
                self._measure_stream(respondents)
        result = self._result()
        self._tell(result)
        return result

    def _prepare(self) -> None:
        from aralyk.cli.schema import bring_up_to_date, set_up_django

        set_up_django()
        bring_up_to_date()
        self._operator = self._cases.begin()

    def _fill(self, respondents: int) -> None:
        began_s = time.monotonic()
        rows = self._cases.grow(respondents)
        self._tell({"phase": "rows", **asdict(rows), "seconds": round(time.monotonic() - began_s, 1)})

    def _await_idle(self, stopping: Callable[[], bool]) -> None:
        """Wait until the console has done with what the filling announced.

        Raises:
            CommandRefused: It does not come to rest, or a signal came.
        """
        deadline_s = time.monotonic() + IDLE_WITHIN_S
        while True:
            usage = Usage(self._home)
            time.sleep(IDLE_S)
            if stopping():
                raise CommandRefused("stopped by a signal")
            if usage.since(IDLE_S)["cpu"]["console"] <= IDLE_CORES:
                return
            if time.monotonic() > deadline_s:
                raise CommandRefused(f"the console did not come to rest within {IDLE_WITHIN_S:g} s")

    def _measure_pages(self, respondents: int) -> None:
        from aralyk.cli.bench_screens import Asked, Pages

        username, password = self._operator
        task = Pages(
            port=self._port,
            username=username,
            password=password,
            pages=_pages(self._scale.requests),
            watched=_watched(self._home),
        )
        for asked in _in_own_process(task, list[Asked]):
            figures = {
                "phase": "page",
                "respondents": respondents,
                "page": asked.name,
                "requests": self._scale.requests,
                "not_answered": self._scale.requests - asked.statuses.get("200", 0),
                "bytes": asked.bytes,
                "ms": _quantiles(asked.waits_ms),
                "cpu_ms": asked.cpu_ms,
            }
            self._pages.append(figures)
            self._tell(figures)

    def _measure_stream(self, respondents: int) -> None:
        from django.conf import settings

        from aralyk.cli.bench_screens import Announcement, Heard, Stream

        subjects = _subjects(self._scale.events)
        usage, began_s = Usage(self._home), time.monotonic()
        task = Stream(
            port=self._port,
            cookie=settings.SESSION_COOKIE_NAME,
            listeners=_listeners(self._scale.listeners),
            announcements=[
                Announcement(kind=kind, subject=subject, district=district) for kind, subject, district in subjects
            ],
            every_s=EVERY_S,
        )
        heard = _in_own_process(task, Heard)
        seconds = time.monotonic() - began_s
        figures = {
            "phase": "stream",
            "respondents": respondents,
            "listeners": self._scale.listeners,
            "events": len(subjects),
            "deliveries_due": heard.expected,
            "delay_ms": _quantiles(heard.delays_ms),
            "wrong": heard.wrong,
            "missed": heard.missed,
            "resyncs": heard.resyncs,
            "beats": heard.beats,
            "generator_cpu": round(heard.cpu_s / seconds, 3),
            "platform": usage.since(seconds),
        }
        self._streams.append(figures)
        self._tell(figures)

    def _result(self) -> dict[str, Any]:
        slowest = max(self._pages, key=lambda page: page["ms"]["p99"])
        return {
            "phase": "result",
            "respondents": list(self._scale.respondents),
            "goal_ms": GOAL_MS,
            "slowest": {"page": slowest["page"], "respondents": slowest["respondents"], "ms": slowest["ms"]},
            "above_goal": [
                {"page": page["page"], "respondents": page["respondents"], "p50": page["ms"]["p50"]}
                for page in self._pages
                if page["ms"]["p50"] > GOAL_MS
            ],
            "not_answered": sum(page["not_answered"] for page in self._pages),
            "delay_ms": self._streams[-1]["delay_ms"],
            "wrong": sum(stream["wrong"] for stream in self._streams),
            "missed": sum(stream["missed"] for stream in self._streams),
        }


def _in_own_process(task: Any, seen: Any) -> Any:
    finished = subprocess.run(
        [sys.executable, "-m", "aralyk.cli.bench_screens"],
        input=msgspec.json.encode(task),
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(finished.stdout, type=seen)


def _pages(requests: int) -> list[Page]:
    """What a shift of the centre asks for, with the addresses of cases from all over the database."""
    from django.urls import reverse

    from aralyk.cli.bench_screens import Page
    from aralyk.incidents.models import Status

    waiting = _sample(_incidents().exclude(status=Status.CLOSED))
    answered = _sample(_incidents().filter(status=Status.CLOSED))
    orders = _sample(_orders())
    pilot = _sample(_orders().filter(number__contains="/"))
    devices = _devices(orders)
    places = reverse("map_places")
    at_once = [orders[first:] + orders[:first] for first in range(len(orders))]
    addresses = {
        "desk": [reverse("desk")],
        "queue": [reverse("desk_rows")],
        "queue, answered too": [f"{reverse('desk_rows')}?show=all"],
        "strip": [reverse("strip")],
        "signal, waiting": [reverse("incident", args=[incident]) for incident in waiting],
        "signal, answered": [reverse("incident", args=[incident]) for incident in answered],
        "signal, summary": [reverse("incident_peek", args=[incident]) for incident in waiting],
        "order": [reverse("order", args=[order]) for order in orders],
        "orders": [reverse("orders")],
        "orders, last page": [f"{reverse('orders')}?page=1000000"],
        "orders, search": [f"{reverse('orders')}?q={number:03d}" for number in range(len(orders))],
        "devices": [reverse("devices")],
        "devices, last page": [f"{reverse('devices')}?page=1000000"],
        "devices, search": [f"{reverse('devices')}?q={number:03d}" for number in range(len(orders))],
        "devices, to look at": [f"{reverse('devices')}?look=1"],
        "device": [reverse("device", args=[device]) for device in devices],
        "coverage": [reverse("coverage")],
        "coverage, cells": [reverse("map_coverage")],
        "map, everybody": [places],
        "map, one changed": [f"{places}?order={order}" for order in orders],
        "map, several changed": [
            f"{places}?{'&'.join(f'order={order}' for order in several[:ORDERS_AT_ONCE])}" for several in at_once
        ],
        "map, tracks": [reverse("map_tracks", args=[order]) for order in pilot],
        "api, incidents": ["/api/v1/incidents?limit=50"],
        "api, orders": ["/api/v1/orders?live=true&limit=50"],
        "api, devices": ["/api/v1/devices?limit=50"],
        "api, places": ["/api/v1/map/places"],
        "api, zones": ["/api/v1/map/zones"],
        "api, status": ["/api/v1/status"],
    }
    return [Page(name=name, addresses=found, requests=requests) for name, found in addresses.items() if found]


def _incidents() -> Any:
    from aralyk.incidents.models import Incident

    return Incident.objects.order_by("number")


def _orders() -> Any:
    from aralyk.orders.models import Order

    return Order.objects.order_by("number")


def _sample(rows: Any) -> list[UUID]:
    """Ids of rows that lie evenly over all of them."""
    ids = list(rows.values_list("pk", flat=True))
    return ids[:: max(1, len(ids) // SUBJECTS)][:SUBJECTS]


def _devices(orders: Sequence[UUID]) -> list[str]:
    from aralyk.devices.models import Assignment

    return list(Assignment.objects.filter(order__in=orders).order_by("pk").values_list("device", flat=True)[:SUBJECTS])


def _watched(home: Path) -> dict[str, list[int]]:
    status = json.loads((home / "run" / "supervisor.json").read_text(encoding="utf-8"))
    return {"console": [int(status["processes"]["console"]["pid"])], "database": [int(status["database"])]}


def _subjects(events: int) -> list[tuple[Any, str, str]]:
    """What will change, each thing once: signals and places of both districts in turn."""
    from aralyk.tracking.live import LiveKind

    by_kind = {LiveKind.INCIDENT: _incidents(), LiveKind.FIX: _orders()}
    lists = [
        [(kind, str(pk), district) for pk in rows.filter(district=district).values_list("pk", flat=True)[:events]]
        for kind, rows in by_kind.items()
        for district in TOLD_DISTRICTS
    ]
    shuffled = [one for several in lists for one in several]
    random.Random(events).shuffle(shuffled)
    return shuffled[:events]


def _listeners(count: int) -> list[Listener]:
    """Half operators, who hear everything, half police of one district; each an account and a session of its own."""
    from aralyk.access.models import Role
    from aralyk.cli.bench_screens import Listener

    found = []
    for number in range(count):
        police = number % 2 == 1
        districts = [TOLD_DISTRICTS[number // 2 % 2]] if police else []
        session = _session(number, role=Role.POLICE if police else Role.OPERATOR, districts=districts)
        found.append(Listener(session=session, districts=districts or None))
    return found


def _session(number: int, *, role: Any, districts: Sequence[str]) -> str:
    """A session as a log-in makes it; fifty log-ins within a minute from one address would rightly be refused."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from aralyk.access.actions import do_create_user
    from aralyk.access.models import User
    from aralyk.access.witness import System

    name = f"listener-{number}"
    user = User.objects.filter(username=name).first()
    if user is None:
        user = do_create_user(System.SETUP, username=name, password=f"bench-{random.getrandbits(128):x}", role=role,
                              districts=districts)  # fmt: skip
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _quantiles(values_ms: Sequence[float]) -> dict[str, float]:
    import numpy as np

    if not values_ms:
        return {}
    p50, p99 = np.quantile(values_ms, (0.5, 0.99))
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "max": round(max(values_ms), 1)}


def _show(told: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    def of(phase: str) -> list[dict[str, Any]]:
        return [figures for figures in told if figures["phase"] == phase]

    console = Console()
    for rows in of("rows"):
        counts = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in rows.items() if name in _COUNTS)
        table = Table(title=f"{counts}; ms", title_justify="left")
        for name in ("page", "bytes", "p50", "p99", "cpu", "db cpu"):
            table.add_column(name, justify="left" if name == "page" else "right", no_wrap=True)
        for page in (page for page in of("page") if page["respondents"] == rows["respondents"]):
            figures = (
                page["bytes"],
                page["ms"]["p50"],
                page["ms"]["p99"],
                page["cpu_ms"]["console"],
                page["cpu_ms"]["database"],
            )
            table.add_row(page["page"], *(f"{figure:,}" for figure in figures))
        console.print(table)
    names = ("respondents", "listeners", "events", "wrong", "missed")
    streams = Table(title="live stream, ms from commit to page", title_justify="left")
    for name in (*names, "p50", "p99", "max"):
        streams.add_column(name, justify="right", no_wrap=True)
    for stream in of("stream"):
        streams.add_row(*(f"{stream[name]:,}" for name in names), *map(str, stream["delay_ms"].values()))
    console.print(streams)
