"""Who is in a case, what is known of them, and who looked into her file.

A respondent is found by name. A protected person is found through her case or by her code, whole: no search reads her
name, phone or address, so that a try is answered like any other that finds nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from aralyk import clock
from aralyk.access.cases import case_book
from aralyk.access.errors import NotFound
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, districts_of, in_districts, opened_to, seen_by
from aralyk.access.queries import shown_name
from aralyk.access.sight import sight
from aralyk.evidence.kinds import Kind
from aralyk.people import sealing
from aralyk.people.actions import hers_of
from aralyk.people.looks import CANARY, SHOWN_WITHIN, said_to_need_second
from aralyk.people.models import (
    ChildWithRespondent,
    LookRequest,
    ProtectedPerson,
    Respondent,
    RespondentPlace,
    SafeChannel,
)
from aralyk.people.names import words_of
from aralyk.people.sealing import SealedFact

SEARCH_MAX: Final = 100
_LOOK_KINDS: Final = (Kind.VAULT_LOOK, Kind.VAULT_REFUSED, Kind.VAULT_LOOK_ASKED, Kind.VAULT_LOOK_ANSWERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look into a protected person's sealed facts, granted or refused, or a step on the way to one.

    Attributes:
        purpose: Why, in the words of who looked; empty for a step or a refusal, and when her key was destroyed.
    """

    at: datetime
    by: str
    field: str
    purpose: str
    granted: bool
    kind: Kind
    about_her: bool = True
    second: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryAlarm:
    """Somebody looked at a person who does not exist."""

    at: datetime
    looker: int
    by: str
    field: str
    person: str


def respondents_for(user: User, *, to: May = May.SEE_CASES) -> QuerySet[Respondent]:
    """The respondents of this person's districts, by home, order or report, and of cases opened by name; by name.

    Args:
        user: Who looks.
        to: What the person wants to do; an action says so, for a case opened by name may be there to read alone.
    """
    found = _by_office(user)
    if opened := opened_to(user, to):
        found |= Q(Exists(Respondent.objects.filter(orders__in=opened, pk=OuterRef("pk"))))
    if districts_of(user) is None:
        found = Q()  # whoever sees every district sees these already
    closed = sight(user.pk).closed_respondents
    return Respondent.objects.filter(found).exclude(pk__in=closed).order_by("name", "pk")


def pairs_for(user: User, *, to: May = May.SEE_CASES) -> Q:
    """The filter for what stands between a `respondent` and a `protected_person`, as far as this person may see it.

    In a case that was opened by name only its own people count: what is between him and another woman stays closed.
    """
    found = _by_office(user, respondent="respondent")
    opened = opened_to(user, to)
    if districts_of(user) is None:
        opened = frozenset()  # whoever sees every district sees these already
    for case in case_book().by_order(opened) if opened else ():
        of_them = Q(protected_person__in=case.protected) | Q(protected_person__isnull=True)
        found |= Q(respondent=case.respondent) & of_them
    mine = sight(user.pk)
    if mine.closed_respondents:
        found &= ~Q(respondent__in=mine.closed_respondents)
    if mine.closed_persons:
        found &= ~Q(protected_person__in=mine.closed_persons)
    return found


def _by_office(user: User, *, respondent: str = "pk") -> Q:
    """Of the user's districts by home, order or report; nothing is narrowed for who sees every district.

    Three lists of ids made one, each read from an index on district and respondent: nobody elsewhere is looked at,
    and no row of his. Orders and reports stand above people, so they are reached through what points to him.
    """
    if districts_of(user) is None:
        return Q()
    living = Respondent.objects.filter(in_districts(user, field="residence_district")).values("pk")
    pointing: list[Any] = [Respondent._meta.get_field(name).related_model for name in ("orders", "reports")]
    told = [
        model._default_manager.filter(in_districts(user), respondent__isnull=False).values("respondent")
        for model in pointing
    ]
    return Q(**{f"{respondent}__in": living.union(*told)})


def find_respondents(user: User, search: str, *, born_on: date | None = None) -> QuerySet[Respondent]:
    """The respondents whose name has words that begin like these, however spelt; with a birth date, only those.

    Who has no birth date recorded is found, too: unknown is not another day.
    """
    found = respondents_for(user)
    if words_of(search[:SEARCH_MAX]):
        found = found.filter(named_like(search))
    if born_on is not None:
        found = found.filter(Q(born_on=born_on) | Q(born_on__isnull=True))
    return found


