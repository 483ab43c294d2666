"""The clock of a test, moved on."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from aralyk import clock


class ShiftClock:
    """Lets time pass for everything in the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def by(self, span: timedelta) -> datetime:
        """Let so much time pass; returns the time it is then."""
        later = clock.now() + span
        anchor = clock.Anchor(wall_s=later.timestamp(), monotonic_ns=time.monotonic_ns())
        self._monkeypatch.setattr(clock, "_clock", clock.SteadyClock(None, anchor))
        return later


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> ShiftClock:
    """Moves the clock, as if that much time had passed."""
    return ShiftClock(monkeypatch)
