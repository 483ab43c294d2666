"""These tests act as the accounts of the stage."""

import pytest

from tests.orders.shifting import ShiftClock
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "shift", "with_accounts"]


@pytest.fixture
def shift(monkeypatch: pytest.MonkeyPatch) -> ShiftClock:
    """Moves the clock, as if that much time had passed."""
    return ShiftClock(monkeypatch)
