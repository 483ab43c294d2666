"""What is known of the respondent besides his name: where he may be found, and his weapons."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May
from aralyk.access.texts import check_text
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.people.actions import check_may_keep
from aralyk.people.models import Respondent, RespondentPlace, Stated, Weapon
from aralyk.people.queries import respondents_for
from aralyk.people.words import PlaceKind, WeaponKind

ADDRESS_MAX: Final = 300


def do_add_place(by: User, *, respondent: UUID, kind: PlaceKind, address: str) -> RespondentPlace:
    """Write down where he may be found.

    Raises:
        NotFound: No such respondent, or not this user's.
        Refused: not_permitted; invalid, naming the field.
    """
    check_may_keep(by)
    address = check_text("address", address, longest=ADDRESS_MAX, shortest=3)
    him = him_to_keep(by, respondent)
    with transaction.atomic():
        place = RespondentPlace.objects.create(
            respondent=him, kind=PlaceKind(kind), address=address, recorded_by=by, recorded_at=clock.now()
        )
        _witness_him(by, respondent, act="place_added", place=str(place.pk), kind=str(place.kind))
    return place


def do_end_place(by: User, place: UUID) -> RespondentPlace:
    """Say that he is not to be found there any more.

    Raises:
        NotFound: No such place, or not of a respondent of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = RespondentPlace.objects.select_for_update().filter(pk=place).first()
        if found is None:
            raise NotFound("place")
        him_to_keep(by, found.respondent_id)
        if found.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
        _witness_him(by, found.respondent_id, act="place_ended", place=str(found.pk))
    return found


def do_add_weapon(by: User, *, respondent: UUID, kind: WeaponKind, registered: Stated, seized: bool = False) -> Weapon:
    """Write down a weapon of his; from then on he is known to have weapons, also when it is seized.

    Raises:
        NotFound: No such respondent, or not this user's.
        Refused: not_permitted.
    """
    check_may_keep(by)
    him = him_to_keep(by, respondent)
    at = clock.now()
    with transaction.atomic():
        weapon = Weapon.objects.create(
            respondent=him, kind=WeaponKind(kind), registered=Stated(registered), recorded_by=by, recorded_at=at,
            seized_at=at if seized else None,
        )  # fmt: skip
        Respondent.objects.filter(pk=him.pk).update(weapons=Stated.YES)
        _witness_him(by, respondent, act="weapon_added", weapon=str(weapon.pk), kind=str(weapon.kind), seized=seized)
    return weapon


def do_mark_seized(by: User, weapon: UUID) -> Weapon:
    """Say that a weapon was taken from him.

    Raises:
        NotFound: No such weapon, or not of a respondent of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = Weapon.objects.select_for_update().filter(pk=weapon).first()
        if found is None:
            raise NotFound("weapon")
        him_to_keep(by, found.respondent_id)
        if found.seized_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.seized_at = clock.now()
        found.save(update_fields=["seized_at"])
        _witness_him(by, found.respondent_id, act="weapon_seized", weapon=str(found.pk))
    return found


def him_to_keep(by: User, respondent: UUID) -> Respondent:
    """The respondent, for who may write about him: of their districts, by home, order or report.

    Raises:
        NotFound: No such respondent, or not this user's.
    """
    him = respondents_for(by, to=May.ISSUE_ORDERS).filter(pk=respondent).first()
    if him is None:
        raise NotFound("respondent")
    return him


def _witness_him(by: User, respondent: UUID, *, act: str, **data: object) -> None:
    witness(
        kind=Kind.RESPONDENT_CHANGED,
        subject=f"respondent:{respondent}",
        by=by,
        at=clock.now(),
        data={"act": act, **data},
    )
