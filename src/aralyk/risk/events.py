"""What happened that touches risk, told upward by rows: whoever knows of it writes one, a job picks it up.

Importable without Django: the monitor and the watchdog may write these rows too, through their own connections.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID


class Cause(StrEnum):
    """Why the risk must be assessed (again), or what stands beside the answers. A signal is not a breach."""

    TERM = "term"  # the level's own clock
    POSSIBLE_VIOLATION = "possible_violation"  # what devices signalled, before anybody decided
    BREACH = "breach"  # decided by a court or in an offence protocol
    PANIC = "panic"
    TAMPER = "tamper"
    SILENCE = "silence"
    DEVICE_REMOVED = "device_removed"
    NEW_REPORT = "new_report"
    SEPARATION = "separation"  # divorce or separation, announced or begun
    ORDER_ENDING = "order_ending"
    COURT_DATE = "court_date"
    REQUESTED = "requested"  # by her, or by anybody of the case


# What a device said: it stands beside the answers of the next assessments, as it was given, never as an answer.
DEVICE_MADE: Final = frozenset(
    {Cause.POSSIBLE_VIOLATION, Cause.PANIC, Cause.TAMPER, Cause.SILENCE, Cause.DEVICE_REMOVED}
)
# Silence is a fact to weigh; it has its own clocks, and a phone in a cellar would ask for a form every night.
REQUIRE_REASSESSMENT: Final = frozenset(Cause) - {Cause.TERM, Cause.SILENCE}

SOURCE_MAX: Final = 100
_INSERT: Final = """
    INSERT INTO risk_riskevent (respondent_id, protected_person_id, cause, source, occurred_at, recorded_at, facts)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


class Cursor(Protocol):
    """What psycopg's and Django's cursors have in common."""

    def execute(self, query: Any, params: Any = None, /) -> object: ...
    def fetchone(self) -> Any: ...


def require_reassessment(
    cursor: Cursor,
    *,
    respondent: UUID,
    protected_person: UUID | None = None,
    cause: Cause,
    source: str,
    occurred_at: datetime,
    recorded_at: datetime,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Say, inside the open transaction, that something happened; saying it again changes nothing.

    Args:
        cursor: psycopg's or Django's, inside the transaction of the event itself.
        respondent: About whom.
        protected_person: Towards whom; None: towards everyone whom his orders or assessments name.
        cause: What happened.
        source: What tells it, "type:id" ("incident:6f0c…", "order:…"): one row a cause, source and pair.
        occurred_at: When it happened; may be ahead (a court date, an order's end).
        recorded_at: Now.
        facts: Small JSON that stands beside the answers (kind, priority, accuracy); no place and no name.

    Returns:
        Whether the row is new.
    """
    if cause is Cause.TERM or ":" not in source or len(source) > SOURCE_MAX:
        raise AssertionError("an event has a cause other than its term, and a source type:id")
    cursor.execute(
        _INSERT,
        (
            respondent, protected_person, cause.value, source, occurred_at, recorded_at,
            json.dumps(dict(facts or {}), sort_keys=True),
        ),
    )  # fmt: skip
    return cursor.fetchone() is not None
