"""What the API says and takes about reports. Words of anybody come from `read` alone, which is witnessed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.people.models import Stated
from aralyk.people.vault import SealedName
from aralyk.reports import clocks
from aralyk.reports.drafts import (
    CONTACT_MAX,
    INVOLVED_MAX,
    REASON_MAX,
    WORDS_MAX,
    InvolvedDraft,
    ReportDraft,
    RespondentDraft,
    Said,
    unstated,
)
from aralyk.reports.joined import Joined
from aralyk.reports.models import Answer, Applicant, Channel, Decision, Part, Report, Task, WhyNotTold
from aralyk.reports.sealed import Words

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Empty = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]
Reason = Annotated[str, Field(max_length=REASON_MAX)]
Fact = Annotated[str, Field(max_length=CONTACT_MAX)]


class SaidIn(Schema):
    """The answer to one question; `why` with not_told, `on` with a yes that asks for its day."""

    answer: Answer
    why: WhyNotTold | None = None
    on: date | None = None

    def said(self) -> Said:
        """As the domain takes it."""
        return Said(answer=self.answer, why=self.why, on=self.on)


class RespondentIn(Schema):
    """Somebody who is not registered yet."""

    name: Annotated[str, Field(max_length=200)]
    residence_district: Slug
    born_on: date | None = None
    language: Annotated[str, Field(max_length=8)] = "ru"

    def draft(self) -> RespondentDraft:
        """As the domain takes it."""
        return RespondentDraft(**self.model_dump())


class InvolvedIn(Schema):
    """Somebody whom the violence reached: registered already, or with what is known of her, which is sealed."""

    person: UUID | None = None
    sealed: Annotated[dict[SealedName, Fact], Field(max_length=len(SealedName))] = {}
    part: Part = Part.VICTIM
    minor: Stated = Stated.UNKNOWN
    relation: Empty = ""
    language: Annotated[str, Field(max_length=8)] = "ru"

    def draft(self) -> InvolvedDraft:
        """As the domain takes it."""
        return InvolvedDraft(**{name: getattr(self, name) for name in type(self).model_fields})


class ReportIn(Schema):
    """A report; what is not known yet may be left out, and is added later."""

    district: Slug
    channel: Channel
    applicant: Applicant
    reported_at: datetime
    account: Annotated[str, Field(max_length=WORDS_MAX)]
    applicant_contact: Fact = ""
    applicant_minor: Stated = Stated.UNKNOWN
    language: Annotated[str, Field(max_length=8)] = "ru"
    respondent: UUID | None = None
    new_respondent: RespondentIn | None = None
    unknown_respondent: Fact = ""
    involved: Annotated[list[InvolvedIn], Field(max_length=INVOLVED_MAX)] = []
    violence: Annotated[list[Slug], Field(max_length=20)] = []
    statements: Annotated[dict[Slug, SaidIn], Field(max_length=40)] = {}
    happened_at: datetime | None = None
    established_at: datetime | None = None
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "KG"

    def draft(self) -> ReportDraft:
        """As the domain takes it."""
        plain = {name: getattr(self, name) for name in type(self).model_fields}
        return ReportDraft(
            **plain
            | {
                "new_respondent": None if self.new_respondent is None else self.new_respondent.draft(),
                "involved": tuple(one.draft() for one in self.involved),
                "violence": tuple(self.violence),
                "statements": {slug: said.said() for slug, said in self.statements.items()},
            }
        )


class EstablishedIn(Schema):
    """When the fact of violence was established."""

    established_at: datetime


class NamedIn(Schema):
    """Who the unknown person is: somebody registered, or somebody new."""

    respondent: UUID | None = None
    new: RespondentIn | None = None


class StatementsIn(Schema):
    """Answers, and kinds of violence that became known."""

    statements: Annotated[dict[Slug, SaidIn], Field(max_length=40)] = {}
    violence: Annotated[list[Slug], Field(max_length=20)] = []


class WordsIn(Schema):
    """What was told later."""

    text: Annotated[str, Field(max_length=WORDS_MAX)]


class TaskIn(Schema):
    """How something that was owed came out; `result_due_at` with a referral."""

    result: clocks.Result
    note: Reason = ""
    result_due_at: datetime | None = None


class DecisionIn(Schema):
    """What becomes of a report, and why."""

    outcome: Slug
    reason: Reason
    register_of: Annotated[Empty, Field(alias="register")] = ""
    register_number: Annotated[str, Field(max_length=40)] = ""
    office: Empty = ""


class ReasonIn(Schema):
    """Why."""

    reason: Reason


class CopyIn(Schema):
    """Whether the applicant left with a number and a plain copy; if not, why."""

    given: bool
    reason: Annotated[str, Field(max_length=400)] = ""


class CaseStepIn(Schema):
    """A step of the criminal case."""

    step: Slug
    register_of: Annotated[Slug, Field(alias="register")]
    register_number: Annotated[str, Field(max_length=40)]
    happened_on: date
    reason: Reason = ""


class ComplaintIn(Schema):
    """Of which officer somebody complained, and why."""

    officer: Annotated[int, Field(ge=1, le=2**62)]
    reason: Reason


class InvolvedOut(Schema):
    """Somebody in a report, by code; `victim`: the law protects this person here."""

    person: UUID
    code: str
    part: str
    minor: str
    relation: str
    victim: bool


class ReportOut(Schema):
    """A report as a list shows it, without anybody's words."""

    id: UUID
    number: str
    district: str
    channel: str
    applicant: str
    respondent: UUID | None
    involved: list[InvolvedOut]
    reported_at: Time
    established_at: Time | None
    taken_at: Time
    acted_at: Time
    closed_at: Time | None


