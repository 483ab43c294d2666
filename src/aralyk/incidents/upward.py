"""Tells risk what incidents mean for it: rows that risk picks up, one an incident, however often this runs.

Only what is his is told: her device's silence and her movement say nothing about his risk. Of places, only what reached
priority 1; a form for every warning ring would soon be filled without reading.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection

from aralyk.risk.events import Cause

_CAUSES: Final = {
    "panic": Cause.PANIC,
    "tamper": Cause.TAMPER,
    "jamming": Cause.TAMPER,
    "spoofing": Cause.TAMPER,
    "separation": Cause.TAMPER,  # of bracelet and phone
    "silence": Cause.SILENCE,
    "proximity": Cause.POSSIBLE_VIOLATION,
    "exclusion_zone": Cause.POSSIBLE_VIOLATION,
    "inclusion_zone": Cause.POSSIBLE_VIOLATION,
    "curfew": Cause.POSSIBLE_VIOLATION,
    "handover": Cause.POSSIBLE_VIOLATION,
}
_TELL: Final = """
    INSERT INTO risk_riskevent (respondent_id, protected_person_id, cause, source, occurred_at, recorded_at, facts)
    SELECT o.respondent_id, one.protected, told.cause, 'incident:' || i.id, i.occurred_at, %(now)s,
           jsonb_build_object('kind', i.kind, 'priority', i.worst_priority, 'late', i.late,
                              'jurisdiction', o.jurisdiction)
    FROM incidents_incident i
    JOIN unnest(%(kinds)s::text[], %(causes)s::text[]) AS told (kind, cause) ON told.kind = i.kind
    JOIN orders_order o ON o.id = i.order_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(*) = 1 THEN (array_agg(p.protectedperson_id))[1] END AS protected
        FROM orders_order_protected_persons p WHERE p.order_id = o.id
    ) AS one
    WHERE i.raised_at >= %(since)s
      AND (told.cause = 'panic' OR i.party = 'respondent')
      AND (told.cause <> 'possible_violation' OR i.worst_priority = 1)
      AND NOT EXISTS (SELECT FROM risk_riskevent e WHERE e.source = 'incident:' || i.id AND e.cause = told.cause)
    ON CONFLICT DO NOTHING
"""


def tell_risk(*, now: datetime, since: datetime) -> int:
    """Write what incidents raised from `since` on mean for risk, if nobody has yet.

    Returns:
        How many rows are new.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            {
                "now": now,
                "since": since,
                "kinds": list(_CAUSES),
                "causes": [cause.value for cause in _CAUSES.values()],
            },
        )
        return int(cursor.rowcount)
