"""Reports as a person may read them: of one's districts with the right to read, or taken by oneself.

Whoever was complained of in a report does not see it any more, and it looks as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import GRANTS, May, allows, districts_of
from aralyk.access.sight import sight
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.people.models import Respondent, Stated
from aralyk.people.queries import named_like
from aralyk.reports import clocks
from aralyk.reports.models import (
    Answer,
    CaseEvent,
    Decision,
    Event,
    Involved,
    OfficerComplaint,
    Report,
    Task,
)
from aralyk.reports.sealed import Words, words_of


class Waiting(StrEnum):
    """Which reports a list shows."""

    OPEN = "open"
    MINE = "mine"
    OVERDUE = "overdue"
    STALLED = "stalled"
    NOT_ASSESSED = "not_assessed"
    CLOSED = "closed"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class FromReport:
    """What an order takes over from its report.

    Attributes:
        statements: For the questions that an order asks too; whatever nobody said is unknown, never no.
    """

    report: UUID
    jurisdiction: str
    district: str
    respondent: UUID
    protected_persons: tuple[UUID, ...]
    reported_at: datetime
    established_at: datetime | None
    statements: Mapping[str, Stated]


def visible_to(user: User) -> Q:
    """The filter that keeps the reports that this person may know of."""
    complained_of = OfficerComplaint.objects.filter(report=OuterRef("pk"), officer=user.pk)
    mine = Q(taken_by=user.pk) if allows(user, May.TAKE_REPORTS) else Q(pk__in=[])
    read_in = districts_of(user) if allows(user, May.READ_REPORTS) else frozenset()
    close = sight(user.pk)
    # Every district: an empty filter joined by "or" would vanish and leave the other one.
    seen = (Q() if read_in is None else mine | Q(district__in=sorted(read_in))) & ~Q(Exists(complained_of))
    if close.closed_persons:
        seen &= ~Q(Exists(Involved.objects.filter(report=OuterRef("pk"), person__in=close.closed_persons)))
    if close.closed_respondents:  # one who is not known yet is close to nobody
        seen &= Q(respondent__isnull=True) | ~Q(respondent__in=close.closed_respondents)
    return seen


def reports_for(user: User, waiting: Waiting = Waiting.ALL, *, at: datetime | None = None) -> QuerySet[Report]:
    """Reports with the people of each, by code: 2 queries however many.

    Args:
        user: Who looks.
        waiting: Which ones.
        at: Overdue and stalled at that moment; None: now.
    """
    found = Report.objects.filter(visible_to(user)).select_related("respondent", "taken_by")
    found = found.prefetch_related(Prefetch("involved", Involved.objects.select_related("person").order_by("pk")))
    found = found.filter(_KEEPS[waiting]) if waiting in _KEEPS else found
    moment = at or clock.now()
    owed = Task.objects.filter(clocks.OPEN, report=OuterRef("pk"), due_at__lte=moment)
    match waiting:
        case Waiting.MINE:
            found = found.filter(taken_by=user.pk)
        case Waiting.OVERDUE:
            found = found.filter(Exists(owed.exclude(kind=clocks.Owed.ACT)))
        case Waiting.STALLED:
            found = found.filter(Exists(owed.filter(kind=clocks.Owed.ACT)))
        case Waiting.NOT_ASSESSED:
            waiting_for_it = clocks.not_assessed(Involved.objects.filter(report=OuterRef("pk")))
            nobody = ~Exists(Involved.objects.filter(report=OuterRef("pk")))
            found = found.filter(Q(Exists(waiting_for_it)) | Q(nobody) | Q(respondent__isnull=True))
        case _:
            pass
    return found.order_by("-taken_at", "pk")


def reports_like(search: str) -> QuerySet[Report, Any]:
    """Ids of reports, anybody's, to narrow a list of a person's own with: by number, respondent's name or a code.

    Three searches of one column each, as of orders. Codes only, and whole: a protected person's name is sealed.
    """
    by_number = Report.objects.filter(number__icontains=search)
    by_name = Report.objects.filter(respondent__in=Respondent.objects.filter(named_like(search)))
    by_code = Report.objects.filter(involved__person__code__iexact=search)
    ids = [found.values("pk") for found in (by_number, by_name, by_code)]
    return ids[0].union(*ids[1:])


_KEEPS = {
    Waiting.OPEN: Q(closed_at__isnull=True),
    Waiting.MINE: Q(closed_at__isnull=True),
    Waiting.STALLED: Q(closed_at__isnull=True),
    Waiting.NOT_ASSESSED: Q(closed_at__isnull=True),
    Waiting.CLOSED: Q(closed_at__isnull=False),
}


def report_for(user: User, report_id: UUID) -> Report:
    """One report with its people.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    found = reports_for(user).filter(pk=report_id).first()
    if found is None:
        raise NotFound("report")
    return found


