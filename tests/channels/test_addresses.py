"""Where somebody is reached is proven by that person alone, and nobody can redirect a colleague's signals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.channels.addresses import (
    ADDRESSES_MAX,
    CODE_TRIES,
    code_of,
    do_add_address,
    do_ask_code,
    do_confirm_address,
    do_end_address,
    own_address,
    own_addresses,
)
from aralyk.channels.models import Address, Notice, Way
from aralyk.channels.outbox import Transport, work
from tests.channels.conftest import Server
from tests.channels.test_telling import KEYS, NUMBER, tell
from tests.conftest import Database
from tests.orders.cast import Cast, witnesses

HOSTS = ("push.example.org",)
Ways = dict[Way, Transport]


def test_a_number_is_used_only_after_the_code_that_was_sent_there(
    database: Database, roles: Cast, ways: Ways, sms: Server
) -> None:
    address = do_add_address(roles.police, way=Way.SMS, value="+996 (700) 12-34-56")
    assert address.value == NUMBER
    assert work(ways, now=clock.now()).sent == 1
    assert tell(roles.police).deliveries.count() == 0, "not proven: not used"
    code = "".join(letter for letter in sms.texts()[0] if letter.isdigit())
    do_confirm_address(roles.police, address.pk, code=f" {code} ")
    assert tell(roles.police, once="second").deliveries.count() == 1
    with database.connect() as connection:
        for table in ("channels_notice", "channels_delivery", "channels_address", "evidence_entry"):
            for (row,) in connection.execute(f"SELECT t::text FROM {table} t"):
                assert f'"{code}"' not in row
                assert code not in row.replace(NUMBER, ""), "the code is stored nowhere"
    assert NUMBER not in str(witnesses(database))


def test_a_wrong_code_is_tried_five_times_and_no_more(roles: Cast) -> None:
    address = do_add_address(roles.police, way=Way.EMAIL, value="name@agency.kg")
    right = code_of(Address.objects.get(pk=address.pk))
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(CODE_TRIES):
        with pytest.raises(Refused) as refused:
            do_confirm_address(roles.police, address.pk, code=wrong)
        assert refused.value.fields[0].field == "code"
    with pytest.raises(Refused):
        do_confirm_address(roles.police, address.pk, code=right)
    assert Address.objects.get(pk=address.pk).confirmed_at is None


def test_a_code_is_not_sent_again_within_a_minute_and_dies_after_fifteen(
    roles: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = do_add_address(roles.police, way=Way.EMAIL, value="name@agency.kg")
    with pytest.raises(Refused) as refused:
        do_ask_code(roles.police, address.pk)
    assert refused.value.code is Code.TOO_OFTEN
    code = code_of(address)
    monkeypatch.setattr("aralyk.clock.now", lambda: address.added_at + timedelta(minutes=16))
    with pytest.raises(Refused):
        do_confirm_address(roles.police, address.pk, code=code)
    do_ask_code(roles.police, address.pk)
    newer = Address.objects.get(pk=address.pk)
    do_confirm_address(roles.police, address.pk, code=code_of(newer))


def test_nobody_touches_a_colleagues_address(roles: Cast) -> None:
    address = do_add_address(roles.police, way=Way.SMS, value=NUMBER)
    for other in (roles.police_elsewhere, roles.supervisor, roles.administrator):
        for attempt in (
            lambda by=other: do_confirm_address(by, address.pk, code="000000"),
            lambda by=other: do_ask_code(by, address.pk),
            lambda by=other: own_address(by, address.pk),
        ):
            with pytest.raises(NotFound):
                attempt()
        assert own_addresses(other) == []


def test_an_ended_address_is_not_used_and_may_be_added_anew(roles: Cast) -> None:
    address = do_add_address(roles.police, way=Way.SMS, value=NUMBER)
    do_confirm_address(roles.police, address.pk, code=code_of(address))
    notice = tell(roles.police)
    do_end_address(roles.police, own_address(roles.police, address.pk))
    assert notice.deliveries.get().state == "cancelled"
    assert tell(roles.police, once="later").deliveries.count() == 0
    assert do_add_address(roles.police, way=Way.SMS, value=NUMBER).pk != address.pk
    with pytest.raises(Refused) as refused:
        do_add_address(roles.police, way=Way.SMS, value=NUMBER)
    assert refused.value.code is Code.ADDRESS_KNOWN


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (Way.SMS, "0700123456"),
        (Way.SMS, "+99670012345600000"),
        (Way.SMS, "сто два"),
        (Way.EMAIL, "inspector@"),
        (Way.EMAIL, "a@b.kg\nBcc: c@d.kg"),
        (Way.PUSH, "http://push.example.org/s/1"),
        (Way.PUSH, "https://127.0.0.1/s/1"),
        (Way.PUSH, "https://push.example.org.evil.net/s/1"),
        (Way.PUSH, "https://user@push.example.org/s/1"),
        (Way.PUSH, "https://evilpush.example.org.net/"),
        (Way.PUSH, "https://push.example.org/" + "x" * 1100),
    ],
)
def test_what_is_no_address_or_leads_elsewhere_is_refused_and_not_quoted(roles: Cast, way: Way, value: str) -> None:
    with pytest.raises(Refused) as refused:
        do_add_address(roles.police, way=way, value=value, keys=KEYS, push_hosts=HOSTS)
    (problem,) = refused.value.fields
    assert problem.field == "value"
    assert value not in f"{problem.expected} {problem.found}"
    assert not Address.objects.exists()


def test_a_browsers_subscription_needs_its_keys_and_no_code(roles: Cast) -> None:
    for keys in (None, {}, {"p256dh": "x", "auth": "y"}, KEYS | {"more": "x" * 20}):
        with pytest.raises(Refused) as refused:
            do_add_address(
                roles.police, way=Way.PUSH, value="https://a.push.example.org/1", keys=keys, push_hosts=HOSTS
            )
        assert refused.value.fields[0].field == "keys"
    address = do_add_address(
        roles.police, way=Way.PUSH, value="https://a.push.example.org/1", keys=KEYS, push_hosts=HOSTS
    )
    assert address.confirmed_at is not None
    assert not Notice.objects.exists()


def test_an_account_has_a_few_addresses_and_not_a_list(roles: Cast) -> None:
    for number in range(ADDRESSES_MAX):
        do_add_address(roles.police, way=Way.SMS, value=f"+99670012340{number}")
    with pytest.raises(Refused) as refused:
        do_add_address(roles.police, way=Way.SMS, value="+996700999999")
    assert refused.value.fields[0].field == "value"
