"""What else is known of the same respondent: a report is never read alone, and a sixth one is not a first one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q

from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, seen_by
from aralyk.access.sight import sight
from aralyk.people.models import Respondent
from aralyk.people.queries import respondents_for
from aralyk.reports.models import Report
from aralyk.reports.queries import visible_to
from aralyk.risk.events import Cause
from aralyk.risk.models import RiskEvent
from aralyk.risk.queries import LevelNow, levels_for

FOUND_MAX: Final = 20
SEARCH_MIN: Final = 3  # letters: fewer list everybody


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedOrder:
    """An order over the same respondent; orders stand above reports, so only what a line needs is read."""

    id: UUID
    number: str
    issued_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What is known besides.

    Attributes:
        reports: Others on the same respondent that this person may see, newest first.
        elsewhere: How many more there are that this person may not see.
        orders: Over him, in this person's districts, newest first.
        levels: The levels of risk that stand.
        breaches: How many breaches were decided.
        signals: How many signals devices gave; no one has decided that they were breaches.
    """

    reports: tuple[Report, ...]
    elsewhere: int
    orders: tuple[JoinedOrder, ...]
    levels: tuple[LevelNow, ...]
    breaches: int
    signals: int

    @property
    def earlier(self) -> int:
        """How many other reports there are at all."""
        return len(self.reports) + self.elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRespondent:
    """Somebody who may be the one that a report is about."""

    respondent: Respondent
    reports: int


def joined_for(user: User, report: Report) -> Joined:
    """What is known besides of the respondent of a report that was fetched with permission."""
    if report.respondent_id is None:
        return Joined(reports=(), elsewhere=0, orders=(), levels=(), breaches=0, signals=0)
    others = Report.objects.filter(respondent=report.respondent_id).exclude(pk=report.pk)
    seen = tuple(others.filter(visible_to(user)).order_by("-reported_at", "pk"))
    marks = RiskEvent.objects.filter(respondent=report.respondent_id).aggregate(
        breaches=Count("pk", filter=Q(cause=Cause.BREACH)),
        signals=Count("pk", filter=Q(cause=Cause.POSSIBLE_VIOLATION)),
    )
    levels = levels_for(user, respondent=report.respondent_id) if allows(user, May.SEE_RISK_LEVEL) else []
    return Joined(
        reports=seen,
        elsewhere=others.count() - len(seen),
        orders=_orders(user, report.respondent_id),
        levels=tuple(levels),
        breaches=marks["breaches"],
        signals=marks["signals"],
    )


def earlier_counts(reports: list[Report]) -> dict[UUID, int]:
    """How many other reports there are on the respondent of each: 1 query however many."""
    about = {report.respondent_id for report in reports if report.respondent_id is not None}
    rows = Report.objects.filter(respondent__in=about).values("respondent").annotate(found=Count("pk"))
    counts: dict[Any, int] = {row["respondent"]: row["found"] for row in rows}
    return {report.pk: counts.get(report.respondent_id, 1) - 1 for report in reports}


def find_respondents(user: User, *, name: str, born_on: date | None = None) -> list[FoundRespondent]:
    """Whoever may be meant, before somebody is registered twice.

    Among the respondents whom this person may see, by a part of the name; among everybody else only by the whole name
    and the day of birth together, so that nobody can leaf through the country.

    Args:
        user: Who takes reports.
        name: At least `SEARCH_MIN` letters; shorter finds nobody.
        born_on: When known.

    Raises:
        Refused: not_permitted.
    """
    check_allowed(user, May.TAKE_REPORTS)
    text = name.strip().replace("\0", "")
    if len(text) < SEARCH_MIN:
        return []
    seen = respondents_for(user).filter(name__icontains=text)
    if born_on is not None:
        seen = seen.filter(Q(born_on=born_on) | Q(born_on__isnull=True))
    found = {one.pk: one for one in seen[:FOUND_MAX]}
    if born_on is not None:
        exactly = Respondent.objects.filter(name__iexact=text, born_on=born_on)
        exactly = exactly.exclude(pk__in=sight(user.pk).closed_respondents)
        found |= {one.pk: one for one in exactly[:FOUND_MAX]}
    counts = Report.objects.filter(respondent__in=found).values("respondent").annotate(found=Count("pk"))
    reports: dict[Any, int] = {row["respondent"]: row["found"] for row in counts}
    return [FoundRespondent(respondent=one, reports=reports.get(pk, 0)) for pk, one in found.items()]


def _orders(user: User, respondent: UUID) -> tuple[JoinedOrder, ...]:
    """Orders declare the relation from above; where none is installed, none is found."""
    people = Respondent.objects.filter(seen_by(user, order="orders__"), pk=respondent)
    rows = people.exclude(orders__isnull=True).order_by("-orders__issued_at", "orders__pk").values_list(
        "orders__pk", "orders__number", "orders__issued_at", "orders__expires_at", "orders__ended_at"
    )  # fmt: skip
    return tuple(
        JoinedOrder(id=pk, number=number, issued_at=issued, expires_at=expires, ended_at=ended)
        for pk, number, issued, expires, ended in rows
    )
