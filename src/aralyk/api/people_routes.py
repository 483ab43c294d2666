"""People and the vault under /api/v1/: the pages' queries and actions. Only a look answers with a sealed value."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query
from ninja.responses import codes_4xx

from aralyk.access.errors import Refused
from aralyk.api import people_schemas as schemas
from aralyk.api.door import Error, api, user_of
from aralyk.people import queries
from aralyk.people.actions import do_register_protected_person, do_register_respondent, do_seal
from aralyk.people.custody import do_child_is_back, do_give_notice, do_record_child_with_him
from aralyk.people.looks import do_answer_look, do_ask_look, do_look
from aralyk.people.protected import (
    do_add_channel,
    do_add_child,
    do_confirm_channel,
    do_name_helper,
    do_record_consent,
    do_withdraw_consent,
)
from aralyk.people.respondents import do_add_place, do_add_weapon
from aralyk.people.words import NoticeKind

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=100_000)]
Search = Annotated[str, Query(max_length=100)]


def _responses(schema: Any) -> Any:
    return {200: schema, codes_4xx: Error}


@api.get("/people/respondents", response=_responses(schemas.RespondentPage), tags=["people"])
def list_respondents(
    request: HttpRequest, q: Search = "", born_on: date | None = None, limit: Limit = 50, offset: Offset = 0
) -> schemas.RespondentPage:
    """Respondents by name, however spelt; never a protected person."""
    found = queries.find_respondents(user_of(request), q, born_on=born_on)
    items = schemas.respondents(list(found[offset : offset + limit]))
    return schemas.RespondentPage(items=items, total=found.count())


@api.post("/people/respondents", response=_responses(schemas.RegisteredOut), tags=["people"])
def register_respondent(request: HttpRequest, payload: schemas.RespondentIn) -> schemas.RegisteredOut:
    """Register a respondent."""
    made = do_register_respondent(
        user_of(request),
        name=payload.name,
        residence_district=payload.residence_district,
        born_on=payload.born_on,
        language=payload.language,
        weapons=payload.weapons,
    )
    return schemas.RegisteredOut(id=made.pk)


@api.get("/people/respondents/{respondent_id}", response=_responses(schemas.RespondentOut), tags=["people"])
def get_respondent(request: HttpRequest, respondent_id: UUID) -> schemas.RespondentOut:
    """One respondent."""
    return schemas.respondent(queries.respondent_for(user_of(request), respondent_id))


@api.post("/people/respondents/{respondent_id}/places", response=_responses(schemas.RegisteredOut), tags=["people"])
def add_place(request: HttpRequest, respondent_id: UUID, payload: schemas.PlaceIn) -> schemas.RegisteredOut:
    """Write down where he may be found."""
    made = do_add_place(user_of(request), respondent=respondent_id, kind=payload.kind, address=payload.address)
    return schemas.RegisteredOut(id=made.pk)


@api.post("/people/respondents/{respondent_id}/weapons", response=_responses(schemas.RegisteredOut), tags=["people"])
def add_weapon(request: HttpRequest, respondent_id: UUID, payload: schemas.WeaponIn) -> schemas.RegisteredOut:
    """Write down a weapon of his."""
    made = do_add_weapon(
        user_of(request), respondent=respondent_id, kind=payload.kind, registered=payload.registered,
        seized=payload.seized,
    )  # fmt: skip
    return schemas.RegisteredOut(id=made.pk)


@api.post("/people/protected", response=_responses(schemas.RegisteredOut), tags=["people"])
def register_protected(request: HttpRequest, payload: schemas.ProtectedIn) -> schemas.RegisteredOut:
    """Register a protected person; what was sent is sealed and comes back in no answer."""
    hours = None
    if payload.safe_from is not None or payload.safe_until is not None:
        if payload.safe_from is None or payload.safe_until is None:
            raise Refused.field("safe_until", expected="both times, or none")
        hours = (payload.safe_from, payload.safe_until)
    made = do_register_protected_person(
        user_of(request),
        sealed=payload.sealed,
        language=payload.language,
        hears=payload.hears,
        reads=payload.reads,
        has_phone=payload.has_phone,
        children_stated=payload.children_stated,
        safe_hours=hours,
    )
    return schemas.RegisteredOut(id=made.pk, code=made.code)


@api.get("/people/protected/{person_id}", response=_responses(schemas.ProtectedOut), tags=["people"])
def get_protected(request: HttpRequest, person_id: UUID) -> schemas.ProtectedOut:
    """One protected person: code, how to speak with her, and which facts are sealed."""
    user = user_of(request)
    return schemas.protected(
        queries.protected_person_for(user, person_id), list(queries.sealed_facts_for(user, person_id))
    )


@api.post("/people/protected/{person_id}/facts", response=_responses(schemas.RegisteredOut), tags=["people"])
def seal(request: HttpRequest, person_id: UUID, payload: schemas.SealIn) -> schemas.RegisteredOut:
    """Write or replace one sealed fact of her own."""
    do_seal(user_of(request), person=person_id, field=payload.field, value=payload.value)
    return schemas.RegisteredOut(id=person_id)


@api.post("/people/protected/{person_id}/look", response=_responses(schemas.LookOut), tags=["vault"])
def look(request: HttpRequest, response: HttpResponse, person_id: UUID, payload: schemas.LookIn) -> schemas.LookOut:
    """Read one sealed fact: witnessed before it is answered. The only answer that holds a sealed value."""
    value = do_look(
        user_of(request),
        person=person_id,
        order=payload.order,
        field=payload.field,
        purpose=payload.purpose,
        about=payload.about,
        request=payload.request,
    )
    response.headers["Cache-Control"] = "no-store"
    return schemas.LookOut(value=value)


@api.post("/people/protected/{person_id}/look-requests", response=_responses(schemas.RequestOut), tags=["vault"])
def ask_look(request: HttpRequest, person_id: UUID, payload: schemas.LookIn) -> schemas.RequestOut:
    """Ask a second person to confirm a look."""
    asked = do_ask_look(
        user_of(request),
        person=person_id,
        order=payload.order,
        field=payload.field,
        purpose=payload.purpose,
        about=payload.about,
    )
    return schemas.request(asked)


@api.get("/vault/look-requests", response=_responses(list[schemas.RequestOut]), tags=["vault"])
def list_look_requests(request: HttpRequest, limit: Limit = 50) -> list[schemas.RequestOut]:
    """What waits for this person as the second, and this person's own requests."""
    return [schemas.request(each) for each in queries.look_requests_for(user_of(request))[:limit]]


