"""Registers the people of a case, seals what could lead to her, and lets somebody look: with a purpose, and a witness.

Sealed facts go through the vault's database role (`vault`); the console's can't read them. Its transaction is another
connection's, so a person and her sealed facts can't be one commit: the sealed facts are committed first. If the person
then fails to be written, what remains are bytes that nobody can open or find, never a person whose name is lost.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from aralyk import clock
from aralyk.access.counting import Counted, do_count
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, check_case, check_district, seen_by
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.people import vault
from aralyk.people.models import ProtectedPerson, Respondent, SealedField, Stated
from aralyk.people.vault import Sealed, SealedName, VaultKeyMissing, VaultUnreadable

VAULT: Final = "vault"  # the database alias that acts as the vault's role
NAME_MAX: Final = 200
PURPOSE_MAX: Final = 400
CODE_MAX: Final = 16
PURPOSE_MIN: Final = 8  # "call her", not "x": somebody will read the list of looks
CODE_LETTERS: Final = "ACDEFHJKLMNPRTUVWXY34679"  # none that is misheard or misread for another
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
        by: Who may issue orders, for the district of residence; of a report, who takes reports, for any district.
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
    check_allowed(by, May.TAKE_REPORTS if reported else May.ISSUE_ORDERS)
    name = check_text("name", name, longest=NAME_MAX)
    _check_language(language)
    _check_district_exists("residence_district", residence_district, jurisdiction=jurisdiction)
    if not reported:  # a report is taken where somebody comes, about whoever lives anywhere
        check_district(by, residence_district, what="district")
    if born_on is not None and born_on > clock.now().date():
        raise Refused.field("born_on", expected="a day in the past")
    with transaction.atomic():
        respondent = Respondent.objects.create(
            name=name,
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
    synthetic: bool = False,
    reported: bool = False,
) -> ProtectedPerson:
    """Register the person whom an order will protect, under a code alone; her facts are sealed.

    Args:
        by: Who may issue orders; of a report, who takes reports.
        sealed: What is known of her; her name at least. The values leave this function encrypted only.
        language: In which she is spoken to.
        code: How colleagues refer to her; made when not given.
        synthetic: Whether this person exists only in a demo.
        reported: Whether a report names her.

    Raises:
        Refused: not_permitted; invalid, naming the field and never quoting its value; vault_unreadable: facts were
            sealed before and their key is gone.
    """
    check_allowed(by, May.TAKE_REPORTS if reported else May.ISSUE_ORDERS)
    _check_language(language)
    if SealedName.NAME not in sealed:
        raise Refused.field("sealed.name", expected="her name, or what she wants to be called")
    for field, value in sealed.items():
        _check_sealed(field, value)
    person = ProtectedPerson(
        id=uuid.uuid4(), code=_new_code() if code is None else code, language=language, synthetic=synthetic
    )
    check_text("code", person.code, longest=CODE_MAX)
    if ProtectedPerson.objects.filter(code=person.code).exists():
        raise Refused.field("code", expected="a code that nobody else has")
    with transaction.atomic():
        person.save(force_insert=True)
        witness(
            kind=Kind.PROTECTED_PERSON_REGISTERED,
            subject=f"protected_person:{person.pk}",
            by=by,
            at=clock.now(),
            data={"code": person.code, "sealed": sorted(sealed), "synthetic": synthetic},
        )
        with transaction.atomic(using=VAULT):
            for field, value in sorted(sealed.items()):
                _seal(by, person_id=person.pk, field=field, value=value)
    return person


def do_seal(by: User, *, person: UUID, field: SealedName, value: str) -> None:
    """Write or replace one sealed fact.

    Raises:
        NotFound: No such person, or in no case of this user's districts.
        Refused: not_permitted; invalid; vault_unreadable: facts were sealed before and their key is gone.
    """
    check_allowed(by, May.ISSUE_ORDERS)
    _check_sealed(field, value)
    _check_may_write_about(by, person)
    with transaction.atomic(using=VAULT):
        _seal(by, person_id=person, field=field, value=value)


def do_look(by: User, *, person: UUID, order: UUID, field: SealedName, purpose: str) -> str:
    """Read one sealed fact. The look is witnessed, and committed, before the value is returned.

    Args:
        by: Whose role may look.
        person: The protected person.
        order: The case for which the look is needed: one of hers, in a district of `by`.
        field: What to read.
        purpose: Why, in words; she can read the list of looks.

    Returns:
        The value. Show it, never store or log it.

    Raises:
        NotFound: No such person, or no such case, or not this user's.
        Refused: not_permitted; invalid (purpose); nothing_sealed; vault_unreadable.
    """
    try:
        check_allowed(by, May.LOOK_INTO_VAULT)
        _check_in_a_case_of(by, person=person, order=order)
    except (Refused, NotFound) as refusal:
        _witness_refused_look(by, person=person, field=field, refusal=refusal)
        raise
    purpose = check_text("purpose", purpose, longest=PURPOSE_MAX, shortest=PURPOSE_MIN)
    check_strong()
    do_count(by, Counted.VAULT)
    with transaction.atomic(using=VAULT):
        row = SealedField.objects.using(VAULT).filter(protected_person=person, field=SealedName(field)).first()
        if row is None:
            raise Refused(Code.NOTHING_SEALED)
        witness(
            kind=Kind.VAULT_LOOK,
            subject=f"protected_person:{person}",
            by=by,
            at=clock.now(),
            data={"field": SealedName(field).value, "order": str(order), "purpose": purpose},
            using=VAULT,
        )
    stored = Sealed(key_id=row.key_id, nonce=bytes(row.nonce), ciphertext=bytes(row.ciphertext))
    try:
        return vault.read_key().open(stored, person=person, name=SealedName(field))
    except (VaultUnreadable, VaultKeyMissing) as error:
        raise Refused(Code.VAULT_UNREADABLE) from error


def _witness_refused_look(by: User, *, person: UUID, field: SealedName, refusal: Exception) -> None:
    """A look that was refused is a fact that a supervisor wants to see; only if such a person exists."""
    if not ProtectedPerson.objects.filter(pk=person).exists():
        return
    with transaction.atomic(using=VAULT):
        witness(
            kind=Kind.VAULT_REFUSED,
            subject=f"protected_person:{person}",
            by=by,
            at=clock.now(),
            data={"field": SealedName(field).value, "why": type(refusal).__name__},
            using=VAULT,
        )


def _check_in_a_case_of(by: User, *, person: UUID, order: UUID) -> None:
    """The person stands in this very order, and the order is one in which this user may look.

    People stand below orders, so the way there is the relation that orders declare.
    """
    cases = ProtectedPerson.objects.filter(pk=person, orders__pk=order)
    district = cases.values_list("orders__district", flat=True).first()
    if district is None:
        raise NotFound("protected_person")
    check_case(by, order, district=district, what="protected_person", to=May.LOOK_INTO_VAULT)


def _check_may_write_about(by: User, person: UUID) -> None:
    """She stands in an order of this user's districts, or in none yet (registered a moment ago)."""
    her = ProtectedPerson.objects.filter(pk=person)
    if not her.filter(Q(orders__isnull=True) | seen_by(by, order="orders__", to=May.ISSUE_ORDERS)).exists():
        raise NotFound("protected_person")


