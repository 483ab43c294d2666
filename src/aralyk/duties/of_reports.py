"""The duties of reports: clocks of standing still and of the order's issue, assessments, referrals, notices."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.duties.rows import Owed, Source, Wanted
from aralyk.duties.selecting import counted, late_of, page_of
from aralyk.reports.clocks import OPEN
from aralyk.reports.models import Task
from aralyk.reports.queries import tasks_for

TASK: Final = "report_task"


def _owed(user: User, wanted: Wanted) -> list[Owed]:
    may_finish = allows(user, May.DECIDE_REPORTS)
    return [
        Owed(
            source=TASK,
            id=task.pk,
            kind=task.kind,
            rule=task.rule,
            jurisdiction=task.report.jurisdiction,
            subject=task.report_id,
            number=task.report.number,
            respondent=task.report.respondent_id,
            respondent_name="" if task.report.respondent is None else task.report.respondent.name,
            protected_person=None,
            code="",
            district=task.report.district,
            began_at=task.began_at,
            due_at=task.due_at,
            may_finish=may_finish,
        )
        for task in page_of(_asked(user, wanted), source=TASK, wanted=wanted)
    ]


def _asked(user: User, wanted: Wanted) -> QuerySet[Task]:
    rows = tasks_for(user, overdue_at=wanted.now if wanted.overdue else None)
    rows = rows if wanted.before is None else rows.filter(due_at__lt=wanted.before)
    rows = rows.filter(report__taken_by=user) if wanted.mine else rows
    return rows.select_related("report__respondent")


OF_REPORTS: Final = Source(
    name=TASK,
    owed=_owed,
    count=lambda user, wanted: counted(_asked(user, wanted)),
    late=late_of(Task.objects.filter(OPEN), district="report__district"),
)
