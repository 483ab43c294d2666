"""What every page needs: person, sections, theme, the time, where the live stream stands, the platform's state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.access.queries import shown_name
from aralyk.console import sentences
from aralyk.console.platform_state import platform_state
from aralyk.console.script_words import script_words
from aralyk.console.sections import sections
from aralyk.incidents.queries import counts_for

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "theme": ("dark", "light"),
    "density": ("desk", "wall"),
    "sound": ("off", "on"),
}


ROLE_NAMES: Final[Mapping[Role, Promise]] = MappingProxyType(
    {
        Role.OPERATOR: gettext_lazy("operator of the monitoring centre"),
        Role.SUPERVISOR: gettext_lazy("supervisor of the shift"),
        Role.POLICE: gettext_lazy("police"),
        Role.DUTY_UNIT: gettext_lazy("duty unit 102"),
        Role.JUVENILE_OFFICER: gettext_lazy("juvenile officer"),
        Role.COURT: gettext_lazy("court"),
        Role.CRISIS_CENTRE: gettext_lazy("crisis centre"),
        Role.LABOUR_MINISTRY: gettext_lazy("labour ministry"),
        Role.OMBUDSMAN: gettext_lazy("ombudsman"),
        Role.ANALYST: gettext_lazy("analyst"),
        Role.DEFENCE_LAWYER: gettext_lazy("defence lawyer"),
        Role.PROSECUTOR: gettext_lazy("prosecutor"),
        Role.PROBATION: gettext_lazy("probation"),
        Role.ADMINISTRATOR: gettext_lazy("administrator"),
    }
)
assert set(ROLE_NAMES) == set(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many incidents of a priority wait."""

    priority: int
    word: str
    open: int

    @property
    def answered(self) -> bool:
        """Outlined sign when nothing waits."""
        return self.open == 0


def desk(request: HttpRequest) -> dict[str, Any]:
    """Django's context processor: everything below `desk` in the templates."""
    user = getattr(request, "user", None)
    values: dict[str, Any] = {
        **{name: chosen(request, name) for name in CHOICES},
        "name": _("Monitoring of protection orders"),
        "now": clock.iso(clock.now_us()),
        "speed": f"{clock.speed():g}",
        "fast": clock.speed() != 1.0,
        "speed_shown": f"{clock.speed():g}",
        "zone": settings.TIME_ZONE,
        "zone_name": _("Bishkek, UTC+6") if settings.TIME_ZONE == "Asia/Bishkek" else settings.TIME_ZONE,
        "synthetic": settings.SYNTHETIC,
        "languages": settings.LANGUAGES,
        "words": script_words(),
    }
    if isinstance(user, User) and user.is_authenticated:
        shown = sections(request, user)
        beside = [section for section in shown if not section.in_bar]
        values |= {
            "person": shown_name(user),
            "role": role_name(user),
            "sections": shown,
            "more": bool(beside),
            "more_current": next((section.title for section in beside if section.current), ""),
            "after": last_live_event(),
            **system_values(user),
        }
    return {"desk": values}


def chosen(request: HttpRequest, name: str) -> str:
    """A preference of this browser, if it is one that we know."""
    value = request.COOKIES.get(name, "")
    return value if value in CHOICES[name] else CHOICES[name][0]


def system_values(user: User) -> dict[str, Any]:
    """The state of the platform and how many incidents wait: what the strip fetches anew."""
    counts = counts_for(user).open_by_priority
    return {
        "system": platform_state(user),
        "counts": [
            Count(priority=priority, word=sentences.priority_word(priority), open=counts[priority])
            for priority in sorted(counts)
        ],
    }


def role_name(user: User) -> str:
    """The role in words."""
    return str(ROLE_NAMES[Role(user.role)])


def last_live_event() -> int:
    """The event id from which the page will follow the stream: nothing between render and stream is lost."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM live_event")
        return int(cursor.fetchone()[0])
