"""Turns the engine's decisions into incidents that a person must answer.

One row for each episode (the engine's key); its id is computed from the key, so a rebuilt row is the same incident.
`open` raises it, `update` changes kind and priority (the worst is kept), `close` says that the engine no longer sees
it: the human status is never touched, only a person closes. `late` is a violation that was reported after the fact,
with its true time. An incident that a person had acknowledged and that grows worse is told again; its status stays.
Until somebody answers, the row stands at its worst: a possible approach that nobody took on does not sink to a warning
because he went away again. Once answered it follows the latest; a closing decision stands in the time line alone. What
people have closed opens again, with nobody's name on it, when it grows worse, at another call for help, or when the
engine had ended the episode and goes on with it (a strap opened for the third time, a device silent again) as critical
or serious; a technical continuation is recorded alone.
What the engine asks of a device (`REQUESTS`) is a decision and no incident: it stands in the time line of the worst
incident of its order that still goes on, if there is one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

import numpy as np
import psycopg

from aralyk import clock
from aralyk.evidence.kinds import Kind
from aralyk.incidents.kinds import REQUESTS
from aralyk.monitor.stepping import Judgement
from aralyk.tracking import columns

Cursor = psycopg.Cursor[tuple[Any, ...]]

_NAMESPACE: Final = UUID("5f0c3a52-6a0e-5d0b-9a37-2f6d1b6f1c11")  # of incidents' ids; never changes
_TEXT_MAX: Final = 64
_KEY_MAX: Final = 200
# What a time line says of a phase, and its witness.
_EVENT: Final = {"open": "raised", "update": "updated", "close": "episode_ended", "late": "late"}
_CALL_FOR_HELP: Final = "panic"  # every press reaches a person
_SILENCE: Final = "silence"
_RING: Final = "/proximity/"  # in the key of a moving ring's incident
_SERIOUS: Final = 2  # an ended episode that goes on this urgently is a new call upon people
_WITNESS: Final = {
    "raised": Kind.INCIDENT_RAISED,
    "updated": Kind.INCIDENT_UPDATED,
    "episode_ended": Kind.INCIDENT_EPISODE_ENDED,
    "late": Kind.INCIDENT_UPDATED,
    "reopened": Kind.INCIDENT_REOPENED,
}
_TOLD: Final = ("phase", "kind", "priority", "reason", "probability", "distance_m", "decided_at", "occurred_at")


@dataclass(slots=True, kw_only=True)
class Change:
    """What one step did to one incident. `number` is None for one that was there before."""

    key: str
    id: UUID
    order_id: str
    district: str
    number: int | None
    first: Mapping[str, Any]
    latest: Judgement  # of this step, a closing one only if there is no other
    worst: Judgement  # of this step; of equals the latest
    worst_priority: int  # since it was raised
    late: bool
    episode_open: bool
    closed_at_priority: int | None  # None: no person has closed it, or it was opened again
    reopened: bool = False
    aside: bool = (
        False  # only a silence was told in a ring's incident, as urgent as it is at most: the row says the ring
    )

    @property
    def ongoing(self) -> Ongoing:
        """As an incident that a request may belong to."""
        return Ongoing(self.id, self.district, self.worst_priority)


class Ongoing(NamedTuple):
    """An incident that goes on: in its time line stands what was asked of its order's devices."""

    id: UUID
    district: str
    worst_priority: int


