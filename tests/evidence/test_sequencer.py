"""Every committed entry gets one place, without a hole, whatever dies on the way."""

import os
import random
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.evidence import tree
from aralyk.evidence.keys import SigningKey
from aralyk.evidence.kinds import SEALED_AT_ONCE, Kind
from aralyk.evidence.record import record
from aralyk.jobs.sequencer import ADVISORY_LOCK, BATCH_MAX, AnotherSequencer, Run, Sequencer
from aralyk.ledger import checkpoint, merkle
from tests.conftest import REPOSITORY, Database
from tests.evidence.conftest import ORIGIN, START, Write


def leaves(connection: psycopg.Connection[tuple[Any, ...]]) -> list[tuple[int, int, bytes]]:
    return connection.execute("SELECT leaf_index, entry_id, leaf_hash FROM evidence_leaf ORDER BY 1").fetchall()


def check_log(database: Database, key: SigningKey) -> int:
    """What an auditor checks: no hole, every leaf its entry's hash, the tree's root, every checkpoint signed."""
    with database.connect() as connection:
        rows = leaves(connection)
        bodies = dict(connection.execute("SELECT id, body FROM evidence_entry").fetchall())
        notes = connection.execute("SELECT tree_size, root, note FROM evidence_checkpoint ORDER BY 1").fetchall()
        with connection.cursor() as cursor:
            edge = tree.stored_edge(cursor)
    hashes = [bytes(row[2]) for row in rows]
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert all(merkle.leaf_hash(bodies[entry]) == hash_ for _, entry, hash_ in rows)
    assert edge.root() == merkle.root_of_leaf_hashes(hashes)
    for size, root, note in notes:
        signed = checkpoint.parse(note)
        assert signed.signed_by(key.public)
        assert (signed.checkpoint.size, signed.checkpoint.root) == (size, root)
        assert root == merkle.root_of_leaf_hashes(hashes[:size])
    return len(rows)


def test_entries_get_leaf_indexes_without_a_hole_in_the_order_of_their_ids(
    database: Database, write: Write, sequencer: Sequencer, key: SigningKey
) -> None:
    first, second = write(3), write(500)
    assert sequencer.run_once(START) == 503
    assert sequencer.run_once(START) == 0
    third = write(20)
    assert sequencer.run_once(START + timedelta(seconds=2)) == 20
    with database.connect() as connection:
        assert [row[1] for row in leaves(connection)] == [*first, *second, *third]
        with connection.cursor() as cursor:
            assert tree.pending_count(cursor) == 0
    assert check_log(database, key) == 523


def test_an_entry_that_commits_late_gets_a_later_leaf(
    database: Database, write: Write, sequencer: Sequencer, key: SigningKey
) -> None:
    with database.connect(Role.CONSOLE) as slow:
        early = record(slow.cursor(), kind=Kind.ORDER_ENDED, subject="order:1", by="user:1", at=START, data={})
        (late,) = write(1)
        assert early < late
        assert sequencer.run_once(START) == 1
        slow.commit()
    assert sequencer.run_once(START) == 1
    with database.connect() as connection:
        assert [row[1] for row in leaves(connection)] == [late, early]
    check_log(database, key)


def test_a_checkpoint_is_signed_each_minute_while_the_log_grows(
    database: Database, write: Write, sequencer: Sequencer
) -> None:
    def sizes() -> list[int]:
        with database.connect() as connection:
            return [row[0] for row in connection.execute("SELECT tree_size FROM evidence_checkpoint ORDER BY 1")]

    sequencer.run_once(START)
    assert sizes() == []
    for second, expected in ((0, [1]), (20, [1]), (59, [1]), (60, [1, 4]), (90, [1, 4]), (121, [1, 4, 6])):
        write(1)
        sequencer.run_once(START + timedelta(seconds=second))
        assert sizes() == expected
    sequencer.run_once(START + timedelta(hours=1))
    assert sizes() == [1, 4, 6]


