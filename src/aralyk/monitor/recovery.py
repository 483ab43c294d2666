"""Finds out, after a start, where the watch had stopped: the newest sound snapshot, then every step since.

The steps are taken again from the log. What the engine decides must equal what is stored, byte for byte, and so must
the steps' marks (`marks`), in which the state itself is named now and then. If they do not, the log, the code or the
machine cannot be trusted: the monitor stops and says so; going on would give two truths.
Steps that another engine version took are taken again without the comparison (their own version's wheel can make it).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import psycopg

from aralyk import clock
from aralyk.engine import ENGINE_VERSION, SnapshotInvalid, State
from aralyk.evidence.kinds import Kind
from aralyk.monitor import marks
from aralyk.monitor.intake import Position, read_batches
from aralyk.monitor.stepping import advance
from aralyk.tracking import log

Cursor = psycopg.Cursor[tuple[Any, ...]]
STEPS_AT_ONCE: Final = 500  # read in one query; memory stays small however long the replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Where the watch stands.

    Attributes:
        state: The engine's state after the last step.
        step: That step's number; 0 before the first.
        now_us: How far it let time pass; 0 before the first.
        up_to: Last sequence taken of each stream.
        mark: The last step's.
        skip: Lines that the engine could not bear.
        replayed: How many steps were taken again.
        unsound_snapshots: Steps whose snapshot could not be restored.
        foreign_steps: How many of the replayed steps another engine version took.
    """

    state: State
    step: int
    now_us: int
    up_to: dict[str, int]
    mark: str
    skip: frozenset[Position]
    replayed: int
    unsound_snapshots: tuple[int, ...]
    foreign_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    step: int
    now_us: int
    up_to: dict[str, int]
    mark: str
    engine: str
    bodies: tuple[bytes, ...]


class ReplayDiffers(AssertionError):
    """The log gives something else than what is stored. The message holds hashes only: a decision holds places."""

    def __init__(self, *, step: int, what: str, expected: str, found: str) -> None:
        super().__init__(f"step {step}: {what}: expected {expected}, found {found}")
        self.step = step
        self.what = what


def recover(cursor: Cursor, *, shard: int, on_progress: Callable[[], None]) -> Recovered:
    """Restore the newest sound snapshot and replay the steps after it.

    Args:
        cursor: In autocommit, while the shard's lock is held.
        shard: Which shard.
        on_progress: Called after each replayed step (a long replay must not look like a stall).

    Raises:
        ReplayDiffers: Re-derived decisions are not the stored ones.
        LogGap: The log has a hole.
    """
    state, step, unsound = _newest_snapshot(cursor, shard)
    last = _stored_step(cursor, shard, step) if step else None
    now_us, up_to, mark = (last.now_us, last.up_to, last.mark) if last else (0, {}, "")
    skip = unbearable_lines(cursor)
    replayed = foreign = 0
    for row in _steps_after(cursor, shard, step):
        derived = _replay(cursor, state, row, up_to, skip)
        if row.engine != ENGINE_VERSION:
            foreign += 1
        else:
            _compare(row, derived, state, mark)
        step, now_us, up_to, mark = row.step, row.now_us, row.up_to, row.mark
        replayed += 1
        on_progress()
    return Recovered(
        state=state,
        step=step,
        now_us=now_us,
        up_to=up_to,
        mark=mark,
        skip=skip,
        replayed=replayed,
        unsound_snapshots=unsound,
        foreign_steps=foreign,
    )


def unbearable_lines(cursor: Cursor) -> frozenset[Position]:
    """Lines that were set aside because the engine failed on them, as witnessed then."""
    cursor.execute("SELECT body FROM evidence_entry WHERE kind = %s ORDER BY id", (Kind.QUARANTINED.value,))
    entries = [json.loads(bytes(body)) for (body,) in cursor.fetchall()]
    return frozenset(
        Position(entry["data"]["stream"], entry["data"]["seq"], entry["data"]["ordinal"])
        for entry in entries
        if entry["by"] == "system:monitor" and entry["data"].get("unbearable")
    )


