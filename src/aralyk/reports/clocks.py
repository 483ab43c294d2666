"""What a report makes due, as rows with their time: who must do what, from which event, by the pack of that day.

Two clocks run for the issue of an order, from the report and from the established fact; both stay to be read after they
were met, because the gap between them is where a report stands still. One clock begins anew with every act: when it
runs out, nobody did anything. Doing something late never makes it timely: `due_at` of what is owed is never moved, but
for that one clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from aralyk.access.models import User
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.values import Circumstance, Due, DutyKind, Event
from aralyk.people.models import Stated
from aralyk.reports.models import Answer, Involved, Part, Report, Task
from aralyk.risk.models import Assessment


class Owed(StrEnum):
    """What kind of thing is owed on a report."""

    ISSUE_ORDER = "issue_order"
    ACT = "act"
    ASSESS_RISK = "assess_risk"
    CHECK_WEAPONS = "check_weapons"
    REFER = "refer"
    REFERRAL_RESULT = "referral_result"
    NOTIFY = "notify"


class Result(StrEnum):
    """How something that was owed came out."""

    DONE = "done"
    TOLD = "told"
    WEAPON_REGISTERED = "weapon_registered"
    NO_WEAPON_REGISTERED = "no_weapon_registered"
    REFERRED = "referred"
    DECLINED = "declined"  # by whom it concerns
    RECEIVED = "received"
    NOT_CARRIED_OUT = "not_carried_out"


# What a person may tick off, with what result; the rest is met by the act itself.
RESULTS: Final = {
    Owed.CHECK_WEAPONS: (Result.WEAPON_REGISTERED, Result.NO_WEAPON_REGISTERED),
    Owed.REFER: (Result.REFERRED, Result.DECLINED),
    Owed.REFERRAL_RESULT: (Result.RECEIVED, Result.NOT_CARRIED_OUT),
    Owed.NOTIFY: (Result.TOLD,),
}
_BY_DUTY: Final = {
    DutyKind.ASSESS_RISK: Owed.ASSESS_RISK,
    DutyKind.CHECK_WEAPONS: Owed.CHECK_WEAPONS,
    DutyKind.REFER: Owed.REFER,
    DutyKind.NOTIFY: Owed.NOTIFY,
}
OPEN: Final = Q(done_at__isnull=True, lapsed_at__isnull=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueClock:
    """A clock that runs for the issue of an order.

    Attributes:
        slug: Of the pack.
        runs_from: The moment it counts from.
        due_at: When it runs out.
        met_at: When an order was issued; None: not yet, or no longer owed.
        stopped_at: When the report was decided without an order.
    """

    slug: str
    runs_from: datetime
    due_at: datetime
    met_at: datetime | None
    stopped_at: datetime | None

    def late_by(self, *, at: datetime) -> timedelta:
        """By how much it is overrun, at its end or at `at`; zero when in time."""
        return max((self.met_at or self.stopped_at or at) - self.due_at, timedelta())


def start(report: Report, *, at: datetime) -> None:
    """Make due what a report brings that was just taken."""
    _start_clocks(report, Event.REPORT_RECEIVED, Event.ORDER_ISSUED, Owed.ISSUE_ORDER, began_at=report.reported_at)
    _start_clocks(report, Event.REPORT_ACTED_ON, Event.REPORT_ACTED_ON, Owed.ACT, began_at=at)
    if report.established_at is not None:
        start_from_established_fact(report)
    start_duties(report)


def start_from_established_fact(report: Report) -> None:
    """Start the law's clock."""
    assert report.established_at is not None
    _start_clocks(
        report, Event.VIOLENCE_ESTABLISHED, Event.ORDER_ISSUED, Owed.ISSUE_ORDER, began_at=report.established_at
    )


def start_duties(report: Report, event: Event = Event.REPORT_RECEIVED, *, began_at: datetime | None = None) -> None:
    """Start what an event makes due in this case and was not started before: an answer may bring a new duty."""
    law = pack(report.jurisdiction)
    begun = set(report.tasks.values_list("rule", flat=True))
    true = circumstances_of(report)
    for duty in law.duties_from(event, on=law.day_of(report.taken_at)):
        arises = duty.only_if is None or duty.only_if in true
        if arises and duty.kind in _BY_DUTY and duty.slug not in begun:
            _start(report, _BY_DUTY[duty.kind], duty.slug, due=duty.due, began_at=began_at or report.reported_at)


def circumstances_of(report: Report) -> frozenset[Circumstance]:
    """What is so in this case, as far as it was stated; what nobody could tell counts as so where a child may be."""
    law = pack(report.jurisdiction)
    said = {slug: row["answer"] for slug, row in report.statements.items()}
    true = {
        question.circumstance
        for question in law.statements_on(law.day_of(report.taken_at))
        if question.circumstance is not None and said.get(question.slug) == Answer.YES
    }
    if report.applicant_minor == Stated.YES or report.involved.filter(minor=Stated.YES).exists():
        true.add(Circumstance.MINOR_INVOLVED)
    return frozenset(true)


