"""A device hears what was asked of it at its next contact, again until it answers, and never after that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.devices import command_queue
from aralyk.devices.command_queue import Outcome, Wanted
from aralyk.gateway.outbox import RESEND_S, TAKEN_MAX, Outbox
from aralyk.protocols import registry
from aralyk.protocols.codec import Codec, Session
from aralyk.protocols.commands import CommandAnswer, CommandKind
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.gateway.driving import register, rows, until

DEVICE, OTHER = "tracker-1", "tracker-2"
SESSION = Session(device_id=DEVICE)


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.fixture
def codec() -> Codec:
    return registry()[PROTOCOL]


@pytest.fixture
def outbox(database: Database) -> Iterator[Outbox]:
    register(DEVICE, PROTOCOL)
    register(OTHER, PROTOCOL)
    running = Outbox()
    running.start()
    yield running
    running.stop()
    running._thread.join(10)


def ask(*, device: str = DEVICE, kind: CommandKind = CommandKind.POSITION, life_s: float = 600, **asked: Any) -> int:
    """As the console asks."""
    wanted = Wanted(
        device=device, kind=kind, why="test", asked_by="user:1", life=timedelta(seconds=life_s), spoken=True, **asked
    )
    with connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
        return command_queue.ask(cursor, [wanted], by="user:1", at=clock.now())[0]


def taken(outbox: Outbox, codec: Codec, what: str = "the gateway knows of the command") -> list[bytes]:
    return until(lambda: outbox.take(codec, SESSION), what)  # type: ignore[no-any-return]


def row(command: int) -> tuple[Any, ...]:
    ((state, outcome, attempts, finished),) = rows(
        "SELECT state, outcome, attempts, finished_at IS NOT NULL FROM devices_command WHERE id = %(id)s", id=command
    )
    return state, outcome, attempts, finished


def sent_times(command: int, times: int) -> bool:
    return bool(row(command)[2] == times)


def witnessed() -> list[str]:
    found = rows("SELECT kind FROM evidence_entry WHERE kind LIKE 'command%%' ORDER BY id", none=None)
    return [kind for (kind,) in found]


class Later:
    """The domain's clock, moved on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def by(self, seconds: float) -> datetime:
        later = clock.now() + timedelta(seconds=seconds)
        anchor = clock.Anchor(wall_s=later.timestamp(), monotonic_ns=time.monotonic_ns())
        self._monkeypatch.setattr(clock, "_clock", clock.SteadyClock(None, anchor))
        return later


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    return Later(monkeypatch)


def test_a_command_goes_out_at_the_devices_next_contact_and_is_witnessed(outbox: Outbox, codec: Codec) -> None:
    command = ask(kind=CommandKind.INTERVAL, interval_s=15)
    ((serial,),) = rows("SELECT serial FROM devices_command", none=None)
    assert taken(outbox, codec) == [f"{serial} interval 15\n".encode()]
    until(lambda: row(command) == ("sent", "", 1, False), "the sending is written down")
    assert witnessed() == ["command_asked", "command_sent"]
    assert outbox.take(codec, SESSION) == []  # not again at every frame


def test_a_device_never_hears_what_another_was_asked(outbox: Outbox, codec: Codec) -> None:
    ask(device=OTHER)
    until(lambda: OTHER in outbox._waiting, "the gateway knows of the command")
    assert outbox.take(codec, SESSION) == []
    assert outbox.take(codec, Session()) == []


@pytest.mark.parametrize(
    ("accepted", "state", "outcome"),
    [(True, "answered", "accepted"), (None, "answered", "own_words"), (False, "refused", "by_device")],
)
def test_an_answer_ends_the_command(
    outbox: Outbox, codec: Codec, accepted: bool | None, state: str, outcome: str
) -> None:
    command = ask()
    ((serial,),) = rows("SELECT serial FROM devices_command", none=None)
    taken(outbox, codec)
    outbox.answered(DEVICE, CommandAnswer(serial=serial, accepted=accepted))
    until(lambda: row(command) == (state, outcome, 1, True), "the answer is written down")
    assert witnessed() == ["command_asked", "command_sent", f"command_{state}"]


def test_an_answer_without_a_serial_means_the_oldest_that_was_sent(outbox: Outbox, codec: Codec) -> None:
    first, second = ask(), ask()
    until(lambda: len(outbox._waiting.get(DEVICE, ())) == 2, "the gateway knows of both")
    assert len(outbox.take(codec, SESSION)) == 2
    outbox.answered(DEVICE, CommandAnswer(accepted=True))
    until(lambda: row(first)[0] == "answered", "the answer is written down")
    assert row(second)[0] == "sent"


