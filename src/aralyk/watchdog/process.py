"""The watchdog: every few seconds it looks whether everything lives and moves, and says what does not.

A stop or stall of any process, of the database, of one lane before or behind the log, of the sequencer, a gap in
the log, a stepped clock and a full disk are raised within `stalled_s` + two looks, below the 60 s that the platform
promises. It needs neither Django nor the database to do so, and its own silence shows: the supervisor
restarts it, the console says "watchdog silent" once `status.json` is older than 30 s.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

from aralyk import clock
from aralyk.watchdog.alarms import AlarmBook
from aralyk.watchdog.channel import SecondChannel
from aralyk.watchdog.probe import DatabaseProbe
from aralyk.watchdog.settings import WatchdogSettings
from aralyk.watchdog.signs import Ages, Finding, heartbeat_sign, judge_age

_MEGABYTE = 1_000_000
LANES_OLD_S = 10.0  # the gateway writes its lanes' file every second
_log = structlog.get_logger()


def run(settings: WatchdogSettings) -> int:
    """Watch until SIGTERM.

    Returns:
        The exit code, 0.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    watch = Watch(settings)
    watch.start()
    while not ended.is_set():
        watch.look()
        ended.wait(settings.interval_s)
    watch.end()
    return 0


class Watch:
    """One installation's watch: its memory of signs, its alarms, its ways to tell."""

    def __init__(self, settings: WatchdogSettings) -> None:
        self._settings = settings
        self._run = settings.home / "run"
        self._run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ages = Ages(time.monotonic())
        self._book = AlarmBook(self._run)
        self._probe = DatabaseProbe(settings)
        self._channel = SecondChannel(settings.command, settings.command_s)

    def start(self) -> None:
        """Begin to ask the database."""
        self._probe.start()

    def end(self) -> None:
        """Stop asking."""
        self._probe.end()

    def look(self) -> None:
        """Look once at everything; tell what changed."""
        findings = self._findings(time.monotonic())
        for alarm in self._book.judge(findings, clock.now()):
            log = _log.error if alarm.raised else _log.warning
            log(f"alarm_{alarm.state.value}", component=alarm.component, reason=alarm.reason, detail=alarm.detail)
            self._channel.tell(alarm)
            self._probe.store(alarm)
        self._book.write_status(findings)
        _beat(self._run / "watchdog.heartbeat", len(self._book.open_alarms))

    def _findings(self, now_s: float) -> list[Finding]:
        findings = [self._look_at_process(name, now_s) for name in self._settings.processes]
        findings += self._look_at_intake(now_s)
        findings += self._probe.findings(now_s)
        findings += [self._look_at_clock(), self._look_at_disk()]
        channel = self._channel.finding(now_s)
        return [*findings, channel] if channel else findings

    def _look_at_process(self, name: str, now_s: float) -> Finding:
        sign = heartbeat_sign(self._run / f"{name}.heartbeat")
        age_s = self._ages.age_s(name, sign, now_s)
        proven = self._ages.has_changed(name)
        return judge_age(f"process:{name}", age_s, self._settings.stalled_s, "no_heartbeat", proven=proven)

    def _look_at_intake(self, now_s: float) -> list[Finding]:
        """The gateway's lanes, as its own file says; an old file says nothing: then the process itself is the news."""
        path = self._run / "gateway.lanes"
        if self._ages.age_s("gateway.lanes", heartbeat_sign(path), now_s) > LANES_OLD_S:
            return []
        return [
            Finding(
                component=f"intake:{lane}",
                well=told["stuck_s"] <= self._settings.lane_stuck_s,
                reason="not_stored",
                detail={**told, "limit_s": self._settings.lane_stuck_s},
            )
            for lane, told in sorted(_lanes_in(path).items())
        ]

    def _look_at_clock(self) -> Finding:
        step_s = clock.step_s()
        well = abs(step_s) <= self._settings.clock_step_s
        return Finding(component="clock", well=well, reason="clock_stepped", detail={"step_s": round(step_s, 1)})

    def _look_at_disk(self) -> Finding:
        free_mb = shutil.disk_usage(self._settings.home).free // _MEGABYTE
        well = free_mb >= self._settings.disk_free_mb
        return Finding(component="disk", well=well, reason="disk_full", detail={"free_mb": free_mb})


def _lanes_in(path: Path) -> dict[str, dict[str, float]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(lane): {"stuck_s": float(told["stuck_s"]), "waiting": int(told["waiting"])}
            for lane, told in content["lanes"].items()
        }
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _beat(path: Path, open_alarms: int) -> None:
    beat = {"at": clock.iso(datetime.now(UTC)), "pid": os.getpid(), "detail": {"open_alarms": open_alarms}}
    partial = path.with_name(f"{path.name}.new")
    partial.write_text(json.dumps(beat), encoding="utf-8")
    partial.replace(path)
