"""What the API says about access, and what it takes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import AwareDatetime

from aralyk.access.break_glass import Emergency
from aralyk.access.conflicts import Closed
from aralyk.access.grants import OpenedCase
from aralyk.access.models import AccountReview, BreakGlass, CaseGrant, CaseSubject, Closeness, Conflict, Finding, Right
from aralyk.access.queries import shown_name
from aralyk.access.reviews import DueReview


class GrantIn(Schema):
    """Open a case to a person."""

    username: str = Field(max_length=150)
    right: Right
    purpose: str = Field(max_length=400)
    ends_at: AwareDatetime


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(max_length=400)


class GrantOut(Schema):
    """One case opened to one person."""

    id: int
    order: UUID
    username: str
    right: Right
    purpose: str
    given_by: str
    given_at: datetime
    ends_at: datetime
    withdrawn_at: datetime | None


class OpenedOut(Schema):
    """A case that is open to the caller by name; of one that was only served, the number alone."""

    order: UUID | None
    number: str
    right: Right
    purpose: str
    given_by: str
    ends_at: datetime


class GlassIn(Schema):
    """Open a case in an emergency."""

    number: str = Field(max_length=40)
    reason: str = Field(max_length=400)


class GlassOut(Schema):
    """One emergency."""

    id: int
    order: UUID
    by: str
    reason: str
    opened_at: datetime
    confirm_by: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    ends_at: datetime
    closed_at: datetime | None
    closed_why: str
    review_by: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    finding: str
    finding_text: str


class EmergencyOut(GlassOut):
    """One emergency as it stands now."""

    number: str
    open: bool
    overdue: bool


class AnswerIn(Schema):
    """The second person's word, or the opener's."""

    act: Literal["confirm", "refuse", "close"]


class FindingIn(Schema):
    """A review."""

    finding: Finding
    text: str = Field(max_length=1000)


class ConflictIn(Schema):
    """Somebody is close to a party."""

    username: str = Field(max_length=150)
    subject_kind: CaseSubject
    subject_id: UUID
    closeness: Closeness
    note: str = Field(max_length=400)


class ConflictOut(Schema):
    """A recorded conflict."""

    id: int
    username: str
    subject_kind: CaseSubject
    subject_id: UUID
    closeness: Closeness
    in_force_at: datetime | None
    lifted_at: datetime | None
    orders: list[str]


class DecisionIn(Schema):
    """What a reviewer decides about a conflict; a reason is needed to ask for its lifting."""

    act: Literal["agree", "disagree", "ask_to_lift", "lift"]
    reason: str = Field("", max_length=400)


class DueOut(Schema):
    """An account and when its access must be confirmed anew."""

    account: int
    username: str
    role: str
    agency: str | None
    reviewed_at: datetime | None
    due_at: datetime
    overdue: bool


class ReviewIn(Schema):
    """Confirm an account's access or take it away."""

    keep: bool
    note: str = Field("", max_length=400)


class ReviewOut(Schema):
    """A review that was made."""

    account: int
    kept: bool
    reviewed_at: datetime


def grant(one: CaseGrant) -> GrantOut:
    """One grant."""
    return GrantOut(
        id=one.pk, order=one.order, username=one.user.username, right=Right(one.right), purpose=one.purpose,
        given_by=shown_name(one.given_by), given_at=one.given_at, ends_at=one.ends_at, withdrawn_at=one.withdrawn_at,
    )  # fmt: skip


def opened(one: OpenedCase) -> OpenedOut:
    """One case of the caller's list."""
    return OpenedOut(
        order=None if one.right is Right.SERVED else one.case.order, number=one.case.number, right=one.right,
        purpose=one.purpose, given_by=shown_name(one.given_by), ends_at=one.ends_at,
    )  # fmt: skip


def glass(one: BreakGlass) -> GlassOut:
    """One emergency's row."""
    return GlassOut(
        id=one.pk, order=one.order, by=shown_name(one.user), reason=one.reason, opened_at=one.opened_at,
        confirm_by=one.confirm_by, confirmed_by=shown_name(one.confirmed_by), confirmed_at=one.confirmed_at,
        ends_at=one.ends_at, closed_at=one.closed_at, closed_why=one.closed_why, review_by=one.review_by,
        reviewed_by=shown_name(one.reviewed_by), reviewed_at=one.reviewed_at, finding=one.finding,
        finding_text=one.finding_text,
    )  # fmt: skip


def emergency(one: Emergency) -> EmergencyOut:
    """One emergency with its case."""
    row = glass(one.glass).model_dump()
    return EmergencyOut(**row, number=one.case.number, open=one.open, overdue=one.overdue)


def conflict(one: Conflict, orders: list[str]) -> ConflictOut:
    """One conflict."""
    return ConflictOut(
        id=one.pk, username=one.user.username, subject_kind=CaseSubject(one.subject_kind), subject_id=one.subject_id,
        closeness=Closeness(one.closeness), in_force_at=one.in_force_at, lifted_at=one.lifted_at, orders=orders,
    )  # fmt: skip


def closed(one: Closed) -> ConflictOut:
    """One conflict with the numbers of its cases."""
    return conflict(one.conflict, [case.number for case in one.cases])


def due(one: DueReview) -> DueOut:
    """One account to review."""
    return DueOut(
        account=one.account.pk, username=one.account.username, role=one.account.role, agency=one.account.agency_id,
        reviewed_at=one.reviewed_at, due_at=one.due_at, overdue=one.overdue,
    )  # fmt: skip


def reviewed(one: AccountReview) -> ReviewOut:
    """One review."""
    return ReviewOut(account=one.account_id, kept=one.kept, reviewed_at=one.reviewed_at)
