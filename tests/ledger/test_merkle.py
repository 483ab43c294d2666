"""The Merkle tree against RFC 9162 written out naively, and against pymerkle, an independent implementation."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from pymerkle import verify_consistency as pymerkle_verify_consistency
from pymerkle import verify_inclusion as pymerkle_verify_inclusion

from aralyk.ledger import merkle

leaves = st.lists(st.binary(max_size=12), min_size=1, max_size=70)


def rfc_root(data: list[bytes]) -> bytes:
    """MTH of RFC 9162 2.1.1, word by word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + rfc_root(data[:k]) + rfc_root(data[k:])).digest()


def hashed(data: list[bytes]) -> list[bytes]:
    return [merkle.leaf_hash(leaf) for leaf in data]


def peer(data: list[bytes]) -> InmemoryTree:
    tree = InmemoryTree.init_from_entries(data, algorithm="sha256")
    assert isinstance(tree, InmemoryTree)
    return tree


def test_known_roots_of_the_certificate_transparency_test_vectors() -> None:
    # The eight inputs of the certificate-transparency repository's reference tests.
    data = [
        bytes.fromhex(h)
        for h in (
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        )
    ]
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root_of_leaves(data[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root_of_leaves(data[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle.root_of_leaves(data).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(leaves)
def test_the_root_is_the_one_that_the_rfc_defines(data: list[bytes]) -> None:
    assert merkle.root_of_leaves(data) == rfc_root(data)
    assert merkle.range_hash(0, len(data), merkle.node_reader(hashed(data))) == rfc_root(data)


@given(leaves)
def test_root_and_proofs_agree_with_pymerkle(data: list[bytes]) -> None:
    theirs = peer(data)
    node = merkle.node_reader(hashed(data))
    root = merkle.root_of_leaves(data)
    assert theirs.get_root() == root
    for index in {0, len(data) // 2, len(data) - 1}:
        path = merkle.inclusion_proof(index, len(data), node)
        proof = theirs.prove_inclusion(index + 1)
        assert path == list(proof.path[1:])
        pymerkle_verify_inclusion(merkle.leaf_hash(data[index]), root, proof)


@given(leaves, st.data())
def test_every_leaf_is_proven_and_only_at_its_place(data: list[bytes], draw: st.DataObject) -> None:
    size = len(data)
    index = draw.draw(st.integers(0, size - 1))
    root = merkle.root_of_leaves(data)
    path = merkle.inclusion_proof(index, size, merkle.node_reader(hashed(data)))
    leaf = merkle.leaf_hash(data[index])
    assert merkle.verify_inclusion(index=index, size=size, leaf=leaf, path=path, root=root)
    other = merkle.leaf_hash(data[index] + b"!")
    assert not merkle.verify_inclusion(index=index, size=size, leaf=other, path=path, root=root)
    assert not merkle.verify_inclusion(index=index, size=size, leaf=leaf, path=[*path, leaf], root=root)
    if path:
        assert not merkle.verify_inclusion(index=index, size=size, leaf=leaf, path=path[:-1], root=root)
        place = draw.draw(st.integers(0, len(path) - 1))
        flipped = bytes([path[place][0] ^ 1]) + path[place][1:]
        assert not merkle.verify_inclusion(
            index=index, size=size, leaf=leaf, path=[*path[:place], flipped, *path[place + 1 :]], root=root
        )


@given(leaves, st.data())
def test_a_tree_that_only_grew_is_proven_consistent(data: list[bytes], draw: st.DataObject) -> None:
    new_size = len(data)
    old_size = draw.draw(st.integers(0, new_size))
    old_root, new_root = merkle.root_of_leaves(data[:old_size]), merkle.root_of_leaves(data)
    path = merkle.consistency_proof(old_size, new_size, merkle.node_reader(hashed(data)))

    def consistent(**changed: object) -> bool:
        claim = {"old_size": old_size, "old_root": old_root, "new_size": new_size, "new_root": new_root, "path": path}
        return merkle.verify_consistency(**(claim | changed))  # type: ignore[arg-type]

    assert consistent()
    assert not consistent(old_root=b"\x00" * 32)
    assert not consistent(path=[*path, old_root])
    if old_size:
        assert not consistent(new_root=b"\x00" * 32)
    if path:
        assert not consistent(path=path[:-1])
        assert not consistent(path=[bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]])


@given(leaves, st.data())
def test_a_past_that_was_rewritten_is_not_consistent(data: list[bytes], draw: st.DataObject) -> None:
    old_size = draw.draw(st.integers(1, len(data)))
    changed = draw.draw(st.integers(0, old_size - 1))
    rewritten = [*data[:changed], data[changed] + b"!", *data[changed + 1 :]]
    path = merkle.consistency_proof(old_size, len(data), merkle.node_reader(hashed(rewritten)))
    assert not merkle.verify_consistency(
        old_size=old_size,
        old_root=merkle.root_of_leaves(data[:old_size]),
        new_size=len(data),
        new_root=merkle.root_of_leaves(rewritten),
        path=path,
    )


def test_consistency_proofs_agree_with_pymerkle() -> None:
    data = [bytes([i]) for i in range(40)]
    theirs = peer(data)
    node = merkle.node_reader(hashed(data))
    for old_size in range(1, 41):
        proof = theirs.prove_consistency(old_size, 40)
        pymerkle_verify_consistency(theirs.get_root(old_size), theirs.get_root(40), proof)
        assert merkle.verify_consistency(
            old_size=old_size,
            old_root=theirs.get_root(old_size),
            new_size=40,
            new_root=theirs.get_root(40),
            path=merkle.consistency_proof(old_size, 40, node),
        )


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    node = merkle.node_reader([b"\x00" * 32] * 4)
    with pytest.raises(merkle.ProofError):
        merkle.inclusion_proof(index, size, node)
    with pytest.raises(merkle.ProofError):
        merkle.root_from_inclusion(index, size, b"\x00" * 32, [])


def test_a_larger_tree_is_never_the_beginning_of_a_smaller_one() -> None:
    with pytest.raises(merkle.ProofError):
        merkle.consistency_proof(5, 4, merkle.node_reader([b"\x00" * 32] * 5))
    assert not merkle.verify_consistency(old_size=5, old_root=b"", new_size=4, new_root=b"", path=[])
