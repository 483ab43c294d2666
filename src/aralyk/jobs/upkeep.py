"""Keeps the tables in shape: partitions of `fix` ahead of time, live events no longer than useful."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

TRIMMED_AT_ONCE: Final = 50_000  # rows in one transaction: a fraction of a second, so that nobody waits behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What one round did."""

    partitions: int
    events: int


def keep_up(connection: Connection, *, now: datetime, map_events: timedelta, events: timedelta) -> Upkeep:
    """Make the partitions that are due and remove live events past their time.

    Args:
        connection: In autocommit, as role `sequencer`.
        now: Domain time.
        map_events: How long "somebody's place changed" stays.
        events: How long the others stay.

    Raises:
        psycopg.Error: The database failed; what was done stays done, the next round does the rest.
    """
    due = connection.execute("SELECT * FROM fix_partitions_due(%s)", (now.date(),)).fetchall()
    for (month,) in due:
        # Each in its own transaction: the default partition is locked only while one month's rows move.
        connection.execute("SELECT fix_partition(%s)", (month,))
    trimmed = _trim(connection, "kind = 'fix'", now - map_events) + _trim(connection, "kind <> 'fix'", now - events)
    return Upkeep(partitions=len(due), events=trimmed)


def _trim(connection: Connection, which: str, before: datetime) -> int:
    trimmed = 0
    while True:
        removed = connection.execute(
            f"DELETE FROM live_event WHERE id IN (SELECT id FROM live_event WHERE {which} AND at < %s LIMIT %s)",
            (before, TRIMMED_AT_ONCE),
        ).rowcount
        trimmed += removed
        if removed < TRIMMED_AT_ONCE:
            return trimmed
