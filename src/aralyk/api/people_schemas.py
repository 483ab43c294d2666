"""What the API says of people. A sealed value has no place in any answer but that of a look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from ninja import Schema
from pydantic import Field

from aralyk.access.queries import shown_name
from aralyk.people.models import ChildWithRespondent, LookRequest, ProtectedPerson, Respondent
from aralyk.people.queries import Look, missing_of, missing_of_respondents
from aralyk.people.sealing import SealedFact
from aralyk.people.vault import SealedName
from aralyk.people.words import (
    ConsentKind,
    GivenBy,
    HelperRelation,
    How,
    LivesWith,
    NoticeKind,
    PlaceKind,
    RoleOfChild,
    Stated,
    WeaponKind,
)

Text = Annotated[str, Field(max_length=1000)]


class RespondentOut(Schema):
    """A person under electronic monitoring; `missing` is what nobody has found out yet."""

    id: UUID
    name: str
    born_on: date | None
    language: str
    residence_district: str
    weapons: Stated
    missing: list[str]


class RespondentPage(Schema):
    """One page of respondents."""

    items: list[RespondentOut]
    total: int


class RespondentIn(Schema):
    """A new respondent."""

    name: Text
    residence_district: Text
    born_on: date | None = None
    language: str = "ru"
    weapons: Stated


class PlaceIn(Schema):
    """Where he may be found."""

    kind: PlaceKind
    address: Text


class WeaponIn(Schema):
    """A weapon of his."""

    kind: WeaponKind
    registered: Stated
    seized: bool = False


class SealedOut(Schema):
    """That a fact is sealed; never its value. `about`: the row of hers whose secret it is, or herself."""

    field: SealedName
    about: UUID
    written_at: datetime


class RowOut(Schema):
    """A row about her: a way to reach her, a child, a helper, a consent, a representative."""

    id: UUID
    what: str
    kind: str
    usable: bool | None = None
    ended_at: datetime | None = None


class ProtectedOut(Schema):
    """A protected person as others may know her."""

    id: UUID
    code: str
    standing: str
    language: str
    hears: Stated
    reads: Stated
    has_phone: Stated
    children_stated: Stated
    safe_from: time | None
    safe_until: time | None
    missing: list[str]
    sealed: list[SealedOut]
    rows: list[RowOut]


class ProtectedIn(Schema):
    """A new protected person: `sealed` holds what is known of her, her name at least."""

    sealed: dict[SealedName, Text]
    language: str = "ru"
    hears: Stated
    reads: Stated
    has_phone: Stated
    children_stated: Stated
    safe_from: time | None = None
    safe_until: time | None = None


class RegisteredOut(Schema):
    """Who was registered."""

    id: UUID
    code: str = ""


class SealIn(Schema):
    """One fact to write or replace."""

    field: SealedName
    value: Text


class LookIn(Schema):
    """A look, with what gives it its right: a case and a purpose; or a request that a second person confirmed."""

    order: UUID
    field: SealedName
    purpose: Text
    about: UUID | None = None
    request: UUID | None = None


class LookOut(Schema):
    """The value. Show it, never store or log it."""

    value: str


class RequestOut(Schema):
    """A look that waits for a second person, or was answered."""

    id: UUID
    protected_person: UUID
    field: SealedName
    purpose: str
    asked_by: str
    asked_at: datetime
    answer_until: datetime
    confirmed: bool | None


class AnswerIn(Schema):
    """The second person's answer."""

    confirmed: bool


class LookedOut(Schema):
    """One line of the list of looks."""

    at: datetime
    by: str
    field: str
    purpose: str
    kind: str
    granted: bool
    second: str


class ChannelIn(Schema):
    """A way to reach her."""

    how: How
    given_by: GivenBy
    number: Text = ""


class ConfirmIn(Schema):
    """That she confirmed it alone."""

    alone: bool


class HelperIn(Schema):
    """Somebody who acts for her."""

    name: Text
    phone: Text
    relation: HelperRelation
    relative_of_his: Stated
    consents: bool


class ConsentIn(Schema):
    """What she agreed to."""

    kind: ConsentKind
    until: datetime | None = None


