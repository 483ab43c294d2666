"""Runs the console: one uvicorn server, its heartbeat, and an orderly end of open streams."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import FrameType
from typing import Final

import django
import uvicorn

from aralyk.clock import heartbeat
from aralyk.console.settings import ConsoleSettings

BEAT_EVERY_S: Final = 2.0
CLOSE_WITHIN_S: Final = 3  # open streams and requests at a stop; pages reconnect by themselves
KEEP_ALIVE_S: Final = 30


class ConsoleServer(uvicorn.Server):
    """uvicorn, that ends the open streams first when it is told to stop: they would never end by themselves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal's handler: streams end now, other requests may finish."""
        from aralyk.console.asgi import application

        application.hub.end_all()
        super().handle_exit(sig, frame)


def run(settings: ConsoleSettings) -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        The exit code: 0 after an orderly stop, 1 when the server could not start (its log says why).
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aralyk.conf.django_settings")
    django.setup()
    server = ConsoleServer(configuration(settings))
    asyncio.run(_serve(server, settings))
    return 0 if server.started else 1


def configuration(settings: ConsoleSettings) -> uvicorn.Config:
    """How uvicorn serves the console."""
    return uvicorn.Config(
        "aralyk.console.asgi:application",
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,  # addresses of pages name incidents; what people did stands in the evidence
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSE_WITHIN_S,
    )


async def _serve(server: uvicorn.Server, settings: ConsoleSettings) -> None:
    beating = asyncio.create_task(_beat_forever(server, settings.home), name="heartbeat")
    try:
        await server.serve()
    finally:
        beating.cancel()


async def _beat_forever(server: uvicorn.Server, home: Path) -> None:
    """Touch the heartbeat while the hub hears the database: a server that serves no live data is not alive."""
    while True:
        await asyncio.sleep(BEAT_EVERY_S)
        if not server.started:
            continue
        from aralyk.console.asgi import application  # it exists once the server has started

        if application.hub.fresh:
            heartbeat.beat(home, "console", {"pages": application.hub.subscribers, "port": _port(server)})


def _port(server: uvicorn.Server) -> int:
    """Where the server really listens: a port of 0 lets the system choose."""
    return int(server.servers[0].sockets[0].getsockname()[1])
