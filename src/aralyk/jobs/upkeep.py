"""Keeps the tables in shape: partitions of `fix` ahead of time, no row longer than it is of use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

TRIMMED_AT_ONCE: Final = 50_000  # rows in one transaction: a fraction of a second, so that nobody waits behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long rows stay that are of use for a time alone.

    Attributes:
        map_events: "Somebody's place changed", for screens.
        events: Other live events.
        keys: Idempotency keys and their sealed answers.
        looks: Looks that are counted against an hour's limit.
    """

    map_events: timedelta
    events: timedelta
    keys: timedelta
    looks: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What one round did: partitions that it made, rows that it removed."""

    partitions: int = 0
    events: int = 0
    keys: int = 0
    looks: int = 0


def keep_up(connection: Connection, *, now: datetime, kept: Kept) -> Upkeep:
    """Make the partitions that are due and remove what is past its time.

    Args:
        connection: In autocommit, as role `sequencer`.
        now: Domain time.
        kept: How long each kind of row stays.

    Raises:
        psycopg.Error: The database failed; what was done stays done, the next round does the rest.
    """
    due = connection.execute("SELECT * FROM fix_partitions_due(%s)", (now.date(),)).fetchall()
    for (month,) in due:
        # Each in its own transaction: the default partition is locked only while one month's rows move.
        connection.execute("SELECT fix_partition(%s)", (month,))
    return Upkeep(
        partitions=len(due),
        events=_trim(connection, "live_event", "kind = 'fix' AND at", now - kept.map_events)
        + _trim(connection, "live_event", "kind <> 'fix' AND at", now - kept.events),
        keys=_trim(connection, "api_idempotencykey", "created_at", now - kept.keys),
        looks=_trim(connection, "access_countedlook", "at", now - kept.looks),
    )


def _trim(connection: Connection, table: str, which: str, before: datetime) -> int:
    trimmed = 0
    while True:
        removed = connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {which} < %s LIMIT %s)",
            (before, TRIMMED_AT_ONCE),
        ).rowcount
        trimmed += removed
        if removed < TRIMMED_AT_ONCE:
            return trimmed
