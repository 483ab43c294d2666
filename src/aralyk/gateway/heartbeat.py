"""Tells the watchdog that the gateway does its work, and how its lanes flow.

Two files. The heartbeat is written only while the database takes what devices say; the lanes' file always, so that a
lane that stalls is named while the others go on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from aralyk.clock import heartbeat
from aralyk.gateway.lanes import LaneQueue

EVERY_S: Final = 1.0  # the watchdog expects one in 5 s


class Heartbeat:
    """The gateway's file."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def beat(self, detail: Mapping[str, object]) -> None:
        """Write it, whole."""
        heartbeat.beat(self._home, "gateway", detail)

    def tell_lanes(self, lanes: Sequence[LaneQueue]) -> None:
        """Write how many frames wait in each lane, and for how long it has not moved."""
        now_s = time.monotonic()
        told = {lane.lane.value: {"stuck_s": round(lane.stuck_s(now_s), 1), "waiting": len(lane)} for lane in lanes}
        heartbeat.write_sign(self._home / "run" / "gateway.lanes", {"lanes": told})