def test_what_became_due_while_nothing_arrived_is_signed_at_the_next_run(
    database: Database, write: Write, sequencer: Sequencer
) -> None:
    write(1)
    sequencer.run_once(START)
    write(1)
    sequencer.run_once(START + timedelta(seconds=30))
    assert sequencer.run_once(START + timedelta(seconds=61)) == 0
    assert sequencer.last_run is not None
    assert sequencer.last_run.checkpoint_size == 2


@pytest.mark.parametrize("kind", sorted(SEALED_AT_ONCE))
def test_an_incident_and_a_bundle_are_sealed_at_once(database: Database, sequencer: Sequencer, kind: Kind) -> None:
    def add(this: Kind, data: dict[str, object]) -> None:
        with database.connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
            record(cursor, kind=this, subject="incident:1", by="system:monitor", at=START, data=data)
        sequencer.run_once(START)

    add(Kind.INCIDENT_NOTED, {})
    add(kind, {"manifest_sha256": "00", "rendition": "sealed"})
    assert sequencer.last_run is not None
    assert sequencer.last_run.checkpoint_size == 2
    add(Kind.INCIDENT_NOTED, {})
    assert sequencer.last_run.checkpoint_size is None


def test_the_merge_delay_is_measured_from_the_oldest_entry_of_the_run(write: Write, sequencer: Sequencer) -> None:
    write(1, at=START)
    write(1, at=START + timedelta(seconds=3))
    sequencer.run_once(START + timedelta(seconds=4))
    assert sequencer.last_run == Run(sequenced=2, size=2, checkpoint_size=2, merge_delay_s_max=4.0)


def test_only_one_sequencer_works_on_a_database(database: Database, sequencer: Sequencer, key: SigningKey) -> None:
    with (
        database.connect(Role.SEQUENCER, autocommit=True) as second,
        pytest.raises(AnotherSequencer),
    ):
        Sequencer(second, key, ORIGIN)


def test_a_new_sequencer_goes_on_where_the_last_one_stopped(database: Database, write: Write, key: SigningKey) -> None:
    chance = random.Random(7)
    total = 0
    for _ in range(6):
        count = chance.choice([1, 40, 256, 300])
        write(count)
        total += count
        with database.connect(Role.SEQUENCER, autocommit=True) as connection:
            sequencer = Sequencer(connection, key, ORIGIN)
            sequencer.run_once(START + timedelta(minutes=total))
            assert sequencer.size == total
    assert check_log(database, key) == total


def test_a_failed_run_changes_nothing_and_the_next_one_makes_up_for_it(
    database: Database, write: Write, sequencer: Sequencer, key: SigningKey
) -> None:
    write(10)
    sequencer.run_once(START)
    write(300)
    with database.connect() as owner:
        owner.execute("ALTER TABLE evidence_tile ADD CONSTRAINT nothing_fits CHECK (width > 256) NOT VALID")
        owner.commit()
        with pytest.raises(psycopg.errors.CheckViolation):
            sequencer.run_once(START)
        assert sequencer.size == 10
        owner.execute("ALTER TABLE evidence_tile DROP CONSTRAINT nothing_fits")
        owner.commit()
    assert sequencer.run_once(START + timedelta(minutes=2)) == 300
    assert check_log(database, key) == 310


def test_a_log_whose_past_was_rewritten_is_not_continued(database: Database, write: Write, key: SigningKey) -> None:
    write(300)
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        Sequencer(connection, key, ORIGIN).run_once(START)
    with database.connect() as owner:
        owner.execute("ALTER TABLE evidence_leaf DISABLE TRIGGER USER")
        owner.execute("UPDATE evidence_leaf SET leaf_hash = %s WHERE leaf_index = 280", (bytes(32),))
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))  # the first one's session may linger
        with pytest.raises(AssertionError, match="differ from those signed at size 300"):
            Sequencer(connection, key, ORIGIN)


