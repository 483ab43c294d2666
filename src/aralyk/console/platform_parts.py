"""Each part of the platform for people: whether it works, since when not, and the few figures that say how it stands.

From the watchdog's file alone, which needs no database. What the file does not say is not known, and never "works".
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.console.platform_state import SILENT_AFTER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: `well` None says that nobody knows."""

    name: str
    well: bool | None
    since: datetime | None
    figures: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All parts, those that fail first; `age_s` is None when there is no file."""

    parts: tuple[Part, ...]
    age_s: float | None

    @property
    def known(self) -> bool:
        """Whether the watchdog has spoken lately."""
        return self.age_s is not None and self.age_s <= SILENT_AFTER_S


def parts_of(home: Path) -> Parts:
    """The parts as the watchdog last found them."""
    path = home / "run" / "status.json"
    try:
        age_s = max(0.0, time.time() - path.stat().st_mtime)  # real time on both sides, as in platform_state
        status = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return Parts(parts=(), age_s=None)
    known = age_s <= SILENT_AFTER_S
    since = {entry["component"]: clock.parse_iso(entry["at"]) for entry in status["open"]}
    checks: Mapping[str, Mapping[str, Any]] = status["checks"]
    found = [
        Part(
            name=part_name(component),
            well=(bool(check["well"]) and component not in since) if known else None,
            since=since.get(component),
            figures=_figures(check),
        )
        for component, check in checks.items()
    ]
    found += [
        Part(name=part_name(component), well=False if known else None, since=at, figures="")
        for component, at in since.items()
        if component not in checks
    ]
    return Parts(parts=tuple(sorted(found, key=lambda one: (one.well is not False, one.name))), age_s=age_s)


def part_name(component: str) -> str:
    """What a part is called, well or not."""
    group, _colon, name = component.partition(":")
    names = {
        "process": _("process %(name)s"),
        "lane": _("reading of lane %(name)s"),
        "intake": _("storing of lane %(name)s"),
        "log": _("completeness of stream %(name)s"),
        "database": _("database"),
        "clock": _("the machine's clock"),
        "disk": _("disk"),
        "sequencer": _("sealing of evidence"),
        "second_channel": _("second alarm channel"),
    }
    return names[group] % {"name": name} if group in names else component


def _figures(check: Mapping[str, Any]) -> str:
    said = {
        "waiting": _("waiting: %(value)s"),
        "stuck_s": _("not stored for %(value)s s"),
        "age_s": _("last sign %(value)s s ago"),
        "missing": _("missing: %(value)s"),
        "free_mb": _("free: %(value)s MB"),
        "step_s": _("clock step: %(value)s s"),
    }
    return ", ".join(sentence % {"value": f"{check[key]:g}"} for key, sentence in said.items() if key in check)
