"""The log: gapless numbers, lines as they were hashed, and what a reader is promised."""

from __future__ import annotations

import threading

import msgspec
import psycopg
import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.ledger import merkle
from aralyk.tracking import log
from aralyk.tracking.log import Lane, LogGap
from tests.conftest import Database

BY = "system:gateway"


def lines(count: int) -> list[bytes]:
    return [
        log.frame_line(
            raw=b"x",
            lane=Lane.POSITION,
            messages=[{"lat": 42.0, "lon": 74.0}],
            protocol="osmand",
            received_at_us=clock.now_us(),
            device="d1",
        )
        for _ in range(count)
    ]


def append(connection: psycopg.Connection[tuple[object, ...]], count: int = 1, stream: str = "position/g1") -> int:
    with connection.transaction(), connection.cursor() as cursor:
        return log.append(cursor, stream=stream, lines=lines(count), received_at=clock.now(), by=BY)


def test_sequence_numbers_have_no_hole_when_a_writer_rolls_back(database: Database) -> None:
    with database.connect(Role.GATEWAY, autocommit=True) as connection:
        assert append(connection) == 1
        with connection.transaction(force_rollback=True), connection.cursor() as cursor:
            assert log.append(cursor, stream="position/g1", lines=lines(1), received_at=clock.now(), by=BY) == 2
        assert append(connection) == 2


def test_concurrent_writers_get_numbers_in_the_order_of_their_commits(database: Database) -> None:
    def write() -> None:
        with database.connect(Role.GATEWAY, autocommit=True) as connection:
            for _ in range(20):
                append(connection)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        batches = list(log.read_after(cursor, stream="position/g1", seq=0, limit=1000))
    assert [batch.seq for batch in batches] == list(range(1, 81))


def test_the_stored_root_is_that_of_the_stored_lines(database: Database) -> None:
    with database.connect(Role.GATEWAY, autocommit=True) as connection:
        append(connection, 5)
    with database.connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        (batch,) = log.read_after(cursor, stream="position/g1", seq=0, limit=10)
        (root,) = cursor.execute("SELECT root FROM log_batch").fetchone() or (b"",)
    assert merkle.root_of_leaf_hashes([merkle.leaf_hash(line) for line in batch.lines()]) == bytes(root)


def test_a_reader_stops_at_a_hole_and_never_reads_over_it(database: Database) -> None:
    with database.connect(Role.GATEWAY, autocommit=True) as connection:
        for _ in range(3):
            append(connection)
    with database.connect(Role.OWNER, autocommit=True) as owner:
        owner.execute("ALTER TABLE log_batch DISABLE TRIGGER USER")
        owner.execute("DELETE FROM log_batch WHERE seq = 2")
    with database.connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        reader = log.read_after(cursor, stream="position/g1", seq=0, limit=10)
        assert next(reader).seq == 1
        with pytest.raises(LogGap) as found:
            next(reader)
    assert (found.value.stream, found.value.expected, found.value.found) == ("position/g1", 2, 3)


def test_a_reader_gets_whole_batches_and_about_as_many_lines_as_it_asked_for(database: Database) -> None:
    with database.connect(Role.GATEWAY, autocommit=True) as connection:
        for _ in range(4):
            append(connection, 10)
    with database.connect(Role.MONITOR) as connection, connection.cursor() as cursor:
        read = list(log.read_after(cursor, stream="position/g1", seq=1, limit=10, lines_max=11))
        one = list(log.read_after(cursor, stream="position/g1", seq=1, limit=10, lines_max=1))
    assert [batch.seq for batch in read] == [2, 3]
    assert [batch.seq for batch in one] == [2]


def test_a_reader_takes_no_more_bytes_at_once_than_it_asks_for_but_always_one_batch(database: Database) -> None:
    with database.connect(Role.GATEWAY, autocommit=True) as connection:
        for count in (1, 400, 1, 1):  # one of them is long enough to be compressed and kept aside
            append(connection, count)
    with database.connect(Role.MONITOR) as connection, connection.cursor(binary=True) as cursor:
        sizes = [len(batch.payload) for batch in log.read_after(cursor, stream="position/g1", seq=0, limit=10)]

        def read(bytes_max: int) -> list[int]:
            found = log.read_after(cursor, stream="position/g1", seq=0, limit=10, bytes_max=bytes_max)
            return [batch.seq for batch in found]

        assert read(1) == [1]
        assert read(sizes[0]) == [1]
        assert read(sizes[0] + 1) == read(sizes[0] + sizes[1]) == [1, 2]
        assert read(sum(sizes[:2]) + 1) == [1, 2, 3]