def _seal(by: User, *, person_id: UUID, field: SealedName, value: str) -> None:
    key = _key()
    sealed = key.seal(value.strip(), person=person_id, name=SealedName(field))
    at = clock.now()
    SealedField.objects.using(VAULT).update_or_create(
        protected_person=person_id,
        field=SealedName(field).value,
        defaults={
            "key_id": sealed.key_id,
            "nonce": sealed.nonce,
            "ciphertext": sealed.ciphertext,
            "written_at": at,
        },
    )
    witness(
        kind=Kind.VAULT_WRITTEN,
        subject=f"protected_person:{person_id}",
        by=by,
        at=at,
        data={"field": SealedName(field).value, "key_id": sealed.key_id},
        using=VAULT,
    )


def _key() -> vault.VaultKey:
    """The key; made when there is none and nothing was ever sealed."""
    try:
        return vault.read_key()
    except VaultKeyMissing as error:
        if SealedField.objects.using(VAULT).exists():
            raise Refused(Code.VAULT_UNREADABLE) from error
        return vault.make_key()


def _new_code() -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(6))


def _check_sealed(field: SealedName, value: str) -> None:
    check_text(f"sealed.{SealedName(field)}", value, longest=vault.VALUE_MAX)


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise Refused.field("language", expected=" or ".join(LANGUAGES), found=language)


def _check_district_exists(field: str, code: str, *, jurisdiction: str) -> None:
    law = pack(jurisdiction)
    try:
        law.district(code, on=law.day_of(clock.now()))
    except NotInForce as error:
        raise Refused.field(field, expected=f"one of {', '.join(error.known)}", found=code) from None
