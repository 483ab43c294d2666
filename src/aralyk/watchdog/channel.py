"""The second channel: a program of the installation's own that gets each alarm on its standard input.

It may call a modem or a siren and may be slow or broken; the watch goes on meanwhile. A failure is
itself a finding, but never told through the channel that failed.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from dataclasses import dataclass

import structlog

from aralyk.watchdog.alarms import Alarm
from aralyk.watchdog.signs import Finding

COMPONENT = "second_channel"
CALLS_MAX = 20  # a broken modem must not fill the machine with waiting programs

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    process: subprocess.Popen[bytes]
    began_s: float


class SecondChannel:
    """Runs the configured program for each alarm."""

    def __init__(self, command: str, limit_s: float) -> None:
        """Nothing is run yet.

        Args:
            command: Program and arguments; empty: no second channel.
            limit_s: How long one call may take.
        """
        self._command = shlex.split(command)
        self._limit_s = limit_s
        self._calls: list[_Call] = []
        self._failure = ""

    def tell(self, alarm: Alarm) -> None:
        """Start the program with this alarm; does not wait for it."""
        if not self._command or alarm.component == COMPONENT:
            return
        if len(self._calls) >= CALLS_MAX:
            self._fail("too_many_calls")
            return
        try:
            process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        except OSError as error:
            self._fail(f"not_started_{error.errno}")
            return
        self._calls.append(_Call(process=process, began_s=time.monotonic()))
        assert process.stdin is not None
        try:
            # One alarm is far below a pipe's 64 KiB: this cannot block on a program that does not read.
            process.stdin.write(alarm.as_json().encode() + b"\n")
            process.stdin.close()
        except BrokenPipeError:
            self._fail("did_not_read")

    def finding(self, now_s: float) -> Finding | None:
        """Look after running calls; a finding when a channel is configured."""
        if not self._command:
            return None
        for call in list(self._calls):
            self._look_after(call, now_s)
        return Finding(component=COMPONENT, well=not self._failure, reason=self._failure or "ready", detail={})

    def _look_after(self, call: _Call, now_s: float) -> None:
        exit_code = call.process.poll()
        if exit_code is None and now_s - call.began_s <= self._limit_s:
            return
        self._calls.remove(call)
        if exit_code is None:
            call.process.kill()
            call.process.wait()
            self._fail("took_too_long")
        elif exit_code != 0:
            self._fail(f"exit_code_{exit_code}")
        else:
            self._failure = ""

    def _fail(self, reason: str) -> None:
        self._failure = reason
        _log.error("second_channel_failed", reason=reason)
