"""The tree as it is stored: tiles of 256 hashes, written once and never changed (after C2SP tlog-tiles).

Tile (level, index) holds up to 256 nodes of height 8 * level: level 0 the leaf hashes, level 1 the roots of full
tiles of level 0, and so on. The nodes between are folded when asked, at most 255 hashes, so any proof reads a handful
of tiles. Level 0 is stored only when full (the leaves themselves are rows), a higher level whenever a tile below it
became full: about 12 kB per 256 leaves. `Edge` is the right edge in memory: what is not yet full. Appending n leaves
costs n hashes and touches nothing to the left; an edge is a value, so a rolled back transaction just keeps the old
one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aralyk.ledger.merkle import (
    HASH_BYTES,
    NodeReader,
    ProofError,
    fold_peaks,
    perfect_nodes,
    root_of_leaf_hashes,
)

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
LEVELS_MAX: Final = 7  # 2^56 leaves: more than ever written; a bound for readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One stored tile: `width` hashes, joined."""

    level: int
    index: int
    width: int
    hashes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The right edge of a tree of `size` leaves: the hashes of the unfinished tile of each level, lowest first."""

    size: int
    levels: tuple[tuple[bytes, ...], ...]

    def root(self) -> bytes:
        """Root of the whole tree; EMPTY_ROOT when there are no leaves."""
        peaks: list[bytes] = []
        for hashes in reversed(self.levels):
            for level, index in perfect_nodes(0, len(hashes)):
                peaks.append(root_of_leaf_hashes(hashes[index << level : (index + 1) << level]))
        return fold_peaks(peaks)


EMPTY_EDGE: Final = Edge(size=0, levels=())


def append(edge: Edge, leaf_hashes: Sequence[bytes]) -> tuple[Edge, list[Tile]]:
    """Add leaves at the right.

    Returns: The new edge, and the tiles to store in the same transaction, lower levels first.
    """
    tiles: list[Tile] = []
    levels: list[tuple[bytes, ...]] = []
    arriving: list[bytes] = list(leaf_hashes)
    level, span = 0, 1
    while arriving or level < len(edge.levels):
        before = edge.levels[level] if level < len(edge.levels) else ()
        row = [*before, *arriving]
        index = edge.size // (span * TILE_WIDTH)
        arriving = []
        for start in range(0, len(row) - TILE_WIDTH + 1, TILE_WIDTH):
            full = row[start : start + TILE_WIDTH]
            tiles.append(_tile(level, index + start // TILE_WIDTH, full))
            arriving.append(root_of_leaf_hashes(full))
        rest = tuple(row[len(arriving) * TILE_WIDTH :])
        if level > 0 and rest and (arriving or rest != before):
            tiles.append(_tile(level, index + len(arriving), rest))
        levels.append(rest)
        level, span = level + 1, span * TILE_WIDTH
    return Edge(size=edge.size + len(leaf_hashes), levels=tuple(levels)), tiles


def _tile(level: int, index: int, hashes: Sequence[bytes]) -> Tile:
    return Tile(level=level, index=index, width=len(hashes), hashes=b"".join(hashes))


def split_hashes(joined: bytes) -> tuple[bytes, ...]:
    """Cut a tile's bytes into its hashes.

    Raises:  ProofError: Not a whole number of hashes.
    """
    if len(joined) % HASH_BYTES:
        raise ProofError(f"{len(joined)} bytes are not a whole number of hashes")
    return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))


def edge_places(size: int) -> list[tuple[int, int, int]]:
    """Name the unfinished tiles of a tree of `size` leaves as (level, index, width), lowest first; width may be 0."""
    places: list[tuple[int, int, int]] = []
    level, nodes = 0, size
    while nodes:
        places.append((level, nodes // TILE_WIDTH, nodes % TILE_WIDTH))
        level, nodes = level + 1, nodes // TILE_WIDTH
    return places


# (level, index, width) -> hashes of that tile, at least `width` of them.
TileReader = Callable[[int, int, int], Sequence[bytes]]


def node_reader(size: int, read: TileReader) -> NodeReader:
    """Answer for the perfect nodes of a tree of `size` leaves from its tiles; each tile is read once.

    Args:    read: Asked for (level, index, width) where width is how full that tile is in a tree of `size`.
    """
    cache: dict[tuple[int, int], Sequence[bytes]] = {}

    def tile(level: int, index: int) -> Sequence[bytes]:
        key = (level, index)
        if key not in cache:
            width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
            if width <= 0:
                raise ProofError(f"tile ({level}, {index}) is outside a tree of {size}")
            hashes = read(level, index, width)
            if len(hashes) < width:
                raise ProofError(f"tile ({level}, {index}): expected {width} hashes, found {len(hashes)}")
            cache[key] = hashes
        return cache[key]

    def node(level: int, index: int) -> bytes:
        if (index + 1) << level > size:
            raise ProofError(f"node ({level}, {index}) is not inside a tree of {size}")
        tile_level, height = divmod(level, TILE_HEIGHT)
        start = index << height
        hashes = tile(tile_level, start // TILE_WIDTH)
        within = start % TILE_WIDTH
        return root_of_leaf_hashes(hashes[within : within + (1 << height)])

    return node
