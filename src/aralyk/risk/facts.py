"""What devices said of a pair, as it was given: counts of all, and the newest rows. No instrument reads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Q

from aralyk import clock
from aralyk.risk.events import DEVICE_MADE
from aralyk.risk.models import RiskEvent

FACTS_SINCE: Final = timedelta(days=365)
FACTS_MAX: Final = 200  # rows beside the answers; the counts beside them are of all


def device_facts_of(respondent: UUID, protected_person: UUID, *, at: datetime) -> dict[str, object]:
    """What stands beside the answers of a form filled at `at`; permission is the caller's.

    Returns:
        since (ISO 8601), counts by cause, and rows of cause, source, occurred_at and facts, newest first.
    """
    since = at - FACTS_SINCE
    rows = RiskEvent.objects.filter(
        Q(protected_person=protected_person) | Q(protected_person__isnull=True),
        respondent=respondent,
        cause__in=DEVICE_MADE,
        occurred_at__gte=since,
    )
    counted = rows.order_by().values("cause").annotate(count=Count("pk")).values_list("cause", "count")
    return {
        "since": clock.iso(since),
        "counts": dict(counted),
        "rows": [
            {"cause": row.cause, "source": row.source, "occurred_at": clock.iso(row.occurred_at), "facts": row.facts}
            for row in rows.order_by("-occurred_at", "-pk")[:FACTS_MAX]
        ],
    }
