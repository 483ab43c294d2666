"""The roster under /api/v1/: desks, shifts, cover, test calls, who is on duty, and hours without anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from django.http import HttpRequest
from ninja import Path

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.api import roster_schemas as schemas
from aralyk.api.door import api, user_of
from aralyk.api.routes import responses
from aralyk.channels.notices import do_answer_about
from aralyk.roster import actions, queries

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Code = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$")]
SHOWN_DAYS: Final = timedelta(days=7)
SHOWN_FROM_MAX: Final = timedelta(days=3653)
_TAG: Final = ["roster"]


@api.get("/roster/desks", response=responses(list[schemas.DeskOut]), tags=_TAG)
def list_desks(request: HttpRequest) -> list[schemas.DeskOut]:
    """The desks of one's districts and of the whole country."""
    return [schemas.desk(one) for one in queries.desks_for(user_of(request))]


@api.post("/roster/desks", response=responses(schemas.DeskOut), tags=_TAG)
def open_desk(request: HttpRequest, payload: schemas.DeskIn) -> schemas.DeskOut:
    """Open a desk."""
    made = actions.do_open_desk(
        user_of(request), code=payload.code, kind=payload.kind, district=payload.district, always=payload.always
    )  # fmt: skip
    return schemas.desk(made)


@api.post("/roster/desks/{code}/close", response=responses(schemas.DeskOut), tags=_TAG)
def close_desk(request: HttpRequest, code: Code) -> schemas.DeskOut:
    """Close a desk for good."""
    return schemas.desk(actions.do_close_desk(user_of(request), code))


@api.get("/roster/now", response=responses(list[schemas.OnDutyOut]), tags=_TAG)
def list_on_duty(request: HttpRequest) -> list[schemas.OnDutyOut]:
    """Who is on duty now."""
    return [
        schemas.OnDutyOut(
            desk=one.desk.code, kind=one.desk.kind, district=one.desk.district, people=len(one.people),
            answered=one.answered, ready=one.is_ready,
        )
        for one in queries.on_duty_for(user_of(request), at=clock.now())
    ]  # fmt: skip


@api.get("/roster/gaps", response=responses(list[schemas.GapOut]), tags=_TAG)
def list_gaps(request: HttpRequest) -> list[schemas.GapOut]:
    """Hours of the next day in which nobody will be at a desk that must always answer."""
    found = queries.gaps_for(user_of(request), at=clock.now())
    return [schemas.gap(code, hours) for code, many in sorted(found.items()) for hours in many]


@api.get("/roster/shifts", response=responses(list[schemas.ShiftOut]), tags=_TAG)
def list_shifts(request: HttpRequest, since: datetime | None = None) -> list[schemas.ShiftOut]:
    """The shifts of seven days; by default from now."""
    begin = _aware(since or clock.now())
    if abs(begin - clock.now()) > SHOWN_FROM_MAX:
        raise Refused.field("since", expected="a moment of the last or the next ten years")
    found = queries.shifts_for(user_of(request), since=begin, until=begin + SHOWN_DAYS)
    return [schemas.shift(one) for one in found[:500]]


@api.post("/roster/shifts", response=responses(schemas.ShiftOut), tags=_TAG)
def plan_shift(request: HttpRequest, payload: schemas.ShiftIn) -> schemas.ShiftOut:
    """Put people on duty."""
    made = actions.do_plan_shift(
        user_of(request), desk=payload.desk, starts_at=_aware(payload.starts_at), ends_at=_aware(payload.ends_at),
        people=payload.people,
    )  # fmt: skip
    return schemas.shift(made)


@api.post("/roster/shifts/{shift_id}/cancel", response=responses(schemas.ShiftOut), tags=_TAG)
def cancel_shift(request: HttpRequest, shift_id: RowId) -> schemas.ShiftOut:
    """Take a shift out of the roster."""
    return schemas.shift(actions.do_cancel_shift(user_of(request), shift_id))


@api.post("/roster/shifts/{shift_id}/cover", response=responses(schemas.ShiftOut), tags=_TAG)
def cover(request: HttpRequest, shift_id: RowId, payload: schemas.CoverIn) -> schemas.ShiftOut:
    """Let one person stand in for another."""
    return schemas.shift(
        actions.do_cover(user_of(request), shift_id, goes=payload.goes, comes=payload.comes).shift
    )  # fmt: skip


@api.post("/roster/shifts/{shift_id}/here", response=responses(schemas.ShiftOut), tags=_TAG)
def answer_test_call(request: HttpRequest, shift_id: RowId) -> schemas.ShiftOut:
    """Answer the test call of one's own shift."""
    answered = actions.do_answer_test_call(user_of(request), shift_id)
    do_answer_about(user_of(request), f"shift:{answered.pk}")
    return schemas.shift(answered)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=clock.EPOCH.tzinfo)
