"""The console as one ASGI application: the live stream, static files, and Django for everything else.

The stream stands before Django: a request of hours must not hold a thread or a database connection. Static files
stand before it too: they are read once, and Django would stream them through a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import parse_cookie

# Django must be set up before anything that reads its models is imported.
_django = get_asgi_application()

from aralyk.console.static_files import StaticFiles  # noqa: E402
from aralyk.console.stream import DatabaseLost, Hub, serve  # noqa: E402
from aralyk.console.visibility import OrmDoor  # noqa: E402
from aralyk.database import Role, connect_info  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, object]]]
Send = Callable[[Mapping[str, object]], Awaitable[None]]

LIVE_PATH: Final = "/live"
EVENT_ID_DIGITS_MAX: Final = 18


class Console:
    """The ASGI application, with its own hub; a process has one."""

    def __init__(self) -> None:
        self._door = OrmDoor()
        self.hub = Hub(lambda: connect_info(Role.CONSOLE), self._door)
        self._static = StaticFiles(settings.STATIC_URL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry."""
        if scope["type"] == "lifespan":
            await self._live_and_die(receive, send)
        elif scope["type"] == "http" and scope["path"] == LIVE_PATH:
            await self._live(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
            await self._static.serve(scope, send)
        else:
            await _django(scope, receive, send)

    async def _live_and_die(self, receive: Receive, send: Send) -> None:
        await receive()
        listening = asyncio.create_task(self.hub.run(), name="live-hub")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        listening.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if scope["method"] != "GET":
            return await _say(send, 405, "method: expected GET")
        session = parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
        try:
            viewer = await self._door.viewer(session) if session else None
        except DatabaseLost:
            return await _say(send, 503, "the database does not answer")
        if viewer is None:
            return await _say(send, 401, "log in first")
        try:
            after = _event_id(headers.get("last-event-id") or _parameter(scope, "after"))
        except ValueError:
            return await _say(send, 400, "after: expected the id of an event")
        await serve(self.hub, viewer, after, receive, send)
        return None


def _parameter(scope: Scope, name: str) -> str:
    query: bytes = scope["query_string"]
    return parse_qs(query.decode("latin-1")).get(name, [""])[0]


def _event_id(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= EVENT_ID_DIGITS_MAX):
        raise ValueError("not an event id")
    return int(text)


async def _say(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


application = Console()
