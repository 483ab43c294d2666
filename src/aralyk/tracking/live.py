"""Tells the live stream that something changed. Ids only: whoever listens must fetch, with permission."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from aralyk.tracking.log import Cursor


class LiveKind(StrEnum):
    """What changed; `subject` is its id."""

    INCIDENT = "incident"  # incident id
    FIX = "fix"  # order id: somebody's last known place in it
    ORDER = "order"  # order id: issued, varied, ended, or its devices changed
    DEVICE = "device"  # device id
    PLATFORM = "platform"  # component


def announce(cursor: Cursor, *, kind: LiveKind, subject: str, district: str, at: datetime) -> int:
    """Store a live event and wake the listeners when the transaction commits.

    Returns:
        The event's id, by which a client resumes (`Last-Event-ID`).
    """
    cursor.execute(
        "INSERT INTO live_event (kind, subject, district, at) VALUES (%s, %s, %s, %s) RETURNING id",
        (kind.value, subject, district, at),
    )
    event_id = int(cursor.fetchone()[0])
    cursor.execute("SELECT pg_notify('live', %s)", (str(event_id),))
    return event_id
