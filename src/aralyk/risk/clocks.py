"""What a level makes due: duties and the next assessment. A clock once running is never set later.

Filling a form again must not buy time: an open duty keeps its earlier end, and only a lower level, confirmed by the
second person, lets one lapse. An assessment due because something happened stays open until one is made after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from aralyk.risk.events import Cause
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, LevelDecision, Reassessment, RiskDuty, RiskEvent
from aralyk.risk.rules import LevelRule

COMING_WINDOW: Final = timedelta(days=7)  # an assessment older than this says nothing about a court date


def start_duties(decision: LevelDecision, rule: LevelRule, *, at: datetime) -> None:
    """Make due what `decision`, in force from `at`, brings."""
    duties = open_duties(decision)
    for kind, duty in rule.duties.items():
        running = duties.get(kind)
        if running is None:
            if decision.level != decision.before:
                _start(decision, kind, rule, at=at)
            continue
        running.due_at = min(running.due_at, rule.due_at(duty, at=at))
        running.rule = duty.slug
        running.save(update_fields=["due_at", "rule"])
    if decision.before and Level(decision.level).height < Level(decision.before).height:
        for kind, running in duties.items():
            if kind not in rule.duties:
                running.lapsed_at = at
                running.lapsed_by = decision
                running.save(update_fields=["lapsed_at", "lapsed_by"])


def repeat_duty(duty: RiskDuty, standing: LevelDecision, rule: LevelRule, *, at: datetime) -> RiskDuty | None:
    """Make a duty that was just done due again, if the level that stands now still asks for it again and again."""
    owed = rule.duties.get(duty.kind)
    return _start(standing, duty.kind, rule, at=at) if owed is not None and owed.repeats else None


def open_duties(decision: LevelDecision) -> dict[str, RiskDuty]:
    """What is owed in the pair of `decision`, by kind; rows are locked."""
    rows = RiskDuty.objects.select_for_update(of=("self",)).filter(
        respondent=decision.respondent_id, protected_person=decision.protected_person_id,
        done_at__isnull=True, lapsed_at__isnull=True,
    )  # fmt: skip
    return {duty.kind: duty for duty in rows}


def answer_reassessments(assessment: Assessment, *, at: datetime) -> None:
    """Close what this assessment answers: everything that was required of the pair before it was made."""
    Reassessment.objects.filter(
        Q(protected_person=assessment.protected_person_id) | Q(protected_person__isnull=True),
        respondent=assessment.respondent_id,
        answered_by__isnull=True,
        required_at__lte=assessment.assessed_at,
    ).update(answered_by=assessment, answered_at=at)


def set_term(decision: LevelDecision, *, due_at: datetime, at: datetime) -> None:
    """Require the next assessment by `due_at`, or by the earlier moment that an open term names already."""
    running = Reassessment.objects.filter(
        respondent=decision.respondent_id, protected_person=decision.protected_person_id, cause=Cause.TERM,
        answered_by__isnull=True,
    ).first()  # fmt: skip
    if running is None:
        Reassessment.objects.create(
            respondent_id=decision.respondent_id, protected_person_id=decision.protected_person_id, cause=Cause.TERM,
            required_at=at, due_at=due_at,
        )  # fmt: skip
    elif due_at < running.due_at:
        running.due_at = due_at
        running.save(update_fields=["due_at"])


def require_for(event: RiskEvent, pairs: Sequence[tuple[UUID | None, LevelRule]]) -> datetime:
    """Require an assessment of each pair that `event` concerns.

    Args:
        event: Just picked up.
        pairs: Ids of protected persons (None: nobody is known yet) with the rule of the level that stands for each.

    Returns:
        The earliest of the moments by which one is due.
    """
    ends = []
    for person, rule in pairs:
        due_at = rule.after_event(
            Cause(event.cause),
            occurred_at=event.occurred_at,
            recorded_at=event.recorded_at,
            legal_basis=str(event.facts.get("legal_basis", "")),
        )
        Reassessment.objects.create(
            respondent_id=event.respondent_id,
            protected_person_id=person,
            cause=event.cause,
            event=event,
            required_at=max(event.recorded_at, due_at - COMING_WINDOW),
            due_at=due_at,
        )
        ends.append(due_at)
    return min(ends)


def _start(decision: LevelDecision, kind: str, rule: LevelRule, *, at: datetime) -> RiskDuty:
    duty = rule.duties[kind]
    return RiskDuty.objects.create(
        respondent_id=decision.respondent_id, protected_person_id=decision.protected_person_id, decision=decision,
        kind=kind, rule=duty.slug, began_at=at, due_at=rule.due_at(duty, at=at),
    )  # fmt: skip
