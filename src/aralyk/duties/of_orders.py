"""The duties of orders: to ask her about an extension before the end; no answer stays a person's task."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet

from aralyk.access.models import User
from aralyk.access.permissions import May, allows, seen_by
from aralyk.duties.rows import Owed, Source, Wanted
from aralyk.duties.selecting import asked, counted, late_of, page_of
from aralyk.orders.models import ExtensionQuestion

QUESTION: Final = "extension_question"


def _owed(user: User, wanted: Wanted) -> list[Owed]:
    may_finish = allows(user, May.ISSUE_ORDERS)
    return [
        Owed(
            source=QUESTION,
            id=question.pk,
            kind=QUESTION,
            rule="",
            jurisdiction=question.order.jurisdiction,
            subject=question.order_id,
            number=question.order.number,
            respondent=question.order.respondent_id,
            respondent_name=question.order.respondent.name,
            protected_person=None,
            code="",
            district=question.order.district,
            began_at=question.order.issued_at,
            due_at=question.due_at,
            may_finish=may_finish,
            threat=question.order.threat,
        )
        for question in page_of(_asked(user, wanted), source=QUESTION, wanted=wanted)
    ]


def _asked(user: User, wanted: Wanted) -> QuerySet[ExtensionQuestion]:
    issues = allows(user, May.ISSUE_ORDERS)
    seen = seen_by(user, order="order__", to=May.ISSUE_ORDERS if issues else May.OVERSEE_DUTIES)
    rows = asked(user, wanted, ExtensionQuestion.objects.filter(seen, closed_at__isnull=True), whole=issues)
    rows = rows.filter(order__versions__version=1, order__versions__made_by=user) if wanted.mine else rows
    return rows.select_related("order__respondent")


OF_QUESTIONS: Final = Source(
    name=QUESTION,
    owed=_owed,
    count=lambda user, wanted: counted(_asked(user, wanted)),
    late=late_of(ExtensionQuestion.objects.filter(closed_at__isnull=True), district="order__district"),
)
