"""What is wrong with the platform: the watchdog's word (`<home>/run/status.json`) and the alarms that are stored.

An old file means: not known. The monitor, the gateway and the jobs store alarms of their own; those about a device are
shown to whoever sees the device, those about overdue duties to whoever answers for the district.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.access.counting import ALARM_PREFIX
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.console import law, sentences
from aralyk.devices.queries import SUSPECTED, devices_for
from aralyk.duties.queries import OF_DUTIES, alarms_seen_by
from aralyk.oversight.digests import OF_DIGESTS, may_read_digests
from aralyk.risk.standing import JURISDICTION
from aralyk.roster.alarms import OF_CALLS, OF_GAPS

OF_THE_MONITOR: Final = "monitor."
STORED_MAX: Final = 200
_PREFIXES: Final = (OF_THE_MONITOR, SUSPECTED, ALARM_PREFIX, OF_DUTIES, OF_GAPS, OF_CALLS, OF_DIGESTS)
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
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformState:
    """What the strip on top of every page says."""

    state: State
    alarms: tuple[Alarm, ...]
    devices: tuple[Alarm, ...] = ()
    duties: tuple[Alarm, ...] = ()
    access: tuple[Alarm, ...] = ()  # for those who review it


def platform_state(user: User, home: Path | None = None) -> PlatformState:
    """The present state for one person; what cannot be read is silent, never well."""
    stored = _stored()
    shown = allows(user, May.SEE_CASES) or allows(user, May.MANAGE_USERS)
    of_access = [alarm for alarm in stored if alarm.component.startswith(ALARM_PREFIX)]
    duties = [alarm for alarm in stored if alarm.component.startswith(OF_DUTIES)]
    seen = alarms_seen_by(user, [alarm.component for alarm in duties]) if duties else set()
    roster = [alarm for alarm in stored if alarm.component.startswith((OF_GAPS, OF_CALLS))]
    digests = [alarm for alarm in stored if alarm.component.startswith(OF_DIGESTS)]
    hidden = (*(() if allows(user, May.READ_ROSTER) else roster), *(() if may_read_digests(user) else digests))
    apart = (*of_access, *duties, *hidden)
    alarms = [alarm for alarm in stored if not alarm.device and alarm not in apart] if shown else []
    state, told = _told(home)
    return PlatformState(
        state=State.FAULTS if state is State.WELL and alarms else state,
        alarms=(*told, *alarms),
        devices=_of_devices(user, [alarm for alarm in stored if alarm.device]),
        duties=tuple(alarm for alarm in duties if alarm.component in seen),
        access=tuple(of_access) if allows(user, May.REVIEW_ACCESS) else (),
    )


def _told(home: Path | None) -> tuple[State, tuple[Alarm, ...]]:
    """What the watchdog says."""
    path = (home or Path(settings.HOME)) / "run" / "status.json"
    try:
        # The file's own time: real time on both sides, whatever pace the demo's clock has.
        age_s = time.time() - path.stat().st_mtime
        status = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return State.SILENT, ()
    alarms = tuple(
        Alarm(component=entry["component"], title=component_title(entry["component"]), at=clock.parse_iso(entry["at"]))
        for entry in status["open"]
    )
    if abs(age_s) > SILENT_AFTER_S:
        return State.SILENT, alarms
    return State.FAULTS if alarms else State.WELL, alarms


_STANDING: Final = """
    SELECT component, at, detail::text FROM (
        SELECT DISTINCT ON (component) component, state, at, detail FROM platform_alarm
        WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS of (prefix) WHERE starts_with(component, prefix))
        ORDER BY component, id DESC) newest
    WHERE state = 'raised' ORDER BY at, component LIMIT %s
"""


def _stored() -> list[Alarm]:
    """The alarms of the monitor and of the gateway that stand; the watchdog's are in its file."""
    with connection.cursor() as cursor:
        cursor.execute(
            _STANDING, ([OF_THE_MONITOR, SUSPECTED, ALARM_PREFIX, OF_DUTIES, OF_GAPS, OF_CALLS, OF_DIGESTS], STORED_MAX)
        )
        rows = cursor.fetchall()
    found = []
    for component, at, detail in rows:
        device = component.removeprefix(SUSPECTED) if component.startswith(SUSPECTED) else ""
        signs = json.loads(detail).get("what") or () if device else ()
        if component.startswith(OF_DUTIES):
            found.append(Alarm(component=component, title=_duties_title(component, json.loads(detail)), at=at))
            continue
        title = ", ".join(sentences.text(sentences.SUSPICIONS, sign) for sign in signs) or component_title(component)
        found.append(Alarm(component=component, title=title, at=at, device=device))
    return found


def _duties_title(component: str, detail: Mapping[str, Any]) -> str:
    district = law.district_name(JURISDICTION, component.removeprefix(OF_DUTIES), at=clock.now())
    return f"{district}: {detail['overdue']}"


def _of_devices(user: User, alarms: Sequence[Alarm]) -> tuple[Alarm, ...]:
    if not alarms:
        return ()
    seen = set(devices_for(user).filter(pk__in=[alarm.device for alarm in alarms]).values_list("pk", flat=True))
    return tuple(alarm for alarm in alarms if alarm.device in seen)


def component_title(component: str) -> str:
    """What a component is to people; the second half of its name is its own."""
    if component.startswith(OF_THE_MONITOR):
        return _monitor_title(component.removeprefix(OF_THE_MONITOR))
    if component.startswith(ALARM_PREFIX):
        return _access_title(component.removeprefix(ALARM_PREFIX))
    if component.startswith(OF_GAPS):
        return _("nobody is on duty at desk %(name)s in some hours ahead") % {"name": component.removeprefix(OF_GAPS)}
    if component.startswith(OF_CALLS):
        return _("the test call of desk %(name)s was not answered") % {"name": component.removeprefix(OF_CALLS)}
    if component.startswith(OF_DIGESTS):
        return _("nobody has signed the digest of folded alerts of %(name)s") % {
            "name": component.removeprefix(OF_DIGESTS)
        }
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
        "log": _("messages are missing in stream %(name)s of the log"),
    }
    return titles[group] % {"name": name} if group in titles else component


def _access_title(name: str) -> str:
    """What was found about access, by `aralyk.access`."""
    if name == "conflicts":
        return _("somebody complained of an officer; the case is closed to that officer until a second person looked")
    if name == "review":
        return _("the review of an emergency access is late")
    return _("a person looked too often and was stopped")


def _monitor_title(name: str) -> str:
    """What the monitor found wrong, by `aralyk.monitor.alarms`."""
    if name.startswith("lag."):
        return _("decisions on messages of lane %(name)s come late") % {"name": name.removeprefix("lag.")}
    titles = {
        "log": _("messages are missing in the log"),
        "replay": _("the log gives other decisions than those stored"),
        "snapshot": _("a snapshot could not be restored; an older one was taken"),
        "line": _("messages were set aside: a person must look"),
        "engine": _("the engine fails"),
        "order": _("the engine watches an order that the register does not hold"),
        "clock": _("the clocks disagree"),
    }
    return titles.get(name, OF_THE_MONITOR + name)
