"""Frames that look like a replay, a second sender or a turned-back count are kept, marked and told once."""

from __future__ import annotations

from collections.abc import Sequence as Steps
from dataclasses import dataclass
from pathlib import Path

import pytest

from aralyk.gateway.findings import EPISODE_US, DeviceAlarms
from aralyk.gateway.suspicion import Doubts, Suspicion
from aralyk.protocols.codec import Decoded, Sequence
from aralyk.protocols.messages import Message
from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, register, rows, standing_alarms, stored_lines, tcp, until

IMEI = "860000000000017"
MINUTE_US = 60_000_000
RESEND_S = 300.0


@dataclass(slots=True)
class Tracker:
    """Speaks to `Doubts`, one frame a minute unless told otherwise."""

    doubts: Doubts
    now_us: int = 1_760_000_000_000_000

    def say(
        self,
        frame: bytes = b"frame",
        *,
        fixed_us: int | None = None,
        number: int | None = None,
        last: int = 65_535,
        link: object = 1,
        source: str = "here",
        read_us: int | None = None,
        after_us: int = MINUTE_US,
    ) -> Steps[Suspicion]:
        self.now_us += after_us
        decoded = Decoded(
            device_id=IMEI,
            messages=() if fixed_us is None else (Message(device_id=IMEI, fixed_at_us=fixed_us),),
            sequence=None if number is None else Sequence(number=number, last=last),
        )
        return self.doubts.of_frame(
            IMEI, frame, decoded, link=link, source=source, read_us=read_us or self.now_us, now_us=self.now_us
        )

    def live(self, minutes: int) -> list[bytes]:
        """Frames as they come; none is odd."""
        frames = []
        for _ in range(minutes):
            frames.append(b"at %d" % (self.now_us + MINUTE_US))
            assert self.say(frames[-1], fixed_us=self.now_us + MINUTE_US) == ()
        return frames


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(Doubts(resend_s=RESEND_S))


def time_in(frame: bytes) -> int:
    return int(frame.removeprefix(b"at "))


def test_the_same_bytes_long_after_the_device_went_on_are_a_replay(tracker: Tracker) -> None:
    frames = tracker.live(20)
    assert tracker.say(frames[0], fixed_us=time_in(frames[0])) == (Suspicion.REPLAY,)
    tracker.live(1)


def test_a_backlog_sent_again_when_no_answer_came_is_no_replay(tracker: Tracker) -> None:
    backlog = [b"at %d" % (tracker.now_us - minute * MINUTE_US) for minute in range(200, 0, -1)]
    for link in (1, 2, 3):
        for frame in backlog:
            assert tracker.say(frame, fixed_us=time_in(frame), link=link, after_us=100_000) == ()


def test_a_device_that_was_away_for_hours_may_send_again_what_it_sent_last(tracker: Tracker) -> None:
    frames = tracker.live(5)
    tracker.now_us += 180 * MINUTE_US
    for frame in frames:
        assert tracker.say(frame, fixed_us=time_in(frame), link=2, after_us=0) == ()


def test_signs_of_life_are_alike_and_no_replay(tracker: Tracker) -> None:
    tracker.live(20)
    assert {tracker.say(b"alive") for _ in range(50)} == {()}


def test_a_place_that_does_not_change_is_no_replay(tracker: Tracker) -> None:
    assert {tracker.say(b"same", fixed_us=1_700_000_000_000_000) for _ in range(50)} == {()}


def test_a_count_that_steps_back_within_a_connection_is_marked(tracker: Tracker) -> None:
    for number in (1000, 1001, 1002):
        assert tracker.say(number=number) == ()
    assert tracker.say(number=500) == (Suspicion.SEQUENCE,)


@pytest.mark.parametrize(
    ("before", "after", "link"),
    [(1000, 900, 1), (65_535, 0, 1), (65_530, 20, 1), (1000, 1, 1), (1000, 3, 1), (1000, 500, 2), (1000, 1700, 1)],
    ids=["resend", "wrap", "wrap with loss", "restart", "restart with loss", "new connection", "loss"],
)
def test_honest_counts_are_not_marked(tracker: Tracker, before: int, after: int, link: int) -> None:
    assert tracker.say(number=before) == ()
    assert tracker.say(number=after, link=link) == ()


