"""The courier: sends notices. Apart from all else, because it speaks to servers outside and may hang on them."""

from __future__ import annotations

import signal
import threading
from typing import Final

import django
import structlog

from aralyk import clock
from aralyk.clock import heartbeat
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
    while not stop.is_set():
        pause_s = settings.look_s
        try:
            done = outbox.work(ways, now=clock.now())
            if done != outbox.Sent():
                _log.info("told", sent=done.sent, failed=done.failed, given_up=done.given_up)
            heartbeat.beat(settings.home, "courier", {})
        except OperationalError as error:
            _log.warning("database_lost", error=type(error).__name__)
            connections.close_all()
            pause_s = BACK_OFF_S
        stop.wait(pause_s)
