"""What the pages about people show: codes made words, and every sealed fact as a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.queries import shown_name
from aralyk.console import law, sentences
from aralyk.console import people_words as words
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.people.models import ChildWithRespondent, ProtectedPerson, Respondent
from aralyk.people.queries import Look, second_person_needed
from aralyk.people.sealing import SealedFact
from aralyk.people.terms import terms

JURISDICTION = "KG"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactShown:
    """One sealed fact: its mask, or for this one answer its value."""

    key: str
    title: str
    written_at: datetime
    second: bool
    value: str = ""


def district_choices() -> list[tuple[str, str]]:
    """Every district of the country, in the active language."""
    pack_ = pack(JURISDICTION)
    now = clock.now()
    found = [(each.slug, law.district_name(JURISDICTION, each.slug, at=now)) for each in pack_.districts_on(
        pack_.day_of(now))]  # fmt: skip
    return sorted(found, key=lambda one: one[1])


def respondent_facts(respondent: Respondent) -> dict[str, Any]:
    """What stands about a respondent in a list and on his page."""
    return {
        "id": respondent.pk,
        "name": respondent.name,
        "born_on": respondent.born_on,
        "language": sentences.text(words.LANGUAGES, respondent.language),
        "district": law.district_name(JURISDICTION, respondent.residence_district, at=clock.now()),
        "weapons": sentences.text(words.STATED, respondent.weapons),
        "weapons_code": respondent.weapons,
        "synthetic": respondent.synthetic,
    }


def protected_facts(person: ProtectedPerson) -> dict[str, Any]:
    """What stands about a protected person: her code, and how to speak with her."""
    return {
        "id": person.pk,
        "code": person.code,
        "language": sentences.text(words.LANGUAGES, person.language),
        "hears": sentences.text(words.STATED, person.hears),
        "reads": sentences.text(words.STATED, person.reads),
        "has_phone": sentences.text(words.STATED, person.has_phone),
        "children_stated": sentences.text(words.STATED, person.children_stated),
        "safe_from": person.safe_from,
        "safe_until": person.safe_until,
        "is_desk": person.standing == "shelter_desk",
        "synthetic": person.synthetic,
    }


def facts_shown(
    person: ProtectedPerson, facts: Sequence[SealedFact], *, shown: Mapping[str, str], names: Mapping[UUID, str]
) -> list[FactShown]:
    """The sealed facts with their masks; `shown` holds the one that was revealed for this answer."""
    found = []
    for fact in facts:
        key = f"{fact.field.value}.{fact.about}"
        title = sentences.text(words.FACTS, fact.field.value)
        if fact.about != person.pk:
            title = f"{title} ({names.get(fact.about, '—')})"
        found.append(
            FactShown(
                key=key,
                title=title,
                written_at=fact.written_at,
                second=second_person_needed(person, fact),
                value=shown.get(key, ""),
            )
        )
    return found


def about_names(person: ProtectedPerson) -> dict[UUID, str]:
    """How the rows of hers are told apart without their secrets: "child, born 2018", "call, by herself"."""
    names: dict[UUID, str] = {}
    for child in person.children.all():
        names[child.pk] = _("child, born %(year)s") % {"year": child.birth_year or "?"}
    for channel in person.channels.all():
        names[channel.pk] = str(sentences.text(words.HOW, channel.how))
    for helper in person.helpers.all():
        names[helper.pk] = str(sentences.text(words.RELATIONS, helper.relation))
    for representative in person.representatives.all():
        names[representative.pk] = str(sentences.text(words.REPRESENTATIVES, representative.kind))
    return names


def rows_of(person: ProtectedPerson) -> dict[str, Any]:
    """The ways to reach her, her consents, children, helpers and representatives, newest first."""
    now = clock.now()
    return {
        "channels": [
            {
                "id": row.pk, "how": sentences.text(words.HOW, row.how),
                "given_by": sentences.text(words.GIVEN_BY, row.given_by),
                "confirmed_at": row.confirmed_at, "confirmed_by": shown_name(row.confirmed_by),
                "ended_at": row.ended_at,
                "his": row.given_by in ("respondent", "his_relative"),
            }
            for row in person.channels.select_related("confirmed_by").order_by("-recorded_at", "pk")
        ],
        "consents": [
            {
                "id": row.pk, "kind": sentences.text(words.CONSENTS, row.kind), "given_at": row.given_at,
                "until": row.until, "withdrawn_at": row.withdrawn_at,
                "over": row.until is not None and row.until <= now,
            }
            for row in person.consents.order_by("-given_at", "pk")
        ],
        "children": [
            {
                "id": row.pk, "birth_year": row.birth_year,
                "lives_with": sentences.text(words.LIVES_WITH, row.lives_with),
                "role": sentences.text(words.CHILD_ROLES, row.role),
                "his": sentences.text(words.STATED, row.child_of_respondent),
            }
            for row in person.children.order_by("birth_year", "pk")
        ],
        "helpers": [
            {"id": row.pk, "relation": sentences.text(words.RELATIONS, row.relation), "consent_at": row.consent_at,
             "withdrawn_at": row.withdrawn_at}
            for row in person.helpers.order_by("-consent_at", "pk")
        ],
        "representatives": [
            {
                "id": row.pk, "kind": sentences.text(words.REPRESENTATIVES, row.kind), "until": row.until,
                "for_child": row.child_id is not None, "withdrawn_at": row.withdrawn_at,
                "over": row.until is not None and row.until <= now, "account": shown_name(row.account),
            }
            for row in person.representatives.select_related("account").order_by("-recorded_at", "pk")
        ],
    }  # fmt: skip


def stay_facts(stay: ChildWithRespondent, *, user: User) -> dict[str, Any]:
    """A child who is with a respondent: the owner's clock and the notices."""
    now = clock.now()
    return {
        "id": stay.pk,
        "person": stay.child.protected_person_id,
        "code": stay.child.protected_person.code,
        "birth_year": stay.child.birth_year,
        "respondent": stay.respondent.name,
        "since": stay.since,
        "owner": shown_name(stay.owner),
        "mine": stay.owner_id == user.pk,
        "due_at": stay.due_at,
        "late": stay.due_at < now,
        "unverified": terms().unverified,
        "notices": [
            {
                "kind": notice.kind, "title": sentences.text(words.NOTICES, notice.kind), "due_at": notice.due_at,
                "given_at": notice.given_at, "late": notice.given_at is None and notice.due_at < now,
            }
            for notice in stay.notices.all()
        ],
    }  # fmt: skip


def look_facts(look: Look) -> dict[str, Any]:
    """One line of the list of looks."""
    kind = look.kind.value
    if look.kind is Kind.VAULT_LOOK_ANSWERED:
        kind = "vault_look_confirmed" if look.granted else "vault_look_declined"
    return {
        "at": look.at,
        "by": look.by,
        "fact": sentences.text(words.FACTS, look.field),
        "purpose": look.purpose,
        "what": sentences.text(words.LOOKS, kind),
        "granted": look.kind is Kind.VAULT_LOOK,
        "refused": look.kind is Kind.VAULT_REFUSED,
        "second": look.second,
    }
