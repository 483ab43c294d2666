"""The numbered checks of a bundle. docs/reference/bundle.md lists them under the same numbers, with what each excludes.

A check looks at one thing, says what it expected and what it found, and knows nothing of the others: removing any one
lets a bundle of the zoo (tests/ledger/zoo.py) pass that must not. Whatever can't be read fails the check that needed
it, so `ValueError` (all of our readers' errors are that) ends in a failed check with its message. Outcomes quote
numbers, names of members and hashes, never places.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Final

from aralyk.ledger import archive, bundle, checkpoint, derived, fields, merkle
from aralyk.ledger.bundle import Entry, Line
from aralyk.ledger.canonical import canonical_bytes, parse_canonical
from aralyk.ledger.case import Case, Proofs
from aralyk.ledger.checkpoint import PublicKey, SignedCheckpoint
from aralyk.ledger.fields import JsonObject
from aralyk.ledger.merkle import leaf_hash

# Processes have clocks of their own, and an entry waits a moment for its leaf; more than this nobody can explain.
CLOCK_SKEW: Final = timedelta(seconds=60)
# The engine keeps places in 1e-7 degrees and rounds to that: one centimetre.
ROUNDING_DEG: Final = 2e-7
ENTRY_VERSION: Final = 1
SALT_DIGITS: Final = 32


class Status(Enum):
    """How a check ended."""

    HOLDS = "holds"
    FAILED = "FAILED"
    NOT_ASKED = "not asked"  # the reader gave nothing to check against


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one check expected and what it found."""

    status: Status
    expected: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One numbered check."""

    number: int
    title: str
    run: Callable[[Case], Outcome]


def check_archive(case: Case) -> Outcome:
    """1: no byte of the file but its members. Excludes hidden or added bytes, changed dates, other spellings."""
    again = archive.write_archive(case.members)
    return _compare(_sha(again), _sha(case.file), "the bytes that its members give")


def check_manifest(case: Case) -> Outcome:
    """2: the manifest is of this format. Excludes unknown fields and a rendition that is not the sealed one."""
    value = fields.as_object(parse_canonical(case.member(bundle.MANIFEST)), "manifest")
    fields.only(value, bundle.MANIFEST_FIELDS, "manifest")
    fields.only(fields.object_(value, "incident", "manifest"), frozenset({"id", "key"}), "manifest.incident")
    fields.only(fields.object_(value, "exported", "manifest"), frozenset({"at", "by"}), "manifest.exported")
    for row in fields.list_(value, "members", "manifest"):
        fields.only(
            fields.as_object(row, "manifest.members"), frozenset({"bytes", "name", "sha256"}), "manifest.members"
        )
    found = f"{fields.text(value, 'format', 'manifest')}, {fields.text(value, 'rendition', 'manifest')}"
    return _compare(f"{bundle.FORMAT}, {bundle.SEALED}", found, "canonical, no unknown field")


def check_proofs(case: Case) -> Outcome:
    """3: proofs.json is of this format and has one path for each thing to prove. Excludes stowaways in the proof."""
    value = fields.as_object(parse_canonical(case.member(bundle.PROOFS)), "proofs")
    fields.only(value, bundle.PROOFS_FIELDS, "proofs")
    paths = [*case.proofs.entries, *case.proofs.lines, *case.proofs.checkpoints]
    things = [*(entry.leaf for entry in case.entries), *(line.id.proof_key for line in case.lines), *case.earlier]
    surplus = Counter(paths) - Counter(things)
    return _outcome(not surplus, "canonical, a path only for what is here", f"{surplus.total()} paths for nothing")


def check_members(case: Case) -> Outcome:
    """4: the members are those that the manifest lists, each once. Excludes added and removed files."""
    listed = [name for name, _, _ in case.listed]
    present = bundle.content_names(frozenset(case.members), case.proofs.export)
    missing, added = set(listed) - present, present - set(listed)
    ordered = listed == sorted(set(listed))
    found = f"{len(present)} present, {len(missing)} missing, {len(added)} not listed"
    return _outcome(not missing and not added and ordered, f"{len(listed)} listed in order, all present", found)


def check_digests(case: Case) -> Outcome:
    """5: each member has the length and SHA-256 of the manifest."""
    wrong = [
        name
        for name, digest, size in case.listed
        if name in case.members and (_sha(case.members[name]), len(case.members[name])) != (digest, size)
    ]
    return _none_of("members differ from the manifest", wrong)


def check_key(case: Case) -> Outcome:
    """6: the bundle names the key that its reader trusts. Without one, everything below is only self-consistency."""
    if case.trusted_key is None:
        return Outcome(
            status=Status.NOT_ASKED,
            expected="a key that you got beforehand (--key FILE)",
            found=f"only the key inside the bundle, {case.key.name} {case.key.fingerprint}",
        )
    return _compare(_named(case.trusted_key), _named(case.key), "the trusted key")


def check_checkpoint(case: Case) -> Outcome:
    """7: the checkpoint is signed by the bundle's key, once, for its log."""
    signers = len(case.signed.signatures)
    if signers != 1:
        return _outcome(False, "one signature", f"{signers}")
    origin = fields.text(case.manifest, "origin", "manifest")
    if (origin, origin) != (case.key.name, case.signed.checkpoint.origin):
        return _outcome(False, f"origin {case.key.name}", f"{origin} and {case.signed.checkpoint.origin}")
    holds = case.signed.signed_by(case.key)
    return _outcome(holds, f"signed by {case.key.name}", f"a signature that {'holds' if holds else 'does not hold'}")


