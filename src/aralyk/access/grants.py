"""One case opened to one person: for a purpose, with a right, until a day. Whoever may give it may take it back.

A crisis centre, the ombudsman, a court or another district's police see a case by this and no other way. A defence
lawyer is only ever given what was served on the respondent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.cases import Case, case_book
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.limits import limits
from aralyk.access.models import CaseGrant, Right, Role, User
from aralyk.access.permissions import GRANTS, OPENS, May, allows, check_allowed, check_case, sees_case
from aralyk.access.sight import forget, sight
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text, check_username
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind

PURPOSE_MIN: Final = 8  # somebody will read the list
PURPOSE_MAX: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCase:
    """A case that is open to a person by name, as that person's list shows it."""

    case: Case
    right: Right
    purpose: str
    given_by: User
    ends_at: datetime


def rights_of(role: Role) -> tuple[Right, ...]:
    """What may be given to somebody of this role; nothing to those who never see a case."""
    if role is Role.DEFENCE_LAWYER:
        return (Right.SERVED,)
    may = GRANTS[role].may
    if May.SEE_CASES not in may:
        return ()
    return (Right.READ, Right.WORK) if may & (OPENS[Right.WORK] - OPENS[Right.READ]) else (Right.READ,)


def do_grant_case(by: User, *, order: UUID, username: str, right: Right, purpose: str, ends_at: datetime) -> CaseGrant:
    """Open one case to one person.

    Args:
        by: Who may give access, and sees the case by office.
        order: The case.
        username: Of the person.
        right: What may be done there; never more than the person's role may do.
        purpose: Why, in words.
        ends_at: Within the longest time that the installation allows.

    Raises:
        NotFound: No such case, or not this person's to give.
        Refused: not_permitted; second_factor_needed; invalid, naming the field.
    """
    check_allowed(by, May.GIVE_ACCESS)
    check_strong()
    case = _case(by, order)
    purpose = check_text("purpose", purpose, shortest=PURPOSE_MIN, longest=PURPOSE_MAX)
    at = clock.now()
    if not at < ends_at <= at + limits().grant_max:
        raise Refused.field("ends_at", expected=f"in the future, at most {limits().grant_max.days} days from now")
    user = User.objects.filter(username=check_username("username", username), is_active=True).first()
    if user is None or user.pk == by.pk:
        raise Refused.field("username", expected="the user name of another active account")
    known = rights_of(Role(user.role))
    if right not in known:
        expected = " or ".join(known) if known else "another person: this role sees no case"
        raise Refused.field("right", expected=expected, found=right)
    with transaction.atomic():
        grant = CaseGrant.objects.create(
            user=user, order=case.order, right=Right(right), purpose=purpose, given_by=by, given_at=at, ends_at=ends_at
        )
        witness(
            kind=Kind.CASE_GRANTED, subject=f"order:{case.order}", by=by, at=at,
            data={
                "ends_at": clock.iso(ends_at), "grant": grant.pk, "purpose_sha256": fingerprint(purpose),
                "right": grant.right, "user": name_of(user),
            },
        )  # fmt: skip
    forget()
    return grant


def do_withdraw_grant(by: User, grant_id: int, *, reason: str) -> CaseGrant:
    """Take a case back, from this moment on.

    Raises:
        NotFound: No such grant, or in no case of this person's.
        Refused: not_permitted; access_over; invalid (reason).
    """
    check_allowed(by, May.GIVE_ACCESS)
    reason = check_text("reason", reason, longest=PURPOSE_MAX)
    found = CaseGrant.objects.filter(pk=grant_id).first()
    if found is None:
        raise NotFound("case_grant")
    _case(by, found.order)
    at = clock.now()
    with transaction.atomic():
        grant = CaseGrant.objects.select_for_update().get(pk=grant_id)
        if grant.withdrawn_at is not None or grant.ends_at <= at:
            raise Refused(Code.ACCESS_OVER)
        end_grant(grant, by=by, at=at, reason=reason)
    return grant


def end_grant(grant: CaseGrant, *, by: User, at: datetime, reason: str) -> None:
    """Write that a grant was taken back, with its witness; inside a transaction."""
    grant.withdrawn_at, grant.withdrawn_by, grant.withdrawn_reason = at, by, reason
    grant.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    witness(
        kind=Kind.CASE_GRANT_WITHDRAWN, subject=f"order:{grant.order}", by=by, at=at,
        data={"grant": grant.pk, "reason_sha256": fingerprint(reason), "user": f"user:{grant.user_id}"},
    )  # fmt: skip
    forget()


def grants_of_case(user: User, order: UUID) -> QuerySet[CaseGrant]:
    """To whom a case was opened, newest first: for those who may give it, and who review.

    Raises:
        NotFound: No such case, or not this person's to know.
    """
    if not (allows(user, May.GIVE_ACCESS) or allows(user, May.REVIEW_ACCESS)):
        raise NotFound("order")
    _case(user, order)
    return CaseGrant.objects.filter(order=order).select_related("user", "given_by", "withdrawn_by").order_by("-pk")


def cases_opened_to(user: User) -> list[OpenedCase]:
    """The cases that are open to this person by name, the first to end first."""
    closed = sight(user.pk).closed
    grants = CaseGrant.objects.filter(user=user, withdrawn_at__isnull=True, ends_at__gt=clock.now())
    found = [
        grant for grant in grants.select_related("given_by").order_by("ends_at", "pk") if grant.order not in closed
    ]
    cases = {case.order: case for case in case_book().by_order({grant.order for grant in found})}
    return [
        OpenedCase(
            case=cases[grant.order],
            right=Right(grant.right),
            purpose=grant.purpose,
            given_by=grant.given_by,
            ends_at=grant.ends_at,
        )
        for grant in found
    ]


def _case(by: User, order: UUID) -> Case:
    """The case, if it is this person's by office: what was opened to somebody by name is not theirs to pass on."""
    found = case_book().by_order([order])
    if not found:
        raise NotFound("order")
    check_case(by, order, district=found[0].district, what="order", to=May.GIVE_ACCESS)
    return found[0]


def may_give(user: User, case: Case) -> bool:
    """Whether this person may open this case to others."""
    return allows(user, May.GIVE_ACCESS) and sees_case(user, case.order, district=case.district, to=May.GIVE_ACCESS)
