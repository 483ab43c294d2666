"""Turns a command's failure into an exit code and one clear message on stderr.

Only known kinds are explained; anything else is our fault and is raised again with its trace.
"""

from __future__ import annotations

import sys

import psycopg

from aralyk.conf.loading import SettingsRefused
from aralyk.database import NoDatabase
from aralyk.database.binaries import BinariesMissing
from aralyk.database.cluster import ClusterError
from aralyk.database.location import LocationError
from aralyk.database.roles import RolesRefused

EXIT_MISTAKE = 2


class CommandRefused(Exception):
    """The command cannot do what was asked; the message names the field, what was expected and what was found."""


class StartFailed(RuntimeError):
    """A process did not come up; the message names it and quotes the end of its log."""


class AlreadyRunning(RuntimeError):
    """Another supervisor has this home."""


_MISTAKES = (
    CommandRefused,
    AlreadyRunning,
    StartFailed,
    NoDatabase,
    BinariesMissing,
    LocationError,
    RolesRefused,
    ClusterError,
)


def explain(error: Exception) -> int:
    """Print what went wrong and return the exit code.

    Raises:
        Exception: `error` itself, when it is none of the known kinds.
    """
    if isinstance(error, SettingsRefused):
        lines = [f"aralyk: {problem}" for problem in error.problems]
    elif isinstance(error, psycopg.OperationalError):
        lines = [f"aralyk: the database cannot be used: {str(error).strip().splitlines()[0]}"]
    elif isinstance(error, _MISTAKES):
        lines = [f"aralyk: {error}"]
    else:
        raise error
    print("\n".join(lines), file=sys.stderr)
    return EXIT_MISTAKE
