"""Settings of the watchdog process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WATCHED = ("gateway", "monitor", "jobs", "console", "courier")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogSettings:
    """How the watchdog looks and whom it tells.

    Attributes:
        home: Directory of this installation; heartbeats, `alarms.jsonl` and `status.json` are below `run/`.
        processes: Processes whose heartbeats are expected, separated by commas.
        interval_s: Seconds between two looks.
        stalled_s: Seconds without a sign of life or progress before an alarm; with `interval_s` it must stay
            below 60, the time within which a stop has to be noticed.
        lane_stuck_s: Seconds for which frames of one of the gateway's lanes may wait while none of it is stored.
        sequencer_delay_s: Seconds for which the same evidence entry may wait for its place in the log.
        clock_step_s: Seconds by which the wall clock may differ from the steady one.
        disk_free_mb: Megabytes that must be free where `home` is.
        command: Program and arguments of the second channel (an SMS modem, a siren); it gets each alarm as one
            JSON object on its standard input; empty: none. It is not run by a shell.
        command_s: Seconds that the second channel may take before it is ended and counted as failed.
    """

    home: Path
    processes: tuple[str, ...] = WATCHED
    interval_s: float = 5.0
    stalled_s: float = 30.0
    lane_stuck_s: float = 10.0
    sequencer_delay_s: float = 15.0
    clock_step_s: float = 5.0
    disk_free_mb: int = 512
    command: str = ""
    command_s: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.interval_s <= 10:
            raise ValueError("interval_s above 0 and at most 10")
        if not 0 < self.stalled_s <= 45:
            raise ValueError("stalled_s above 0 and at most 45")
        if not 0 < self.lane_stuck_s <= 45:
            raise ValueError("lane_stuck_s above 0 and at most 45")
