"""Takes parcels from its lanes, commits them together, and only then tells their senders.

While one group is being written the next one gathers, so the size of groups follows the load by itself. A group that
fails is written again, on a new connection, until the database takes it: the frames stay in memory, bounded by their
lanes, and nobody is told "received". (A commit that failed after it happened is thus written twice; the log may hold
duplicates.) A group with a line that the database refuses for itself is halved until the line is found and set aside.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import psycopg
import structlog

from aralyk.gateway.hand import Hand
from aralyk.gateway.lanes import LaneQueue, Parcel
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.store import Store

BACK_OFF_S: Final = (0.1, 0.2, 0.5, 1.0)  # between attempts; the last one repeats
# Frames in the last group at which the next one gathers for half as long: a crowd fills it by itself, and devices that
# send a frame at a time would wait for our patience: 20 ms and a commit would hold 400 of them to 16,000 a second.
CROWD: Final = 200
PROBE_S: Final = 2.0  # an idle writer asks this often whether the database answers

_log = structlog.get_logger("aralyk.gateway")
# The line's own fault, whatever the state of the server.
_POISON: Final = (psycopg.DataError, psycopg.IntegrityError)


class Writer:
    """One group of lanes and its connection. The thread spends its time waiting for the database."""

    def __init__(
        self, *, name: str, lanes: Sequence[LaneQueue], store: Store, gather_s: float, metrics: Metrics
    ) -> None:
        self._name = name
        self._lanes = lanes
        self._store = store
        self._gather_s = gather_s
        self._metrics = metrics
        self._hand = Hand(f"writer-{name}")
        self._filled = asyncio.Event()
        self._writing: list[Parcel] = []
        self._last_size = 0  # of the group before
        self.well_since_s = float("-inf")  # monotonic time of the last commit or probe; none since a failure

    def wake(self) -> None:
        """Something was put into a lane."""
        self._filled.set()

    @property
    def waiting(self) -> int:
        """Parcels not yet committed."""
        return sum(len(lane) for lane in self._lanes) + len(self._writing)

    def oldest_since_s(self) -> float | None:
        """Arrival of the oldest parcel that still waits, monotonic."""
        times = [parcel.since_s for parcel in self._writing[:1]]
        times += [since_s for lane in self._lanes if (since_s := lane.oldest_since_s()) is not None]
        return min(times, default=None)

    async def run(self) -> None:
        """Write until cancelled; what then waits was confirmed to nobody."""
        await self._probe()
        while True:
            await self._turn()

    async def _turn(self) -> None:
        if not self.waiting:
            await self._idle()
            return
        await self._gather()
        self._filled.clear()
        self._writing = [parcel for lane in self._lanes for parcel in lane.take()]
        self._last_size = len(self._writing)
        await self._write_until_done()

    async def _idle(self) -> None:
        try:
            async with asyncio.timeout(PROBE_S):
                await self._filled.wait()
        except TimeoutError:
            await self._probe()
        else:
            if not self.waiting:  # woken by parcels that the last commit took with it
                self._filled.clear()

    async def _probe(self) -> None:
        try:
            await self._hand.do(self._store.probe)
            self.well_since_s = time.monotonic()
        except psycopg.Error as error:
            self._unwell()
            _log.warning("database_does_not_answer", writer=self._name, error=type(error).__name__)

    def _unwell(self) -> None:
        self.well_since_s = float("-inf")
        self._metrics.failures.labels(self._name).inc()

    async def _gather(self) -> None:
        """Let others join, unless enough are there or the oldest has waited already behind the last commit."""
        oldest_since_s = self.oldest_since_s()
        if any(lane.fills_a_commit for lane in self._lanes) or oldest_since_s is None:
            return
        remaining_s = oldest_since_s + patience_s(self._gather_s, self._last_size) - time.monotonic()
        if remaining_s > 0:
            await asyncio.sleep(remaining_s)

    async def _write_until_done(self) -> None:
        failures, size = 0, len(self._writing)
        while self._writing:
            size = min(size, len(self._writing))
            try:
                await self._write(self._writing[:size])
                del self._writing[:size]
                size = len(self._writing)
            except _POISON as error:
                size = self._corner(size, error)
            except psycopg.Error as error:
                self._unwell()
                _log.warning(
                    "commit_failed", writer=self._name, error=type(error).__name__, sqlstate=error.sqlstate,
                    frames=len(self._writing),
                )  # fmt: skip
                await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                failures += 1
                self._writing = [parcel for parcel in self._writing if parcel.wanted]

    async def _write(self, parcels: list[Parcel]) -> None:
        started_s = time.monotonic()
        await self._hand.do(partial(self._store.write, parcels))
        now_s = self.well_since_s = time.monotonic()
        self._metrics.committed(parcels, started_s=started_s, now_s=now_s)
        self._note_flow(parcels)
        for parcel in parcels:
            if parcel.stored is not None:
                parcel.stored()

    def _note_flow(self, stored: list[Parcel]) -> None:
        lanes = {parcel.lane for parcel in stored}
        left = self._writing[len(stored) :]
        for lane in self._lanes:
            if lane.lane in lanes:
                lane.flows(next((parcel.since_s for parcel in left if parcel.lane is lane.lane), None))

    def _corner(self, size: int, error: psycopg.Error) -> int:
        """Halve the group that holds a refused line; alone, it is given up: not confirmed, and loudly named."""
        if size > 1:
            return size // 2
        self._metrics.unstorable.inc()
        _log.error("line_refused_by_database", lane=self._writing[0].lane.value, sqlstate=error.sqlstate)
        del self._writing[:1]
        return len(self._writing)


def patience_s(gather_s: float, last_size: int) -> float:
    """How long a group may gather, from its oldest frame; shorter, the more frames the one before had."""
    return gather_s / (1 + last_size / CROWD)
