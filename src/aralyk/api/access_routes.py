"""Grants, emergencies, conflicts and the review of accounts under /api/v1/: the same actions as the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Path

from aralyk.access.break_glass import (
    do_break_glass,
    do_close_glass,
    do_confirm_glass,
    do_refuse_glass,
    do_review_glass,
    emergencies_for,
)
from aralyk.access.conflicts import conflicts_for, do_answer_conflict, do_ask_to_lift, do_lift, do_record_conflict
from aralyk.access.grants import cases_opened_to, do_grant_case, do_withdraw_grant, grants_of_case
from aralyk.access.models import BreakGlass, User
from aralyk.access.reviews import do_review_account, reviews_due_for
from aralyk.api import access_schemas as schemas
from aralyk.api.door import api, user_of
from aralyk.api.routes import responses

RowId = Annotated[int, Path(ge=1, le=2**62)]
_ANSWERS: Final[Mapping[str, Callable[[User, int], BreakGlass]]] = {
    "confirm": do_confirm_glass, "refuse": do_refuse_glass, "close": do_close_glass,
}  # fmt: skip


@api.get("/access/cases", response=responses(list[schemas.OpenedOut]), tags=["access"])
def list_opened_cases(request: HttpRequest) -> list[schemas.OpenedOut]:
    """The cases that are open to the caller by name."""
    return [schemas.opened(one) for one in cases_opened_to(user_of(request))]


@api.get("/orders/{order_id}/grants", response=responses(list[schemas.GrantOut]), tags=["access"])
def list_grants(request: HttpRequest, order_id: UUID) -> list[schemas.GrantOut]:
    """To whom a case was opened by name, newest first."""
    return [schemas.grant(one) for one in grants_of_case(user_of(request), order_id)]


@api.post("/orders/{order_id}/grants", response=responses(schemas.GrantOut), tags=["access"])
def grant_case(request: HttpRequest, order_id: UUID, payload: schemas.GrantIn) -> schemas.GrantOut:
    """Open a case to one person, for a purpose, until a day."""
    return schemas.grant(
        do_grant_case(
            user_of(request),
            order=order_id,
            username=payload.username,
            right=payload.right,
            purpose=payload.purpose,
            ends_at=payload.ends_at,
        )
    )


@api.post("/access/grants/{grant_id}/withdraw", response=responses(schemas.GrantOut), tags=["access"])
def withdraw_grant(request: HttpRequest, grant_id: RowId, payload: schemas.ReasonIn) -> schemas.GrantOut:
    """Take a case back, from now on."""
    return schemas.grant(do_withdraw_grant(user_of(request), grant_id, reason=payload.reason))


@api.get("/access/emergencies", response=responses(list[schemas.EmergencyOut]), tags=["access"])
def list_emergencies(request: HttpRequest, only_unreviewed: bool = False) -> list[schemas.EmergencyOut]:
    """Emergencies that the caller may know of, newest first."""
    return [schemas.emergency(one) for one in emergencies_for(user_of(request), only_unreviewed=only_unreviewed)]


@api.post("/access/emergencies", response=responses(schemas.GlassOut), tags=["access"])
def break_glass(request: HttpRequest, payload: schemas.GlassIn) -> schemas.GlassOut:
    """Open a case at once; a second person must confirm, and it is reviewed."""
    return schemas.glass(do_break_glass(user_of(request), number=payload.number, reason=payload.reason))


@api.post("/access/emergencies/{glass_id}/answer", response=responses(schemas.GlassOut), tags=["access"])
def answer_emergency(request: HttpRequest, glass_id: RowId, payload: schemas.AnswerIn) -> schemas.GlassOut:
    """Confirm or refuse as the second person, or close what one opened."""
    return schemas.glass(_ANSWERS[payload.act](user_of(request), glass_id))


@api.post("/access/emergencies/{glass_id}/review", response=responses(schemas.GlassOut), tags=["access"])
def review_emergency(request: HttpRequest, glass_id: RowId, payload: schemas.FindingIn) -> schemas.GlassOut:
    """Write the finding."""
    return schemas.glass(do_review_glass(user_of(request), glass_id, finding=payload.finding, text=payload.text))


@api.get("/access/conflicts", response=responses(list[schemas.ConflictOut]), tags=["access"])
def list_conflicts(request: HttpRequest) -> list[schemas.ConflictOut]:
    """Conflicts that the caller may decide on."""
    return [schemas.closed(one) for one in conflicts_for(user_of(request))]


@api.post("/access/conflicts", response=responses(schemas.ConflictOut), tags=["access"])
def record_conflict(request: HttpRequest, payload: schemas.ConflictIn) -> schemas.ConflictOut:
    """Record that somebody is close to a party of a case."""
    made = do_record_conflict(
        user_of(request),
        username=payload.username,
        subject_kind=payload.subject_kind,
        subject_id=payload.subject_id,
        closeness=payload.closeness,
        note=payload.note,
    )
    return schemas.conflict(made, [])


@api.post("/access/conflicts/{conflict_id}/decide", response=responses(schemas.ConflictOut), tags=["access"])
def decide_conflict(request: HttpRequest, conflict_id: RowId, payload: schemas.DecisionIn) -> schemas.ConflictOut:
    """Agree, disagree, ask to lift, lift."""
    user = user_of(request)
    if payload.act == "ask_to_lift":
        return schemas.conflict(do_ask_to_lift(user, conflict_id, reason=payload.reason), [])
    if payload.act == "lift":
        return schemas.conflict(do_lift(user, conflict_id), [])
    return schemas.conflict(do_answer_conflict(user, conflict_id, agreed=payload.act == "agree"), [])


@api.get("/access/review", response=responses(list[schemas.DueOut]), tags=["access"])
def list_reviews_due(request: HttpRequest) -> list[schemas.DueOut]:
    """The accounts that the caller reviews, the longest overdue first."""
    return [schemas.due(one) for one in reviews_due_for(user_of(request))]


@api.post("/access/review/{account_id}", response=responses(schemas.ReviewOut), tags=["access"])
def review_account(request: HttpRequest, account_id: RowId, payload: schemas.ReviewIn) -> schemas.ReviewOut:
    """Confirm an account's access, or take it away: then the person is cut off at once."""
    return schemas.reviewed(do_review_account(user_of(request), account_id, keep=payload.keep, note=payload.note))
