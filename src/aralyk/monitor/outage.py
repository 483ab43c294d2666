"""We were away: the stretches in which the platform itself heard nothing, found at a start and told to the engine.

A stretch counts when the monitor was not there (it lies after the last recorded step) and the log holds not one frame
of it, from any device, for longer than `OUTAGE_S`: then nobody's silence means anything. While gateways went on hearing
and the monitor alone was gone, the log shows who was silent, and nothing is excused.
Each becomes one control line, so every replay is told the same. The line's `received_at` is the moment from which it
holds, so that it stands before what was heard afterwards; `noted_at` says when it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import psycopg

from aralyk import clock
from aralyk.ledger.derived import AWAY
from aralyk.monitor.alarms import BY
from aralyk.tracking import log

Cursor = psycopg.Cursor[tuple[Any, ...]]

OUTAGE_S: Final = 60.0  # of the domain's clock, times its speed; a restart within it excuses nothing
_STREAM: Final = "control/away-"  # and the shard
_MICROSECOND: Final = timedelta(microseconds=1)


class Outage(NamedTuple):
    """The platform heard nothing from `since` until `until`."""

    since: datetime
    until: datetime


def is_outage_stream(stream: str) -> bool:
    """Whether a stream holds outages: unlike what people do, they wait until what was heard before them is read."""
    return stream.startswith(_STREAM)


def note_outages(cursor: Cursor, *, shard: int, last_us: int) -> list[Outage]:
    """Write a control line for each stretch since the last step in which nothing was heard.

    Args:
        cursor: In a transaction, while the shard's lock is held.
        shard: Which shard.
        last_us: How far the last step let time pass.

    Returns:
        Those written now; one that an interrupted start wrote before is not written again.
    """
    now = clock.now()
    found = _unheard(cursor, shard=shard, last=clock.from_us(last_us), now=now)
    for since, until in found:
        control = {
            "type": AWAY,
            "from": clock.iso(clock.to_us(since)),
            "to": clock.iso(clock.to_us(until)),
            "noted_at": clock.iso(clock.to_us(now)),
        }
        line = log.control_line(control, received_at_us=clock.to_us(since))
        log.append(cursor, stream=f"{_STREAM}{shard}", lines=[line], received_at=since, by=BY, shard=shard)
    return found


def _unheard(cursor: Cursor, *, shard: int, last: datetime, now: datetime) -> list[Outage]:
    shortest = timedelta(seconds=OUTAGE_S * clock.speed())
    cursor.execute(
        "WITH heard (at) AS (SELECT %(last)s UNION ALL SELECT %(now)s UNION ALL SELECT received_at FROM log_batch"
        "   WHERE shard = %(shard)s AND received_at > %(last)s AND received_at < %(now)s"
        "   AND stream NOT LIKE 'control/%%'),"
        " gap AS (SELECT lag(at) OVER (ORDER BY at) AS since, at AS until FROM heard)"
        " SELECT since, until FROM gap WHERE until - since > %(shortest)s ORDER BY since",
        {"last": last, "now": now, "shard": shard, "shortest": shortest},
    )
    # Just after what was heard last: that still counts as heard.
    gaps = [Outage(since + _MICROSECOND, until) for since, until in cursor.fetchall()]
    noted = _noted(cursor, shard=shard, last=last)
    found = [_rest_of(gap, noted) for gap in gaps]
    return [rest for rest in found if rest.until - rest.since > shortest]


def _noted(cursor: Cursor, *, shard: int, last: datetime) -> list[Outage]:
    """What a start wrote that did not come to a step."""
    cursor.execute(
        "SELECT payload FROM log_batch WHERE stream = %s AND received_at >= %s ORDER BY seq",
        (f"{_STREAM}{shard}", last),
    )
    controls = [log.decode_line(bytes(payload)) for (payload,) in cursor.fetchall()]
    return [
        Outage(clock.parse_iso(line.control["from"]), clock.parse_iso(line.control["to"]))
        for line in controls
        if isinstance(line, log.ControlLine)
    ]


def _rest_of(gap: Outage, noted: Sequence[Outage]) -> Outage:
    since = max([gap.since, *(one.until for one in noted if gap.since <= one.since < gap.until)])
    return Outage(since, gap.until)
