"""A bundle as its checks see it: parts are read when a check first needs them, and each may refuse by a ValueError."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from aralyk.ledger import archive, bundle, checkpoint, derived, fields
from aralyk.ledger.bundle import Entry, Incident, Line
from aralyk.ledger.checkpoint import PublicKey, SignedCheckpoint
from aralyk.ledger.fields import JsonObject, Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """proofs.json, read: paths by leaf, by line and by the size of an earlier checkpoint."""

    export: int
    entries: Mapping[int, list[bytes]]
    lines: Mapping[str, list[bytes]]
    checkpoints: Mapping[int, list[bytes]]


class Case:
    """A bundle's file with what its reader holds against it."""

    def __init__(self, file: bytes, *, key: PublicKey | None, earlier: bytes | None) -> None:
        self.file = file
        self.trusted_key = key
        self.earlier_note = earlier

    @cached_property
    def members(self) -> Mapping[str, bytes]:
        return archive.read_members(self.file)

    def member(self, name: str) -> bytes:
        if name not in self.members:
            raise Malformed(f"{name}: expected in the bundle, found none")
        return self.members[name]

    @cached_property
    def manifest(self) -> JsonObject:
        return bundle.read_object(self.member(bundle.MANIFEST), bundle.MANIFEST)

    @cached_property
    def listed(self) -> list[tuple[str, str, int]]:
        rows = [fields.as_object(row, "manifest.members") for row in fields.list_(self.manifest, "members", "manifest")]
        where = "manifest.members"
        return [
            (fields.text(row, "name", where), fields.text(row, "sha256", where), fields.integer(row, "bytes", where))
            for row in rows
        ]

    @cached_property
    def incident(self) -> Incident:
        named = fields.object_(self.manifest, "incident", "manifest")
        return Incident(
            id=fields.text(named, "id", "manifest.incident"),
            key=fields.text(named, "key", "manifest.incident"),
            order=fields.text(self.manifest, "order", "manifest"),
        )

    @cached_property
    def key(self) -> PublicKey:
        return checkpoint.parse_key(fields.text(self.manifest, "key", "manifest"))

    @cached_property
    def proofs(self) -> Proofs:
        value = bundle.read_object(self.member(bundle.PROOFS), bundle.PROOFS)
        return Proofs(
            export=fields.integer(value, "export", "proofs"),
            entries={_number(key): path for key, path in _paths(value, "entries")},
            lines=dict(_paths(value, "lines")),
            checkpoints={_number(key): path for key, path in _paths(value, "checkpoints")},
        )

    @cached_property
    def signed(self) -> SignedCheckpoint:
        return checkpoint.parse(self.member(bundle.CHECKPOINT))

    @cached_property
    def entries(self) -> list[Entry]:
        return bundle.entries_in(self.members)

    @cached_property
    def lines(self) -> list[Line]:
        return bundle.lines_in(self.members)

    @cached_property
    def earlier(self) -> Mapping[int, bytes]:
        return bundle.earlier_in(self.members)

    @cached_property
    def decisions(self) -> list[JsonObject]:
        return derived.decisions_of(self.incident, self.entries)

    @cached_property
    def content_entries(self) -> list[Entry]:
        """All entries but the one that witnesses this export."""
        return [entry for entry in self.entries if entry.leaf != self.proofs.export]

    @cached_property
    def batches(self) -> list[tuple[Entry, str, int]]:
        """The log_batch entries with the stream and sequence that each names."""
        return [
            (entry, fields.text(entry.data, "stream", entry.member), fields.integer(entry.data, "seq", entry.member))
            for entry in self.entries
            if entry.kind == "log_batch"
        ]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 17:
        raise Malformed("proofs: expected a number as key")
    return int(text)


def _paths(value: JsonObject, name: str) -> Iterator[tuple[str, list[bytes]]]:
    for key, path in fields.object_(value, name, "proofs").items():
        yield key, [fields.digest(node, f"proofs.{name}") for node in fields.as_list(path, f"proofs.{name}")]
