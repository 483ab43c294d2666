"""Proofs out of the database convince a verifier that never saw it."""

from datetime import timedelta

import pytest

from aralyk.database import Role
from aralyk.evidence import tree
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.jobs.sequencer import Sequencer
from aralyk.ledger import merkle
from tests.conftest import Database
from tests.evidence.conftest import START, Write


def test_any_entry_is_proven_against_any_checkpoint_that_covers_it(
    database: Database, write: Write, sequencer: Sequencer
) -> None:
    entries = []
    for minute, count in enumerate((1, 255, 300, 3)):
        entries += write(count)
        sequencer.run_once(START + timedelta(minutes=minute))
    with database.connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
        for entry in entries[::37]:
            index = tree.leaf_index_of(cursor, entry)
            (body,) = cursor.execute("SELECT body FROM evidence_entry WHERE id = %s", (entry,)).fetchone() or (b"",)
            first = tree.first_checkpoint_covering(cursor, index)
            last = tree.latest_checkpoint(cursor)
            assert first is not None
            assert last is not None
            for stored in (first, last):
                path = tree.inclusion_paths(cursor, indexes=[index], size=stored.size)[index]
                assert merkle.verify_inclusion(
                    index=index, size=stored.size, leaf=merkle.leaf_hash(body), path=path, root=stored.root
                )
            assert merkle.verify_consistency(
                old_size=first.size,
                old_root=first.root,
                new_size=last.size,
                new_root=last.root,
                path=tree.consistency_path(cursor, old_size=first.size, new_size=last.size),
            )


def test_an_entry_that_waits_has_no_place_yet(database: Database, sequencer: Sequencer) -> None:
    with database.connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
        entry = record(cursor, kind=Kind.SETTINGS, subject="process:x", by="system:x", at=START, data={})
        connection.commit()
        assert tree.pending_count(cursor) == 1
        assert tree.latest_checkpoint(cursor) is None
        assert tree.first_checkpoint_covering(cursor, 0) is None
        with pytest.raises(tree.NotSequenced):
            tree.leaf_index_of(cursor, entry)
        sequencer.run_once(START)
        assert tree.leaf_index_of(cursor, entry) == 0


def test_a_missing_tile_gives_an_error_and_never_a_proof(filled: Database) -> None:
    with filled.connect() as owner, owner.cursor() as cursor:
        cursor.execute("ALTER TABLE evidence_tile DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM evidence_tile WHERE level = 0")
        with pytest.raises(merkle.ProofError, match="expected 256 hashes, found 0"):
            tree.inclusion_paths(cursor, indexes=[3], size=300)
        cursor.execute("DELETE FROM evidence_tile")
        with pytest.raises(AssertionError, match="expected 1 hashes, found 0"):
            tree.stored_edge(cursor)
