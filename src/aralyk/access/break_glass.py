"""A case opened at once by somebody without access, because somebody is in danger now. Every step leaves its witness.

It opens for reading at once, with a reason. A second person, who sees the case by office, confirms within minutes, and
then it is open for work too, the vault included; without that it closes by itself. It ends by itself either way, and
afterwards somebody who reviews, neither of these two, writes a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db import connection, transaction
from django.db.models import Q

from aralyk import clock
from aralyk.access.cases import Case, case_book
from aralyk.access.counting import ALARM_PREFIX, Counted, do_count
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.limits import limits
from aralyk.access.models import BreakGlass, Finding, User
from aralyk.access.permissions import May, allows, check_allowed, sees_case
from aralyk.access.sight import forget, sight
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text
from aralyk.access.witness import Actor, System, fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind
from aralyk.tracking.alarms import clear_alarm, raise_alarm

REASON_MIN: Final = 15  # "danger" is no reason that anybody could review
REASON_MAX: Final = 400
FINDING_MIN: Final = 15
FINDING_MAX: Final = 1_000
NUMBER_MAX: Final = 40
LISTED_MAX: Final = 500
OVERDUE_ALARM: Final = f"{ALARM_PREFIX}review"


class Ended(StrEnum):
    """How it ended."""

    TIME = "time"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"  # the second person said no
    SELF = "self"
    ACCOUNT = "account"  # the account was disabled or changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One use, with the case it opened."""

    glass: BreakGlass
    case: Case
    at: datetime

    @property
    def open(self) -> bool:
        """Whether the case is open by it at this moment."""
        return is_open(self.glass, at=self.at)

    @property
    def waits_for_second(self) -> bool:
        """Whether a second person may still confirm it."""
        return self.open and self.glass.confirmed_at is None

    @property
    def overdue(self) -> bool:
        """Whether its review is late."""
        return self.glass.reviewed_at is None and self.glass.review_by < self.at


def is_open(glass: BreakGlass, *, at: datetime) -> bool:
    """Whether the case is open by it at this moment, whether or not anybody wrote down its end."""
    if glass.closed_at is not None or glass.ends_at <= at:
        return False
    return glass.confirmed_at is not None or glass.confirm_by > at


def do_break_glass(by: User, *, number: str, reason: str) -> BreakGlass:
    """Open a case to oneself at once.

    Args:
        by: Whose role may do so.
        number: Of the order, exactly; there is no search for what one may not see.
        reason: Who is in danger and why it can't wait; it is reviewed.

    Raises:
        NotFound: No such order, or one that must stay closed to this person: the two look alike.
        Refused: not_permitted; too_many_looks; already_seen; invalid (reason).
    """
    check_allowed(by, May.BREAK_GLASS)
    reason = check_text("reason", reason, shortest=REASON_MIN, longest=REASON_MAX)
    number = check_text("number", number, longest=NUMBER_MAX)
    do_count(by, Counted.BREAK_GLASS)
    at = clock.now()
    case = case_book().by_number(number)
    if case is None or case.order in sight(by.pk).closed:
        with transaction.atomic():
            witness(
                kind=Kind.GLASS_REFUSED, subject=f"user:{by.pk}", by=by, at=at,
                data={"number_sha256": fingerprint(number), "reason_sha256": fingerprint(reason)},
            )  # fmt: skip
        raise NotFound("order")
    if sees_case(by, case.order, district=case.district):
        raise Refused(Code.ALREADY_SEEN)
    set_by = limits()
    with transaction.atomic():
        glass = BreakGlass.objects.create(
            user=by, order=case.order, reason=reason, opened_at=at, confirm_by=at + set_by.glass_confirm,
            ends_at=at + set_by.glass_open, review_by=at + set_by.glass_open + set_by.glass_review,
        )  # fmt: skip
        _witness(
            by, glass, Kind.GLASS_BROKEN, at=at, confirm_by=clock.iso(glass.confirm_by),
            ends_at=clock.iso(glass.ends_at), reason_sha256=fingerprint(reason),
        )  # fmt: skip
    forget()
    return glass


