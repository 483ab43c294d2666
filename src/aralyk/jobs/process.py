"""The jobs process: work that time asks for. Each kind of it has a thread and a connection.

When the database goes away all connect again. A tree that does not continue what was signed is our fault and ends the
process: nothing may be added to it; entries then wait, and the watchdog says so within seconds. A job that hangs or
fails again and again ends no process, so the process falls silent: no heartbeat while one of them stands still.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import django
import psycopg
import structlog

from aralyk import clock
from aralyk.clock import heartbeat
from aralyk.database import Role, connect
from aralyk.evidence.keys import SigningKey, signing_key
from aralyk.jobs.sequencer import AnotherSequencer, Run, Sequencer
from aralyk.jobs.settings import JobsSettings
from aralyk.jobs.upkeep import Kept, Upkeep, keep_up
from aralyk.tracking import health

BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)  # between attempts to reach the database; the last one repeats
BEAT_S: Final = 1.0
FORGET_EVERY_S: Final = 3600.0
SEQUENCER_QUIET_S: Final = 5.0  # it runs at least once a second; silent for longer, no heartbeat is written
# The same for the other jobs, beyond the pause between their rounds: deleting what an hour left takes minutes at most.
QUIET_S: Final = 300.0
STOPPED, FAULT, LOCKED_OUT = 0, 1, 6
_log = structlog.get_logger("aralyk.jobs")


def run(settings: JobsSettings) -> int:
    """Work until SIGTERM or SIGINT.

    Returns:
        0 after a signal; another code when the sequencer cannot go on.

    Raises:
        KeyProblem: The log's signing key can't be used.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return Jobs(settings, stop).work()


