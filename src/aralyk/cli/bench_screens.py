"""The screens of `aralyk bench console`, in a process of their own: what they cost is not the console's.

`pages`: one person logs in as a browser does and asks for page after page on one kept connection. `stream`: many pages
listen, changes are announced in the database, and each arrival is noted with the moment before the commit that it came
from. Reads a task as JSON from stdin, writes what was seen to stdout.
"""

from __future__ import annotations

import asyncio
import http.client
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from aralyk import clock
from aralyk.cli.bench_home import cpu_s
from aralyk.database import Role, connect
from aralyk.tracking.live import LiveKind, announce

PATIENCE_S: Final = 60.0
LAST_ONES_S: Final = 10.0  # after the last announcement; what has not come by then is missed
_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_LOGIN: Final = "/account/login/"


class Page(msgspec.Struct, frozen=True):
    """What to ask for: the addresses in turn, so often."""

    name: str
    addresses: list[str]
    requests: int


class Pages(msgspec.Struct, frozen=True, tag=True):
    """Log in and ask; `watched` are the processes whose time is counted beside each page."""

    port: int
    username: str
    password: str
    pages: list[Page]
    watched: dict[str, list[int]]


class Asked(msgspec.Struct, frozen=True):
    """One page's figures; `statuses` counts answers by their code."""

    name: str
    statuses: dict[str, int]
    bytes: int
    waits_ms: list[float]
    cpu_ms: dict[str, float]


class Listener(msgspec.Struct, frozen=True):
    """One open page: its session, and the districts whose changes it may hear of; None: all."""

    session: str
    districts: list[str] | None


class Announcement(msgspec.Struct, frozen=True):
    """One change."""

    kind: LiveKind
    subject: str
    district: str


class Stream(msgspec.Struct, frozen=True, tag=True):
    """Listen and announce, one change each `every_s`."""

    port: int
    cookie: str
    listeners: list[Listener]
    announcements: list[Announcement]
    every_s: float


class Heard(msgspec.Struct, frozen=True):
    """What the listeners heard of what was announced."""

    expected: int
    delays_ms: list[float]
    wrong: int
    missed: int
    resyncs: int
    beats: int
    cpu_s: float


class LogInFailed(RuntimeError):
    """The console did not let the operator in."""


