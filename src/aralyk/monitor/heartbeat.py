"""Tells the watchdog, through a file, that the monitor gets on with its work: after progress, never by a timer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aralyk.clock import heartbeat

EVERY_S: Final = 1.0  # the watchdog expects one in 5 s; more often would only wear the disk


class Heartbeat:
    """One process's file."""

    def __init__(self, home: Path, name: str) -> None:
        self._home, self._name = home, name
        self._written_s = float("-inf")

    def beat(self, detail: Mapping[str, object]) -> None:
        """Say so, at most once in EVERY_S."""
        now_s = time.monotonic()
        if now_s - self._written_s < EVERY_S:
            return
        self._written_s = now_s
        heartbeat.beat(self._home, self._name, detail)
