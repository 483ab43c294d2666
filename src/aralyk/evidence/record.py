"""Every write has its witness: one entry in the same transaction as the change, or the change does not happen.

The body is canonical JSON with a salt and is hashed exactly as stored; a trigger queues the row for the sequencer,
which gives it its place in the Merkle tree within a second. Until the commit nobody sees the entry; a rollback
removes it with the change it witnesses. PostgreSQL recomputes the hash (CHECK), refuses UPDATE, DELETE and TRUNCATE.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NewType, Protocol

from aralyk import clock
from aralyk.evidence.kinds import GRAMMAR, Kind
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.merkle import leaf_hash

EntryId = NewType("EntryId", int)

BODY_VERSION: Final = 1
BODY_BYTES_MAX: Final = 1_000_000  # an order with a large polygon is ~100 kB; a document belongs elsewhere, by its hash
SALT_BYTES: Final = 16  # a withheld entry must not be guessable from its hash, though few texts are possible

_SUBJECT = re.compile(r"[a-z_]+:[^\s]{1,200}")
_BY = re.compile(r"(system:[a-z_][a-z0-9_]{0,40}|user:[^\s]{1,80})")

_INSERT: Final = """
    WITH entry AS (
        INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash) VALUES (%s, %s, %s, %s, %s) RETURNING id
    ) SELECT id, pg_notify('evidence', '') FROM entry
"""
_INSERT_ALL: Final = """
    INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash)
    SELECT kind, subject, %s, body, leaf_hash
    FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::bytea[]) AS new (kind, subject, body, leaf_hash)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event among many of the same moment and hand."""

    kind: Kind
    subject: str
    data: Mapping[str, object]


class Cursor(Protocol):
    """What psycopg's and Django's cursors have in common."""

    def execute(self, query: Any, params: Any = None, /) -> object: ...
    def fetchone(self) -> Any: ...


def record(cursor: Cursor, *, kind: Kind, subject: str, by: str, at: datetime, data: Mapping[str, object]) -> EntryId:
    """Witness one event inside the open transaction of `cursor`; the sequencer is woken at its commit.

    Args:
        cursor: psycopg's or Django's, inside the transaction of the change itself.
        kind: What happened; its grammar (kinds.py) fixes the subject's type and the data that must be there.
        subject: "type:id", for example "incident:6f0c…".
        by: "system:<process>" or "user:<id>": an id, never a name.
        at: When it was recorded, from `aralyk.clock`, aware. Times of the event itself belong into `data`.
        data: JSON values; ids instead of names, places only where the kind is about them.

    Returns:
        The entry's id. It is not the leaf index, and ids may have holes; leaf indexes have none.

    Raises:
        AssertionError: The kind's grammar is not kept, or the body is too large: our own fault, found in tests.
        CanonicalError: A value in `data` has no canonical form (a datetime, NaN, an integer beyond 2^53).
    """
    body = entry_body(kind=kind, subject=subject, by=by, at=at, data=data)
    cursor.execute(_INSERT, (kind.value, subject, at, body, leaf_hash(body)))
    return EntryId(int(cursor.fetchone()[0]))


def record_all(cursor: Cursor, events: Sequence[Event], *, by: str, at: datetime) -> None:
    """Witness many events inside the open transaction of `cursor`, in two statements; see `record`."""
    if not events:
        return
    bodies = [entry_body(kind=one.kind, subject=one.subject, by=by, at=at, data=one.data) for one in events]
    kinds, subjects = [one.kind.value for one in events], [one.subject for one in events]
    cursor.execute(_INSERT_ALL, (at, kinds, subjects, bodies, [leaf_hash(body) for body in bodies]))
    cursor.execute("SELECT pg_notify('evidence', '')")


def entry_body(*, kind: Kind, subject: str, by: str, at: datetime, data: Mapping[str, object]) -> bytes:
    """Write the bytes of an entry, freshly salted: two calls with the same event give different bytes."""
    _check_grammar(kind=kind, subject=subject, by=by, data=data)
    body = canonical_bytes(
        {
            "at": clock.iso(at),
            "by": by,
            "data": dict(data),
            "kind": kind.value,
            "salt": secrets.token_hex(SALT_BYTES),
            "subject": subject,
            "v": BODY_VERSION,
        }
    )
    if len(body) > BODY_BYTES_MAX:
        raise AssertionError(f"{kind}: a body of {len(body)} bytes, at most {BODY_BYTES_MAX}")
    return body


def _check_grammar(*, kind: Kind, subject: str, by: str, data: Mapping[str, object]) -> None:
    grammar = GRAMMAR[kind]
    if not _SUBJECT.fullmatch(subject) or subject.partition(":")[0] != grammar.subject:
        raise AssertionError(f"{kind}: expected a subject {grammar.subject}:<id>, found the form {_form_of(subject)}")
    if not _BY.fullmatch(by):
        raise AssertionError(f"{kind}: expected by system:<process> or user:<id>, found the form {_form_of(by)}")
    missing = grammar.data - data.keys()
    if missing:
        raise AssertionError(f"{kind}: data lacks {sorted(missing)}")


def _form_of(text: str) -> str:
    """The type before the colon; the rest might be personal and never reaches an error text."""
    kind, colon, _ = text.partition(":")
    return f"{kind[:24]}:…" if colon else "without a type"
