"""One step, one transaction: projections, the step, its decisions, incidents, witnesses and what screens are told.

Everything is sent without waiting (pipeline) and in whole columns, so a step of one fix and a step of ten thousand cost
about the same number of round trips. Ids of witnesses are taken from their sequence beforehand; holes mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from aralyk import clock
from aralyk.engine import ENGINE_VERSION
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import entry_body
from aralyk.ledger.merkle import leaf_hash
from aralyk.monitor import incidents, requests
from aralyk.monitor.alarms import BY, Component, raise_alarm
from aralyk.monitor.directory import Directory
from aralyk.monitor.incidents import Raised
from aralyk.monitor.intake import Poison
from aralyk.monitor.stepping import Judgement
from aralyk.tracking import columns, projection
from aralyk.tracking.live import LiveKind
from aralyk.tracking.projection import Heard

Cursor = psycopg.Cursor[tuple[Any, ...]]
Connection = psycopg.Connection[tuple[Any, ...]]
_POISONS_TOLD_MAX: Final = 100  # witnessed one by one in one step; of more, the number (all bytes are in the log)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What one step was.

    Attributes:
        shard: Which shard.
        step: Its number.
        now_us: How far it let time pass.
        at: Domain time of writing.
        up_to: Last sequence taken of each stream.
        state: Its mark (see `marks`).
        messages: What was heard.
        judgements: What the engine decided.
        poisons: What was set aside.
        live_orders: Orders whose map changed and is told now.
    """

    shard: int
    step: int
    now_us: int
    at: datetime
    up_to: Mapping[str, int]
    state: str
    messages: Sequence[Heard]
    judgements: Sequence[Judgement]
    poisons: Sequence[Poison]
    live_orders: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a step left in the database: for logs and metrics."""

    fixes: int
    incidents: int
    homeless: list[str]


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: Kind
    subject: str
    data: Mapping[str, object]


def write_step(connection: Connection, record: StepRecord, directory: Directory) -> Written:
    """Write one step.

    Args:
        connection: In autocommit, knows `columns`, holds the shard's lock.
        record: The step.
        directory: Who stands in which order.

    Raises:
        psycopg.Error: Nothing of it was written, or, if the connection broke at the commit, all of it.
    """
    with connection.cursor() as cursor:
        raised = _raise_incidents(cursor, record, directory)
        entries = _entries(record, raised)
        entry_ids = _entry_ids(cursor, len(entries))
        _link_decisions(raised, entry_ids)
        districts = directory.districts_of(cursor, record.live_orders)
    with connection.transaction(), connection.pipeline(), connection.cursor() as cursor:
        fixes = projection.write_fixes(cursor, record.messages, terms=directory.terms)
        projection.write_statuses(cursor, record.messages, terms=directory.terms)
        _write_step_row(cursor, record)
        _write_decisions(cursor, record, entry_ids[1 : 1 + len(record.judgements)])
        incidents.write(cursor, raised, at=record.at)
        _write_entries(cursor, entries, entry_ids, record.at)
        requests.write(
            cursor,
            [judgement.decision for judgement in record.judgements],
            entry_ids=entry_ids[1 : 1 + len(record.judgements)],
            by=BY,
            at=record.at,
        )
        told = [(LiveKind.INCIDENT, str(incident), district) for incident, district in raised.touched.items()]
        told += [(LiveKind.FIX, order_id, districts[order_id]) for order_id in record.live_orders]
        _announce(cursor, told, record.at)
        _alarm(cursor, record, raised.homeless)
    return Written(fixes=fixes, incidents=len(raised.changes), homeless=raised.homeless)


def _raise_incidents(cursor: Cursor, record: StepRecord, directory: Directory) -> Raised:
    if not record.judgements:
        return Raised(changes=[], events=[], homeless=[], asked={})
    decisions = [judgement.decision for judgement in record.judgements]
    keys = sorted({decision["incident"] for decision in decisions if not incidents.is_request(decision)})
    districts = directory.districts_of(cursor, {decision["order_id"] for decision in decisions})
    known = incidents.existing(cursor, keys)
    new = len(keys) - len(known)
    return incidents.fold(
        record.judgements,
        step=record.step,
        districts=districts,
        known=known,
        ongoing=incidents.ongoing_of(
            cursor, {d["order_id"] for d in decisions if incidents.is_request(d) and d["order_id"] in districts}
        ),
        numbers=incidents.fresh_numbers(cursor, new) if new else (),
    )


def _entries(record: StepRecord, raised: Raised) -> list[_Entry]:
    """The step's witness first, then one for each decision, then the incidents' time line, then lines set aside."""
    entries = [
        _Entry(
            Kind.STEP,
            f"shard:{record.shard}",
            {
                "decisions": len(record.judgements),
                "engine": ENGINE_VERSION,
                "now": clock.iso(record.now_us),
                "plan": sum(seq for stream, seq in record.up_to.items() if stream.startswith("control/")),
                "shard": record.shard,
                "state": record.state,
                "step": record.step,
                "up_to": dict(record.up_to),
            },
        )
    ]
    entries += [
        _Entry(Kind.DECISION, f"incident:{incidents.incident_id(judgement.decision['incident'])}", judgement.decision)
        for judgement in record.judgements
    ]
    entries += [
        _Entry(event.witness, f"incident:{event.incident}", event.data)
        for event in raised.events
        if event.witness is not None
    ]
    entries += [
        _Entry(
            Kind.QUARANTINED,
            f"stream:{poison.position.stream}",
            {**poison.position._asdict(), "reason": poison.reason, "unbearable": poison.unbearable},
        )
        for poison in record.poisons[:_POISONS_TOLD_MAX]
    ]
    return entries


def _link_decisions(raised: Raised, entry_ids: Sequence[int]) -> None:
    """Let each event of a time line name the witness of the decision behind it."""
    for event in raised.events:
        event.data["decision_entry"] = entry_ids[1 + event.ordinal]


def _entry_ids(cursor: Cursor, count: int) -> list[int]:
    cursor.execute("SELECT nextval('evidence_entry_id_seq') FROM generate_series(1, %s)", (count,))
    return [int(row[0]) for row in cursor.fetchall()]


def _write_step_row(cursor: Cursor, record: StepRecord) -> None:
    cursor.execute(
        "INSERT INTO step (shard, step, now, up_to, engine, state, decisions) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            record.shard,
            record.step,
            clock.from_us(record.now_us),
            Jsonb(dict(record.up_to)),
            ENGINE_VERSION,
            record.state,
            len(record.judgements),
        ),
    )


def _write_decisions(cursor: Cursor, record: StepRecord, entry_ids: Sequence[int]) -> None:
    if not record.judgements:
        return
    cursor.execute(
        "INSERT INTO decision (shard, step, ordinal, incident_key, order_id, entry_id, body)"
        " SELECT %s, %s, ordinal, incident_key, order_id::uuid, entry_id, body"
        " FROM unnest(%b, %b, %b, %b, %b) AS new (ordinal, incident_key, order_id, entry_id, body)",
        (
            record.shard,
            record.step,
            columns.integers(np.arange(len(record.judgements), dtype=np.int64)),
            columns.texts([judgement.decision["incident"] for judgement in record.judgements]),
            columns.texts([judgement.decision["order_id"] for judgement in record.judgements]),
            columns.bigints(np.array(entry_ids, dtype=np.int64)),
            columns.byteas([judgement.body for judgement in record.judgements]),
        ),
    )


def _write_entries(cursor: Cursor, entries: Sequence[_Entry], entry_ids: Sequence[int], at: datetime) -> None:
    bodies = [entry_body(kind=entry.kind, subject=entry.subject, by=BY, at=at, data=entry.data) for entry in entries]
    cursor.execute(
        "INSERT INTO evidence_entry (id, kind, subject, at, body, leaf_hash)"
        " SELECT id, kind, subject, %s, body, leaf_hash"
        " FROM unnest(%b, %b, %b, %b, %b) AS new (id, kind, subject, body, leaf_hash)",
        (
            at,
            columns.bigints(np.array(entry_ids, dtype=np.int64)),
            columns.texts([entry.kind.value for entry in entries]),
            columns.texts([entry.subject for entry in entries]),
            columns.byteas(bodies),
            columns.byteas([leaf_hash(body) for body in bodies]),
        ),
    )
    cursor.execute("SELECT pg_notify('evidence', '')")


def _announce(cursor: Cursor, told: Sequence[tuple[LiveKind, str, str]], at: datetime) -> None:
    if not told:
        return
    cursor.execute(
        "WITH event AS (INSERT INTO live_event (kind, subject, district, at)"
        " SELECT kind, subject, district, %s FROM unnest(%b, %b, %b) AS new (kind, subject, district) RETURNING id)"
        " SELECT pg_notify('live', id::text) FROM event",
        (
            at,
            columns.texts([kind.value for kind, _, _ in told]),
            columns.texts([subject for _, subject, _ in told]),
            columns.texts([district for _, _, district in told]),
        ),
    )


def _alarm(cursor: Cursor, record: StepRecord, homeless: Sequence[str]) -> None:
    if record.poisons:
        first = record.poisons[0]
        detail = {**first.position._asdict(), "lines": len(record.poisons), "reason": first.reason}
        raise_alarm(cursor, component=Component.LINE, at=record.at, detail=detail)
    if homeless:
        raise_alarm(cursor, component=Component.ORDER, at=record.at, detail={"orders": list(homeless)[:20]})