class Jobs:
    """Its threads and what they tell each other."""

    def __init__(self, settings: JobsSettings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._key: SigningKey = signing_key(settings.home, origin=settings.origin)
        self._code = STOPPED
        self._size: int | None = None  # until the sequencer ran once
        self._progress = Progress(
            {
                "sequencer": SEQUENCER_QUIET_S,
                "upkeep": settings.upkeep_s + QUIET_S,
                "health": settings.health_s + QUIET_S,
                "risk": settings.risk_s + QUIET_S,
                "risk_list": settings.risk_list_s + QUIET_S,
            }
        )

    def work(self) -> int:
        """Work until told to stop; returns the exit code."""
        threads = [
            threading.Thread(target=self._guard, args=(self._sequence,), name="sequencer"),
            threading.Thread(target=self._guard, args=(self._keep_up,), name="upkeep"),
            threading.Thread(target=self._guard, args=(self._follow_health,), name="health"),
            threading.Thread(target=self._guard, args=(self._follow_risk,), name="risk"),
            threading.Thread(target=self._guard, args=(self._follow_incidents,), name="incidents"),
            threading.Thread(target=self._guard, args=(self._keep_risk_list,), name="risk_list"),
        ]
        for thread in threads:
            thread.start()
        told: list[str] = []
        while not self._stop.wait(BEAT_S):
            still = self._progress.still(time.monotonic())
            if not still and self._size is not None:
                heartbeat.beat(self._settings.home, "jobs", {"size": self._size})
            if still != told:
                _log.error("jobs_stand_still", jobs=still)
            told = still
        for thread in threads:
            thread.join()
        return self._code

    def _guard(self, work: Callable[[], None]) -> None:
        """Keep a thread's work going over lost connections; any other failure ends the process, loudly."""
        failures = 0
        while not self._stop.is_set():
            began_s = time.monotonic()
            try:
                work()
            except psycopg.OperationalError as error:
                failures = 0 if time.monotonic() - began_s > BACK_OFF_S[-1] else failures
                _log.warning("database_lost", error=type(error).__name__, sqlstate=error.sqlstate)
                self._stop.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
            except AnotherSequencer:
                _log.error("locked_out")
                self._end(LOCKED_OUT)
            except Exception as error:  # noqa: BLE001  (a thread's main loop: nothing above it would tell anybody)
                _log.error("job_failed", error=type(error).__name__, exc_info=error)
                self._end(FAULT)

    def _end(self, code: int) -> None:
        self._code = code
        self._stop.set()

    def _sequence(self) -> None:
        with connect(Role.SEQUENCER, autocommit=True) as connection:
            sequencer = self._first_sequencer(connection)
            if sequencer is not None:
                _log.info("sequencer_began", size=sequencer.size)
                sequencer.run(self._stop, self._note)

    def _first_sequencer(self, connection: psycopg.Connection[tuple[object, ...]]) -> Sequencer | None:
        """Wait for a killed predecessor's session to end; None when told to stop meanwhile."""
        deadline_s = time.monotonic() + self._settings.lock_wait_s
        while not self._stop.is_set():
            try:
                return Sequencer(connection, self._key, self._settings.origin)
            except AnotherSequencer:
                if time.monotonic() >= deadline_s:
                    raise
                self._stop.wait(BACK_OFF_S[0])
        return None

    def _note(self, run: Run) -> None:
        self._progress.note("sequencer")
        self._size = run.size

    def _keep_up(self) -> None:
        kept = Kept(
            map_events=timedelta(minutes=self._settings.map_event_minutes),
            events=timedelta(days=self._settings.live_event_days),
            keys=timedelta(hours=self._settings.idempotency_key_hours),
            looks=timedelta(hours=self._settings.counted_look_hours),
        )
        with connect(Role.SEQUENCER, autocommit=True) as connection:
            while not self._stop.is_set():
                done = keep_up(connection, now=clock.now(), kept=kept)
                self._progress.note("upkeep")
                if done != Upkeep():
                    _log.info(
                        "kept_up", partitions=done.partitions, events=done.events, keys=done.keys, looks=done.looks
                    )
                self._stop.wait(self._settings.upkeep_s)

    def _follow_health(self) -> None:
        with connect(Role.SEQUENCER, autocommit=True) as connection:
            projector = health.Projector(connection)
            forgotten_s = float("-inf")
            while not self._stop.is_set():
                lines = projector.follow(now=clock.now())
                self._progress.note("health")
                if time.monotonic() - forgotten_s > FORGET_EVERY_S:
                    health.forget(connection, now=clock.now())
                    forgotten_s = time.monotonic()
                if lines < health.LINES_AT_ONCE:  # else a backlog waits: read on
                    self._stop.wait(self._settings.health_s)

    def _follow_risk(self) -> None:
        # Here and not above: loading Django takes a second for which the sequencer need not wait.
        django.setup()
        from aralyk.jobs import upward

        look_back = upward.EVER
        grace = timedelta(minutes=self._settings.duty_grace_minutes)
        while not self._stop.is_set():
            done = upward.follow(
                now=clock.now(), look_back=look_back, grace=grace, on_batch=lambda: self._progress.note("risk")
            )
            self._progress.note("risk")
            look_back = upward.LOOK_BACK
            if done != upward.Round():
                _log.info(
                    "risk_told", told=done.told, picked_up=done.picked_up, overdue=done.overdue,
                    threats_raised=done.raised, duty_alarms=done.alarms, contacted=done.contacted,
                )  # fmt: skip
            self._stop.wait(self._settings.risk_s)

    def _keep_risk_list(self) -> None:
        django.setup()
        from aralyk.jobs import risk_list

        while not self._stop.is_set():
            risk_list.keep_list(self._settings.home)
            self._progress.note("risk_list")
            self._stop.wait(self._settings.risk_list_s)

    def _follow_incidents(self) -> None:
        django.setup()
        from aralyk.jobs import incidents

        watched_s = float("-inf")
        sign_within = timedelta(hours=self._settings.digest_hours)
        try:
            while not self._stop.is_set():
                done = incidents.follow(now=clock.now())
                if time.monotonic() - watched_s >= incidents.WATCH_EVERY_S:
                    done = incidents.watch(done, now=clock.now(), sign_within=sign_within)
                    watched_s = time.monotonic()
                if done != incidents.Round():
                    _log.info("incidents_followed", raised=done.raised, listed=done.listed, roster_alarms=done.alarms)
                self._stop.wait(incidents.EVERY_S)
        finally:
            incidents.leave()


class Progress:
    """When each job last came on, by monotonic seconds: one that fails again and again does not."""

    def __init__(self, quiet_s: Mapping[str, float]) -> None:
        """All are counted from now: a job that never begins is found too.

        Args:
            quiet_s: How long each may be silent.
        """
        self._quiet_s = quiet_s
        self._since_s = dict.fromkeys(quiet_s, time.monotonic())

    def note(self, job: str) -> None:
        """A job did a part of its work; called by its thread."""
        self._since_s[job] = time.monotonic()

    def still(self, now_s: float) -> list[str]:
        """The jobs that are silent for too long."""
        return [job for job, quiet_s in self._quiet_s.items() if now_s - self._since_s[job] > quiet_s]
