"""The courier: sends notices. Apart from all else, because it speaks to servers outside and may hang on them."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import django
import structlog

from aralyk import clock
from aralyk.courier.settings import CourierSettings

BACK_OFF_S: Final = 2.0  # between attempts to reach the database
_log = structlog.get_logger("aralyk.courier")


def run(settings: CourierSettings) -> int:
    """Work until SIGTERM or SIGINT; returns 0."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    work(settings, stop)
    return 0


def work(settings: CourierSettings, stop: threading.Event) -> None:
    """Send what is due until told to stop; a lost database is waited for."""
    django.setup()
    from django.db import OperationalError, connections

    from aralyk.channels import outbox
    from aralyk.courier.transports import transports

    ways = transports(settings)
    _log.info("courier_began", ways=sorted(ways))
    heartbeat = settings.home / "run" / "courier.heartbeat"
    while not stop.is_set():
        pause_s = settings.look_s
        try:
            done = outbox.work(ways, now=clock.now())
            if done != outbox.Sent():
                _log.info("told", sent=done.sent, failed=done.failed, given_up=done.given_up)
            _beat(heartbeat)
        except OperationalError as error:
            _log.warning("database_lost", error=type(error).__name__)
            connections.close_all()
            pause_s = BACK_OFF_S
        stop.wait(pause_s)


def _beat(path: Path) -> None:
    content = {"at": clock.iso(datetime.now(UTC)), "detail": {}, "pid": os.getpid()}
    partial = path.with_suffix(".partial")
    # On a full disk the old file stays, and its age tells: what still works must not end for a sign of life.
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.write_text(json.dumps(content), encoding="utf-8")
        partial.replace(path)
