"""Tells the watchdog, through a file, that the monitor gets on with its work: after progress, never by a timer."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aralyk import clock

EVERY_S: Final = 1.0  # the watchdog expects one in 5 s; more often would only wear the disk


class Heartbeat:
    """One process's file."""

    def __init__(self, home: Path, name: str) -> None:
        self._path = home / "run" / f"{name}.heartbeat"
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._written_s = float("-inf")

    def beat(self, detail: Mapping[str, object]) -> None:
        """Say so, at most once in EVERY_S. The time is the machine's: it must mean something to another process."""
        now_s = time.monotonic()
        if now_s - self._written_s < EVERY_S:
            return
        self._written_s = now_s
        content = {"at": clock.iso(datetime.now(UTC)), "detail": dict(detail), "pid": os.getpid()}
        partial = self._path.with_suffix(".partial")
        # On a full disk the old file stays, and its age tells: what still works must not end for a sign of life.
        with suppress(OSError):
            partial.write_text(json.dumps(content), encoding="utf-8")
            partial.replace(self._path)
