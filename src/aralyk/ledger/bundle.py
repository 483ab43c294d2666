"""The form of a bundle: what an expert needs to check one incident without us. Specification: docs/reference/bundle.md.

    manifest.json              whose incident, which periods, every content member with its SHA-256
    entries/<leaf>.json        evidence entries, exactly as hashed          } content: listed in the manifest, and the
    frames/<stream>/<seq>/<i>.json   log lines, exactly as hashed           } manifest's own hash stands in the log (the
    checkpoints/<size>.txt     checkpoints signed before the export         } bundle_exported entry), so that nobody can
    order.json, observations.jsonl, decisions.jsonl, timeline.jsonl, README.txt } leave a line out afterwards
    entries/<leaf>.json        that bundle_exported entry itself            }
    checkpoint.txt             the signed tree that holds all of them       } proof: can only exist after the manifest
    proofs.json                inclusion and consistency paths              }
The five derived members are for people and for `aralyk replay`; a verifier makes them again from entries and lines.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from aralyk.ledger import fields
from aralyk.ledger.canonical import CanonicalError, canonical_bytes, parse_strict
from aralyk.ledger.fields import JsonObject, Malformed

FORMAT: Final = "aralyk-bundle/1"
SEALED: Final = "sealed"
MANIFEST, PROOFS, CHECKPOINT = "manifest.json", "proofs.json", "checkpoint.txt"
ORDER, OBSERVATIONS, DECISIONS = "order.json", "observations.jsonl", "decisions.jsonl"
TIMELINE, README = "timeline.jsonl", "README.txt"

MANIFEST_FIELDS: Final = frozenset(
    {"engine", "exported", "format", "incident", "key", "members", "order", "origin", "periods", "rendition"}
)
PROOFS_FIELDS: Final = frozenset({"checkpoints", "entries", "export", "lines"})
ENTRY_FIELDS: Final = frozenset({"at", "by", "data", "kind", "salt", "subject", "v"})
# The lanes of docs/reference/log.md, most urgent first.
LANES: Final = ("control", "panic", "tamper", "position", "status")
EXPORT_KIND: Final = "bundle_exported"

_ENTRY = re.compile(r"entries/(0|[1-9][0-9]{0,16})\.json")
_LINE = re.compile(r"frames/([a-z]+/[a-z0-9_-]{1,40})/([1-9][0-9]{0,17})/(0|[1-9][0-9]{0,8})\.json")
_EARLIER = re.compile(r"checkpoints/([1-9][0-9]{0,16})\.txt")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LineId:
    """Where a log line stands: the index-th line of batch `seq` of `stream`."""

    stream: str
    seq: int
    index: int

    @property
    def member(self) -> str:
        """Its name in a bundle."""
        return f"frames/{self.stream}/{self.seq}/{self.index}.json"

    @property
    def proof_key(self) -> str:
        """Its name in proofs.json."""
        return f"{self.stream}/{self.seq}/{self.index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One evidence entry: the bytes that are hashed, and what they say."""

    leaf: int
    body: bytes
    at: datetime
    by: str
    kind: str
    subject: str
    data: JsonObject

    @property
    def member(self) -> str:
        """Its name in a bundle."""
        return entry_member(self.leaf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One log line: the bytes that are hashed, and the object they are."""

    id: LineId
    body: bytes
    value: JsonObject
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Which incident: its id in the case system, and the engine's own name for it."""

    id: str
    key: str
    order: str


def entry_member(leaf: int) -> str:
    """The name of an entry's member."""
    return f"entries/{leaf}.json"


def earlier_member(size: int) -> str:
    """The name of an earlier checkpoint's member."""
    return f"checkpoints/{size}.txt"


def read_entry(leaf: int, body: bytes) -> Entry:
    """Read an entry's body.

    Raises:  Malformed: Not an entry; whether it is canonical is not asked here.
    """
    where = entry_member(leaf)
    value = read_object(body, where)
    return Entry(
        leaf=leaf,
        body=body,
        at=fields.moment(value, "at", where),
        by=fields.text(value, "by", where),
        kind=fields.text(value, "kind", where),
        subject=fields.text(value, "subject", where),
        data=fields.object_(value, "data", where),
    )


def read_line(line: LineId, body: bytes) -> Line:
    """Read a log line.

    Raises:  Malformed: Not a JSON object with the time of its receipt.
    """
    value = read_object(body, line.member)
    return Line(id=line, body=body, value=value, received_at=fields.moment(value, "received_at", line.member))


def read_object(body: bytes, where: str) -> JsonObject:
    """Read bytes that must be one JSON object.

    Raises:  Malformed: They are not.
    """
    try:
        return fields.as_object(parse_strict(body), where)
    except CanonicalError as error:
        raise Malformed(f"{where}: {error}") from error


def entries_in(members: Mapping[str, bytes]) -> list[Entry]:
    """All entries of a bundle, in the order of their leaves."""
    found = ((_ENTRY.fullmatch(name), body) for name, body in members.items())
    return sorted((read_entry(int(name[1]), body) for name, body in found if name), key=lambda entry: entry.leaf)


def lines_in(members: Mapping[str, bytes]) -> list[Line]:
    """All log lines of a bundle, in the order in which the engine hears them: receipt, lane, then place in the log."""
    found = ((_LINE.fullmatch(name), body) for name, body in members.items())
    lines = [
        read_line(LineId(stream=name[1], seq=int(name[2]), index=int(name[3])), body) for name, body in found if name
    ]
    return sorted(lines, key=heard_order)


def heard_order(line: Line) -> tuple[datetime, int, LineId]:
    """Sort key of lines: received at one moment, the more urgent lane is heard first."""
    lane = line.id.stream.partition("/")[0]
    return line.received_at, LANES.index(lane) if lane in LANES else len(LANES), line.id


def earlier_in(members: Mapping[str, bytes]) -> dict[int, bytes]:
    """The notes of earlier checkpoints by the size that their member's name claims."""
    found = ((_EARLIER.fullmatch(name), body) for name, body in members.items())
    return {int(name[1]): body for name, body in sorted(found, key=lambda f: f[1]) if name}


def content_names(names: frozenset[str], export_leaf: int) -> frozenset[str]:
    """Which members the manifest must list: all but the proof."""
    return names - {MANIFEST, PROOFS, CHECKPOINT, entry_member(export_leaf)}


def write_manifest(
    *,
    incident: Incident,
    origin: str,
    key: str,
    engine: list[str],
    periods: list[dict[str, str]],
    exported: dict[str, str],
    content: Mapping[str, bytes],
) -> bytes:
    """Write the manifest over the content members; its SHA-256 goes into the bundle_exported entry."""
    return canonical_bytes(
        {
            "engine": engine,
            "exported": exported,
            "format": FORMAT,
            "incident": {"id": incident.id, "key": incident.key},
            "key": key,
            "members": [
                {"bytes": len(content[name]), "name": name, "sha256": sha256(content[name]).hexdigest()}
                for name in sorted(content)
            ],
            "order": incident.order,
            "origin": origin,
            "periods": periods,
            "rendition": SEALED,
        }
    )


def write_proofs(
    *,
    export_leaf: int,
    entries: Mapping[int, list[bytes]],
    lines: Mapping[LineId, list[bytes]],
    checkpoints: Mapping[int, list[bytes]],
) -> bytes:
    """Write proofs.json."""

    def written(path: list[bytes]) -> list[str]:
        return [node.hex() for node in path]

    return canonical_bytes(
        {
            "checkpoints": {str(size): written(path) for size, path in checkpoints.items()},
            "entries": {str(leaf): written(path) for leaf, path in entries.items()},
            "export": export_leaf,
            "lines": {line.proof_key: written(path) for line, path in lines.items()},
        }
    )
