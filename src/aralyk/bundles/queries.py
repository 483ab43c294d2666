"""Collects what belongs to one incident, by the same rules by which a verifier later checks that nothing else is in it.

Reads tables and never the case system's models: a bundle is made of logged bytes alone. Permission is the caller's to
ask before (the sealed rendition holds her places): the console does it by fetching the incident, the command line
belongs to the machine's administrator, and every export is witnessed with who asked and why.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from aralyk.bundles.errors import NoSuchIncident
from aralyk.ledger import bundle, derived, fields, merkle
from aralyk.ledger.bundle import Incident, Line, LineId
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.derived import Watch

Cursor = psycopg.Cursor[tuple[Any, ...]]

# A batch carries the time of its newest line; a line of it was received at most so much earlier.
BATCH_SPAN: Final = timedelta(minutes=1)
ROWS_AT_ONCE: Final = 200  # payloads fetched together: tens of megabytes at the highest rates
_STEPS_NEAR: Final = 20


@dataclass(slots=True, kw_only=True)
class Collected:
    """What one incident's bundle is made of, before leaf indexes: entries by id, lines with their paths."""

    incident: Incident
    entries: dict[int, bytes] = field(default_factory=dict)
    lines: dict[LineId, bytes] = field(default_factory=dict)
    paths: dict[LineId, list[bytes]] = field(default_factory=dict)
    raised_entry: int | None = None


def incident_by_number(cursor: Cursor, number: int) -> UUID:
    """The id of the incident that people call by this number.

    Raises:
        NoSuchIncident: None has it.
    """
    row = cursor.execute("SELECT id FROM incidents_incident WHERE number = %s", (number,)).fetchone()
    if row is None:
        raise NoSuchIncident(f"incident {number}: expected the number or the id of an incident, found none such")
    return UUID(str(row[0]))


def collect(cursor: Cursor, incident_id: UUID) -> Collected:
    """Collect an incident's entries and lines, as they are in the transaction of `cursor` (repeatable read).

    Returns:
        Entries of the incident, its order and devices; the steps that decided; control lines of the order; outages of
        the platform itself and frame lines of the order's devices in the periods that the decisions demand, each with
        its path in its batch.

    Raises:
        NoSuchIncident: There is none.
    """
    collected = Collected(incident=_incident(cursor, incident_id))
    incident = collected.incident
    _add_subjects(cursor, collected, [f"incident:{incident.id}", f"order:{incident.order}"])
    decisions = _add_decisions(cursor, collected)
    _add_control_lines(cursor, collected)
    watches = derived.watches_of(incident, _lines(collected))
    devices = sorted({device for watch in watches for device in watch.devices})
    _add_device_entries(cursor, collected, devices)
    for period in derived.periods_of(decisions):
        _add_outages(cursor, collected, period=period)
        _add_frame_lines(cursor, collected, period=period, devices=devices, watches=watches)
    _add_batch_entries(cursor, collected)
    return collected


def leaves_of(cursor: Cursor, entries: Iterable[int]) -> dict[int, int]:
    """Leaf indexes by entry id, of those that have one."""
    rows = cursor.execute("SELECT entry_id, leaf_index FROM evidence_leaf WHERE entry_id = ANY(%s)", (list(entries),))
    return dict(rows.fetchall())


def _incident(cursor: Cursor, incident_id: UUID) -> Incident:
    row = cursor.execute(
        "SELECT id::text, engine_key, order_id::text FROM incidents_incident WHERE id = %s", (incident_id,)
    ).fetchone()
    if row is None:
        raise NoSuchIncident(f"incident {incident_id}: expected the id of an incident, found none such")
    return Incident(id=row[0], key=row[1], order=row[2])


def _add_subjects(cursor: Cursor, collected: Collected, subjects: Sequence[str]) -> None:
    # An earlier export is no part of what happened; its own bundle holds its entry.
    rows = cursor.execute(
        "SELECT id, kind, body FROM evidence_entry WHERE subject = ANY(%s) AND kind <> %s ORDER BY id",
        (list(subjects), bundle.EXPORT_KIND),
    ).fetchall()
    for entry, kind, body in rows:
        collected.entries[entry] = bytes(body)
        if kind == "incident_raised" and collected.raised_entry is None:
            collected.raised_entry = entry


