"""The evidence log's tree as PostgreSQL stores it: leaves and tiles in, proofs and checkpoints out.

Leaf indexes are the sequencer's; an entry without one is "pending" and has no proof yet. Proofs are asked for a tree
size, normally that of a checkpoint; a proof reads at most a few tiles of 8 kB whatever the size of the log. Readers
need SELECT on evidence_leaf, evidence_tile and evidence_checkpoint, and no key. Nothing here verifies what it reads:
proofs are folded and compared by whoever receives them (`aralyk.ledger`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from aralyk.evidence.record import Cursor, EntryId
from aralyk.ledger import merkle, tiles
from aralyk.ledger.tiles import TILE_WIDTH, Edge


class ReadCursor(Cursor, Protocol):
    """A cursor that gives rows, psycopg's or Django's."""

    def fetchall(self) -> Any: ...


class NotSequenced(LookupError):
    """The entry has no leaf index yet: the sequencer has not come to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A signed checkpoint as it was written."""

    size: int
    root: bytes
    at: datetime
    note: bytes


_CHECKPOINT: Final = "SELECT tree_size, root, at, note FROM evidence_checkpoint "


def tree_size(cursor: Cursor) -> int:
    """How many leaves the log has."""
    cursor.execute("SELECT leaf_index + 1 FROM evidence_leaf ORDER BY leaf_index DESC LIMIT 1")
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def leaf_index_of(cursor: Cursor, entry: EntryId) -> int:
    """Where an entry stands in the log.

    Raises:
        NotSequenced: Nowhere yet.
    """
    cursor.execute("SELECT leaf_index FROM evidence_leaf WHERE entry_id = %s", (entry,))
    row = cursor.fetchone()
    if row is None:
        raise NotSequenced(f"entry {entry} has no leaf index yet")
    return int(row[0])


def stored_edge(cursor: ReadCursor) -> Edge:
    """Read the right edge of the whole tree: what the sequencer needs to go on.

    Raises:
        AssertionError: Leaves or tiles are missing; the log must not be continued.
    """
    size = tree_size(cursor)
    read = tile_reader(cursor)
    levels = tuple(tuple(read(level, index, width)[:width]) for level, index, width in tiles.edge_places(size))
    for (level, index, width), hashes in zip(tiles.edge_places(size), levels, strict=True):
        if len(hashes) != width:
            raise AssertionError(f"tile ({level}, {index}): expected {width} hashes, found {len(hashes)}")
    return Edge(size=size, levels=levels)


def tile_reader(cursor: ReadCursor) -> tiles.TileReader:
    """Read tiles from the store; the unfinished one of level 0 from the leaves themselves."""

    def read(level: int, index: int, width: int) -> Sequence[bytes]:
        if width == 0:
            return ()
        if level == 0 and width < TILE_WIDTH:
            return _leaf_hashes(cursor, index * TILE_WIDTH, width)
        cursor.execute(
            "SELECT hashes FROM evidence_tile WHERE level = %s AND tile_index = %s AND width >= %s"
            " ORDER BY width LIMIT 1",
            (level, index, width),
        )
        row = cursor.fetchone()
        return tiles.split_hashes(bytes(row[0])) if row else ()

    return read


def inclusion_paths(cursor: ReadCursor, *, indexes: Sequence[int], size: int) -> dict[int, list[bytes]]:
    """Give the path of each leaf index in the tree of `size`; tiles shared by several leaves are read once.

    Raises:
        ProofError: An index is outside that tree, or a tile is missing.
    """
    node = tiles.node_reader(size, tile_reader(cursor))
    return {index: merkle.inclusion_proof(index, size, node) for index in indexes}


def consistency_path(cursor: ReadCursor, *, old_size: int, new_size: int) -> list[bytes]:
    """Give the path that proves the tree of `old_size` to be the beginning of that of `new_size`.

    Raises:
        ProofError: The old tree is larger, or a tile is missing.
    """
    return merkle.consistency_proof(old_size, new_size, tiles.node_reader(new_size, tile_reader(cursor)))


def latest_checkpoint(cursor: Cursor) -> StoredCheckpoint | None:
    """The newest signed checkpoint; None in a log that has none yet."""
    cursor.execute(_CHECKPOINT + "ORDER BY tree_size DESC LIMIT 1")
    return _checkpoint(cursor.fetchone())


def first_checkpoint_covering(cursor: Cursor, leaf_index: int) -> StoredCheckpoint | None:
    """The oldest checkpoint whose tree holds this leaf: by then, at the latest, it was written."""
    cursor.execute(_CHECKPOINT + "WHERE tree_size > %s ORDER BY tree_size LIMIT 1", (leaf_index,))
    return _checkpoint(cursor.fetchone())


def pending_count(cursor: Cursor) -> int:
    """How many committed entries wait for their leaf index."""
    cursor.execute("SELECT count(*) FROM evidence_pending")
    return int(cursor.fetchone()[0])


def _checkpoint(row: Any) -> StoredCheckpoint | None:
    if row is None:
        return None
    return StoredCheckpoint(size=int(row[0]), root=bytes(row[1]), at=row[2], note=bytes(row[3]))


def _leaf_hashes(cursor: ReadCursor, start: int, count: int) -> list[bytes]:
    cursor.execute(
        "SELECT leaf_index, leaf_hash FROM evidence_leaf WHERE leaf_index >= %s AND leaf_index < %s"
        " ORDER BY leaf_index",
        (start, start + count),
    )
    rows = cursor.fetchall()
    if [row[0] for row in rows] != list(range(start, start + len(rows))):
        raise AssertionError(f"a leaf index is missing between {start} and {start + count}")
    return [bytes(row[1]) for row in rows]
