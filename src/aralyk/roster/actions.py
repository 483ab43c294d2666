"""What people do with the roster: desks, shifts, cover, and the test call. One transaction and one witness each.

A test call is answered by a named person who is posted to that shift, once; it proves that somebody is there, and an
escalation ends only where it was answered. One answered late counts from then on, and stands as late for ever.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, sees_district
from aralyk.access.texts import check_username
from aralyk.access.witness import name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.jurisdictions.loader import pack
from aralyk.jurisdictions.pack import NotInForce
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.models import Desk, Posting, Shift
from aralyk.roster.queries import answers_for

TEST_CALL_WITHIN: Final = timedelta(minutes=10)  # ours: after the shift began, time to sit down
SHIFT_MAX: Final = timedelta(hours=36)  # more is no shift but a mistake in a date
AHEAD_MAX: Final = timedelta(days=366)
PEOPLE_MAX: Final = 50
JURISDICTION: Final = "KG"
PHONE: Final = re.compile(r"\+?[0-9][0-9 ()-]{1,38}")  # "102" too


def do_open_desk(
    by: User, *, code: str, kind: DeskKind, district: str = "", always: bool = True, jurisdiction: str = JURISDICTION
) -> Desk:
    """Open a desk that people will be rostered at.

    Args:
        by: Who keeps the roster there.
        code: Its name in data, like "duty_unit_oktyabrsky".
        kind: What it is for in an escalation.
        district: Of the pack; "" for the whole country.
        always: Somebody must be there at every hour.
        jurisdiction: Whose pack names the districts.

    Raises:
        NotFound: A district that is not this person's.
        Refused: not_permitted; invalid; desk_taken.
    """
    check_allowed(by, May.KEEP_ROSTER)
    if not code.isascii() or not code.replace("_", "").isalnum() or code != code.lower() or len(code) > 64:
        raise Refused.field("code", expected="1 to 64 of a–z, 0–9 and _")
    if kind not in set(DeskKind):
        raise Refused.field("kind", expected=", ".join(DeskKind))
    _check_place(by, district)
    at = clock.now()
    if district:
        law = pack(jurisdiction)
        try:
            law.district(district, on=law.day_of(at))
        except NotInForce:
            raise Refused.field("district", expected=f"a district of the pack {jurisdiction}") from None
    try:
        with transaction.atomic():
            desk = Desk.objects.create(code=code, kind=kind, district=district, always=always, opened_at=at)
            _witness_desk(by, desk, "opened", at)
    except IntegrityError:
        raise Refused(Code.DESK_TAKEN) from None
    return desk


def do_close_desk(by: User, code: str) -> Desk:
    """Close a desk for good: no escalation goes there any more. Its shifts stay readable.

    Raises:
        NotFound: No such desk, or not this person's to keep.
        Refused: not_permitted.
    """
    check_allowed(by, May.KEEP_ROSTER)
    at = clock.now()
    with transaction.atomic():
        desk = _desk(by, code)
        desk.closed_at = at
        desk.save(update_fields=["closed_at"])
        _witness_desk(by, desk, "closed", at)
    return desk


def do_set_desk_phone(by: User, code: str, *, phone: str) -> Desk:
    """Say under which number a desk answers, or with "" that it has none.

    Raises:
        NotFound: No such desk, or not this person's to keep.
        Refused: not_permitted; invalid (phone).
    """
    check_allowed(by, May.KEEP_ROSTER)
    phone = phone.strip()
    if phone and not PHONE.fullmatch(phone):
        raise Refused.field("phone", expected="digits, blanks, hyphens, brackets, + in front: 2 to 40 characters")
    at = clock.now()
    with transaction.atomic():
        desk = _desk(by, code)
        desk.phone = phone
        desk.save(update_fields=["phone"])
        _witness_desk(by, desk, "phone", at)
    return desk


def do_plan_shift(by: User, *, desk: str, starts_at: datetime, ends_at: datetime, people: Sequence[str]) -> Shift:
    """Put people on duty at a desk for some hours; shifts may overlap, as at a hand-over.

    Args:
        by: Who keeps the roster there.
        desk: Its code.
        starts_at: Aware; a shift that already runs may still be written.
        ends_at: Aware, at most 36 hours later.
        people: User names of active accounts that see the desk's district.

    Raises:
        NotFound: No such desk, or not this person's to keep.
        Refused: not_permitted; invalid, naming the field.
    """
    check_allowed(by, May.KEEP_ROSTER)
    at = clock.now()
    if not at < ends_at <= at + AHEAD_MAX or not ends_at - SHIFT_MAX <= starts_at < ends_at:
        raise Refused.field("ends_at", expected="after the beginning and now, at most 36 hours after the beginning")
    if not 1 <= len(people) <= PEOPLE_MAX:
        raise Refused.field("people", expected=f"1 to {PEOPLE_MAX}", found=len(people))
    with transaction.atomic():
        found = _desk(by, desk)
        posted = [_account(f"people[{index}]", name, found) for index, name in enumerate(people)]
        if len({one.pk for one in posted}) != len(posted):
            raise Refused.field("people", expected="each person once")
        shift = Shift.objects.create(
            desk=found, starts_at=starts_at, ends_at=ends_at, made_by=by, made_at=at,
            call_due_at=max(starts_at, at) + TEST_CALL_WITHIN,
        )  # fmt: skip
        Posting.objects.bulk_create(Posting(shift=shift, person=one, made_by=by, made_at=at) for one in posted)
        _witness_shift(by, shift, "planned", at, people=[name_of(one) for one in posted])
    return shift


def do_cancel_shift(by: User, shift_id: int) -> Shift:
    """Take a shift out of the roster, while it has not ended.

    Raises:
        NotFound: No such shift, or not this person's to keep.
        Refused: not_permitted; shift_over.
    """
    check_allowed(by, May.KEEP_ROSTER)
    at = clock.now()
    with transaction.atomic():
        shift = _shift(by, shift_id, at=at)
        shift.cancelled_at, shift.cancelled_by = at, by
        shift.save(update_fields=["cancelled_at", "cancelled_by"])
        _witness_shift(by, shift, "cancelled", at)
    return shift


def do_cover(by: User, shift_id: int, *, goes: str, comes: str) -> Posting:
    """Let one person stand in for another in a shift; whoever goes is no longer called there.

    Raises:
        NotFound: No such shift, or not this person's to keep.
        Refused: not_permitted; shift_over; invalid, naming the field.
    """
    check_allowed(by, May.KEEP_ROSTER)
    at = clock.now()
    with transaction.atomic():
        shift = _shift(by, shift_id, at=at)
        gone = shift.postings.filter(
            person__username=check_username("goes", goes), removed_at__isnull=True
        ).select_related("person")  # fmt: skip
        leaving = gone.first()
        if leaving is None:
            raise Refused.field("goes", expected="the user name of somebody who is posted to this shift")
        coming = _account("comes", comes, shift.desk)
        if shift.postings.filter(person=coming, removed_at__isnull=True).exists():
            raise Refused.field("comes", expected="somebody who is not posted to this shift")
        leaving.removed_at = at
        leaving.save(update_fields=["removed_at"])
        posting = Posting.objects.create(shift=shift, person=coming, covers=leaving.person, made_by=by, made_at=at)
        _witness_shift(by, shift, "covered", at, comes=name_of(coming), goes=name_of(leaving.person))
    return posting


def do_answer_test_call(by: User, shift_id: int) -> Shift:
    """Say "here": the named person's answer to the test call of the shift that runs.

    Raises:
        NotFound: No such shift, or it is not this person's.
        Refused: not_permitted; not_on_duty: the shift has not begun; shift_over; already_answered.
    """
    check_allowed(by, May.READ_ROSTER)
    at = clock.now()
    with transaction.atomic():
        shift = Shift.objects.select_for_update(of=("self",)).select_related("desk").filter(pk=shift_id).first()
        if shift is None or not shift.postings.filter(person=by, removed_at__isnull=True).exists():
            raise NotFound("shift")
        if shift.cancelled_at is not None or shift.ends_at <= at:
            raise Refused(Code.SHIFT_OVER)
        if at < shift.starts_at:
            raise Refused(Code.NOT_ON_DUTY)
        if shift.call_answered_at is not None:
            raise Refused(Code.ALREADY_ANSWERED)
        shift.call_answered_at, shift.call_answered_by = at, by
        shift.save(update_fields=["call_answered_at", "call_answered_by"])
        witness(
            kind=Kind.TEST_CALL_ANSWERED, subject=f"desk:{shift.desk.code}", by=by, at=at,
            data={"shift": shift.pk, "late": at > shift.call_due_at},
        )  # fmt: skip
    return shift


def _desk(by: User, code: str) -> Desk:
    desk = Desk.objects.select_for_update().filter(code=code, closed_at__isnull=True).first()
    if desk is None:
        raise NotFound("desk")
    _check_place(by, desk.district)
    return desk


def _shift(by: User, shift_id: int, *, at: datetime) -> Shift:
    shift = Shift.objects.select_for_update(of=("self",)).select_related("desk").filter(pk=shift_id).first()
    if shift is None:
        raise NotFound("shift")
    _check_place(by, shift.desk.district)
    if shift.cancelled_at is not None or shift.ends_at <= at:
        raise Refused(Code.SHIFT_OVER)
    return shift


def _check_place(by: User, district: str) -> None:
    """A desk of the whole country is kept by those who answer for the whole country."""
    if not answers_for(by, district):
        raise NotFound("desk")


def _account(field: str, username: str, desk: Desk) -> User:
    found = User.objects.filter(username=check_username(field, username), is_active=True).first()
    if found is None or (desk.district and not sees_district(found, desk.district)):
        raise Refused.field(field, expected="the user name of an active account that answers for the desk's district")
    return found


def _witness_desk(by: User, desk: Desk, act: str, at: datetime) -> None:
    data = {"act": act, "always": desk.always, "district": desk.district, "kind": str(desk.kind)}
    witness(kind=Kind.DESK_CHANGED, subject=f"desk:{desk.code}", by=by, at=at, data=data)


def _witness_shift(by: User, shift: Shift, act: str, at: datetime, **more: object) -> None:
    data = {
        "act": act, "ends_at": clock.iso(shift.ends_at), "shift": shift.pk, "starts_at": clock.iso(shift.starts_at),
    } | more  # fmt: skip
    witness(kind=Kind.SHIFT_CHANGED, subject=f"desk:{shift.desk.code}", by=by, at=at, data=data)
