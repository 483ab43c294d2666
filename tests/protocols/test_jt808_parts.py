"""Messages in parts lose nothing that was acknowledged, and no picture of anybody is kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import Decoded, Session
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.jt808 import CODEC
from aralyk.protocols.jt808.encoder import Terminal, location_of
from aralyk.protocols.jt808.parts import HELD_BYTES_MAX, PARTS
from aralyk.protocols.jt808.splitter import DelimiterSplitter
from aralyk.protocols.jt808.wire import opened
from aralyk.protocols.messages import Alarm, Message
from tests.protocols.samples import check_message

ID = "13800138000"
START_US = 1_763_719_200_000_000
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(7)) * 90


def fix(number: int = 0, *alarms: Alarm) -> Message:
    at_us = START_US + number * 60_000_000
    return Message(fixed_at_us=at_us, lat=42.87461 + number / 1000, lon=74.56982, valid=True, alarms=alarms)


def batch(*messages: Message) -> bytes:
    records = [location_of(message) for message in messages]
    head = len(records).to_bytes(2, "big") + b"\x01"
    return head + b"".join(len(record).to_bytes(2, "big") + record for record in records)


class Connection:
    """Hears frames in their order, as the gateway does: with what the earlier ones said about the later ones."""

    def __init__(self) -> None:
        self.terminal = Terminal(device_id=ID)
        self.context: dict[str, str] = {}

    def hear(self, kind: int, body: bytes, part: tuple[int, int] | None = None) -> Decoded:
        (frame,) = DelimiterSplitter().feed(self.terminal.encode(kind, body, part=part))
        assert isinstance(frame, bytes)
        decoded = CODEC.decode(frame, Session(context=self.context))
        self.context |= decoded.context or {}
        return decoded

    def hear_parts(self, kind: int, *bodies: bytes) -> list[Decoded]:
        return [self.hear(kind, body, (len(bodies), number)) for number, body in enumerate(bodies, 1)]


def places(*decoded: Decoded) -> list[tuple[float | None, int | None]]:
    return [(message.lat, message.fixed_at_us) for one in decoded for message in one.messages]


@given(cuts=st.lists(st.integers(0, 300), max_size=6))
def test_kept_positions_that_came_in_parts_are_all_read_wherever_the_message_was_cut(cuts: list[int]) -> None:
    said = [fix(number) for number in range(9)]
    body = batch(*said)
    marks = [0, *sorted(min(cut, len(body)) for cut in cuts if cut >= 3), len(body)]
    bodies = [body[start:end] for start, end in pairwise(marks)]
    connection = Connection()
    decoded = connection.hear_parts(0x0704, *bodies) if len(bodies) > 1 else [connection.hear(0x0704, body)]
    assert [at for _, at in places(*decoded)] == [message.fixed_at_us for message in said]
    assert connection.context.get(PARTS, "") == ""


def test_each_part_is_acknowledged_and_its_whole_records_wait_for_no_other_part() -> None:
    body = batch(fix(0), fix(1), fix(2))
    first, second = Connection().hear_parts(0x0704, body[:50], body[50:])
    assert len(first.messages) == 1
    assert len(second.messages) == 2
    for number, decoded in enumerate((first, second)):
        assert decoded.answer is not None
        answer = opened(decoded.answer)
        assert (answer.kind, answer.part) == (0x8001, None)
        assert answer.body == number.to_bytes(2, "big") + b"\x07\x04\x00"


def test_a_panic_in_a_record_that_was_cut_is_told_before_the_rest_of_it_comes() -> None:
    body = batch(fix(0, Alarm.SOS))
    first, second = Connection().hear_parts(0x0704, body[:12], body[12:])
    assert [message.alarms for message in first.messages] == [(Alarm.SOS,)]
    (whole,) = second.messages
    assert whole.alarms == (Alarm.SOS,)
    assert whole.lat == pytest.approx(42.87461)


def test_after_a_part_that_was_not_heard_the_others_are_marked_and_never_read_as_something_else() -> None:
    body = batch(*(fix(number) for number in range(9)))
    connection = Connection()
    connection.hear(0x0704, body[:100], (3, 1))
    last = connection.hear(0x0704, body[200:], (3, 3))
    assert [message.extra for message in last.messages] == [{"unread_part_of": "0704"}]
    assert places(last) == [(None, None)]
    assert last.answer is not None


def test_a_part_of_another_connection_is_not_joined() -> None:
    body = batch(fix(0), fix(1))
    Connection().hear(0x0704, body[:50], (2, 1))
    other = Connection().hear(0x0704, body[50:], (2, 2))
    assert [message.extra for message in other.messages] == [{"unread_part_of": "0704"}]


def test_a_position_whose_items_came_in_parts_is_read_at_once_and_whole_at_the_end() -> None:
    body = location_of(fix()) + b"\x31\x01\x07" + b"\xf2\x06abcdef"
    first, middle, last = Connection().hear_parts(0x0200, body[:28], body[28:33], body[33:])
    assert places(first) == places(last)
    assert middle.messages == ()
    assert (last.messages[0].extra["satellites"], last.messages[0].extra["firmware"]) == (7, "abcdef")


def test_a_heartbeat_between_two_parts_changes_nothing() -> None:
    body = batch(fix(0), fix(1))
    connection = Connection()
    connection.hear(0x0704, body[:50], (2, 1))
    connection.hear(0x0002, b"")
    assert len(connection.hear(0x0704, body[50:], (2, 2)).messages) == 1


def test_what_is_held_for_a_connection_is_bounded() -> None:
    connection = Connection()
    bodies = [bytes(1000)] * 20
    decoded = connection.hear_parts(0x0900, *bodies)
    assert max(len((one.context or {}).get(PARTS, "")) for one in decoded) <= 2 * HELD_BYTES_MAX + 40
    assert decoded[-1].messages[0].extra == {"unread_part_of": "0900"}


@given(
    kind=st.sampled_from([0x0200, 0x0210, 0x0704, 0x0801, 0x0800, 0x0900, 0x0104, 0x8888]),
    bodies=st.lists(st.binary(max_size=60), min_size=1, max_size=4),
    total=st.integers(0, 4),
    context=st.dictionaries(st.sampled_from([PARTS, "version"]), st.text(max_size=30), max_size=2),
)
def test_any_parts_give_messages_or_a_protocol_error(
    kind: int, bodies: list[bytes], total: int, context: dict[str, str]
) -> None:
    connection = Connection()
    connection.context = context
    for number, body in enumerate(bodies):
        try:
            decoded = connection.hear(kind, body, (total, number))
        except ProtocolError:
            continue
        for message in decoded.messages:
            check_message(message)


# pictures


def picture(event: int = 0, *, position: bytes = b"", number: int = 7) -> bytes:
    return number.to_bytes(4, "big") + bytes([0, 0, event, 1]) + position + JPEG


def kept_of(decoded: Decoded) -> Decoded:
    assert decoded.kept is not None
    return CODEC.decode(decoded.kept, Session())


def test_a_picture_that_a_terminal_sends_by_itself_is_acknowledged_and_not_kept() -> None:
    decoded = Connection().hear(0x0801, picture())
    assert decoded.answer is not None
    answer = opened(decoded.answer)
    assert (answer.kind, answer.body) == (0x8800, (7).to_bytes(4, "big"))
    assert decoded.kept is not None
    assert JPEG[:8] not in decoded.kept
    assert kept_of(decoded).messages == decoded.messages  # what the log keeps reads as what came
    assert decoded.messages[0].extra["media"] == "picture"


def test_a_picture_in_parts_is_acknowledged_part_by_part_and_whole_at_the_end() -> None:
    body = picture()
    decoded = Connection().hear_parts(0x0801, body[:200], body[200:400], body[400:])
    kinds = [opened(one.answer).kind for one in decoded if one.answer]
    assert kinds == [0x8001, 0x8001, 0x8800]
    assert [len(one.messages) for one in decoded] == [1, 0, 0]
    for one in decoded:
        assert one.kept is not None
        assert len(one.kept) < 40
        assert kept_of(one).answer is not None
    assert all(len(one.context[PARTS]) < 30 for one in decoded if one.context)  # its number, and nothing of it


def test_a_picture_with_a_missing_part_is_not_called_complete() -> None:
    connection, body = Connection(), picture()
    connection.hear(0x0801, body[:200], (3, 1))
    last = connection.hear(0x0801, body[400:], (3, 3))
    assert last.answer is not None
    assert opened(last.answer).kind == 0x8001


@pytest.mark.parametrize("kind", [0x0800, 0x0801])
def test_a_recording_that_a_panic_button_began_is_a_panic(kind: int) -> None:
    body = picture(event=2) if kind == 0x0801 else picture(event=2)[:8]
    (message,) = Connection().hear(kind, body).messages
    assert message.alarms == (Alarm.SOS,)


@pytest.mark.parametrize(("event", "alarms"), [(0, ()), (1, ()), (3, (Alarm.OTHER,)), (9, (Alarm.OTHER,))])
def test_why_something_was_recorded_is_read(event: int, alarms: tuple[Alarm, ...]) -> None:
    (message,) = Connection().hear(0x0801, picture(event=event)).messages
    assert (message.alarms, message.extra["media_event"]) == (alarms, event)


def test_the_place_of_a_recording_is_read_and_content_is_never_taken_for_one() -> None:
    placed = Connection().hear(0x0801, picture(event=3, position=location_of(fix(0, Alarm.SOS))))
    (message,) = placed.messages
    assert message.lat == pytest.approx(42.87461)
    assert message.fixed_at_us == START_US
    assert set(message.alarms) == {Alarm.OTHER, Alarm.SOS}
    assert kept_of(placed).messages == placed.messages
    (message,) = Connection().hear(0x0801, picture()).messages
    assert (message.lat, message.fixed_at_us, "unreadable" in message.extra) == (None, None, False)
