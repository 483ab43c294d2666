"""The devices under live orders as a list: the worst first, searched and cut into pages by the database.

Each has the word of `devices.health`, the worst that holds, made in one query; what the day says was laid by
(`tracking.keeping`). A device in two orders stands in the list twice: two people ask about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.models import User
from aralyk.devices.health import (
    BATTERY_LOW_PCT,
    CLOCK_ERROR_S_MAX,
    LATE_SHARE_MAX,
    POOR_SHARE_MAX,
    Word,
)
from aralyk.devices.models import Assignment, Device
from aralyk.devices.queries import (
    IN_FORCE,
    JOINS,
    SILENT_AFTER_INTERVALS,
    Place,
    asked_of,
    devices_for,
    places_for,
)
from aralyk.orders.queries import holds_at

STOCK_MAX: Final = 100

_WORD: Final = """
    CASE WHEN s.received_at IS NULL OR s.received_at < %(at)s - %(silent)s * d.interval_s * interval '1 s'
             THEN 'silent'
         WHEN s.strap = 'open' THEN 'strap_open'
         WHEN s.battery_pct < %(low)s AND s.charging IS NOT TRUE THEN 'battery_low'
         WHEN t.late_share > %(late)s THEN 'irregular'
         WHEN abs(t.clock_error_s) > %(clock)s THEN 'clock_wrong'
         WHEN t.poor_share > %(poor)s THEN 'poor_places'
         WHEN t.late_share IS NULL THEN 'unknown'
         ELSE 'well' END
"""
_LIST: Final = f"""
    WITH listed AS (
        SELECT a.id, o.number, a.party, d.id AS device, coalesce(r.name, p.code) AS label, {_WORD} AS word,
               s.battery_pct, t.late_share, t.clock_error_s, t.poor_share
        {JOINS} LEFT JOIN device_trait t ON t.device = d.id {IN_FORCE}
    )
    SELECT id, word,
           CASE word WHEN 'battery_low' THEN battery_pct WHEN 'irregular' THEN late_share
                     WHEN 'clock_wrong' THEN clock_error_s WHEN 'poor_places' THEN poor_share END,
           count(*) OVER (), count(*) FILTER (WHERE word = 'silent') OVER ()
    FROM listed
    WHERE (%(search)s = '' OR strpos(lower(device || chr(10) || label || chr(10) || number), %(search)s) > 0)
      AND (NOT %(look)s OR word <> 'well')
    ORDER BY array_position(%(words)s::text[], word), number, party DESC, device
    LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One device of the list, with its word and the word's figure."""

    place: Place
    word: Word
    figure: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of the list, and how many there are in all of it."""

    devices: tuple[Listed, ...]
    page: int
    pages: int
    total: int
    silent: int


def list_devices(
    user: User,
    *,
    search: str = "",
    only_to_look_at: bool = False,
    page: int = 1,
    page_rows: int = 50,
    at: datetime | None = None,
) -> Listing:
    """One page of the devices under live orders: two queries, however many there are.

    Args:
        user: Who looks.
        search: A part of the device's id, of its carrier's name or code, or of the order's number.
        only_to_look_at: Without those that are well; unknown is not well.
        page: From 1; the last one when there are fewer.
        page_rows: On a page.
        at: The moment that ages count to (default: now).
    """
    at = at or clock.now()
    asked = {
        **asked_of(user, order_ids=None, device_id=None, at=at),
        "silent": SILENT_AFTER_INTERVALS,
        "low": BATTERY_LOW_PCT,
        "late": LATE_SHARE_MAX,
        "clock": CLOCK_ERROR_S_MAX,
        "poor": POOR_SHARE_MAX,
        "words": [word.value for word in Word],
        "search": search.strip().lower(),
        "look": only_to_look_at,
        "limit": page_rows,
        "offset": (max(page, 1) - 1) * page_rows,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LIST, asked)
        rows = cursor.fetchall()
        if not rows and asked["offset"]:  # beyond the end: the last page
            cursor.execute(_LIST, asked | {"offset": 0, "limit": None})
            rows = cursor.fetchall()
            page = max(1, -(-len(rows) // page_rows))
            rows = rows[(page - 1) * page_rows :]
    total = rows[0][3] if rows else 0
    assignments = [row[0] for row in rows]
    by_assignment = {place.assignment: place for place in places_for(user, assignments=assignments, at=at)}
    return Listing(
        devices=tuple(
            Listed(place=by_assignment[row[0]], word=Word(row[1]), figure=row[2])
            for row in rows
            if row[0] in by_assignment  # taken back between the two queries
        ),
        page=max(page, 1),
        pages=max(1, -(-total // page_rows)),
        total=total,
        silent=rows[0][4] if rows else 0,
    )


def stock_for(user: User) -> QuerySet[Device]:
    """Devices that nobody carries under an order in force, at most STOCK_MAX of them."""
    carried = Assignment.objects.filter(holds_at(clock.now(), prefix="order__"), until__isnull=True)
    return devices_for(user).exclude(pk__in=carried.values("device"))[:STOCK_MAX]
