"""Alarms about the platform itself: raised once, cleared once, told on every way that is left.

The files in `<home>/run` come first and need nothing but a disk: `alarms.jsonl` keeps all, forced to
disk; `status.json` is the present state, rewritten at every look, so that its own age shows a silent
watchdog. The second channel and the database follow. After a restart the open alarms are read back
from `status.json`, so that what was raised before is still cleared by name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from aralyk import clock
from aralyk.watchdog.signs import Finding


class AlarmState(StrEnum):
    """The two events of an alarm."""

    RAISED = "raised"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One event about one component.

    Attributes:
        component: What it is about, like `process:monitor`.
        state: Raised or cleared.
        at: Domain time of the event.
        reason: Code of what is wrong.
        detail: Figures at that moment; ids and numbers only.
    """

    component: str
    state: AlarmState
    at: datetime
    reason: str
    detail: Mapping[str, str | int | float]

    @property
    def raised(self) -> bool:
        """Whether this event opens the alarm."""
        return self.state is AlarmState.RAISED

    def as_json(self) -> str:
        """One JSON object, as the files and the second channel have it."""
        record = {
            "at": clock.iso(self.at),
            "component": self.component,
            "state": self.state.value,
            "reason": self.reason,
            "detail": dict(self.detail),
        }
        return json.dumps(record, sort_keys=True)


class AlarmBook:
    """Which alarms are open; turns findings into events and writes the files."""

    def __init__(self, run: Path) -> None:
        """Read back what was open.

        Args:
            run: `<home>/run`.
        """
        self._run = run
        self._open: dict[str, Alarm] = _read_open(run / "status.json")

    @property
    def open_alarms(self) -> tuple[Alarm, ...]:
        """The alarms that are raised and not cleared, oldest first."""
        return tuple(sorted(self._open.values(), key=lambda alarm: alarm.at))

    def judge(self, findings: Iterable[Finding], at: datetime) -> list[Alarm]:
        """Raise what is newly wrong and clear what is well again; a component that is not mentioned stays as it is."""
        events = []
        for finding in findings:
            is_open = finding.component in self._open
            if finding.well == is_open and (finding.proven or not is_open):
                state = AlarmState.CLEARED if is_open else AlarmState.RAISED
                event = Alarm(
                    component=finding.component, state=state, at=at, reason=finding.reason, detail=finding.detail
                )
                self._keep(event)
                events.append(event)
        return events

    def write_status(self, findings: Iterable[Finding]) -> None:
        """Rewrite `status.json`; the real time in it tells its reader how old it is."""
        status = {
            "at": clock.iso(datetime.now(UTC)),
            "pid": os.getpid(),
            "open": [json.loads(alarm.as_json()) for alarm in self.open_alarms],
            "checks": {
                finding.component: {"well": finding.well, "reason": finding.reason, **finding.detail}
                for finding in findings
            },
        }
        partial = self._run / "status.json.new"
        partial.write_text(json.dumps(status, sort_keys=True), encoding="utf-8")
        partial.replace(self._run / "status.json")

    def _keep(self, event: Alarm) -> None:
        if event.raised:
            self._open[event.component] = event
        else:
            del self._open[event.component]
        with (self._run / "alarms.jsonl").open("a", encoding="utf-8") as file:
            file.write(event.as_json() + "\n")
            file.flush()
            os.fsync(file.fileno())


def _read_open(path: Path) -> dict[str, Alarm]:
    try:
        status = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return {
        entry["component"]: Alarm(
            component=entry["component"],
            state=AlarmState.RAISED,
            at=clock.parse_iso(entry["at"]),
            reason=entry["reason"],
            detail=entry["detail"],
        )
        for entry in status["open"]
    }
