"""Gives every witnessed entry its place in the Merkle tree, and signs the tree.

Writers commit entries concurrently and never wait for each other; a trigger queues each in evidence_pending. One
sequencer (an advisory lock of its session) takes what is committed, in the order of entry ids, and in one transaction
writes leaf indexes without a hole, the tiles that changed, and a checkpoint when one is due: a minute after the last,
and at once when an incident was raised or a bundle asks for one. The tree's right edge is kept in memory and replaced
only after the commit, so kill -9 at any moment loses nothing: a new sequencer reads the edge from the tables and
finds the same pending rows. An id may commit after a higher one; it then gets a later leaf. The log's order is the
order of leaves, times are claims.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from aralyk import clock
from aralyk.evidence import tree
from aralyk.evidence.keys import SigningKey
from aralyk.evidence.kinds import SEALED_AT_ONCE
from aralyk.ledger import checkpoint, merkle, tiles
from aralyk.ledger.checkpoint import Checkpoint

Connection = psycopg.Connection[tuple[Any, ...]]

CHECKPOINT_EVERY: Final = timedelta(seconds=60)
BATCH_MAX: Final = 20_000  # leaves in one transaction: half a second of work, so that a checkpoint is never far
POLL_S: Final = 1.0  # backs up a lost notification; the promise is one second
PAUSE_S: Final = 0.05  # between runs under load: hundreds of commits a second become twenty transactions
ADVISORY_LOCK: Final = 0x6172616C796B  # "aralyk": one sequencer per database
_SEALED_AT_ONCE: Final = frozenset(kind.value for kind in SEALED_AT_ONCE)


class AnotherSequencer(RuntimeError):
    """Another session holds the sequencer's lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one transaction did. Delays are seconds of real time, from an entry's `at` to its leaf."""

    sequenced: int
    size: int
    checkpoint_size: int | None
    merge_delay_s_max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    entry_id: int
    leaf_hash: bytes
    at: datetime
    kind: str


class Sequencer:
    """The one writer of leaves, tiles and checkpoints.

    Args:
        connection: Its own, as role `sequencer`, in autocommit; the lock lives as long as it does.
        key: Signs checkpoints.
        origin: The log's name, equal to the key's.

    Raises:
        AnotherSequencer: The lock is taken.
        AssertionError: The stored tree has holes or differs from its newest checkpoint: nothing may be added to it.
    """

    def __init__(self, connection: Connection, key: SigningKey, origin: str) -> None:
        if not connection.autocommit:
            raise AssertionError("the sequencer opens its own transactions: give it a connection in autocommit")
        if key.public.name != origin:
            raise AssertionError(f"the key is of {key.public.name}, the log is {origin}")
        self._connection = connection
        self._key = key
        self._origin = origin
        self.last_run: Run | None = None
        with connection.cursor() as cursor:
            _take_lock(cursor)
            self._edge = tree.stored_edge(cursor)
            newest = tree.latest_checkpoint(cursor)
            if newest is not None:
                _check_continuation(cursor, newest, self._edge)
        self._checkpoint_size = newest.size if newest else 0
        self._checkpoint_at = newest.at if newest else None

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self._edge.size

    def run_once(self, now: datetime) -> int:
        """Sequence what is pending, at most BATCH_MAX entries, and sign a checkpoint if one is due.

        Args:
            now: Domain time, aware; written as the time of the leaves and of the checkpoint.

        Returns:
            How many entries got their leaf index. `last_run` tells the rest.

        Raises:
            psycopg.Error: Nothing was written and nothing changed in memory; try again or start anew.
        """
        with self._connection.transaction(), self._connection.cursor() as cursor:
            pending = _read_pending(cursor)
            edge, new_tiles = tiles.append(self._edge, [entry.leaf_hash for entry in pending])
            if pending:
                _write_leaves(cursor, pending, first_index=self._edge.size, now=now)
                _write_tiles(cursor, new_tiles)
            due = self._checkpoint_due(pending, edge.size, now)
            if due:
                self._write_checkpoint(cursor, edge, now)
            if due or pending:
                cursor.execute("SELECT pg_notify('sequenced', '')")  # whoever exports a bundle waits for it
        self._edge = edge
        if due:
            self._checkpoint_size, self._checkpoint_at = edge.size, now
        self.last_run = Run(
            sequenced=len(pending),
            size=edge.size,
            checkpoint_size=edge.size if due else None,
            merge_delay_s_max=_merge_delay_s(pending, now),
        )
        return len(pending)

    def run(self, stop: threading.Event, on_run: Callable[[Run], None]) -> None:
        """Go on until `stop` is set: woken by NOTIFY evidence, at least once in POLL_S.

        Args:
            stop: Looked at after each run; POLL_S at most passes before it is seen.
            on_run: Told what each run did, after its commit (heartbeat, metrics, alarm on the merge delay).

        Raises:
            psycopg.Error: The database went away; the process starts a new sequencer.
        """
        self._connection.execute("LISTEN evidence")
        while not stop.is_set():
            sequenced = self.run_once(clock.now())
            if self.last_run is not None:
                on_run(self.last_run)
            if sequenced == BATCH_MAX:
                continue
            # All that arrived together count as one: a burst of commits must not become a burst of pauses.
            if list(self._connection.notifies(timeout=POLL_S, stop_after=1)):
                stop.wait(PAUSE_S)

    def _checkpoint_due(self, pending: Sequence[_Pending], size: int, now: datetime) -> bool:
        if size == self._checkpoint_size:
            return False
        if self._checkpoint_at is None or now - self._checkpoint_at >= CHECKPOINT_EVERY:
            return True
        return any(entry.kind in _SEALED_AT_ONCE for entry in pending)

    def _write_checkpoint(self, cursor: psycopg.Cursor[tuple[Any, ...]], edge: tiles.Edge, now: datetime) -> None:
        content = Checkpoint(origin=self._origin, size=edge.size, root=edge.root(), at=clock.iso(now))
        note = checkpoint.sign(content, name=self._key.public.name, private=self._key.private)
        cursor.execute(
            "INSERT INTO evidence_checkpoint (tree_size, root, at, note) VALUES (%s, %s, %s, %s)",
            (content.size, content.root, now, note),
        )


def _take_lock(cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
    row = cursor.execute("SELECT pg_try_advisory_lock(%s)", (ADVISORY_LOCK,)).fetchone()
    if row is None or row[0] is not True:
        raise AnotherSequencer("another session sequences this database's evidence")


def _check_continuation(
    cursor: psycopg.Cursor[tuple[Any, ...]], newest: tree.StoredCheckpoint, edge: tiles.Edge
) -> None:
    """Refuse to sign a tree that does not begin with the one that was signed last."""
    if newest.size > edge.size:
        raise AssertionError(f"the newest checkpoint has {newest.size} leaves, the log only {edge.size}")
    path = tree.consistency_path(cursor, old_size=newest.size, new_size=edge.size)
    if not merkle.verify_consistency(
        old_size=newest.size, old_root=newest.root, new_size=edge.size, new_root=edge.root(), path=path
    ):
        raise AssertionError(f"the stored leaves differ from those signed at size {newest.size}")


def _read_pending(cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[_Pending]:
    rows = cursor.execute(
        "SELECT entry.id, entry.leaf_hash, entry.at, entry.kind FROM evidence_pending pending"
        " JOIN evidence_entry entry ON entry.id = pending.entry_id ORDER BY pending.entry_id LIMIT %s",
        (BATCH_MAX,),
    ).fetchall()
    return [_Pending(entry_id=row[0], leaf_hash=bytes(row[1]), at=row[2], kind=row[3]) for row in rows]


def _write_leaves(
    cursor: psycopg.Cursor[tuple[Any, ...]], pending: Sequence[_Pending], *, first_index: int, now: datetime
) -> None:
    with cursor.copy(
        "COPY evidence_leaf (leaf_index, entry_id, leaf_hash, sequenced_at) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(["int8", "int8", "bytea", "timestamptz"])
        for index, entry in enumerate(pending, start=first_index):
            copy.write_row((index, entry.entry_id, entry.leaf_hash, now))
    cursor.execute("DELETE FROM evidence_pending WHERE entry_id = ANY(%s)", ([entry.entry_id for entry in pending],))
    if cursor.rowcount != len(pending):
        raise AssertionError(f"{len(pending)} entries were pending, {cursor.rowcount} were taken")


def _write_tiles(cursor: psycopg.Cursor[tuple[Any, ...]], new_tiles: Sequence[tiles.Tile]) -> None:
    cursor.executemany(
        "INSERT INTO evidence_tile (level, tile_index, width, hashes) VALUES (%s, %s, %s, %s)",
        [(tile.level, tile.index, tile.width, tile.hashes) for tile in new_tiles],
    )


def _merge_delay_s(pending: Sequence[_Pending], now: datetime) -> float:
    """The longest wait of this run; domain time runs faster in a demo, a delay is told in real seconds."""
    longest = max(((now - entry.at).total_seconds() for entry in pending), default=0.0)
    return max(0.0, longest / clock.speed())
