"""What happened below asks for work above: one round of telling, picking up, raising and saying what is late.

Incidents and ends of orders become rows of risk, rows become assessments that are due, a level in force becomes the
threat of the orders between the two; suspensions whose time has come begin; what is overdue on reports is told once,
and what nobody did in time becomes an alarm of its district. A round that is cut off loses nothing: rows that were not
told are told next time, rows that were not picked up wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
import structlog
from django.db import OperationalError, connections

from aralyk.access.break_glass import do_settle_emergencies
from aralyk.devices.contacts import do_keep_contacts
from aralyk.duties.alarms import do_raise_alarms
from aralyk.incidents import upward as incidents
from aralyk.orders import upward as orders
from aralyk.orders.suspensions import do_begin_due
from aralyk.orders.threats import do_follow_levels
from aralyk.reports.overdue import BATCH as OVERDUE_BATCH
from aralyk.reports.overdue import do_tell_overdue
from aralyk.risk.pickup import BATCH, do_pick_up_events

LOOK_BACK: Final = timedelta(days=7)  # after a process was away for longer, its first round looks at everything
EVER: Final = timedelta(days=3650)
GRACE: Final = timedelta(hours=4)
_log = structlog.get_logger("aralyk.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did."""

    told: int = 0
    picked_up: int = 0
    overdue: int = 0
    raised: int = 0  # orders whose threat followed a level
    alarms: int = 0  # raised or cleared because of duties
    contacted: int = 0  # devices of respondents that get the routine text


def follow(
    *,
    now: datetime,
    look_back: timedelta = LOOK_BACK,
    grace: timedelta = GRACE,
    on_batch: Callable[[], None] = lambda: None,
) -> Round:
    """Write ends of emergencies, tell risk what happened, pick up what waits, let orders follow, say what is late.

    Args:
        now: Domain time.
        look_back: How old an incident or an end may be that was not told yet.
        grace: How long a duty may be overdue before its district's alarm.
        on_batch: Called after each full batch: a round with a backlog is long, and not to be taken for one that hangs.

    Raises:
        psycopg.OperationalError: The database went away; the next round does the rest.
        Exception: What the first part that failed raised; all others did their work.
    """
    since = now - look_back
    parts: list[tuple[str, Callable[[], int]]] = [
        ("ended", lambda: do_settle_emergencies(now=now)),
        ("told", lambda: incidents.tell_risk(now=now, since=since)),
        ("ending", lambda: orders.tell_risk(now=now, since=since)),
        ("begun", lambda: do_begin_due(now=now)),
        ("contacted", lambda: do_keep_contacts(now=now)),
        ("picked_up", lambda: _all_of(do_pick_up_events, batch=BATCH, on_batch=on_batch)),
        ("overdue", lambda: _all_of(lambda: do_tell_overdue(now=now), batch=OVERDUE_BATCH, on_batch=on_batch)),
        ("raised", lambda: do_follow_levels(now=now)),
        ("alarms", lambda: do_raise_alarms(now=now, grace=grace)),
    ]
    done: dict[str, int] = {}
    faults: list[Exception] = []
    try:
        for name, work in parts:
            try:
                done[name] = work()
            except OperationalError:
                raise
            except Exception as error:  # noqa: BLE001  (raised below: first the parts behind it, which owe it nothing)
                _log.error("part_failed", part=name, error=type(error).__name__)
                faults.append(error)
        if faults:
            raise faults[0]
    except OperationalError as error:
        raise psycopg.OperationalError("the database went away") from error
    finally:
        connections.close_all()  # this thread's: the next round comes after a pause
    return Round(
        told=done["told"] + done["ending"], picked_up=done["picked_up"], overdue=done["overdue"],
        raised=done["raised"], alarms=done["alarms"], contacted=done["contacted"],
    )  # fmt: skip


def _all_of(work: Callable[[], int], *, batch: int, on_batch: Callable[[], None]) -> int:
    """Work until less than a whole batch is found."""
    found = done = work()
    while found == batch:
        on_batch()
        found = work()
        done += found
    return done
