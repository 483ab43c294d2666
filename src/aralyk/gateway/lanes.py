"""What waits for its commit: one bounded queue for each lane.

A parcel is one frame, already a line of the log, with the call that its sender waits for. Lanes are committed by two
writers: panic and tamper by one that does not gather, position, status and quarantine by one that does; so a panic
never waits behind positions, not even behind their commit. A full lane takes nothing: its sender is told to come again
(HTTP) or not read from (TCP). Counted in frames and in bytes, because a frame has 100 bytes or 64 KiB.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from aralyk.tracking.log import Lane

URGENT: Final = (Lane.PANIC, Lane.TAMPER)
QUIET_S: Final = 60.0  # longer than any sender waits before it comes again
GATHERED: Final = (Lane.POSITION, Lane.STATUS, Lane.QUARANTINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits of one lane.

    Attributes:
        frames: Most frames in the queue.
        size: Most bytes in the queue.
        commit_frames: Most frames of the lane in one commit.
    """

    frames: int
    size: int
    commit_frames: int


_MIB: Final = 1024 * 1024
COMMIT_BYTES: Final = _MIB  # of a lane in one commit: 2,000 records, whether they came in as many frames or in twenty
# Positions: 10 s of 2,000 a second, what one waits for a slow database before the senders are told to come again.
# The others are rarer by orders of magnitude; their room is what a panicking crowd or a broken model of tracker sends.
BUDGETS: Final[Mapping[Lane, Budget]] = {
    Lane.PANIC: Budget(frames=5_000, size=16 * _MIB, commit_frames=500),
    Lane.TAMPER: Budget(frames=5_000, size=16 * _MIB, commit_frames=500),
    Lane.POSITION: Budget(frames=20_000, size=64 * _MIB, commit_frames=2_000),
    Lane.STATUS: Budget(frames=5_000, size=16 * _MIB, commit_frames=500),
    Lane.QUARANTINE: Budget(frames=2_000, size=32 * _MIB, commit_frames=200),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a frame goes to quarantine. `detail` names a field and a form, never a value."""

    protocol: str
    device: str | None
    code: str
    detail: str
    raw: bytes


class Parcel(msgspec.Struct, kw_only=True, eq=False, gc=False):
    """One frame on its way to the log.

    Attributes:
        lane: Where it waits.
        line: The line as it will be stored and hashed.
        received_us: Domain time, microseconds.
        since_s: Monotonic time of its arrival.
        refusal: Why it goes to quarantine, for that lane.
        stored: Called once after its commit.
        abandoned: Its sender was told to come again; then it need not be stored (but panic and tamper are).
    """

    lane: Lane
    line: bytes
    received_us: int
    since_s: float
    refusal: Refusal | None = None
    stored: Callable[[], None] | None = None
    abandoned: bool = False

    @property
    def wanted(self) -> bool:
        """Whether it must still be stored."""
        return not self.abandoned or self.lane in URGENT


class LaneQueue:
    """One lane's parcels in the order of their arrival."""

    def __init__(self, lane: Lane, budget: Budget) -> None:
        self.lane = lane
        self.budget = budget
        self._parcels: deque[Parcel] = deque()
        self._size = 0
        self._stuck_since_s: float | None = None
        self._offered_s = float("-inf")

    def __len__(self) -> int:
        return len(self._parcels)

    @property
    def has_room(self) -> bool:
        """Whether it might take one more; a long line may still meet its end."""
        return len(self._parcels) < self.budget.frames and self._size < self.budget.size

    @property
    def fills_a_commit(self) -> bool:
        """Whether nothing is won by waiting for more."""
        return len(self._parcels) >= self.budget.commit_frames or self._size >= COMMIT_BYTES

    def offer(self, parcel: Parcel) -> bool:
        """Take a parcel; False when the lane is full."""
        size = self._size + len(parcel.line)
        if len(self._parcels) >= self.budget.frames or size > self.budget.size:
            return False
        self._parcels.append(parcel)
        self._size = size
        self._offered_s = parcel.since_s
        if self._stuck_since_s is None:
            self._stuck_since_s = parcel.since_s
        return True

    def take(self) -> list[Parcel]:
        """Give the oldest parcels, as many as one commit may hold."""
        taken: list[Parcel] = []
        left = max(self._size - COMMIT_BYTES, 0)
        while self._parcels and len(taken) < self.budget.commit_frames and (self._size > left or not taken):
            parcel = self._parcels.popleft()
            self._size -= len(parcel.line)
            if parcel.wanted:
                taken.append(parcel)
        return taken

    def drop_abandoned(self) -> None:
        """Make room: the oldest are abandoned first, since all wait equally long."""
        while self._parcels and not self._parcels[0].wanted:
            self._size -= len(self._parcels.popleft().line)

    def oldest_since_s(self) -> float | None:
        """Arrival of the oldest parcel, monotonic."""
        return self._parcels[0].since_s if self._parcels else None

    def flows(self, oldest_since_s: float | None) -> None:
        """Note a commit of this lane; `oldest_since_s` is the arrival of the oldest that it left behind."""
        self._stuck_since_s = self.oldest_since_s() if oldest_since_s is None else oldest_since_s

    def stuck_s(self, now_s: float) -> float:
        """For how long something has waited while nothing of this lane was stored; 0: it flows, or is idle.

        Not the age of the oldest parcel: senders who were told to come again take theirs out before it grows old, and
        only a commit, or a minute in which nobody came, shows that nobody waits any more.
        """
        if self._stuck_since_s is not None and not self._parcels and now_s - self._offered_s > QUIET_S:
            self._stuck_since_s = None
        return 0.0 if self._stuck_since_s is None else now_s - self._stuck_since_s
