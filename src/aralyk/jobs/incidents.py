"""The clocks of incidents each second; each minute the roster, and what the prosecutor must see.

What is due is in the database alone: a process that was killed, or away for a night, raises at its first round what
fell due meanwhile, and nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import psycopg
from django.db import OperationalError, connections

from aralyk.incidents.escalation import BATCH, do_escalate
from aralyk.incidents.legality import do_list_cuts
from aralyk.incidents.telling import do_tell_test_calls
from aralyk.oversight.digests import SIGN_WITHIN, do_make_digests, do_watch_digests
from aralyk.roster.alarms import do_watch_roster

EVERY_S: Final = 1.0
WATCH_EVERY_S: Final = 60.0
LOOK_BACK: Final = timedelta(days=30)  # further than any process is away; what is listed already costs one look


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did: escalations raised, things listed for the prosecutor, alarms of the roster that changed."""

    raised: int = 0
    listed: int = 0
    alarms: int = 0


def follow(*, now: datetime) -> Round:
    """Raise whatever escalation is due.

    Raises:
        psycopg.OperationalError: The database went away; the next round does the rest.
    """
    raised = 0
    try:
        looked = do_escalate(now=now)
        raised += looked.raised
        while looked.incidents == BATCH:
            looked = do_escalate(now=now)
            raised += looked.raised
    except OperationalError as error:
        raise psycopg.OperationalError("the database went away") from error
    return Round(raised=raised)


def watch(done: Round, *, now: datetime, sign_within: timedelta = SIGN_WITHIN) -> Round:
    """Look at the roster and at what the prosecutor must see; adds what it did to a round.

    Raises:
        psycopg.OperationalError: The database went away; the next round does the rest.
    """
    try:
        do_tell_test_calls(now=now)
        do_make_digests(now=now, sign_within=sign_within)
        alarms = do_watch_roster(now=now)
        alarms += do_watch_digests(now=now)
        listed = do_list_cuts(now=now, since=now - LOOK_BACK)
    except OperationalError as error:
        raise psycopg.OperationalError("the database went away") from error
    return replace(done, alarms=alarms, listed=listed)


def leave() -> None:
    """Close this thread's connection: at its end, and before it begins anew with a database that went away."""
    connections.close_all()
