"""Who is in a case, and who looked into her file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from aralyk.access.cases import case_book
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, districts_of, in_districts, opened_to, seen_by
from aralyk.access.queries import shown_name
from aralyk.access.sight import asked_once, sight
from aralyk.evidence.kinds import Kind
from aralyk.people.models import ProtectedPerson, Respondent


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look into a protected person's sealed facts, granted or refused."""

    at: datetime
    by: str
    field: str
    purpose: str
    granted: bool


def respondents_for(user: User, *, to: May = May.SEE_CASES) -> QuerySet[Respondent]:
    """The respondents of this person's districts, by home, order or report, and of cases opened by name; by name.

    Args:
        user: Who looks.
        to: What the person wants to do; an action says so, for a case opened by name may be there to read alone.
    """
    with asked_once(user.pk):
        found = _by_office(user)
        if opened := opened_to(user, to):
            # Whoever sees every district sees these already: an unfiltered query widened by OR would be narrowed by it.
            found = found if districts_of(user) is None else found | Respondent.objects.filter(orders__in=opened)
        return found.exclude(pk__in=sight(user.pk).closed_respondents).distinct().order_by("name", "pk")


def pairs_for(user: User, *, to: May = May.SEE_CASES) -> Q:
    """The filter for what stands between a `respondent` and a `protected_person`, as far as this person may see it.

    In a case that was opened by name only its own people count: what is between him and another woman stays closed.
    """
    with asked_once(user.pk):
        found = Q(respondent__in=_by_office(user).values("pk"))
        opened = opened_to(user, to)
        for case in case_book().by_order(opened) if opened else ():
            of_them = Q(protected_person__in=case.protected) | Q(protected_person__isnull=True)
            found |= Q(respondent=case.respondent) & of_them
        closed = sight(user.pk).closed_respondents
        return found & ~Q(respondent__in=closed) if closed else found


def _by_office(user: User) -> QuerySet[Respondent]:
    here = Respondent.objects.filter(in_districts(user, field="residence_district"))
    ordered = Respondent.objects.filter(in_districts(user, field="orders__district"))
    reported = Respondent.objects.filter(in_districts(user, field="reports__district"))
    return here | ordered | reported


def respondent_for(user: User, respondent_id: UUID) -> Respondent:
    """One respondent.

    Raises:
        NotFound: There is none, or he is not this person's to see.
    """
    found = respondents_for(user).filter(pk=respondent_id).first()
    if found is None:
        raise NotFound("respondent")
    return found


def looks_at(user: User, person_id: UUID) -> list[Look]:
    """Every look into a protected person's sealed facts, newest first: whoever may issue her order shows her this list.

    Raises:
        NotFound: No such person, or in no case of this user's districts, or a role that may not see the list.
    """
    may_see = allows(user, May.ISSUE_ORDERS) or allows(user, May.CLOSE_INCIDENTS)
    person = ProtectedPerson.objects.filter(seen_by(user, order="orders__"), pk=person_id).first()
    if person is None or not may_see:
        raise NotFound("protected_person")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, at, body FROM evidence_entry WHERE subject = %s AND kind IN (%s, %s) ORDER BY id DESC",
            (f"protected_person:{person_id}", Kind.VAULT_LOOK.value, Kind.VAULT_REFUSED.value),
        )
        rows = cursor.fetchall()
    bodies = [(kind, at, msgspec.json.decode(bytes(body))) for kind, at, body in rows]
    ids = {int(body["by"].removeprefix("user:")) for _, _, body in bodies if body["by"].startswith("user:")}
    people = {f"user:{found.pk}": found for found in User.objects.filter(pk__in=ids)}
    return [
        Look(
            at=at,
            by=shown_name(people.get(body["by"])) or body["by"],
            field=body["data"]["field"],
            purpose=body["data"].get("purpose", ""),
            granted=kind == Kind.VAULT_LOOK,
        )
        for kind, at, body in bodies
    ]