class ReportPage(Schema):
    """Reports, newest first."""

    items: list[ReportOut]
    total: int
    as_of: Time


class ClockOut(Schema):
    """A clock that runs for the issue of an order; `late_s` is 0 in time."""

    slug: str
    runs_from: Time
    due_at: Time
    met_at: Time | None
    stopped_at: Time | None
    late_s: float


class TaskOut(Schema):
    """Something owed; `done_at` and `lapsed_at` null: still."""

    id: int
    report: UUID
    kind: str
    rule: str
    began_at: Time
    due_at: Time
    done_at: Time | None
    lapsed_at: Time | None
    result: str
    note: str


class DecisionOut(Schema):
    """What was decided, by whom and why."""

    report: UUID
    outcome: str
    reason: str
    register_of: Annotated[str, Field(serialization_alias="register")]
    register_number: str
    office: str
    order: UUID | None
    closes: bool
    refuses: bool
    decided_by: str
    decided_at: Time


class JoinedOut(Schema):
    """What is known besides of the same respondent; `elsewhere`: reports that the caller may not see."""

    reports: list[UUID]
    elsewhere: int
    orders: list[str]
    levels: dict[str, str]  # by the id of the protected person
    breaches: int
    signals: int


class ReportDetail(ReportOut):
    """One report with its clocks, what is owed, what was decided, what lacks before it may be closed."""

    applicant_minor: str
    language: str
    violence: list[str]
    statements: dict[str, dict[str, str]]
    happened_at: Time | None
    gap_s: float
    clocks: list[ClockOut]
    tasks: list[TaskOut]
    decisions: list[DecisionOut]
    joined: JoinedOut
    lacks: list[str]
    assessed: bool
    copy_of_applicant: str
    copy_reason: str


class WordOut(Schema):
    """Something that was said."""

    said: str
    text: str
    at: Time


class TaskPage(Schema):
    """What is owed, the most urgent first."""

    items: list[TaskOut]
    total: int
    as_of: Time


def report(found: Report) -> dict[str, Any]:
    """The fields of `ReportOut`."""
    return {
        "id": found.pk,
        "number": found.number,
        "district": found.district,
        "channel": found.channel,
        "applicant": found.applicant,
        "respondent": found.respondent_id,
        "involved": [
            InvolvedOut(
                person=one.person_id, code=one.person.code, part=one.part, minor=one.minor, relation=one.relation,
                victim=one.is_victim,
            )
            for one in found.involved.all()
        ],
        "reported_at": found.reported_at,
        "established_at": found.established_at,
        "taken_at": found.taken_at,
        "acted_at": found.acted_at,
        "closed_at": found.closed_at,
    }  # fmt: skip


def task(found: Task) -> TaskOut:
    """One row of what is owed."""
    return TaskOut(
        id=found.pk, report=found.report_id, kind=found.kind, rule=found.rule, began_at=found.began_at,
        due_at=found.due_at, done_at=found.done_at, lapsed_at=found.lapsed_at, result=found.result, note=found.note,
    )  # fmt: skip


def decision(found: Decision) -> DecisionOut:
    """One decision."""
    return DecisionOut(
        report=found.report_id, outcome=found.outcome, reason=found.reason, register_of=found.register,
        register_number=found.register_number, office=found.office, order=found.order, closes=found.closes,
        refuses=found.refuses, decided_by=shown_name(found.decided_by), decided_at=found.decided_at,
    )  # fmt: skip


def detail(
    found: Report, *, tasks: list[Task], decisions: list[Decision], joined: Joined, assessed: bool, at: datetime
) -> ReportDetail:
    """Everything about one report but its words."""
    return ReportDetail(
        **report(found),
        applicant_minor=found.applicant_minor,
        language=found.language,
        violence=found.violence,
        statements=found.statements,
        happened_at=found.happened_at,
        gap_s=clocks.gap_of(found, at=at).total_seconds(),
        clocks=[
            ClockOut(
                slug=each.slug, runs_from=each.runs_from, due_at=each.due_at, met_at=each.met_at,
                stopped_at=each.stopped_at, late_s=each.late_by(at=at).total_seconds(),
            )
            for each in clocks.issue_clocks(found)
        ],
        tasks=[task(each) for each in tasks],
        decisions=[decision(each) for each in decisions],
        joined=JoinedOut(
            reports=[each.pk for each in joined.reports],
            elsewhere=joined.elsewhere,
            orders=[each.number for each in joined.orders],
            levels={str(each.protected_person): each.level.value for each in joined.levels},
            breaches=joined.breaches,
            signals=joined.signals,
        ),
        lacks=[problem.field for problem in unstated(found)],
        assessed=assessed,
        copy_of_applicant=found.copy,
        copy_reason=found.copy_reason,
    )  # fmt: skip


def word(found: Words) -> WordOut:
    """Something that was said."""
    return WordOut(said=found.said.value, text=found.text, at=found.at)