def do_confirm_glass(by: User, glass_id: int) -> BreakGlass:
    """Say, as the second person, that the case is rightly opened: it stays open, for work.

    Raises:
        NotFound: No such emergency, or in no case of this person's.
        Refused: not_permitted; second_factor_needed; another_person_needed; access_over.
    """
    check_strong()
    at = clock.now()
    with transaction.atomic():
        glass = _to_answer(by, glass_id, at=at)
        glass.confirmed_by, glass.confirmed_at = by, at
        glass.save(update_fields=["confirmed_by", "confirmed_at"])
        _witness(by, glass, Kind.GLASS_CONFIRMED, at=at)
    forget()
    return glass


def do_refuse_glass(by: User, glass_id: int) -> BreakGlass:
    """Say, as the second person, that it is not: the case closes at once.

    Raises:
        NotFound: No such emergency, or in no case of this person's.
        Refused: not_permitted; another_person_needed; access_over.
    """
    at = clock.now()
    with transaction.atomic():
        glass = _to_answer(by, glass_id, at=at)
        end_glass(glass, by=by, at=at, why=Ended.REFUSED)
    return glass


def do_close_glass(by: User, glass_id: int) -> BreakGlass:
    """Close again what one opened oneself, before its time.

    Raises:
        NotFound: No such emergency of this person's.
        Refused: access_over.
    """
    at = clock.now()
    with transaction.atomic():
        glass = BreakGlass.objects.select_for_update().filter(pk=glass_id, user=by).first()
        if glass is None:
            raise NotFound("break_glass")
        if not is_open(glass, at=at):
            raise Refused(Code.ACCESS_OVER)
        end_glass(glass, by=by, at=at, why=Ended.SELF)
    return glass


def do_review_glass(by: User, glass_id: int, *, finding: Finding, text: str) -> BreakGlass:
    """Write, after it ended, whether it was right to open the case.

    Raises:
        NotFound: No such emergency, or in no case of this person's.
        Refused: not_permitted; second_factor_needed; another_person_needed: a party to it; still_in_use;
            already_reviewed; invalid.
    """
    check_allowed(by, May.REVIEW_ACCESS)
    check_strong()
    if finding not in Finding.values:
        raise Refused.field("finding", expected=" or ".join(Finding.values), found=finding)
    text = check_text("text", text, shortest=FINDING_MIN, longest=FINDING_MAX)
    at = clock.now()
    with transaction.atomic():
        glass = _seen(by, glass_id, to=May.REVIEW_ACCESS)
        if by.pk in (glass.user_id, glass.confirmed_by_id):
            raise Refused(Code.ANOTHER_PERSON_NEEDED)
        if is_open(glass, at=at):
            raise Refused(Code.STILL_IN_USE)
        if glass.reviewed_at is not None:
            raise Refused(Code.ALREADY_REVIEWED)
        glass.reviewed_by, glass.reviewed_at = by, at
        glass.finding, glass.finding_text = Finding(finding), text
        glass.save(update_fields=["reviewed_by", "reviewed_at", "finding", "finding_text"])
        _witness(by, glass, Kind.GLASS_REVIEWED, at=at, finding=glass.finding, text_sha256=fingerprint(text))
    return glass


def emergencies_for(user: User, *, only_unreviewed: bool = False) -> list[Emergency]:
    """The emergencies that this person may know of, the newest first: one's own, and those of cases seen by office.

    Args:
        user: Who looks: whoever may open, confirm or review.
        only_unreviewed: Without those that have a finding.
    """
    others = allows(user, May.CONFIRM_ACCESS) or allows(user, May.REVIEW_ACCESS)
    rows = BreakGlass.objects.select_related("user", "confirmed_by", "reviewed_by").order_by("-opened_at", "-pk")
    rows = rows if others else rows.filter(user=user)
    rows = rows.filter(reviewed_at__isnull=True) if only_unreviewed else rows
    found = list(rows[:LISTED_MAX])
    cases = {case.order: case for case in case_book().by_order({glass.order for glass in found})}
    at = clock.now()
    return [
        Emergency(glass=glass, case=cases[glass.order], at=at)
        for glass in found
        if glass.order not in sight(user.pk).closed
        and (
            glass.user_id == user.pk
            or sees_case(user, glass.order, district=cases[glass.order].district, to=May.REVIEW_ACCESS)
        )
    ]