def test_the_running_sequencer_is_woken_by_the_commit(
    database: Database, sequencer: Sequencer, key: SigningKey
) -> None:
    stop, seen = threading.Event(), threading.Event()

    def on_run(run: Run) -> None:
        if run.size == 3:
            seen.set()
            stop.set()

    def fill() -> None:
        for _ in range(3):
            with database.connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
                record(cursor, kind=Kind.INCIDENT_SHOWN, subject="incident:1", by="user:1", at=clock.now(), data={})

    writer = threading.Thread(target=fill)
    writer.start()
    watchdog = threading.Timer(30, stop.set)
    watchdog.start()
    sequencer.run(stop, on_run)
    watchdog.cancel()
    writer.join()
    assert seen.is_set()
    assert check_log(database, key) == 3


def test_a_burst_of_commits_wakes_the_sequencer_once_and_not_once_for_each(
    database: Database, write: Write, sequencer: Sequencer
) -> None:
    class Pauses(threading.Event):
        count = 0

        def wait(self, timeout: float | None = None) -> bool:
            self.count += 1
            return self.is_set()

    stop, runs = Pauses(), 0

    def on_run(run: Run) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            for _ in range(50):
                write(1)
        elif run.size == 50 and run.sequenced == 0:
            stop.set()

    watchdog = threading.Timer(60, stop.set)
    watchdog.start()
    sequencer.run(stop, on_run)
    watchdog.cancel()
    assert sequencer.size == 50
    assert stop.count <= runs


CHILD = """
import sys, threading
from pathlib import Path
from aralyk.database import Role, connect
from aralyk.evidence.keys import signing_key
from aralyk.jobs.sequencer import Sequencer
connection = connect(Role.SEQUENCER, autocommit=True)
connection.execute("SELECT pg_advisory_lock(%s)", (int(sys.argv[3]),))  # its killed predecessor may still hold it
sequencer = Sequencer(connection, signing_key(Path(sys.argv[1]), origin=sys.argv[2]), sys.argv[2])
print("ready", flush=True)
sequencer.run(threading.Event(), lambda run: None)
"""


def test_kill_9_at_any_moment_loses_no_entry_and_leaves_no_hole(
    database: Database, write: Write, key: SigningKey, tmp_path: Path
) -> None:
    chance = random.Random(11)
    total = 0
    for _ in range(5):
        arguments = [sys.executable, "-c", CHILD, str(tmp_path), ORIGIN, str(ADVISORY_LOCK)]
        with subprocess.Popen(
            arguments, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            count = chance.randint(200, 900)
            killer = threading.Timer(chance.uniform(0.02, 0.3), child.send_signal, [signal.SIGKILL])
            killer.start()
            write(count, at=clock.now())
            total += count
            killer.join()
            child.wait()
            assert child.returncode == -signal.SIGKILL
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        last = Sequencer(connection, key, ORIGIN)
        last.run_once(clock.now() + timedelta(minutes=2))
        assert last.size == total
    assert check_log(database, key) == total


def test_more_than_a_batch_is_taken_in_several_runs(database: Database, sequencer: Sequencer, key: SigningKey) -> None:
    with database.connect() as owner:
        owner.execute(
            "INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash) SELECT 'settings', 'process:x', %s, body,"
            " sha256('\\x00'::bytea || body) FROM (SELECT convert_to(n::text, 'UTF8') AS body"
            " FROM generate_series(1, %s) n) bodies",
            (START, BATCH_MAX + 5),
        )
    assert sequencer.run_once(START) == BATCH_MAX
    assert sequencer.run_once(START + timedelta(minutes=1)) == 5
    assert check_log(database, key) == BATCH_MAX + 5


def test_a_sequencer_without_its_own_transactions_or_with_a_foreign_key_does_not_start(
    database: Database, key: SigningKey
) -> None:
    with database.connect(Role.SEQUENCER) as connection, pytest.raises(AssertionError, match="autocommit"):
        Sequencer(connection, key, ORIGIN)
    with (
        database.connect(Role.SEQUENCER, autocommit=True) as connection,
        pytest.raises(AssertionError, match="the log is other"),
    ):
        Sequencer(connection, key, "other")


def test_the_time_of_a_leaf_is_the_sequencers(filled: Database) -> None:
    with filled.connect() as connection:
        times: list[tuple[datetime]] = connection.execute("SELECT DISTINCT sequenced_at FROM evidence_leaf").fetchall()
    assert times == [(START + timedelta(seconds=1),)]