class Standing(NamedTuple):
    """How an incident stands in the database."""

    worst_priority: int
    episode_open: bool
    closed_at_priority: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the time line, with what its witness says; a request's witness is its decision alone."""

    incident: UUID
    kind: str
    witness: Kind | None
    ordinal: int
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What one step's decisions mean for incidents.

    Attributes:
        changes: Incidents to add or change, each once.
        events: The time line, in the order of the decisions.
        homeless: Orders that decisions name and the register does not hold: their decisions are stored, nobody is told.
        asked: Incidents whose time line got a request, with their districts.
    """

    changes: list[Change]
    events: list[Event]
    homeless: list[str]
    asked: dict[UUID, str]

    @property
    def touched(self) -> dict[UUID, str]:
        """The district of every incident that screens must fetch again."""
        return {change.id: change.district for change in self.changes} | self.asked


def incident_id(key: str) -> UUID:
    """The incident's id, from the engine's key."""
    return uuid5(_NAMESPACE, key)


def fold(
    judgements: Sequence[Judgement],
    *,
    step: int,
    districts: Mapping[str, str],
    known: Mapping[str, Standing],
    ongoing: Mapping[str, Ongoing],
    numbers: Sequence[int],
) -> Raised:
    """Work out what to write.

    Args:
        judgements: One step's decisions, in order.
        step: Its number; with the ordinal it names a decision.
        districts: By order id, of the orders that exist.
        known: How those that exist already stand, by key.
        ongoing: By order id, the worst incident that went on before this step, of the orders with a request.
        numbers: Fresh incident numbers, at least one for each key that is not known.
    """
    fresh = iter(numbers)
    changes: dict[str, Change] = {}
    events: list[Event] = []
    homeless: set[str] = set()
    requests: list[tuple[int, Mapping[str, Any]]] = []
    for ordinal, judgement in enumerate(judgements):
        decision = judgement.decision
        key, order_id = decision["incident"], decision["order_id"]
        if order_id not in districts:
            homeless.add(order_id)
            continue
        if is_request(decision):
            requests.append((ordinal, decision))
            continue
        new = key not in changes and key not in known
        if key not in changes:
            late = decision["phase"] == "late"
            standing = known.get(key) or Standing(decision["priority"], not late, None)
            changes[key] = Change(
                key=key,
                id=incident_id(key),
                order_id=order_id,
                district=districts[order_id],
                number=next(fresh) if new else None,
                first=decision,
                latest=judgement,
                worst=judgement,
                worst_priority=standing.worst_priority,
                late=late,
                episode_open=standing.episode_open,
                closed_at_priority=standing.closed_at_priority,
            )
        change = changes[key]
        reopened = _opens_again(change, decision)
        if _is_aside(change, decision) and not reopened:
            change.aside = change.aside or change.latest is judgement
        else:
            _follow(change, judgement)
        events.append(_event(change, decision, step=step, ordinal=ordinal, new=new, reopened=reopened))
    going_on = _going_on(changes.values(), ongoing)
    asked = [(going_on[d["order_id"]], ordinal, d) for ordinal, d in requests if d["order_id"] in going_on]
    events += [_request_event(incident, decision, step=step, ordinal=ordinal) for incident, ordinal, decision in asked]
    return Raised(
        changes=list(changes.values()),
        events=sorted(events, key=lambda event: event.ordinal),
        homeless=sorted(homeless),
        asked={incident.id: incident.district for incident, _, _ in asked},
    )


def is_request(decision: Mapping[str, Any]) -> bool:
    """Whether it asks something of a device instead of telling a person."""
    return decision["kind"] in REQUESTS


def existing(cursor: Cursor, keys: Sequence[str]) -> dict[str, Standing]:
    """How the incidents that exist stand, by key. The monitor alone adds them, so what is not there stays away.

    The rows stay locked to the end of the transaction: nobody closes one while it is being judged.
    """
    cursor.execute(
        "SELECT engine_key, worst_priority, episode_open, CASE WHEN status = 'closed' THEN priority END"
        " FROM incidents_incident WHERE engine_key = ANY(%s) ORDER BY id FOR UPDATE",
        ([_stored_key(key) for key in keys],),
    )
    found = {key: Standing(*standing) for key, *standing in cursor.fetchall()}
    return {key: found[_stored_key(key)] for key in keys if _stored_key(key) in found}


def ongoing_of(cursor: Cursor, orders: Collection[str]) -> dict[str, Ongoing]:
    """By order id, the worst incident that the engine still sees and people have not closed."""
    if not orders:
        return {}
    cursor.execute(
        "SELECT DISTINCT ON (order_id) order_id::text, id, district, worst_priority FROM incidents_incident"
        " WHERE order_id = ANY(%s::uuid[]) AND episode_open AND status <> 'closed'"
        " ORDER BY order_id, worst_priority, raised_at DESC, id",
        (sorted(orders),),
    )
    return {order_id: Ongoing(*found) for order_id, *found in cursor.fetchall()}


def fresh_numbers(cursor: Cursor, count: int) -> list[int]:
    """Numbers that people say on the phone; one not used after all leaves a hole, which means nothing."""
    cursor.execute("SELECT nextval('incident_number') FROM generate_series(1, %s)", (count,))
    return [int(row[0]) for row in cursor.fetchall()]


def write(cursor: Cursor, raised: Raised, *, at: datetime) -> None:
    """Write the incidents and their time line.

    Args:
        cursor: Of a connection that knows `columns`, inside the step's transaction.
        raised: From `fold`.
        at: Domain time of writing.
    """
    if not raised.events:
        return
    _insert(cursor, [change for change in raised.changes if change.number is not None], at)
    _update(cursor, [change for change in raised.changes if change.number is None], at)
    cursor.execute(
        "INSERT INTO incidents_incidentevent (incident_id, at, kind, text, data)"
        " SELECT incident, %s, kind, '', data FROM unnest(%b, %b, %b) AS new (incident, kind, data)",
        (
            at,
            columns.uuids([event.incident.bytes for event in raised.events]),
            columns.texts([event.kind for event in raised.events]),
            columns.jsonbs([json.dumps(event.data).encode() for event in raised.events]),
        ),
    )


def _is_aside(change: Change, decision: Mapping[str, Any]) -> bool:
    """Whether a decision is a silence told in the incident of a ring that is as urgent already (ADR-0016)."""
    joined = decision["kind"] == _SILENCE and _RING in change.key and decision["phase"] != "close"
    return joined and decision["priority"] >= change.worst_priority


def _follow(change: Change, judgement: Judgement) -> None:
    decision = judgement.decision
    phase = decision["phase"]
    if change.aside:  # what stood there was beside the matter
        change.aside = False
        change.latest = change.worst = judgement
    if phase == "close":
        change.episode_open = False
        return
    change.latest = judgement
    if change.worst.decision["phase"] == "close" or decision["priority"] <= change.worst.decision["priority"]:
        change.worst = judgement
    change.worst_priority = min(change.worst_priority, decision["priority"])
    if phase != "late":  # what became known late says nothing about now
        change.episode_open = True


def _opens_again(change: Change, decision: Mapping[str, Any]) -> bool:
    if change.closed_at_priority is None or decision["phase"] == "close":
        return False
    worse = decision["priority"] < change.closed_at_priority or decision["kind"] == _CALL_FOR_HELP
    # Whoever closed it while it went on knew that; of what had ended before, or since, nobody knows that it goes on.
    again = not change.episode_open and decision["phase"] != "late" and decision["priority"] <= _SERIOUS
    if not (worse or again):
        return False
    change.closed_at_priority = None
    change.reopened = True
    return True


def _event(change: Change, decision: Mapping[str, Any], *, step: int, ordinal: int, new: bool, reopened: bool) -> Event:
    kind = "reopened" if reopened else _EVENT[decision["phase"]]
    told: dict[str, object] = {name: decision[name] for name in _TOLD}
    told |= {"ordinal": ordinal, "step": step}
    if change.number is not None:
        told["number"] = change.number
    return Event(
        incident=change.id,
        kind=kind,
        witness=Kind.INCIDENT_RAISED if new else _WITNESS[kind],
        ordinal=ordinal,
        data=told,
    )


def _going_on(changes: Iterable[Change], before: Mapping[str, Ongoing]) -> dict[str, Ongoing]:
    """By order id, the worst incident that goes on: of before, or of this step, which knows better."""
    changed = list(changes)
    ended = {change.id for change in changed if not change.episode_open}
    found = {order_id: incident for order_id, incident in before.items() if incident.id not in ended}
    for change in changed:
        if not change.episode_open or change.closed_at_priority is not None:
            continue
        other = found.get(change.order_id)
        if other is None or change.worst_priority < other.worst_priority:
            found[change.order_id] = change.ongoing
    return found


def _request_event(incident: Ongoing, decision: Mapping[str, Any], *, step: int, ordinal: int) -> Event:
    told: dict[str, object] = {name: decision[name] for name in ("phase", "kind", "reason", "decided_at")}
    told |= {"device": decision["basis"].get("device"), "ordinal": ordinal, "step": step}
    return Event(incident=incident.id, kind="requested", witness=None, ordinal=ordinal, data=told)


_INSERT: Final = """
    INSERT INTO incidents_incident (id, number, engine_key, order_id, district, kind, priority, worst_priority,
        condition, party, status, late, episode_open, occurred_at, decided_at, raised_at, updated_at, outcome,
        close_reason, decision)
    SELECT id, number, engine_key, order_id::uuid, district, kind, priority, worst_priority, condition, party, 'open',
        late, episode_open, occurred_at, decided_at, %s, %s, '', '', decision
    FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b) AS new (id, number, engine_key, order_id,
        district, kind, priority, worst_priority, condition, party, late, episode_open, occurred_at, decided_at,
        decision)