class ChildIn(Schema):
    """A child of the case."""

    name: Text
    lives_with: LivesWith
    role: RoleOfChild
    child_of_respondent: Stated
    birth_year: int | None = None
    school: Text = ""


class WithHimIn(Schema):
    """With whom, since when."""

    respondent: UUID
    since: datetime


class NoticeOut(Schema):
    """A notice that is owed while a child is with him."""

    kind: NoticeKind
    due_at: datetime
    given_at: datetime | None


class StayOut(Schema):
    """A child who is with a respondent."""

    id: UUID
    child: UUID
    protected_person: UUID
    respondent: UUID
    since: datetime
    owner: str
    due_at: datetime
    ended_at: datetime | None
    notices: list[NoticeOut]


def respondent(found: Respondent) -> RespondentOut:
    """One respondent."""
    return respondents([found])[0]


def respondents(found: Sequence[Respondent]) -> list[RespondentOut]:
    """Several, in the given order."""
    missing = missing_of_respondents(found)
    return [_respondent(each, missing[each.pk]) for each in found]


def _respondent(found: Respondent, missing: tuple[str, ...]) -> RespondentOut:
    return RespondentOut(
        id=found.pk,
        name=found.name,
        born_on=found.born_on,
        language=found.language,
        residence_district=found.residence_district,
        weapons=Stated(found.weapons),
        missing=list(missing),
    )


def protected(found: ProtectedPerson, facts: list[SealedFact]) -> ProtectedOut:
    """One protected person."""
    return ProtectedOut(
        id=found.pk,
        code=found.code,
        standing=found.standing,
        language=found.language,
        hears=Stated(found.hears),
        reads=Stated(found.reads),
        has_phone=Stated(found.has_phone),
        children_stated=Stated(found.children_stated),
        safe_from=found.safe_from,
        safe_until=found.safe_until,
        missing=list(missing_of(found)),
        sealed=[SealedOut(field=fact.field, about=fact.about, written_at=fact.written_at) for fact in facts],
        rows=_rows(found),
    )


def request(found: LookRequest) -> RequestOut:
    """One request."""
    return RequestOut(
        id=found.pk,
        protected_person=found.protected_person_id,
        field=SealedName(found.field),
        purpose=found.purpose,
        asked_by=shown_name(found.asked_by),
        asked_at=found.asked_at,
        answer_until=found.answer_until,
        confirmed=found.confirmed,
    )


def look(found: Look) -> LookedOut:
    """One line of the list."""
    return LookedOut(
        at=found.at, by=found.by, field=found.field, purpose=found.purpose, kind=found.kind.value,
        granted=found.granted, second=found.second,
    )  # fmt: skip


def stay(found: ChildWithRespondent) -> StayOut:
    """One child who is with a respondent."""
    return StayOut(
        id=found.pk,
        child=found.child_id,
        protected_person=found.child.protected_person_id,
        respondent=found.respondent_id,
        since=found.since,
        owner=shown_name(found.owner),
        due_at=found.due_at,
        ended_at=found.ended_at,
        notices=[
            NoticeOut(kind=NoticeKind(each.kind), due_at=each.due_at, given_at=each.given_at)
            for each in found.notices.all()
        ],
    )


def _rows(person: ProtectedPerson) -> list[RowOut]:
    channels = [
        RowOut(id=row.pk, what="channel", kind=row.how, ended_at=row.ended_at,
               usable=row.confirmed_at is not None and row.ended_at is None)
        for row in person.channels.all()
    ]  # fmt: skip
    children = [RowOut(id=row.pk, what="child", kind=row.role) for row in person.children.all()]
    helpers = [
        RowOut(id=row.pk, what="helper", kind=row.relation, ended_at=row.withdrawn_at) for row in person.helpers.all()
    ]
    consents = [
        RowOut(id=row.pk, what="consent", kind=row.kind, ended_at=row.withdrawn_at) for row in person.consents.all()
    ]
    speakers = [
        RowOut(id=row.pk, what="representative", kind=row.kind, ended_at=row.withdrawn_at)
        for row in person.representatives.all()
    ]
    return [*channels, *children, *helpers, *consents, *speakers]
