"""Who spoke and is not registered: counted by protocol and by what he calls himself, never made a device.

The frames themselves go to quarantine at a bounded rate; the count is of all of them. In memory for a moment, then in
the table `devices_stranger`, which keeps the newest; both are bounded, or anybody could fill them with made-up ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from aralyk import clock

WAITING_MAX: Final = 1_000  # claims counted apart between two writings; more are counted as one that named nobody
KEPT_MAX: Final = 10_000  # rows; the ones longest unheard make room
CLAIM_CHARS_MAX: Final = 64
WRITE_EVERY_S: Final = 2.0

Cursor = psycopg.Cursor[tuple[Any, ...]]
Claim = tuple[str, str]  # protocol, claimed id ("": nobody that could be read)


@dataclass(slots=True, kw_only=True)
class Sighting:
    """How often a claim was heard in a stretch of time."""

    first_us: int
    last_us: int
    count: int


class Strangers:
    """Counts until the next writing."""

    def __init__(self) -> None:
        self._waiting: dict[Claim, Sighting] = {}

    def note(self, protocol: str, claimed_id: str | None, *, at_us: int) -> None:
        """Count one frame."""
        # Not printable is not an id, and PostgreSQL stores no NUL.
        claimed = claimed_id if claimed_id and claimed_id.isprintable() else ""
        self._add((protocol, claimed[:CLAIM_CHARS_MAX]), Sighting(first_us=at_us, last_us=at_us, count=1))

    def take(self) -> dict[Claim, Sighting]:
        """Give what was counted since the last time."""
        taken, self._waiting = self._waiting, {}
        return taken

    def give_back(self, taken: Mapping[Claim, Sighting]) -> None:
        """Count on from what could not be written."""
        for claim, sighting in taken.items():
            self._add(claim, sighting)

    def _add(self, claim: Claim, sighting: Sighting) -> None:
        if claim not in self._waiting and len(self._waiting) >= WAITING_MAX:
            claim = (claim[0], "")
        known = self._waiting.get(claim)
        if known is None:
            self._waiting[claim] = sighting
            return
        known.first_us = min(known.first_us, sighting.first_us)
        known.last_us = max(known.last_us, sighting.last_us)
        known.count += sighting.count


def write(cursor: Cursor, sightings: Mapping[Claim, Sighting]) -> None:
    """Add the counts to the table, and let the oldest claims go when there are too many."""
    cursor.executemany(
        "INSERT INTO devices_stranger (protocol, claimed_id, first_seen, last_seen, count) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (protocol, claimed_id) DO UPDATE SET count = devices_stranger.count + excluded.count,"
        " last_seen = greatest(devices_stranger.last_seen, excluded.last_seen)",
        [
            (protocol, claimed, clock.from_us(seen.first_us), clock.from_us(seen.last_us), seen.count)
            for (protocol, claimed), seen in sorted(sightings.items())  # two gateways lock rows in the same order
        ],
    )
    cursor.execute(
        "DELETE FROM devices_stranger WHERE id IN"
        " (SELECT id FROM devices_stranger ORDER BY last_seen DESC, id DESC OFFSET %s)",
        (KEPT_MAX,),
    )