def words_for(user: User, report_id: UUID) -> list[Words]:
    """What was said, in clear. The look is witnessed before anything is returned.

    Raises:
        NotFound: No such report, or not this person's.
        Refused: vault_unreadable.
    """
    report = report_for(user, report_id)
    with transaction.atomic():
        witness(kind=Kind.REPORT_READ, subject=f"report:{report.pk}", by=user, at=clock.now(), data={})
    return words_of(report.pk)


def events_of(report: Report) -> QuerySet[Event]:
    """The life of a report that was fetched with permission, oldest first."""
    return report.events.select_related("by").order_by("at", "pk")


def decisions_of(report: Report) -> QuerySet[Decision]:
    """What was decided, newest first."""
    return report.decisions.select_related("decided_by").order_by("-decided_at", "-pk")


def tasks_of(report: Report) -> QuerySet[Task]:
    """What is owed or was, but the clocks of an order's issue: by when it is due."""
    return report.tasks.exclude(kind=clocks.Owed.ISSUE_ORDER).select_related("done_by").order_by("due_at", "pk")


def case_events_of(report: Report) -> QuerySet[CaseEvent]:
    """What became of the criminal case, oldest first."""
    return report.case_events.select_related("recorded_by").order_by("happened_on", "pk")


def tasks_for(user: User, *, overdue_at: datetime | None = None) -> QuerySet[Task]:
    """What is owed on the reports of this person, the most urgent first.

    Args:
        user: Who looks.
        overdue_at: Only what is overdue at that moment; None: everything that is owed.
    """
    reports = Report.objects.filter(visible_to(user)).values("pk")
    rows = Task.objects.filter(clocks.OPEN, report__in=reports)
    rows = rows if overdue_at is None else rows.filter(due_at__lte=overdue_at)
    return rows.select_related("report").order_by("due_at", "pk")


def refused_for(user: User, *, since: datetime) -> QuerySet[Decision]:
    """Reports on which nothing was done for whoever reported, newest first: the prosecutor's list."""
    reports = Report.objects.filter(visible_to(user)).values("pk")
    rows = Decision.objects.filter(report__in=reports, refuses=True, decided_at__gte=since)
    return rows.select_related("report", "decided_by").order_by("-decided_at", "-pk")


def weapon_result_of(report: Report) -> Task | None:
    """The weapon register's answer, or the question that waits for it; None: it was not asked.

    Before an order is served, `done_at` must stand in it.
    """
    return report.tasks.filter(kind=clocks.Owed.CHECK_WEAPONS).order_by("-began_at", "-pk").first()


def from_report(user: User, report_id: UUID, *, asked: tuple[str, ...]) -> FromReport:
    """What an order on this report begins with.

    Args:
        user: Who issues it.
        report_id: The report.
        asked: The statements that the order's legal basis requires.

    Raises:
        NotFound: No such report, not this person's, or it names no respondent or nobody whom the violence reached.
    """
    report = report_for(user, report_id)
    victims = tuple(one.person_id for one in report.involved.all() if one.is_victim)
    if report.respondent_id is None or not victims:
        raise NotFound("report")
    said = {slug: row["answer"] for slug, row in report.statements.items()}
    plain = {Answer.YES: Stated.YES, Answer.NO: Stated.NO}
    return FromReport(
        report=report.pk,
        jurisdiction=report.jurisdiction,
        district=report.district,
        respondent=report.respondent_id,
        protected_persons=victims,
        reported_at=report.reported_at,
        established_at=report.established_at,
        statements={
            slug: plain.get(Answer(said[slug]), Stated.UNKNOWN) if slug in said else Stated.UNKNOWN for slug in asked
        },
    )


def officers_near(user: User, report: Report) -> QuerySet[User]:
    """Colleagues of whom somebody may complain in a report: whoever takes or decides on reports of its district."""
    named = report.complaints.values("officer")
    roles = [role for role, grant in GRANTS.items() if May.READ_REPORTS in grant.may and May.TAKE_REPORTS in grant.may]
    near = User.objects.filter(is_active=True, role__in=roles, districts__contains=[report.district])
    return near.exclude(pk__in=named).exclude(pk=user.pk).order_by("display_name", "username")
