"""Runs the console's ASGI application under uvicorn in a thread, and reads its live stream as a browser would."""

from __future__ import annotations

import http.client
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from aralyk.access.models import User
from aralyk.console.asgi import Console

READY_S = 30.0
PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One server-sent event."""

    name: str
    data: dict[str, Any]
    id: int | None


@dataclass(slots=True, kw_only=True)
class Page:
    """An open live stream, read in a thread of its own; None in the queue: the server ended it."""

    connection: http.client.HTTPConnection
    events: queue.Queue[Event | None] = field(default_factory=queue.Queue)

    def next(self, *names: str, patience_s: float = PATIENCE_S) -> Event:
        """The next event of one of these names; beats are passed over unless asked for."""
        ends_s = time.monotonic() + patience_s
        while True:
            event = self.events.get(timeout=max(0.01, ends_s - time.monotonic()))
            assert event is not None, "the server ended the stream"
            if event.name in names:
                return event

    def until_ended(self, patience_s: float = PATIENCE_S) -> list[Event]:
        """Everything up to the end of the stream."""
        ends_s = time.monotonic() + patience_s
        found: list[Event] = []
        while (event := self.events.get(timeout=max(0.01, ends_s - time.monotonic()))) is not None:
            found.append(event)
        return found

    def heard(self, name: str) -> list[str]:
        """Subjects of the events of this name that have come so far."""
        waiting = []
        while not self.events.empty():
            event = self.events.get_nowait()
            if event is not None:
                waiting.append(event)
        return [event.data["subject"] for event in waiting if event.name == name]


@dataclass(slots=True, kw_only=True)
class Served:
    """A running console."""

    port: int
    console: Console

    def get(self, path: str, *, session: str | None = None, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """One request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request(method, path, headers={**_cookie(session), **headers})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body

    def open_page(self, session: str, *, after: int | None = None) -> Page:
        """Connect to the live stream, and wait until the first beat: from then on nothing is missed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers = _cookie(session) | ({} if after is None else {"Last-Event-ID": str(after)})
        connection.request("GET", "/live", headers=headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        page = Page(connection=connection)
        threading.Thread(target=_read, args=(connection, response, page.events), daemon=True).start()
        if after is None:
            page.next("beat")
        return page


def session_of(user: User) -> str:
    """A session as a log-in makes it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key is not None
    return session.session_key


@contextmanager
def served() -> Iterator[Served]:
    """The console on a free port of loopback, until the end of the block."""
    console = Console()
    config = uvicorn.Config(
        console, host="127.0.0.1", port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1, loop="asyncio"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends_s = time.monotonic() + READY_S
    while not (server.started and console.hub.listening):
        assert thread.is_alive(), "the console did not start"
        assert time.monotonic() < ends_s, "the console did not start in time"
        time.sleep(0.02)
    try:
        yield Served(port=int(server.servers[0].sockets[0].getsockname()[1]), console=console)
    finally:
        console.hub.end_all()
        server.should_exit = True
        thread.join(timeout=READY_S)
        connections.close_all()


def _cookie(session: str | None) -> dict[str, str]:
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}


def _read(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, events: queue.Queue[Event | None]
) -> None:
    fields: dict[str, str] = {}
    try:
        while line := response.readline():
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                fields[name] = value
            elif fields:
                if "event" in fields:
                    number = int(fields["id"]) if "id" in fields else None
                    events.put(Event(name=fields["event"], data=json.loads(fields["data"]), id=number))
                fields = {}
    except (OSError, http.client.HTTPException):
        pass  # the server cut the line: the same as its end
    finally:
        response.close()
        connection.close()
        events.put(None)
