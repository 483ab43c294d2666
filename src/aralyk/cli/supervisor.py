"""Keeps the platform's processes running: starts them in order, restarts what falls, stops all.

One thread, one loop: it sleeps until a child ends (a pidfd becomes readable), a signal comes or a
restart is due. A child that ends by itself is started again after 0.5 s, 1 s, 2 s … at most 30 s; a
minute of good health forgets the past. Its end is logged and witnessed; while the database is away the
witness waits in memory, so that nothing is lost but by the supervisor's own death.
Children die with the supervisor, kill -9 included (see `database.launch`), so it must start them from
the main thread.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType

import psycopg
import structlog

from aralyk import clock
from aralyk.cli import logs
from aralyk.cli.errors import AlreadyRunning, StartFailed
from aralyk.cli.process import EXIT_SETTINGS
from aralyk.database import Role, connect
from aralyk.database.cluster import Cluster, ClusterError
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record

BACKOFF_S_MIN = 0.5
BACKOFF_S_MAX = 30.0
HEALTHY_S = 60.0
READY_S_MAX = 180.0  # where `make` did not do it, the engine compiles its kernel at the very first start
STOP_S_MAX = 10.0
TICK_S = 1.0
READY_TICK_S = 0.05
WITNESSES_MAX = 1_000  # an hour of crashes at the slowest restart, without a database
_STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = structlog.get_logger()


@contextmanager
def sole_supervisor(home: Path) -> Iterator[None]:
    """Hold the home's lock: two supervisors would start two of everything.

    Raises:
        AlreadyRunning: Someone else holds it.
    """
    (home / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run" / "lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(f"{home} is already in use by process {lock.read().strip() or '?'}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@dataclass(slots=True, kw_only=True)
class Child:
    """One supervised process.

    Attributes:
        name: As in `aralyk process NAME`.
        failures: Unasked ends since it was last healthy.
        restart_at_s: When it is started again, monotonic; None while it runs.
    """

    name: str
    process: subprocess.Popen[bytes] | None = None
    pidfd: int | None = None
    started_s: float = 0.0
    failures: int = 0
    restarts: int = 0
    restart_at_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Witness:
    kind: Kind
    subject: str
    at: datetime
    data: Mapping[str, object]


class Supervisor:
    """Runs the named processes until it is told to stop."""

    def __init__(self, *, home: Path, names: Sequence[str], cluster: Cluster | None) -> None:
        """Nothing is started yet.

        Args:
            home: The installation's directory, absolute.
            names: The processes in the order of their start; they are stopped in the opposite order.
            cluster: The embedded server, started; None: the database is somebody else's.
        """
        self._home = home
        self._children = [Child(name=name) for name in names]
        self._cluster = cluster
        self._cluster_failures = 0
        self._cluster_restart_at_s: float | None = None
        self._witnesses: deque[_Witness] = deque(maxlen=WITNESSES_MAX)
        self._stopping = False
        self._wake_reader, self._wake_writer = socket.socketpair()

    def __enter__(self) -> Supervisor:
        self._wake_writer.setblocking(False)
        signal.set_wakeup_fd(self._wake_writer.fileno())
        for number in _STOPPING_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        self._wake_reader.close()
        self._wake_writer.close()

    @property
    def stopping(self) -> bool:
        """Whether a signal asked for the end."""
        return self._stopping

    def start(self, ready: Callable[[str, float], None]) -> None:
        """Start all processes; returns when each has shown its first heartbeat, or when asked to stop.

        Args:
            ready: Told each process's name and how long it took, seconds.

        Raises:
            StartFailed: One ended, or was not ready within `READY_S_MAX`.
        """
        for child in self._children:
            self._spawn(child)
        waiting = list(self._children)
        while waiting and not self._stopping:
            self._sleep(READY_TICK_S)
            for child in list(waiting):
                self._check_start(child)
                if self._has_heartbeat(child):
                    waiting.remove(child)
                    ready(child.name, time.monotonic() - child.started_s)
        self._write_status()

    def watch(self, tick: Callable[[], None]) -> None:
        """Keep everything running until a signal asks to stop; `tick` is called about once a second."""
        while not self._stopping:
            self._sleep(self._until_next_restart())
            self._keep_cluster()
            for child in self._children:
                self._keep(child)
            self._write_witnesses()
            tick()

    def stop(self) -> None:
        """Stop every process, the last started first, then the embedded server; returns when none is left."""
        self._stopping = True
        for child in reversed(self._children):
            self._terminate(child)
        if self._cluster is not None:
            self._cluster.stop()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _spawn(self, child: Child) -> None:
        log = self._home / "log" / f"{child.name}.log"
        (self._home / "run" / f"{child.name}.heartbeat").unlink(missing_ok=True)
        command = [sys.executable, "-m", "aralyk.cli", "process", child.name]
        child.process = subprocess.Popen(
            [*command, "--parent", str(os.getpid()), "--log", str(log)],
            env=os.environ | {clock.ANCHOR_VARIABLE: str(clock.anchor())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C at the terminal reaches the supervisor alone, which keeps the order
        )
        child.pidfd = os.pidfd_open(child.process.pid)
        child.started_s = time.monotonic()
        child.restart_at_s = None
        _log.info("process_started", name=child.name, pid=child.process.pid, restarts=child.restarts)

    def _check_start(self, child: Child) -> None:
        log = self._home / "log" / f"{child.name}.log"
        if self._reap(child) is not None:
            raise StartFailed(f"{child.name} ended at its start: {_last_message(log)}")
        if time.monotonic() - child.started_s > READY_S_MAX:
            raise StartFailed(f"{child.name} gave no sign within {READY_S_MAX:.0f} s: {_last_message(log)}")

    def _has_heartbeat(self, child: Child) -> bool:
        try:
            beat = json.loads((self._home / "run" / f"{child.name}.heartbeat").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        return child.process is not None and beat.get("pid") == child.process.pid

    def _keep(self, child: Child) -> None:
        now_s = time.monotonic()
        if child.restart_at_s is not None:
            if now_s >= child.restart_at_s:
                child.restarts += 1
                self._spawn(child)
                self._write_status()
            return
        exit_code = self._reap(child)
        if exit_code is None:
            return
        child.failures = 0 if now_s - child.started_s > HEALTHY_S else child.failures
        wait_s = BACKOFF_S_MAX if exit_code == EXIT_SETTINGS else _backoff_s(child.failures)
        child.failures += 1
        child.restart_at_s = now_s + wait_s
        _log.error("process_fell", name=child.name, exit_code=exit_code, restart_in_s=wait_s)
        data = {"exit_code": exit_code, "restart_in_ms": int(wait_s * 1000)}
        self._witness(Kind.PROCESS_STOPPED, child.name, data)
        self._write_status()

    def _keep_cluster(self) -> None:
        if self._cluster is None:
            return
        now_s = time.monotonic()
        if self._cluster_restart_at_s is None:
            exit_code = self._cluster.poll()
            if exit_code is None:
                return
            self._cluster_restart_at_s = now_s + _backoff_s(self._cluster_failures)
            self._cluster_failures += 1
            _log.error("database_fell", exit_code=exit_code)
            self._witness(Kind.PROCESS_STOPPED, "database", {"exit_code": exit_code})
        elif now_s >= self._cluster_restart_at_s:
            self._restart_cluster(self._cluster)

    def _restart_cluster(self, cluster: Cluster) -> None:
        try:
            cluster.start()
        except (ClusterError, psycopg.Error) as error:
            wait_s = _backoff_s(self._cluster_failures)
            self._cluster_failures += 1
            self._cluster_restart_at_s = time.monotonic() + wait_s
            _log.error("database_did_not_start", detail=str(error), restart_in_s=wait_s)
            return
        self._cluster_restart_at_s = None
        self._cluster_failures = 0
        _log.warning("database_restarted")
        self._witness(Kind.PROCESS_STARTED, "database", {})

    def _reap(self, child: Child) -> int | None:
        exit_code = child.process.poll() if child.process else None
        if exit_code is not None and child.pidfd is not None:
            os.close(child.pidfd)
            child.pidfd = None
        return exit_code

    def _terminate(self, child: Child) -> None:
        child.restart_at_s = None
        if child.process is None:
            return
        if child.process.poll() is None:
            child.process.terminate()
        try:
            child.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            _log.warning("process_killed", name=child.name, waited_s=STOP_S_MAX)
            child.process.kill()
            child.process.wait()
        self._reap(child)

    def _sleep(self, timeout_s: float) -> None:
        """Wait for a child's end, a signal or the time."""
        handles = [self._wake_reader.fileno(), *(child.pidfd for child in self._children if child.pidfd is not None)]
        readable, _, _ = select.select(handles, [], [], timeout_s)
        if self._wake_reader.fileno() in readable:
            self._wake_reader.recv(4096)

    def _until_next_restart(self) -> float:
        due = [child.restart_at_s for child in self._children if child.restart_at_s is not None]
        return min(TICK_S, max(0.0, min(due) - time.monotonic())) if due else TICK_S

    def _witness(self, kind: Kind, name: str, data: Mapping[str, object]) -> None:
        self._witnesses.append(_Witness(kind=kind, subject=f"process:{name}", at=clock.now(), data=data))

    def _write_witnesses(self) -> None:
        if not self._witnesses or self._cluster_restart_at_s is not None:
            return
        try:
            with connect(Role.OWNER, connect_timeout=2) as connection, connection.cursor() as cursor:
                for entry in self._witnesses:
                    record(
                        cursor,
                        kind=entry.kind,
                        subject=entry.subject,
                        by="system:supervisor",
                        at=entry.at,
                        data=entry.data,
                    )
        except psycopg.Error as error:
            _log.warning("witness_waits", entries=len(self._witnesses), kind=type(error).__name__)
            return
        self._witnesses.clear()

    def _write_status(self) -> None:
        status = {
            "pid": os.getpid(),
            "database": self._cluster.pid if self._cluster else None,
            "processes": {
                child.name: {"pid": child.process.pid if child.process else None, "restarts": child.restarts}
                for child in self._children
            },
        }
        path = self._home / "run" / "supervisor.json"
        partial = path.with_suffix(".new")
        try:
            partial.write_text(json.dumps(status), encoding="utf-8")
            partial.replace(path)
        except OSError as error:  # a full disk: without us nothing that falls would come back
            _log.error("status_not_written", errno=error.errno)


def _backoff_s(failures: int) -> float:
    return min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2.0 ** min(failures, 10))


def _last_message(log: Path) -> str:
    """The last line of a log in words: an event's name and trace, or the line itself."""
    lines = [line for line in logs.tail(log, 5) if line.strip()]
    if not lines:
        return f"it wrote nothing to {log}"
    try:
        event = json.loads(lines[-1])
    except json.JSONDecodeError:
        return f"{lines[-1]} (more in {log})"
    words = [str(event.get("event", "")), str(event.get("trace", "")).rpartition("\n")[2]]
    return f"{' '.join(word for word in words if word)} (more in {log})"
