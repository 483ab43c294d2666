"""A shelter is shown only when a second person confirms; a look at somebody who does not exist raises an alarm."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.devices.queries import alarms_seen_by
from aralyk.orders.models import Order
from aralyk.people.actions import do_register_shelter, do_seal
from aralyk.people.looks import do_answer_look, do_ask_look, do_clear_canary_alarm, do_look
from aralyk.people.models import DataKey, LookRequest
from aralyk.people.queries import canary_alarms_for, look_requests_for, looks_at
from aralyk.people.rotation import do_rotate, do_set_canary
from aralyk.people.vault import SealedName
from tests.conftest import Database
from tests.orders.cast import HER_PHONE, HERE, Cast, account, order, witnesses

PURPOSE = "забрать её вещи вместе с ней"
SHELTER = "улица Синтетическая 1, убежище"


@pytest.fixture
def sheltered(roles: Cast) -> Order:
    case = order(roles.police)
    do_seal(roles.police, person=case.protected_persons.get().pk, field=SealedName.SHELTER_ADDRESS, value=SHELTER)
    return case


def asked(by: User, case: Order) -> LookRequest:
    her = case.protected_persons.get().pk
    return do_ask_look(by, person=her, order=case.pk, field=SealedName.SHELTER_ADDRESS, purpose=PURPOSE)


def shown(by: User, case: Order, request: LookRequest | None) -> str:
    return do_look(
        by, person=case.protected_persons.get().pk, order=case.pk, field=SealedName.SHELTER_ADDRESS, purpose=PURPOSE,
        request=None if request is None else request.pk,
    )  # fmt: skip


def refused_with(code: Code, act: Callable[[], Any]) -> None:
    with pytest.raises(Refused) as refused:
        act()
    assert refused.value.code is code


def test_a_shelter_is_shown_once_after_a_second_person_confirmed(
    database: Database, roles: Cast, sheltered: Order
) -> None:
    refused_with(Code.CONFIRMATION_NEEDED, lambda: shown(roles.operator, sheltered, None))
    request = asked(roles.operator, sheltered)
    refused_with(Code.CONFIRMATION_OVER, lambda: shown(roles.operator, sheltered, request))
    do_answer_look(roles.supervisor, request.pk, confirmed=True)
    assert shown(roles.operator, sheltered, request) == SHELTER
    refused_with(Code.CONFIRMATION_OVER, lambda: shown(roles.operator, sheltered, request))
    data = next(data for kind, _, _, data in reversed(witnesses(database)) if kind == "vault_look")
    assert data["second"] == f"user:{roles.supervisor.pk}"
    her = sheltered.protected_persons.get().pk
    listed = [(look.kind.value, look.granted, look.by) for look in looks_at(roles.police, her)]
    assert listed == [
        ("vault_refused", False, "Т. operator"),
        ("vault_look", True, "Т. operator"),
        ("vault_look_answered", True, "Т. supervisor"),
        ("vault_refused", False, "Т. operator"),
        ("vault_look_asked", False, "Т. operator"),
        ("vault_refused", False, "Т. operator"),
    ]
    assert looks_at(roles.police, her)[1].second == "Т. supervisor"


def test_nobody_confirms_a_look_of_their_own_nor_without_the_permission_nor_for_another_case(
    roles: Cast, sheltered: Order
) -> None:
    own = asked(roles.supervisor, sheltered)
    refused_with(Code.NOT_YOUR_OWN_LOOK, lambda: do_answer_look(roles.supervisor, own.pk, confirmed=True))
    for user in (roles.operator, roles.probation, roles.prosecutor, roles.administrator):
        refused_with(Code.NOT_PERMITTED, lambda user=user: do_answer_look(user, own.pk, confirmed=True))  # type: ignore[misc]
    with pytest.raises(NotFound):
        do_answer_look(roles.police_elsewhere, own.pk, confirmed=True)
    do_answer_look(roles.police, own.pk, confirmed=True)
    with pytest.raises(NotFound):
        shown(roles.operator, sheltered, own)  # confirmed for somebody else
    other = order(roles.police)
    with pytest.raises(NotFound):
        shown(roles.supervisor, other, own)  # and for another person
    assert shown(roles.supervisor, sheltered, own) == SHELTER


def test_a_declined_or_late_request_shows_nothing(roles: Cast, sheltered: Order) -> None:
    declined = asked(roles.operator, sheltered)
    do_answer_look(roles.supervisor, declined.pk, confirmed=False)
    refused_with(Code.CONFIRMATION_OVER, lambda: shown(roles.operator, sheltered, declined))
    refused_with(Code.CONFIRMATION_OVER, lambda: do_answer_look(roles.supervisor, declined.pk, confirmed=True))
    unanswered = asked(roles.operator, sheltered)
    LookRequest.objects.filter(pk=unanswered.pk).update(answer_until=clock.now() - timedelta(seconds=1))
    refused_with(Code.CONFIRMATION_OVER, lambda: do_answer_look(roles.supervisor, unanswered.pk, confirmed=True))
    confirmed = asked(roles.operator, sheltered)
    do_answer_look(roles.supervisor, confirmed.pk, confirmed=True)
    LookRequest.objects.filter(pk=confirmed.pk).update(answered_at=clock.now() - timedelta(minutes=11))
    refused_with(Code.CONFIRMATION_OVER, lambda: shown(roles.operator, sheltered, confirmed))


def test_a_request_waits_for_who_may_confirm_it_and_for_nobody_else(roles: Cast, sheltered: Order) -> None:
    request = asked(roles.operator, sheltered)
    for user in (roles.supervisor, roles.police, roles.operator):
        assert list(look_requests_for(user)) == [request]
    for user in (roles.police_elsewhere, roles.probation, roles.prosecutor, roles.administrator):
        assert list(look_requests_for(user)) == []
    do_answer_look(roles.supervisor, request.pk, confirmed=True)
    assert list(look_requests_for(roles.police)) == []
    assert list(look_requests_for(roles.operator)) == [request]


def test_everything_about_a_shelters_desk_needs_a_second_person(roles: Cast) -> None:
    shelter = do_register_shelter(
        roles.police, code="У-1", name="Синтетический приют", address=SHELTER, duty_phone="+996555000009",
        meeting_point="вход в парк",
    )  # fmt: skip
    case = order(roles.police, protected_persons=(shelter.desk_id,))
    for field in (SealedName.NAME, SealedName.SHELTER_ADDRESS):
        refused_with(
            Code.CONFIRMATION_NEEDED,
            lambda field=field: do_look(  # type: ignore[misc]
                roles.operator, person=shelter.desk_id, order=case.pk, field=field, purpose=PURPOSE
            ),
        )
    with pytest.raises(Refused) as refused:
        do_register_shelter(
            roles.police, code="У-2", name="Приют", address="вход в парк", duty_phone="+996555000009",
            meeting_point="вход в парк ",
        )  # fmt: skip
    assert refused.value.fields[0].field == "meeting_point"


def look_at_canary(by: User, case: Order) -> str:
    her = case.protected_persons.get().pk
    return do_look(by, person=her, order=case.pk, field=SealedName.PHONE, purpose=PURPOSE)


def test_a_look_at_a_canary_shows_what_any_look_shows_and_alarms_who_watches_the_vault(
    database: Database, roles: Cast
) -> None:
    canary, other = order(roles.police), order(roles.police)
    person = canary.protected_persons.get()
    do_set_canary(person.code)
    assert look_at_canary(roles.operator, other) == HER_PHONE
    assert canary_alarms_for(roles.administrator) == []
    assert look_at_canary(roles.operator, canary) == HER_PHONE
    (alarm,) = canary_alarms_for(roles.administrator)
    assert (alarm.looker, alarm.by, alarm.field, alarm.person) == (
        roles.operator.pk, "Т. operator", "phone", str(person.pk),
    )  # fmt: skip
    raised = [(subject, data["by"]) for kind, subject, _, data in witnesses(database) if kind == "alarm_raised"]
    assert raised == [(f"component:vault.canary.{roles.operator.pk}", f"user:{roles.operator.pk}")]
    do_rotate()
    with pytest.raises(Refused):
        look_at_canary(roles.probation, canary)
    assert {alarm.looker for alarm in canary_alarms_for(roles.prosecutor)} == {roles.operator.pk, roles.probation.pk}
    for user in (roles.operator, roles.supervisor, roles.police, roles.probation):
        assert canary_alarms_for(user) == []
        assert alarms_seen_by(user, [f"vault.canary.{roles.operator.pk}", "database"]) == {"database"}
        with pytest.raises(NotFound):
            do_clear_canary_alarm(user, roles.operator.pk)
    assert alarms_seen_by(roles.administrator, ["vault.canary.1"]) == {"vault.canary.1"}
    do_clear_canary_alarm(roles.administrator, roles.operator.pk)
    assert [alarm.looker for alarm in canary_alarms_for(roles.administrator)] == [roles.probation.pk]
    look_at_canary(roles.operator, canary)
    assert len(canary_alarms_for(roles.administrator)) == 2


def test_no_table_tells_a_canary_from_others(database: Database, roles: Cast) -> None:
    """All that setting a canary changes is 16 bytes that look like chance, where others have 16 bytes of chance."""
    cases = [order(roles.police) for _ in range(3)]
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'evidence_%'"

    def rows() -> dict[str, set[str]]:
        with database.connect() as connection:
            names = [name for (name,) in connection.execute(tables).fetchall()]
            return {
                name: {row for (row,) in connection.execute(f"SELECT t::text FROM {name} t").fetchall()}
                for name in names
            }

    before = rows()
    person = cases[1].protected_persons.get()
    secret = do_set_canary(person.code)
    changed = {name for name, found in rows().items() if found != before[name]}
    assert changed == {"people_datakey"}
    marks = [bytes(key.mark) for key in DataKey.objects.using("vault")]
    assert {len(mark) for mark in marks} == {16}
    assert len(set(marks)) == 3
    kind, subject, _, data = witnesses(database)[-1]
    assert (kind, subject) == ("canary_set", "vault:canaries")
    assert data == {"commitment": hashlib.sha256(f"{secret}/{person.pk}".encode()).hexdigest()}
    assert str(person.pk) not in str(data)


def test_who_is_not_known_is_answered_like_who_is_not_there(roles: Cast) -> None:
    stranger = account("juvenile", Role.JUVENILE_OFFICER, HERE)
    case = order(roles.police)
    with pytest.raises(NotFound) as unknown:
        do_look(stranger, person=uuid4(), order=case.pk, field=SealedName.NAME, purpose=PURPOSE)
    with pytest.raises(NotFound) as foreign:
        do_look(roles.police_elsewhere, person=case.protected_persons.get().pk, order=case.pk,
                field=SealedName.NAME, purpose=PURPOSE)  # fmt: skip
    assert str(unknown.value) == str(foreign.value)
