"""What can be set about the monitor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """Settings of one monitor process.

    Attributes:
        home: The installation's directory; the heartbeat goes to `run/` in it.
        shard: Which part of the orders this monitor watches; one process for each shard.
        poll_ms: How often the log and the clock are looked at when nobody wakes the monitor.
        pace_ms: Shortest pause between two steps that only positions asked for; panic, tamper and acts of people do
            not wait. Each step leaves a row and a witness, so a shorter pause costs disk.
        settle_ms: How far time's own decisions (silence, the end of an order) stay behind the clock, so that what the
            gateway is just committing is heard before its sender is called silent.
        snapshot_s: How often the engine's state is kept, so that a restart replays no more than this.
        snapshots_kept: How many snapshots stay.
        witness_s: At least this often a step is recorded, though nothing happened: time itself is witnessed.
        lag_s: A lane whose newest message waited longer than this, twice running, raises an alarm.
        lock_wait_s: How long to wait for another monitor of this shard to let go.
        metrics_port: Port on 127.0.0.1 where Prometheus may ask; 0: none.
    """

    home: Path
    shard: int = 0
    poll_ms: int = 200
    pace_ms: int = 100
    settle_ms: int = 500
    snapshot_s: int = 60
    snapshots_kept: int = 3
    witness_s: int = 60
    lag_s: int = 10
    lock_wait_s: int = 60
    metrics_port: int = 0

    def __post_init__(self) -> None:
        """Refuse values that would make the watch blind or slow.

        Raises:
            ValueError: Names the field, what it may be and what it was.
        """
        for name, low, high in (
            ("shard", 0, 1023),
            ("poll_ms", 10, 1000),
            ("pace_ms", 0, 1000),
            ("settle_ms", 0, 5000),
            ("snapshot_s", 1, 3600),
            ("snapshots_kept", 1, 100),
            ("witness_s", 1, 60),
            ("lag_s", 1, 60),
            ("lock_wait_s", 1, 600),
            ("metrics_port", 0, 65535),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}: from {low} to {high}, not {value}")
