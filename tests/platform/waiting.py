"""Bounded waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
STEP_S = 0.05


def wait_until(look: Callable[[], Found | None], *, within_s: float, what: str) -> Found:
    """Look until something is found; the test fails when it is not within the time."""
    deadline_s = time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        found = look()
        if found:
            return found
        time.sleep(STEP_S)
    raise AssertionError(f"within {within_s} s did not happen: {what}")
