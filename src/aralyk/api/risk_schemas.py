"""What the API returns of risk, duties and a case's line. Fields may be added; these keep their names and meaning."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.cases.history import Entry, Group
from aralyk.duties.rows import Owed
from aralyk.people.models import Stated
from aralyk.risk.drafts import REASON_MAX, REASON_MIN
from aralyk.risk.instrument import ITEMS_MAX, Instrument, Method
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, LevelDecision, State
from aralyk.risk.queries import Filled, LevelNow, Trajectory
from aralyk.risk.reading import Basis

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Answers = Annotated[dict[Slug, Stated], Field(max_length=ITEMS_MAX)]
Reason = Annotated[str, Field(min_length=REASON_MIN, max_length=REASON_MAX)]
Words = dict[str, str]


class ItemOut(Schema):
    """A question; texts by language."""

    slug: str
    group: str
    text: Words
    weight: int
    red_flag: bool
    unverified: bool


class InstrumentOut(Schema):
    """An instrument that is filled today; `unverified`: no level follows without a signature."""

    slug: str
    version: int
    method: Method
    unverified: bool
    gives_levels: bool
    name: Words
    before: Words
    limits: Words
    draft: list[str]
    licence: str
    source: str
    sha256: str
    groups: dict[str, Words]
    items: list[ItemOut]
    responses: dict[str, Words]


class LevelOut(Schema):
    """The level that stands between two people."""

    respondent: UUID
    protected_person: UUID
    code: str
    level: Level
    since: Time


class DecisionOut(Schema):
    """A level that somebody set, or a lower one that was proposed, and what became of it."""

    id: int
    respondent: UUID
    protected_person: UUID
    assessment: UUID
    level: Level
    before: Level | None
    basis: Basis
    state: State
    reason: str
    decided_by: str
    decided_at: Time
    second_by: str
    second_at: Time | None
    second_reason: str
    in_force_at: Time | None


class AssessmentOut(Schema):
    """A filled form; the span goes from "nothing missing is so" to "all of it is so", null: the form gives no level."""

    id: UUID
    respondent: UUID
    protected_person: UUID
    jurisdiction: str
    instrument: str
    version: int
    missing: int
    at_least: Level | None
    at_most: Level | None
    score_at_least: int | None
    score_at_most: int | None
    assessed_by: str
    assessed_at: Time


class AssessmentDetail(AssessmentOut):
    """The same with its answers and what devices had said by then: facts beside them."""

    answers: dict[str, Stated]
    responses: dict[str, Stated]
    red_flags: list[str]
    device_facts: dict[str, Any]
    decisions: list[DecisionOut]


class AssessmentPage(Schema):
    """Newest first."""

    items: list[AssessmentOut]
    total: int


class AssessmentIn(Schema):
    """A filled form. What is left out of `answers` is not known, never no. `id`: sent twice, it is kept once."""

    id: UUID
    respondent: UUID
    protected_person: UUID
    instrument: Slug
    version: Annotated[int, Field(ge=1, le=10_000)]
    answers: Answers
    responses: Answers = {}
    level: Level | None = None
    reason: Annotated[str, Field(max_length=REASON_MAX)] = ""
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "KG"


class LevelIn(Schema):
    """A signed level: higher at once, lower as a proposal."""

    respondent: UUID
    protected_person: UUID
    level: Level
    reason: Reason


class AnswerIn(Schema):
    """The second person's answer, with a reason of their own."""

    agree: bool
    reason: Reason


class NoteIn(Schema):
    """What was done."""

    note: Annotated[str, Field(min_length=1, max_length=REASON_MAX)]


class DutyOut(Schema):
    """Something owed; `kind` is what, `rule` the entry of the jurisdiction pack that says so."""

    source: str
    id: int | UUID
    kind: str
    rule: str
    jurisdiction: str
    subject: UUID
    number: str
    respondent: UUID | None
    protected_person: UUID | None
    code: str
    district: str
    began_at: Time
    due_at: Time
    threat: str


class DutyPage(Schema):
    """The longest overdue first; `after` asks for the next page, null: there is none."""

    items: list[DutyOut]
    after: str | None


class FinishedOut(Schema):
    """A duty that is done."""

    id: int
    done_at: Time
    note: str


class PointOut(Schema):
    """A level that came into force."""

    at: Time
    level: Level
    basis: Basis
    missing: int
    asked: int
    by: str
    second: str
    assessment: UUID


class MarkOut(Schema):
    """Something that happened on the way."""

    at: Time
    cause: str
    source: str


class TrajectoryOut(Schema):
    """How the level between two people went."""

    protected_person: UUID
    code: str
    points: list[PointOut]
    marks: list[MarkOut]
    decisions: list[DecisionOut]


