"""Which clock of an incident a person looks at, and whether one has run out."""

from __future__ import annotations

from datetime import datetime

from aralyk.incidents.clocks import Running, running
from aralyk.incidents.models import Incident
from aralyk.jurisdictions.values import Milestone


def next_clock(incident: Incident) -> Running | None:
    """The clock that runs out first; the one of closing only where no other runs."""
    clocks = sorted(running(incident), key=lambda one: (one.milestone is Milestone.CLOSED, one.due_at))
    return clocks[0] if clocks else None


def is_overdue(incident: Incident, *, now: datetime) -> bool:
    """Whether any clock of it has run out, that of closing too."""
    return any(one.due_at <= now for one in running(incident))
