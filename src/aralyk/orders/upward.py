"""Tells risk that an order ends soon, or ended early: rows that risk picks up, one an end, however often this runs.

The end stands in the source, so an order that was extended is told of again before its new end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from aralyk.risk.events import Cause

AHEAD: Final = timedelta(days=14)  # the longest that a pack wants the risk assessed before an end, and a week
_TELL: Final = """
    INSERT INTO risk_riskevent (respondent_id, protected_person_id, cause, source, occurred_at, recorded_at, facts)
    SELECT o.respondent_id, p.protectedperson_id, %(cause)s,
           'order:' || o.id || ':' || to_char(ends.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           ends.at, %(now)s,
           jsonb_build_object('jurisdiction', o.jurisdiction, 'legal_basis', o.legal_basis)
    FROM orders_order o
    JOIN orders_order_protected_persons p ON p.order_id = o.id
    CROSS JOIN LATERAL (SELECT coalesce(o.ended_at, o.expires_at) AS at) AS ends
    WHERE ends.at BETWEEN %(since)s AND %(until)s
    ON CONFLICT DO NOTHING
"""


def tell_risk(*, now: datetime, since: datetime) -> int:
    """Write the ends of orders from `since` to two weeks ahead, if nobody has yet.

    Returns:
        How many rows are new.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TELL, {"cause": Cause.ORDER_ENDING.value, "now": now, "since": since, "until": now + AHEAD})
        return int(cursor.rowcount)
