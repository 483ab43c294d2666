"""Nothing that was confirmed is lost: not by kill -9, not by a database that stops, not by a full disk."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from aralyk.database.cluster import Cluster
from tests.conftest import Database
from tests.gateway.conftest import IMEI
from tests.gateway.driving import GatewayProcess, Phone, numbers, register, rows, stored_lines, tcp, until

PHONES = 8


class Crowd:
    """Phones that send record after record, keep what was not confirmed, and remember what was."""

    def __init__(self, gateway: GatewayProcess, *, alarm: str = "") -> None:
        self._gateway = gateway
        self._alarm = alarm
        self._stop = threading.Event()
        self.confirmed: list[set[int]] = [set() for _ in range(PHONES)]
        self.statuses: set[int] = set()
        self._threads = [threading.Thread(target=self._send, args=(index,)) for index in range(PHONES)]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def count(self) -> int:
        return sum(len(numbers) for numbers in self.confirmed)

    def _send(self, index: int) -> None:
        number, phone = index * 1_000_000, Phone(self._gateway, f"secret-{index}", f"phone-{index}")
        while not self._stop.is_set():
            try:
                status = phone.place(number, self._alarm).status
            except (OSError, HTTPException):
                phone.close()
                self._stop.wait(0.02)
                continue
            self.statuses.add(status)
            if status == 200:
                self.confirmed[index].add(number)
                number += 1
            else:
                self._stop.wait(0.05)
        phone.close()


def until_more(crowd: Crowd, records: int) -> None:
    """Wait until so many more are confirmed."""
    before = crowd.count
    until(lambda: crowd.count > before + records, "records are confirmed")


def register_crowd() -> None:
    for index in range(PHONES):
        register(f"phone-{index}", secret=f"secret-{index}")


def lost(crowd: Crowd) -> set[int]:
    stored = set(numbers([line for line in stored_lines() if line.messages]))
    return set().union(*crowd.confirmed) - stored


def check_streams_have_no_gap() -> None:
    for stream, last, count, lowest in rows(
        "SELECT s.stream, s.last_seq, count(*), min(b.seq) FROM log_stream s JOIN log_batch b USING (stream)"
        " GROUP BY s.stream, s.last_seq"
    ):
        assert (count, lowest) == (last, 1), stream


def test_kill_9_at_any_moment_loses_nothing_that_was_confirmed(database: Database, home: Path) -> None:
    register_crowd()
    moments = random.Random(20261121)
    with GatewayProcess(home) as gateway, Crowd(gateway) as crowd:
        for _ in range(4):
            until_more(crowd, 20)
            threading.Event().wait(moments.uniform(0.0, 0.3))
            gateway.kill()
            gateway.start()
    assert crowd.count > 100
    assert lost(crowd) == set()
    check_streams_have_no_gap()


def test_sigterm_confirms_what_it_took_and_ends(database: Database, home: Path) -> None:
    register_crowd()
    with GatewayProcess(home) as gateway, Crowd(gateway) as crowd:
        until(lambda: crowd.count > 200, "records are confirmed")
        assert gateway.stop() == 0
    assert lost(crowd) == set()


@pytest.fixture
def own_database(own_postgres: Cluster) -> Iterator[Cluster]:
    """A migrated database on a durable server of this test's own."""
    from tests.conftest import NOT_STARTED

    own_postgres.create_database("own")
    environ = os.environ | {"DATABASE_URL": own_postgres.url_of("own")}
    migrate_in_process(environ)
    os.environ["DATABASE_URL"] = own_postgres.url_of("own")
    try:
        yield own_postgres
    finally:
        os.environ["DATABASE_URL"] = NOT_STARTED


def migrate_in_process(environ: dict[str, str]) -> None:
    import subprocess
    import sys

    from tests.gateway.driving import SOURCE

    command = [sys.executable, "-m", "aralyk.cli", "migrate", "--quiet"]
    subprocess.run(command, env=environ | {"PYTHONPATH": str(SOURCE)}, check=True, timeout=120)


def test_a_database_that_stops_and_returns_costs_nothing(own_database: Cluster, home: Path) -> None:
    register_crowd()
    register(IMEI, "r16h")
    with GatewayProcess(home, ack_wait_s=0.5) as gateway, Crowd(gateway) as crowd, tcp(gateway) as bracelet:
        until(lambda: crowd.count > 100, "records are confirmed")
        own_database.stop()
        before = crowd.count
        until(lambda: 503 in crowd.statuses, "phones are told to come again")
        bracelet.sendall(b"@GPSD,860000000000017,R,20261121,100000,42.87461,N,074.56982,E,5,111,760,72,L,$")
        assert crowd.count <= before + PHONES  # nothing is confirmed that is not stored
        assert phone_hears_retry(gateway)
        (home / "run" / "gateway.heartbeat").unlink()
        time.sleep(3)
        assert not (home / "run" / "gateway.heartbeat").exists()  # the watchdog sees it
        own_database.start()
        until(lambda: crowd.count > before + 100, "it goes on by itself")
        until(lambda: stored_lines_of(IMEI) == 1, "what the bracelet said meanwhile is stored")
        until(lambda: (home / "run" / "gateway.heartbeat").exists(), "it says that it works again")
    assert lost(crowd) == set()
    check_streams_have_no_gap()


