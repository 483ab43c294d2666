"""A child is with the respondent: a state that somebody owns, with a clock and the notices that are due meanwhile."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.people.actions import check_may_keep, her_to_keep
from aralyk.people.models import Child, ChildNotice, ChildWithRespondent, ProtectedPerson, Respondent
from aralyk.people.terms import terms
from aralyk.people.words import NoticeKind


def do_record_child_with_him(
    by: User, *, child: UUID, respondent: UUID, since: datetime, owner: User | None = None
) -> ChildWithRespondent:
    """Record that a child is with him; the owner's clock and the notices run from now, when it became known.

    Args:
        by: Who keeps people.
        child: The child.
        respondent: With whom; the respondent of an order of hers.
        since: From when, as far as known.
        owner: Who answers for it until the child is back; None: who records it.

    Raises:
        NotFound: No such child, or not of a person of this user's; or he stands in no order of hers.
        Refused: not_permitted; invalid (since, owner); child_is_with_him.
    """
    check_may_keep(by)
    at = clock.now()
    if since > at:
        raise Refused.field("since", expected="a moment in the past")
    owner = by if owner is None else owner
    check_may_keep(owner)
    with transaction.atomic():
        # Locked: two who record it at once must not make two clocks.
        found = Child.objects.select_for_update().filter(pk=child).first()
        if found is None:
            raise NotFound("child")
        her = her_to_keep(by, found.protected_person_id)
        his = ProtectedPerson.objects.filter(pk=her.pk, orders__respondent=respondent).exists()
        if not his:
            raise NotFound("respondent")
        if ChildWithRespondent.objects.filter(child=found, ended_at__isnull=True).exists():
            raise Refused(Code.CHILD_IS_WITH_HIM)
        stay = ChildWithRespondent.objects.create(
            child=found,
            respondent=Respondent.objects.get(pk=respondent),
            since=since,
            owner=owner,
            due_at=at + terms().owner,
            recorded_by=by,
            recorded_at=at,
        )
        ChildNotice.objects.bulk_create(
            ChildNotice(stay=stay, kind=kind, due_at=at + within) for kind, within in terms().notices.items()
        )
        _witness(by, stay, act="recorded", due_at=clock.iso(stay.due_at), owner=f"user:{owner.pk}")
    return stay


def do_give_notice(by: User, stay: UUID, *, kind: NoticeKind) -> ChildNotice:
    """Write down that the school, or the border service, was told.

    Raises:
        NotFound: No such state, or not of a person of this user's.
        Refused: not_permitted; already_ended: given before.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = _locked(by, stay)
        notice = ChildNotice.objects.select_for_update().get(stay=found, kind=NoticeKind(kind))
        if notice.given_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        notice.given_at, notice.given_by = clock.now(), by
        notice.save(update_fields=["given_at", "given_by"])
        _witness(by, found, act=f"notice_given_{notice.kind}")
    return notice


def do_take_over_child(by: User, stay: UUID) -> ChildWithRespondent:
    """Become the owner; the clock starts anew, and the log says by whom.

    Raises:
        NotFound: No such state, or not of a person of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = _locked(by, stay)
        if found.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.owner, found.due_at = by, clock.now() + terms().owner
        found.save(update_fields=["owner", "due_at"])
        _witness(by, found, act="taken_over", due_at=clock.iso(found.due_at), owner=f"user:{by.pk}")
    return found


def do_child_is_back(by: User, stay: UUID) -> ChildWithRespondent:
    """Record that the child is with her again, seen and well.

    Raises:
        NotFound: No such state, or not of a person of this user's.
        Refused: not_permitted; already_ended.
    """
    check_may_keep(by)
    with transaction.atomic():
        found = _locked(by, stay)
        if found.ended_at is not None:
            raise Refused(Code.ALREADY_ENDED)
        found.ended_at, found.ended_by = clock.now(), by
        found.save(update_fields=["ended_at", "ended_by"])
        _witness(by, found, act="ended")
    return found


def _locked(by: User, stay: UUID) -> ChildWithRespondent:
    found = ChildWithRespondent.objects.select_for_update().filter(pk=stay).select_related("child").first()
    if found is None:
        raise NotFound("child")
    her_to_keep(by, found.child.protected_person_id)
    return found


def _witness(by: User, stay: ChildWithRespondent, *, act: str, **data: object) -> None:
    witness(
        kind=Kind.CHILD_WITH_RESPONDENT,
        subject=f"protected_person:{stay.child.protected_person_id}",
        by=by,
        at=clock.now(),
        data={"act": act, "child": str(stay.child_id), "stay": str(stay.pk), **data},
    )
