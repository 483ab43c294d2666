"""What the watchdog says of the platform, read from `<home>/run/status.json`. An old file means: not known."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from aralyk import clock

SILENT_AFTER_S: Final = 30.0  # as the watchdog promises: it rewrites the file every few seconds


class State(StrEnum):
    """The platform as a whole."""

    WELL = "well"
    FAULTS = "faults"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One open fault of the platform."""

    component: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformState:
    """What the strip on top of every page says."""

    state: State
    alarms: tuple[Alarm, ...]


def platform_state(home: Path | None = None) -> PlatformState:
    """Read the present state; what cannot be read is silent, never well."""
    path = (home or Path(settings.HOME)) / "run" / "status.json"
    try:
        # The file's own time: real time on both sides, whatever pace the demo's clock has.
        age_s = time.time() - path.stat().st_mtime
        status = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return PlatformState(state=State.SILENT, alarms=())
    alarms = tuple(
        Alarm(component=entry["component"], title=component_title(entry["component"]), at=clock.parse_iso(entry["at"]))
        for entry in status["open"]
    )
    if abs(age_s) > SILENT_AFTER_S:
        return PlatformState(state=State.SILENT, alarms=alarms)
    return PlatformState(state=State.FAULTS if alarms else State.WELL, alarms=alarms)


def component_title(component: str) -> str:
    """What a component is to people; the second half of its name is its own."""
    group, _colon, name = component.partition(":")
    titles = {
        "process": _("process %(name)s does not report"),
        "lane": _("messages of lane %(name)s are not being read"),
        "intake": _("messages of lane %(name)s are not being stored"),
        "database": _("the database does not answer"),
        "clock": _("the machine's clock was changed"),
        "disk": _("the disk is almost full"),
        "sequencer": _("evidence is not being sequenced"),
        "second_channel": _("the second alarm channel does not work"),
    }
    return titles[group] % {"name": name} if group in titles else component
