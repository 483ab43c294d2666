"""Every account is confirmed anew by somebody else, every month, or loses its access; too many looks are stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from aralyk import clock
from aralyk.access.actions import do_change_user
from aralyk.access.break_glass import do_break_glass, do_close_glass, do_confirm_glass, do_review_glass
from aralyk.access.delegations import do_delegate
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.limits import SecondFactor, limits
from aralyk.access.models import Finding, Role, User
from aralyk.access.reviews import count_overdue, do_review_account, reviews_due_for
from aralyk.access.strength import session_with
from aralyk.people.actions import do_seal
from aralyk.people.looks import do_answer_look, do_ask_look, do_clear_canary_alarm, do_look
from aralyk.people.rotation import do_set_canary
from aralyk.people.vault import SealedName
from tests.access.people import other
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HER_PHONE, Cast, order, witnesses


def later(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=days))


def test_a_review_is_due_a_month_after_the_last_and_says_so_when_it_is_late(
    roles: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count_overdue(roles.administrator) == 0
    later(monkeypatch, limits().review_every.days + 1)
    names = {one.account.username for one in reviews_due_for(roles.administrator) if one.overdue}
    assert names == {"operator", "supervisor", "police", "police_elsewhere", "probation", "prosecutor"}
    assert count_overdue(roles.administrator) == 6
    do_review_account(roles.administrator, roles.police.pk, keep=True)
    assert count_overdue(roles.administrator) == 5


def test_a_supervisor_reviews_the_own_agency_an_administrator_all_and_nobody_oneself(roles: Cast) -> None:
    assert {one.account.username for one in reviews_due_for(roles.supervisor)} == {"operator"}
    assert reviews_due_for(roles.police) == []
    for by, account in (
        (roles.supervisor, roles.police),
        (roles.supervisor, roles.supervisor),
        (roles.administrator, roles.administrator),
    ):
        with pytest.raises(NotFound):
            do_review_account(by, account.pk, keep=True)
    with pytest.raises(Refused) as refused:
        do_review_account(roles.police, roles.operator.pk, keep=True)
    assert refused.value.code is Code.NOT_PERMITTED


def test_access_that_is_not_confirmed_is_taken_away_with_a_reason_and_two_witnesses(
    database: Database, roles: Cast
) -> None:
    with pytest.raises(Refused) as refused:
        do_review_account(roles.supervisor, roles.operator.pk, keep=False)
    assert refused.value.fields[0].field == "note"
    do_review_account(roles.supervisor, roles.operator.pk, keep=False, note="уволен")
    assert not User.objects.get(pk=roles.operator.pk).is_active
    assert [(kind, by) for kind, _, by, _ in witnesses(database)][-2:] == [
        ("account_reviewed", f"user:{roles.supervisor.pk}"), ("user_changed", f"user:{roles.supervisor.pk}"),
    ]  # fmt: skip


def test_looks_into_the_vault_are_stopped_beyond_the_hours_limit_with_an_alarm(
    database: Database, roles: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(settings, looks_an_hour=3)
    case = order(roles.police)
    her = case.protected_persons.get().pk

    def look(user: User = roles.police) -> str:
        return do_look(user, person=her, order=case.pk, field=SealedName.PHONE, purpose="позвонить ей")

    assert [look() for _ in range(3)] == [HER_PHONE] * 3
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            look()
        assert refused.value.code is Code.TOO_MANY_LOOKS
    kinds = [kind for kind, *_ in witnesses(database)]
    assert (kinds.count("vault_look"), kinds.count("looks_stopped"), kinds.count("alarm_raised")) == (3, 1, 1)
    assert look(roles.operator) == HER_PHONE  # only whoever looked too often is stopped
    later(monkeypatch, 1.01 / 24)
    assert look() == HER_PHONE


def test_whoever_opens_something_to_another_needs_a_second_factor_of_the_session_too(
    roles: Cast, settings: Settings
) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    do_seal(roles.police, person=her, field=SealedName.SHELTER_ADDRESS, value="улица Синтетическая 1")
    asked = do_ask_look(
        roles.operator, person=her, order=case.pk, field=SealedName.SHELTER_ADDRESS, purpose="позвонить ей"
    )
    glass = do_break_glass(roles.police_elsewhere, number=case.number, reason="угроза жизни прямо сейчас")
    do_set_canary(case.protected_persons.get().code)
    do_look(roles.police, person=her, order=case.pk, field=SealedName.PHONE, purpose="позвонить ей")
    deputy = other(Role.POLICE, "deputy", ELSEWHERE, agency="police_oktyabrsky")
    starts_at = clock.now()
    acts: list[Callable[[], object]] = [
        lambda: do_answer_look(roles.supervisor, asked.pk, confirmed=True),
        lambda: do_confirm_glass(roles.operator, glass.pk),
        lambda: do_clear_canary_alarm(roles.administrator, roles.police.pk),
        lambda: do_delegate(
            roles.police, giver="police", deputy=deputy.username, starts_at=starts_at,
            ends_at=starts_at + timedelta(days=1), reason="отпуск",
        ),
    ]  # fmt: skip
    set_limit(settings, second_factor=SecondFactor.SENSITIVE)
    for act in acts:
        with session_with(second_factor=False), pytest.raises(Refused) as refused:
            act()
        assert refused.value.code is Code.SECOND_FACTOR_NEEDED
    with session_with(second_factor=True):
        for act in acts:
            act()
    do_close_glass(roles.police_elsewhere, glass.pk)
    with session_with(second_factor=False), pytest.raises(Refused) as refused:
        do_review_glass(roles.prosecutor, glass.pk, finding=Finding.JUSTIFIED, text="проверено по записям дежурства")
    assert refused.value.code is Code.SECOND_FACTOR_NEEDED


@pytest.mark.parametrize(
    ("policy", "proven", "goes"),
    [
        (SecondFactor.SENSITIVE, False, False),
        (SecondFactor.SENSITIVE, True, True),
        (SecondFactor.SENSITIVE, None, True),  # the command line has no session
        (SecondFactor.EVERYBODY, False, False),
        (SecondFactor.NOBODY, False, True),
    ],
)
def test_vault_and_accounts_need_a_second_factor_of_the_session(
    roles: Cast, settings: Settings, policy: SecondFactor, proven: bool | None, goes: bool
) -> None:
    set_limit(settings, second_factor=policy)
    case = order(roles.police)
    her = case.protected_persons.get().pk
    acts: list[Callable[[], object]] = [
        lambda: do_look(roles.police, person=her, order=case.pk, field=SealedName.PHONE, purpose="позвонить ей"),
        lambda: do_change_user(roles.administrator, roles.operator.pk, display_name="Айжан"),
        lambda: do_review_account(roles.administrator, roles.operator.pk, keep=True),
    ]
    for act in acts:
        if proven is None:
            act()
            continue
        with session_with(second_factor=proven):
            if goes:
                act()
                continue
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.code is Code.SECOND_FACTOR_NEEDED


def set_limit(settings: Settings, **changed: Any) -> None:
    from dataclasses import replace

    settings.ACCESS_LIMITS = replace(limits(), **changed)


def test_an_agencys_reviewer_without_an_agency_reviews_nobody(roles: Cast) -> None:
    assert reviews_due_for(other(Role.SUPERVISOR, "homeless")) == []
