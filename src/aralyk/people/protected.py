"""What is known of a protected person: ways to reach her, helpers, consents, children, representatives.

Who and which number is sealed under her key, `about` the row that stands here in the clear. Sealed first: a row whose
secret was lost would be a helper without a name.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.people.actions import check_may_keep, check_sealed, her_to_keep, witness_her
from aralyk.people.models import Child, Consent, Helper, Representative, SafeChannel, Stated
from aralyk.people.sealing import VAULT, seal_fact
from aralyk.people.vault import SealedName
from aralyk.people.words import (
    ConsentKind,
    GivenBy,
    HelperRelation,
    How,
    LivesWith,
    RepresentativeKind,
    RoleOfChild,
)

Row = TypeVar("Row", bound=models.Model)
Withdrawn = TypeVar("Withdrawn", Helper, Consent, Representative)
BIRTH_YEAR_MIN: Final = 1990
LAWYERS: Final = frozenset({RepresentativeKind.LAWYER, RepresentativeKind.CRISIS_CENTRE_LAWYER})
HIS: Final = frozenset({GivenBy.RESPONDENT, GivenBy.HIS_RELATIVE})
WITHOUT_NUMBER: Final = frozenset({How.IN_PERSON, How.THROUGH_HELPER, How.APP})


def do_add_channel(by: User, *, person: UUID, how: How, given_by: GivenBy, number: str = "") -> SafeChannel:
    """Write down a way to reach her; nobody uses it before she confirmed it.

    Args:
        by: Who keeps people.
        person: The protected person.
        how: By call, message, in person …
        given_by: Who gave the number.
        number: Sealed; needed for calls and messages.

    Raises:
        NotFound: No such person, or not this user's.
        Refused: not_permitted; invalid, naming the field; vault_unreadable.
    """
    check_may_keep(by)
    how, given_by = How(how), GivenBy(given_by)
    if how not in WITHOUT_NUMBER or number.strip():
        check_sealed("number", number)
    with transaction.atomic():
        her = her_to_keep(by, person)
        channel = SafeChannel(
            id=uuid.uuid4(), protected_person=her, how=how, given_by=given_by, recorded_by=by, recorded_at=clock.now()
        )
        channel.save(force_insert=True)
        witness_her(by, person, act="channel_added", channel=str(channel.pk), how=how.value, given_by=given_by.value)
        _seal_about(by, person, channel.pk, {SealedName.CHANNEL_NUMBER: number})
    return channel


def do_confirm_channel(by: User, channel: UUID, *, alone: bool) -> SafeChannel:
    """Write down that she herself confirmed it in a private conversation; from then on it is used.

    Args:
        by: Who spoke with her.
        channel: The way.
        alone: That she was alone, and it was not on this phone that she was asked.

    Raises:
        NotFound: No such channel, or not of a person of this user's.
        Refused: not_permitted; invalid: not alone, or a number that he or his relative gave; already_ended.
    """
    check_may_keep(by)
    if not alone:
        raise Refused.field("alone", expected="a conversation with her alone")
    with transaction.atomic():
        found = _locked(SafeChannel, channel, by)
        if found.given_by in HIS:
            raise Refused.field("given_by", expected="a number that she gave herself: record it anew")
        if found.ended_at is not None or found.confirmed_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.confirmed_by, found.confirmed_at = by, clock.now()
        found.save(update_fields=["confirmed_by", "confirmed_at"])
        witness_her(by, found.protected_person_id, act="channel_confirmed", channel=str(found.pk))
    return found


def do_end_channel(by: User, channel: UUID) -> SafeChannel:
    """Say that this way is not safe any more.

    Raises:
        NotFound: No such channel, or not of a person of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = _locked(SafeChannel, channel, by)
        if found.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
        witness_her(by, found.protected_person_id, act="channel_ended", channel=str(found.pk))
    return found