class EntryOut(Schema):
    """One witnessed act of a case; `number` is its place in the evidence log, null: it waits for one."""

    entry: int
    number: int | None
    at: Time
    kind: str
    group: Group
    subject: str
    by: str
    incident: int | None


class HistoryPage(Schema):
    """Newest first; `before` asks for the next page, null: there is none."""

    items: list[EntryOut]
    before: int | None


def instrument(found: Instrument) -> InstrumentOut:
    """An instrument as data."""
    return InstrumentOut(
        slug=found.slug, version=found.version, method=found.method, unverified=found.unverified,
        gives_levels=found.gives_levels, name=_words(found.name), before=_words(found.before),
        limits=_words(found.limits), draft=list(found.name.draft), licence=found.licence, source=found.source,
        sha256=found.sha256, groups={group.slug: _words(group.name) for group in found.group},
        items=[
            ItemOut(
                slug=item.slug, group=item.group, text=_words(item.text), weight=item.weight, red_flag=item.red_flag,
                unverified=item.unverified,
            )
            for item in found.item
        ],
        responses={response.slug: _words(response.text) for response in found.response},
    )  # fmt: skip


def level(found: LevelNow) -> LevelOut:
    """A level that stands."""
    return LevelOut(
        respondent=found.respondent, protected_person=found.protected_person, code=found.code, level=found.level,
        since=found.since,
    )  # fmt: skip


def decision(found: LevelDecision) -> DecisionOut:
    """A level that was set or proposed."""
    return DecisionOut(
        id=found.pk, respondent=found.respondent_id, protected_person=found.protected_person_id,
        assessment=found.assessment_id, level=Level(found.level), before=_level(found.before),
        basis=Basis(found.basis), state=State(found.state), reason=found.reason,
        decided_by=shown_name(found.decided_by), decided_at=found.decided_at, second_by=shown_name(found.second_by),
        second_at=found.second_at, second_reason=found.second_reason, in_force_at=found.in_force_at,
    )  # fmt: skip


def assessment(found: Assessment) -> AssessmentOut:
    """A form without its answers."""
    return AssessmentOut(**_assessment(found))


def assessment_detail(filled: Filled, decisions: list[LevelDecision]) -> AssessmentDetail:
    """A form with its answers."""
    found = filled.assessment
    return AssessmentDetail(
        **_assessment(found),
        answers=found.answers,
        responses=found.responses,
        red_flags=list(filled.reading.red_flags),
        device_facts=found.device_facts,
        decisions=[decision(one) for one in decisions],
    )


def duty(found: Owed) -> DutyOut:
    """A duty without anybody's name."""
    return DutyOut(
        source=found.source, id=found.id, kind=found.kind, rule=found.rule, jurisdiction=found.jurisdiction,
        subject=found.subject, number=found.number, respondent=found.respondent,
        protected_person=found.protected_person, code=found.code,
        district=found.district, began_at=found.began_at, due_at=found.due_at, threat=found.threat,
    )  # fmt: skip


def trajectory(found: Trajectory) -> TrajectoryOut:
    """The levels between two people over time."""
    return TrajectoryOut(
        protected_person=found.protected_person,
        code=found.code,
        points=[
            PointOut(
                at=point.at, level=point.level, basis=Basis(point.basis), missing=point.missing, asked=point.asked,
                by=point.by, second=point.second, assessment=point.assessment,
            )
            for point in found.points
        ],
        marks=[MarkOut(at=mark.at, cause=mark.cause, source=mark.source) for mark in found.marks],
        decisions=[decision(one) for one in found.decisions],
    )  # fmt: skip


def entry(found: Entry) -> EntryOut:
    """One act; what it says besides is in the evidence log."""
    return EntryOut(
        entry=found.id, number=found.number, at=found.at, kind=found.kind.value, group=found.group,
        subject=found.subject, by=found.by, incident=None if found.incident is None else found.incident.number,
    )  # fmt: skip


def _assessment(found: Assessment) -> dict[str, Any]:
    return {
        "id": found.pk, "respondent": found.respondent_id, "protected_person": found.protected_person_id,
        "jurisdiction": found.jurisdiction, "instrument": found.instrument, "version": found.instrument_version,
        "missing": found.missing, "at_least": _level(found.at_least), "at_most": _level(found.at_most),
        "score_at_least": found.score_at_least, "score_at_most": found.score_at_most,
        "assessed_by": shown_name(found.assessed_by), "assessed_at": found.assessed_at,
    }  # fmt: skip


def _level(slug: str) -> Level | None:
    return Level(slug) if slug else None


def _words(text: Any) -> Words:
    return {language: text.in_language(language) for language in text.languages()}
