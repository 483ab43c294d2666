"""Figures of the work and changes of a shift under /api/v1/."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Schema
from pydantic import Field

from aralyk import clock
from aralyk.access.errors import Refused
from aralyk.access.queries import shown_name
from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Offset, responses
from aralyk.api.schemas import Time
from aralyk.oversight import figures, hand_over
from aralyk.oversight.models import ShiftHandOver

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
PERIOD = timedelta(days=30)
PERIOD_MAX = timedelta(days=366)


class DurationOut(Schema):
    """How long one step took, seconds; null: fewer than five, left out."""

    step: str
    priority: int
    count: int | None
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None


class EconomyOut(Schema):
    """What alarms turned out to be; null: left out."""

    key: str
    total: int | None
    outcomes: dict[str, int | None]


class LoadOut(Schema):
    """What one person carried."""

    name: str
    role: str
    taken: int
    open: int
    p50_s: float | None


class FiguresOut(Schema):
    """The figures of a period as they stood at `read_at`."""

    since: Time
    until: Time
    read_at: Time
    suppressed: bool
    durations: list[DurationOut]
    by_rule: list[EconomyOut]
    by_device_model: list[EconomyOut]
    by_district: list[EconomyOut]
    operators: list[LoadOut]
    officers: list[LoadOut]


class LeaveIn(Schema):
    """What somebody who leaves says; no names, no addresses."""

    note: str = Field(max_length=hand_over.NOTE_MAX)


class HandOverOut(Schema):
    """A change of a shift."""

    id: int
    left_by: str
    left_at: Time
    note: str
    standing_sha256: str
    taken_by: str
    taken_at: Time | None


@api.get("/figures", response=responses(FiguresOut), tags=["figures"])
def read_figures(request: HttpRequest, since: datetime | None = None, until: datetime | None = None) -> FiguresOut:
    """Times of each step, what alarms turned out to be, load; by default of the last thirty days."""
    now = clock.now()
    end = _aware("until", until or now)
    begin = _aware("since", since or end - PERIOD)
    if not timedelta(0) < end - begin <= PERIOD_MAX:
        raise Refused.field("since", expected="before `until`, by at most 366 days")
    found = figures.figures_for(user_of(request), since=begin, until=end, at=now)
    of = {by: [_economy(one) for one in rows] for by, rows in found.economy.items()}
    return FiguresOut(
        since=found.since, until=found.until, read_at=found.read_at, suppressed=found.suppressed,
        durations=[
            DurationOut(
                step=one.step.value, priority=one.priority, count=one.count, p50_s=one.p50_s, p90_s=one.p90_s,
                p99_s=one.p99_s,
            )
            for one in found.durations
        ],
        by_rule=of[figures.By.RULE], by_device_model=of[figures.By.DEVICE_MODEL],
        by_district=of[figures.By.DISTRICT], operators=[_load(one) for one in found.operators],
        officers=[_load(one) for one in found.officers],
    )  # fmt: skip


@api.get("/hand-overs", response=responses(list[HandOverOut]), tags=["roster"])
def list_hand_overs(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[HandOverOut]:
    """Changes of a shift in the centre, the newest first."""
    return [_hand_over(one) for one in hand_over.hand_overs_for(user_of(request))[offset : offset + limit]]


@api.post("/hand-overs", response=responses(HandOverOut), tags=["roster"])
def leave_shift(request: HttpRequest, payload: LeaveIn) -> HandOverOut:
    """Leave a shift."""
    return _hand_over(hand_over.do_leave_shift(user_of(request), note=payload.note))


@api.post("/hand-overs/{hand_over_id}/take", response=responses(HandOverOut), tags=["roster"])
def take_shift(request: HttpRequest, hand_over_id: RowId) -> HandOverOut:
    """Take a shift over by name."""
    return _hand_over(hand_over.do_take_shift(user_of(request), hand_over_id))


def _economy(one: figures.Economy) -> EconomyOut:
    return EconomyOut(key=one.key, total=one.total, outcomes=dict(one.outcomes))


def _load(one: figures.Load) -> LoadOut:
    return LoadOut(name=one.name, role=one.role, taken=one.taken, open=one.open, p50_s=one.p50_s)


def _hand_over(one: ShiftHandOver) -> HandOverOut:
    return HandOverOut(
        id=one.pk, left_by=shown_name(one.left_by), left_at=one.left_at, note=one.note,
        standing_sha256=one.standing_sha256, taken_by=shown_name(one.taken_by), taken_at=one.taken_at,
    )  # fmt: skip


def _aware(field: str, at: datetime) -> datetime:
    if at.tzinfo is None or not 2000 <= at.year <= 2100:
        raise Refused.field(field, expected="a moment with its time zone, of the years 2000 to 2100")
    return at
