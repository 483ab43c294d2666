"""What the monitor takes from the log: everything, in order, and nothing that would make somebody look silent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.engine import State
from aralyk.monitor import intake
from aralyk.monitor.intake import Intake, LogReader, read_batches
from aralyk.monitor.stepping import advance
from aralyk.tracking import log
from aralyk.tracking.log import Batch, Lane, LogGap
from tests.conftest import Database
from tests.monitor.city import City
from tests.monitor.conftest import StartWatch


def take(database: Database, reader: LogReader) -> Intake:
    from aralyk.database import Role

    with database.connect(Role.MONITOR, autocommit=True) as connection, connection.cursor() as cursor:
        return reader.take(cursor)


def test_a_backlog_of_positions_calls_nobody_silent_before_everything_was_read(
    city: City, start_watch: StartWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCHES_MAX", 3)
    order = city.order(starts_before=timedelta(minutes=20))
    began = clock.now() - timedelta(minutes=20)
    for index in range(80):
        at = began + timedelta(seconds=15 * index + 1)
        city.fix(order.hers, at=at)
        city.fix(order.his, at=at, north_m=20_000)
    watch = start_watch()
    turns = 1
    while watch.turn():
        turns += 1
    assert turns > 10
    assert city.rows("SELECT kind FROM incidents_incident") == []
    assert city.rows("SELECT count(*) FROM fix") == [(160,)]


def test_a_cry_for_help_does_not_wait_behind_a_backlog_of_positions(
    city: City, start_watch: StartWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCHES_MAX", 3)
    order = city.order(starts_before=timedelta(minutes=20))
    other = city.order(starts_before=timedelta(minutes=20))
    began = clock.now() - timedelta(minutes=20)
    for index in range(40):
        city.fix(other.hers, at=began + timedelta(seconds=15 * index + 1))
        city.fix(other.his, at=began + timedelta(seconds=15 * index + 1), north_m=20_000)
    city.fix(order.hers, lane=Lane.PANIC, alarms=["sos"])
    watch = start_watch()
    assert watch.turn()
    assert ("panic", order.id) in city.rows("SELECT kind, order_id FROM incidents_incident")
    # The others' positions are still unread, and none of them was called silent for it.
    assert other.id not in {row[0] for row in city.rows("SELECT order_id FROM incidents_incident")}


def test_a_lane_that_stays_behind_raises_an_alarm_until_it_has_caught_up(
    city: City, start_watch: StartWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCHES_MAX", 1)
    order = city.order(starts_before=timedelta(minutes=5))
    for minutes in (4, 3, 2):
        city.fix(order.hers, at=clock.now() - timedelta(minutes=minutes))
    watch = start_watch()
    while watch.turn():
        pass
    assert ("monitor.lag.position", "raised") in city.alarms()
    watch.turn()
    assert city.alarms()[-1] == ("monitor.lag.position", "cleared")


def test_what_gathered_while_the_monitor_was_away_is_no_stall(city: City, start_watch: StartWatch) -> None:
    order = city.order(starts_before=timedelta(minutes=5))
    for minutes in (4, 3, 2):
        city.fix(order.hers, at=clock.now() - timedelta(minutes=minutes))
    watch = start_watch()
    watch.turn()
    watch.turn()
    assert city.alarms() == []


def test_every_batch_is_taken_once_and_in_order_however_small_the_steps(
    city: City, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "BATCHES_MAX", 2)
    for index in range(9):
        city.fix("a", at=clock.now() + timedelta(milliseconds=index))
        city.fix("b", at=clock.now() - timedelta(seconds=index), lane=Lane.STATUS, lat=None)
    reader = LogReader(shard=0, up_to={})
    seen: list[tuple[str, int]] = []
    for _ in range(20):
        seen += [arrival.position[:2] for arrival in take(database, reader).arrivals]
    assert sorted(seen) == [(stream, seq) for stream in ("position/g1", "status/g1") for seq in range(1, 10)]
    assert [seq for name, seq in seen if name == "position/g1"] == list(range(1, 10))


def test_a_hole_in_a_stream_stops_the_reader(city: City, database: Database) -> None:
    from aralyk.database import Role

    for _ in range(3):
        city.fix("a")
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute("ALTER TABLE log_batch DISABLE TRIGGER USER")
        owner.execute("DELETE FROM log_batch WHERE seq = 2")
    with pytest.raises(LogGap):
        take(database, LogReader(shard=0, up_to={}))


@pytest.mark.parametrize(("deleted", "last_seq"), [("seq = 3", 3), ("seq > 1", 1)])
def test_a_stream_that_lost_its_end_stops_the_reader(
    city: City, database: Database, deleted: str, last_seq: int
) -> None:
    from aralyk.database import Role

    for _ in range(3):
        city.fix("a")
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute("ALTER TABLE log_batch DISABLE TRIGGER USER")
        owner.execute(f"DELETE FROM log_batch WHERE {deleted}")
        owner.execute("UPDATE log_stream SET last_seq = %s", (last_seq,))
    with pytest.raises(LogGap):
        take(database, LogReader(shard=0, up_to={"position/g1": 2}))


def test_lines_from_the_quarantine_lane_never_reach_the_engine(city: City, database: Database) -> None:
    city.write("quarantine/g1", [b"\xff"], at=clock.now())
    taken = take(database, LogReader(shard=0, up_to={}))
    assert (taken.batches, taken.poisons) == (0, [])


POISON = st.sampled_from(
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"kind":"frame"}',
        b'{"kind":"other"}',
        b'{"kind":"frame","received_at":"2026-11-21T10:00:00","messages":[]}',
        b'{"kind":"frame","received_at":"2026-11-21T10:00:00Z","messages":[{"lat":"x"}]}',
        b'{"kind":"frame","received_at":"2026-11-21T10:00:00Z","messages":[{"source":"\\u0000"}]}',
        b'{"kind":"frame","received_at":"2026-11-21T10:00:00Z","device":"a\\u0000b","messages":[]}',
        b'{"kind":"control","received_at":"2026-11-21T10:00:00Z","control":[]}',
        b'{"kind":"frame","received_at":"1960-11-21T10:00:00Z","messages":[]}',
    ]
)
GOOD = b'{"device":"a","kind":"frame","messages":[{"lat":1,"lon":2}],"received_at":"2026-11-21T10:00:00Z"}'


@given(st.lists(POISON | st.binary().filter(lambda line: b"\n" not in line) | st.just(GOOD), min_size=1))
def test_any_bytes_are_a_line_or_set_aside_and_block_no_other(lines: list[bytes]) -> None:
    batch = Batch(stream="position/g1", seq=1, received_at=clock.now(), messages=len(lines), payload=b"\n".join(lines))
    arrivals, poisons = read_batches([batch])
    assert len(arrivals) + len(poisons) == len(lines)
    assert len(arrivals) >= lines.count(GOOD)


def test_lines_that_cannot_be_read_are_witnessed_raised_and_block_nothing(city: City, start_watch: StartWatch) -> None:
    order = city.order()
    watch = start_watch()
    at = clock.now()
    city.write("position/g1", [b"not json", city.line(order.hers, at=at), b'{"kind":"frame"}'], at=at)
    watch.turn()
    assert city.rows("SELECT device FROM device_status") == [(order.hers,)]
    aside = city.witnessed("quarantined")
    assert [(entry["stream"], entry["seq"], entry["ordinal"]) for entry in aside] == [
        ("position/g1", 1, 0),
        ("position/g1", 1, 2),
    ]
    assert ("monitor.line", "raised") in city.alarms()


@pytest.mark.parametrize(
    "control",
    [
        {"type": "order", "order": {}},
        {"type": "order", "order": {"order_id": "not-a-uuid"}},
        {"type": "order", "order": 7},
        {"type": "order_ended", "order_id": "6f0c3a52-6a0e-4d0b-9a37-2f6d1b6f1c11"},
        {"type": "order_ended"},
        {"type": "tamper_cleared", "device": 7},
        {"type": "something_new"},
        {},
    ],
)
def test_an_act_that_the_engine_does_not_understand_is_set_aside_and_the_watch_goes_on(
    city: City, start_watch: StartWatch, control: dict[str, object]
) -> None:
    order = city.order()
    city.control(control)
    watch = start_watch()
    city.fix(order.hers)
    city.fix(order.his, north_m=50)
    watch.turn()
    assert len(city.witnessed("quarantined")) == 1
    assert city.rows("SELECT kind FROM incidents_incident") == [("proximity",)]


LINES = st.lists(
    st.tuples(st.sampled_from(["his", "hers"]), st.integers(0, 600), st.floats(0, 3_000)), min_size=1, max_size=12
)


@given(lines=LINES, cuts=st.lists(st.integers(1, 11), max_size=4))
def test_how_arrivals_were_split_into_steps_does_not_change_what_is_decided(
    lines: list[tuple[str, int, float]], cuts: Sequence[int]
) -> None:
    began_us = clock.to_us(clock.parse_iso("2026-11-21T10:00:00Z"))
    told = log.control_line({"type": "order", "order": ORDER, "version": 1}, received_at_us=began_us)
    raw = [
        log.frame_line(
            raw=b"",
            lane=Lane.POSITION,
            messages=[
                {
                    "lat": 42.87 + north_m / 111_000,
                    "lon": 74.6,
                    "fixed_at": clock.iso(began_us + after_s * 1_000_000),
                    "accuracy_m": 8.0,
                    "source": "gnss",
                    "valid": True,
                }
            ],
            protocol="osmand",
            received_at_us=began_us + after_s * 1_000_000,
            device=device,
        )
        for device, after_s, north_m in sorted(lines, key=lambda line: line[1])
    ]
    arrivals, _ = read_batches(
        [
            Batch(stream="control/c", seq=1, received_at=clock.now(), messages=1, payload=told),
            Batch(stream="position/g1", seq=1, received_at=clock.now(), messages=len(raw), payload=b"\n".join(raw)),
        ]
    )
    end_us = began_us + 3_600_000_000
    whole = [judgement.body for judgement in advance(State.empty(), arrivals, now_us=end_us).judgements]
    split: list[bytes] = []
    state = State.empty()
    edges = [0, *sorted({cut for cut in cuts if cut < len(arrivals)}), len(arrivals)]
    for start, stop in itertools.pairwise(edges):
        now_us = end_us if stop == len(arrivals) else arrivals[stop - 1].received_us
        split += [judgement.body for judgement in advance(state, arrivals[start:stop], now_us=now_us).judgements]
    assert split == whole


ORDER = {
    "order_id": "6f0c3a52-6a0e-4d0b-9a37-2f6d1b6f1c11",
    "starts_at": "2026-11-21T09:00:00Z",
    "expires_at": "2026-12-21T09:00:00Z",
    "timezone": "Asia/Bishkek",
    "respondent": {"devices": [{"id": "his", "kind": "bracelet", "interval_s": 60}]},
    "protected": [{"id": "p1", "devices": [{"id": "hers", "kind": "phone", "interval_s": 60}]}],
    "conditions": [{"id": "c1", "kind": "proximity", "protected": "p1", "distance_m": 500, "warning_m": 1000}],
}
