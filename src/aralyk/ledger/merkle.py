"""The Merkle tree of RFC 9162 (section 2.1): one root for a list, short proofs for its parts.

    leaf = SHA-256(0x00 || data)      inner = SHA-256(0x01 || left || right)      empty = SHA-256("")
A tree over n leaves splits at the largest power of two below n, so every tree is a row of perfect subtrees ("peaks",
largest first) and its left part never changes when leaves are added. A *node* (level, index) is the perfect subtree
over leaves index * 2^level … (index + 1) * 2^level - 1. Provers ask for perfect nodes through a `NodeReader`; whoever
stores the tree (a list here, tiles in `tiles.py`) answers. Verifiers need no tree: they fold a path and compare.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

# (level, index) -> hash of a perfect subtree that lies wholly inside the tree.
NodeReader = Callable[[int, int], bytes]


class ProofError(ValueError):
    """A proof that cannot be one: wrong length or an index outside the tree."""


def leaf_hash(data: bytes) -> bytes:
    """Hash the exact bytes of one leaf. Source: RFC 9162, 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two neighbouring subtrees. Source: RFC 9162, 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def root_of_leaf_hashes(hashes: Sequence[bytes]) -> bytes:
    """Fold leaf hashes into the root of the tree over them, in order; the empty tree has EMPTY_ROOT."""
    if not hashes:
        return EMPTY_ROOT
    # Level by level; an odd last node moves up unchanged, which is the RFC's split written from below.
    row = list(hashes)
    while len(row) > 1:
        # `node_hash`, written out: a commit of the log has thousands of them.
        parents = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
        if len(row) % 2:
            parents.append(row[-1])
        row = parents
    return row[0]


def root_of_leaves(leaves: Sequence[bytes]) -> bytes:
    """Hash leaves and fold them into the root of the tree over them."""
    return root_of_leaf_hashes([leaf_hash(leaf) for leaf in leaves])


def perfect_nodes(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cover leaves start…end-1 by perfect nodes (level, index), left to right.

    Guarantee: where a tree itself splits (`start` is a multiple of a power of two >= `end - start`), these are the
    peaks of that subtree, largest first.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """Join peaks (largest first) into the root; no peaks give EMPTY_ROOT."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def range_hash(start: int, end: int, node: NodeReader) -> bytes:
    """Hash the subtree over leaves start…end-1 of a tree; `start` must be where the tree itself splits."""
    return fold_peaks([node(level, index) for level, index in perfect_nodes(start, end)])


def node_reader(leaf_hashes: Sequence[bytes]) -> NodeReader:
    """Answer for perfect nodes over a list in memory; each is folded when asked."""

    def node(level: int, index: int) -> bytes:
        start = index << level
        end = start + (1 << level)
        if end > len(leaf_hashes):
            raise ProofError(f"node ({level}, {index}) is not inside a tree of {len(leaf_hashes)}")
        return root_of_leaf_hashes(leaf_hashes[start:end])

    return node


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Give the path that proves leaf `index` in the tree over the first `size` leaves, from the leaf up.

    Raises:  ProofError: No such leaf.
    Source:  RFC 9162, 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    path.reverse()
    return path


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Fold a leaf hash and its path into the root that they imply; the caller compares it with the root he trusts.

    Raises:  ProofError: The path has not the one length that this index and size allow, or no such leaf.
    Source:  RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    fn, sn = index, size - 1
    node = leaf
    for sibling in path:
        if sn == 0:
            raise ProofError("path longer than the tree is high")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            node = node_hash(node, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise ProofError("path shorter than the tree is high")
    return node


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the path proves that `leaf` (a leaf hash) stands at `index` in the tree of `size` with this root."""
    try:
        return root_from_inclusion(index, size, leaf, path) == root
    except ProofError:
        return False


def consistency_proof(old_size: int, new_size: int, node: NodeReader) -> list[bytes]:
    """Give the path that proves the tree of `old_size` to be the beginning of the tree of `new_size`.

    Returns: Empty when either the old tree is empty or both are the same.
    Raises:  ProofError: The old tree is larger than the new one.
    Source:  RFC 9162, 2.1.4.1.
    """
    if not 0 <= old_size <= new_size:
        raise ProofError(f"a tree of {old_size} is not the beginning of a tree of {new_size}")
    if old_size in (0, new_size):
        return []
    path: list[bytes] = []
    start, end = 0, new_size
    whole = True  # the old tree is exactly the subtree over start…end: the verifier has its hash already
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
            whole = False
    if not whole:
        path.append(range_hash(start, end, node))
    path.reverse()
    return path


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether the path proves that the old tree is the beginning of the new one: nothing changed, nothing removed.

    Source:  RFC 9162, 2.1.4.2.
    """
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not path and old_root == EMPTY_ROOT and (new_size > 0 or new_root == EMPTY_ROOT)
    if old_size == new_size:
        return not path and old_root == new_root
    # An old tree that is one perfect subtree is itself the first node of the path.
    perfect = old_size & (old_size - 1) == 0
    steps = [old_root, *path] if perfect else list(path)
    return bool(path) and _fold_consistency(old_size, new_size, steps) == (old_root, new_root)


def _fold_consistency(old_size: int, new_size: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The two roots that a path implies, or None when it has not the one length that these sizes allow."""
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            old = node_hash(step, old)
            new = node_hash(step, new)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new = node_hash(new, step)
        fn >>= 1
        sn >>= 1
    return (old, new) if sn == 0 else None


def _split(count: int) -> int:
    """Largest power of two below `count` (>= 2): where RFC 9162 splits a tree."""
    return 1 << ((count - 1).bit_length() - 1)
