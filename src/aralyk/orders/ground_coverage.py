"""How well devices are heard at one place: only what a cell says in which at least three people carried one.

The cells and the assignments are read by their tables: devices stand above orders.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

from aralyk.orders.drafts import Place
from aralyk.orders.sanity import FindingKind, Found
from aralyk.tracking.health import cell_of

CARRIERS_MIN: Final = 3  # as in devices.coverage: below it a cell could be somebody's home
SHARE_MIN: Final = 0.8  # of the reports expected
_CELL: Final = """
    SELECT count(DISTINCT coalesce(a.person::text, c.device)), sum(c.reports), sum(c.missed)
    FROM coverage_cell c
    LEFT JOIN LATERAL (SELECT person FROM devices_assignment a WHERE a.device_id = c.device
                       ORDER BY a.since DESC LIMIT 1) a ON true
    WHERE c.month >= %s AND c.reports > 0 AND c.cell_y = %s AND c.cell_x = %s
"""


def coverage_of(place: Place | None, *, subject: str, at: datetime) -> list[Found]:
    """A finding when devices are badly heard at `place`, or when nobody knows; nothing when they are well heard."""
    if place is None:
        return [Found(kind=FindingKind.COVERAGE_UNKNOWN, subject=subject)]
    month = at.date().replace(day=1)
    last = month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
    with connection.cursor() as cursor:
        cursor.execute(_CELL, (last, *cell_of(place.lat, place.lon)))
        carriers, reports, missed = cursor.fetchone()
    if carriers < CARRIERS_MIN:
        return [Found(kind=FindingKind.COVERAGE_UNKNOWN, subject=subject)]
    share = reports / (reports + missed)
    if share >= SHARE_MIN:
        return []
    return [Found(kind=FindingKind.COVERAGE_POOR, subject=subject, facts={"heard_pct": round(share * 100)})]
