"""The duties of people: a child is with him, so its owner's clock runs, and school and border must be told."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.access.queries import shown_name
from aralyk.duties.rows import Owed, Source, Wanted
from aralyk.duties.selecting import asked, counted, late_of, page_of
from aralyk.people.actions import hers_of
from aralyk.people.models import ChildNotice, ChildWithRespondent, ProtectedPerson
from aralyk.risk.standing import JURISDICTION

CHILD: Final = "child_with_respondent"
NOTICE: Final = "child_notice"
DISTRICT: Final = "respondent__residence_district"


def _of_children(user: User, wanted: Wanted) -> list[Owed]:
    return [
        _owed(user, stay, source=CHILD, row=stay.pk, kind=CHILD, due_at=stay.due_at)
        for stay in page_of(_children(user, wanted), source=CHILD, wanted=wanted)
    ]


def _of_notices(user: User, wanted: Wanted) -> list[Owed]:
    return [
        _owed(user, notice.stay, source=NOTICE, row=notice.pk, kind=notice.kind, due_at=notice.due_at)
        for notice in page_of(_notices(user, wanted), source=NOTICE, wanted=wanted)
    ]


def _owed(user: User, stay: ChildWithRespondent, *, source: str, row: int | UUID, kind: str, due_at: datetime) -> Owed:
    return Owed(
        source=source,
        id=row,
        kind=kind,
        rule="",
        jurisdiction=JURISDICTION,
        subject=stay.child.protected_person_id,
        number="",
        respondent=stay.respondent_id,
        respondent_name=stay.respondent.name,
        protected_person=stay.child.protected_person_id,
        code=stay.child.protected_person.code,
        district=stay.respondent.residence_district,
        began_at=stay.recorded_at,
        due_at=due_at,
        may_finish=_keeps(user),
        owner=shown_name(stay.owner),
    )


def _keeps(user: User) -> bool:
    return allows(user, May.KEEP_PEOPLE) or allows(user, May.ISSUE_ORDERS)


def _to(user: User) -> May:
    """Who keeps people sees their own cases; who oversees duties, those that the office sees."""
    return May.ISSUE_ORDERS if _keeps(user) else May.OVERSEE_DUTIES


def _children(user: User, wanted: Wanted) -> QuerySet[ChildWithRespondent]:
    hers = ProtectedPerson.objects.filter(hers_of(user, to=_to(user)), pk=OuterRef("child__protected_person"))
    owed = ChildWithRespondent.objects.filter(Exists(hers), ended_at__isnull=True)
    rows = asked(user, wanted, owed, whole=_keeps(user))
    rows = rows.filter(owner=user) if wanted.mine else rows
    return rows.select_related("child__protected_person", "respondent", "owner")


def _notices(user: User, wanted: Wanted) -> QuerySet[ChildNotice]:
    hers = ProtectedPerson.objects.filter(hers_of(user, to=_to(user)), pk=OuterRef("stay__child__protected_person"))
    owed = ChildNotice.objects.filter(Exists(hers), stay__ended_at__isnull=True, given_at__isnull=True)
    rows = asked(user, wanted, owed, whole=_keeps(user))
    rows = rows.filter(stay__owner=user) if wanted.mine else rows
    return rows.select_related("stay__child__protected_person", "stay__respondent", "stay__owner")


OF_CHILDREN: Final = Source(
    name=CHILD,
    owed=_of_children,
    count=lambda user, wanted: counted(_children(user, wanted)),
    late=late_of(ChildWithRespondent.objects.filter(ended_at__isnull=True), district=DISTRICT),
)
OF_NOTICES: Final = Source(
    name=NOTICE,
    owed=_of_notices,
    count=lambda user, wanted: counted(_notices(user, wanted)),
    late=late_of(
        ChildNotice.objects.filter(stay__ended_at__isnull=True, given_at__isnull=True), district=f"stay__{DISTRICT}"
    ),
)
