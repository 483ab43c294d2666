"""A lost second factor is removed by two people; a password that somebody else chose opens nothing but its change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from aralyk import clock
from aralyk.access.actions import do_create_user, do_set_password
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.limits import SecondFactor, limits
from aralyk.access.models import Role, SecondFactorRemoval, User
from aralyk.access.second_factors import do_answer_removal, do_ask_to_remove_factor, has_second_factor, removals_for
from aralyk.access.strength import session_with
from tests.conftest import Database
from tests.orders.cast import PASSWORD, Cast, account, witnesses

REASON = "пришла лично с паспортом"


def refused_with(code: Code, act: Callable[[], Any]) -> None:
    with pytest.raises(Refused) as refused:
        act()
    assert refused.value.code is code


@pytest.fixture
def lost(roles: Cast) -> User:
    """Whose telephone is gone."""
    Authenticator.objects.create(user=roles.operator, type="totp", data={"secret": "…"})
    Authenticator.objects.create(user=roles.operator, type="recovery_codes", data={"seed": "…"})
    return roles.operator


def test_one_person_alone_removes_nobodys_second_factor(roles: Cast, lost: User) -> None:
    asked = do_ask_to_remove_factor(roles.administrator, lost.pk, reason=REASON)
    assert has_second_factor(lost)
    refused_with(Code.ANOTHER_PERSON_NEEDED, lambda: do_answer_removal(roles.administrator, asked.pk, confirmed=True))
    for user in (roles.operator, roles.police, roles.prosecutor, roles.probation):
        refused_with(Code.NOT_PERMITTED, lambda user=user: do_answer_removal(user, asked.pk, confirmed=True))  # type: ignore[misc]
        refused_with(Code.NOT_PERMITTED, lambda user=user: do_ask_to_remove_factor(user, lost.pk, reason=REASON))  # type: ignore[misc]
    assert has_second_factor(lost)


def test_a_second_person_removes_it_with_the_password_and_every_session(
    database: Database, roles: Cast, lost: User
) -> None:
    client = Client()
    client.force_login(lost)
    asked = do_ask_to_remove_factor(roles.administrator, lost.pk, reason=REASON)
    assert list(removals_for(roles.supervisor)) == [asked]
    do_answer_removal(roles.supervisor, asked.pk, confirmed=True)
    lost.refresh_from_db()
    assert (has_second_factor(lost), lost.has_usable_password()) == (False, False)
    assert not Session.objects.filter(pk=client.session.session_key).exists()
    assert list(removals_for(roles.supervisor)) == []
    told = [(by, data) for kind, _, by, data in witnesses(database) if kind == "user_changed"][-2:]
    assert [(by, data["act"]) for by, data in told] == [
        (f"user:{roles.administrator.pk}", "second_factor_removal_asked"),
        (f"user:{roles.supervisor.pk}", "second_factor_removed"),
    ]
    assert REASON not in str(told)
    refused_with(Code.ACCESS_OVER, lambda: do_answer_removal(roles.supervisor, asked.pk, confirmed=True))


def test_a_wish_that_was_declined_or_is_a_day_old_removes_nothing(roles: Cast, lost: User) -> None:
    declined = do_ask_to_remove_factor(roles.administrator, lost.pk, reason=REASON)
    do_answer_removal(roles.supervisor, declined.pk, confirmed=False)
    refused_with(Code.ACCESS_OVER, lambda: do_answer_removal(roles.supervisor, declined.pk, confirmed=True))
    old = do_ask_to_remove_factor(roles.administrator, lost.pk, reason=REASON)
    SecondFactorRemoval.objects.filter(pk=old.pk).update(answer_until=clock.now() - timedelta(seconds=1))
    refused_with(Code.ACCESS_OVER, lambda: do_answer_removal(roles.supervisor, old.pk, confirmed=True))
    assert has_second_factor(lost)


def test_nobody_asks_or_answers_about_themselves_or_another_agency(roles: Cast, lost: User) -> None:
    Authenticator.objects.create(user=roles.administrator, type="totp", data={"secret": "…"})
    Authenticator.objects.create(user=roles.supervisor, type="totp", data={"secret": "…"})
    Authenticator.objects.create(user=roles.police, type="totp", data={"secret": "…"})
    own = roles.administrator
    refused_with(Code.ANOTHER_PERSON_NEEDED, lambda: do_ask_to_remove_factor(own, own.pk, reason=REASON))
    refused_with(Code.ALREADY_ENDED, lambda: do_ask_to_remove_factor(own, roles.probation.pk, reason=REASON))
    for user in (roles.supervisor, roles.police):  # the own account; another agency's
        asked = do_ask_to_remove_factor(own, user.pk, reason=REASON)
        with pytest.raises(NotFound):
            do_answer_removal(roles.supervisor, asked.pk, confirmed=True)
        assert list(removals_for(roles.supervisor)) == []
    other = account("administrator_2", Role.ADMINISTRATOR)
    do_answer_removal(other, asked.pk, confirmed=True)
    assert not has_second_factor(roles.police)


def test_removing_one_needs_a_session_with_a_second_factor_itself(roles: Cast, lost: User, settings: Settings) -> None:
    settings.ACCESS_LIMITS = replace(limits(), second_factor=SecondFactor.SENSITIVE)
    asked = do_ask_to_remove_factor(roles.administrator, lost.pk, reason=REASON)
    with session_with(second_factor=False):
        refused_with(
            Code.SECOND_FACTOR_NEEDED, lambda: do_ask_to_remove_factor(roles.administrator, lost.pk, reason=REASON)
        )
        refused_with(Code.SECOND_FACTOR_NEEDED, lambda: do_answer_removal(roles.supervisor, asked.pk, confirmed=True))


def test_a_password_that_an_administrator_chose_is_temporary_until_the_person_chooses_another(roles: Cast) -> None:
    made = do_create_user(roles.administrator, username="new", password=PASSWORD, role=Role.POLICE)
    assert made.password_is_temporary
    with pytest.raises(Refused) as refused:
        do_set_password(made, made.pk, password=PASSWORD)
    assert refused.value.fields[0].field == "password"
    do_set_password(made, made.pk, password=PASSWORD + "-мой")
    assert not User.objects.get(pk=made.pk).password_is_temporary
    do_set_password(roles.administrator, made.pk, password=PASSWORD + "-выданный")
    assert User.objects.get(pk=made.pk).password_is_temporary
    assert not roles.administrator.password_is_temporary  # the installation's own first account
