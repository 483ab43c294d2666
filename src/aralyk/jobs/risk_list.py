"""Every few minutes the list of cases by risk, written outside the database."""

from __future__ import annotations

from pathlib import Path

import psycopg
import structlog
from django.db import OperationalError, connections

from aralyk import clock
from aralyk.oversight.risk_file import write_files
from aralyk.oversight.risk_list import whole_list

_log = structlog.get_logger("aralyk.jobs")


def keep_list(home: Path) -> bool:
    """Write the list anew; returns whether it was. One that could not be is said by its own age, on the page of state.

    Raises:
        psycopg.OperationalError: The database went away: the older list stays, which is what it is for.
    """
    try:
        found = whole_list(at=clock.now())
    except OperationalError as error:
        raise psycopg.OperationalError("the database went away") from error
    finally:
        connections.close_all()  # this thread's: the next round comes after a pause
    try:
        write_files(home, found)
    except (OSError, AssertionError) as error:
        # A full disk or a letter without a glyph must not end the process that keeps every clock.
        _log.error("risk_list_not_written", error=type(error).__name__)
        return False
    return True