def check_entries(case: Case) -> Outcome:
    """8: each entry is canonical, has exactly the fields of version 1, and a salt. Excludes two readings of one."""
    return _none_of("entries are not in their form", [entry.member for entry in case.entries if not _is_entry(entry)])


def check_inclusion(case: Case) -> Outcome:
    """9: each entry stands in the signed tree at its place. Excludes any changed, invented or moved entry."""
    tree = case.signed.checkpoint
    wrong = [
        entry.member
        for entry in case.entries
        if not merkle.verify_inclusion(
            index=entry.leaf,
            size=tree.size,
            leaf=leaf_hash(entry.body),
            path=case.proofs.entries.get(entry.leaf, []),
            root=tree.root,
        )
    ]
    if not case.entries:
        return _outcome(False, "entries", "none")
    return _none_of(f"entries of {len(case.entries)} are not in the tree of {tree.size}", wrong)


def check_export(case: Case) -> Outcome:
    """10: the log itself holds this manifest's hash. Excludes a bundle from which something was left out afterwards."""
    entry = next((entry for entry in case.entries if entry.leaf == case.proofs.export), None)
    if entry is None or entry.kind != bundle.EXPORT_KIND:
        return _outcome(False, f"an entry {bundle.EXPORT_KIND} at leaf {case.proofs.export}", "none")
    exported = fields.object_(case.manifest, "exported", "manifest")
    expected = {
        "at": derived.written(entry.at),
        "by": entry.by,
        "manifest": fields.text(entry.data, "manifest_sha256", entry.member),
        "of": entry.subject,
        "rendition": fields.text(entry.data, "rendition", entry.member),
    }
    found = {
        "at": fields.text(exported, "at", "manifest.exported"),
        "by": fields.text(exported, "by", "manifest.exported"),
        "manifest": _sha(case.member(bundle.MANIFEST)),
        "of": f"incident:{case.incident.id}",
        "rendition": fields.text(case.manifest, "rendition", "manifest"),
    }
    return _compare(_flat(expected), _flat(found), f"as in {entry.member}")


def check_lines(case: Case) -> Outcome:
    """11: each log line stands in the batch whose root the log holds. Excludes changed, invented and moved lines."""
    batches = {(stream, seq): entry for entry, stream, seq in case.batches}
    wrong = [line.id.member for line in case.lines if not _stands_in(line, batches, case.proofs)]
    return _none_of(f"lines of {len(case.lines)} are not in their batches", wrong)


def check_streams(case: Case) -> Outcome:
    """12: within a stream, batches stand in the log in the order of their numbers. Excludes a batch put in later."""
    last: dict[str, int] = {}
    wrong = []
    for entry, stream, seq in case.batches:
        if seq <= last.get(stream, 0):
            wrong.append(entry.member)
        last[stream] = seq
    return _none_of("batches are out of order", wrong)


def check_times(case: Case) -> Outcome:
    """13: no entry is dated after the checkpoint that holds it, no person's act before a checkpoint without it."""
    signed_at = fields.as_moment(case.signed.checkpoint.at, "checkpoint")
    earlier = [(size, fields.as_moment(checkpoint.parse(note).checkpoint.at, "checkpoint"))
               for size, note in case.earlier.items()]  # fmt: skip
    wrong = [entry.member for entry in case.entries if not _is_timely(entry, signed_at, earlier)]
    return _none_of(f"entries claim a time that their place in the log excludes (± {CLOCK_SKEW.seconds} s)", wrong)


