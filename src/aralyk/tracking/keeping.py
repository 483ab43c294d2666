"""What the last day says of each device, from its hours: asked for one device now, or laid by for a list of all.

A list of ten thousand devices can't read their gaps each time. So the reader of the log lays three figures by for every
device that was heard, some hundreds at once, the oldest first: in a list they are at most about ten minutes old.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

WINDOW: Final = timedelta(hours=24)
LATE_FACTOR: Final = 1.5  # a report that comes after one and a half intervals did not keep its interval
LAID_BY_FOR: Final = timedelta(minutes=10)
DEVICES_AT_ONCE: Final = 500  # half a second of the database's work in each round of the reader

KEEPING: Final = """
    WITH h AS (SELECT * FROM device_hour WHERE device = ANY(%(devices)s) AND hour >= %(since)s),
    gaps AS (
        SELECT h.device, percentile_disc(0.5) WITHIN GROUP (ORDER BY g) AS middle,
               avg((g > %(factor)s * d.interval_s)::integer) AS late
        FROM h JOIN devices_device d ON d.id = h.device, unnest(h.gaps_s) AS g GROUP BY h.device),
    clocks AS (SELECT h.device, percentile_disc(0.5) WITHIN GROUP (ORDER BY e) AS middle
               FROM h, unnest(h.clock_error_s) AS e GROUP BY h.device),
    radii AS (SELECT h.device, percentile_disc(0.5) WITHIN GROUP (ORDER BY r) AS middle
              FROM h, unnest(h.accuracy_m) AS r GROUP BY h.device)
    SELECT h.device, sum(h.contacts) AS contacts, max(gaps.middle) AS gap_s, max(gaps.late) AS late,
           sum(h.late) AS backlog, sum(h.fixes) AS fixes, sum(h.coarse) AS coarse, sum(h.invalid) AS invalid,
           max(radii.middle) AS radius_m, max(clocks.middle) AS clock_s
    FROM h LEFT JOIN gaps USING (device) LEFT JOIN clocks USING (device) LEFT JOIN radii USING (device)
    GROUP BY h.device
"""
_LAY_BY: Final = f"""
    UPDATE device_trait t SET kept_at = %(at)s, late_share = k.late, clock_error_s = k.clock_s,
        poor_share = greatest(k.coarse, k.invalid)::real / nullif(k.fixes, 0)
    FROM ({KEEPING}) k WHERE t.device = k.device
"""
_DUE: Final = """
    SELECT t.device FROM device_trait t
    WHERE t.kept_at IS NULL OR (t.kept_at <= %(before)s AND t.heard_at > t.kept_at - %(span)s)
    ORDER BY t.kept_at NULLS FIRST LIMIT %(limit)s
"""


def lay_by(connection: psycopg.Connection[tuple[Any, ...]], *, now: datetime) -> int:
    """Lay the figures by of those that are due; returns of how many."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_DUE, {"before": now - LAID_BY_FOR, "span": LAID_BY_FOR, "limit": DEVICES_AT_ONCE})
        due = [device for (device,) in cursor.fetchall()]
        if due:
            cursor.execute(_LAY_BY, {"devices": due, "since": now - WINDOW, "factor": LATE_FACTOR, "at": now})
    return len(due)
