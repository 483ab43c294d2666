"""Registers the people of a case, and seals what could lead to her. Looking at it is `aralyk.people.looks`.

Sealed facts go through the vault's database role (`vault`); the console's can't read them. Its transaction is another
connection's, so a person and her sealed facts can't be one commit: the sealed facts are committed first. If the person
then fails to be written, what remains are bytes that nobody can open or find, never a person whose name is lost.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from datetime import date, time
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, check_district, in_districts, seen_by
from aralyk.access.sight import sight
from aralyk.access.texts import check_text
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.people import vault
from aralyk.people.models import ProtectedPerson, Respondent, Shelter, Stated
from aralyk.people.names import key_of
from aralyk.people.sealing import VAULT, seal_fact
from aralyk.people.vault import OWN_FACTS, SealedName
from aralyk.people.words import Standing

NAME_MAX: Final = 200
CODE_MAX: Final = 16
PHONE_MAX: Final = 40
BORN_AFTER: Final = date(1900, 1, 1)
CODE_LETTERS: Final = "ACDEFHJKLMNPRTUVWXY34679"  # none that is misheard or misread for another
CODE_MADE: Final = 6  # letters; 190 million codes
LANGUAGES: Final = ("ru", "ky", "uz", "en")


def do_register_respondent(
    by: User,
    *,
    name: str,
    residence_district: str,
    born_on: date | None = None,
    language: str = "ru",
    weapons: Stated = Stated.UNKNOWN,
    synthetic: bool = False,
    jurisdiction: str = "KG",
    reported: bool = False,
) -> Respondent:
    """Register the person under electronic monitoring.

    Args:
        by: Who may issue orders or keeps people, for the district of residence; of a report, who takes reports, for
            any district.
        name: As in the papers.
        residence_district: Code of the pack; duties follow it.
        born_on: Date of birth, when known.
        language: In which he is spoken to.
        weapons: Whether he has access to weapons; unknown is never "no".
        synthetic: Whether this person exists only in a demo.
        jurisdiction: The pack that districts come from.
        reported: Whether a report names him.

    Raises:
        Refused: not_permitted; invalid, naming the field.
        NotFound: A district that is not this person's.
    """
    _check_may_register(by, reported=reported)
    name = check_text("name", name, longest=NAME_MAX)
    _check_language(language)
    _check_district_exists("residence_district", residence_district, jurisdiction=jurisdiction)
    if not reported:  # a report is taken where somebody comes, about whoever lives anywhere
        check_district(by, residence_district, what="district")
    check_born("born_on", born_on)
    with transaction.atomic():
        respondent = Respondent.objects.create(
            name=name,
            name_key=key_of(name),
            born_on=born_on,
            language=language,
            residence_district=residence_district,
            weapons=Stated(weapons),
            synthetic=synthetic,
        )
        witness(
            kind=Kind.RESPONDENT_REGISTERED,
            subject=f"respondent:{respondent.pk}",
            by=by,
            at=clock.now(),
            data={"district": residence_district, "synthetic": synthetic, "weapons": str(respondent.weapons)},
        )
    return respondent


def do_register_protected_person(
    by: User,
    *,
    sealed: Mapping[SealedName, str],
    language: str = "ru",
    code: str | None = None,
    hears: Stated = Stated.UNKNOWN,
    reads: Stated = Stated.UNKNOWN,
    has_phone: Stated = Stated.UNKNOWN,
    children_stated: Stated = Stated.UNKNOWN,
    safe_hours: tuple[time, time] | None = None,
    standing: Standing = Standing.PERSON,
    synthetic: bool = False,
    reported: bool = False,
) -> ProtectedPerson:
    """Register the person whom an order will protect, under a code alone; her facts are sealed.

    Args:
        by: Who may issue orders or keeps people; of a report, who takes reports.
        sealed: What is known of her; her name at least. The values leave this function encrypted only.
        language: In which she is spoken to.
        code: How colleagues refer to her; made when not given.
        hears: Whether she hears; unknown is never "yes".
        reads: Whether she reads.
        has_phone: Whether she has a phone of her own.
        children_stated: Whether there are children, as she said.
        safe_hours: From when until when she may be reached, local time; None: not asked.
        standing: A person, or the desk of a shelter.
        synthetic: Whether this person exists only in a demo.
        reported: Whether a report names her.

    Raises:
        Refused: not_permitted; invalid, naming the field and never quoting its value; vault_unreadable: facts were
            sealed before and their key is gone.
    """
    _check_may_register(by, reported=reported)
    _check_language(language)
    if SealedName.NAME not in sealed:
        raise Refused.field("sealed.name", expected="her name, or what she wants to be called")
    for field, value in sealed.items():
        check_own_fact(field)
        check_sealed(f"sealed.{SealedName(field)}", value)
    at = clock.now()
    safe_from, safe_until = check_safe_hours(safe_hours)
    person = ProtectedPerson(
        id=uuid.uuid4(),
        code=_new_code() if code is None else code,
        language=language,
        hears=Stated(hears),
        reads=Stated(reads),
        has_phone=Stated(has_phone),
        children_stated=Stated(children_stated),
        safe_from=safe_from,
        safe_until=safe_until,
        standing=Standing(standing),
        registered_by=by,
        registered_at=at,
        synthetic=synthetic,
    )
    check_text("code", person.code, longest=CODE_MAX)
    with transaction.atomic():
        try:
            with transaction.atomic():
                person.save(force_insert=True)
        except IntegrityError:  # not asked before: two who take one code at once must both hear of it
            raise Refused.field("code", expected="a code that nobody else has") from None
        witness(
            kind=Kind.PROTECTED_PERSON_REGISTERED,
            subject=f"protected_person:{person.pk}",
            by=by,
            at=at,
            data={"code": person.code, "sealed": sorted(sealed), "synthetic": synthetic},
        )
        with transaction.atomic(using=VAULT):
            for field, value in sorted(sealed.items()):
                seal_fact(by, person=person.pk, field=SealedName(field), value=value)
    return person


def do_seal(by: User, *, person: UUID, field: SealedName, value: str) -> None:
    """Write or replace one sealed fact of her own.

    Raises:
        NotFound: No such person, or in no case of this user's districts.
        Refused: not_permitted; invalid; vault_unreadable: facts were sealed before and their key is gone;
            vault_key_destroyed.
    """
    check_may_keep(by)
    check_own_fact(field)
    check_sealed(f"sealed.{SealedName(field)}", value)
    her_to_keep(by, person)
    with transaction.atomic(using=VAULT):
        seal_fact(by, person=person, field=SealedName(field), value=value)


def do_change_protected_person(
    by: User,
    *,
    person: UUID,
    language: str | None = None,
    hears: Stated | None = None,
    reads: Stated | None = None,
    has_phone: Stated | None = None,
    children_stated: Stated | None = None,
    safe_hours: tuple[time, time] | None = None,
) -> ProtectedPerson:
    """Write down what was learned about how to speak with her; None leaves a thing as it is.

    Raises:
        NotFound: No such person, or in no case of this user's districts.
        Refused: not_permitted; invalid, naming the field.
    """
    check_may_keep(by)
    if language is not None:
        _check_language(language)
    with transaction.atomic():
        her = her_to_keep(by, person)
        her.language = her.language if language is None else language
        her.hears = her.hears if hears is None else Stated(hears)
        her.reads = her.reads if reads is None else Stated(reads)
        her.has_phone = her.has_phone if has_phone is None else Stated(has_phone)
        her.children_stated = her.children_stated if children_stated is None else Stated(children_stated)
        if safe_hours is not None:
            her.safe_from, her.safe_until = check_safe_hours(safe_hours)
        her.save(
            update_fields=["language", "hears", "reads", "has_phone", "children_stated", "safe_from", "safe_until"]
        )
        witness_her(by, person, act="changed", language=her.language, hears=str(her.hears), reads=str(her.reads),
                    has_phone=str(her.has_phone), children=str(her.children_stated),
                    safe_hours_known=her.safe_from is not None)  # fmt: skip
    return her


def do_register_shelter(
    by: User, *, code: str, name: str, address: str, duty_phone: str, meeting_point: str, synthetic: bool = False
) -> Shelter:
    """Register a shelter: its duty phone and meeting point for those who drive there, its desk as a protected person.

    Args:
        by: Who may issue orders or keeps people.
        code: How colleagues refer to it; nothing of its name or place.
        name: Of the shelter, sealed.
        address: Sealed; shown only when a second person confirms.
        duty_phone: Answered day and night.
        meeting_point: A public place where its staff meet the police; never its address.
        synthetic: Whether it exists only in a demo.

    Raises:
        Refused: not_permitted; invalid, naming the field; vault_unreadable.
    """
    check_may_keep(by)
    code = check_text("code", code, longest=CODE_MAX, shortest=2)
    duty_phone = check_text("duty_phone", duty_phone, longest=PHONE_MAX, shortest=3)
    meeting_point = check_text("meeting_point", meeting_point, longest=NAME_MAX, shortest=3)
    if Shelter.objects.filter(code=code).exists():
        raise Refused.field("code", expected="a code that no other shelter has")
    if address.strip().casefold() == meeting_point.casefold():
        raise Refused.field("meeting_point", expected="a public place, not the address of the shelter")
    with transaction.atomic():
        desk = do_register_protected_person(
            by,
            sealed={SealedName.NAME: name, SealedName.SHELTER_ADDRESS: address},
            standing=Standing.SHELTER_DESK,
            hears=Stated.YES, reads=Stated.YES, has_phone=Stated.YES,
            synthetic=synthetic,
        )  # fmt: skip
        try:
            with transaction.atomic():
                return Shelter.objects.create(
                    code=code, desk=desk, duty_phone=duty_phone, meeting_point=meeting_point, recorded_by=by,
                    recorded_at=clock.now(),
                )  # fmt: skip
        except IntegrityError:
            raise Refused.field("code", expected="a code that no other shelter has") from None


def check_may_keep(by: User) -> None:
    """Go on only for who keeps people: who issues orders, or has the permission itself.

    Raises:
        Refused: not_permitted.
    """
    if not (allows(by, May.ISSUE_ORDERS) or allows(by, May.KEEP_PEOPLE)):
        raise Refused(Code.NOT_PERMITTED, permission=May.KEEP_PEOPLE.value)


def _check_may_register(by: User, *, reported: bool) -> None:
    if reported:
        check_allowed(by, May.TAKE_REPORTS)
    else:
        check_may_keep(by)


def her_to_keep(by: User, person: UUID) -> ProtectedPerson:
    """The protected person, for who may write about her: in a case of theirs, or registered by their office.

    Raises:
        NotFound: No such person, or not this user's.
    """
    her = ProtectedPerson.objects.filter(hers_of(by, to=May.ISSUE_ORDERS), pk=person).distinct().first()
    if her is None:
        raise NotFound("protected_person")
    return her


def hers_of(user: User, *, to: May = May.SEE_CASES) -> Q:
    """The filter that keeps the protected persons of this user's cases, and those whom the own office registered.

    A case is an order that the user sees, or a report in the user's districts. Who is closed to the user stays closed.

    Args:
        user: Who looks.
        to: What the user wants to do: a case opened by name may be there to read alone.
    """
    own = Q(registered_by=user.pk)
    if user.agency_id is not None:
        own |= Q(registered_by__agency=user.agency_id, registered_by__districts__overlap=list(user.districts))
    ordered = Q(orders__isnull=False) & seen_by(user, order="orders__", to=to)
    reported = Q(reports__isnull=False) & in_districts(user, field="reports__report__district")
    found = ordered | reported | (Q(orders__isnull=True) & own)
    closed = sight(user.pk).closed_persons
    return found & ~Q(pk__in=closed) if closed else found


def witness_her(by: User, person: UUID, *, act: str, **data: object) -> None:
    """Witness a change of what is known about her: ids and closed words, nothing that anybody wrote."""
    witness(
        kind=Kind.PROTECTED_PERSON_CHANGED,
        subject=f"protected_person:{person}",
        by=by,
        at=clock.now(),
        data={"act": act, **data},
    )


def check_sealed(field: str, value: str) -> None:
    """Go on only with a text that may be sealed."""
    check_text(field, value, longest=vault.VALUE_MAX)


def check_own_fact(field: SealedName) -> None:
    """Go on only with a fact of her own: those of a child or a helper are written with their rows.

    Raises:
        Refused: invalid.
    """
    if SealedName(field) not in OWN_FACTS:
        raise Refused.field("field", expected=" or ".join(OWN_FACTS), found=SealedName(field).value)


def check_safe_hours(hours: tuple[time, time] | None) -> tuple[time | None, time | None]:
    """Go on only with hours that begin before they end; over midnight is two answers too many on a bad day.

    Raises:
        Refused: invalid.
    """
    if hours is None:
        return None, None
    if not hours[0] < hours[1]:
        raise Refused.field("safe_until", expected="a time after the first, on the same day")
    return hours


def check_born(field: str, day: date | None) -> None:
    """Go on only with a day that a living person can be born on.

    Raises:
        Refused: invalid.
    """
    if day is not None and not BORN_AFTER <= day <= timezone.localdate(clock.now()):
        raise Refused.field(field, expected="a day in the past, not before 1900")


def _new_code() -> str:
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_MADE))
        if not ProtectedPerson.objects.filter(code=code).exists():
            return code


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise Refused.field("language", expected=" or ".join(LANGUAGES), found=language)


def _check_district_exists(field: str, code: str, *, jurisdiction: str) -> None:
    law = pack(jurisdiction)
    try:
        law.district(code, on=law.day_of(clock.now()))
    except NotInForce as error:
        raise Refused.field(field, expected=f"one of {', '.join(error.known)}", found=code) from None
