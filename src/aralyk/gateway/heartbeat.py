"""Tells the watchdog that the gateway does its work, and how its lanes flow.

Two files. The heartbeat is written only while the database takes what devices say; the lanes' file always, so that a
lane that stalls is named while the others go on.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aralyk.gateway.lanes import LaneQueue

EVERY_S: Final = 1.0  # the watchdog expects one in 5 s


class Heartbeat:
    """The gateway's file."""

    def __init__(self, home: Path) -> None:
        self._path = home / "run" / "gateway.heartbeat"
        self._lanes_path = home / "run" / "gateway.lanes"
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def beat(self, detail: Mapping[str, object]) -> None:
        """Write it, whole. The time is the machine's: it must mean something to another process."""
        _write(self._path, {"at": datetime.now(UTC).isoformat(), "detail": dict(detail), "pid": os.getpid()})

    def tell_lanes(self, lanes: Sequence[LaneQueue]) -> None:
        """Write how many frames wait in each lane, and for how long it has not moved."""
        now_s = time.monotonic()
        told = {lane.lane.value: {"stuck_s": round(lane.stuck_s(now_s), 1), "waiting": len(lane)} for lane in lanes}
        _write(self._lanes_path, {"at": datetime.now(UTC).isoformat(), "lanes": told, "pid": os.getpid()})


def _write(path: Path, content: Mapping[str, object]) -> None:
    partial = path.with_name(f"{path.name}.partial")
    # On a full disk the old file stays, and its age tells: what still works must not end for a sign of life.
    with suppress(OSError):
        partial.write_text(json.dumps(content), encoding="utf-8")
        partial.replace(path)
