"""What happened below asks for an assessment above: a round of telling and picking up, of what ended and is overdue.

Incidents and ends of orders become rows of risk, rows become assessments that are due; what is overdue on reports is
told once. A round that is cut off loses
nothing: rows that were not told are told next time, rows that were not picked up wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from django.db import OperationalError, connections

from aralyk.access.break_glass import do_settle_emergencies
from aralyk.incidents import upward as incidents
from aralyk.orders import upward as orders
from aralyk.reports.overdue import BATCH as OVERDUE_BATCH
from aralyk.reports.overdue import do_tell_overdue
from aralyk.risk.pickup import BATCH, do_pick_up_events

LOOK_BACK: Final = timedelta(days=7)  # after a process was away for longer, its first round looks at everything
EVER: Final = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did."""

    told: int
    picked_up: int
    overdue: int


def follow(*, now: datetime, look_back: timedelta = LOOK_BACK) -> Round:
    """Write ends of emergencies, tell risk what incidents and orders mean, pick up what waits, say what is overdue.

    Args:
        now: Domain time.
        look_back: How old an incident or an end may be that was not told yet.

    Raises:
        psycopg.OperationalError: The database went away; the next round does the rest.
    """
    since = now - look_back
    try:
        do_settle_emergencies(now=now)
        told = incidents.tell_risk(now=now, since=since) + orders.tell_risk(now=now, since=since)
        picked_up = batch = do_pick_up_events()
        while batch == BATCH:
            batch = do_pick_up_events()
            picked_up += batch
        overdue = batch = do_tell_overdue(now=now)
        while batch == OVERDUE_BATCH:
            batch = do_tell_overdue(now=now)
            overdue += batch
    except OperationalError as error:
        raise psycopg.OperationalError("the database went away") from error
    finally:
        connections.close_all()  # this thread's: the next round comes after a pause
    return Round(told=told, picked_up=picked_up, overdue=overdue)
