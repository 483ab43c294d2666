"""What the life of an incident looks like under /api/v1/. Fields may be added; these keep their names and meaning."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import MomentOut, Time, moment
from aralyk.incidents.clocks import running
from aralyk.incidents.life import possible
from aralyk.incidents.models import Escalation, Incident, Judgement, LegalityItem, Outcome, SecondLook, Status
from aralyk.incidents.second_looks import Material


class TriageIn(Schema):
    """What must happen next."""

    judgement: Judgement
    note: str = Field(default="", max_length=1_000)


class HandOverIn(Schema):
    """To which desk; none: by telephone, and the note says to whom."""

    desk: str = Field(default="", max_length=64)
    note: str = Field(default="", max_length=1_000)


class AcceptIn(Schema):
    """The officer's declaration that he is no relation of either party."""

    no_relation: bool


class ReasonIn(Schema):
    """Why, in words."""

    reason: str = Field(max_length=1_000)


class OpinionIn(Schema):
    """What it was, in one person's opinion, and why."""

    outcome: Outcome
    reason: str = Field(max_length=1_000)


class ClockOut(Schema):
    """A clock that runs; `unverified`: no source names the time, it is ours."""

    milestone: str
    since: Time
    due_at: Time
    seconds: int
    rule: str
    unverified: bool


class EscalationOut(Schema):
    """One desk told in one round; `person` empty: nobody was known to be there."""

    id: int
    incident: UUID
    milestone: str
    round: int
    desk: str | None
    person: str
    due_at: Time
    raised_at: Time
    acknowledged_at: Time | None
    acknowledged_by: str
    stopped_at: Time | None


class LifeOut(Schema):
    """How an incident stands: what may be done, who has it, which clocks run, who was told."""

    status: str
    possible: list[str]
    owner: str
    judgement: str
    handed_to: str | None
    handed_over_at: Time | None
    accepted_at: Time | None
    accepted_by: str
    on_the_way_at: Time | None
    arrived_at: Time | None
    outcome: str
    suspicion: str
    clocks: list[ClockOut]
    escalations: list[EscalationOut]


class LookOut(Schema):
    """A second look that waits; what the first one concluded is not in it."""

    id: int
    why: str
    asked_at: Time
    due_at: Time
    mine: bool


class MaterialOut(Schema):
    """What a second person judges by."""

    look: int
    incident: UUID
    number: int
    kind: str
    priority: int
    worst_priority: int
    occurred_at: Time
    decision: dict[str, Any]
    time_line: list[MomentOut]


class LookIn(Schema):
    """The second opinion, or a supervisor's settlement."""

    outcome: Outcome
    note: str = Field(max_length=1_000)


class GivenOut(Schema):
    """A look whose opinion was given: both opinions, and the one that stands."""

    id: int
    incident: UUID
    first_outcome: str
    outcome: str
    agrees: bool
    settled_outcome: str


class ItemOut(Schema):
    """One thing of the prosecutor's list."""

    id: int
    what: str
    order: UUID
    order_number: str
    incident: UUID | None
    district: str
    threat: str
    happened_at: Time
    due_at: Time
    listed_at: Time
    by: str
    seen_at: Time | None
    seen_by: str
    remark: str


class ItemPage(Schema):
    """A part of the list, newest first."""

    items: list[ItemOut]
    total: int


class SeenIn(Schema):
    """What the prosecutor remarks."""

    remark: str = Field(default="", max_length=1_000)


def life(found: Incident, told: list[Escalation]) -> LifeOut:
    """From `incident_for` and `escalations_for`."""
    clocks = [
        ClockOut(
            milestone=one.milestone.value, since=one.since, due_at=one.due_at, seconds=one.rule.seconds,
            rule=one.rule.slug, unverified=one.rule.unverified,
        )
        for one in running(found)
    ]  # fmt: skip
    return LifeOut(
        status=found.status, possible=[act.value for act in possible(Status(found.status))],
        owner=shown_name(found.acknowledged_by), judgement=found.judgement,
        handed_to=None if found.handed_to is None else found.handed_to.code, handed_over_at=found.handed_over_at,
        accepted_at=found.accepted_at, accepted_by=shown_name(found.accepted_by), on_the_way_at=found.on_the_way_at,
        arrived_at=found.arrived_at, outcome=found.outcome, suspicion=found.suspicion, clocks=clocks,
        escalations=[escalation(one) for one in told],
    )  # fmt: skip


def escalation(found: Escalation) -> EscalationOut:
    """From `escalations_for` or `standing_for`."""
    return EscalationOut(
        id=found.pk, incident=found.incident_id, milestone=found.milestone, round=found.round,
        desk=None if found.desk is None else found.desk.code, person=shown_name(found.person), due_at=found.due_at,
        raised_at=found.raised_at, acknowledged_at=found.acknowledged_at,
        acknowledged_by=shown_name(found.acknowledged_by), stopped_at=found.stopped_at,
    )  # fmt: skip


def look(found: SecondLook, *, user_id: int) -> LookOut:
    """From `looks_for`."""
    return LookOut(
        id=found.pk, why=found.why, asked_at=found.asked_at, due_at=found.due_at, mine=found.taken_by_id == user_id
    )  # fmt: skip


def material(found: Material) -> MaterialOut:
    """From `material_for`."""
    return MaterialOut(
        look=found.look, incident=found.incident, number=found.number, kind=found.kind, priority=found.priority,
        worst_priority=found.worst_priority, occurred_at=found.occurred_at, decision=dict(found.decision),
        time_line=[moment(one) for one in found.time_line],
    )  # fmt: skip


def given(found: SecondLook) -> GivenOut:
    """A look after its opinion was given."""
    return GivenOut(
        id=found.pk, incident=found.incident_id, first_outcome=found.first_outcome, outcome=found.outcome,
        agrees=found.outcome == found.first_outcome, settled_outcome=found.settled_outcome,
    )  # fmt: skip


def item(found: LegalityItem) -> ItemOut:
    """From `items_for`."""
    return ItemOut(
        id=found.pk, what=found.what, order=found.order_id, order_number=found.order.number,
        incident=found.incident_id, district=found.district, threat=found.threat, happened_at=found.happened_at,
        due_at=found.due_at, listed_at=found.listed_at, by=shown_name(found.by), seen_at=found.seen_at,
        seen_by=shown_name(found.seen_by), remark=found.remark,
    )  # fmt: skip
