"""Reports under /api/v1/: the same queries and actions as their pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query

from aralyk import clock
from aralyk.api import report_schemas as schemas
from aralyk.api.door import api, user_of
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
def take_report(request: HttpRequest, payload: schemas.ReportIn) -> schemas.ReportDetail:
    """Take a report: its clocks start, and the risk is to be assessed."""
    return _detail(request, taking.do_take_report(user_of(request), payload.draft()).pk)


@api.get("/reports/{report_id}", response=responses(schemas.ReportDetail), tags=["reports"])
def get_report(request: HttpRequest, report_id: UUID) -> schemas.ReportDetail:
    """One report; what was said comes from `read`."""
    return _detail(request, report_id)


@api.post("/reports/{report_id}/read", response=responses(list[schemas.WordOut]), tags=["reports"])
def read_words(request: HttpRequest, report_id: UUID, response: HttpResponse) -> list[schemas.WordOut]:
    """What was said, in clear. The look is witnessed."""
    response.headers["Cache-Control"] = "no-store"
    return [schemas.word(each) for each in queries.words_for(user_of(request), report_id)]


@api.post("/reports/{report_id}/established", response=responses(schemas.ReportDetail), tags=["reports"])
def establish(request: HttpRequest, report_id: UUID, payload: schemas.EstablishedIn) -> schemas.ReportDetail:
    """Say when the fact of violence was established: the law's clock runs from then."""
    taking.do_establish(user_of(request), report_id, established_at=payload.established_at)
    return _detail(request, report_id)


@api.post("/reports/{report_id}/respondent", response=responses(schemas.ReportDetail), tags=["reports"])
def name_respondent(request: HttpRequest, report_id: UUID, payload: schemas.NamedIn) -> schemas.ReportDetail:
    """Say who the unknown person is."""
    new = None if payload.new is None else payload.new.draft()
    taking.do_name_respondent(user_of(request), report_id, respondent=payload.respondent, new=new)
    return _detail(request, report_id)


@api.post("/reports/{report_id}/involved", response=responses(schemas.ReportDetail), tags=["reports"])
def involve(request: HttpRequest, report_id: UUID, payload: schemas.InvolvedIn) -> schemas.ReportDetail:
    """Add somebody whom the violence reached, or who saw it."""
    taking.do_involve(user_of(request), report_id, payload.draft())
    return _detail(request, report_id)


@api.post("/reports/{report_id}/statements", response=responses(schemas.ReportDetail), tags=["reports"])
def state(request: HttpRequest, report_id: UUID, payload: schemas.StatementsIn) -> schemas.ReportDetail:
    """Write down answers, and kinds of violence that became known."""
    given = [(slug, said.said()) for slug, said in payload.statements.items()]
    taking.do_state(user_of(request), report_id, statements=given, violence=payload.violence)
    return _detail(request, report_id)


@api.post("/reports/{report_id}/words", response=responses(schemas.ReportDetail), tags=["reports"])
def add_words(request: HttpRequest, report_id: UUID, payload: schemas.WordsIn) -> schemas.ReportDetail:
    """Write down what was told later."""
    taking.do_add_words(user_of(request), report_id, text=payload.text)
    return _detail(request, report_id)


@api.post("/reports/{report_id}/tasks/{task_id}", response=responses(schemas.ReportDetail), tags=["reports"])
def finish_task(
    request: HttpRequest, report_id: UUID, task_id: TaskId, payload: schemas.TaskIn
) -> schemas.ReportDetail:
    """Tick off what was owed, with its result."""
    actions.do_finish_task(
        user_of(request), report_id, task_id, result=payload.result, note=payload.note,
        result_due_at=payload.result_due_at,
    )  # fmt: skip
    return _detail(request, report_id)


@api.post("/reports/{report_id}/decisions", response=responses(schemas.ReportDetail), tags=["reports"])
def decide(request: HttpRequest, report_id: UUID, payload: schemas.DecisionIn) -> schemas.ReportDetail:
    """Decide what becomes of a report; what lacks before it may be closed is named."""
    actions.do_decide(
        user_of(request), report_id, outcome=payload.outcome, reason=payload.reason, register=payload.register_of,
        register_number=payload.register_number, office=payload.office,
    )  # fmt: skip
    return _detail(request, report_id)


@api.post("/reports/{report_id}/reopen", response=responses(schemas.ReportDetail), tags=["reports"])
def reopen(request: HttpRequest, report_id: UUID, payload: schemas.ReasonIn) -> schemas.ReportDetail:
    """Open a closed report again."""
    actions.do_reopen(user_of(request), report_id, reason=payload.reason)
    return _detail(request, report_id)


@api.post("/reports/{report_id}/copy", response=responses(schemas.ReportDetail), tags=["reports"])
def record_copy(request: HttpRequest, report_id: UUID, payload: schemas.CopyIn) -> schemas.ReportDetail:
    """Record that the applicant left with a number and a plain copy, or why not."""
    actions.do_record_copy(user_of(request), report_id, given=payload.given, reason=payload.reason)
    return _detail(request, report_id)


@api.post("/reports/{report_id}/case-steps", response=responses(schemas.ReportDetail), tags=["reports"])
def record_case_step(request: HttpRequest, report_id: UUID, payload: schemas.CaseStepIn) -> schemas.ReportDetail:
    """Record what became of the criminal case."""
    actions.do_record_case_step(
        user_of(request), report_id, step=payload.step, register=payload.register_of,
        register_number=payload.register_number, happened_on=payload.happened_on, reason=payload.reason,
    )  # fmt: skip
    return _detail(request, report_id)


@api.post("/reports/{report_id}/officer-complaints", response=responses(list[int]), tags=["reports"])
def complain_of_officer(request: HttpRequest, report_id: UUID, payload: schemas.ComplaintIn) -> list[int]:
    """Record that somebody complained of an officer; returns whom, for the report may be gone for the caller."""
    made = actions.do_complain_of_officer(user_of(request), report_id, officer=payload.officer, reason=payload.reason)
    return [made.officer_id]


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
