"""Work without the platform under /api/v1/: the cases by risk, outages and practices, whom we told."""

from __future__ import annotations

from pathlib import Path as Directory
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from aralyk import clock
from aralyk.access.queries import shown_name
from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Offset, responses
from aralyk.api.schemas import Time
from aralyk.oversight import outages
from aralyk.oversight.models import How, Outage, OutageCall
from aralyk.oversight.risk_list import Case, list_for

_TAG = ["outages"]
SHOWN = 50


class LastPlaceOut(Schema):
    """Where his device was last known to be; a self-reported place proves nothing."""

    lat: float
    lon: float
    accuracy_m: float | None
    source: str
    taken_at: Time
    trust: str


class CaseOut(Schema):
    """A case of the list by risk; null: not known."""

    rank: int
    order_id: UUID
    order: str
    district: str
    threat: str
    waiting_priority: int | None
    protected: list[str]
    desk_phone: str | None
    respondent_last_place: LastPlaceOut | None


class RiskListOut(Schema):
    """The cases in force, the most dangerous first."""

    made_at: Time
    total: int
    items: list[CaseOut]


class OutageIn(Schema):
    """Practice or real."""

    practice: bool


class OutageOut(Schema):
    """An outage or a practice, and how many of those who were told have answered."""

    id: UUID
    practice: bool
    began_at: Time
    began_by: str
    ended_at: Time | None
    listed_at: Time | None
    cases: int | None
    told: int
    answered: int
    first_answer_s: float | None


class ToldIn(Schema):
    """An attempt to tell a protected person."""

    order_id: UUID
    person_id: UUID
    how: How
    reached: bool = Field(description="Whether the words reached her.")


class ToldOut(Schema):
    """The attempt as recorded."""

    at: Time
    by: str
    how: str
    reached: bool


@api.get("/risk-list", response=responses(RiskListOut), tags=_TAG)
def risk_list(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> RiskListOut:
    """The cases by risk, for work without the platform."""
    found = list_for(user_of(request), at=clock.now())
    shown = list(enumerate(found.cases, start=1))[offset : offset + limit]
    return RiskListOut(
        made_at=found.made_at, total=len(found.cases), items=[_case(rank, one) for rank, one in shown]
    )  # fmt: skip


@api.get("/outages", response=responses(list[OutageOut]), tags=_TAG)
def list_outages(request: HttpRequest) -> list[OutageOut]:
    """Outages and practices, the newest first."""
    return [_course(one) for one in outages.courses_for(user_of(request), most=SHOWN)]


@api.post("/outages", response=responses(OutageOut), tags=_TAG)
def begin_outage(request: HttpRequest, payload: OutageIn) -> OutageOut:
    """Declare an outage, or begin a practice: everybody on duty is told."""
    begun = outages.do_begin_outage(
        user_of(request), practice=payload.practice, home=Directory(settings.HOME)
    )  # fmt: skip
    return _outage(begun)


@api.post("/outages/{outage_id}/end", response=responses(OutageOut), tags=_TAG)
def end_outage(request: HttpRequest, outage_id: UUID) -> OutageOut:
    """Say that it is over."""
    return _outage(outages.do_end_outage(user_of(request), outage_id))


@api.post("/outages/{outage_id}/told", response=responses(ToldOut), tags=_TAG)
def record_told(request: HttpRequest, outage_id: UUID, payload: ToldIn) -> ToldOut:
    """Record that one tried to tell a protected person."""
    call: OutageCall = outages.do_record_told(
        user_of(request), outage_id, order=payload.order_id, protected_person=payload.person_id, how=payload.how,
        reached=payload.reached,
    )  # fmt: skip
    return ToldOut(at=call.at, by=shown_name(call.by), how=call.how, reached=call.reached)


def _outage(found: Outage) -> OutageOut:
    return _course(outages.course_of(found))


def _course(one: outages.Course) -> OutageOut:
    found = one.outage
    return OutageOut(
        id=found.pk, practice=found.practice, began_at=found.began_at, began_by=shown_name(found.began_by),
        ended_at=found.ended_at, listed_at=found.listed_at, cases=found.cases, told=found.told,
        answered=one.answered, first_answer_s=one.first_s,
    )  # fmt: skip


def _case(rank: int, one: Case) -> CaseOut:
    place = one.place
    return CaseOut(
        rank=rank, order_id=one.order, order=one.number, district=one.district, threat=one.threat,
        waiting_priority=one.priority, protected=list(one.codes), desk_phone=one.desk_phone,
        respondent_last_place=None if place is None else LastPlaceOut(
            lat=place.lat, lon=place.lon, accuracy_m=place.accuracy_m, source=place.source, taken_at=place.fixed_at,
            trust=place.trust,
        ),
    )  # fmt: skip
