"""What the roster looks like under /api/v1/. Fields may be added; these keep their names and meaning."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.schemas import Time
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.hours import Hours
from aralyk.roster.models import Desk, Shift


class DeskIn(Schema):
    """A desk to open; without a district it answers for the whole country."""

    code: str = Field(max_length=64)
    kind: DeskKind
    district: str = Field(default="", max_length=64)
    always: bool = True


class DeskOut(Schema):
    """A desk."""

    code: str
    kind: str
    district: str
    always: bool
    closed_at: Time | None


class OnDutyOut(Schema):
    """A desk now: how many people, and whether its test call was answered this shift."""

    desk: str
    kind: str
    district: str
    people: int
    answered: bool
    ready: bool


class ShiftIn(Schema):
    """Hours of a desk and its people, by user name."""

    desk: str = Field(max_length=64)
    starts_at: Time
    ends_at: Time
    people: list[str] = Field(max_length=50)


class CoverIn(Schema):
    """Who stands in for whom, by user name."""

    goes: str = Field(max_length=150)
    comes: str = Field(max_length=150)


class ShiftOut(Schema):
    """A shift; `people` are those who are called, by name."""

    id: int
    desk: str
    starts_at: Time
    ends_at: Time
    people: list[str]
    cancelled_at: Time | None
    call_due_at: Time
    call_answered_at: Time | None
    call_answered_by: str
    call_missed_at: Time | None


class GapOut(Schema):
    """Hours in which nobody will be at a desk."""

    desk: str
    starts_at: Time
    ends_at: Time


def desk(found: Desk) -> DeskOut:
    """A desk."""
    return DeskOut(
        code=found.code, kind=found.kind, district=found.district, always=found.always, closed_at=found.closed_at
    )  # fmt: skip


def shift(found: Shift) -> ShiftOut:
    """A shift with its people."""
    people = [shown_name(one.person) for one in found.postings.all() if one.removed_at is None]
    return ShiftOut(
        id=found.pk, desk=found.desk.code, starts_at=found.starts_at, ends_at=found.ends_at, people=people,
        cancelled_at=found.cancelled_at, call_due_at=found.call_due_at, call_answered_at=found.call_answered_at,
        call_answered_by=shown_name(found.call_answered_by), call_missed_at=found.call_missed_at,
    )  # fmt: skip


def gap(code: str, hours: Hours) -> GapOut:
    """One gap of a desk."""
    return GapOut(desk=code, starts_at=hours.starts_at, ends_at=hours.ends_at)