class Browser:
    """One connection, kept alive, with its cookies."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self._cookies: dict[str, str] = {}

    def log_in(self, username: str, password: str) -> None:
        """Fill in the form.

        Raises:
            LogInFailed: There is no session afterwards.
        """
        _, form = self.get(_LOGIN)
        token = _TOKEN.search(form.decode())
        if token is None:
            raise LogInFailed("the log-in page has no form")
        fields = {"login": username, "password": password, "csrfmiddlewaretoken": token[1]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _ = self._ask("POST", _LOGIN, body=urlencode(fields), headers=headers)
        if status != http.client.FOUND or "session" not in self._cookies:
            raise LogInFailed(f"the log-in form answered {status}")

    def get(self, address: str) -> tuple[int, bytes]:
        """One request."""
        return self._ask("GET", address)

    def _ask(
        self, method: str, address: str, *, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._connection.request(method, address, body=body, headers={"Cookie": cookies, **(headers or {})})
        response = self._connection.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self._cookies[cookie] = content
        return response.status, response.read()


def ask(task: Pages) -> list[Asked]:
    """Ask for every page; one request of each before the first that counts, as after a start everything is cold."""
    browser = Browser(task.port)
    browser.log_in(task.username, task.password)
    return [_ask_page(browser, page, task.watched) for page in task.pages]


def _ask_page(browser: Browser, page: Page, watched: Mapping[str, Sequence[int]]) -> Asked:
    browser.get(page.addresses[0])
    statuses: dict[str, int] = {}
    waits_ms, size = [], 0
    before = _used_s(watched)
    for number in range(page.requests):
        began_s = time.perf_counter()
        status, body = browser.get(page.addresses[number % len(page.addresses)])
        waits_ms.append((time.perf_counter() - began_s) * 1e3)
        statuses[str(status)] = statuses.get(str(status), 0) + 1
        size += len(body)
    after = _used_s(watched)
    return Asked(
        name=page.name,
        statuses=statuses,
        bytes=size // page.requests,
        waits_ms=waits_ms,
        cpu_ms={name: round((after[name] - before[name]) * 1e3 / page.requests, 1) for name in watched},
    )


def _used_s(watched: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {name: sum(cpu_s(pid, ended=True) for pid in pids) for name, pids in watched.items()}


class _Ears:
    """What all listeners heard: (listener, subject) with the moment, and every beat and resync."""

    def __init__(self) -> None:
        self.arrivals_ns: dict[tuple[int, str], int] = {}
        self.beats = 0
        self.resyncs = 0
        self.changed = asyncio.Event()

    def hear(self, listener: int, event: str, data: bytes) -> None:
        """One event of the stream."""
        if event == "beat":
            self.beats += 1
        elif event == "resync":
            self.resyncs += 1
        else:
            subject = msgspec.json.decode(data)["subject"]
            self.arrivals_ns.setdefault((listener, subject), time.monotonic_ns())
            self.changed.set()


async def listen(task: Stream) -> Heard:
    """Open all pages, announce, and compare."""
    ears = _Ears()
    ready = [asyncio.Event() for _ in task.listeners]
    async with asyncio.TaskGroup() as group:
        followers = [group.create_task(_follow(task, number, ears, one)) for number, one in enumerate(ready)]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(one.wait() for one in ready))
        announced_ns = await asyncio.to_thread(_announce, task)
        allowed = {
            (number, one.subject)
            for number, listener in enumerate(task.listeners)
            for one in task.announcements
            if listener.districts is None or one.district in listener.districts
        }
        await _until_all_came(ears, allowed)
        for follower in followers:
            follower.cancel()
    heard = {key: at_ns for key, at_ns in ears.arrivals_ns.items() if key[1] in announced_ns}
    return Heard(
        expected=len(allowed),
        delays_ms=[(at_ns - announced_ns[key[1]]) / 1e6 for key, at_ns in heard.items() if key in allowed],
        wrong=len(heard.keys() - allowed),
        missed=len(allowed - heard.keys()),
        resyncs=ears.resyncs,
        beats=ears.beats,
        cpu_s=time.process_time(),
    )


async def _until_all_came(ears: _Ears, allowed: set[tuple[int, str]]) -> None:
    """Wait for what may come and a beat longer for what may not; at most LAST_ONES_S."""
    try:
        async with asyncio.timeout(LAST_ONES_S):
            while not allowed <= ears.arrivals_ns.keys():
                ears.changed.clear()
                await ears.changed.wait()
    except TimeoutError:
        return
    await asyncio.sleep(1.0)


async def _follow(task: Stream, number: int, ears: _Ears, ready: asyncio.Event) -> None:
    """Read one live stream line by line, from the first beat on (a chunk of HTTP is a frame, so lines stay whole)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", task.port)
    cookie = f"{task.cookie}={task.listeners[number].session}"
    writer.write(f"GET /live HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
    try:
        status = await reader.readline()
        if b" 200 " not in status:
            raise LogInFailed(f"the live stream answered {status.decode().strip()!r}")
        event = ""
        async for line in reader:
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                ears.hear(number, event, line[6:])
                ready.set()
    finally:
        writer.close()


def _announce(task: Stream) -> dict[str, int]:
    """Insert the changes as the monitor does; returns the moment just before each commit."""
    moments_ns = {}
    due_s = time.monotonic()
    with connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        for one in task.announcements:
            time.sleep(max(0.0, due_s - time.monotonic()))
            announce(cursor, kind=one.kind, subject=one.subject, district=one.district, at=clock.now())
            moments_ns[one.subject] = time.monotonic_ns()
            connection.commit()
            due_s += task.every_s
    return moments_ns


def main() -> None:
    """Do the task of stdin."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Pages | Stream)
    seen = ask(task) if isinstance(task, Pages) else asyncio.run(listen(task))
    sys.stdout.buffer.write(msgspec.json.encode(seen))


if __name__ == "__main__":
    main()