def do_settle_emergencies(*, now: datetime) -> int:
    """Write down the end of those whose time is over, and tell of reviews that are late.

    Returns:
        How many ended.
    """
    over = Q(ends_at__lte=now) | Q(confirmed_at__isnull=True, confirm_by__lte=now)
    with transaction.atomic():
        ended = list(
            BreakGlass.objects.select_for_update(skip_locked=True).filter(over, closed_at__isnull=True).order_by("pk")
        )
        for glass in ended:
            unconfirmed = glass.confirmed_at is None
            end_glass(
                glass, by=System.ACCESS, at=now, why=Ended.UNCONFIRMED if unconfirmed else Ended.TIME,
                ended_at=min(glass.confirm_by, glass.ends_at) if unconfirmed else glass.ends_at,
            )  # fmt: skip
        _tell_overdue(now=now)
    return len(ended)


def end_glass(glass: BreakGlass, *, by: Actor, at: datetime, why: Ended, ended_at: datetime | None = None) -> None:
    """Write that it ended, with its witness; inside a transaction."""
    glass.closed_at, glass.closed_why = ended_at or at, why.value
    glass.review_by = min(glass.review_by, glass.closed_at + limits().glass_review)
    glass.save(update_fields=["closed_at", "closed_why", "review_by"])
    _witness(by, glass, Kind.GLASS_CLOSED, at=at, why=why.value, ended_at=clock.iso(glass.closed_at))
    forget()


def _tell_overdue(*, now: datetime) -> None:
    late = BreakGlass.objects.filter(reviewed_at__isnull=True, review_by__lt=now)
    for glass in late.filter(told_overdue_at__isnull=True).select_for_update():
        glass.told_overdue_at = now
        glass.save(update_fields=["told_overdue_at"])
        _witness(System.ACCESS, glass, Kind.GLASS_REVIEW_OVERDUE, at=now, review_by=clock.iso(glass.review_by))
    ids = list(late.order_by("pk").values_list("pk", flat=True))
    with connection.cursor() as cursor:
        if ids:
            detail = {"break_glass": ids}
            raise_alarm(cursor, component=OVERDUE_ALARM, by=System.ACCESS.value, at=now, detail=detail)
        else:
            clear_alarm(cursor, component=OVERDUE_ALARM, by=System.ACCESS.value, at=now)


def _to_answer(by: User, glass_id: int, *, at: datetime) -> BreakGlass:
    check_allowed(by, May.CONFIRM_ACCESS)
    glass = _seen(by, glass_id, to=May.CONFIRM_ACCESS)
    if glass.user_id == by.pk:
        raise Refused(Code.ANOTHER_PERSON_NEEDED)
    if not is_open(glass, at=at) or glass.confirmed_at is not None:
        raise Refused(Code.ACCESS_OVER)
    return glass


def _seen(by: User, glass_id: int, *, to: May) -> BreakGlass:
    """It, locked, if the case is this person's by office, or if it is their own."""
    glass = BreakGlass.objects.select_for_update().filter(pk=glass_id).first()
    case = None if glass is None else next(iter(case_book().by_order([glass.order])), None)
    if glass is None or case is None:
        raise NotFound("break_glass")
    if glass.user_id != by.pk and not sees_case(by, case.order, district=case.district, to=to):
        raise NotFound("break_glass")
    return glass


def _witness(by: Actor, glass: BreakGlass, kind: Kind, *, at: datetime, **data: object) -> None:
    said = {"break_glass": glass.pk, "user": f"user:{glass.user_id}", "by": name_of(by), **data}
    witness(kind=kind, subject=f"order:{glass.order}", by=by, at=at, data=said)
