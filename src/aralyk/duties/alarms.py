"""An overdue duty is never silent: each district has one alarm, which says anew whenever what is overdue changes.

One alarm a district and not one a duty: forty banners would be read by nobody. Its detail names the rows, so the
evidence log shows for each duty when it was said to be overdue, and when no longer. A job calls it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.witness import System
from aralyk.duties.queries import OF_DUTIES, SOURCES
from aralyk.tracking import alarms

NAMED_MAX: Final = 20  # rows that one alarm names of each source, the longest overdue first; the count is of all


def do_raise_alarms(*, now: datetime, grace: timedelta) -> int:
    """Raise, renew and clear the alarms about duties that were due before `now - grace`.

    Returns:
        How many changed.
    """
    late = _late_by_district(now - grace)
    changed = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for component in alarms.standing(cursor, prefix=OF_DUTIES):
            if component.removeprefix(OF_DUTIES) not in late:
                changed += alarms.clear_alarm(cursor, component=component, by=System.DUTIES.value, at=now)
        for district, detail in late.items():
            changed += alarms.raise_alarm(
                cursor, component=f"{OF_DUTIES}{district}", by=System.DUTIES.value, at=now, detail=detail
            )
    return changed


def _late_by_district(before: datetime) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for source in SOURCES:
        for late in source.late(before, NAMED_MAX):
            detail = found.setdefault(late.district, {"overdue": 0, "oldest_due_at": "", "rows": []})
            oldest = clock.iso(late.oldest_due_at)
            detail["overdue"] += late.count
            detail["oldest_due_at"] = min(detail["oldest_due_at"] or oldest, oldest)
            detail["rows"] += [f"{source.name}:{row}" for row in late.ids]
    return found
