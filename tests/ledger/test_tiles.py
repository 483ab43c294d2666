"""The stored tree gives the roots and proofs of the tree in memory, however the leaves arrived."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aralyk.ledger import merkle, tiles
from aralyk.ledger.tiles import EMPTY_EDGE, TILE_WIDTH, Edge, Tile


def leaf_hashes(count: int) -> list[bytes]:
    return [sha256(str(i).encode()).digest() for i in range(count)]


class Shelf:
    """What a store does: keeps every tile as written, and the leaves beside them."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int, int], bytes] = {}
        self.leaves: list[bytes] = []
        self.reads = 0

    def put(self, leaves: Sequence[bytes], written: Sequence[Tile]) -> None:
        self.leaves.extend(leaves)
        for tile in written:
            key = (tile.level, tile.index, tile.width)
            assert key not in self.tiles, "a tile is written once"
            self.tiles[key] = tile.hashes

    def read(self, level: int, index: int, width: int) -> Sequence[bytes]:
        self.reads += 1
        if level == 0 and width < TILE_WIDTH:
            return self.leaves[index * TILE_WIDTH : index * TILE_WIDTH + width]
        widths = sorted(w for (at, i, w) in self.tiles if (at, i) == (level, index) and w >= width)
        return tiles.split_hashes(self.tiles[level, index, widths[0]])


def grown(count: int, cuts: Sequence[int]) -> tuple[Edge, Shelf]:
    shelf, edge, done = Shelf(), EMPTY_EDGE, 0
    hashes = leaf_hashes(count)
    for cut in [*sorted(cuts), count]:
        edge, written = tiles.append(edge, hashes[done:cut])
        shelf.put(hashes[done:cut], written)
        done = cut
    return edge, shelf


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1500), st.data())
def test_root_and_tiles_do_not_depend_on_how_the_leaves_arrived(count: int, draw: st.DataObject) -> None:
    cuts = draw.draw(st.lists(st.integers(0, count), max_size=6))
    edge, _ = grown(count, cuts)
    at_once, _ = grown(count, [])
    assert edge == at_once
    assert edge.size == count
    assert edge.root() == merkle.root_of_leaf_hashes(leaf_hashes(count))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 1500), st.data())
def test_proofs_from_tiles_are_the_proofs_of_the_rfc(count: int, draw: st.DataObject) -> None:
    cuts = draw.draw(st.lists(st.integers(0, count), max_size=4))
    _, shelf = grown(count, cuts)
    size = draw.draw(st.integers(1, count))
    index = draw.draw(st.integers(0, size - 1))
    old = draw.draw(st.integers(0, size))
    stored, naive = tiles.node_reader(size, shelf.read), merkle.node_reader(leaf_hashes(size))
    assert merkle.inclusion_proof(index, size, stored) == merkle.inclusion_proof(index, size, naive)
    assert merkle.consistency_proof(old, size, stored) == merkle.consistency_proof(old, size, naive)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000])
def test_the_edges_of_tiles_and_of_levels(count: int) -> None:
    edge, shelf = grown(count, [count // 2, count - 1])
    assert edge.root() == merkle.root_of_leaf_hashes(leaf_hashes(count))
    assert [(level, index, width) for level, index, width in tiles.edge_places(count)] == [
        (level, count // TILE_WIDTH ** (level + 1), len(hashes)) for level, hashes in enumerate(edge.levels)
    ]
    path = merkle.inclusion_proof(count // 3, count, tiles.node_reader(count, shelf.read))
    assert merkle.verify_inclusion(
        index=count // 3, size=count, leaf=leaf_hashes(count)[count // 3], path=path, root=edge.root()
    )
    assert shelf.reads <= 6


def test_a_tile_that_lacks_hashes_gives_an_error_and_never_a_proof() -> None:
    with pytest.raises(merkle.ProofError, match="expected 9 hashes, found 0"):
        merkle.inclusion_proof(3, 9, tiles.node_reader(9, lambda level, index, width: []))
    with pytest.raises(merkle.ProofError):
        tiles.node_reader(9, lambda level, index, width: leaf_hashes(width))(0, 9)
    with pytest.raises(merkle.ProofError):
        tiles.split_hashes(b"x" * 33)
