"""Turns rows about what happened into assessments that are due. A job calls it; every action calls it first.

Each event is its own transaction with its own witness; picking up twice does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.witness import System, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import PackInvalid, pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.people.models import ProtectedPerson
from aralyk.risk import clocks
from aralyk.risk.events import REQUIRE_REASSESSMENT, Cause
from aralyk.risk.levels import Level
from aralyk.risk.models import LevelDecision, RiskEvent, State
from aralyk.risk.rules import LevelRule, rule_of
from aralyk.risk.standing import JURISDICTION, lock, standing_of, waiting_of

BATCH: Final = 200
URGENT: Final = Level.HIGH  # an unassessed pair is not a low one


def do_pick_up_events(*, respondent: UUID | None = None) -> int:
    """Require the assessments that waiting events ask for, and let proposals of lower levels fall.

    Args:
        respondent: Only his events; None: everybody's, oldest first, at most `BATCH`.

    Returns:
        How many were picked up.
    """
    waiting = RiskEvent.objects.filter(picked_up_at__isnull=True)
    if respondent is not None:
        waiting = waiting.filter(respondent=respondent)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])
    return sum(_pick_up(event_id) for event_id in ids)


def _pick_up(event_id: int) -> bool:
    with transaction.atomic():
        event = (
            RiskEvent.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(pk=event_id, picked_up_at__isnull=True)
            .first()
        )
        if event is None:
            return False
        lock(event.respondent_id)
        at = clock.now()
        event.picked_up_at = at
        event.save(update_fields=["picked_up_at"])
        cause = Cause(event.cause)
        if cause not in REQUIRE_REASSESSMENT:
            return True
        persons = _persons(event)
        pairs = [(person, _rule_for(event, person)) for person in persons]
        due_at = clocks.require_for(event, pairs)
        for person in persons:
            if person is not None:
                waiting_of(event.respondent_id, person).update(state=State.OVERTAKEN)
        witness(
            kind=Kind.REASSESSMENT_REQUIRED,
            subject=f"respondent:{event.respondent_id}",
            by=System.RISK,
            at=at,
            data={
                "cause": cause.value,
                "due_at": clock.iso(due_at),
                "event": event.source,
                "occurred_at": clock.iso(event.occurred_at),
                "protected_persons": [str(person) for person in persons if person is not None],
            },
        )
    return True


def _persons(event: RiskEvent) -> Sequence[UUID | None]:
    """Towards whom: the one that the event names, else everyone of his orders and levels, else nobody yet."""
    if event.protected_person_id is not None:
        return [event.protected_person_id]
    ordered = ProtectedPerson.objects.filter(orders__respondent=event.respondent_id).values_list("pk", flat=True)
    assessed = LevelDecision.objects.filter(respondent=event.respondent_id).values_list("protected_person", flat=True)
    return sorted({*ordered, *assessed}) or [None]


def _rule_for(event: RiskEvent, person: UUID | None) -> LevelRule:
    """The clocks of the level that stands; where no pack has them, those of an urgent case here.

    One row that names a law nobody has must neither be lost nor hold up the rows behind it.
    """
    standing = None if person is None else standing_of(event.respondent_id, person)
    told = str(event.facts.get("jurisdiction", JURISDICTION))
    jurisdiction = standing.assessment.jurisdiction if standing else told
    try:
        level = Level(standing.level) if standing else URGENT
        return rule_of(jurisdiction, level, on=pack(jurisdiction).day_of(clock.now()))
    except (PackInvalid, NotInForce):
        return rule_of(JURISDICTION, URGENT, on=pack(JURISDICTION).day_of(clock.now()))