"""
_UPDATE: Final = """
    UPDATE incidents_incident AS old SET
        kind = CASE WHEN answered THEN new.kind WHEN new.reopened OR w.priority <= old.priority THEN w.kind
            ELSE old.kind END,
        decision = CASE WHEN answered THEN new.decision WHEN new.reopened OR w.priority <= old.priority THEN w.decision
            ELSE old.decision END,
        priority = CASE WHEN answered THEN new.priority WHEN new.reopened THEN w.priority
            ELSE least(old.priority, w.priority) END,
        worst_priority = least(old.worst_priority, w.priority), episode_open = new.episode_open, updated_at = %s,
        status = CASE WHEN new.reopened THEN 'open' ELSE old.status END,
        acknowledged_at = CASE WHEN new.reopened THEN NULL ELSE old.acknowledged_at END,
        acknowledged_by_id = CASE WHEN new.reopened THEN NULL ELSE old.acknowledged_by_id END,
        closed_at = CASE WHEN new.reopened THEN NULL ELSE old.closed_at END,
        closed_by_id = CASE WHEN new.reopened THEN NULL ELSE old.closed_by_id END,
        outcome = CASE WHEN new.reopened THEN '' ELSE old.outcome END,
        close_reason = CASE WHEN new.reopened THEN '' ELSE old.close_reason END,
        shown_at = CASE WHEN new.reopened THEN NULL ELSE old.shown_at END,
        judgement = CASE WHEN new.reopened THEN '' ELSE old.judgement END,
        handed_to_id = CASE WHEN new.reopened THEN NULL ELSE old.handed_to_id END,
        handed_over_at = CASE WHEN new.reopened THEN NULL ELSE old.handed_over_at END,
        accepted_at = CASE WHEN new.reopened THEN NULL ELSE old.accepted_at END,
        accepted_by_id = CASE WHEN new.reopened THEN NULL ELSE old.accepted_by_id END,
        on_the_way_at = CASE WHEN new.reopened THEN NULL ELSE old.on_the_way_at END,
        arrived_at = CASE WHEN new.reopened THEN NULL ELSE old.arrived_at END,
        returned_at = CASE WHEN new.reopened THEN NULL ELSE old.returned_at END,
        concluded_at = CASE WHEN new.reopened THEN NULL ELSE old.concluded_at END,
        concluded_by_id = CASE WHEN new.reopened THEN NULL ELSE old.concluded_by_id END,
        clock_from = CASE WHEN new.reopened OR CASE WHEN answered THEN new.priority ELSE w.priority END < old.priority
            THEN new.decided_at ELSE old.clock_from END,
        clock_at = CASE WHEN old.status = 'closed' AND NOT new.reopened THEN NULL ELSE 'epoch'::timestamptz END
    FROM unnest(%b, %b, %b, %b, %b, %b, %b) AS new (id, kind, priority, episode_open, decision, reopened, decided_at)
    JOIN unnest(%b, %b, %b, %b) AS w (id, kind, priority, decision) ON w.id = new.id
    JOIN incidents_incident AS before ON before.id = new.id
    CROSS JOIN LATERAL (SELECT before.status <> 'open' AND NOT new.reopened AS answered) AS a
    WHERE old.id = new.id