def _add_decisions(cursor: Cursor, collected: Collected) -> list[fields.JsonObject]:
    """Add the decisions (already there as entries of the incident) and the step of each."""
    rows = cursor.execute(
        "SELECT entry_id, shard, step, body FROM decision WHERE incident_key = %s ORDER BY shard, step, ordinal",
        (collected.incident.key,),
    ).fetchall()
    for entry, shard, step, _ in rows:
        if entry not in collected.entries:
            raise AssertionError(f"decision of entry {entry} has no entry of its incident")
        _add_step(cursor, collected, entry=entry, shard=shard, step=step)
    return [bundle.read_object(bytes(body), "decision") for _, _, _, body in rows]


def _add_step(cursor: Cursor, collected: Collected, *, entry: int, shard: int, step: int) -> None:
    """The step's entry was written just before those of its decisions."""
    rows = cursor.execute(
        "SELECT id, body FROM evidence_entry WHERE kind = 'step' AND id < %s ORDER BY id DESC LIMIT %s",
        (entry, _STEPS_NEAR),
    ).fetchall()
    for candidate, body in rows:
        data = fields.object_(bundle.read_object(bytes(body), "step"), "data", "step")
        if (data.get("shard"), data.get("step")) == (shard, step):
            collected.entries[candidate] = bytes(body)
            return
    raise AssertionError(f"step {step} of shard {shard} has no entry near its decision's")


def _add_device_entries(cursor: Cursor, collected: Collected, devices: Sequence[str]) -> None:
    """How the devices came into the order; what happened to them in other orders stays there."""
    rows = cursor.execute(
        "SELECT id, body FROM evidence_entry WHERE subject = ANY(%s) ORDER BY id",
        ([f"device:{device}" for device in devices],),
    ).fetchall()
    for entry, body in rows:
        data = fields.object_(bundle.read_object(bytes(body), "entry"), "data", "entry")
        if data.get("order", collected.incident.order) == collected.incident.order:
            collected.entries[entry] = bytes(body)


def _add_control_lines(cursor: Cursor, collected: Collected) -> None:
    rows = cursor.execute(
        "SELECT stream, seq, payload FROM log_batch WHERE stream IN"
        " (SELECT stream FROM log_stream WHERE stream LIKE 'control/%%') AND position(%s::bytea IN payload) > 0"
        " ORDER BY stream, seq",
        (collected.incident.order.encode(),),
    ).fetchall()
    for stream, seq, payload in rows:
        _add_lines(collected, stream=stream, seq=seq, payload=bytes(payload), watches=())


def _add_outages(cursor: Cursor, collected: Collected, *, period: Mapping[str, str]) -> None:
    """Add the outages that touch a period; there are few, and one may have begun long before it."""
    start, end = fields.moment(period, "from", "period"), fields.moment(period, "to", "period")
    rows = cursor.execute(
        "SELECT stream, seq, payload FROM log_batch WHERE stream IN"
        " (SELECT stream FROM log_stream WHERE stream LIKE 'control/away-%%') AND received_at <= %s"
        " AND shard IN (SELECT shard FROM decision WHERE incident_key = %s) ORDER BY stream, seq",
        (end, collected.incident.key),
    ).fetchall()
    for stream, seq, payload in rows:
        line = bundle.read_line(LineId(stream=stream, seq=seq, index=0), bytes(payload))
        if fields.moment(fields.object_(line.value, "control", stream), "to", stream) >= start:
            _add_lines(collected, stream=stream, seq=seq, payload=bytes(payload), watches=())


