"""Runs real processes of the platform, breaks them, and checks what must hold whatever was broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.engine import State
from aralyk.incidents.kinds import REQUESTS
from aralyk.monitor.intake import read_batches
from aralyk.monitor.recovery import recover
from aralyk.monitor.stepping import advance
from aralyk.tracking.log import Batch
from tests.monitor.city import City, Order

SOURCE = Path(__file__).resolve().parents[2] / "src"
PATIENCE_S = 60.0  # a bound for a loaded machine, never awaited when all is well


def until(condition: Callable[[], Any], what: str, *, within_s: float = PATIENCE_S) -> Any:
    """Wait for something to become true."""
    deadline_s = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"within {within_s:g} s: {what}"
        time.sleep(0.05)
    return value


class Process:
    """`aralyk process NAME` in a home of its own."""

    def __init__(self, name: str, home: Path, **settings: object) -> None:
        self.name = name
        self._home = home
        self._environ = os.environ | {
            "PYTHONPATH": str(SOURCE),
            "ARALYK_HOME": str(home),
            **{f"ARALYK_{name}_{key}".upper(): str(value) for key, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Process:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait for its first heartbeat."""
        self.launch()
        try:
            until(self._beat_path.exists, f"{self.name} lives")
        except AssertionError:
            self.kill()
            raise

    def launch(self) -> None:
        """Start it without waiting."""
        self._beat_path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "aralyk.cli", "process", self.name, "--log", str(self._log_path)]
        self._process = subprocess.Popen(command, env=self._environ)

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE_S)
        self._process = None
        return code

    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def beat(self) -> dict[str, Any] | None:
        """Its newest heartbeat."""
        return json.loads(self._beat_path.read_text()) if self._beat_path.exists() else None

    def forget_beat(self) -> None:
        """Remove the heartbeat: the next one proves life after this moment."""
        self._beat_path.unlink(missing_ok=True)

    def words(self) -> str:
        """Everything it logged."""
        return self._log_path.read_text() if self._log_path.exists() else ""

    @property
    def _beat_path(self) -> Path:
        return self._home / "run" / f"{self.name}.heartbeat"

    @property
    def _log_path(self) -> Path:
        return self._home / f"{self.name}.log"


class Load:
    """Writes fixes as the gateway does, batch after batch, and remembers which were committed ("confirmed").

    His distance swings between 50 m and 3 km, so that episodes open and close all the time.
    """

    def __init__(self, city: City, orders: Sequence[Order], *, every_s: float = 0.03) -> None:
        self._city = city
        self._orders = orders
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.confirmed: list[tuple[str, str]] = []
        self.refused = 0

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Write no more."""
        self._stop.set()
        self._thread.join()

    def until_more(self, fixes: int) -> None:
        """Wait until so many more are confirmed."""
        before = len(self.confirmed)
        until(lambda: len(self.confirmed) >= before + fixes, "fixes are confirmed")

    def _run(self) -> None:
        connection: psycopg.Connection[tuple[Any, ...]] | None = None
        turn = 0
        while not self._stop.wait(self._every_s):
            turn += 1
            try:
                connection = connection or connect(Role.GATEWAY, autocommit=True)
                self._write(connection, turn)
            except psycopg.Error:
                # Not confirmed; a device would send it again, this one goes on with its next fix.
                self.refused += 1
                with suppress(psycopg.Error):
                    if connection is not None:
                        connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _write(self, connection: psycopg.Connection[tuple[Any, ...]], turn: int) -> None:
        at = clock.now()
        north_m = 50 if (turn // 12) % 2 else 3_000
        lines, said = [], []
        for order in self._orders:
            for device, away_m in ((order.hers, 0), (order.his, north_m)):
                lines.append(self._city.line(device, north_m=away_m, at=at))
                said.append((device, clock.iso(at)))
        self._city.write("position/g1", lines, at=at, connection=connection)
        self.confirmed += said


def drained() -> bool:
    """Whether the newest step has read everything."""
    with connect(Role.OWNER) as connection:
        last = dict(connection.execute("SELECT stream, last_seq FROM log_stream").fetchall())
        row = connection.execute("SELECT up_to FROM step ORDER BY step DESC LIMIT 1").fetchone()
    return row is not None and row[0] == last


def check_nothing_lost(confirmed: Sequence[tuple[str, str]]) -> None:
    """Every confirmed fix is in the projection, once."""
    with connect(Role.OWNER) as connection:
        rows = connection.execute("SELECT device, fixed_at FROM fix").fetchall()
    stored = [(device, clock.iso(fixed_at)) for device, fixed_at in rows]
    assert len(stored) == len(set(stored))
    assert set(confirmed) - set(stored) == set()


def check_steps_replay() -> None:
    """All steps, taken again from the log without any snapshot, give the stored decisions and marks."""
    with connect(Role.OWNER, autocommit=True) as connection:
        connection.execute("DELETE FROM snapshot")
        with connection.cursor() as cursor:
            recovered = recover(cursor, shard=0, on_progress=lambda: None)
        (steps,) = connection.execute("SELECT count(*) FROM step").fetchone() or (0,)
    assert recovered.replayed == steps > 0


def check_decisions_are_those_of_an_undisturbed_watch() -> list[dict[str, Any]]:
    """One step over the whole log decides the same as all the steps that kills and restarts made of it.

    Returns:
        The decisions.
    """
    with connect(Role.OWNER) as connection:
        batches = [
            Batch(stream=stream, seq=seq, received_at=received_at, messages=messages, payload=bytes(payload))
            for stream, seq, received_at, messages, payload in connection.execute(
                "SELECT stream, seq, received_at, messages, payload FROM log_batch ORDER BY stream, seq"
            )
        ]
        (now,) = connection.execute("SELECT max(now) FROM step").fetchone() or (None,)
        stored = [bytes(body) for (body,) in connection.execute("SELECT body FROM decision").fetchall()]
        incidents = [key for (key,) in connection.execute("SELECT engine_key FROM incidents_incident").fetchall()]
    arrivals, poisons = read_batches(batches)
    assert poisons == []
    judged = advance(State.empty(), arrivals, now_us=clock.to_us(now)).judgements
    assert sorted(stored) == sorted(judgement.body for judgement in judged)
    told = {judgement.decision["incident"] for judgement in judged if judgement.decision["kind"] not in REQUESTS}
    assert sorted(incidents) == sorted(told)
    return [dict(judgement.decision) for judgement in judged]
