"""A report as somebody brings it, before anybody has checked it, and the checks against the pack of that day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from aralyk import clock
from aralyk.access.errors import Code, FieldProblem, Refused
from aralyk.access.texts import check_text
from aralyk.jurisdictions.loader import PackInvalid, pack
from aralyk.jurisdictions.model import Statement
from aralyk.jurisdictions.pack import NotInForce, Pack
from aralyk.people.models import Stated
from aralyk.people.vault import SealedName
from aralyk.reports.models import Answer, Applicant, Channel, Part, Report, WhyNotTold

HOME_JURISDICTION: Final = "KG"  # until a second country has an installation
WORDS_MAX: Final = 8_000  # characters: two pages of an account; a longer one is a document
CONTACT_MAX: Final = 1_000
REASON_MIN: Final = 10  # a prosecutor will read it: "no" is no reason
REASON_MAX: Final = 1_000
INVOLVED_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The answer to one question.

    Attributes:
        answer: What was said.
        why: Why nobody could say; with not_told, and with a yes whose day nobody could say.
        on: The day, where a yes asks for one.
    """

    answer: Answer
    why: WhyNotTold | None = None
    on: date | None = None

    def stored(self) -> dict[str, str]:
        """As it stands in the row."""
        given = {"answer": self.answer.value, "why": self.why.value if self.why else "", "on": str(self.on or "")}
        return {name: value for name, value in given.items() if value}

    @classmethod
    def read(cls, row: Mapping[str, str]) -> Said:
        """From the row."""
        return cls(
            answer=Answer(row["answer"]),
            why=WhyNotTold(row["why"]) if row.get("why") else None,
            on=date.fromisoformat(row["on"]) if row.get("on") else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentDraft:
    """Somebody who is not registered yet."""

    name: str
    residence_district: str
    born_on: date | None = None
    language: str = "ru"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvolvedDraft:
    """Somebody whom the violence reached: registered already, or with what is known of her, to be sealed."""

    person: UUID | None = None
    sealed: Mapping[SealedName, str] = field(default_factory=dict)
    part: Part = Part.VICTIM
    minor: Stated = Stated.UNKNOWN
    relation: str = ""
    language: str = "ru"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDraft:
    """A report before it is taken. Only how it came, from whom, when and what happened must be there.

    Attributes:
        respondent: Who is registered already; None with `new_respondent` None: an unknown person.
        account: What happened, in words; sealed.
        applicant_contact: Who reported and how to reach them; sealed.
        unknown_respondent: What is known of somebody whom nobody could name; sealed.
        statements: By question of the pack; what is left out was not asked.
    """

    district: str
    channel: Channel
    applicant: Applicant
    reported_at: datetime
    account: str
    applicant_contact: str = ""
    applicant_minor: Stated = Stated.UNKNOWN
    language: str = "ru"
    respondent: UUID | None = None
    new_respondent: RespondentDraft | None = None
    unknown_respondent: str = ""
    involved: tuple[InvolvedDraft, ...] = ()
    violence: tuple[str, ...] = ()
    statements: Mapping[str, Said] = field(default_factory=dict)
    happened_at: datetime | None = None
    established_at: datetime | None = None
    jurisdiction: str = HOME_JURISDICTION
    synthetic: bool = False


def law_of(jurisdiction: str) -> Pack:
    """The pack.

    Raises:
        Refused: invalid (jurisdiction).
    """
    try:
        return pack(jurisdiction)
    except PackInvalid as error:
        raise Refused.field("jurisdiction", expected=error.expected) from error


def check_draft(draft: ReportDraft, *, law: Pack, now: datetime) -> None:
    """Go on only with a report that can be stored as it is.

    Raises:
        Refused: invalid or not_in_force, naming the fields and quoting no word of anybody.
    """
    today = law.day_of(now)
    check_text("account", draft.account, longest=WORDS_MAX)
    for name in ("applicant_contact", "unknown_respondent"):
        if text := getattr(draft, name):
            check_text(name, text, longest=CONTACT_MAX)
    if draft.applicant is Applicant.ANONYMOUS and draft.applicant_contact.strip():
        raise Refused.field("applicant_contact", expected="nothing: the report is anonymous")
    if draft.respondent is not None and draft.new_respondent is not None:
        raise Refused.field("new_respondent", expected="nothing: a registered respondent is named")
    if len(draft.involved) > INVOLVED_MAX:
        raise Refused.field("involved", expected=f"at most {INVOLVED_MAX} people", found=len(draft.involved))
    check_language(draft.language, law=law)
    check_district("district", draft.district, law=law, on=today)
    check_violence(draft.violence, law=law, on=today)
    for position, one in enumerate(draft.involved):
        check_relation(f"involved[{position}].relation", one.relation, law=law, on=today)
    for slug, said in draft.statements.items():
        check_statement(slug, said, law=law, on=today)
    check_times(
        happened_at=draft.happened_at, reported_at=draft.reported_at, established_at=draft.established_at, now=now
    )


def check_times(
    *, happened_at: datetime | None, reported_at: datetime, established_at: datetime | None, now: datetime
) -> None:
    """Go on only with times that can be true: it happened, then somebody reported it, then it was established.

    Raises:
        Refused: invalid, naming the field.
    """
    given = {"happened_at": happened_at, "reported_at": reported_at, "established_at": established_at}
    for name, at in given.items():
        if at is not None and at.tzinfo is None:
            raise Refused.field(name, expected="a time with its zone, like 2026-11-21T10:00:00Z")
        if at is not None and at > now:
            raise Refused.field(name, expected="a time in the past", found=clock.iso(at))
    if happened_at is not None and happened_at > reported_at:
        raise Refused.field("happened_at", expected="not later than the report", found=clock.iso(happened_at))
    if established_at is not None and established_at < reported_at:
        raise Refused.field("established_at", expected="not before the report", found=clock.iso(established_at))


def check_language(language: str, *, law: Pack) -> None:
    """Go on only with a language of the pack.

    Raises:
        Refused: invalid (language).
    """
    if language not in law.country.languages:
        raise Refused.field("language", expected=" or ".join(law.country.languages))


def check_district(name: str, code: str, *, law: Pack, on: date) -> None:
    """Go on only with a district of the pack.

    Raises:
        Refused: not_in_force, naming the field.
    """
    try:
        law.district(code, on=on)
    except NotInForce as error:
        raise _unknown(name, error.known) from None


def check_violence(kinds: Iterable[str], *, law: Pack, on: date) -> None:
    """Go on only with kinds of violence that the pack names, each once.

    Raises:
        Refused: not_in_force (violence).
    """
    known = [kind.slug for kind in law.violence_kinds_on(on)]
    listed = list(kinds)
    if not set(listed) <= set(known) or len(set(listed)) != len(listed):
        raise _unknown("violence", known)


def check_relation(name: str, relation: str, *, law: Pack, on: date) -> None:
    """Go on only with a relation of the pack; none is "not known".

    Raises:
        Refused: not_in_force, naming the field.
    """
    known = [one.slug for one in law.relations_on(on)]
    if relation and relation not in known:
        raise _unknown(name, known)


def check_statement(slug: str, said: Said, *, law: Pack, on: date) -> None:
    """Go on only with an answer to a question of the pack, with its reason or day where it needs one.

    Raises:
        Refused: invalid or not_in_force, naming the field.
    """
    questions = {question.slug: question for question in law.statements_on(on)}
    if slug not in questions:
        raise _unknown("statements", questions)
    path = f"statements.{slug}"
    dated = questions[slug].dated
    if said.answer is Answer.NOT_TOLD and said.why is None:
        raise Refused.field(f"{path}.why", expected=f"one of {', '.join(WhyNotTold.values)}")
    without_day = said.answer is Answer.YES and dated and said.on is None
    if said.why is not None and said.answer is not Answer.NOT_TOLD and not without_day:
        raise Refused.field(f"{path}.why", expected="nothing: the question was answered")
    if said.on is not None and not (dated and said.answer is Answer.YES):
        raise Refused.field(f"{path}.on", expected="nothing: no day belongs to this answer")
    if said.on is not None and said.on > on:
        raise Refused.field(f"{path}.on", expected="a day in the past")


def is_answered(question: Statement, said: Mapping[str, str] | None) -> bool:
    """Whether a stored answer says yes (with its day, or why nobody knows it), no, or why nobody could say."""
    if said is None or said["answer"] == Answer.NOT_ASKED:
        return False
    if said["answer"] == Answer.NOT_TOLD:
        return bool(said.get("why"))
    return not (question.dated and said["answer"] == Answer.YES) or bool(said.get("on") or said.get("why"))


def unstated(report: Report) -> list[FieldProblem]:
    """What keeps a report from being closed: what nobody stated, by field; empty: nothing.

    Judged by the questions that were in force when the report was taken. Not checked here: the risk assessment.
    """
    law = pack(report.jurisdiction)
    problems = [
        FieldProblem(field=f"statements.{question.slug}", expected="an answer, or why nobody could give one")
        for question in law.statements_on(law.day_of(report.taken_at))
        if question.required and not is_answered(question, report.statements.get(question.slug))
    ]
    if not report.violence:
        problems.append(FieldProblem(field="violence", expected="at least one kind of violence"))
    if report.respondent_id is None:
        problems.append(FieldProblem(field="respondent", expected="who it was"))
    if not any(one.is_victim for one in report.involved.all()):
        problems.append(FieldProblem(field="involved", expected="at least one person whom the violence reached"))
    if report.copy == "open":
        problems.append(FieldProblem(field="copy", expected="given, or why not"))
    return problems


def check_reason(reason: str, *, field: str = "reason") -> str:
    """Go on only with a reason that says something.

    Raises:
        Refused: invalid, naming the field and never quoting it.
    """
    return check_text(field, reason, longest=REASON_MAX, shortest=REASON_MIN)


def _unknown(name: str, known: Iterable[Any]) -> Refused:
    return Refused.field(name, expected=f"one of {', '.join(known)}", code=Code.NOT_IN_FORCE)
