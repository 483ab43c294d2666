"""Takes what is new in the log, in the order in which it arrived, and says how far time may pass.

Streams are merged by arrival. While everything has been read, time may pass up to now, less a moment for commits that
are on their way. In a backlog it may pass only as far as every stream has been read: what a device said must not come
after its own silence. Control, panic and tamper lanes do not wait for positions: they are taken at once, even from
beyond that point, so that a flood of positions delays no cry for help. An outage of our own is no act of people: it
excuses everyone's silence from a moment on, so it waits until everything heard before that moment is read.
A line that cannot be read is set aside with its reason (its bytes stay in the log) and blocks nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
import psycopg

from aralyk.monitor.outage import is_outage_stream
from aralyk.tracking import log
from aralyk.tracking.arrivals import Control, Frame, read_line, to_us
from aralyk.tracking.log import Batch, Lane

Cursor = psycopg.Cursor[tuple[Any, ...]]

BATCHES_MAX: Final = 512  # of one stream in one step
LINES_MAX: Final = 6_000  # of one stream in one step: about 0.2 s of work, so that a panic behind it waits no longer
# The same for lines that hold many records: 20,000 of a backlog; a line of one record has 600 bytes.
BYTES_MAX: Final = 4 * 1024 * 1024
URGENT: Final = frozenset({Lane.CONTROL, Lane.PANIC, Lane.TAMPER})
_RANK: Final = {lane: rank for rank, lane in enumerate(log.ENGINE_LANES)}


class Position(NamedTuple):
    """Where a line stands in the log."""

    stream: str
    seq: int
    ordinal: int  # of the line in its batch, from 0


class Arrival(NamedTuple):
    """One readable line; tuples of these sort in the order in which the engine hears them."""

    received_us: int
    rank: int
    position: Position
    line: Frame | Control


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A line set aside. The reason names a field, never its value.

    `unbearable` ones can be read, but the engine fails on them; a replay must be told, it could not know.
    """

    position: Position
    reason: str
    unbearable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What one step takes from the log.

    Attributes:
        arrivals: Readable lines in the order of their arrival.
        poisons: Lines set aside.
        up_to: Last sequence taken of each stream, all streams.
        drained_to_us: How far every stream has been read, when something is left unread; None when nothing is.
        newest_us: Newest batch taken of each lane, for the lanes' lag.
        batches: How many batches are in it.
    """

    arrivals: list[Arrival]
    poisons: list[Poison]
    up_to: dict[str, int]
    drained_to_us: int | None
    newest_us: dict[Lane, int]
    batches: int


@dataclass(slots=True)
class _Stream:
    lane: Lane
    read_to: int
    taken_to: int
    held: deque[Batch] = field(default_factory=deque)
    behind: bool = False


class LogReader:
    """Reads every stream of a shard gaplessly, from where the last step stopped."""

    def __init__(self, *, shard: int, up_to: Mapping[str, int]) -> None:
        self._shard = shard
        self._streams: dict[str, _Stream] = {}
        for stream, seq in up_to.items():
            self._add(stream, seq)

    def take(self, cursor: Cursor) -> Intake:
        """Read what is new and take what may be decided now.

        Raises:
            LogGap: A stream has a hole, or ends before what was already read.
        """
        last = log.last_sequences(cursor, shard=self._shard)
        for name in last.keys() - self._streams.keys():
            self._add(name, 0)
        # Control is read last: an order that was written before a fix is then always seen with it.
        for name in sorted(self._streams, key=lambda name: -_RANK[self._streams[name].lane]):
            self._fill(cursor, name, last.get(name, 0))
        drained_to_us = self._drained_to_us()
        taken = [batch for name in sorted(self._streams) for batch in self._release(name, drained_to_us)]
        arrivals, poisons = read_batches(taken)
        return Intake(
            arrivals=arrivals,
            poisons=poisons,
            up_to={name: stream.taken_to for name, stream in sorted(self._streams.items()) if stream.taken_to},
            drained_to_us=drained_to_us,
            newest_us=_newest_by_lane(taken),
            batches=len(taken),
        )

    def _add(self, name: str, seq: int) -> None:
        self._streams[name] = _Stream(lane=lane_of_stream(name), read_to=seq, taken_to=seq)

    def _fill(self, cursor: Cursor, name: str, last_seq: int) -> None:
        stream = self._streams[name]
        if last_seq < stream.read_to:
            raise log.LogGap(stream=name, expected=stream.read_to, found=last_seq)
        if last_seq > stream.read_to and not stream.held:
            batches = list(
                log.read_after(
                    cursor,
                    stream=name,
                    seq=stream.read_to,
                    limit=BATCHES_MAX,
                    lines_max=LINES_MAX,
                    bytes_max=BYTES_MAX,
                )
            )
            if not batches:
                raise log.LogGap(stream=name, expected=stream.read_to + 1, found=last_seq)
            stream.held.extend(batches)
            stream.read_to = batches[-1].seq
        stream.behind = last_seq > stream.read_to

    def _drained_to_us(self) -> int | None:
        behind = [stream.held for stream in self._streams.values() if stream.behind]
        # The newest held and not the last held: a stream whose own times run back must not block itself.
        return min((max(to_us(batch.received_at) for batch in held) for held in behind), default=None)

    def _release(self, name: str, drained_to_us: int | None) -> Iterable[Batch]:
        stream = self._streams[name]
        urgent = stream.lane in URGENT and not is_outage_stream(name)
        while stream.held and (drained_to_us is None or urgent or to_us(stream.held[0].received_at) <= drained_to_us):
            batch = stream.held.popleft()
            stream.taken_to = batch.seq
            yield batch


def lane_of_stream(stream: str) -> Lane:
    """The lane in a stream's name."""
    return Lane(stream.partition("/")[0])


def read_batches(batches: Iterable[Batch]) -> tuple[list[Arrival], list[Poison]]:
    """Read the lines of some batches, in the order of arrival; unreadable ones apart.

    The order depends on the lines alone (arrival, lane, stream, sequence, ordinal), so a replay finds the same.
    """
    arrivals: list[Arrival] = []
    poisons: list[Poison] = []
    for batch in batches:
        rank = _RANK[lane_of_stream(batch.stream)]
        for ordinal, raw in enumerate(batch.lines()):
            position = Position(batch.stream, batch.seq, ordinal)
            try:
                line = read_line(raw)
                arrivals.append(Arrival(to_us(line.received_at), rank, position, line))
            except msgspec.DecodeError as error:
                poisons.append(Poison(position=position, reason=_reason(error)))
    arrivals.sort(key=_order)
    return arrivals, poisons


def _order(arrival: Arrival) -> tuple[int, int, Position]:
    return arrival[:3]


def _reason(error: msgspec.DecodeError) -> str:
    """msgspec's messages name types and the path of a field; a JSON error might quote bytes and is not repeated."""
    return str(error)[:200] if isinstance(error, msgspec.ValidationError) else "not JSON"


def _newest_by_lane(batches: Iterable[Batch]) -> dict[Lane, int]:
    newest: dict[Lane, int] = {}
    for batch in batches:
        lane = lane_of_stream(batch.stream)
        newest[lane] = max(newest.get(lane, 0), to_us(batch.received_at))
    return newest
