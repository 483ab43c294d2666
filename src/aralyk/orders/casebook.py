"""The book of cases that `aralyk.access` decides by: which orders there are, and who stands in them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from aralyk.access.cases import Case, ReportOfCase
from aralyk.orders.models import Order
from aralyk.reports.models import Report


class OrderBook:
    """Cases from the table of orders; asks nobody's permission."""

    def by_order(self, orders: Collection[UUID]) -> list[Case]:
        """The cases of these orders, as far as there are any."""
        return _cases(Order.objects.filter(pk__in=orders))

    def by_number(self, number: str) -> Case | None:
        """The case with exactly this number."""
        found = _cases(Order.objects.filter(number=number))
        return found[0] if found else None

    def by_report(self, reports: Collection[UUID]) -> list[ReportOfCase]:
        """Whom these reports are about, as far as there are any."""
        found = Report.objects.filter(pk__in=reports).prefetch_related("involved").order_by("number")
        return [
            ReportOfCase(
                report=report.pk,
                number=report.number,
                district=report.district,
                respondent=report.respondent_id,
                persons=frozenset(one.person_id for one in report.involved.all()),
            )
            for report in found
        ]

    def around(
        self, *, orders: Collection[UUID], respondents: Collection[UUID], persons: Collection[UUID]
    ) -> list[Case]:
        """Every case of the respondents and protected persons that these lead to."""
        named = Q(pk__in=orders) | Q(respondent__in=respondents) | Q(protected_persons__in=persons)
        first = set(Order.objects.filter(named).values_list("respondent", flat=True))
        return _cases(Order.objects.filter(Q(respondent__in=first) | Q(protected_persons__in=persons)).distinct())


def _cases(found: QuerySet[Order]) -> list[Case]:
    return [
        Case(
            order=order.pk,
            number=order.number,
            district=order.district,
            respondent=order.respondent_id,
            protected=frozenset(person.pk for person in order.protected_persons.all()),
        )
        for order in found.prefetch_related("protected_persons").order_by("number")
    ]
