"""Holiday cover: a colleague of the same agency and role answers for one's districts until a day, and hands nothing on.

What is lent are the districts that stand in the giver's own account at that moment, and only while the account is
active; what the giver holds from somebody else is not theirs to lend.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.limits import limits
from aralyk.access.models import Delegation, Role, User
from aralyk.access.permissions import GRANTS, May, Scope, allows, check_allowed
from aralyk.access.sight import forget
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text, check_username
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind

REASON_MIN: Final = 3
REASON_MAX: Final = 400
_LENDS: Final = frozenset({Scope.OWN_DISTRICTS, Scope.OWN_DISTRICTS_OR_EVERY_IF_NONE_NAMED})


def do_delegate(
    by: User, *, giver: str, deputy: str, starts_at: datetime, ends_at: datetime, reason: str
) -> Delegation:
    """Let a colleague answer for somebody's districts.

    Args:
        by: The person who goes, or an administrator.
        giver: User name of whose districts.
        deputy: User name of who stands in: the same agency and role.
        starts_at: From when.
        ends_at: Until when, within the longest cover that the installation allows.
        reason: Why.

    Raises:
        Refused: not_permitted; second_factor_needed; invalid, naming the field.
    """
    check_strong()
    reason = check_text("reason", reason, shortest=REASON_MIN, longest=REASON_MAX)
    goes = _account("giver", giver)
    if goes is None or goes.pk != by.pk:
        check_allowed(by, May.MANAGE_USERS)
    if goes is None:
        raise Refused.field("giver", expected="the user name of an active account")
    if GRANTS[Role(goes.role)].scope not in _LENDS or not goes.districts:
        raise Refused.field("giver", expected="somebody who answers for districts of their own")
    stands_in = _account("deputy", deputy)
    colleague = stands_in is not None and stands_in.pk != goes.pk and goes.agency_id is not None
    if stands_in is None or not colleague or (stands_in.role, stands_in.agency_id) != (goes.role, goes.agency_id):
        # One answer: nobody learns here who else has an account.
        raise Refused.field("deputy", expected="the user name of another active account of the same agency and role")
    at = clock.now()
    longest = limits().delegation_max
    if not max(starts_at, at) < ends_at <= max(starts_at, at) + longest:
        raise Refused.field("ends_at", expected=f"after the beginning, at most {longest.days} days later")
    with transaction.atomic():
        made = Delegation.objects.create(
            giver=goes, deputy=stands_in, reason=reason, starts_at=starts_at, ends_at=ends_at, made_by=by, made_at=at
        )
        witness(
            kind=Kind.DISTRICTS_LENT, subject=name_of(goes), by=by, at=at,
            data={
                "delegation": made.pk, "deputy": name_of(stands_in), "districts": sorted(goes.districts),
                "ends_at": clock.iso(ends_at), "reason_sha256": fingerprint(reason), "starts_at": clock.iso(starts_at),
            },
        )  # fmt: skip
    forget()
    return made


def do_end_delegation(by: User, delegation_id: int) -> Delegation:
    """End a cover before its time: the giver, the deputy or an administrator.

    Raises:
        NotFound: No such cover, or not this person's.
        Refused: access_over.
    """
    at = clock.now()
    with transaction.atomic():
        found = delegations_for(by).select_for_update(of=("self",)).filter(pk=delegation_id).first()
        if found is None:
            raise NotFound("delegation")
        if found.ended_at is not None or found.ends_at <= at:
            raise Refused(Code.ACCESS_OVER)
        end_delegation(found, by=by, at=at)
    return found


def end_delegation(found: Delegation, *, by: User, at: datetime) -> None:
    """Write that a cover ended, with its witness; inside a transaction."""
    found.ended_at, found.ended_by = at, by
    found.save(update_fields=["ended_at", "ended_by"])
    data = {"delegation": found.pk, "deputy": f"user:{found.deputy_id}"}
    witness(kind=Kind.DISTRICTS_TAKEN_BACK, subject=f"user:{found.giver_id}", by=by, at=at, data=data)
    forget()


def delegations_for(user: User) -> QuerySet[Delegation]:
    """The covers that this person gave or holds, newest first; an administrator sees all."""
    rows = Delegation.objects.select_related("giver", "deputy", "made_by", "ended_by").order_by("-pk")
    return rows if allows(user, May.MANAGE_USERS) else rows.filter(Q(giver=user) | Q(deputy=user))


def _account(field: str, username: str) -> User | None:
    return User.objects.filter(username=check_username(field, username), is_active=True).first()
