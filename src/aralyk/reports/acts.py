"""What every act on a report has in common: the row locked, the line of its life, the clock of standing still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.reports import clocks
from aralyk.reports.models import Event, Report
from aralyk.reports.queries import visible_to
from aralyk.risk.events import Cause, require_reassessment


def locked(by: User, report_id: UUID, *, may: May = May.TAKE_REPORTS) -> Report:
    """A report that this person may act on, locked until the transaction ends.

    Raises:
        NotFound: There is none, or it is not this person's.
        Refused: not_permitted.
    """
    if not Report.objects.filter(visible_to(by), pk=report_id).exists():
        raise NotFound("report")
    check_allowed(by, may)
    return Report.objects.select_for_update(of=("self",)).get(pk=report_id)


def locked_open(by: User, report_id: UUID, *, may: May = May.TAKE_REPORTS) -> Report:
    """As `locked`, for what can only be done before it is closed.

    Raises:
        NotFound: There is none, or it is not this person's.
        Refused: not_permitted; report_closed.
    """
    report = locked(by, report_id, may=may)
    if report.closed_at is not None:
        raise Refused(Code.REPORT_CLOSED)
    return report


def add_event(
    report: Report, kind: str, *, by: User | None, at: datetime, data: Mapping[str, Any] | None = None, text: str = ""
) -> Event:
    """Write a line of the report's life; whoever wrote it did something about the report."""
    if by is not None:
        clocks.note_act(report, at=at)
    return Event.objects.create(report=report, at=at, kind=kind, by=by, data=dict(data or {}), text=text)


def tell_risk(report: Report, *, at: datetime) -> None:
    """Say that the risk must be assessed, towards everyone whom the violence reached; saying it again adds nothing."""
    if report.respondent_id is None:
        return
    victims: list[UUID | None] = [one.person_id for one in report.involved.all() if one.is_victim]
    with connection.cursor() as cursor:
        for person in victims or [None]:
            require_reassessment(
                cursor,
                respondent=report.respondent_id,
                protected_person=person,
                cause=Cause.NEW_REPORT,
                source=f"report:{report.pk}",
                occurred_at=report.reported_at,
                recorded_at=at,
                facts={"jurisdiction": report.jurisdiction, "reported_at": clock.iso(report.reported_at)},
            )
