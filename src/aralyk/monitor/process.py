"""The monitor process: what was stored → what it means → who must answer.

It keeps one watch at a time. When the database goes away, the watch is dropped and a new one recovers as soon as the
database is back; no heartbeat is written meanwhile, so the watchdog knows. When the log or the replay cannot be
trusted, the process raises an alarm that stays and stops; its supervisor starts it again.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Mapping
from typing import Final

import psycopg
import structlog

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.engine import ENGINE_VERSION, State, compile_order
from aralyk.monitor.alarms import Component, raise_alarm
from aralyk.monitor.heartbeat import Heartbeat
from aralyk.monitor.metrics import Metrics
from aralyk.monitor.recovery import ReplayDiffers
from aralyk.monitor.settings import MonitorSettings
from aralyk.monitor.watch import AnotherMonitor, EngineFails, Watch
from aralyk.tracking.log import LogGap

BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # between attempts to reach the database; the last one repeats
# Exit codes, for the supervisor's log.
STOPPED, FAULT, LOG_HOLE, REPLAY_DIFFERS, ENGINE_FAILS, LOCKED_OUT = 0, 1, 3, 4, 5, 6
# Nobody's: it only makes the engine run once.
WARM_UP_ORDER: Final[dict[str, object]] = {
    "order_id": "00000000-0000-0000-0000-000000000000",
    "starts_at": "1970-01-01T00:00:00Z",
    "expires_at": "1970-01-02T00:00:00Z",
    "timezone": "UTC",
    "respondent": {"devices": []},
    "protected": [],
    "conditions": [],
}
_log = structlog.get_logger("aralyk.monitor")


def run(settings: MonitorSettings) -> int:
    """Watch until SIGTERM or SIGINT.

    Args:
        settings: Of this process.

    Returns:
        0 after a signal; another code when the watch cannot go on (an alarm says why).
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return watch_until(settings, stop)


def watch_until(settings: MonitorSettings, stop: threading.Event) -> int:
    """Watch until `stop` is set; returns the exit code."""
    metrics = Metrics()
    metrics.serve(settings.metrics_port)
    heartbeat = Heartbeat(settings.home, "monitor" if settings.shard == 0 else f"monitor-{settings.shard}")
    _warm_up(heartbeat)
    failures = 0
    while not stop.is_set():
        try:
            with connect(Role.MONITOR, autocommit=True) as connection:
                watch = Watch(connection, settings, heartbeat, metrics)
                failures = 0
                _keep_watch(watch, stop)
        except psycopg.OperationalError as error:
            metrics.restarts.inc()
            _log.warning("database_lost", error=type(error).__name__, sqlstate=error.sqlstate)
            stop.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            failures += 1
        except LogGap as gap:
            detail = {"expected": gap.expected, "found": gap.found, "stream": gap.stream}
            return _give_up(Component.LOG, detail, LOG_HOLE)
        except ReplayDiffers as differs:
            return _give_up(
                Component.REPLAY, {"shard": settings.shard, "step": differs.step, "what": differs.what}, REPLAY_DIFFERS
            )
        except EngineFails:
            return _give_up(Component.ENGINE, {"shard": settings.shard}, ENGINE_FAILS)
        except AnotherMonitor:
            _log.error("locked_out", shard=settings.shard)
            return LOCKED_OUT
        except Exception as error:
            _give_up(Component.ENGINE, {"error": type(error).__name__, "shard": settings.shard}, FAULT)
            raise
    return STOPPED


def _warm_up(heartbeat: Heartbeat) -> None:
    """Have the engine's kernel loaded, and compiled on a machine that never ran it, before the shard's lock is held."""
    heartbeat.beat({"compiling": True})
    began_s = time.monotonic()
    State.empty().set_order(compile_order(WARM_UP_ORDER), 0)
    _log.info("engine_ready", engine=ENGINE_VERSION, took_ms=round((time.monotonic() - began_s) * 1000))


def _keep_watch(watch: Watch, stop: threading.Event) -> None:
    while not stop.is_set():
        if not watch.turn():
            watch.wait()
    watch.keep_snapshot()


def _give_up(component: Component, detail: Mapping[str, object], code: int) -> int:
    """Leave an alarm behind, on a connection of its own: the watch's is in an unknown state."""
    _log.error("watch_ended", component=component.value, code=code, **detail)
    try:
        with connect(Role.MONITOR) as connection, connection.cursor() as cursor:
            raise_alarm(cursor, component=component, at=clock.now(), detail=detail)
    except psycopg.Error as error:
        # The watchdog still sees the missing heartbeat; the exit code says the rest.
        _log.error("alarm_not_stored", component=component.value, error=type(error).__name__)
    return code