def _newest_snapshot(cursor: Cursor, shard: int) -> tuple[State, int, tuple[int, ...]]:
    cursor.execute("SELECT step FROM snapshot WHERE shard = %s ORDER BY step DESC", (shard,))
    unsound: list[int] = []
    for (step,) in cursor.fetchall():
        cursor.execute("SELECT digest, state FROM snapshot WHERE shard = %s AND step = %s", (shard, step))
        row = cursor.fetchone()
        if row is None:  # trimmed meanwhile; nobody else holds the lock, so this cannot last
            continue
        content = bytes(row[1])
        if sha256(content).hexdigest() != row[0]:
            unsound.append(step)
            continue
        try:
            return State.restore(content), step, tuple(unsound)
        except SnapshotInvalid:  # of another engine version: an older one of this version, or the whole log
            unsound.append(step)
    return State.empty(), 0, tuple(unsound)


def _stored_step(cursor: Cursor, shard: int, step: int) -> _Step:
    cursor.execute("SELECT step, now, up_to, state, engine FROM step WHERE shard = %s AND step = %s", (shard, step))
    row = cursor.fetchone()
    if row is None:
        raise AssertionError(f"snapshot of step {step}, which is not stored")
    return _Step(step=row[0], now_us=clock.to_us(row[1]), up_to=dict(row[2]), mark=row[3], engine=row[4], bodies=())


def _steps_after(cursor: Cursor, shard: int, step: int) -> Iterator[_Step]:
    while True:
        cursor.execute(
            "SELECT s.step, s.now, s.up_to, s.state, s.engine, s.decisions,"
            " coalesce((SELECT array_agg(d.body ORDER BY d.ordinal) FROM decision d"
            "           WHERE d.shard = s.shard AND d.step = s.step), '{}')"
            " FROM step s WHERE s.shard = %s AND s.step > %s ORDER BY s.step LIMIT %s",
            (shard, step, STEPS_AT_ONCE),
        )
        rows = cursor.fetchall()
        for number, now, up_to, mark, engine, decisions, bodies in rows:
            if number != step + 1 or decisions != len(bodies):
                raise AssertionError(f"step {step + 1} is not whole")
            step = number
            yield _Step(
                step=step,
                now_us=clock.to_us(now),
                up_to=dict(up_to),
                mark=mark,
                engine=engine,
                bodies=tuple(bytes(body) for body in bodies),
            )
        if len(rows) < STEPS_AT_ONCE:
            return


def _replay(
    cursor: Cursor, state: State, row: _Step, before: dict[str, int], skip: frozenset[Position]
) -> tuple[bytes, ...]:
    batches: list[log.Batch] = []
    for stream, seq in sorted(row.up_to.items()):
        start = before.get(stream, 0)
        if seq > start:
            found = list(log.read_after(cursor, stream=stream, seq=start, limit=seq - start))
            if len(found) != seq - start:
                raise log.LogGap(stream=stream, expected=seq, found=start + len(found))
            batches.extend(found)
    arrivals, _ = read_batches(batches)
    return tuple(judgement.body for judgement in advance(state, arrivals, now_us=row.now_us, skip=skip).judgements)


def _compare(row: _Step, derived: tuple[bytes, ...], state: State, mark_before: str) -> None:
    if derived != row.bodies:
        expected, found = _digest(row.bodies), _digest(derived)
        raise ReplayDiffers(step=row.step, what="decisions", expected=expected, found=found)
    if marks.is_whole(row.mark):
        mark = marks.whole(state)
    else:
        mark = marks.chained(mark_before, now_us=row.now_us, up_to=row.up_to, bodies=derived)
    if mark != row.mark:
        raise ReplayDiffers(step=row.step, what="mark", expected=row.mark, found=mark)


def _digest(bodies: tuple[bytes, ...]) -> str:
    return f"{len(bodies)} ({sha256(b'|'.join(bodies)).hexdigest()[:16]})"
