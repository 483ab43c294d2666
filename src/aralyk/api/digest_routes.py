"""Digests of folded alerts under /api/v1/: which days wait, one day by case and rule, the signature."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest
from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.api.door import api, user_of
from aralyk.api.routes import Limit, Offset, responses
from aralyk.api.schemas import Time
from aralyk.oversight import digests
from aralyk.oversight.models import FoldedDigest

_TAG = ["digests"]


class DigestOut(Schema):
    """One day's digest."""

    day: date
    due_at: Time
    groups: int
    folded: int
    downgraded: int
    list_sha256: str
    signed_at: Time | None
    signed_by: str
    remark: str


class GroupOut(Schema):
    """What was folded in one case under one rule, with the signals whose time lines hold each decision."""

    order_id: UUID
    order: str
    district: str
    rule: str
    folded: int
    downgraded: int
    worst_priority: int
    first_at: Time
    last_at: Time
    incidents: list[UUID]


class DigestDetail(DigestOut):
    """A digest with its groups; `whole` false: some cases are not one's own to see."""

    whole: bool
    items: list[GroupOut]


class SignIn(Schema):
    """A signature under the list that was shown."""

    list_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    remark: str = Field(default="", max_length=digests.REMARK_MAX)


@api.get("/digests", response=responses(list[DigestOut]), tags=_TAG)
def list_digests(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> list[DigestOut]:
    """The days, the newest first."""
    return [_digest(one) for one in digests.digests_for(user_of(request))[offset : offset + limit]]


@api.get("/digests/{day}", response=responses(DigestDetail), tags=_TAG)
def read_digest(request: HttpRequest, day: date) -> DigestDetail:
    """One day, by case and rule."""
    shown = digests.digest_for(user_of(request), day)
    return DigestDetail(
        **_digest(shown.digest).dict(),
        whole=shown.whole,
        items=[
            GroupOut(
                order_id=one.order, order=one.number, district=one.district, rule=one.rule, folded=one.folded,
                downgraded=one.downgraded, worst_priority=one.worst_priority, first_at=one.first_at,
                last_at=one.last_at, incidents=[key for _, key in one.incidents],
            )
            for one in shown.groups
        ],
    )  # fmt: skip


@api.post("/digests/{day}/sign", response=responses(DigestOut), tags=_TAG)
def sign_digest(request: HttpRequest, day: date, payload: SignIn) -> DigestOut:
    """Sign that one has read it."""
    signed = digests.do_sign_digest(
        user_of(request), day, list_sha256=payload.list_sha256, remark=payload.remark
    )  # fmt: skip
    return _digest(signed)


def _digest(one: FoldedDigest) -> DigestOut:
    return DigestOut(
        day=one.day, due_at=one.due_at, groups=one.groups, folded=one.folded, downgraded=one.downgraded,
        list_sha256=one.list_sha256, signed_at=one.signed_at, signed_by=shown_name(one.signed_by), remark=one.remark,
    )  # fmt: skip
