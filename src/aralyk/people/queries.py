"""Who is in a case, and who looked into her file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import QuerySet

from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, in_districts
from aralyk.access.queries import shown_name
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


def respondents_for(user: User) -> QuerySet[Respondent]:
    """The respondents who live in this person's districts, or stand in an order or report there, by name."""
    here = Respondent.objects.filter(in_districts(user, field="residence_district"))
    ordered = Respondent.objects.filter(in_districts(user, field="orders__district"))
    reported = Respondent.objects.filter(in_districts(user, field="reports__district"))
    return (here | ordered | reported).distinct().order_by("name", "pk")


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
    person = ProtectedPerson.objects.filter(in_districts(user, field="orders__district"), pk=person_id).first()
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
