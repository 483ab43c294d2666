"""What can be set about the jobs process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSettings:
    """Settings of timed work: the evidence log's sequencer and the tables' upkeep.

    Attributes:
        home: The installation's directory; the log's signing key is in `keys/`, the heartbeat goes to `run/`.
        origin: The evidence log's name in every checkpoint. Chosen once: another origin is another log.
        upkeep_s: How often partitions are made and old live events removed.
        health_s: How often what devices said is added to their health.
        risk_s: How often what happened is looked through for risks to assess again.
        duty_grace_minutes: How long a duty may be overdue before the alarm of its district says so.
        live_event_days: How long events stay that a screen may resume from.
        map_event_minutes: The same for "somebody's place changed": a map that was away longer is drawn anew.
        idempotency_key_hours: How long a request that was sent twice is known again by its Idempotency-Key.
        counted_look_hours: How long looks stay that are counted against the limit of an hour.
        lock_wait_s: How long to wait for another sequencer to let go.
    """

    home: Path
    origin: str = "aralyk/log"
    upkeep_s: int = 60
    health_s: int = 20
    risk_s: int = 20
    duty_grace_minutes: int = 240
    live_event_days: int = 7
    map_event_minutes: int = 60
    idempotency_key_hours: int = 48
    counted_look_hours: int = 24
    lock_wait_s: int = 60

    def __post_init__(self) -> None:
        """Refuse values that would let tables grow without end.

        Raises:
            ValueError: Names the field, what it may be and what it was.
        """
        for name, low, high in (
            ("upkeep_s", 1, 3600),
            ("health_s", 1, 3600),
            ("risk_s", 1, 3600),
            ("duty_grace_minutes", 0, 10_080),
            ("live_event_days", 1, 365),
            ("map_event_minutes", 1, 1440),
            ("idempotency_key_hours", 24, 168),
            ("counted_look_hours", 2, 168),
            ("lock_wait_s", 1, 600),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}: from {low} to {high}, not {value}")