def named_like(search: str) -> Q:
    """The filter for respondents whose name has words that begin like these, however spelt; nobody for no words."""
    words = words_of(search[:SEARCH_MAX])
    return Q(*(Q(name_key__contains=f" {word}") for word in words)) if words else Q(pk__in=[])


def respondent_for(user: User, respondent_id: UUID) -> Respondent:
    """One respondent.

    Raises:
        NotFound: There is none, or he is not this person's to see.
    """
    found = respondents_for(user).filter(pk=respondent_id).first()
    if found is None:
        raise NotFound("respondent")
    return found


def protected_persons_for(user: User) -> QuerySet[ProtectedPerson]:
    """The protected persons of this person's cases, by code, for roles that work with them."""
    if not _works_with_them(user):
        return ProtectedPerson.objects.none()
    hers = ProtectedPerson.objects.filter(hers_of(user), pk=OuterRef("pk"))
    return ProtectedPerson.objects.filter(Exists(hers)).order_by("code")


def _works_with_them(user: User) -> bool:
    return any(allows(user, may) for may in (May.LOOK_INTO_VAULT, May.KEEP_PEOPLE, May.ISSUE_ORDERS))


def protected_person_for(user: User, person_id: UUID) -> ProtectedPerson:
    """One protected person, as others may know her.

    Raises:
        NotFound: There is none, or she is not this person's to see.
    """
    found = protected_persons_for(user).filter(pk=person_id).first()
    if found is None:
        raise NotFound("protected_person")
    return found


def find_protected_person(user: User, code: str) -> ProtectedPerson | None:
    """Whoever has exactly this code, if she is this person's to see; nothing else leads to her."""
    return protected_persons_for(user).filter(code__iexact=code.strip()[:SEARCH_MAX]).first()


def sealed_facts_for(user: User, person_id: UUID) -> Sequence[SealedFact]:
    """Which facts of hers are sealed; never a value.

    Raises:
        NotFound: There is no such person, or she is not this person's to see.
    """
    return sealing.sealed_facts(protected_person_for(user, person_id).pk)


def usable_channels(person: ProtectedPerson) -> QuerySet[SafeChannel]:
    """The ways that may be used: those she confirmed in a private conversation and that still hold."""
    return person.channels.filter(confirmed_at__isnull=False, ended_at__isnull=True).order_by("confirmed_at", "pk")


def orders_of(user: User, person: ProtectedPerson | Respondent) -> list[dict[str, Any]]:
    """The orders that somebody stands in, newest first, as far as they are this person's to see.

    Orders stand above people: these are their columns, for links and dates.
    """
    theirs = type(person).objects.filter(seen_by(user, order="orders__"), pk=person.pk)
    columns = ("number", "issued_at", "starts_at", "expires_at", "ended_at", "district", "threat")
    found = theirs.exclude(orders=None).values(id=F("orders__pk"), **{name: F(f"orders__{name}") for name in columns})
    return [dict(row) for row in found.order_by("-orders__issued_at", "orders__pk")]


def children_with_him(user: User, *, overdue_only: bool = False) -> QuerySet[ChildWithRespondent]:
    """The children who are with a respondent now, in this person's cases: the owner's clock that runs out first, first.

    Args:
        user: Who asks.
        overdue_only: Only those whose owner's clock, or a notice that was not given, has run out.
    """
    hers = ProtectedPerson.objects.filter(hers_of(user), pk=OuterRef("child__protected_person"))
    if not _works_with_them(user):
        return ChildWithRespondent.objects.none()
    found = ChildWithRespondent.objects.filter(Exists(hers), ended_at__isnull=True)
    if overdue_only:
        at = clock.now()
        late_notice = Q(notices__given_at__isnull=True, notices__due_at__lt=at)
        found = found.filter(Q(due_at__lt=at) | late_notice).distinct()
    rows = found.select_related("child__protected_person", "respondent", "owner").prefetch_related("notices")
    return rows.order_by("due_at", "pk")


def missing_of(person: ProtectedPerson) -> tuple[str, ...]:
    """What nobody has asked her yet: forms of other parts don't close while something stands here."""
    unknown = [
        name for name in ("hears", "reads", "has_phone", "children_stated") if getattr(person, name) == "unknown"
    ]
    if person.safe_from is None:
        unknown.append("safe_hours")
    if not usable_channels(person).exists():
        unknown.append("safe_channel")
    return tuple(unknown)


def missing_of_respondent(respondent: Respondent) -> tuple[str, ...]:
    """What nobody has found out about him yet."""
    return missing_of_respondents([respondent])[respondent.pk]