@api.post("/vault/look-requests/{request_id}/answer", response=_responses(schemas.RequestOut), tags=["vault"])
def answer_look(request: HttpRequest, request_id: UUID, payload: schemas.AnswerIn) -> schemas.RequestOut:
    """Confirm or decline, as the second person."""
    return schemas.request(do_answer_look(user_of(request), request_id, confirmed=payload.confirmed))


@api.get("/people/protected/{person_id}/looks", response=_responses(list[schemas.LookedOut]), tags=["vault"])
def list_looks(request: HttpRequest, person_id: UUID) -> list[schemas.LookedOut]:
    """Who looked into her file, newest first."""
    return [schemas.look(each) for each in queries.looks_at(user_of(request), person_id)]


@api.post("/people/protected/{person_id}/channels", response=_responses(schemas.RegisteredOut), tags=["people"])
def add_channel(request: HttpRequest, person_id: UUID, payload: schemas.ChannelIn) -> schemas.RegisteredOut:
    """Write down a way to reach her; not used before she confirmed it."""
    made = do_add_channel(
        user_of(request), person=person_id, how=payload.how, given_by=payload.given_by, number=payload.number
    )
    return schemas.RegisteredOut(id=made.pk)


@api.post("/people/channels/{channel_id}/confirm", response=_responses(schemas.RegisteredOut), tags=["people"])
def confirm_channel(request: HttpRequest, channel_id: UUID, payload: schemas.ConfirmIn) -> schemas.RegisteredOut:
    """Say that she confirmed it, alone."""
    return schemas.RegisteredOut(id=do_confirm_channel(user_of(request), channel_id, alone=payload.alone).pk)


