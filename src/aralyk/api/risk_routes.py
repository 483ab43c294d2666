"""Risk, duties and a case's line under /api/v1/: the same queries and actions as their pages."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Query

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.access.permissions import May, allows
from aralyk.api import risk_schemas as schemas
from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Offset, responses
from aralyk.cases.history import Group, history_for
from aralyk.duties.queries import may_see_duties, owed_for
from aralyk.duties.rows import Key, Wanted
from aralyk.jurisdictions.loader import pack
from aralyk.people.models import Respondent
from aralyk.risk.actions import do_assess, do_confirm_lowering, do_finish_duty, do_refuse_lowering, do_set_level
from aralyk.risk.drafts import AssessmentDraft
from aralyk.risk.instrument import instruments_on
from aralyk.risk.queries import assessment_for, assessments_for, levels_for, proposals_for, trajectories_for
from aralyk.risk.standing import JURISDICTION

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
After = Annotated[str | None, Query(pattern=r"^\d{1,18}\.[a-z_]{1,40}\.\d{1,18}$")]


class Show(StrEnum):
    """Which duties."""

    ALL = "all"
    OVERDUE = "overdue"
    MINE = "mine"


@api.get("/risk/instruments", response=responses(list[schemas.InstrumentOut]), tags=["risk"])
def list_instruments(request: HttpRequest) -> list[schemas.InstrumentOut]:
    """What can be filled today, whole: questions, weights, bands apart, licence."""
    if not allows(user_of(request), May.READ_RISK):
        raise NotFound("instrument")
    return [schemas.instrument(one) for one in instruments_on(pack(JURISDICTION).day_of(clock.now()))]


@api.get("/risk/levels", response=responses(list[schemas.LevelOut]), tags=["risk"])
def list_levels(request: HttpRequest, respondent: UUID) -> list[schemas.LevelOut]:
    """The levels that stand from one respondent, highest first."""
    return [schemas.level(one) for one in levels_for(user_of(request), respondent=respondent)]


@api.post("/risk/levels", response=responses(schemas.DecisionOut), tags=["risk"])
def sign_level(request: HttpRequest, payload: schemas.LevelIn) -> schemas.DecisionOut:
    """Sign another level on the newest assessment."""
    done = do_set_level(
        user_of(request), respondent=payload.respondent, protected_person=payload.protected_person,
        level=payload.level, reason=payload.reason,
    )  # fmt: skip
    return schemas.decision(done)


@api.get("/risk/assessments", response=responses(schemas.AssessmentPage), tags=["risk"])
def list_assessments(
    request: HttpRequest, respondent: UUID | None = None, limit: Limit = 50, offset: Offset = 0
) -> schemas.AssessmentPage:
    """Forms of this person's districts, newest first."""
    found = assessments_for(user_of(request))
    found = found if respondent is None else found.filter(respondent=respondent)
    items = [schemas.assessment(one) for one in found[offset : offset + limit]]
    return schemas.AssessmentPage(items=items, total=found.count())


@api.post("/risk/assessments", response=responses(schemas.AssessmentDetail), tags=["risk"])
def assess(request: HttpRequest, payload: schemas.AssessmentIn) -> schemas.AssessmentDetail:
    """Keep a filled form, and the level that follows; sent again under one id, it is the same form."""
    user = user_of(request)
    draft = AssessmentDraft(
        respondent=payload.respondent,
        protected_person=payload.protected_person,
        instrument=payload.instrument,
        version=payload.version,
        answers=payload.answers,
        responses=payload.responses,
        level=payload.level,
        reason=payload.reason,
        id=payload.id,
        jurisdiction=payload.jurisdiction,
        synthetic=Respondent.objects.filter(pk=payload.respondent, synthetic=True).exists(),
    )
    done = do_assess(user, draft)
    return _detail(request, done.assessment.pk)


@api.get("/risk/assessments/{assessment_id}", response=responses(schemas.AssessmentDetail), tags=["risk"])
def get_assessment(request: HttpRequest, assessment_id: UUID) -> schemas.AssessmentDetail:
    """One form with its answers and the levels that followed."""
    return _detail(request, assessment_id)


@api.get("/risk/proposals", response=responses(list[schemas.DecisionOut]), tags=["risk"])
def list_proposals(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[schemas.DecisionOut]:
    """Lower levels that wait for the second person, oldest first."""
    return [schemas.decision(one) for one in proposals_for(user_of(request))[offset : offset + limit]]


@api.post("/risk/proposals/{decision_id}", response=responses(schemas.DecisionOut), tags=["risk"])
def answer_proposal(request: HttpRequest, decision_id: RowId, payload: schemas.AnswerIn) -> schemas.DecisionOut:
    """As the second person, agree to a lower level or let the higher one stand."""
    act = do_confirm_lowering if payload.agree else do_refuse_lowering
    return schemas.decision(act(user_of(request), decision_id, reason=payload.reason))


@api.get("/risk/respondents/{respondent_id}", response=responses(list[schemas.TrajectoryOut]), tags=["risk"])
def get_trajectories(request: HttpRequest, respondent_id: UUID) -> list[schemas.TrajectoryOut]:
    """How the risk from one respondent went, towards each protected person."""
    return [schemas.trajectory(one) for one in trajectories_for(user_of(request), respondent_id)]


@api.get("/duties", response=responses(schemas.DutyPage), tags=["duties"])
def list_duties(
    request: HttpRequest, show: Show = Show.ALL, after: After = None, limit: Limit = 50
) -> schemas.DutyPage:
    """What is owed, the longest overdue first."""
    user = user_of(request)
    if not may_see_duties(user):
        raise NotFound("duties")
    key = None if after is None else Key.parse(after)
    if after is not None and key is None:
        raise Refused.field("after", expected="the `after` of another page")
    wanted = Wanted(now=clock.now(), overdue=show is Show.OVERDUE, mine=show is Show.MINE, after=key, limit=limit)
    page = owed_for(user, wanted)
    return schemas.DutyPage(
        items=[schemas.duty(one) for one in page.duties], after=None if page.after is None else str(page.after)
    )


@api.post("/duties/risk/{duty_id}/finish", response=responses(schemas.FinishedOut), tags=["duties"])
def finish_duty(request: HttpRequest, duty_id: RowId, payload: schemas.NoteIn) -> schemas.FinishedOut:
    """Tick off what a level made due, with what was done."""
    done = do_finish_duty(user_of(request), duty_id, note=payload.note)
    assert done.done_at is not None
    return schemas.FinishedOut(id=done.pk, done_at=done.done_at, note=done.note)


@api.get("/orders/{order_id}/history", response=responses(schemas.HistoryPage), tags=["orders"])
def get_history(
    request: HttpRequest, order_id: UUID, group: Group | None = None, before: Before = None, limit: Limit = 50
) -> schemas.HistoryPage:
    """Everything that was witnessed in a case and is this person's to read, newest first."""
    groups = () if group is None else (group,)
    found = history_for(user_of(request), order_id, groups=groups, before=before, limit=limit)
    return schemas.HistoryPage(items=[schemas.entry(one) for one in found.entries], before=found.before)


def _detail(request: HttpRequest, assessment_id: UUID) -> schemas.AssessmentDetail:
    filled = assessment_for(user_of(request), assessment_id)
    decisions = filled.assessment.levels.select_related("decided_by", "second_by").order_by("pk")
    return schemas.assessment_detail(filled, list(decisions))