def missing_of_respondents(respondents: Collection[Respondent]) -> dict[UUID, tuple[str, ...]]:
    """The same of many, by id: one query."""
    standing = RespondentPlace.objects.filter(respondent__in=respondents, ended_at__isnull=True)
    placed = set(standing.values_list("respondent", flat=True))
    missing = {}
    for each in respondents:
        unknown = ["weapons"] if each.weapons == "unknown" else []
        unknown += ["born_on"] if each.born_on is None else []
        unknown += [] if each.pk in placed else ["places"]
        missing[each.pk] = tuple(unknown)
    return missing


def look_requests_for(user: User) -> QuerySet[LookRequest]:
    """The looks that wait for this person as the second, and this person's own that are not over, newest first."""
    at = clock.now()
    waits = Q(answered_at__isnull=True, answer_until__gte=at)
    ready = Q(confirmed=True, shown_at__isnull=True, answered_at__gte=at - SHOWN_WITHIN)
    mine = Q(asked_by=user) & (waits | ready)
    if allows(user, May.CONFIRM_VAULT_LOOKS):
        seen = ProtectedPerson.objects.filter(
            seen_by(user, order="orders__", to=May.CONFIRM_VAULT_LOOKS),
            pk=OuterRef("protected_person"),
            orders__pk=OuterRef("order"),
        )
        mine |= waits & Q(Exists(seen)) & ~Q(asked_by=user)
    return (
        LookRequest.objects.filter(mine).select_related("protected_person", "asked_by", "answered_by")
        .order_by("-asked_at", "pk")
    )  # fmt: skip


def looks_at(user: User, person_id: UUID) -> list[Look]:
    """Every look into a protected person's sealed facts, newest first: whoever may issue her order shows her this list.

    Also before she has an order: a draft about her is checked against her places.

    Raises:
        NotFound: No such person, or in no case of this user's districts, or a role that may not see the list.
    """
    may_see = any(allows(user, may) for may in (May.ISSUE_ORDERS, May.KEEP_PEOPLE, May.CLOSE_INCIDENTS))
    person = ProtectedPerson.objects.filter(hers_of(user), pk=person_id).first()
    if person is None or not may_see:
        raise NotFound("protected_person")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, at, body FROM evidence_entry WHERE subject = %s AND kind = ANY(%s) ORDER BY id DESC",
            (f"protected_person:{person_id}", [kind.value for kind in _LOOK_KINDS]),
        )
        rows = cursor.fetchall()
    bodies = [(Kind(kind), at, msgspec.json.decode(bytes(body))) for kind, at, body in rows]
    names = _names({body["by"] for _, _, body in bodies} | {body["data"].get("second", "") for _, _, body in bodies})
    purposes = sealing.purposes_of(person.pk)
    return [
        Look(
            at=at,
            by=names.get(body["by"], body["by"]),
            field=body["data"]["field"],
            purpose=purposes.get(body["data"].get("look", "")) or body["data"].get("purpose", ""),
            granted=kind is Kind.VAULT_LOOK or body["data"].get("confirmed") is True,
            kind=kind,
            about_her="about" not in body["data"],
            second=names.get(body["data"].get("second", ""), ""),
        )
        for kind, at, body in bodies
    ]


def canary_alarms_for(user: User) -> list[CanaryAlarm]:
    """Who looked at people who do not exist, newest first, for who watches the vault; for others there are none."""
    if not allows(user, May.WATCH_VAULT):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT component, at, detail::text FROM (SELECT DISTINCT ON (component) component, state, at, detail"
            " FROM platform_alarm WHERE starts_with(component, %s) ORDER BY component, id DESC) newest"
            " WHERE state = 'raised' ORDER BY at DESC, component",
            (CANARY,),
        )
        rows = [(component, at, msgspec.json.decode(detail)) for component, at, detail in cursor.fetchall()]
    names = _names({detail["by"] for _, _, detail in rows})
    return [
        CanaryAlarm(
            at=at,
            looker=int(component.removeprefix(CANARY)),
            by=names.get(detail["by"], detail["by"]),
            field=detail["field"],
            person=detail["person"],
        )
        for component, at, detail in rows
    ]


def second_person_needed(person: ProtectedPerson, fact: SealedFact) -> bool:
    """Whether a look at this fact must be confirmed by a second person."""
    return said_to_need_second(person, fact.field)


def _names(actors: set[str]) -> dict[str, str]:
    ids = [int(actor.removeprefix("user:")) for actor in actors if actor.startswith("user:")]
    return {f"user:{found.pk}": shown_name(found) for found in User.objects.filter(pk__in=ids)}
