"""Reports under /api/v1/. A write with an Idempotency-Key is done once, however often it is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query

from aralyk import clock
from aralyk.api import report_schemas as schemas
from aralyk.api.door import api, user_of
from aralyk.api.idempotency import Key, once
from aralyk.api.routes import Limit, Offset, responses
from aralyk.reports import actions, clocks, queries, taking
from aralyk.reports.joined import joined_for
from aralyk.reports.models import Involved
from aralyk.reports.queries import Waiting

TaskId = Annotated[int, Path(ge=1, le=2**62)]
Days = Annotated[int, Query(ge=1, le=366)]
REFUSALS_DAYS: Final = 30


@api.get("/reports", response=responses(schemas.ReportPage), tags=["reports"])
def list_reports(
    request: HttpRequest, waiting: Waiting = Waiting.OPEN, limit: Limit = 50, offset: Offset = 0
) -> schemas.ReportPage:
    """Reports of one's districts or of one's own taking, newest first."""
    at = clock.now()
    found = queries.reports_for(user_of(request), waiting, at=at)
    items = [schemas.ReportOut(**schemas.report(each)) for each in found[offset : offset + limit]]
    return schemas.ReportPage(items=items, total=found.count(), as_of=at)


@api.post("/reports", response=responses(schemas.ReportDetail), tags=["reports"])
def take_report(request: HttpRequest, payload: schemas.ReportIn, idempotency_key: Key = None) -> schemas.ReportDetail:
    """Take a report: its clocks start, and the risk is to be assessed."""

    def act() -> str:
        return f"report:{taking.do_take_report(user_of(request), payload.draft()).pk}"

    return _detail(request, UUID(once(request, act).removeprefix("report:")))


@api.get("/reports/{report_id}", response=responses(schemas.ReportDetail), tags=["reports"])
def get_report(request: HttpRequest, report_id: UUID) -> schemas.ReportDetail:
    """One report; what was said comes from `read`."""
    return _detail(request, report_id)


@api.post("/reports/{report_id}/read", response=responses(list[schemas.WordOut]), tags=["reports"])
def read_words(request: HttpRequest, report_id: UUID) -> list[schemas.WordOut]:
    """What was said, in clear. The look is witnessed."""
    return [schemas.word(each) for each in queries.words_for(user_of(request), report_id)]


@api.post("/reports/{report_id}/established", response=responses(schemas.ReportDetail), tags=["reports"])
def establish(
    request: HttpRequest, report_id: UUID, payload: schemas.EstablishedIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Say when the fact of violence was established: the law's clock runs from then."""
    return _done(
        request,
        report_id,
        lambda: taking.do_establish(user_of(request), report_id, established_at=payload.established_at),
    )


