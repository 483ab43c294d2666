"""Keeps the engine's state now and then, beside the watch and not in its way.

Taking the bytes is quick and happens between two steps; writing tens of megabytes is not, so a thread with a connection
of its own does it. A snapshot says what the state was after a committed step and nothing else, so it may arrive late,
or not at all: then the next start replays a minute more.
"""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import Final

import psycopg
import structlog

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.engine import ENGINE_VERSION

_INSERT: Final = """
    INSERT INTO snapshot (shard, step, taken_at, engine, digest, state) VALUES (%s, %s, %s, %s, %s, %b)
    ON CONFLICT (shard, step) DO NOTHING
"""
_TRIM: Final = """
    DELETE FROM snapshot WHERE shard = %s
    AND step <= (SELECT step FROM snapshot WHERE shard = %s ORDER BY step DESC OFFSET %s LIMIT 1)
"""
_log = structlog.get_logger("aralyk.monitor")


class SnapshotKeeper:
    """Writes one snapshot at a time."""

    def __init__(self, *, shard: int, kept: int) -> None:
        self._shard = shard
        self._kept = kept
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether one is still being written."""
        return self._thread is not None and self._thread.is_alive()

    def keep(self, step: int, content: bytes) -> None:
        """Begin to write the state after `step`; not while `busy`."""
        self._thread = threading.Thread(target=self._write, args=(step, content), name="snapshot")
        self._thread.start()

    def finish(self) -> None:
        """Wait until the one under way is written."""
        if self._thread is not None:
            self._thread.join()

    def _write(self, step: int, content: bytes) -> None:
        values = (self._shard, step, clock.now(), ENGINE_VERSION, sha256(content).hexdigest(), content)
        try:
            with connect(Role.MONITOR) as connection:
                connection.execute(_INSERT, values)
                connection.execute(_TRIM, (self._shard, self._shard, self._kept))
        except psycopg.OperationalError as error:
            _log.warning("snapshot_not_kept", step=step, error=type(error).__name__, sqlstate=error.sqlstate)
        else:
            _log.info("snapshot_kept", shard=self._shard, step=step, bytes=len(content))
