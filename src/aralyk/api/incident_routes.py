"""The life of an incident under /api/v1/: acts, clocks, escalations, second looks, the prosecutor's list."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Path

from aralyk.api import incident_schemas as schemas
from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Offset, responses
from aralyk.incidents import actions, escalation, handing, legality, second_looks, settling
from aralyk.incidents.queries import incident_for

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_TAG = ["incidents"]


@api.get("/incidents/{incident_id}/life", response=responses(schemas.LifeOut), tags=_TAG)
def get_life(request: HttpRequest, incident_id: UUID) -> schemas.LifeOut:
    """How it stands: what may be done, who has it, which clocks run, who was told."""
    user = user_of(request)
    found = incident_for(user, incident_id)
    return schemas.life(found, list(escalation.escalations_for(user, incident_id)))


@api.post("/incidents/{incident_id}/triage", response=responses(schemas.LifeOut), tags=_TAG)
def triage(request: HttpRequest, incident_id: UUID, payload: schemas.TriageIn) -> schemas.LifeOut:
    """Say what must happen next."""
    handing.do_triage(user_of(request), incident_id, judgement=payload.judgement, note=payload.note)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/hand-over", response=responses(schemas.LifeOut), tags=_TAG)
def hand_over(request: HttpRequest, incident_id: UUID, payload: schemas.HandOverIn) -> schemas.LifeOut:
    """Hand it to the police."""
    handing.do_hand_over(user_of(request), incident_id, desk=payload.desk, note=payload.note)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/accept", response=responses(schemas.LifeOut), tags=_TAG)
def accept(request: HttpRequest, incident_id: UUID, payload: schemas.AcceptIn) -> schemas.LifeOut:
    """Accept it as the named officer who goes; the first one wins, others get 409 with that person's name."""
    handing.do_accept(user_of(request), incident_id, no_relation=payload.no_relation)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/set-out", response=responses(schemas.LifeOut), tags=_TAG)
def set_out(request: HttpRequest, incident_id: UUID) -> schemas.LifeOut:
    """Say that one is on the way."""
    handing.do_set_out(user_of(request), incident_id)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/arrive", response=responses(schemas.LifeOut), tags=_TAG)
def arrive(request: HttpRequest, incident_id: UUID) -> schemas.LifeOut:
    """Say that one is there."""
    handing.do_arrive(user_of(request), incident_id)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/give-back", response=responses(schemas.LifeOut), tags=_TAG)
def give_back(request: HttpRequest, incident_id: UUID, payload: schemas.ReasonIn) -> schemas.LifeOut:
    """Give it back to the centre, or call it back."""
    handing.do_give_back(user_of(request), incident_id, reason=payload.reason)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/take-over", response=responses(schemas.LifeOut), tags=_TAG)
def take_over(request: HttpRequest, incident_id: UUID) -> schemas.LifeOut:
    """Become its owner in the place of whoever was."""
    handing.do_take_over(user_of(request), incident_id)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/conclude", response=responses(schemas.LifeOut), tags=_TAG)
def conclude(request: HttpRequest, incident_id: UUID, payload: schemas.OpinionIn) -> schemas.LifeOut:
    """Say what it was."""
    actions.do_conclude(user_of(request), incident_id, outcome=payload.outcome, reason=payload.reason)
    return get_life(request, incident_id)


@api.post("/incidents/{incident_id}/reopen", response=responses(schemas.LifeOut), tags=_TAG)
def reopen(request: HttpRequest, incident_id: UUID, payload: schemas.ReasonIn) -> schemas.LifeOut:
    """Open a closed one again."""
    actions.do_reopen(user_of(request), incident_id, reason=payload.reason)
    return get_life(request, incident_id)


@api.get("/escalations", response=responses(list[schemas.EscalationOut]), tags=_TAG)
def list_escalations(request: HttpRequest, limit: Limit = 50) -> list[schemas.EscalationOut]:
    """Those that nobody has answered, the longest waiting first."""
    return [schemas.escalation(one) for one in escalation.standing_for(user_of(request))[:limit]]


@api.post("/escalations/{escalation_id}/answer", response=responses(schemas.EscalationOut), tags=_TAG)
def answer_escalation(request: HttpRequest, escalation_id: RowId) -> schemas.EscalationOut:
    """Say "I was told", as somebody on duty at that desk."""
    return schemas.escalation(escalation.do_answer_escalation(user_of(request), escalation_id))


@api.get("/second-looks", response=responses(list[schemas.LookOut]), tags=_TAG)
def list_looks(request: HttpRequest, limit: Limit = 50) -> list[schemas.LookOut]:
    """Those that this person may take, the most urgent first."""
    user = user_of(request)
    return [schemas.look(one, user_id=user.pk) for one in second_looks.looks_for(user)[:limit]]


@api.get("/second-looks/disputes", response=responses(list[schemas.GivenOut]), tags=_TAG)
def list_disputes(request: HttpRequest, limit: Limit = 50) -> list[schemas.GivenOut]:
    """Those in which two people judged differently."""
    return [schemas.given(one) for one in second_looks.disputes_for(user_of(request))[:limit]]


@api.post("/second-looks/{look_id}/take", response=responses(schemas.MaterialOut), tags=_TAG)
def take_look(request: HttpRequest, look_id: RowId) -> schemas.MaterialOut:
    """Begin to judge; until the opinion is given the incident is hidden elsewhere."""
    return schemas.material(second_looks.do_take_look(user_of(request), look_id))


@api.post("/second-looks/{look_id}/give", response=responses(schemas.GivenOut), tags=_TAG)
def give_look(request: HttpRequest, look_id: RowId, payload: schemas.LookIn) -> schemas.GivenOut:
    """Give the second opinion; the answer tells the first one."""
    done = second_looks.do_give_look(user_of(request), look_id, outcome=payload.outcome, note=payload.note)
    return schemas.given(done)


@api.post("/second-looks/{look_id}/settle", response=responses(schemas.GivenOut), tags=_TAG)
def settle_look(request: HttpRequest, look_id: RowId, payload: schemas.LookIn) -> schemas.GivenOut:
    """Say which opinion stands."""
    return schemas.given(settling.do_settle(user_of(request), look_id, outcome=payload.outcome, note=payload.note))


@api.get("/legality", response=responses(schemas.ItemPage), tags=["oversight"])
def list_items(
    request: HttpRequest, seen: bool | None = None, limit: Limit = 50, offset: Offset = 0
) -> schemas.ItemPage:
    """The prosecutor's list, newest first."""
    found = legality.items_for(user_of(request), seen=seen)
    return schemas.ItemPage(items=[schemas.item(one) for one in found[offset : offset + limit]], total=found.count())


@api.post("/legality/{item_id}/seen", response=responses(schemas.ItemOut), tags=["oversight"])
def mark_seen(request: HttpRequest, item_id: RowId, payload: schemas.SeenIn) -> schemas.ItemOut:
    """Mark one as seen, with a remark."""
    return schemas.item(legality.do_mark_seen(user_of(request), item_id, remark=payload.remark))
