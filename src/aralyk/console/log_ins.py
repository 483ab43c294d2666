"""Leaves a witness of every log-in, of every one that was refused to an account that exists, and of every second factor
that its person sets up, removes or renews.

A name that nobody has is not witnessed: people type passwords into that field.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.witness import System, witness
from aralyk.console.doorkeeper import used_second_factor
from aralyk.evidence.kinds import Kind


@receiver(user_logged_in)
def note_log_in(request: HttpRequest, user: User, **given: Any) -> None:
    """Somebody came in, with a second factor or without."""
    with transaction.atomic():
        data = {"second_factor": used_second_factor(request, user)}
        witness(kind=Kind.LOGGED_IN, subject=f"user:{user.pk}", by=user, at=clock.now(), data=data)


@receiver(authenticator_added)
def note_factor_added(user: User, authenticator: Authenticator, **given: Any) -> None:
    """Somebody set up a passkey, one-time codes or recovery codes."""
    _note_factor(user, authenticator, act="second_factor_added")


@receiver(authenticator_removed)
def note_factor_removed(user: User, authenticator: Authenticator, **given: Any) -> None:
    """Somebody removed one of their own."""
    _note_factor(user, authenticator, act="own_second_factor_removed")


@receiver(authenticator_reset)
def note_factor_reset(user: User, authenticator: Authenticator, **given: Any) -> None:
    """Somebody made new recovery codes."""
    _note_factor(user, authenticator, act="second_factor_renewed")


def _note_factor(user: User, authenticator: Authenticator, *, act: str) -> None:
    with transaction.atomic():
        data = {"act": act, "factor": str(authenticator.type)}
        witness(kind=Kind.USER_CHANGED, subject=f"user:{user.pk}", by=user, at=clock.now(), data=data)


@receiver(user_login_failed)
def note_refused(credentials: dict[str, Any], request: HttpRequest | None = None, **given: Any) -> None:
    """Somebody gave an account a wrong password."""
    name = str(credentials.get("username", "")).replace("\0", "")
    user = User.objects.filter(username=User.normalize_username(name)).first() if request is not None else None
    if user is None:
        return
    with transaction.atomic():
        witness(
            kind=Kind.LOGIN_REFUSED,
            subject=f"user:{user.pk}",
            by=System.ACCESS,
            at=clock.now(),
            data={"active": user.is_active},
        )
