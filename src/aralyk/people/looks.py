"""Looking at what is sealed: with a role, a case and a purpose; for a shelter also with a second person.

The look is witnessed, and committed, before the value is returned. A look that was refused is witnessed too. Some
persons of the register do not exist: whoever looks at one sees what he would see of anybody, and whoever watches the
vault hears of it at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connections, transaction

from aralyk import clock
from aralyk.access.counting import Counted, do_count
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, allows, check_allowed, check_case
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.people import sealing
from aralyk.people.models import LookRequest, ProtectedPerson, SealedField
from aralyk.people.sealing import OF_THE_VAULT, VAULT
from aralyk.people.vault import NEEDS_SECOND, SealedName
from aralyk.people.words import Standing
from aralyk.tracking.alarms import clear_alarm, raise_alarm

PURPOSE_MAX: Final = 400
PURPOSE_MIN: Final = 8  # "call her", not "x": somebody will read the list of looks
ANSWER_WITHIN: Final = timedelta(minutes=30)
SHOWN_WITHIN: Final = timedelta(minutes=10)  # of the confirmation; one reveal
CANARY: Final = f"{OF_THE_VAULT}canary."  # with the id of who looked, the component of the alarm


def do_look(
    by: User,
    *,
    person: UUID,
    order: UUID,
    field: SealedName,
    purpose: str,
    about: UUID | None = None,
    request: UUID | None = None,
) -> str:
    """Read one sealed fact. The look is witnessed, and committed, before the value is returned.

    Args:
        by: Whose role may look.
        person: The protected person.
        order: The case for which the look is needed: one of hers, in a district of `by`.
        field: What to read.
        purpose: Why, in words; she can read the list of looks. Kept under her key, the log has the fingerprint. With a
            request, the request's counts.
        about: Whose fact it is among hers (a child, a helper, a channel); None: her own.
        request: The confirmed request, where a second person must confirm; used up by the look.

    Returns:
        The value. Show it, never store or log it.

    Raises:
        NotFound: No such person, or no such case, or not this user's; or no such request of this user's.
        Refused: not_permitted; second_factor_needed; invalid (purpose); confirmation_needed; confirmation_over;
            too_many_looks; nothing_sealed; vault_unreadable; vault_key_destroyed.
    """
    field = SealedName(field)
    _check_may_look(by, person=person, order=order, field=field)
    check_strong()
    about = person if about is None else about
    data: dict[str, object] = {"field": field.value, "order": str(order)}
    if about != person:
        data["about"] = str(about)
    if needs_second(person, field):
        used = _use_request(by, request, person=person, order=order, field=field, about=about)
        purpose = used.purpose
        data |= {"request": str(used.pk), "second": f"user:{used.answered_by_id}"}
    purpose = check_text("purpose", purpose, longest=PURPOSE_MAX, shortest=PURPOSE_MIN)
    do_count(by, Counted.VAULT)
    try:
        with transaction.atomic(using=VAULT):
            row = SealedField.objects.using(VAULT).filter(protected_person=person, about=about, field=field).first()
            if row is None:
                raise Refused(Code.NOTHING_SEALED)
            data |= {"look": str(sealing.seal_purpose(person, purpose)), "purpose_sha256": fingerprint(purpose)}
            subject = f"protected_person:{person}"
            witness(kind=Kind.VAULT_LOOK, subject=subject, by=by, at=clock.now(), data=data, using=VAULT)
            _raise_if_canary(by, person=person, field=field)
    except Refused as refusal:
        if refusal.code in {Code.VAULT_UNREADABLE, Code.VAULT_KEY_DESTROYED}:
            _witness_refused_look(by, person=person, field=field, why=refusal.code.value)
        raise
    return sealing.open_fact(row)


def do_ask_look(
    by: User, *, person: UUID, order: UUID, field: SealedName, purpose: str, about: UUID | None = None
) -> LookRequest:
    """Ask a second person to confirm a look.

    Raises:
        NotFound, Refused: As `do_look`.
    """
    field = SealedName(field)
    _check_may_look(by, person=person, order=order, field=field)
    purpose = check_text("purpose", purpose, longest=PURPOSE_MAX, shortest=PURPOSE_MIN)
    at = clock.now()
    with transaction.atomic():
        asked = LookRequest.objects.create(
            protected_person_id=person,
            order=order,
            field=field.value,
            about=person if about is None else about,
            purpose=purpose,
            asked_by=by,
            asked_at=at,
            answer_until=at + ANSWER_WITHIN,
        )
        witness(
            kind=Kind.VAULT_LOOK_ASKED,
            subject=f"protected_person:{person}",
            by=by,
            at=at,
            data={
                "field": field.value, "order": str(order), "purpose_sha256": fingerprint(purpose),
                "request": str(asked.pk),
            },
        )  # fmt: skip
    return asked


def do_answer_look(by: User, request: UUID, *, confirmed: bool) -> LookRequest:
    """Confirm a look that somebody else asks for, or decline it.

    Args:
        by: The second person: another one than who asked, who sees the case too.
        request: What was asked.
        confirmed: Whether it may be shown, once, within ten minutes.

    Raises:
        NotFound: No such request, or not in a case of this user's.
        Refused: not_permitted; second_factor_needed; not_your_own_look; confirmation_over.
    """
    check_allowed(by, May.CONFIRM_VAULT_LOOKS)
    check_strong()
    at = clock.now()
    with transaction.atomic():
        asked = LookRequest.objects.select_for_update().filter(pk=request).first()
        if asked is None:
            raise NotFound("look_request")
        _check_in_a_case_of(by, person=asked.protected_person_id, order=asked.order, to=May.CONFIRM_VAULT_LOOKS)
        if asked.asked_by_id == by.pk:
            raise Refused(Code.NOT_YOUR_OWN_LOOK)
        if asked.answered_at is not None or at > asked.answer_until:
            raise Refused(Code.CONFIRMATION_OVER)
        asked.answered_by, asked.answered_at, asked.confirmed = by, at, confirmed
        asked.save(update_fields=["answered_by", "answered_at", "confirmed"])
        witness(
            kind=Kind.VAULT_LOOK_ANSWERED,
            subject=f"protected_person:{asked.protected_person_id}",
            by=by,
            at=at,
            data={"confirmed": confirmed, "field": asked.field, "request": str(asked.pk)},
        )
    return asked


def do_clear_canary_alarm(by: User, looker: int) -> None:
    """Say that the alarm about somebody's look at a person who does not exist was followed up.

    Raises:
        NotFound: No such alarm stands, or a role that does not hear of them.
        Refused: second_factor_needed.
    """
    if not allows(by, May.WATCH_VAULT):
        raise NotFound("alarm")
    check_strong()
    with transaction.atomic(using=VAULT), connections[VAULT].cursor() as cursor:
        if not clear_alarm(cursor, component=f"{CANARY}{looker}", by=name_of(by), at=clock.now()):
            raise NotFound("alarm")


def needs_second(person: UUID, field: SealedName) -> bool:
    """Whether a second person must confirm: for a shelter, and for everything about a shelter's desk."""
    if field in NEEDS_SECOND:
        return True
    return ProtectedPerson.objects.filter(pk=person, standing=Standing.SHELTER_DESK).exists()