def note_act(report: Report, *, at: datetime) -> None:
    """Begin the clock of standing still anew; called by every act."""
    report.acted_at = at
    report.save(update_fields=["acted_at"])
    law = pack(report.jurisdiction)
    for task in report.tasks.filter(OPEN, kind=Owed.ACT):
        clock = law.clock(task.rule, on=law.day_of(report.taken_at))
        task.began_at, task.due_at, task.told_overdue_at = at, law.due_at(clock.due, at).at, None
        task.save(update_fields=["began_at", "due_at", "told_overdue_at"])


def restart_standing_still(report: Report, *, at: datetime) -> None:
    """Run the clock of standing still again, on a report that was reopened."""
    _start_clocks(report, Event.REPORT_ACTED_ON, Event.REPORT_ACTED_ON, Owed.ACT, began_at=at)


def meet(report: Report, kinds: Collection[Owed], *, by: User | None, at: datetime) -> None:
    """Say that what was owed has happened."""
    report.tasks.filter(OPEN, kind__in=list(kinds)).update(done_at=at, done_by=by, result=Result.DONE.value)


def lapse(report: Report, kinds: Collection[Owed], *, at: datetime) -> None:
    """Say that something is no longer owed: the report was decided otherwise."""
    report.tasks.filter(OPEN, kind__in=list(kinds)).update(lapsed_at=at)


def resume_issue(report: Report) -> None:
    """Run the clocks for an order's issue on, as if the report had never been closed: what is late stays late."""
    report.tasks.filter(kind=Owed.ISSUE_ORDER, lapsed_at__isnull=False).update(lapsed_at=None)


def ask_for_referral_result(report: Report, referral: Task, *, due_at: datetime, at: datetime) -> Task:
    """Make the result of a referral due by the day that was set for it."""
    return Task.objects.create(
        report=report, kind=Owed.REFERRAL_RESULT.value, rule=referral.rule, began_at=at, due_at=due_at
    )


def settle_assessed(report: Report) -> bool:
    """Tick off the assessment once every victim's risk was assessed; returns whether it was."""
    if report.respondent_id is None or not_assessed(Involved.objects.filter(report=report)).exists():
        return False
    victims = [one.person_id for one in report.involved.all() if one.is_victim]
    if not victims:
        return False
    rows = Assessment.objects.filter(
        respondent=report.respondent_id, protected_person__in=victims, assessed_at__gte=report.taken_at,
        levels__isnull=False,
    ).order_by("-assessed_at")  # fmt: skip
    first = dict(rows.values_list("protected_person", "assessed_at"))  # of each, the last row is the earliest form
    report.tasks.filter(OPEN, kind=Owed.ASSESS_RISK).update(done_at=max(first.values()), result=Result.DONE.value)
    return True


def not_assessed(involved: QuerySet[Involved]) -> QuerySet[Involved]:
    """Keep the victims whose risk nobody assessed since the report was taken."""
    assessed = Assessment.objects.filter(
        respondent=OuterRef("report__respondent"),
        protected_person=OuterRef("person"),
        assessed_at__gte=OuterRef("report__taken_at"),
        levels__isnull=False,  # a form from which no level followed is kept, and assesses nothing
    )
    return involved.filter(Q(part=Part.VICTIM) | Q(minor=Stated.YES)).exclude(Exists(assessed))


def issue_clocks(report: Report) -> tuple[IssueClock, ...]:
    """The clocks that run or ran for the issue of an order, the one that began first at the top."""
    rows = report.tasks.filter(kind=Owed.ISSUE_ORDER).order_by("began_at", F("pk"))
    return tuple(
        IssueClock(
            slug=row.rule, runs_from=row.began_at, due_at=row.due_at, met_at=row.done_at, stopped_at=row.lapsed_at
        )
        for row in rows
    )


def gap_of(report: Report, *, at: datetime) -> timedelta:
    """How long it took, or takes until `at`, from the report to the established fact: here stalling hides."""
    return (report.established_at or report.closed_at or at) - report.reported_at


def _start_clocks(report: Report, runs_from: Event, met_by: Event, owed: Owed, *, began_at: datetime) -> None:
    for slug, due in _clocks(report, runs_from, met_by):
        if not report.tasks.filter(OPEN, rule=slug).exists():
            _start(report, owed, slug, due=due, began_at=began_at)


def _clocks(report: Report, runs_from: Event, met_by: Event) -> Iterator[tuple[str, Due]]:
    law = pack(report.jurisdiction)
    for each in law.clocks_on(law.day_of(report.taken_at), runs_from=runs_from, met_by=met_by):
        yield each.slug, each.due


def _start(report: Report, owed: Owed, rule: str, *, due: Due | None, began_at: datetime) -> Task:
    due_at = began_at if due is None else pack(report.jurisdiction).due_at(due, began_at).at
    return Task.objects.create(report=report, kind=owed.value, rule=rule, began_at=began_at, due_at=due_at)
