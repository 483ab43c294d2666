"""The life of an order under /api/v1/: checked, issued, changed, suspended, extended, lifted, served, ended."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query
from ninja.responses import codes_4xx

from aralyk import clock
from aralyk.api import order_schemas as schemas
from aralyk.api import schemas as shared
from aralyk.api.door import Error, api, user_of
from aralyk.orders import life, queries
from aralyk.orders.actions import do_end_order, do_issue_order, do_vary_order, findings_of
from aralyk.orders.extensions import do_answer_question, do_extend_order, do_note_attempt
from aralyk.orders.fitting import do_choose_device, do_record_loss, do_tell_limits
from aralyk.orders.models import Order
from aralyk.orders.proposals import (
    do_confirm_proposal,
    do_propose_suspension,
    do_propose_variation,
    do_refuse_proposal,
)
from aralyk.orders.reductions import do_decide_reduction, do_record_conversation, do_record_reduction_request
from aralyk.orders.service import do_record_service
from aralyk.orders.suspensions import do_resume
from aralyk.papers.deliveries import do_serve_paper

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=100_000)]
TAGS = ["orders"]


def _responses(schema: Any) -> Any:
    return {200: schema, codes_4xx: Error}


def _detail(request: HttpRequest, order: Order) -> shared.OrderDetail:
    found = queries.order_for(user_of(request), order.pk)
    return shared.order_detail(found, list(queries.conditions_of(found)), at=clock.now())


@api.post("/order-checks", response=_responses(list[schemas.FindingOut]), tags=TAGS)
def check_order(request: HttpRequest, payload: schemas.OrderIn) -> list[schemas.FindingOut]:
    """What the checks find in an order that is not issued yet; each must be answered when it is."""
    return [schemas.finding(one) for one in findings_of(user_of(request), schemas.order_draft(payload))]


@api.post("/orders", response=_responses(shared.OrderDetail), tags=TAGS)
def issue_order(request: HttpRequest, payload: schemas.OrderIn) -> shared.OrderDetail:
    """Issue an order; 409 findings_unanswered names what must be answered first."""
    return _detail(request, do_issue_order(user_of(request), schemas.order_draft(payload)))


@api.post("/orders/{order_id}/vary", response=_responses(shared.OrderDetail), tags=TAGS)
def vary_order(request: HttpRequest, order_id: UUID, payload: schemas.VaryIn) -> shared.OrderDetail:
    """Change an order so that it protects at least as much; 409 proposal_needed where it would protect less."""
    varied = do_vary_order(
        user_of(request),
        order_id,
        reason=payload.reason,
        conditions=None if payload.conditions is None else schemas.conditions(payload.conditions),
        expires_at=payload.expires_at,
        circumstances=None if payload.circumstances is None else schemas.circumstances(payload.circumstances),
        answers=schemas.answers(payload.answers),
    )
    return _detail(request, varied)


@api.post("/orders/{order_id}/proposals", response=_responses(schemas.ProposalOut), tags=TAGS)
def propose_variation(request: HttpRequest, order_id: UUID, payload: schemas.VaryIn) -> schemas.ProposalOut:
    """Propose what protects less; another person confirms it."""
    made = do_propose_variation(
        user_of(request),
        order_id,
        reason=payload.reason,
        conditions=None if payload.conditions is None else schemas.conditions(payload.conditions),
        expires_at=payload.expires_at,
        answers=schemas.answers(payload.answers),
    )
    return schemas.proposal(made)


@api.post("/orders/{order_id}/suspension", response=_responses(schemas.ProposalOut), tags=TAGS)
def propose_suspension(request: HttpRequest, order_id: UUID, payload: schemas.SuspendIn) -> schemas.ProposalOut:
    """Propose a time in which nobody watches; another person confirms it."""
    made = do_propose_suspension(
        user_of(request), order_id, from_at=payload.from_at, until_at=payload.until_at, reason=payload.reason
    )
    return schemas.proposal(made)


@api.post("/orders/{order_id}/resume", response=_responses(schemas.SuspensionOut), tags=TAGS)
def resume_order(request: HttpRequest, order_id: UUID, payload: schemas.ReasonIn) -> schemas.SuspensionOut:
    """End a suspension early."""
    return schemas.suspension(do_resume(user_of(request), order_id, reason=payload.reason))


@api.post("/orders/{order_id}/end", response=_responses(shared.OrderDetail), tags=TAGS)
def end_order(request: HttpRequest, order_id: UUID, payload: schemas.EndIn) -> shared.OrderDetail:
    """Revoke an order, as its issuer."""
    return _detail(request, do_end_order(user_of(request), order_id, reason=payload.reason, act=payload.act))


@api.post("/orders/{order_id}/extend", response=_responses(shared.OrderDetail), tags=TAGS)
def extend_order(request: HttpRequest, order_id: UUID, payload: schemas.ExtendIn) -> shared.OrderDetail:
    """Extend an order whose protected person wished it when she was asked."""
    extended = do_extend_order(
        user_of(request), order_id, extend_to=payload.extend_to, reason=payload.reason, act=payload.act
    )
    return _detail(request, extended)


@api.post("/orders/{order_id}/service", response=_responses(schemas.DoneOut), tags=TAGS)
def record_service(request: HttpRequest, order_id: UUID, payload: schemas.ServiceIn) -> schemas.DoneOut:
    """Record that a party was handed the order."""
    given = payload.dict()
    paper = given.pop("paper")
    serve = do_record_service if paper is None else partial(do_serve_paper, paper=paper)
    return schemas.DoneOut(id=serve(user_of(request), order_id, **given).pk)


@api.post("/orders/{order_id}/device-choice", response=_responses(schemas.DoneOut), tags=TAGS)
def choose_device(request: HttpRequest, order_id: UUID, payload: schemas.ChoiceIn) -> schemas.DoneOut:
    """The ministry's decision about the device."""
    return schemas.DoneOut(id=do_choose_device(user_of(request), order_id, **payload.dict()).pk)