def test_an_answer_to_what_was_never_sent_changes_nothing(outbox: Outbox, codec: Codec) -> None:
    command = ask()
    until(lambda: DEVICE in outbox._waiting, "the gateway knows of the command")
    ((serial,),) = rows("SELECT serial FROM devices_command", none=None)
    for answer in (CommandAnswer(serial=serial, accepted=True), CommandAnswer(accepted=True)):
        outbox.answered(DEVICE, answer)
    outbox.answered(OTHER, CommandAnswer(accepted=True))
    assert len(taken(outbox, codec)) == 1
    assert row(command)[0] in ("queued", "sent")


def test_an_unanswered_command_is_sent_again_with_growing_pauses(outbox: Outbox, codec: Codec, later: Later) -> None:
    command = ask(life_s=3600)
    first = taken(outbox, codec)
    for attempt, pause_s in enumerate(RESEND_S[:3], 2):
        later.by(pause_s - 5)
        assert outbox.take(codec, SESSION) == []
        later.by(6)
        assert outbox.take(codec, SESSION) == first
        until(partial(sent_times, command, attempt), "the sending is written down")


def test_a_command_that_was_not_answered_in_time_expires(outbox: Outbox, codec: Codec, later: Later) -> None:
    command = ask(life_s=60)
    taken(outbox, codec)
    until(lambda: row(command)[0] == "sent", "the sending is written down")
    later.by(61)
    assert outbox.take(codec, SESSION) == []
    with connect(Role.GATEWAY) as connection, connection.cursor() as cursor:
        assert command_queue.expire(cursor, by="system:gateway", at=clock.now()) == 1
        assert command_queue.expire(cursor, by="system:gateway", at=clock.now()) == 0
    assert row(command) == ("expired", "not_heard", 1, True)
    assert witnessed()[-1] == "command_expired"


def test_a_command_taken_back_is_not_sent(outbox: Outbox, codec: Codec) -> None:
    command = ask()
    until(lambda: DEVICE in outbox._waiting, "the gateway knows of the command")
    with connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
        command_queue.withdraw(cursor, commands=[command], outcome=Outcome.BY_PERSON, by="user:1", at=clock.now())
    until(lambda: DEVICE not in outbox._waiting, "the gateway knows that it was taken back")
    assert outbox.take(codec, SESSION) == []


def test_where_the_protocol_has_no_answers_sent_is_the_end_and_says_so(outbox: Outbox) -> None:
    from aralyk.protocols.plainspoken import UNANSWERED  # type: ignore[import-not-found]

    command = ask()
    taken(outbox, UNANSWERED)
    until(lambda: row(command) == ("sent", "no_answers", 1, True), "the sending is written down")
    assert outbox.take(UNANSWERED, SESSION) == []


def test_what_the_model_has_no_words_for_is_refused_at_the_contact(outbox: Outbox, codec: Codec) -> None:
    command = ask(kind=CommandKind.BUZZ)
    until(lambda: DEVICE in outbox._waiting, "the gateway knows of the command")
    assert outbox.take(codec, SESSION) == []
    until(lambda: row(command) == ("refused", "not_spoken", 0, True), "the refusal is written down")


def test_commands_of_a_request_are_its_answers_body(outbox: Outbox, codec: Codec) -> None:
    from aralyk.protocols.plainspoken import OVER_HTTP

    ask(kind=CommandKind.MESSAGE, text="Зарядите устройство.")
    body = until(lambda: outbox.body(OVER_HTTP, SESSION), "the gateway knows of the command")
    assert body.endswith(" message Зарядите устройство.\n".encode())
    assert outbox.body(OVER_HTTP, SESSION) is None
    assert outbox.body(codec, SESSION) is None  # no request to answer


def test_one_contact_carries_a_few_commands_and_the_next_one_the_rest(outbox: Outbox, codec: Codec) -> None:
    for _ in range(TAKEN_MAX + 1):
        ask()
    until(lambda: len(outbox._waiting.get(DEVICE, ())) == TAKEN_MAX + 1, "the gateway knows of all")
    assert [len(outbox.take(codec, SESSION)) for _ in range(3)] == [TAKEN_MAX, 1, 0]


def test_a_gateway_that_starts_again_knows_what_was_sent_and_waits_for_its_answer(outbox: Outbox, codec: Codec) -> None:
    command = ask()
    taken(outbox, codec)
    until(lambda: row(command)[0] == "sent", "the sending is written down")
    again = Outbox()
    again.start()
    until(lambda: DEVICE in again._waiting, "the new gateway reads the queue")
    assert again.take(codec, SESSION) == []  # its pause has not passed
    again.answered(DEVICE, CommandAnswer(accepted=True))
    until(lambda: row(command)[0] == "answered", "the answer is written down")
    again.stop()
    again._thread.join(10)
