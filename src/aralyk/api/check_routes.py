"""Checks of officers under /api/v1/, and the one-time code for the respondent's app by its device's own secret."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from aralyk.access.errors import NotFound
from aralyk.api import check_schemas as schemas
from aralyk.api.device_routes import PERSON_OR_DEVICE, asker_of
from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Offset, responses
from aralyk.devices.models import Device
from aralyk.response.checks import do_check, do_take_her_word
from aralyk.response.codes import code_on, do_ask_for_code
from aralyk.response.queries import checks_for, standings, unproven_for, visits_without_check_for

_TAG = ["checks"]


@api.post("/checks/code", response=responses(schemas.AskedOut), tags=_TAG)
def ask_for_code(request: HttpRequest, payload: schemas.CodeIn) -> schemas.AskedOut:
    """Let the respondent's device show a code to the officer who stands in front of it."""
    return schemas.asked(do_ask_for_code(user_of(request), payload.order))


@api.get("/checks/code", auth=PERSON_OR_DEVICE, response=responses(schemas.ShownCodeOut), tags=_TAG)
def get_code(request: HttpRequest) -> schemas.ShownCodeOut:
    """The code that the respondent's app shows now, for that app alone; for a person there is none."""
    asker = asker_of(request)
    if not isinstance(asker, Device):
        raise NotFound("code")
    return schemas.shown_code(code_on(asker))


@api.post("/checks", response=responses(schemas.CheckOut), tags=_TAG)
def make_check(request: HttpRequest, payload: schemas.CheckIn) -> schemas.CheckOut:
    """Enter a check, a visit or an arrival; what it is worth is in the answer."""
    (standing,) = standings([do_check(user_of(request), schemas.given(payload))])
    return schemas.check(standing)


@api.get("/checks", response=responses(schemas.CheckPage), tags=_TAG)
def list_checks(
    request: HttpRequest, order: UUID | None = None, unproven: bool = False, limit: Limit = 50, offset: Offset = 0
) -> schemas.CheckPage:
    """Checks, newest first; `unproven`: only what is claimed, flagged or refused."""
    user = user_of(request)
    found = unproven_for(user) if unproven else checks_for(user)
    found = found if order is None else found.filter(order=order)
    items = [schemas.check(one) for one in standings(list(found[offset : offset + limit]))]
    return schemas.CheckPage(items=items, total=found.count())


@api.get("/checks/visits-without-check", response=responses(list[schemas.VisitOut]), tags=_TAG)
def list_visits(request: HttpRequest, limit: Limit = 50) -> list[schemas.VisitOut]:
    """Visits that were ticked off with no verified check behind them, newest first."""
    return [schemas.visit(one) for one in visits_without_check_for(user_of(request))[:limit]]


@api.post("/checks/{check_id}/her-word", response=responses(schemas.CheckOut), tags=_TAG)
def take_her_word(request: HttpRequest, check_id: UUID, payload: schemas.HerWordIn) -> schemas.CheckOut:
    """Write down what she said about a visit, by her own channel."""
    user = user_of(request)
    do_take_her_word(user, check_id, channel=payload.channel, visited=payload.visited)
    (standing,) = standings([checks_for(user).get(pk=check_id)])
    return schemas.check(standing)