def _add_frame_lines(
    cursor: Cursor,
    collected: Collected,
    *,
    period: Mapping[str, str],
    devices: Sequence[str],
    watches: Sequence[Watch],
) -> None:
    start, end = fields.moment(period, "from", "period"), fields.moment(period, "to", "period")
    needles = [b'"device":' + canonical_bytes(device) for device in devices]
    cursor.execute(
        "SELECT stream, seq, payload FROM log_batch WHERE received_at BETWEEN %s AND %s"
        " AND stream NOT LIKE 'control/%%'"
        " AND EXISTS (SELECT 1 FROM unnest(%s::bytea[]) AS device WHERE position(device IN payload) > 0)"
        " ORDER BY stream, seq",
        (start, end + BATCH_SPAN, needles),
    )
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        for stream, seq, payload in rows:
            _add_lines(collected, stream=stream, seq=seq, payload=bytes(payload), watches=watches, period=(start, end))


def _add_lines(
    collected: Collected,
    *,
    stream: str,
    seq: int,
    payload: bytes,
    watches: Sequence[Watch],
    period: tuple[Any, Any] | None = None,
) -> None:
    """Add those lines of a batch that are of the case, with their paths to the batch's root."""
    bodies = payload.split(b"\n")
    hashes: list[bytes] = []
    for index, body in enumerate(bodies):
        line = bundle.read_line(LineId(stream=stream, seq=seq, index=index), body)
        outside = period is not None and not period[0] <= line.received_at <= period[1]
        if outside or not derived.is_of_case(line, collected.incident, watches):
            continue
        hashes = hashes or [merkle.leaf_hash(each) for each in bodies]
        collected.lines[line.id] = body
        collected.paths[line.id] = merkle.inclusion_proof(index, len(hashes), merkle.node_reader(hashes))


def _lines(collected: Collected) -> list[Line]:
    return sorted((bundle.read_line(id_, body) for id_, body in collected.lines.items()), key=bundle.heard_order)


def _add_batch_entries(cursor: Cursor, collected: Collected) -> None:
    wanted: dict[str, list[int]] = {}
    for line in collected.lines:
        wanted.setdefault(line.stream, []).append(line.seq)
    for stream, seqs in sorted(wanted.items()):
        _add_entries_of_stream(cursor, collected, stream=stream, seqs=sorted(set(seqs)))


def _add_entries_of_stream(cursor: Cursor, collected: Collected, *, stream: str, seqs: Sequence[int]) -> None:
    """Entries of a stream stand in the order of its batches, so the range is found by halving and read once."""
    first = _entry_of_batch(cursor, stream=stream, seq=seqs[0])
    last = _entry_of_batch(cursor, stream=stream, seq=seqs[-1])
    rows = cursor.execute(
        "SELECT id, body FROM (SELECT id, body, substring(convert_from(body, 'UTF8') FROM '\"seq\":([0-9]+)')::bigint"
        " AS seq FROM evidence_entry WHERE subject = %s AND kind = 'log_batch' AND id BETWEEN %s AND %s) batch"
        " WHERE seq = ANY(%s)",
        (f"stream:{stream}", first, last, list(seqs)),
    ).fetchall()
    if len(rows) != len(seqs):
        raise AssertionError(f"stream {stream}: expected entries of {len(seqs)} batches, found {len(rows)}")
    collected.entries |= {entry: bytes(body) for entry, body in rows}


def _entry_of_batch(cursor: Cursor, *, stream: str, seq: int) -> int:
    low, high = 0, _newest_entry(cursor, stream)
    while low <= high:
        middle = (low + high) // 2
        row = cursor.execute(
            "SELECT id, body FROM evidence_entry WHERE subject = %s AND kind = 'log_batch' AND id >= %s"
            " ORDER BY id LIMIT 1",
            (f"stream:{stream}", middle),
        ).fetchone()
        found = None if row is None else _seq_in(bytes(row[1]))
        if row is not None and found == seq:
            return int(row[0])
        if row is not None and found is not None and found < seq:
            low = int(row[0]) + 1
        else:
            high = middle - 1
    raise AssertionError(f"stream {stream}: batch {seq} has no entry")


def _newest_entry(cursor: Cursor, stream: str) -> int:
    row = cursor.execute("SELECT max(id) FROM evidence_entry WHERE subject = %s", (f"stream:{stream}",)).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else -1


def _seq_in(body: bytes) -> int:
    return fields.integer(fields.object_(bundle.read_object(body, "entry"), "data", "entry"), "seq", "entry")
