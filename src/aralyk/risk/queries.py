"""Risk as a person may read it. Police, for their districts, and prosecutors read it whole; the monitoring centre and
probation read the level alone; nobody else reads anything, and a respondent has no way here at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.people.models import Respondent, Stated
from aralyk.people.queries import pairs_for, respondent_for
from aralyk.risk.instrument import Instrument, version_used
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, LevelDecision, Reassessment, RiskDuty, State
from aralyk.risk.reading import Reading, read_answers

Row = TypeVar("Row", RiskDuty, Reassessment)
Read = TypeVar("Read", Assessment, LevelDecision, RiskDuty)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelNow:
    """The level that stands between two people, and nothing of why.

    Attributes:
        respondent: Whose risk.
        protected_person: Towards whom.
        code: How colleagues refer to the protected person.
        level: What stands; there is no "none".
        since: Since when.
    """

    respondent: UUID
    protected_person: UUID
    code: str
    level: Level
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """An assessment read by the version of the instrument that it was made with."""

    assessment: Assessment
    instrument: Instrument
    reading: Reading
    by: str

    @property
    def missing_of(self) -> tuple[int, int]:
        """How many answers are missing, of how many: stands beside every level."""
        return len(self.reading.missing), len(self.instrument.item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step of the trajectory, ready for a chart: time, height, and what a reader asks first."""

    at: datetime
    level: Level
    height: int
    basis: str
    missing: int
    asked: int
    by: str
    second: str
    reason: str
    assessment: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened on the way, drawn beside the levels."""

    at: datetime
    cause: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The levels between two people over time; each holds until the next.

    Attributes:
        points: Oldest first.
        marks: What devices and people told meanwhile, oldest first; facts, never answers.
        proposal: A lower level that waits for the second person.
        decisions: Every level that was set or proposed, whatever became of it, newest first.
    """

    protected_person: UUID
    code: str
    decisions: tuple[LevelDecision, ...]
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    proposal: LevelDecision | None


def levels_for(user: User, *, respondent: UUID | None = None) -> list[LevelNow]:
    """The levels that stand, highest first, in this person's districts: 1 query however many.

    Args:
        user: Who looks.
        respondent: Only his; None: everybody's.
    """
    if not allows(user, May.SEE_RISK_LEVEL):
        return []
    rows = LevelDecision.objects.filter(pairs_for(user), state=State.IN_FORCE)
    if respondent is not None:
        rows = rows.filter(respondent=respondent)
    newest = (
        rows.select_related("protected_person")
        .order_by("respondent", "protected_person", "-in_force_at", "-pk")
        .distinct("respondent", "protected_person")
    )
    found = [
        LevelNow(
            respondent=row.respondent_id,
            protected_person=row.protected_person_id,
            code=row.protected_person.code,
            level=Level(row.level),
            since=_since(row),
        )
        for row in newest
    ]
    return sorted(found, key=lambda one: (-one.level.height, one.since, str(one.protected_person)))


def level_for(user: User, respondent: UUID, protected_person: UUID) -> LevelNow:
    """The level that stands between two people.

    Raises:
        NotFound: Never assessed, or not this person's to see.
    """
    for one in levels_for(user, respondent=respondent):
        if one.protected_person == protected_person:
            return one
    raise NotFound("risk_level")


def assessments_for(user: User) -> QuerySet[Assessment]:
    """The forms of this person's districts, newest first."""
    return (
        _readable(user, Assessment.objects.all())
        .select_related("assessed_by", "protected_person")
        .order_by("-assessed_at", "pk")
    )


def assessment_for(user: User, assessment_id: UUID) -> Filled:
    """One form with the very instrument that it was made with.

    Raises:
        NotFound: There is none, or it is not this person's to read.
        InstrumentMissing: The version no longer ships.
        InstrumentChanged: The version was edited since.
    """
    found = assessments_for(user).filter(pk=assessment_id).first()
    if found is None:
        raise NotFound("assessment")
    instrument = version_used(found.instrument, found.instrument_version, sha256=found.instrument_sha256)
    answers: Mapping[str, Any] = {slug: Stated(answer) for slug, answer in found.answers.items()}
    return Filled(
        assessment=found,
        instrument=instrument,
        reading=read_answers(instrument, answers),
        by=shown_name(found.assessed_by),
    )


def trajectories_for(user: User, respondent_id: UUID) -> list[Trajectory]:
    """How the risk from one respondent went, one trajectory for each protected person.

    Raises:
        NotFound: No such respondent, or not this person's to read.
    """
    if not allows(user, May.READ_RISK):
        raise NotFound("respondent")
    respondent = respondent_for(user, respondent_id)
    decisions = (
        _readable(user, LevelDecision.objects.filter(respondent=respondent))
        .select_related("assessment", "decided_by", "second_by", "protected_person")
        .defer("assessment__device_facts", "assessment__responses")  # large, and of no use over time
        .order_by(F("in_force_at").asc(nulls_last=True), "pk")
    )
    by_person: dict[UUID, list[LevelDecision]] = {}
    for decision in decisions:
        by_person.setdefault(decision.protected_person_id, []).append(decision)
    return [_trajectory(respondent, person, rows) for person, rows in by_person.items()]


