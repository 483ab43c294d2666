"""One steady clock for every domain time.

A wall clock can be stepped (an operator, NTP, a dead battery) and a safety timer must not care: a step of +1 h would
make every device look silent, a step of -1 h would keep real silence unseen for an hour. So the wall clock is read
once, by the supervisor at its start or else by the process, and from then on what the monotonic clock has counted is
added. `step_s()` says how far the wall clock has drifted from that; the watchdog raises it, nobody's timer follows it.

Demo and tests may start the clock elsewhere and let it run faster (`Pace`); production refuses both (aralyk.conf).
Times are aware UTC datetimes or integer microseconds since the Unix epoch.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How domain time follows real time: at real second `real_s` it is `start_s`, and it runs `speed` times as fast."""

    real_s: float
    start_s: float
    speed: float

    @classmethod
    def parse(cls, text: str) -> Pace:
        """Read "REAL_EPOCH_S START_EPOCH_S SPEED".

        Raises:
            ValueError: Not three numbers, or a speed outside (0, 3600].
        """
        parts = text.split()
        if len(parts) != 3:
            raise ValueError(f"pace must be 'REAL_EPOCH_S START_EPOCH_S SPEED', not {text!r}")
        pace = cls(real_s=float(parts[0]), start_s=float(parts[1]), speed=float(parts[2]))
        if not 0 < pace.speed <= 3600:
            raise ValueError(f"speed must be above 0 and at most 3600, not {pace.speed}")
        return pace

    def __str__(self) -> str:
        return f"{self.real_s!r} {self.start_s!r} {self.speed!r}"


def _wall_s() -> float:
    """The operating system's clock; a test may step it through a file without touching the machine's."""
    step_file = os.environ.get("ARALYK_CLOCK_STEP_FILE")
    if not step_file:
        return time.time()
    path = Path(step_file)
    return time.time() + (float(path.read_text() or 0) if path.exists() else 0.0)


def _pace() -> Pace | None:
    text = os.environ.get("ARALYK_CLOCK_PACE")
    return Pace.parse(text) if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One reading of both clocks, handed down by the supervisor.

    A process that is started again after the wall clock was stepped must keep the others' time: its own reading would
    put it an hour beside them. The monotonic clock is the machine's, so one anchor serves all of its processes.
    """

    wall_s: float
    monotonic_ns: int

    @classmethod
    def now(cls) -> Anchor:
        """Read both clocks."""
        return cls(wall_s=_wall_s(), monotonic_ns=time.monotonic_ns())

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Read "WALL_EPOCH_S MONOTONIC_NS".

        Raises:
            ValueError: Not two numbers, or the monotonic clock has not been there yet (another boot's anchor).
        """
        wall, _, monotonic = text.partition(" ")
        anchor = cls(wall_s=float(wall), monotonic_ns=int(monotonic))
        if anchor.monotonic_ns > time.monotonic_ns():
            raise ValueError("an anchor of another boot of this machine")
        return anchor

    def __str__(self) -> str:
        return f"{self.wall_s!r} {self.monotonic_ns}"


ANCHOR_VARIABLE = "ARALYK_CLOCK_ANCHOR"


def _anchor() -> Anchor | None:
    text = os.environ.get(ANCHOR_VARIABLE)
    return Anchor.parse(text) if text else None


class SteadyClock:
    """Wall time at one moment (the anchor's, or its creation) plus monotonic time since; never jumps, never back."""

    def __init__(self, pace: Pace | None = None, anchor: Anchor | None = None) -> None:
        self._pace = pace
        self.anchor = anchor or Anchor.now()
        self._ahead_ns = round(self.anchor.wall_s * 1e9) - self.anchor.monotonic_ns

    @property
    def speed(self) -> float:
        """Domain seconds per real second; 1.0 outside demo and tests."""
        return self._pace.speed if self._pace else 1.0

    def _steady_s(self) -> float:
        return (time.monotonic_ns() + self._ahead_ns) / 1e9

    def now_us(self) -> int:
        """Domain time now, microseconds since the Unix epoch."""
        if self._pace is None:
            return (time.monotonic_ns() + self._ahead_ns) // 1000
        return int((self._pace.start_s + (self._steady_s() - self._pace.real_s) * self._pace.speed) * 1e6)

    def step_s(self) -> float:
        """Seconds by which the wall clock was stepped since the anchor (positive: forward)."""
        return _wall_s() - self._steady_s()


_clock = SteadyClock(_pace(), _anchor())


def follow(pace: Pace) -> None:
    """Begin to keep this pace in this process: for the demo's supervisor, which learns it after its start."""
    global _clock
    _clock = SteadyClock(pace, _clock.anchor)


def anchor() -> Anchor:
    """What a supervisor hands to its children (`ANCHOR_VARIABLE`), so that all of them keep one time."""
    return _clock.anchor


def now_us() -> int:
    """Domain time now, microseconds since the Unix epoch."""
    return _clock.now_us()


def now() -> datetime:
    """Domain time now, aware, UTC."""
    return from_us(_clock.now_us())


def speed() -> float:
    """Domain seconds per real second."""
    return _clock.speed


def step_s() -> float:
    """Seconds by which the wall clock was stepped since this installation started."""
    return _clock.step_s()


def from_us(us: int) -> datetime:
    """An aware UTC datetime, exact to the microsecond."""
    return EPOCH + timedelta(microseconds=us)


def to_us(at: datetime) -> int:
    """Microseconds since the Unix epoch, exact.

    Raises:
        ValueError: `at` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone has no place here")
    return (at - EPOCH) // timedelta(microseconds=1)


def iso(at: datetime | int) -> str:
    """`2026-11-21T10:00:00.123456Z`: always UTC, always six decimals, so that equal times are equal bytes."""
    if not isinstance(at, int):
        return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"  # as strftime, but fast
    seconds, us = divmod(at, 1_000_000)
    return f"{_second(seconds)}{us:06}Z"


@lru_cache(maxsize=8192)
def _second(seconds: int) -> str:
    """`2026-11-21T10:00:00.`; most times that are written lie in a few seconds."""
    return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat(timespec="seconds") + "."


def parse_iso(text: str) -> datetime:
    """Read an ISO 8601 time that names its zone.

    Raises:
        ValueError: Not ISO 8601, or without a zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"expected a time with its zone, like 2026-11-21T10:00:00Z, not {text!r}")
    return at.astimezone(UTC)