def check_belonging(case: Case) -> Outcome:
    """14: every entry and line is of this case. Excludes other people's data and borrowed evidence."""
    watches = derived.watches_of(case.incident, case.lines)
    devices = {device for watch in watches for device in watch.devices}
    streams = {(line.id.stream, line.id.seq) for line in case.lines}
    batches = {entry.leaf: (stream, seq) for entry, stream, seq in case.batches}
    subjects = {f"incident:{case.incident.id}", f"incident:{case.incident.key}", f"order:{case.incident.order}"}
    subjects |= {f"device:{device}" for device in devices}
    wrong = [line.id.member for line in case.lines if not derived.is_of_case(line, case.incident, watches)]
    for entry in case.entries:
        ours = batches[entry.leaf] in streams if entry.leaf in batches else entry.subject in subjects
        foreign = entry.data.get("order", case.incident.order) != case.incident.order
        if foreign or not (ours or (entry.kind == "step" and entry.subject.startswith("shard:"))):
            wrong.append(entry.member)
    return _none_of("entries or lines are of another case", wrong)


def check_periods(case: Case) -> Outcome:
    """15: the periods and engine versions follow from the decisions, and every device's line lies in the periods."""
    periods = derived.periods_of(case.decisions)
    expected = _flat({"engine": derived.engine_versions(case.decisions), "periods": periods})
    found = _flat({"engine": case.manifest.get("engine"), "periods": case.manifest.get("periods")})
    if expected != found:
        return _outcome(False, expected, found)
    stretches = [(fields.moment(p, "from", "periods"), fields.moment(p, "to", "periods")) for p in periods]
    outside = [
        line.id.member
        for line in case.lines
        if line.value.get("kind") == "frame" and not any(start <= line.received_at <= end for start, end in stretches)
    ]
    return _none_of("lines lie outside the periods", outside)


def check_order(case: Case) -> Outcome:
    """16: order.json is the order that the engine had been told when it first decided."""
    made = canonical_bytes(derived.order_in_force(case.incident, case.lines, case.decisions))
    return _compare(_sha(made), _sha(case.member(bundle.ORDER)), "the order in the control lines")


def check_observations(case: Case) -> Outcome:
    """17: observations.jsonl says what the frame lines say."""
    made = derived.json_lines(derived.observations_of(case.lines))
    return _compare(_sha(made), _sha(case.member(bundle.OBSERVATIONS)), "made again from the lines")


def check_decisions(case: Case) -> Outcome:
    """18: decisions.jsonl holds the witnessed decisions on this incident under this order, at least one."""
    orders = {fields.text(decision, "order_id", "decision") for decision in case.decisions}
    if orders != {case.incident.order}:
        return _outcome(False, "decisions under the order of the manifest", f"{len(orders)} orders")
    made = derived.json_lines(case.decisions)
    return _compare(_sha(made), _sha(case.member(bundle.DECISIONS)), "made again from the entries")


def check_basis(case: Case) -> Outcome:
    """19: each observation that a decision rests on is among the lines. Excludes a decision from nothing."""
    heard: dict[tuple[str, datetime], list[JsonObject]] = {}
    for observation in derived.observations_of(case.lines):
        heard.setdefault(_receipt(observation), []).append(observation)
    bases = [seen for decision in case.decisions for seen in derived.basis_of(decision)]
    missing = [seen for seen in bases if not any(_same_place(seen, said) for said in heard.get(_receipt(seen), []))]
    return _outcome(not missing, f"{len(bases)} observations named as basis, all heard", f"{len(missing)} not heard")


def check_timeline(case: Case) -> Outcome:
    """20: timeline.jsonl says what the entries say."""
    made = derived.json_lines(derived.timeline_of(case.incident, case.content_entries))
    return _compare(_sha(made), _sha(case.member(bundle.TIMELINE)), "made again from the entries")


def check_readme(case: Case) -> Outcome:
    """21: README.txt says what the entries say."""
    made = derived.readme_of(case.incident, case.decisions, case.lines)
    return _compare(_sha(made), _sha(case.member(bundle.README)), "made again from the entries")


def check_earlier(case: Case) -> Outcome:
    """22: the checkpoints signed before the export are the beginning of the signed tree. Excludes a rewritten past."""
    wrong = [
        bundle.earlier_member(size)
        for size, note in case.earlier.items()
        if not _is_beginning(case, size, checkpoint.parse(note))
    ]
    return _none_of(f"of {len(case.earlier)} earlier checkpoints are not its beginning", wrong)


def check_readers_checkpoint(case: Case) -> Outcome:
    """23: the checkpoint that the reader kept (--earlier) is the beginning of the signed tree."""
    if case.earlier_note is None:
        return Outcome(
            status=Status.NOT_ASKED,
            expected="a checkpoint that you kept yourself (--earlier FILE)",
            found="none; a log rewritten before this export would not be noticed",
        )
    kept = checkpoint.parse(case.earlier_note)
    size = kept.checkpoint.size
    if size != case.signed.checkpoint.size and size not in case.proofs.checkpoints:
        return _outcome(
            False, f"a path from your tree of {size} leaves", "none: ask for an export with --earlier your checkpoint"
        )
    holds = _is_beginning(case, size, kept)
    return _outcome(holds, f"your tree of {size} leaves is its beginning", "it is" if holds else "it is NOT: a fork")


