"""What sources have in common: a page that goes on after a key, a count that stops, and what is late by district."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count, F, Min, Model, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.duties.rows import COUNTED_MAX, Late, Wanted

Row = TypeVar("Row", bound=Model)


def asked(user: User, wanted: Wanted, rows: QuerySet[Row], *, whole: bool) -> QuerySet[Row]:
    """Of rows that this person may know of those that are wanted, by due time.

    Args:
        user: Who looks.
        wanted: Which ones; `mine` and `after` are for others to keep.
        rows: By permission.
        whole: Whether everything that is owed is shown; else what is overdue, to those who oversee duties.
    """
    if not whole and not allows(user, May.OVERSEE_DUTIES):
        return rows.none()
    rows = rows.filter(due_at__lt=wanted.now) if wanted.overdue or not whole else rows
    rows = rows if wanted.before is None else rows.filter(due_at__lt=wanted.before)
    return rows.order_by("due_at", "pk")


def page_of(rows: QuerySet[Row], *, source: str, wanted: Wanted) -> QuerySet[Row]:
    """The wanted rows of a queryset in the order of (due_at, pk), after the key of any source."""
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


def counted(rows: QuerySet[Any]) -> int:
    """How many, at most COUNTED_MAX."""
    return len(rows.select_related(None).values_list("pk", flat=True)[:COUNTED_MAX])


def late_of(rows: QuerySet[Any], *, district: str) -> Callable[[datetime, int], list[Late]]:
    """`Source.late` of rows that are not done, whose district stands in a field."""
    place = Window(RowNumber(), partition_by=[F(district)], order_by=[F("due_at"), F("pk")])

    def late(before: datetime, ids_max: int) -> list[Late]:
        overdue = rows.filter(due_at__lt=before)
        named: dict[str, list[int | UUID]] = {}
        first = overdue.annotate(place=place).filter(place__lte=ids_max).order_by(district, "place")
        for here, row in first.values_list(district, "pk"):
            named.setdefault(here, []).append(row)
        by_district = overdue.order_by().values_list(district).annotate(Count("pk"), Min("due_at"))
        return [
            Late(district=here, count=count, oldest_due_at=oldest, ids=tuple(named.get(here, ())))
            for here, count, oldest in by_district
        ]

    return late