"""
_TOUCH: Final = """
    UPDATE incidents_incident SET updated_at = %s WHERE id = ANY(%b)
"""
_CLOSE: Final = """
    UPDATE incidents_incident SET episode_open = false, updated_at = %s WHERE id = ANY(%b)
"""


def _insert(cursor: Cursor, changes: Sequence[Change], at: datetime) -> None:
    if not changes:
        return
    worst = [change.worst.decision for change in changes]
    cursor.execute(
        _INSERT,
        (
            at,
            at,
            columns.uuids([change.id.bytes for change in changes]),
            columns.bigints(np.array([change.number for change in changes], dtype=np.int64)),
            columns.texts([_stored_key(change.key) for change in changes]),
            columns.texts([change.order_id for change in changes]),
            columns.texts([change.district for change in changes]),
            columns.texts([decision["kind"] for decision in worst]),
            columns.integers(np.array([decision["priority"] for decision in worst], dtype=np.int64)),
            columns.integers(np.array([change.worst_priority for change in changes], dtype=np.int64)),
            columns.texts([(decision["condition"] or "")[:_TEXT_MAX] for decision in worst]),
            columns.texts([(decision["party"] or "")[:_TEXT_MAX] for decision in worst]),
            columns.booleans(np.array([change.late for change in changes], dtype=bool)),
            columns.booleans(np.array([change.episode_open for change in changes], dtype=bool)),
            columns.timestamps(_times([change.first["occurred_at"] for change in changes])),
            columns.timestamps(_times([change.first["decided_at"] for change in changes])),
            columns.jsonbs([change.worst.body for change in changes]),
        ),
    )


def _update(cursor: Cursor, changes: Sequence[Change], at: datetime) -> None:
    aside = [change for change in changes if change.aside]
    if aside:
        cursor.execute(_TOUCH, (at, columns.uuids([change.id.bytes for change in aside])))
    closed = [change for change in changes if change.latest.decision["phase"] == "close"]
    if closed:
        cursor.execute(_CLOSE, (at, columns.uuids([change.id.bytes for change in closed])))
    changed = [change for change in changes if change.latest.decision["phase"] != "close" and not change.aside]
    if not changed:
        return
    ids = columns.uuids([change.id.bytes for change in changed])
    latest = [change.latest.decision for change in changed]
    worst = [change.worst.decision for change in changed]
    cursor.execute(
        _UPDATE,
        (
            at,
            ids,
            columns.texts([decision["kind"] for decision in latest]),
            columns.integers(np.array([decision["priority"] for decision in latest], dtype=np.int64)),
            columns.booleans(np.array([change.episode_open for change in changed], dtype=bool)),
            columns.jsonbs([change.latest.body for change in changed]),
            columns.booleans(np.array([change.reopened for change in changed], dtype=bool)),
            columns.timestamps(_times([decision["decided_at"] for decision in latest])),
            ids,
            columns.texts([decision["kind"] for decision in worst]),
            columns.integers(np.array([decision["priority"] for decision in worst], dtype=np.int64)),
            columns.jsonbs([change.worst.body for change in changed]),
        ),
    )


def _stored_key(key: str) -> str:
    """The key as its column holds it; a longer one (ids of 200 letters) keeps its beginning and its hash."""
    if len(key) <= _KEY_MAX:
        return key
    return f"{key[: _KEY_MAX - 65]}#{sha256(key.encode()).hexdigest()}"


def _times(texts: Sequence[str]) -> Any:
    return np.array([clock.to_us(clock.parse_iso(text)) for text in texts], dtype=np.int64)