@api.post("/people/protected/{person_id}/helpers", response=_responses(schemas.RegisteredOut), tags=["people"])
def name_helper(request: HttpRequest, person_id: UUID, payload: schemas.HelperIn) -> schemas.RegisteredOut:
    """Write down whom she wants to act for her; never a relative of his."""
    made = do_name_helper(user_of(request), person=person_id, **payload.dict())
    return schemas.RegisteredOut(id=made.pk)


@api.post("/people/protected/{person_id}/consents", response=_responses(schemas.RegisteredOut), tags=["people"])
def record_consent(request: HttpRequest, person_id: UUID, payload: schemas.ConsentIn) -> schemas.RegisteredOut:
    """Write down what she agreed to."""
    until = payload.until
    if until is not None and until.tzinfo is None:
        raise Refused.field("until", expected="a time with its zone")
    made = do_record_consent(user_of(request), person=person_id, kind=payload.kind, until=until)
    return schemas.RegisteredOut(id=made.pk)


@api.post("/people/consents/{consent_id}/withdraw", response=_responses(schemas.RegisteredOut), tags=["people"])
def withdraw_consent(request: HttpRequest, consent_id: UUID) -> schemas.RegisteredOut:
    """Say that she took it back."""
    return schemas.RegisteredOut(id=do_withdraw_consent(user_of(request), consent_id).pk)


@api.post("/people/protected/{person_id}/children", response=_responses(schemas.RegisteredOut), tags=["people"])
def add_child(request: HttpRequest, person_id: UUID, payload: schemas.ChildIn) -> schemas.RegisteredOut:
    """Write down a child; name and school are sealed."""
    made = do_add_child(user_of(request), person=person_id, **payload.dict())
    return schemas.RegisteredOut(id=made.pk)


@api.get("/people/children-with-respondents", response=_responses(list[schemas.StayOut]), tags=["people"])
def list_stays(request: HttpRequest, overdue: bool = False, limit: Limit = 50) -> list[schemas.StayOut]:
    """Children who are with a respondent now; `overdue`: only where a clock has run out."""
    found = queries.children_with_him(user_of(request), overdue_only=overdue)
    return [schemas.stay(each) for each in found[:limit]]


@api.post("/people/children/{child_id}/with-respondent", response=_responses(schemas.StayOut), tags=["people"])
def record_stay(request: HttpRequest, child_id: UUID, payload: schemas.WithHimIn) -> schemas.StayOut:
    """Record that a child is with him."""
    if payload.since.tzinfo is None:
        raise Refused.field("since", expected="a time with its zone")
    made = do_record_child_with_him(
        user_of(request), child=child_id, respondent=payload.respondent, since=payload.since
    )
    return schemas.stay(made)


@api.post("/people/stays/{stay_id}/notices/{kind}", response=_responses(schemas.NoticeOut), tags=["people"])
def give_notice(request: HttpRequest, stay_id: UUID, kind: NoticeKind) -> schemas.NoticeOut:
    """Say that the school, or the border service, was told."""
    given = do_give_notice(user_of(request), stay_id, kind=kind)
    return schemas.NoticeOut(kind=NoticeKind(given.kind), due_at=given.due_at, given_at=given.given_at)


@api.post("/people/stays/{stay_id}/end", response=_responses(schemas.StayOut), tags=["people"])
def end_stay(request: HttpRequest, stay_id: UUID) -> schemas.StayOut:
    """Say that the child is back."""
    return schemas.stay(do_child_is_back(user_of(request), stay_id))