def proposals_for(user: User) -> QuerySet[LevelDecision]:
    """Lower levels that wait for a second person, oldest first; a person's own are not theirs to answer."""
    rows = _readable(user, LevelDecision.objects.filter(state=State.PROPOSED))
    return rows.select_related("assessment", "decided_by", "protected_person", "respondent").order_by(
        "decided_at", "pk"
    )


def lowered_for(user: User, *, since: datetime) -> QuerySet[LevelDecision]:
    """Levels that two people lowered from `since` on, newest first: the prosecutor's list."""
    rows = _readable(
        user, LevelDecision.objects.filter(state=State.IN_FORCE, second_by__isnull=False, in_force_at__gte=since)
    )
    return rows.select_related("assessment", "decided_by", "second_by", "protected_person", "respondent").order_by(
        "-in_force_at", "-pk"
    )


def duties_for(
    user: User, *, overdue_at: datetime | None = None, before: datetime | None = None, mine: bool = False
) -> QuerySet[RiskDuty]:
    """What levels made due and nobody did yet, the most urgent first.

    Whoever only oversees duties sees what is overdue, and nothing else.

    Args:
        user: Who looks.
        overdue_at: Only what is overdue at that moment; None: everything that is owed.
        before: Only what is due before that moment.
        mine: Only in pairs that this person assessed.
    """
    rows = _owed(user, RiskDuty.objects.filter(done_at__isnull=True, lapsed_at__isnull=True), overdue_at, before)
    rows = rows.filter(_assessed_by(user, of_event=False)) if mine else rows
    return rows.select_related("protected_person", "respondent", "decision__assessment").order_by("due_at", "pk")


def reassessments_for(
    user: User, *, overdue_at: datetime | None = None, before: datetime | None = None, mine: bool = False
) -> QuerySet[Reassessment]:
    """Assessments that are due and not made yet, the most urgent first; arguments as of `duties_for`."""
    rows = _owed(user, Reassessment.objects.filter(answered_by__isnull=True), overdue_at, before)
    rows = rows.filter(_assessed_by(user, of_event=True)) if mine else rows
    return rows.select_related("protected_person", "respondent", "event").order_by("due_at", "pk")


def done_for(user: User) -> QuerySet[RiskDuty]:
    """Duties that were ticked off, the newest first, with who did it and the note."""
    rows = _readable(user, RiskDuty.objects.filter(done_at__isnull=False))
    return rows.select_related("protected_person", "respondent", "decision__assessment", "done_by").order_by(
        "-done_at", "-pk"
    )


def _owed(user: User, rows: QuerySet[Row], overdue_at: datetime | None, before: datetime | None) -> QuerySet[Row]:
    to = May.READ_RISK
    if not allows(user, May.READ_RISK):
        if not allows(user, May.OVERSEE_DUTIES):
            return rows.none()
        to, overdue_at = May.OVERSEE_DUTIES, min(overdue_at or clock.now(), clock.now())
    rows = rows if overdue_at is None else rows.filter(due_at__lt=overdue_at)
    rows = rows if before is None else rows.filter(due_at__lt=before)
    return rows.filter(pairs_for(user, to=to))


def _assessed_by(user: User, *, of_event: bool) -> Q:
    own = Assessment.objects.filter(respondent=OuterRef("respondent"), assessed_by=user)
    hers = own.filter(protected_person=OuterRef("protected_person"))
    # An event that names nobody is everybody's who assessed him.
    return Q(Exists(hers)) | Q(Exists(own), protected_person__isnull=True) if of_event else Q(Exists(hers))


def _readable(user: User, rows: QuerySet[Read]) -> QuerySet[Read]:
    """Of rows between two people, those whose risk is this person's to read, not only to know the level of."""
    return rows.filter(pairs_for(user, to=May.READ_RISK)) if allows(user, May.READ_RISK) else rows.none()


def _trajectory(respondent: Respondent, person: UUID, rows: list[LevelDecision]) -> Trajectory:
    effective = [row for row in rows if row.state == State.IN_FORCE]
    marks = respondent.risk_events.filter(Q(protected_person=person) | Q(protected_person__isnull=True))
    return Trajectory(
        protected_person=person,
        code=rows[0].protected_person.code,
        decisions=tuple(sorted(rows, key=lambda row: (row.decided_at, row.pk), reverse=True)),
        points=tuple(_point(row) for row in effective),
        marks=tuple(
            Mark(at=event.occurred_at, cause=event.cause, source=event.source)
            for event in marks.filter(occurred_at__lte=clock.now()).order_by("occurred_at", "pk")
        ),
        proposal=next((row for row in rows if row.state == State.PROPOSED), None),
    )


def _point(row: LevelDecision) -> Point:
    return Point(
        at=_since(row),
        level=Level(row.level),
        height=Level(row.level).height,
        basis=row.basis,
        missing=row.assessment.missing,
        asked=len(row.assessment.answers),
        by=shown_name(row.decided_by),
        second=shown_name(row.second_by),
        reason=row.reason,
        assessment=row.assessment_id,
    )


def _since(row: LevelDecision) -> datetime:
    assert row.in_force_at is not None
    return row.in_force_at