def do_name_helper(
    by: User, *, person: UUID, name: str, phone: str, relation: HelperRelation, relative_of_his: Stated, consents: bool
) -> Helper:
    """Write down whom she wants to act for her.

    Args:
        by: Who keeps people.
        person: The protected person.
        name: Sealed.
        phone: Sealed.
        relation: Who the helper is to her.
        relative_of_his: Only a plain "no" goes on: who does not know must ask her first.
        consents: That she said so herself.

    Raises:
        NotFound: No such person, or not this user's.
        Refused: not_permitted; invalid, naming the field; vault_unreadable.
    """
    check_may_keep(by)
    check_sealed("name", name)
    check_sealed("phone", phone)
    if Stated(relative_of_his) is not Stated.NO:
        raise Refused.field("relative_of_his", expected="nobody of his relatives; ask her when it is not known")
    if not consents:
        raise Refused.field("consents", expected="her own consent")
    at = clock.now()
    with transaction.atomic():
        her = her_to_keep(by, person)
        helper = Helper(id=uuid.uuid4(), protected_person=her, relation=HelperRelation(relation), consent_at=at)
        helper.recorded_by = by
        helper.save(force_insert=True)
        witness_her(by, person, act="helper_named", helper=str(helper.pk), relation=str(helper.relation))
        _seal_about(by, person, helper.pk, {SealedName.HELPER_NAME: name, SealedName.HELPER_PHONE: phone})
    return helper


def do_withdraw_helper(by: User, helper: UUID) -> Helper:
    """Say that this helper acts for her no more.

    Raises:
        NotFound: No such helper, or not of a person of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    return _withdraw(by, Helper, helper, act="helper_withdrawn", key="helper")


def do_record_consent(by: User, *, person: UUID, kind: ConsentKind, until: datetime | None = None) -> Consent:
    """Write down what she agreed to.

    Raises:
        NotFound: No such person, or not this user's.
        Refused: not_permitted; invalid: it stands already, or ends in the past.
    """
    check_may_keep(by)
    at = clock.now()
    if until is not None and until <= at:
        raise Refused.field("until", expected="a moment in the future")
    kind = ConsentKind(kind)
    with transaction.atomic():
        her = her_to_keep(by, person)
        standing = Consent.objects.select_for_update().filter(
            protected_person=her, kind=kind, withdrawn_at__isnull=True
        )
        for ended in standing:
            if ended.until is None or ended.until > at:
                raise Refused.field("kind", expected="a consent that does not stand already")
            ended.withdrawn_at = ended.until
            ended.save(update_fields=["withdrawn_at"])
        consent = Consent.objects.create(protected_person=her, kind=kind, given_at=at, until=until, recorded_by=by)
        witness_her(by, person, act="consent_given", consent=str(consent.pk), kind=kind.value)
    return consent


def do_withdraw_consent(by: User, consent: UUID) -> Consent:
    """Write down that she took a consent back; her order stands as it was.

    Raises:
        NotFound: No such consent, or not of a person of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = _withdraw(by, Consent, consent, act="consent_withdrawn", key="consent")
        Consent.objects.filter(pk=consent).update(withdrawal_recorded_by=by)
    return found


def do_add_child(
    by: User,
    *,
    person: UUID,
    name: str,
    lives_with: LivesWith,
    role: RoleOfChild,
    child_of_respondent: Stated,
    birth_year: int | None = None,
    school: str = "",
) -> Child:
    """Write down a child of the case.

    Args:
        by: Who keeps people.
        person: The protected person whose child it is.
        name: Sealed.
        lives_with: With whom.
        role: Victim, or who saw it: a victim by law.
        child_of_respondent: Whether it is his child, too.
        birth_year: When known.
        school: Sealed; empty: not known.

    Raises:
        NotFound: No such person, or not this user's.
        Refused: not_permitted; invalid, naming the field; vault_unreadable.
    """
    check_may_keep(by)
    check_sealed("name", name)
    if school.strip():
        check_sealed("school", school)
    if birth_year is not None and not BIRTH_YEAR_MIN <= birth_year <= timezone.localdate(clock.now()).year:
        raise Refused.field("birth_year", expected=f"a year from {BIRTH_YEAR_MIN} to this one")
    with transaction.atomic():
        her = her_to_keep(by, person)
        child = Child(
            id=uuid.uuid4(),
            protected_person=her,
            birth_year=birth_year,
            lives_with=LivesWith(lives_with),
            role=RoleOfChild(role),
            child_of_respondent=Stated(child_of_respondent),
            recorded_by=by,
            recorded_at=clock.now(),
        )
        child.save(force_insert=True)
        type(her).objects.filter(pk=her.pk).update(children_stated=Stated.YES)
        witness_her(
            by, person, act="child_added", child=str(child.pk), lives_with=str(child.lives_with), role=str(child.role)
        )
        _seal_about(by, person, child.pk, {SealedName.CHILD_NAME: name, SealedName.CHILD_SCHOOL: school})
    return child


