"""Forms filled as an inspector would."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.models import User
from aralyk.people.models import Stated
from aralyk.risk.actions import Assessed, do_assess
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.events import Cause, require_reassessment
from aralyk.risk.instrument import instrument_on
from aralyk.risk.levels import Level
from tests.risk.conftest import Pair

WHY = "По словам соседей и по записям участкового"


def form(pair: Pair, *, yes: tuple[str, ...] = (), unknown: tuple[str, ...] = (), **changed: Any) -> AssessmentDraft:
    """A form of the screen (or another `instrument`): everything is answered no but what is named."""
    slug = changed.pop("instrument", "lap_screen")
    instrument = instrument_on(slug, on=clock.now().date())
    answers = dict.fromkeys([item.slug for item in instrument.item], Stated.NO)
    answers |= dict.fromkeys(yes, Stated.YES) | dict.fromkeys(unknown, Stated.UNKNOWN)
    values: dict[str, Any] = {
        "respondent": pair.respondent.pk,
        "protected_person": pair.protected.pk,
        "instrument": slug,
        "version": instrument.version,
        "answers": answers,
        "synthetic": True,
    }
    return AssessmentDraft(**(values | changed))


def assessed(pair: Pair, level: Level, *, by: User | None = None) -> Assessed:
    """The pair at `level`: by the screen where it gives that level, else signed on it."""
    if level is Level.HIGH:
        return do_assess(by or pair.inspector, form(pair, yes=("weapon",)))
    if level is Level.LOW:
        return do_assess(by or pair.inspector, form(pair))
    return do_assess(by or pair.inspector, form(pair, level=level, reason=WHY))


def told(
    pair: Pair,
    cause: Cause,
    *,
    source: str = "incident:1",
    occurred_at: datetime | None = None,
    about_her: bool = True,
    facts: dict[str, Any] | None = None,
) -> bool:
    """Something happens, as whoever knows of it writes it."""
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        return require_reassessment(
            cursor,
            respondent=pair.respondent.pk,
            protected_person=pair.protected.pk if about_her else None,
            cause=cause,
            source=source,
            occurred_at=occurred_at or now,
            recorded_at=now,
            facts=facts,
        )