def test_a_device_that_counts_two_kinds_of_frames_apart_is_marked_once_at_most(tracker: Tracker) -> None:
    marks = [tracker.say(number=start + step) for step in range(50) for start in (1000, 400)]
    assert [mark for mark in marks if mark] == [(Suspicion.SEQUENCE,)]
    assert {tracker.say(number=start + step, link=2) for step in range(50, 90) for start in (1000, 400)} == {()}


def test_a_count_of_one_byte_wraps_and_is_not_marked(tracker: Tracker) -> None:
    for number in range(1000):
        assert tracker.say(number=number % 256, last=255) == ()


def test_two_connections_from_two_addresses_in_turn_are_a_clone(tracker: Tracker) -> None:
    turns = [tracker.say(link=link, source=source) for link, source in [(1, "here"), (2, "there")] * 3]
    assert turns == [(), (), (), (Suspicion.CLONE,), (Suspicion.CLONE,), (Suspicion.CLONE,)]


def test_a_device_that_moves_from_address_to_address_is_no_clone(tracker: Tracker) -> None:
    for link in range(50):
        assert tracker.say(link=link, source=f"address {link % 2}") == ()


def test_frames_on_their_way_when_the_address_changed_are_no_clone(tracker: Tracker) -> None:
    tracker.say(link=1, source="here")
    held_us = tracker.now_us
    for _ in range(20):
        assert tracker.say(link=2, source="there", after_us=1000) == ()
        assert tracker.say(link=1, source="here", after_us=1000, read_us=held_us) == ()


def test_an_alarm_is_raised_once_an_episode_and_ends_when_it_is_quiet() -> None:
    alarms = DeviceAlarms()
    alarms.note(IMEI, ["clone"], at_us=0)
    assert alarms.take(1) == ({IMEI: ["clone"]}, [])
    alarms.note(IMEI, ["clone"], at_us=2)
    assert alarms.take(3) == ({}, [])
    alarms.note(IMEI, ["replay"], at_us=4)
    assert alarms.take(5) == ({IMEI: ["clone", "replay"]}, [])
    assert alarms.take(EPISODE_US) == ({}, [])
    assert alarms.take(EPISODE_US + 10) == ({}, [IMEI])
    alarms.forget([IMEI], EPISODE_US + 10)
    alarms.note(IMEI, ["clone"], at_us=EPISODE_US + 11)
    assert alarms.take(EPISODE_US + 12) == ({IMEI: ["clone"]}, [])


def fix(second: int) -> bytes:
    return f"@GPSD,{IMEI},R,20261121,1000{second:02d},42.87461,N,074.56982,E,5,111,760,72,L,$".encode()


def await_places(count: int) -> None:
    until(lambda: len(stored_lines("position/g1")) == count, "it is stored")


def test_a_clone_is_heard_marked_and_told_once(database: Database, tmp_path: Path) -> None:
    register(IMEI, "r16h")
    with GatewayProcess(tmp_path) as gateway, tcp(gateway) as own, tcp(gateway, source="127.0.0.2") as foreign:
        for second in range(10):
            (foreign if second % 2 else own).sendall(fix(second))
            await_places(second + 1)
        until(standing_alarms, "people are told")
        assert gateway.stop() == 0
    marks = [line.suspect for line in stored_lines("position/g1")]
    assert marks == [[], [], []] + [["clone"]] * 7
    assert standing_alarms() == {f"device.{IMEI}": {"what": ["clone"]}}
    kinds = rows(
        "SELECT count(*) FROM evidence_entry WHERE kind = 'alarm_raised' AND subject = 'component:device.' || %(id)s",
        id=IMEI,
    )
    assert kinds == [(1,)]


def test_a_replay_is_kept_and_marked(database: Database, tmp_path: Path) -> None:
    register(IMEI, "r16h")
    with GatewayProcess(tmp_path, resend_s=0) as gateway:
        with tcp(gateway) as link:
            for second in range(3):
                link.sendall(fix(second))
                await_places(second + 1)
        with tcp(gateway, source="127.0.0.2") as again:
            again.sendall(fix(0))
            await_places(4)
        until(standing_alarms, "people are told")
    assert [line.suspect for line in stored_lines("position/g1")] == [[], [], [], ["replay"]]
