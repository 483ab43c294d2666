"""What stands for a pair at this moment, read by actions inside their transaction; permission is the caller's."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from aralyk.people.models import Respondent
from aralyk.risk.models import Assessment, LevelDecision, State

JURISDICTION: Final = "KG"  # where nothing stands yet for a pair, and nothing else names one


def lock(respondent: UUID) -> None:
    """Let nobody else write about his risk until the transaction ends."""
    Respondent.objects.select_for_update().get(pk=respondent)


def standing_of(respondent: UUID, protected_person: UUID) -> LevelDecision | None:
    """The level in force; None before the first."""
    return (
        LevelDecision.objects.filter(respondent=respondent, protected_person=protected_person, state=State.IN_FORCE)
        .select_related("assessment")
        .order_by("-in_force_at", "-pk")
        .first()
    )


def waiting_of(respondent: UUID, protected_person: UUID) -> QuerySet[LevelDecision]:
    """The lower level that waits for the second person, if one does."""
    return LevelDecision.objects.filter(respondent=respondent, protected_person=protected_person, state=State.PROPOSED)


def newest_assessment(respondent: UUID, protected_person: UUID) -> Assessment | None:
    """The last form that was filled."""
    return (
        Assessment.objects.filter(respondent=respondent, protected_person=protected_person)
        .order_by("-assessed_at", "pk")
        .first()
    )
