"""How fast somebody may speak: token buckets on the monotonic clock."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Final

SPEAKERS_MAX: Final = 100_000  # remembered of each kind; the one longest unheard is forgotten and has a full bucket


class Rate:
    """Lets a burst through, then so many a second."""

    __slots__ = ("_burst", "_per_s", "_since_s", "_tokens")

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._since_s = time.monotonic()

    def allows(self) -> bool:
        """Whether one more may pass now."""
        now_s = time.monotonic()
        tokens = self._tokens + (now_s - self._since_s) * self._per_s
        if tokens > self._burst:
            tokens = self._burst
        self._since_s = now_s
        allowed = tokens >= 1
        self._tokens = tokens - 1 if allowed else tokens
        return allowed


class Speakers:
    """One bucket for each speaker (devices by id, or addresses by name)."""

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst
        self._rates: OrderedDict[str, Rate] = OrderedDict()

    def allows(self, name: str) -> bool:
        """Whether one more of this speaker's frames may pass now."""
        rate = self._rates.get(name)
        if rate is None:
            rate = self._rates[name] = Rate(per_s=self._per_s, burst=self._burst)
            if len(self._rates) > SPEAKERS_MAX:
                self._rates.popitem(last=False)
        else:
            self._rates.move_to_end(name)
        return rate.allows()