def said_to_need_second(person: ProtectedPerson, field: SealedName) -> bool:
    """The same of a person who was just fetched, for a page that shows all of her facts; a look asks again itself."""
    return field in NEEDS_SECOND or person.standing == Standing.SHELTER_DESK


def _check_may_look(by: User, *, person: UUID, order: UUID, field: SealedName) -> None:
    try:
        check_allowed(by, May.LOOK_INTO_VAULT)
        _check_in_a_case_of(by, person=person, order=order, to=May.LOOK_INTO_VAULT)
    except (Refused, NotFound) as refusal:
        _witness_refused_look(by, person=person, field=field, why=type(refusal).__name__)
        raise


def _use_request(
    by: User, request: UUID | None, *, person: UUID, order: UUID, field: SealedName, about: UUID
) -> LookRequest:
    """Take the confirmed request. It is used up even if the look then fails: to ask again is safe."""
    if request is None:
        _witness_refused_look(by, person=person, field=field, why=Code.CONFIRMATION_NEEDED.value)
        raise Refused(Code.CONFIRMATION_NEEDED)
    at = clock.now()
    mine = LookRequest.objects.filter(
        pk=request, asked_by=by, protected_person=person, order=order, field=field.value, about=about
    )
    if not mine.exists():
        _witness_refused_look(by, person=person, field=field, why=NotFound.__name__)
        raise NotFound("look_request")
    fresh = mine.filter(confirmed=True, shown_at__isnull=True, answered_at__gte=at - SHOWN_WITHIN)
    if fresh.update(shown_at=at) != 1:
        _witness_refused_look(by, person=person, field=field, why=Code.CONFIRMATION_OVER.value)
        raise Refused(Code.CONFIRMATION_OVER)
    return mine.get()


def _witness_refused_look(by: User, *, person: UUID, field: SealedName, why: str) -> None:
    """A look that was refused is a fact that a supervisor wants to see; only if such a person exists."""
    if not ProtectedPerson.objects.filter(pk=person).exists():
        return
    with transaction.atomic(using=VAULT):
        witness(
            kind=Kind.VAULT_REFUSED,
            subject=f"protected_person:{person}",
            by=by,
            at=clock.now(),
            data={"field": SealedName(field).value, "why": why},
            using=VAULT,
        )
        _raise_if_canary(by, person=person, field=field)


def _raise_if_canary(by: User, *, person: UUID, field: SealedName) -> None:
    """Alarm whoever watches the vault, in the look's own transaction: no look at a canary without its alarm."""
    if not sealing.is_canary(person):
        return
    at = clock.now()
    detail = {"at": clock.iso(at), "by": name_of(by), "field": field.value, "person": str(person)}
    with connections[VAULT].cursor() as cursor:
        raise_alarm(cursor, component=f"{CANARY}{by.pk}", by="system:vault", at=at, detail=detail)


def _check_in_a_case_of(by: User, *, person: UUID, order: UUID, to: May) -> None:
    """The person stands in this very order, and the order is one in which this user may do this.

    People stand below orders, so the way there is the relation that orders declare.
    """
    cases = ProtectedPerson.objects.filter(pk=person, orders__pk=order)
    district = cases.values_list("orders__district", flat=True).first()
    if district is None:
        raise NotFound("protected_person")
    check_case(by, order, district=district, what="protected_person", to=to)
