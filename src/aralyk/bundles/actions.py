"""Makes the evidence bundle of one incident: collect, witness the selection, wait for the signature, prove, write.

The manifest's hash goes into the log before the bundle exists, so the selection itself is evidence: a bundle from
which a line was removed later does not match, and the log shows every bundle that was ever made, by whom and why. The
bundle is the *sealed* rendition: it holds her places, is for court and prosecutor, and its file is readable for its
owner alone. Before it is handed out it is verified as its reader will do it.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg

from aralyk import clock
from aralyk.bundles.errors import BundleTooLarge, NotSealedInTime, RenditionRefused
from aralyk.bundles.queries import Collected, collect, leaves_of
from aralyk.evidence import tree
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import EntryId, record
from aralyk.evidence.tree import StoredCheckpoint
from aralyk.ledger import archive, bundle, checkpoint, derived
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.checkpoint import PublicKey
from aralyk.ledger.verification import verify

Connection = psycopg.Connection[tuple[Any, ...]]
Members = dict[str, bytes]
Found = TypeVar("Found")

SEALED_WITHIN_S: Final = 30.0  # the sequencer needs one second; after thirty it does not run
POLL_S: Final = 1.0
REASON_MAX: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSummary:
    """What was written.

    Attributes:
        path: The file.
        bytes_: Its length.
        sha256: Of the whole file, hex: for the letter that goes with it.
        entries: Evidence entries in it, the export's own included.
        lines: Log lines in it.
        decisions: Decisions in it.
        checkpoint_size: Leaves of the signed log that holds them.
        failed: Numbers of checks that do not hold; empty for a bundle that may be handed out.
    """

    path: Path
    bytes_: int
    sha256: str
    entries: int
    lines: int
    decisions: int
    checkpoint_size: int
    failed: tuple[int, ...]


def export_incident(
    connection: Connection,
    incident_id: UUID,
    path: Path,
    by: str,
    *,
    key: PublicKey,
    reason: str,
    rendition: str = bundle.SEALED,
    earlier: Sequence[bytes] = (),
    sealed_within_s: float = SEALED_WITHIN_S,
) -> BundleSummary:
    """Write the sealed bundle of one incident and witness that it was made.

    Effect: one entry `bundle_exported` in the log, one file (0600, whole or not at all). The sequencer must be running.
    Permission is asked by the caller, by fetching the incident.

    Args:
        connection: Its own, as role console, in autocommit.
        incident_id: Which incident.
        path: Where to; a file that is there is replaced.
        by: Who asked, as evidence names it ("user:17", "system:cli").
        key: The log's public key (`evidence.keys.exported_key`).
        reason: Why; it stands in the log for ever, so it names no person and no place.
        rendition: "sealed". A served one does not exist yet and is refused.
        earlier: Checkpoints that a reader kept: the bundle gets a path from each.
        sealed_within_s: How long to wait for the sequencer, seconds.

    Returns:
        The summary. `failed` is empty unless the log is damaged or its clocks disagree: then the file shows where.

    Raises:
        BundleRefused: No file was written; its subclasses say why.
        CheckpointError: `earlier` holds something else than a checkpoint.
    """
    if rendition != bundle.SEALED:
        raise RenditionRefused(
            f"rendition: expected {bundle.SEALED} (for court and prosecutor), found another; the rendition that may be"
            " served on the respondent withholds what would let him find her, and cannot be made by this version"
        )
    if not connection.autocommit:
        raise AssertionError("an export opens its own transactions: give it a connection in autocommit")
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        collected = collect(cursor, incident_id)
    with _listening(connection):
        leaves = _wait(connection, lambda: _all_leaves(connection, collected), sealed_within_s)
        notes = _earlier_notes(connection, collected, leaves, earlier)
        content = _content(collected, leaves, notes)
        at = clock.now()
        manifest = _manifest(collected.incident, content, key=key, at=at, by=by)
        entry = _witness(connection, collected, manifest, at=at, by=by, reason=reason)
        sealed = _wait(connection, lambda: _sealed(connection, entry), sealed_within_s)
    members = (
        content | {bundle.MANIFEST: manifest} | _proof_members(connection, collected, leaves, notes, entry, sealed)
    )
    file = _archive(members)
    _write_whole(path, file)
    return BundleSummary(
        path=path,
        bytes_=len(file),
        sha256=sha256(file).hexdigest(),
        entries=len(collected.entries) + 1,
        lines=len(collected.lines),
        decisions=content[bundle.DECISIONS].count(b"\n"),
        checkpoint_size=sealed.size,
        failed=verify(file, key=key).failed,
    )


def _all_leaves(connection: Connection, collected: Collected) -> dict[int, int] | None:
    with connection.cursor() as cursor:
        leaves = leaves_of(cursor, collected.entries)
    return leaves if len(leaves) == len(collected.entries) else None


def _sealed(connection: Connection, entry: EntryId) -> StoredCheckpoint | None:
    """The first checkpoint whose tree holds the entry."""
    with connection.cursor() as cursor:
        leaf = leaves_of(cursor, [entry]).get(entry)
        return None if leaf is None else tree.first_checkpoint_covering(cursor, leaf)


def _earlier_notes(
    connection: Connection, collected: Collected, leaves: dict[int, int], kept: Sequence[bytes]
) -> dict[int, bytes]:
    """Checkpoints to show the past by: the first that held the raised incident, and those that a reader kept."""
    notes = {checkpoint.parse(note).checkpoint.size: note for note in kept}
    if collected.raised_entry is not None:
        with connection.cursor() as cursor:
            first = tree.first_checkpoint_covering(cursor, leaves[collected.raised_entry])
        if first is not None:
            notes.setdefault(first.size, first.note)
    return notes


def _content(collected: Collected, leaves: dict[int, int], notes: dict[int, bytes]) -> Members:
    content = {bundle.entry_member(leaves[entry]): body for entry, body in collected.entries.items()}
    content |= {line.member: body for line, body in collected.lines.items()}
    content |= {bundle.earlier_member(size): note for size, note in notes.items()}
    entries, lines = bundle.entries_in(content), bundle.lines_in(content)
    decisions = derived.decisions_of(collected.incident, entries)
    return content | {
        bundle.ORDER: canonical_bytes(derived.order_in_force(collected.incident, lines, decisions)),
        bundle.OBSERVATIONS: derived.json_lines(derived.observations_of(lines)),
        bundle.DECISIONS: derived.json_lines(decisions),
        bundle.TIMELINE: derived.json_lines(derived.timeline_of(collected.incident, entries)),
        bundle.README: derived.readme_of(collected.incident, decisions, lines),
    }


def _manifest(incident: bundle.Incident, content: Members, *, key: PublicKey, at: datetime, by: str) -> bytes:
    decisions = derived.decisions_of(incident, bundle.entries_in(content))
    return bundle.write_manifest(
        incident=incident,
        origin=key.name,
        key=key.line(),
        engine=derived.engine_versions(decisions),
        periods=derived.periods_of(decisions),
        exported={"at": clock.iso(at), "by": by},
        content=content,
    )


def _witness(
    connection: Connection, collected: Collected, manifest: bytes, *, at: datetime, by: str, reason: str
) -> EntryId:
    with connection.transaction(), connection.cursor() as cursor:
        return record(
            cursor,
            kind=Kind.BUNDLE_EXPORTED,
            subject=f"incident:{collected.incident.id}",
            by=by,
            at=at,
            data={
                "entries": len(collected.entries),
                "lines": len(collected.lines),
                "manifest_sha256": sha256(manifest).hexdigest(),
                "reason": reason[:REASON_MAX],
                "rendition": bundle.SEALED,
            },
        )


def _proof_members(
    connection: Connection,
    collected: Collected,
    leaves: dict[int, int],
    notes: dict[int, bytes],
    entry: EntryId,
    sealed: StoredCheckpoint,
) -> Members:
    """The checkpoint, the export's own entry, and a path for every thing in the bundle."""
    with connection.cursor() as cursor:
        export_leaf = tree.leaf_index_of(cursor, entry)
        row = cursor.execute("SELECT body FROM evidence_entry WHERE id = %s", (entry,)).fetchone()
        if row is None:
            raise AssertionError(f"entry {entry} has a leaf and no body")
        proofs = bundle.write_proofs(
            export_leaf=export_leaf,
            entries=tree.inclusion_paths(cursor, indexes=[*leaves.values(), export_leaf], size=sealed.size),
            lines=collected.paths,
            checkpoints={
                size: tree.consistency_path(cursor, old_size=size, new_size=sealed.size)
                for size in notes
                if size <= sealed.size
            },
        )
    return {bundle.entry_member(export_leaf): bytes(row[0]), bundle.CHECKPOINT: sealed.note, bundle.PROOFS: proofs}


def _archive(members: Members) -> bytes:
    try:
        return archive.write_archive(members)
    except archive.ArchiveError as error:
        raise BundleTooLarge(f"the incident does not fit into one bundle: {error}") from error


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def _listening(connection: Connection) -> Iterator[None]:
    connection.execute("LISTEN sequenced")
    yield
    connection.execute("UNLISTEN sequenced")


def _wait(connection: Connection, look: Callable[[], Found | None], within_s: float) -> Found:
    """Look again whenever the sequencer says that it has gone on, at least once in POLL_S."""
    deadline_s = time.monotonic() + within_s
    while True:
        found = look()
        if found is not None:
            return found
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise NotSealedInTime(
                f"expected the sequencer to sign within {within_s:g} s, found no signature: is the platform running?"
            )
        for _ in connection.notifies(timeout=min(POLL_S, left_s), stop_after=1):
            pass