CHECKS: Final[tuple[Check, ...]] = tuple(
    Check(number=number, title=title, run=run)
    for number, (title, run) in enumerate(
        (
            ("The file holds its members and not a byte more", check_archive),
            ("The manifest is of a known format", check_manifest),
            ("The proofs are of a known format", check_proofs),
            ("The files are those that the manifest lists", check_members),
            ("Each file has the SHA-256 of the manifest", check_digests),
            ("The log's key is the one you trust", check_key),
            ("The checkpoint is signed by the log's key", check_checkpoint),
            ("Each entry has the one form of an entry", check_entries),
            ("Each entry stands in the signed log", check_inclusion),
            ("The log witnesses this very selection", check_export),
            ("Each line stands in a batch of the log", check_lines),
            ("Batches stand in the order of their numbers", check_streams),
            ("No entry is back-dated or forward-dated", check_times),
            ("Nothing is of another case", check_belonging),
            ("The periods are those the decisions demand", check_periods),
            ("The order is the one the engine was told", check_order),
            ("The observations are those of the lines", check_observations),
            ("The decisions are those of the log", check_decisions),
            ("What the decisions rest on was heard", check_basis),
            ("The time line is that of the entries", check_timeline),
            ("The README says what the entries say", check_readme),
            ("Checkpoints before the export are its past", check_earlier),
            ("The checkpoint you kept is its past", check_readers_checkpoint),
        ),
        start=1,
    )
)


def _outcome(holds: bool, expected: str, found: str) -> Outcome:
    return Outcome(status=Status.HOLDS if holds else Status.FAILED, expected=expected, found=found)


def _compare(expected: str, found: str, what: str) -> Outcome:
    return _outcome(expected == found, f"{what}: {expected}", found)


def _none_of(what: str, wrong: list[str]) -> Outcome:
    first = f", the first is {wrong[0]}" if wrong else ""
    return _outcome(not wrong, f"0 {what}", f"{len(wrong)}{first}")


def _sha(data: bytes) -> str:
    return sha256(data).hexdigest()


def _flat(value: object) -> str:
    return canonical_bytes(value).decode()


def _named(key: PublicKey) -> str:
    return f"{key.name} {key.fingerprint}"


def _is_entry(entry: Entry) -> bool:
    try:
        value = fields.as_object(parse_canonical(entry.body), entry.member)
        salt = fields.text(value, "salt", entry.member)
        version = fields.integer(value, "v", entry.member)
    except ValueError:
        return False
    return (
        value.keys() == bundle.ENTRY_FIELDS
        and version == ENTRY_VERSION
        and value["at"] == derived.written(entry.at)
        and len(salt) == SALT_DIGITS
    )


def _stands_in(line: Line, batches: Mapping[tuple[str, int], Entry], proofs: Proofs) -> bool:
    entry = batches.get((line.id.stream, line.id.seq))
    return entry is not None and merkle.verify_inclusion(
        index=line.id.index,
        size=fields.integer(entry.data, "messages", entry.member),
        leaf=leaf_hash(line.body),
        path=proofs.lines.get(line.id.proof_key, []),
        root=fields.digest(fields.member(entry.data, "root", entry.member), entry.member),
    )


def _is_timely(entry: Entry, signed_at: datetime, earlier: Iterable[tuple[int, datetime]]) -> bool:
    """Devices' lines may wait for the database, the monitor may catch up; a person's act is written when done."""
    if entry.at > signed_at + CLOCK_SKEW:
        return False
    if not entry.by.startswith("user:"):
        return True
    return all(entry.at >= at - CLOCK_SKEW for size, at in earlier if entry.leaf >= size)


def _receipt(observation: JsonObject) -> tuple[str, datetime]:
    return fields.text(observation, "device", "observation"), fields.moment(observation, "received_at", "observation")


def _same_place(seen: JsonObject, said: JsonObject) -> bool:
    """A decision rounds its basis; both without a place agree, too."""
    return all(_close(seen.get(name), said.get(name)) for name in ("lat", "lon"))


def _close(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= ROUNDING_DEG
    return one is other is None


def _is_beginning(case: Case, size: int, old: SignedCheckpoint) -> bool:
    """Signed by the same key for the same log, of the size it is filed under, and consistent with the signed tree."""
    new = case.signed.checkpoint
    return (
        old.checkpoint.size == size
        and old.checkpoint.origin == new.origin
        and old.signed_by(case.key)
        and merkle.verify_consistency(
            old_size=size,
            old_root=old.checkpoint.root,
            new_size=new.size,
            new_root=new.root,
            path=case.proofs.checkpoints.get(size, []),
        )
    )