@api.post("/reports/{report_id}/respondent", response=responses(schemas.ReportDetail), tags=["reports"])
def name_respondent(
    request: HttpRequest, report_id: UUID, payload: schemas.NamedIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Say who the unknown person is."""
    new = None if payload.new is None else payload.new.draft()
    return _done(
        request,
        report_id,
        lambda: taking.do_name_respondent(user_of(request), report_id, respondent=payload.respondent, new=new),
    )


@api.post("/reports/{report_id}/involved", response=responses(schemas.ReportDetail), tags=["reports"])
def involve(
    request: HttpRequest, report_id: UUID, payload: schemas.InvolvedIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Add somebody whom the violence reached, or who saw it."""
    return _done(request, report_id, lambda: taking.do_involve(user_of(request), report_id, payload.draft()))


@api.post("/reports/{report_id}/statements", response=responses(schemas.ReportDetail), tags=["reports"])
def state(
    request: HttpRequest, report_id: UUID, payload: schemas.StatementsIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Write down answers, and kinds of violence that became known."""
    given = [(slug, said.said()) for slug, said in payload.statements.items()]
    return _done(
        request,
        report_id,
        lambda: taking.do_state(user_of(request), report_id, statements=given, violence=payload.violence),
    )


@api.post("/reports/{report_id}/words", response=responses(schemas.ReportDetail), tags=["reports"])
def add_words(
    request: HttpRequest, report_id: UUID, payload: schemas.WordsIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Write down what was told later."""
    return _done(request, report_id, lambda: taking.do_add_words(user_of(request), report_id, text=payload.text))


@api.post("/reports/{report_id}/tasks/{task_id}", response=responses(schemas.ReportDetail), tags=["reports"])
def finish_task(
    request: HttpRequest, report_id: UUID, task_id: TaskId, payload: schemas.TaskIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Tick off what was owed, with its result."""
    return _done(
        request,
        report_id,
        lambda: actions.do_finish_task(
            user_of(request), report_id, task_id, result=payload.result, note=payload.note,
            result_due_at=payload.result_due_at,
        ),
    )  # fmt: skip


@api.post("/reports/{report_id}/decisions", response=responses(schemas.ReportDetail), tags=["reports"])
def decide(
    request: HttpRequest, report_id: UUID, payload: schemas.DecisionIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Decide what becomes of a report; what lacks before it may be closed is named."""
    return _done(
        request,
        report_id,
        lambda: actions.do_decide(
            user_of(request), report_id, outcome=payload.outcome, reason=payload.reason, register=payload.register_of,
            register_number=payload.register_number, office=payload.office,
        ),
    )  # fmt: skip


@api.post("/reports/{report_id}/reopen", response=responses(schemas.ReportDetail), tags=["reports"])
def reopen(
    request: HttpRequest, report_id: UUID, payload: schemas.ReasonIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Open a closed report again."""
    return _done(request, report_id, lambda: actions.do_reopen(user_of(request), report_id, reason=payload.reason))


@api.post("/reports/{report_id}/copy", response=responses(schemas.ReportDetail), tags=["reports"])
def record_copy(
    request: HttpRequest, report_id: UUID, payload: schemas.CopyIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Record that the applicant left with a number and a plain copy, or why not."""
    return _done(
        request,
        report_id,
        lambda: actions.do_record_copy(user_of(request), report_id, given=payload.given, reason=payload.reason),
    )


@api.post("/reports/{report_id}/case-steps", response=responses(schemas.ReportDetail), tags=["reports"])
def record_case_step(
    request: HttpRequest, report_id: UUID, payload: schemas.CaseStepIn, idempotency_key: Key = None
) -> schemas.ReportDetail:
    """Record what became of the criminal case."""
    return _done(
        request,
        report_id,
        lambda: actions.do_record_case_step(
            user_of(request), report_id, step=payload.step, register=payload.register_of,
            register_number=payload.register_number, happened_on=payload.happened_on, reason=payload.reason,
        ),
    )  # fmt: skip


@api.post("/reports/{report_id}/officer-complaints", response=responses(list[int]), tags=["reports"])
def complain_of_officer(
    request: HttpRequest, report_id: UUID, payload: schemas.ComplaintIn, idempotency_key: Key = None
) -> list[int]:
    """Record that somebody complained of an officer; returns whom, for the report may be gone for the caller."""

    def act() -> str:
        made = actions.do_complain_of_officer(
            user_of(request), report_id, officer=payload.officer, reason=payload.reason
        )
        return f"user:{made.officer_id}"

    return [int(once(request, act).removeprefix("user:"))]


@api.get("/report-tasks", response=responses(schemas.TaskPage), tags=["reports"])
def list_tasks(request: HttpRequest, overdue: bool = False, limit: Limit = 50, offset: Offset = 0) -> schemas.TaskPage:
    """What is owed on reports, the most urgent first."""
    at = clock.now()
    found = queries.tasks_for(user_of(request), overdue_at=at if overdue else None)
    items = [schemas.task(each) for each in found[offset : offset + limit]]
    return schemas.TaskPage(items=items, total=found.count(), as_of=at)


@api.get("/report-refusals", response=responses(list[schemas.DecisionOut]), tags=["reports"])
def list_refusals(
    request: HttpRequest, days: Days = REFUSALS_DAYS, limit: Limit = 50, offset: Offset = 0
) -> list[schemas.DecisionOut]:
    """Reports on which nothing was done for whoever reported, newest first."""
    found = queries.refused_for(user_of(request), since=clock.now() - timedelta(days=days))
    return [schemas.decision(each) for each in found[offset : offset + limit]]


def _done(request: HttpRequest, report_id: UUID, act: Callable[[], object]) -> schemas.ReportDetail:
    def acted() -> str:
        act()
        return f"report:{report_id}"

    once(request, acted)
    return _detail(request, report_id)


def _detail(request: HttpRequest, report_id: UUID) -> schemas.ReportDetail:
    user, at = user_of(request), clock.now()
    found = queries.report_for(user, report_id)
    victims = any(one.is_victim for one in found.involved.all())
    waiting = clocks.not_assessed(Involved.objects.filter(report=found)).exists()
    return schemas.detail(
        found,
        tasks=list(queries.tasks_of(found)),
        decisions=list(queries.decisions_of(found)),
        joined=joined_for(user, found),
        assessed=victims and found.respondent_id is not None and not waiting,
        at=at,
    )
