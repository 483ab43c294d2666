"""A small honest log with its bundle, and the zoo: bundles that must not pass, each bad in one way.

`Forger` writes the log and the bundle step by step and lets a test bend one step; it holds the signing key, so that a
bad bundle can be perfect in everything but one. `python -m tests.ledger.zoo FOLDER` writes the zoo as files.
"""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aralyk.ledger import archive, bundle, checkpoint, derived, merkle
from aralyk.ledger.bundle import Incident, LineId
from aralyk.ledger.canonical import canonical_bytes, parse_strict
from aralyk.ledger.checkpoint import Checkpoint

ORIGIN = "log.zoo.test/aralyk"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x11" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\x22" * 32)
KEY = checkpoint.public_key(ORIGIN, PRIVATE)
INCIDENT = Incident(id="6f0c1d4e-0000-4000-8000-000000000001", key="case-1/proximity/1", order="order-1")

Members = dict[str, bytes]


def at(minute: int, second: int = 0) -> str:
    return f"2026-11-21T10:{minute:02}:{second:02}.000000Z"


def salt(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()[:32]


def entry(kind: str, subject: str, minute: int, data: object, *, by: str = "system:monitor", number: int = 0) -> bytes:
    return canonical_bytes(
        {"at": at(minute), "by": by, "data": data, "kind": kind, "salt": salt(number), "subject": subject, "v": 1}
    )


def frame(device: str, minute: int, lat: float, *, number: int) -> bytes:
    message = {"accuracy_m": 8.0, "fixed_at": at(minute, 1), "lat": lat, "lon": 74.6, "source": "gnss", "valid": True}
    return canonical_bytes(
        {
            "device": device,
            "frame": "AA==",
            "kind": "frame",
            "lane": "position",
            "messages": [message],
            "protocol": "osmand",
            "received_at": at(minute, 2),
            "salt": salt(number),
        }
    )


def order_line(distance_m: int, minute: int, *, number: int) -> bytes:
    order = {
        "order_id": INCIDENT.order,
        "starts_at": at(0),
        "expires_at": at(59),
        "timezone": "Asia/Bishkek",
        "respondent": {"devices": [{"id": "respondent-1", "kind": "bracelet", "interval_s": 15}]},
        "protected": [{"id": "p1", "devices": [{"id": "protected-1", "kind": "phone", "interval_s": 15}]}],
        "conditions": [
            {"id": "c1", "kind": "proximity", "protected": "p1", "distance_m": distance_m, "warning_m": 2 * distance_m}
        ],
    }
    return canonical_bytes(
        {
            "control": {"order": order, "type": "order", "version": 1},
            "kind": "control",
            "received_at": at(minute),
            "salt": salt(number),
        }
    )


def decision(phase: str, minute: int) -> dict[str, Any]:
    def seen(device: str, lat: float) -> dict[str, object]:
        return {
            "device": device,
            "fixed_at": at(20, 1),
            "received_at": at(20, 2),
            "lat": lat,
            "lon": 74.6,
            "age_s": 1.0,
        }

    return {
        "basis": {"protected": seen("protected-1", 42.871), "respondent": seen("respondent-1", 42.87)},
        "condition": "c1",
        "decided_at": at(minute),
        "distance_m": 111.2,
        "engine": "1.0.0",
        "incident": INCIDENT.key,
        "kind": "proximity",
        "occurred_at": at(minute),
        "order_id": INCIDENT.order,
        "phase": phase,
        "priority": 1,
        "probability": 0.98,
        "reason": "distance",
    }


@dataclass
class Forger:
    """Writes a log of some 20 entries, then a bundle of it; every step can be replaced before `bundle` is called."""

    batches: dict[tuple[str, int], list[bytes]] = field(default_factory=dict)
    log: list[bytes] = field(default_factory=list)
    ours: set[int] = field(default_factory=set)
    lines: set[LineId] = field(default_factory=set)
    earlier: dict[int, bytes] = field(default_factory=dict)
    incident: Incident = INCIDENT
    private: Ed25519PrivateKey = PRIVATE
    signed_minute: int = 42
    earlier_minute: int = 22
    on_content: Callable[[Members], None] = lambda content: None
    on_manifest: Callable[[dict[str, Any]], None] = lambda manifest: None
    on_proofs: Callable[[dict[str, Any]], None] = lambda proofs: None
    on_members: Callable[[Members], None] = lambda members: None
    on_file: Callable[[bytes], bytes] = lambda file: file

    def add(self, body: bytes, *, ours: bool = True) -> int:
        self.log.append(body)
        if ours:
            self.ours.add(len(self.log) - 1)
        return len(self.log) - 1

    def add_batch(self, stream: str, seq: int, minute: int, lines: list[bytes], *, ours: tuple[int, ...]) -> int:
        self.batches[stream, seq] = lines
        self.lines |= {LineId(stream=stream, seq=seq, index=index) for index in ours}
        data = {"messages": len(lines), "root": merkle.root_of_leaves(lines).hex(), "seq": seq, "stream": stream}
        return self.add(
            entry("log_batch", f"stream:{stream}", minute, data, by="system:gateway", number=len(self.log)),
            ours=bool(ours),
        )

    def sign(self, size: int, minute: int, *, rewritten: bool = False) -> bytes:
        log = [b"another past", *self.log[1:size]] if rewritten else self.log[:size]
        content = Checkpoint(origin=ORIGIN, size=size, root=merkle.root_of_leaves(log), at=at(minute))
        return checkpoint.sign(content, name=ORIGIN, private=self.private)

    def content(self) -> Members:
        content = {bundle.entry_member(leaf): self.log[leaf] for leaf in self.ours}
        content |= {line.member: self.batches[line.stream, line.seq][line.index] for line in self.lines}
        content |= {bundle.earlier_member(size): note for size, note in self.earlier.items()}
        entries, lines = bundle.entries_in(content), bundle.lines_in(content)
        decisions = derived.decisions_of(self.incident, entries)
        content[bundle.ORDER] = canonical_bytes(derived.order_in_force(self.incident, lines, decisions))
        content[bundle.OBSERVATIONS] = derived.json_lines(derived.observations_of(lines))
        content[bundle.DECISIONS] = derived.json_lines(decisions)
        content[bundle.TIMELINE] = derived.json_lines(derived.timeline_of(self.incident, entries))
        content[bundle.README] = derived.readme_of(self.incident, decisions, lines)
        return content

    def bundle(self) -> bytes:
        content = self.content()
        self.on_content(content)
        decisions = derived.decisions_of(self.incident, bundle.entries_in(content))
        manifest_bytes = bundle.write_manifest(
            incident=self.incident,
            origin=ORIGIN,
            key=checkpoint.public_key(ORIGIN, self.private).line(),
            engine=derived.engine_versions(decisions),
            periods=derived.periods_of(decisions),
            exported={"at": at(40), "by": "user:7"},
            content=content,
        )
        manifest: Any = parse_strict(manifest_bytes)
        self.on_manifest(manifest)
        manifest_bytes = canonical_bytes(manifest)
        export = self.witness(manifest_bytes)
        members = content | {
            bundle.MANIFEST: manifest_bytes,
            bundle.entry_member(export): self.log[export],
            bundle.CHECKPOINT: self.sign(len(self.log), self.signed_minute),
            bundle.PROOFS: self.proofs(export),
        }
        self.on_members(members)
        return self.on_file(archive.write_archive(members))

    def witness(self, manifest: bytes) -> int:
        data = {"manifest_sha256": sha256(manifest).hexdigest(), "rendition": "sealed"}
        return self.add(
            entry("bundle_exported", f"incident:{self.incident.id}", 40, data, by="user:7", number=99), ours=False
        )

    def proofs(self, export: int) -> bytes:
        node = merkle.node_reader([merkle.leaf_hash(body) for body in self.log])
        size = len(self.log)

        def line_path(line: LineId) -> list[bytes]:
            hashes = [merkle.leaf_hash(body) for body in self.batches[line.stream, line.seq]]
            return merkle.inclusion_proof(line.index, len(hashes), merkle.node_reader(hashes))

        written: Any = parse_strict(
            bundle.write_proofs(
                export_leaf=export,
                entries={leaf: merkle.inclusion_proof(leaf, size, node) for leaf in {*self.ours, export}},
                lines={line: line_path(line) for line in self.lines},
                checkpoints={old: merkle.consistency_proof(old, size, node) for old in self.earlier},
            )
        )
        self.on_proofs(written)
        return canonical_bytes(written)


def honest() -> Forger:
    """An order told, two approaching devices, a decision, a person who answers."""
    forger = Forger()
    noise = [frame("stranger-1", 1, 40.5, number=1000 + i) for i in range(3)]
    forger.add(entry("settings", "process:gateway", 0, {}, by="system:gateway", number=1), ours=False)
    forger.add(entry("order_issued", f"order:{INCIDENT.order}", 1, {"version": 1}, by="user:3", number=2))
    forger.add_batch("control/c", 1, 1, [order_line(300, 1, number=3)], ours=(0,))
    forger.add_batch("position/g1", 1, 2, noise, ours=())
    mixed = [noise[0], frame("respondent-1", 20, 42.87, number=4), noise[1], frame("protected-1", 20, 42.871, number=5)]
    forger.add_batch("position/g1", 2, 20, mixed, ours=(1, 3))
    forger.add(entry("step", "shard:0", 20, {"step": 5}, number=6))
    forger.add(entry("decision", f"incident:{INCIDENT.id}", 20, decision("open", 20), number=7))
    raised = forger.add(entry("incident_raised", f"incident:{INCIDENT.id}", 20, {"priority": 1}, number=8))
    forger.earlier[raised + 1] = forger.sign(raised + 1, forger.earlier_minute)
    forger.add(entry("settings", "process:console", 23, {}, by="system:console", number=9), ours=False)
    forger.add(entry("incident_acknowledged", f"incident:{INCIDENT.id}", 24, {}, by="user:5", number=10))
    forger.add_batch("position/g1", 3, 30, [frame("respondent-1", 25, 42.9, number=11)], ours=(0,))
    forger.add(entry("decision", f"incident:{INCIDENT.id}", 30, decision("close", 30), number=12))
    forger.add(
        entry("incident_closed", f"incident:{INCIDENT.id}", 31, {"outcome": "no_pursuit"}, by="user:5", number=13)
    )
    return forger


def rewrite(forger: Forger, leaf: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change an entry in the log itself, before anything is signed."""
    value: Any = copy.deepcopy(parse_strict(forger.log[leaf]))
    change(value)
    forger.log[leaf] = canonical_bytes(value)
    forger.earlier = {size: forger.sign(size, forger.earlier_minute) for size in forger.earlier}


def leaf_of(forger: Forger, kind: str) -> int:
    return next(leaf for leaf, body in enumerate(forger.log) if f'"kind":"{kind}"'.encode() in body)


@dataclass(frozen=True, kw_only=True)
class Animal:
    """One bad bundle: the one check that must find it, and the story."""

    check: int
    story: str
    build: Callable[[], bytes]
    reader_keeps: bytes | None = None


def _bent(bend: Callable[[Forger], None]) -> Callable[[], bytes]:
    def build() -> bytes:
        forger = honest()
        bend(forger)
        return forger.bundle()

    return build


def _change_json(members: Members, name: str, change: Callable[[Any], None]) -> None:
    value = parse_strict(members[name])
    change(value)
    members[name] = canonical_bytes(value)


def hidden_bytes(forger: Forger) -> None:
    forger.on_file = lambda file: file + b"hidden"


def another_date(forger: Forger) -> None:
    forger.on_file = lambda file: file.replace(b"\x00\x00\x21\x00", b"\x01\x00\x21\x00", 1)


def unknown_field(forger: Forger) -> None:
    forger.on_manifest = lambda manifest: manifest.update(remark="guilty")


def other_rendition(forger: Forger) -> None:
    def serve(manifest: dict[str, Any]) -> None:
        manifest["rendition"] = "served"

    def witness(manifest: bytes) -> int:
        data = {"manifest_sha256": sha256(manifest).hexdigest(), "rendition": "served"}
        return forger.add(entry("bundle_exported", f"incident:{INCIDENT.id}", 40, data, by="user:7"), ours=False)

    forger.on_manifest = serve
    forger.witness = witness  # type: ignore[method-assign]


def stowaway_in_the_proofs(forger: Forger) -> None:
    forger.on_proofs = lambda proofs: proofs["entries"].update({"3": ["00" * 32]})


def added_file(forger: Forger) -> None:
    forger.on_members = lambda members: members.update({"statement.txt": b"he was there"})


def file_left_out_of_the_manifest_twice(forger: Forger) -> None:
    forger.on_manifest = lambda manifest: manifest["members"].append(manifest["members"][-1])


def wrong_digest(forger: Forger) -> None:
    forger.on_manifest = lambda manifest: manifest["members"][0].update(sha256="0" * 64)


def strangers_key(forger: Forger) -> None:
    forger.private = STRANGER
    forger.earlier = {size: forger.sign(size, forger.earlier_minute) for size in forger.earlier}


def unsigned(forger: Forger) -> None:
    def swap(members: Members) -> None:
        signed = checkpoint.parse(members[bundle.CHECKPOINT]).checkpoint
        note = checkpoint.sign(signed, name=ORIGIN, private=STRANGER)
        members[bundle.CHECKPOINT] = note

    forger.on_members = swap


def entry_with_a_second_reading(forger: Forger) -> None:
    leaf = leaf_of(forger, "incident_closed")
    forger.log[leaf] = forger.log[leaf].replace(b'"outcome":', b'"outcome": ')


def entry_without_salt(forger: Forger) -> None:
    rewrite(forger, leaf_of(forger, "incident_closed"), lambda value: value.update(salt="short"))


def changed_entry(forger: Forger) -> None:
    leaf = leaf_of(forger, "incident_closed")
    forger.content = _content_with(forger, leaf, b'"no_pursuit"', b'"technical"')  # type: ignore[method-assign]


def moved_entry(forger: Forger) -> None:
    leaf = leaf_of(forger, "incident_closed")
    honest_content = forger.content

    def content() -> Members:
        log, forger.log = forger.log, [*forger.log, forger.log[leaf]]
        ours, forger.ours = forger.ours, (forger.ours - {leaf}) | {len(log) + 3}
        forger.log += [forger.log[leaf]] * 4
        made = honest_content()
        forger.log, forger.ours = log, ours
        return made

    def proofs(written: dict[str, Any]) -> None:
        written["entries"][str(len(forger.log) - 1 + 3)] = written["entries"].pop(str(leaf))

    forger.content = content  # type: ignore[method-assign]
    forger.on_proofs = proofs


def selection_after_the_fact(forger: Forger) -> None:
    """The log witnesses a fuller selection; a line was left out of the bundle afterwards."""
    fuller = honest()
    fuller.lines |= {LineId(stream="position/g1", seq=2, index=0)}
    witnessed = archive.read_members(fuller.bundle())[bundle.MANIFEST]
    honest_witness = forger.witness
    forger.witness = lambda manifest: honest_witness(witnessed)  # type: ignore[method-assign]


def exported_by_another(forger: Forger) -> None:
    forger.on_manifest = lambda manifest: manifest["exported"].update(by="user:8")


def changed_line(forger: Forger) -> None:
    lines = forger.batches["position/g1", 2]
    line = lines[1].replace(b'"accuracy_m":8.0', b'"accuracy_m":3.0')
    forger.batches["position/g1", 2] = [lines[0], line, *lines[2:]]


def line_of_another_place(forger: Forger) -> None:
    body = forger.batches["position/g1", 2][1]
    forger.batches["position/g1", 2] += [body]
    forger.lines |= {LineId(stream="position/g1", seq=2, index=4)}


def batch_put_in_later(forger: Forger) -> None:
    forger.add_batch("position/g1", 1, 30, [frame("respondent-1", 21, 42.87, number=60)], ours=(0,))


def forward_dated(forger: Forger) -> None:
    rewrite(forger, leaf_of(forger, "incident_closed"), lambda value: value.update(at=at(55)))


def back_dated(forger: Forger) -> None:
    rewrite(forger, leaf_of(forger, "incident_acknowledged"), lambda value: value.update(at=at(20, 5)))


def another_cases_entry(forger: Forger) -> None:
    forger.add(entry("incident_noted", "incident:another", 32, {}, by="user:5", number=70))


def another_persons_line(forger: Forger) -> None:
    forger.lines |= {LineId(stream="position/g1", seq=3, index=0)}
    forger.add_batch("position/g1", 4, 30, [frame("stranger-1", 25, 42.9, number=71)], ours=(0,))


def line_from_before_the_order(forger: Forger) -> None:
    """The device was another person's then; the log tells the order later than the line was received."""
    early = honest()
    forger.batches, forger.log = {}, [*early.log[:1]]
    forger.ours, forger.lines, forger.earlier = set(), set(), {}
    forger.add_batch("position/g1", 1, 18, [frame("respondent-1", 18, 42.8, number=73)], ours=(0,))
    forger.add_batch("control/c", 1, 19, [order_line(300, 19, number=3)], ours=(0,))
    seen = [frame("respondent-1", 20, 42.87, number=4), frame("protected-1", 20, 42.871, number=5)]
    forger.add_batch("position/g1", 2, 20, seen, ours=(0, 1))
    forger.add(entry("decision", f"incident:{INCIDENT.id}", 20, decision("open", 20), number=7))


def line_from_after_the_orders_end(forger: Forger) -> None:
    ended = canonical_bytes(
        {
            "control": {"ended_at": at(28), "order_id": INCIDENT.order, "type": "order_ended"},
            "kind": "control",
            "received_at": at(28),
            "salt": salt(74),
        }
    )
    forger.add_batch("control/c", 2, 30, [ended], ours=(0,))
    forger.add_batch("position/g1", 4, 30, [frame("respondent-1", 29, 42.8, number=75)], ours=(0,))


def device_of_another_order(forger: Forger) -> None:
    data = {"order": "order-2", "party": "respondent"}
    forger.add(entry("device_assigned", "device:respondent-1", 30, data, by="user:5", number=76))


def decision_from_another_place(forger: Forger) -> None:
    for leaf in [leaf for leaf, body in enumerate(forger.log) if b'"kind":"decision"' in body]:
        rewrite(forger, leaf, lambda value: value["data"]["basis"]["respondent"].update(lat=42.869))


def batch_without_a_line(forger: Forger) -> None:
    forger.ours.add(next(leaf for leaf in range(len(forger.log)) if leaf not in forger.ours and leaf > 0))


def shorter_period(forger: Forger) -> None:
    def shorten(manifest: dict[str, Any]) -> None:
        manifest["periods"][0]["from"] = at(15)

    forger.on_manifest = shorten


def other_engine(forger: Forger) -> None:
    forger.on_manifest = lambda manifest: manifest.update(engine=["2.0.0"])


def line_outside_the_periods(forger: Forger) -> None:
    forger.add_batch("position/g1", 5, 30, [frame("respondent-1", 2, 42.8, number=72)], ours=(0,))


def other_order(forger: Forger) -> None:
    def widen(content: Members) -> None:
        _change_json(content, bundle.ORDER, lambda order: order["conditions"][0].update(distance_m=800))

    forger.on_content = widen


def other_observations(forger: Forger) -> None:
    def add(content: Members) -> None:
        content[bundle.OBSERVATIONS] += content[bundle.OBSERVATIONS].splitlines(keepends=True)[0]

    forger.on_content = add


def other_decisions(forger: Forger) -> None:
    def drop(content: Members) -> None:
        content[bundle.DECISIONS] = content[bundle.DECISIONS].splitlines(keepends=True)[0]

    forger.on_content = drop


def decision_under_another_order(forger: Forger) -> None:
    for leaf in [leaf for leaf, body in enumerate(forger.log) if b'"kind":"decision"' in body]:
        rewrite(forger, leaf, lambda value: value["data"].update(order_id="order-2"))


def decision_from_nothing(forger: Forger) -> None:
    forger.lines -= {LineId(stream="position/g1", seq=2, index=3)}


def other_timeline(forger: Forger) -> None:
    def hasten(content: Members) -> None:
        content[bundle.TIMELINE] = content[bundle.TIMELINE].replace(at(24).encode(), at(21).encode())

    forger.on_content = hasten


def other_readme(forger: Forger) -> None:
    def rename(content: Members) -> None:
        content[bundle.README] = content[bundle.README].replace(b"proximity", b"attack")

    forger.on_content = rename


def rewritten_past(forger: Forger) -> None:
    forger.earlier = {size: forger.sign(size, forger.earlier_minute, rewritten=True) for size in forger.earlier}


def earlier_checkpoint_of_a_stranger(forger: Forger) -> None:
    forger.private = STRANGER
    forger.earlier = {size: forger.sign(size, forger.earlier_minute) for size in forger.earlier}
    forger.private = PRIVATE


def _content_with(forger: Forger, leaf: int, old: bytes, new: bytes) -> Callable[[], Members]:
    honest_content = forger.content

    def content() -> Members:
        true = forger.log[leaf]
        forger.log[leaf] = true.replace(old, new)
        made = honest_content()
        forger.log[leaf] = true
        return made

    return content


def _fork() -> bytes:
    forger = honest()
    (size,) = forger.earlier
    return forger.sign(size, forger.earlier_minute, rewritten=True)


def _unproven() -> bytes:
    forger = honest()
    return forger.sign(4, forger.earlier_minute)


BENDS: list[tuple[int, Callable[[Forger], None]]] = [
    (1, hidden_bytes),
    (1, another_date),
    (2, unknown_field),
    (2, other_rendition),
    (3, stowaway_in_the_proofs),
    (4, added_file),
    (4, file_left_out_of_the_manifest_twice),
    (5, wrong_digest),
    (6, strangers_key),
    (7, unsigned),
    (8, entry_with_a_second_reading),
    (8, entry_without_salt),
    (9, changed_entry),
    (9, moved_entry),
    (10, selection_after_the_fact),
    (10, exported_by_another),
    (11, changed_line),
    (11, line_of_another_place),
    (12, batch_put_in_later),
    (13, forward_dated),
    (13, back_dated),
    (14, another_cases_entry),
    (14, another_persons_line),
    (14, batch_without_a_line),
    (14, line_from_before_the_order),
    (14, line_from_after_the_orders_end),
    (14, device_of_another_order),
    (15, shorter_period),
    (15, other_engine),
    (15, line_outside_the_periods),
    (16, other_order),
    (17, other_observations),
    (18, other_decisions),
    (18, decision_under_another_order),
    (19, decision_from_nothing),
    (19, decision_from_another_place),
    (20, other_timeline),
    (21, other_readme),
    (22, rewritten_past),
    (22, earlier_checkpoint_of_a_stranger),
]
ZOO: list[Animal] = [
    *(Animal(check=check, story=bend.__name__, build=_bent(bend)) for check, bend in BENDS),
    Animal(check=23, story="the_reader_kept_another_past", build=lambda: honest().bundle(), reader_keeps=_fork()),
    Animal(
        check=23, story="no_path_from_what_the_reader_kept", build=lambda: honest().bundle(), reader_keeps=_unproven()
    ),
]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.vkey").write_text(KEY.line() + "\n")
    (folder / "honest.zip").write_bytes(honest().bundle())
    for animal in ZOO:
        (folder / f"{animal.check:02}-{animal.story}.zip").write_bytes(animal.build())
        if animal.reader_keeps is not None:
            (folder / f"{animal.check:02}-{animal.story}.checkpoint").write_bytes(animal.reader_keeps)