@api.post("/orders/{order_id}/limits-told", response=_responses(schemas.DoneOut), tags=TAGS)
def tell_limits(request: HttpRequest, order_id: UUID, payload: schemas.LimitsIn) -> schemas.DoneOut:
    """Record that she heard what the system can't do."""
    return schemas.DoneOut(id=do_tell_limits(user_of(request), order_id, **payload.dict()).pk)


@api.post("/orders/{order_id}/losses", response=_responses(schemas.DoneOut), tags=TAGS)
def record_loss(request: HttpRequest, order_id: UUID, payload: schemas.LossIn) -> schemas.DoneOut:
    """Record a loss outside his will."""
    return schemas.DoneOut(id=do_record_loss(user_of(request), order_id, **payload.dict()).pk)


@api.post("/orders/{order_id}/reduction-requests", response=_responses(schemas.ReductionOut), tags=TAGS)
def request_reduction(request: HttpRequest, order_id: UUID, payload: schemas.RequestIn) -> schemas.ReductionOut:
    """Record that less protection was asked for; nothing changes but that the risk must be assessed again."""
    return schemas.reduction(do_record_reduction_request(user_of(request), order_id, **payload.dict()))


@api.get("/orders/{order_id}/clocks", response=_responses(list[schemas.ClockOut]), tags=TAGS)
def list_clocks(request: HttpRequest, order_id: UUID) -> list[schemas.ClockOut]:
    """What the order itself makes due."""
    order = queries.order_for(user_of(request), order_id)
    return [schemas.order_clock(one) for one in life.clocks_of(order)]


@api.get("/proposals", response=_responses(list[schemas.ProposalOut]), tags=TAGS)
def list_proposals(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[schemas.ProposalOut]:
    """What waits for a second person, oldest first."""
    return [schemas.proposal(one) for one in life.proposals_for(user_of(request))[offset : offset + limit]]


@api.post("/proposals/{int:proposal_id}/confirm", response=_responses(schemas.ProposalOut), tags=TAGS)
def confirm_proposal(request: HttpRequest, proposal_id: int, payload: schemas.ReasonIn) -> schemas.ProposalOut:
    """As the second person, put a proposal into effect."""
    return schemas.proposal(do_confirm_proposal(user_of(request), proposal_id, reason=payload.reason))


@api.post("/proposals/{int:proposal_id}/refuse", response=_responses(schemas.ProposalOut), tags=TAGS)
def refuse_proposal(request: HttpRequest, proposal_id: int, payload: schemas.ReasonIn) -> schemas.ProposalOut:
    """As the second person, let things stand."""
    return schemas.proposal(do_refuse_proposal(user_of(request), proposal_id, reason=payload.reason))


@api.get("/extension-questions", response=_responses(list[schemas.QuestionOut]), tags=TAGS)
def list_questions(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[schemas.QuestionOut]:
    """Questions about an extension that nobody answered, those due first."""
    return [schemas.question(one) for one in life.questions_for(user_of(request))[offset : offset + limit]]


@api.post("/extension-questions/{int:question_id}/attempts", response=_responses(schemas.QuestionOut), tags=TAGS)
def note_attempt(request: HttpRequest, question_id: int, payload: schemas.AttemptIn) -> schemas.QuestionOut:
    """She was not reached: the question stays open."""
    return schemas.question(do_note_attempt(user_of(request), question_id, note=payload.note))


@api.post("/extension-questions/{int:question_id}/answer", response=_responses(schemas.QuestionOut), tags=TAGS)
def answer_question(request: HttpRequest, question_id: int, payload: schemas.AnswerIn) -> schemas.QuestionOut:
    """What she said in a private conversation."""
    given = payload.dict(exclude={"privacy"})
    answered = do_answer_question(user_of(request), question_id, privacy=schemas.privacy(payload.privacy), **given)
    return schemas.question(answered)


@api.get("/reduction-requests", response=_responses(list[schemas.ReductionOut]), tags=TAGS)
def list_reductions(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[schemas.ReductionOut]:
    """Requests for less protection that nobody decided, oldest first."""
    return [schemas.reduction(one) for one in life.reductions_for(user_of(request))[offset : offset + limit]]


@api.post("/reduction-requests/{int:request_id}/conversation", response=_responses(schemas.ReductionOut), tags=TAGS)
def record_conversation(request: HttpRequest, request_id: int, payload: schemas.TalkIn) -> schemas.ReductionOut:
    """The private conversation about a request."""
    given = payload.dict(exclude={"privacy"})
    talked = do_record_conversation(user_of(request), request_id, privacy=schemas.privacy(payload.privacy), **given)
    return schemas.reduction(talked)


@api.post("/reduction-requests/{int:request_id}/decision", response=_responses(schemas.ReductionOut), tags=TAGS)
def decide_reduction(request: HttpRequest, request_id: int, payload: schemas.DecideIn) -> schemas.ReductionOut:
    """The issuer's decision."""
    return schemas.reduction(do_decide_reduction(user_of(request), request_id, **payload.dict()))


@api.get("/protection-cuts", response=_responses(list[schemas.CutOut]), tags=TAGS)
def list_cuts(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[schemas.CutOut]:
    """Everything that left somebody less protected, newest first."""
    return [schemas.cut(one) for one in life.cuts_for(user_of(request))[offset : offset + limit]]
