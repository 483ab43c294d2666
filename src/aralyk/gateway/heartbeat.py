"""Tells the watchdog that the gateway does its work: a file, written only while the database takes what devices say."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

EVERY_S: Final = 1.0  # the watchdog expects one in 5 s


class Heartbeat:
    """The gateway's file."""

    def __init__(self, home: Path) -> None:
        self._path = home / "run" / "gateway.heartbeat"
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def beat(self, detail: Mapping[str, object]) -> None:
        """Write it, whole. The time is the machine's: it must mean something to another process."""
        content = {"at": datetime.now(UTC).isoformat(), "detail": dict(detail), "pid": os.getpid()}
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(content), encoding="utf-8")
        partial.replace(self._path)
