"""The duties of risk: what a level makes due, and assessments that are due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.duties.rows import COUNTED_MAX, Late, Owed, Source, Wanted
from aralyk.risk.models import Reassessment, RiskDuty
from aralyk.risk.queries import duties_for, reassessments_for
from aralyk.risk.standing import JURISDICTION

LEVEL: Final = "risk_duty"
ASSESSMENT: Final = "risk_assessment"
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
            respondent=duty.respondent_id,
            respondent_name=duty.respondent.name,
            protected_person=duty.protected_person_id,
            code=duty.protected_person.code,
            district=duty.respondent.residence_district,
            began_at=duty.began_at,
            due_at=duty.due_at,
            may_finish=may_finish,
        )
        for duty in _page(_asked(duties_for, user, wanted), LEVEL, wanted)
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
            respondent=one.respondent_id,
            respondent_name=one.respondent.name,
            protected_person=one.protected_person_id,
            code="" if one.protected_person is None else one.protected_person.code,
            district=one.respondent.residence_district,
            began_at=one.required_at,
            due_at=one.due_at,
            may_finish=may_finish,
        )
        for one in _page(_asked(reassessments_for, user, wanted), ASSESSMENT, wanted)
    ]


def _asked(read: Callable[..., QuerySet[Row]], user: User, wanted: Wanted) -> QuerySet[Row]:
    overdue_at = wanted.now if wanted.overdue else None
    return read(user, overdue_at=overdue_at, before=wanted.before, mine=wanted.mine)


def _page(rows: QuerySet[Row], source: str, wanted: Wanted) -> QuerySet[Row]:
    after = wanted.after
    if after is None:
        return rows[: wanted.limit]
    following = Q(due_at__gt=after.due_at)
    if source > after.source:
        following |= Q(due_at=after.due_at)
    elif source == after.source:
        following |= Q(due_at=after.due_at, pk__gt=after.id)
    # Said once more so that the index on due_at is entered at the key.
    return rows.filter(following, due_at__gte=after.due_at)[: wanted.limit]


def _counted(read: Callable[..., QuerySet[Any]]) -> Callable[[User, Wanted], int]:
    def count(user: User, wanted: Wanted) -> int:
        return len(_asked(read, user, wanted).select_related(None).values_list("pk", flat=True)[:COUNTED_MAX])

    return count


def _late(rows: QuerySet[Any]) -> Callable[[datetime, int], list[Late]]:
    district = "respondent__residence_district"
    place = Window(RowNumber(), partition_by=[F(district)], order_by=[F("due_at"), F("pk")])

    def late(before: datetime, ids_max: int) -> list[Late]:
        overdue = rows.filter(due_at__lt=before)
        named: dict[str, list[int]] = {}
        first = overdue.annotate(place=place).filter(place__lte=ids_max).order_by(district, "place")
        for here, row in first.values_list(district, "pk"):
            named.setdefault(here, []).append(row)
        counted = overdue.order_by().values_list(district).annotate(Count("pk"), Min("due_at"))
        return [
            Late(district=here, count=count, oldest_due_at=oldest, ids=tuple(named.get(here, ())))
            for here, count, oldest in counted
        ]

    return late


OF_LEVELS: Final = Source(
    name=LEVEL,
    owed=_of_level,
    count=_counted(duties_for),
    late=_late(RiskDuty.objects.filter(done_at__isnull=True, lapsed_at__isnull=True)),
)
OF_ASSESSMENTS: Final = Source(
    name=ASSESSMENT,
    owed=_of_assessment,
    count=_counted(reassessments_for),
    late=_late(Reassessment.objects.filter(answered_by__isnull=True)),
)
