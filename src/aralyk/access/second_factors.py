"""A lost second factor: an administrator asks that it be removed, another who reviews the account confirms, or not.

One of the two has spoken with the person. Removed are the passkeys, one-time codes and recovery codes, and the password
with them: else whoever knows the password would be in. An administrator then hands over a first password, and the
person chooses the next one and a new second factor.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.leaving import close_sessions
from aralyk.access.models import SecondFactorRemoval, User
from aralyk.access.permissions import May, allows, check_allowed
from aralyk.access.reviews import accounts_reviewed_by
from aralyk.access.strength import check_strong
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint, witness
from aralyk.evidence.kinds import Kind

REASON_MIN: Final = 8  # how it is known that it is this person who asks
REASON_MAX: Final = 400
ANSWER_WITHIN: Final = timedelta(hours=24)


def do_ask_to_remove_factor(by: User, account_id: int, *, reason: str) -> SecondFactorRemoval:
    """Ask that somebody's second factor be removed; nothing changes before another person agreed.

    Args:
        by: An administrator; not of the own account.
        account_id: Whose.
        reason: How the person proved who they are.

    Raises:
        NotFound: No such active account.
        Refused: not_permitted; second_factor_needed; another_person_needed: the own account; already_ended: there is
            no second factor; invalid (reason).
    """
    check_allowed(by, May.MANAGE_USERS)
    check_strong()
    reason = check_text("reason", reason, shortest=REASON_MIN, longest=REASON_MAX)
    at = clock.now()
    with transaction.atomic():
        account = User.objects.select_for_update().filter(pk=account_id, is_active=True).first()
        if account is None:
            raise NotFound("user")
        if account.pk == by.pk:
            raise Refused(Code.ANOTHER_PERSON_NEEDED)
        if not has_second_factor(account):
            raise Refused(Code.ALREADY_ENDED)
        asked = SecondFactorRemoval.objects.create(
            account=account, reason=reason, asked_by=by, asked_at=at, answer_until=at + ANSWER_WITHIN
        )
        _witness(by, asked, act="second_factor_removal_asked", reason_sha256=fingerprint(reason))
    return asked


def do_answer_removal(by: User, removal_id: int, *, confirmed: bool) -> SecondFactorRemoval:
    """Remove the second factor, as the second person, or decline.

    Raises:
        NotFound: No such wish, or of an account that is not this person's to review.
        Refused: not_permitted; second_factor_needed; another_person_needed: the own wish; access_over.
    """
    check_allowed(by, May.REVIEW_ACCOUNTS)
    check_strong()
    at = clock.now()
    with transaction.atomic():
        asked = SecondFactorRemoval.objects.select_for_update().filter(pk=removal_id).first()
        if asked is None:
            raise NotFound("removal")
        account = accounts_reviewed_by(by).select_for_update(of=("self",)).filter(pk=asked.account_id).first()
        if account is None:
            raise NotFound("removal")
        if asked.asked_by_id == by.pk:
            raise Refused(Code.ANOTHER_PERSON_NEEDED)
        if asked.answered_at is not None or asked.answer_until < at:
            raise Refused(Code.ACCESS_OVER)
        asked.answered_by, asked.answered_at, asked.confirmed = by, at, confirmed
        asked.save(update_fields=["answered_by", "answered_at", "confirmed"])
        if confirmed:
            Authenticator.objects.filter(user=account).delete()
            account.set_unusable_password()
            account.save(update_fields=["password"])
            close_sessions(account)
        act = "second_factor_removed" if confirmed else "second_factor_removal_declined"
        _witness(by, asked, act=act, asked_by=f"user:{asked.asked_by_id}")
    return asked


def removals_for(user: User) -> QuerySet[SecondFactorRemoval]:
    """The wishes that wait for an answer, of accounts that this person reviews, the oldest first."""
    if not allows(user, May.REVIEW_ACCOUNTS):
        return SecondFactorRemoval.objects.none()
    waiting = SecondFactorRemoval.objects.filter(answered_at__isnull=True, answer_until__gte=clock.now())
    found = waiting.filter(account__in=accounts_reviewed_by(user).values("pk"))
    return found.select_related("account", "asked_by").order_by("pk")


def has_second_factor(account: User) -> bool:
    """Whether this account has a passkey, one-time codes or recovery codes."""
    return bool(Authenticator.objects.filter(user=account).exists())


def _witness(by: User, asked: SecondFactorRemoval, *, act: str, **data: object) -> None:
    witness(
        kind=Kind.USER_CHANGED, subject=f"user:{asked.account_id}", by=by, at=clock.now(),
        data={"act": act, "removal": asked.pk, **data},
    )  # fmt: skip
