"""Commands are asked for with a reason, replaced and taken back in the open, and never switch the watch off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.database import Role as DatabaseRole
from aralyk.devices import command_queue
from aralyk.devices.command_queue import TRANSITIONS, Outcome, State, Step, Wanted
from aralyk.devices.commands import (
    LIFE,
    commands_for,
    do_ask_device,
    do_withdraw_command,
    listed_texts,
    spoken_by,
)
from aralyk.devices.models import Command, Device, DeviceKind, Party
from aralyk.protocols.commands import TEXT_CHARS_MAX, CommandKind
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.orders.cast import Cast, equip, open_order, phone, witnesses

REASON = "проверка связи"
TRACKER = "tracker-0001"


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.fixture
def tracker(roles: Cast) -> Device:
    """A device whose protocol has words for an interval, a place and a message, not for a buzz."""
    return Device.objects.create(
        id=TRACKER, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei", synthetic=True
    )


def ask(by: User, kind: CommandKind = CommandKind.POSITION, **asked: Any) -> Command:
    return do_ask_device(by, device_id=TRACKER, kind=kind, reason=REASON, **asked)


def carried(roles: Cast, party: Party = Party.RESPONDENT) -> None:
    equip(roles.probation, open_order(roles.police), device=TRACKER, party=party)


def test_a_command_is_queued_with_who_asked_and_why_and_witnessed(
    database: Database, roles: Cast, tracker: Device
) -> None:
    carried(roles)
    before = len(witnesses(database))
    asked = ask(roles.operator)
    assert (asked.state, asked.attempts, asked.why, asked.user) == ("queued", 0, REASON, roles.operator)
    assert asked.expires_at - asked.created_at == LIFE[CommandKind.POSITION]
    ((kind, subject, by, data),) = witnesses(database)[before:]
    assert (kind, subject, by) == ("command_asked", f"device:{TRACKER}", f"user:{roles.operator.pk}")
    assert (data["kind"], data["serial"], data["asked_by"]) == ("position", asked.serial, by)
    assert REASON not in str(data)


def test_the_gateways_are_woken_by_a_command(database: Database, roles: Cast, tracker: Device) -> None:
    carried(roles)
    with database.connect(DatabaseRole.GATEWAY, autocommit=True) as listener:
        listener.execute("LISTEN commands")
        ask(roles.operator)
        assert [notice.payload for notice in listener.notifies(timeout=10, stop_after=1)] == [TRACKER]


def test_who_may_command_whose_device(roles: Cast, tracker: Device) -> None:
    carried(roles)
    for user in (roles.operator, roles.supervisor, roles.probation):
        assert ask(user).state == "queued"
    for user in (roles.police, roles.prosecutor, roles.administrator):
        with pytest.raises(Refused) as refused:
            ask(user)
        assert refused.value.code is Code.NOT_PERMITTED
    roles.probation.districts = ["bishkek_leninsky"]
    with pytest.raises(NotFound):
        ask(roles.probation)


def test_a_newer_interval_replaces_the_one_that_still_waits(database: Database, roles: Cast, tracker: Device) -> None:
    carried(roles)
    first = ask(roles.operator, CommandKind.INTERVAL, interval_s=30)
    place = ask(roles.operator)
    second = ask(roles.operator, CommandKind.INTERVAL, interval_s=20)
    found = {row.pk: (row.state, row.outcome) for row in commands_for(roles.operator, TRACKER)}
    assert found == {first.pk: ("withdrawn", "replaced"), place.pk: ("queued", ""), second.pk: ("queued", "")}
    (data,) = (data for kind, _, _, data in witnesses(database) if kind == "command_withdrawn")
    assert (data["command"], data["outcome"]) == (first.pk, "replaced")


@pytest.mark.parametrize("interval_s", [None, 1, 61, 3600])
def test_nobody_commands_a_longer_interval_than_silence_is_judged_by(
    roles: Cast, tracker: Device, interval_s: int | None
) -> None:
    carried(roles)
    with pytest.raises(Refused) as refused:
        ask(roles.operator, CommandKind.INTERVAL, interval_s=interval_s)
    assert refused.value.fields[0].field == "interval_s"


def test_while_the_engine_pursues_no_command_makes_the_device_slower(roles: Cast, tracker: Device) -> None:
    carried(roles)
    pursue()
    with pytest.raises(Refused):
        ask(roles.operator, CommandKind.INTERVAL, interval_s=30)
    assert ask(roles.operator, CommandKind.INTERVAL, interval_s=10).state == "queued"


def test_the_engines_command_is_not_a_persons_to_take_back(roles: Cast, tracker: Device) -> None:
    carried(roles)
    with pytest.raises(Refused) as refused:
        do_withdraw_command(roles.supervisor, device_id=TRACKER, command=pursue(), reason=REASON)
    assert refused.value.code is Code.NOT_PERMITTED


def test_a_command_is_taken_back_once_and_only_while_it_waits(database: Database, roles: Cast, tracker: Device) -> None:
    carried(roles)
    asked = ask(roles.operator)
    taken = do_withdraw_command(roles.supervisor, device_id=TRACKER, command=asked.pk, reason=REASON)
    assert (taken.state, taken.outcome) == ("withdrawn", "by_person")
    assert witnesses(database)[-1][0] == "command_withdrawn"
    with pytest.raises(Refused) as refused:
        do_withdraw_command(roles.supervisor, device_id=TRACKER, command=asked.pk, reason=REASON)
    assert refused.value.code is Code.COMMAND_FINISHED
    with pytest.raises(NotFound):
        do_withdraw_command(roles.supervisor, device_id=TRACKER, command=asked.pk + 999, reason=REASON)


def test_a_device_whose_protocol_has_no_words_for_it_can_not_be_asked(roles: Cast, tracker: Device) -> None:
    carried(roles)
    assert spoken_by(tracker) == [CommandKind.INTERVAL, CommandKind.POSITION, CommandKind.MESSAGE]
    with pytest.raises(Refused) as refused:
        ask(roles.operator, CommandKind.BUZZ)
    assert refused.value.code is Code.COMMAND_NOT_SPOKEN
    app = phone(roles.probation)  # the phone app of the OsmAnd protocol listens to nothing
    assert spoken_by(app) == []
    with pytest.raises(Refused) as refused:
        do_ask_device(roles.supervisor, device_id=app.pk, kind=CommandKind.POSITION, reason=REASON)
    assert refused.value.code is Code.COMMAND_NOT_SPOKEN


def test_the_respondent_reads_neutral_texts_of_the_list_or_a_supervisors_own_words(
    database: Database, roles: Cast, tracker: Device
) -> None:
    carried(roles)
    texts = listed_texts(tracker)
    assert {text.language for text in texts} == {"ru", "ky", "uz"}
    assert all(len(text.text) <= TEXT_CHARS_MAX and text.text.isprintable() for text in texts)
    asked = ask(roles.operator, CommandKind.MESSAGE, listed=("charge", "ky"))
    assert asked.text == next(text.text for text in texts if (text.slug, text.language) == ("charge", "ky"))
    assert witnesses(database)[-1][3]["text"] == "charge:ky"
    with pytest.raises(Refused) as refused:
        ask(roles.operator, CommandKind.MESSAGE, text="Позвоните инспектору.")
    assert refused.value.code is Code.NOT_PERMITTED
    own = ask(roles.supervisor, CommandKind.MESSAGE, text="Позвоните инспектору.")
    assert own.text == "Позвоните инспектору."
    assert own.text not in str(witnesses(database)[-1])


@pytest.mark.parametrize(
    "said", [{}, {"text": " "}, {"text": "a\nb"}, {"text": "я" * 201}, {"listed": ("charge", "en_GB")},
             {"listed": ("threat", "ru")}, {"text": "a", "listed": ("charge", "ru")}],
)  # fmt: skip
def test_a_message_that_no_device_can_show_is_refused(roles: Cast, tracker: Device, said: dict[str, Any]) -> None:
    carried(roles)
    with pytest.raises(Refused) as refused:
        ask(roles.supervisor, CommandKind.MESSAGE, **said)
    assert refused.value.code is Code.INVALID


@pytest.mark.parametrize("kind", [CommandKind.MESSAGE, CommandKind.BUZZ])
def test_nothing_is_shown_or_sounded_on_her_device(roles: Cast, tracker: Device, kind: CommandKind) -> None:
    carried(roles, Party.PROTECTED)
    assert CommandKind.MESSAGE not in spoken_by(tracker)
    with pytest.raises(Refused) as refused:
        ask(roles.supervisor, kind)
    assert refused.value.code is Code.NOT_TO_HER_DEVICE
    assert ask(roles.operator).state == "queued"  # a place can be asked for in silence


def test_what_was_sent_though_taken_back_is_witnessed_and_stays_taken_back(
    database: Database, roles: Cast, tracker: Device
) -> None:
    carried(roles)
    asked = ask(roles.operator)
    do_withdraw_command(roles.operator, device_id=TRACKER, command=asked.pk, reason=REASON)
    with database.connect(DatabaseRole.GATEWAY) as gateway, gateway.cursor() as cursor:
        step = Step(command=asked.pk, state=State.SENT, at=clock.now(), outcome=None)
        command_queue.note(cursor, [step], by="system:gateway", at=clock.now())
    asked.refresh_from_db()
    assert (asked.state, asked.outcome, asked.attempts) == ("withdrawn", "by_person", 1)
    assert witnesses(database)[-1][0] == "command_sent"


def test_a_finished_command_has_no_further_state() -> None:
    finished = {State.ANSWERED, State.REFUSED, State.EXPIRED, State.WITHDRAWN}
    assert {state for state, following in TRANSITIONS.items() if not following} == finished
    assert State.QUEUED not in {state for following in TRANSITIONS.values() for state in following}


def test_several_intervals_asked_at_once_leave_only_the_last_one_waiting(
    database: Database, roles: Cast, tracker: Device
) -> None:
    wanted = [
        Wanted(device=TRACKER, kind=CommandKind.INTERVAL, interval_s=seconds, why="pursuit_mode",
               asked_by="decision:1", episode=uuid4(), life=LIFE[CommandKind.INTERVAL], spoken=True)
        for seconds in (15, 15, 10)
    ]  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        ids = command_queue.ask(cursor, wanted, by="system:monitor", at=clock.now())
    states = {row.pk: (row.state, row.outcome) for row in Command.objects.all()}
    replaced = ("withdrawn", Outcome.REPLACED.value)
    assert [states[command] for command in ids] == [replaced, replaced, ("queued", "")]
    assert len({row.serial for row in Command.objects.all()}) == 3


def pursue() -> int:
    """What the monitor writes when the engine wants a device every 15 s."""
    wanted = Wanted(
        device=TRACKER, kind=CommandKind.INTERVAL, interval_s=15, why="pursuit_mode", asked_by="decision:1",
        episode=uuid4(), life=LIFE[CommandKind.INTERVAL], spoken=True,
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        return command_queue.ask(cursor, [wanted], by="system:monitor", at=clock.now())[0]