def do_add_representative(
    by: User,
    *,
    person: UUID,
    kind: RepresentativeKind,
    name: str,
    phone: str = "",
    child: UUID | None = None,
    until: datetime | None = None,
    consents: bool = False,
    account: str | None = None,
) -> Representative:
    """Write down who speaks for her, or for a child.

    Args:
        by: Who keeps people.
        person: The protected person.
        kind: Guardian, guardianship body, lawyer.
        name: Sealed.
        phone: Sealed; empty: not known.
        child: For which child; None: for herself.
        until: When the mandate ends; a lawyer's always does.
        consents: That she agreed; a lawyer acts with it alone.
        account: The user name of a lawyer of a crisis centre, when there is one.

    Raises:
        NotFound: No such person or child, or not this user's.
        Refused: not_permitted; invalid, naming the field; vault_unreadable.
    """
    check_may_keep(by)
    kind, at = RepresentativeKind(kind), clock.now()
    check_sealed("name", name)
    if phone.strip():
        check_sealed("phone", phone)
    if kind in LAWYERS and not consents:
        raise Refused.field("consents", expected="her own consent")
    if (kind in LAWYERS and until is None) or (until is not None and until <= at):
        raise Refused.field("until", expected="a moment in the future: the end of the mandate")
    with transaction.atomic():
        her = her_to_keep(by, person)
        if child is not None and not Child.objects.filter(pk=child, protected_person=her).exists():
            raise NotFound("child")
        row = Representative(
            id=uuid.uuid4(),
            protected_person=her,
            child_id=child,
            kind=kind,
            account=_lawyer(account),
            consent_at=at if consents else None,
            until=until,
            recorded_by=by,
            recorded_at=at,
        )
        row.save(force_insert=True)
        witness_her(by, person, act="representative_named", representative=str(row.pk), kind=kind.value)
        _seal_about(by, person, row.pk, {SealedName.REPRESENTATIVE_NAME: name, SealedName.REPRESENTATIVE_PHONE: phone})
    return row


def do_withdraw_representative(by: User, representative: UUID) -> Representative:
    """Say that a mandate is over.

    Raises:
        NotFound: No such representative, or not of a person of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    return _withdraw(by, Representative, representative, act="representative_withdrawn", key="representative")


def _lawyer(username: str | None) -> User | None:
    if not username:
        return None
    found = User.objects.filter(username=username, role=Role.CRISIS_CENTRE, is_active=True).first()
    if found is None:
        raise Refused.field("account", expected="the user name of somebody of a crisis centre")
    return found


def _seal_about(by: User, person: UUID, about: UUID, facts: dict[SealedName, str]) -> None:
    with transaction.atomic(using=VAULT):
        for field, value in facts.items():
            if value.strip():
                seal_fact(by, person=person, field=field, value=value, about=about)


def _withdraw(by: User, model: type[Withdrawn], row: UUID, *, act: str, key: str) -> Withdrawn:
    with transaction.atomic():
        found = _locked(model, row, by)
        if found.withdrawn_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.withdrawn_at = clock.now()
        found.save(update_fields=["withdrawn_at"])
        witness_her(by, found.protected_person_id, act=act, **{key: str(found.pk)})
    return found


def _locked(model: type[Row], row: UUID, by: User) -> Row:
    """A row about a person of this user's, held until the end of the transaction."""
    found = model._default_manager.select_for_update().filter(pk=row).first()
    if found is None:
        raise NotFound(model._meta.model_name or "row")
    her_to_keep(by, found.protected_person_id)  # type: ignore[attr-defined]  # every row here has it
    return found