def stored_lines_of(device: str) -> int:
    return sum(line.device == device for line in stored_lines())


def phone_hears_retry(gateway: GatewayProcess) -> bool:
    phone = Phone(gateway, "secret-0", "phone-0")
    answer = phone.place(999)
    phone.close()
    return answer.status == 503 and answer.headers["retry-after"] == "5" and "send the same record again" in answer.text


def test_a_server_killed_in_mid_commit_loses_nothing_that_was_confirmed(own_database: Cluster, home: Path) -> None:
    register_crowd()
    with GatewayProcess(home, ack_wait_s=0.5) as gateway, Crowd(gateway) as crowd:
        until(lambda: crowd.count > 100, "records are confirmed")
        assert own_database.pid is not None
        os.kill(own_database.pid, signal.SIGQUIT)  # immediate shutdown: the server recovers from its log
        until(lambda: own_database.poll() is not None, "the server is gone")
        before = crowd.count
        own_database.start()
        until(lambda: crowd.count > before + 100, "it goes on by itself")
    assert lost(crowd) == set()
    check_streams_have_no_gap()


def test_a_frozen_database_makes_phones_come_again_and_a_panic_is_kept_in_memory(
    own_database: Cluster, home: Path
) -> None:
    register_crowd()
    with GatewayProcess(home, ack_wait_s=0.5) as gateway:
        phone = gateway.phone("secret-0", "phone-0")
        assert phone.place(1).status == 200
        backends = [row[0] for row in rows("SELECT pid FROM pg_stat_activity WHERE usename = 'aralyk_gateway'")]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert phone.place(2, "&alarm=sos").status == 503
            assert phone.place(3).status == 503
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
        until(lambda: 2 in set(numbers(stored_lines("panic/g1"))), "the panic is stored without being sent again")
        assert phone.place(4).status == 200


def test_a_panic_does_not_wait_behind_positions_that_cannot_be_stored(database: Database, home: Path) -> None:
    register_crowd()
    with GatewayProcess(home, ack_wait_s=1) as gateway, database.connect() as blocker:
        phone = gateway.phone("secret-0", "phone-0")
        assert phone.place(1).status == 200
        blocker.execute("SELECT 1 FROM log_stream WHERE stream = 'position/g1' FOR UPDATE")
        assert phone.place(2).status == 503
        assert phone.place(3, "&alarm=sos").status == 200
        assert phone.place(4, "&alarm=tampering").status == 200
        blocker.rollback()
        until(lambda: phone.place(5).status == 200, "positions are stored again")
    assert set(numbers(stored_lines("panic/g1"))) == {3}


def test_a_full_disk_confirms_nothing_and_loses_nothing(database: Database, home: Path) -> None:
    register_crowd()
    fills = (
        "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER disk_full BEFORE INSERT ON log_batch FOR EACH ROW EXECUTE FUNCTION disk_full()"
    )
    with GatewayProcess(home, ack_wait_s=0.5) as gateway, Crowd(gateway) as crowd:
        until(lambda: crowd.count > 50, "records are confirmed")
        rows_of(database, fills)
        crowd.statuses.clear()
        until(lambda: 503 in crowd.statuses, "phones are told to come again")
        crowd.statuses.clear()
        until(lambda: crowd.statuses == {503}, "nothing is confirmed")
        before = crowd.count
        rows_of(database, "DROP TRIGGER disk_full ON log_batch")
        until(lambda: crowd.count > before + 50, "it goes on by itself")
    assert lost(crowd) == set()


def test_a_line_that_the_database_refuses_does_not_hold_up_the_others(database: Database, home: Path) -> None:
    register_crowd()
    rows_of(
        database,
        "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF position('poisoned'::bytea in NEW.payload) > 0 THEN"
        "  RAISE EXCEPTION 'poison' USING ERRCODE = 'data_exception'; END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER poison BEFORE INSERT ON log_batch FOR EACH ROW EXECUTE FUNCTION poison()",
    )
    with GatewayProcess(home, ack_wait_s=0.5) as gateway, Crowd(gateway) as crowd:
        phone = gateway.phone("secret-0", "phone-0")
        assert phone.place(900_000, "&note=poisoned").status == 503
        before = crowd.count
        until(lambda: crowd.count > before + 100, "the others are confirmed")
        assert "line_refused_by_database" in gateway.words()
    assert lost(crowd) == set()


def rows_of(database: Database, sql: str) -> None:
    with database.connect() as connection:
        connection.execute(sql.encode())
