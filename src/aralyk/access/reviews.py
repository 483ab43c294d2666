"""The monthly access review: for every account somebody says anew that its access is still right, or takes it away.

An account is due a set time after its last review, or after it was made. A supervisor reviews the own agency, an
administrator every one, and nobody oneself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from aralyk import clock
from aralyk.access.actions import do_disable
from aralyk.access.errors import NotFound
from aralyk.access.limits import limits
from aralyk.access.models import AccountReview, User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, name_of, witness
from aralyk.evidence.kinds import Kind

NOTE_MAX: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReview:
    """One account and when its access must be confirmed anew."""

    account: User
    reviewed_at: datetime | None
    due_at: datetime
    overdue: bool


def do_review_account(by: User, account_id: int, *, keep: bool, note: str = "") -> AccountReview:
    """Confirm that an account's access is still right, or take it away: then the person is cut off at once.

    Raises:
        NotFound: No such active account, or not this person's to review.
        Refused: not_permitted; second_factor_needed; invalid (note: needed when access is taken away).
    """
    check_allowed(by, May.REVIEW_ACCOUNTS)
    check_strong()
    note = check_text("note", note, shortest=0 if keep else 3, longest=NOTE_MAX)
    at = clock.now()
    with transaction.atomic():
        account = accounts_reviewed_by(by).select_for_update(of=("self",)).filter(pk=account_id).first()
        if account is None:
            raise NotFound("user")
        review = AccountReview.objects.create(account=account, reviewed_by=by, reviewed_at=at, kept=keep, note=note)
        witness(
            kind=Kind.ACCOUNT_REVIEWED, subject=name_of(account), by=by, at=at,
            data={"kept": keep, "note_sha256": fingerprint(note), "role": account.role,
                  "districts": sorted(account.districts)},
        )  # fmt: skip
        if not keep:
            do_disable(by, account)
    return review


def reviews_due_for(user: User) -> list[DueReview]:
    """The active accounts that this person reviews, the longest overdue first."""
    every, at = limits().review_every, clock.now()
    found = accounts_reviewed_by(user).select_related("agency").annotate(last=Max("reviews__reviewed_at"))
    due = [
        DueReview(account=account, reviewed_at=account.last, due_at=since + every, overdue=since + every < at)
        for account in found
        for since in (account.last or account.date_joined,)
    ]
    return sorted(due, key=lambda one: (one.due_at, one.account.username))


def count_overdue(user: User) -> int:
    """How many accounts wait too long for this person's review: one query."""
    before = clock.now() - limits().review_every
    found = accounts_reviewed_by(user).annotate(last=Max("reviews__reviewed_at"))
    return found.filter(Q(last__lt=before) | Q(last__isnull=True, date_joined__lt=before)).count()


def accounts_reviewed_by(user: User) -> QuerySet[User]:
    """The active accounts that this person reviews: the own agency's, an administrator every one; never one's own."""
    if not allows(user, May.REVIEW_ACCOUNTS):
        return User.objects.none()
    others = User.objects.filter(is_active=True).exclude(pk=user.pk)
    return others if allows(user, May.MANAGE_USERS) else others.filter(agency=user.agency_id, agency__isnull=False)
