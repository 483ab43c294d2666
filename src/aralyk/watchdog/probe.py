"""Asks the database, in a thread of its own: a server that hangs must not hang the watch.

Each round opens a connection, reads the queues' positions and stores alarms that wait to be stored.
The main loop never waits for this thread; it looks at the age of the last good round. All positions
are compared with themselves over monotonic time, never with a clock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg.types.json import Jsonb

from aralyk.database import Role, connect
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.tracking.live import LiveKind, announce
from aralyk.watchdog.alarms import Alarm
from aralyk.watchdog.settings import WatchdogSettings
from aralyk.watchdog.signs import Ages, Finding, judge_age

CONNECT_TIMEOUT_S = 5
GAP_WINDOW = 10_000  # batches looked at per stream and round: an hour of the busiest lane
UNSTORED_MAX = 10_000

_log = structlog.get_logger()

_POSITIONS = """
    SELECT stream, last_seq, CASE
        WHEN stream LIKE 'quarantine/%' THEN last_seq  -- read by people, not by a monitor
        ELSE coalesce((SELECT (up_to ->> stream)::bigint FROM step
                       WHERE step.shard = log_stream.shard ORDER BY step DESC LIMIT 1), 0) END
    FROM log_stream ORDER BY stream
"""
_MISSING = """
    SELECT least(%(last)s, %(window)s) - count(*) FROM log_batch
    WHERE stream = %(stream)s AND seq > %(last)s - %(window)s AND seq <= %(last)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What the last good round found, and when (monotonic seconds)."""

    at_s: float
    findings: tuple[Finding, ...]


class DatabaseProbe:
    """The thread and its last good round."""

    def __init__(self, settings: WatchdogSettings) -> None:
        self._settings = settings
        self._ages = Ages(time.monotonic())
        self._last = Round(at_s=time.monotonic(), findings=())
        self._error = "no answer yet"
        self._unstored: deque[Alarm] = deque(maxlen=UNSTORED_MAX)
        self._ended = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-probe", daemon=True)

    def start(self) -> None:
        """Begin asking."""
        self._thread.start()

    def end(self) -> None:
        """Ask the thread to end; it is not waited for, since the server may hang."""
        self._ended.set()
        self._wake.set()

    def store(self, alarm: Alarm) -> None:
        """Have an alarm written to the database as soon as that is possible."""
        self._unstored.append(alarm)
        self._wake.set()

    def findings(self, now_s: float) -> list[Finding]:
        """The database itself, and what its last good round said; old news is not repeated as well.

        Raises:
            RuntimeError: The thread has ended unasked: a defect of ours.
        """
        if not self._thread.is_alive() and not self._ended.is_set():
            raise RuntimeError("the database probe ended unasked")
        last = self._last
        age_s = now_s - last.at_s
        database = judge_age("database", age_s, self._settings.stalled_s, "no_answer", proven=bool(last.findings))
        if not database.well:
            database.detail["error"] = self._error
            return [database]
        return [database, *last.findings]

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._last = self._ask()
            except psycopg.Error as error:
                # The kind only: the text of a failed connection may quote the connection string.
                self._error = type(error).__name__
                _log.warning("database_did_not_answer", kind=self._error)
            self._wake.wait(self._settings.interval_s)
            self._wake.clear()

    def _ask(self) -> Round:
        with connect(Role.WATCHDOG, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            self._store_waiting(connection)
            now_s = time.monotonic()
            findings = (*self._look_at_lanes(connection, now_s), self._look_at_sequencer(connection, now_s))
        return Round(at_s=time.monotonic(), findings=findings)

    def _look_at_lanes(self, connection: psycopg.Connection[Any], now_s: float) -> list[Finding]:
        findings = []
        for stream, last_seq, read_seq in connection.execute(_POSITIONS).fetchall():
            if read_seq < last_seq:
                age_s, proven = self._ages.age_s(stream, read_seq, now_s), self._ages.has_changed(stream)
            else:
                self._ages.forget(stream)
                age_s, proven = 0.0, True
            lane = judge_age(f"lane:{stream}", age_s, self._settings.stalled_s, "not_read", proven=proven)
            lane.detail["waiting"] = last_seq - read_seq
            findings += [lane, self._look_for_gap(connection, stream, last_seq)]
        return findings

    def _look_for_gap(self, connection: psycopg.Connection[Any], stream: str, last_seq: int) -> Finding:
        given = {"stream": stream, "last": last_seq, "window": GAP_WINDOW}
        (missing,) = _only(connection.execute(_MISSING, given).fetchall())
        return Finding(component=f"log:{stream}", well=missing == 0, reason="gap", detail={"missing": int(missing)})

    def _look_at_sequencer(self, connection: psycopg.Connection[Any], now_s: float) -> Finding:
        rows = connection.execute("SELECT min(entry_id), count(*) FROM evidence_pending").fetchall()
        oldest, waiting = _only(rows)
        if oldest is None:
            self._ages.forget("sequencer")
        age_s = 0.0 if oldest is None else self._ages.age_s("sequencer", oldest, now_s)
        proven = oldest is None or self._ages.has_changed("sequencer")
        finding = judge_age("sequencer", age_s, self._settings.sequencer_delay_s, "entry_waits", proven=proven)
        finding.detail["waiting"] = int(waiting)
        return finding

    def _store_waiting(self, connection: psycopg.Connection[Any]) -> None:
        while self._unstored:
            alarm = self._unstored[0]
            with connection.transaction(), connection.cursor() as cursor:
                _write(cursor, alarm)
            self._unstored.popleft()


def _write(cursor: psycopg.Cursor[Any], alarm: Alarm) -> None:
    detail = {"reason": alarm.reason, **alarm.detail}
    cursor.execute(
        "INSERT INTO platform_alarm (component, state, at, detail) VALUES (%s, %s, %s, %s)",
        (alarm.component, alarm.state.value, alarm.at, Jsonb(detail)),
    )
    kind = Kind.ALARM_RAISED if alarm.raised else Kind.ALARM_CLEARED
    # Canonical JSON has no fractions that may read differently elsewhere: figures are witnessed as text.
    data = {name: str(value) for name, value in detail.items()}
    subject = f"component:{alarm.component}"
    record(cursor, kind=kind, subject=subject, by="system:watchdog", at=alarm.at, data=data)
    announce(cursor, kind=LiveKind.PLATFORM, subject=alarm.component, district="", at=alarm.at)


def _only(rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    (row,) = rows
    return row
