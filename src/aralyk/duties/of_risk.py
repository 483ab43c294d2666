"""The duties of risk: what a level makes due, and assessments that are due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from django.db.models import QuerySet

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.duties.rows import Owed, Source, Wanted
from aralyk.duties.selecting import counted, late_of, page_of
from aralyk.risk.models import Reassessment, RiskDuty
from aralyk.risk.queries import duties_for, reassessments_for
from aralyk.risk.standing import JURISDICTION

LEVEL: Final = "risk_duty"
ASSESSMENT: Final = "risk_assessment"
DISTRICT: Final = "respondent__residence_district"
Row = TypeVar("Row", RiskDuty, Reassessment)


def _of_level(user: User, wanted: Wanted) -> list[Owed]:
    may_finish = allows(user, May.ASSESS_RISK)
    return [
        Owed(
            source=LEVEL,
            id=duty.pk,
            kind=duty.kind,
            rule=duty.rule,
            jurisdiction=duty.decision.assessment.jurisdiction,
            subject=duty.respondent_id,
            number="",
            respondent=duty.respondent_id,
            respondent_name=duty.respondent.name,
            protected_person=duty.protected_person_id,
            code=duty.protected_person.code,
            district=duty.respondent.residence_district,
            began_at=duty.began_at,
            due_at=duty.due_at,
            may_finish=may_finish,
        )
        for duty in page_of(_asked(duties_for, user, wanted), source=LEVEL, wanted=wanted)
    ]


def _of_assessment(user: User, wanted: Wanted) -> list[Owed]:
    may_finish = allows(user, May.ASSESS_RISK)
    return [
        Owed(
            source=ASSESSMENT,
            id=one.pk,
            kind=one.cause,
            rule="",
            jurisdiction=JURISDICTION,
            subject=one.respondent_id,
            number="",
            respondent=one.respondent_id,
            respondent_name=one.respondent.name,
            protected_person=one.protected_person_id,
            code="" if one.protected_person is None else one.protected_person.code,
            district=one.respondent.residence_district,
            began_at=one.required_at,
            due_at=one.due_at,
            may_finish=may_finish,
        )
        for one in page_of(_asked(reassessments_for, user, wanted), source=ASSESSMENT, wanted=wanted)
    ]


def _asked(read: Callable[..., QuerySet[Row]], user: User, wanted: Wanted) -> QuerySet[Row]:
    overdue_at = wanted.now if wanted.overdue else None
    return read(user, overdue_at=overdue_at, before=wanted.before, mine=wanted.mine)


OF_LEVELS: Final = Source(
    name=LEVEL,
    owed=_of_level,
    count=lambda user, wanted: counted(_asked(duties_for, user, wanted)),
    late=late_of(RiskDuty.objects.filter(done_at__isnull=True, lapsed_at__isnull=True), district=DISTRICT),
)
OF_ASSESSMENTS: Final = Source(
    name=ASSESSMENT,
    owed=_of_assessment,
    count=lambda user, wanted: counted(_asked(reassessments_for, user, wanted)),
    late=late_of(Reassessment.objects.filter(answered_by__isnull=True), district=DISTRICT),
)