def test_the_database_refuses_to_change_what_was_logged(database: Database) -> None:
    with database.connect(Role.GATEWAY, autocommit=True) as connection:
        append(connection)
    with database.connect(Role.OWNER, autocommit=True) as owner:
        for statement in ("UPDATE log_batch SET payload = 'x'", "DELETE FROM log_batch", "TRUNCATE log_batch"):
            with pytest.raises(psycopg.errors.RestrictViolation):
                owner.execute(statement)


@pytest.mark.parametrize(
    ("role", "own", "others"),
    [
        (Role.GATEWAY, ("panic/g1", "quarantine/g1"), ("control/c", "control/away-0")),
        (Role.MONITOR, ("control/away-0",), ("control/c", "panic/g1", "position/release")),
        (Role.CONSOLE, ("control/c", "panic/release"), ("control/away-0", "panic/g1", "quarantine/g1")),
    ],
)
def test_nobody_writes_a_stream_of_another(
    database: Database, role: Role, own: tuple[str, ...], others: tuple[str, ...]
) -> None:
    with database.connect(Role.OWNER, autocommit=True) as owner:
        for stream in others:
            append(owner, stream=stream)
    with database.connect(role, autocommit=True) as connection:
        for stream in own:
            assert append(connection, stream=stream) == 1
        for stream in others:
            for statement in (
                "UPDATE log_stream SET last_seq = last_seq + 1 WHERE stream = %(stream)s",
                (
                    "INSERT INTO log_batch (stream, seq, shard, received_at, messages, root, payload)"
                    " SELECT %(stream)s, 2, 0, now(), 1, root, payload FROM log_batch WHERE stream = %(stream)s"
                ),
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement, {"stream": stream})
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE log_stream SET stream = 'panic/x' WHERE last_seq = 0")


def test_a_line_break_inside_a_line_is_refused(database: Database) -> None:
    with (
        database.connect(Role.GATEWAY) as connection,
        connection.cursor() as cursor,
        pytest.raises(ValueError, match="line break"),
    ):
        log.append(cursor, stream="position/g1", lines=[b'{"a":\n1}'], received_at=clock.now(), by=BY)


@pytest.mark.parametrize(
    ("messages", "lane"),
    [
        ([{"lat": 1.0, "alarms": ["low_battery"]}, {"alarms": ["sos"]}], Lane.PANIC),
        ([{"lat": 1.0, "strap": "open"}], Lane.TAMPER),
        ([{"alarms": ["jamming"]}], Lane.TAMPER),
        ([{"lat": 1.0}, {"battery_pct": 5}], Lane.POSITION),
        ([{"battery_pct": 5}], Lane.STATUS),
        ([], Lane.STATUS),
    ],
)
def test_the_most_urgent_message_decides_the_lane(messages: list[dict[str, object]], lane: Lane) -> None:
    assert log.lane_of(messages) is lane


def test_no_two_lines_have_the_same_salt_whichever_thread_writes_them() -> None:
    drawn: list[str] = []

    def draw() -> None:
        drawn.extend(log.new_salt() for _ in range(3 * log.SALTS_AT_ONCE))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(drawn) == 12 * log.SALTS_AT_ONCE
    assert {len(bytes.fromhex(salt)) for salt in drawn} == {log.SALT_BYTES}


def test_a_line_has_its_members_in_the_order_of_the_alphabet_and_nothing_that_is_empty() -> None:
    line = log.frame_line(
        raw=b"x",
        lane=Lane.POSITION,
        messages=[{"lon": 74.0, "lat": 42.0}],
        protocol="gt06",
        received_at_us=0,
        device="d1",
        context={"z": "1", "a": "2"},
        suspect=["replay"],
        heard_at_us=1,
    )
    said = msgspec.json.decode(line)
    assert line == msgspec.json.encode(said, order="sorted")
    assert said.keys() == {
        "context", "device", "frame", "heard_at", "kind", "lane", "messages", "protocol", "received_at", "salt",
        "suspect",
    }  # fmt: skip
    bare = log.frame_line(raw=b"", lane=Lane.QUARANTINE, messages=[], protocol="gt06", received_at_us=0, device=None)
    assert msgspec.json.decode(bare).keys() == {
        "frame", "kind", "lane", "messages", "protocol", "received_at", "salt",
    }  # fmt: skip
