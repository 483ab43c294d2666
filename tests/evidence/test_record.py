"""One write, one witness, and the database itself refuses to take it back."""

import json
from datetime import UTC, datetime

import psycopg
import pytest

from aralyk.database import Role
from aralyk.evidence.kinds import GRAMMAR, Kind
from aralyk.evidence.record import BODY_BYTES_MAX, entry_body, record
from aralyk.ledger.canonical import CanonicalError, parse_canonical
from aralyk.ledger.merkle import leaf_hash
from tests.conftest import Database

AT = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)
WRITERS = [Role.GATEWAY, Role.MONITOR, Role.CONSOLE, Role.VAULT]


@pytest.mark.parametrize("role", WRITERS)
def test_an_entry_is_stored_as_its_canonical_bytes_and_waits_for_its_leaf(database: Database, role: Role) -> None:
    with database.connect(role) as connection, connection.cursor() as cursor:
        entry = record(
            cursor, kind=Kind.INCIDENT_NOTED, subject="incident:7", by="user:17", at=AT, data={"text": "позвонили"}
        )
    with database.connect() as connection:
        row = connection.execute("SELECT kind, subject, at, body, leaf_hash FROM evidence_entry").fetchone()
        assert connection.execute("SELECT entry_id FROM evidence_pending").fetchall() == [(entry,)]
    assert row is not None
    kind, subject, at, body, hash_ = row
    assert (kind, subject, at) == ("incident_noted", "incident:7", AT)
    assert hash_ == leaf_hash(body)
    value = parse_canonical(body)
    assert isinstance(value, dict)
    assert len(bytes.fromhex(value.pop("salt"))) == 16
    assert value == {
        "at": "2026-11-21T10:00:00.123456Z",
        "by": "user:17",
        "data": {"text": "позвонили"},
        "kind": "incident_noted",
        "subject": "incident:7",
        "v": 1,
    }


def test_an_entry_can_be_recorded_inside_a_django_transaction(database: Database) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        entry = record(cursor, kind=Kind.SETTINGS, subject="process:console", by="system:console", at=AT, data={})
        cursor.execute("SELECT entry_id FROM evidence_pending")
        assert cursor.fetchall() == [(entry,)]


def test_a_change_that_is_rolled_back_leaves_no_witness(database: Database) -> None:
    with database.connect(Role.CONSOLE) as connection:
        record(connection.cursor(), kind=Kind.ORDER_ENDED, subject="order:1", by="user:1", at=AT, data={})
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM evidence_entry").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM evidence_pending").fetchone() == (0,)


def test_the_sequencer_is_told_at_the_commit(database: Database) -> None:
    with database.connect(Role.SEQUENCER, autocommit=True) as listener, database.connect(Role.CONSOLE) as writer:
        listener.execute("LISTEN evidence")
        record(writer.cursor(), kind=Kind.ORDER_ENDED, subject="order:1", by="user:1", at=AT, data={})
        assert not list(listener.notifies(timeout=0))
        writer.commit()
        assert [notice.channel for notice in listener.notifies(timeout=10, stop_after=1)] == ["evidence"]


@pytest.mark.parametrize("role", [Role.OWNER, *WRITERS, Role.SEQUENCER])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_entry SET at = at",
        "DELETE FROM evidence_entry",
        "TRUNCATE evidence_entry CASCADE",
        "UPDATE evidence_leaf SET leaf_index = leaf_index",
        "DELETE FROM evidence_leaf",
        "TRUNCATE evidence_leaf",
        "UPDATE evidence_tile SET hashes = hashes",
        "DELETE FROM evidence_tile",
        "TRUNCATE evidence_tile",
        "UPDATE evidence_checkpoint SET at = at",
        "DELETE FROM evidence_checkpoint",
        "TRUNCATE evidence_checkpoint",
    ],
)
def test_nobody_can_change_or_remove_evidence(filled: Database, role: Role, statement: str) -> None:
    with (
        filled.connect(role) as connection,
        pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)),
    ):
        connection.execute(statement)


def test_a_hash_that_is_not_of_the_body_is_refused(database: Database) -> None:
    with database.connect() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash) VALUES ('x', 'y:1', now(), 'body', %s)",
            (bytes(32),),
        )


def test_the_same_event_twice_has_two_hashes() -> None:
    bodies = {
        entry_body(kind=Kind.INCIDENT_SHOWN, subject="incident:1", by="system:console", at=AT, data={}) for _ in "ab"
    }
    assert len(bodies) == 2


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_refuses_the_subject_of_another(kind: Kind) -> None:
    data = dict.fromkeys(GRAMMAR[kind].data, 1)
    entry_body(kind=kind, subject=f"{GRAMMAR[kind].subject}:1", by="system:x", at=AT, data=data)
    with pytest.raises(AssertionError, match="expected a subject"):
        entry_body(kind=kind, subject="weather:1", by="system:x", at=AT, data=data)


@pytest.mark.parametrize(
    ("by", "subject", "data", "expected"),
    [
        ("Айгуль", "stream:g", {}, "expected by"),
        ("user:", "stream:g", {}, "expected by"),
        ("system:gateway", "stream:", {}, "expected a subject"),
        ("system:gateway", "g", {}, "expected a subject"),
        ("system:gateway", "stream:g", {"stream": "g", "seq": 1, "messages": 1}, "root"),
    ],
)
def test_a_malformed_entry_is_our_own_fault(by: str, subject: str, data: dict[str, object], expected: str) -> None:
    with pytest.raises(AssertionError, match=expected) as caught:
        entry_body(kind=Kind.LOG_BATCH, subject=subject, by=by, at=AT, data=data)
    assert "Айгуль" not in str(caught.value)


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(CanonicalError):
        entry_body(kind=Kind.SETTINGS, subject="process:x", by="system:x", at=AT, data={"at": AT})
    with pytest.raises(AssertionError, match=str(BODY_BYTES_MAX)):
        entry_body(kind=Kind.SETTINGS, subject="process:x", by="system:x", at=AT, data={"text": "x" * BODY_BYTES_MAX})
    assert json.loads(entry_body(kind=Kind.SETTINGS, subject="process:x", by="system:x", at=AT, data={}))["v"] == 1
