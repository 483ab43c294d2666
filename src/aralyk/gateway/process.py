"""The gateway process: doors, reception, lanes, two writers, and the order in which they start and stop.

One event loop takes bytes and judges frames; two threads wait for the database (panic and tamper in one, the rest in
the other); one thread follows the register, one the queue of commands, one writes what was found out beside the frames.
The doors open once the register was read. On SIGTERM they close first, then what was taken is committed and confirmed,
then the process ends.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog
import uvloop

from aralyk.database import Role, connect_info
from aralyk.gateway.doors import Doors
from aralyk.gateway.findings import Findings
from aralyk.gateway.hand import Hand
from aralyk.gateway.heartbeat import EVERY_S, Heartbeat
from aralyk.gateway.lanes import BUDGETS, GATHERED, URGENT, LaneQueue
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.outbox import Outbox
from aralyk.gateway.reception import Reception
from aralyk.gateway.registry import Registry
from aralyk.gateway.settings import HTTP, R16H, GatewaySettings
from aralyk.gateway.store import Store, witness_start
from aralyk.gateway.writer import Writer
from aralyk.protocols import registry as protocols
from aralyk.tracking.log import Lane

SWEEP_S: Final = 0.25
REGISTER_POLL_S: Final = 0.02
# A writer's thread needs the interpreter for microseconds between two waits for the database; with Python's default of
# 5 ms a commit of ten statements would wait 50 ms for a busy event loop.
SWITCH_INTERVAL_S: Final = 0.0005
# What starts a collection of young objects: one in 700 is Python's, and then every frame that waits is looked at again
# and again. Frames hold no cycles; what has some (an exception with its traceback) may wait.
YOUNG_MAX: Final = 50_000
FILES_BESIDE: Final = 200  # open files that are no connections: listeners, the database, logs
STALLED_S: Final = 10.0  # a parcel that waits longer means that we do not do our work

_log = structlog.get_logger("aralyk.gateway")


def run(settings: GatewaySettings) -> int:
    """Serve devices until SIGTERM or SIGINT.

    Returns:
        0 when everything taken was committed, 1 when the database did not take it in time.
    """
    connect_info(Role.GATEWAY)  # a missing database is a mistake in the settings: said before anything starts
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(YOUNG_MAX)
    gc.freeze()  # modules and settings stay to the end
    _allow_many_connections(settings.connections_max)
    return uvloop.run(Gateway(settings).serve())


class Gateway:
    """One gateway, from its start to its end."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._lanes = {lane: LaneQueue(lane, budget) for lane, budget in BUDGETS.items()}
        self._urgent = self._writer("urgent", URGENT, gather_s=0.0)
        self._gathered = self._writer("gathered", GATHERED, gather_s=settings.gather_ms / 1000)
        self._writers = (self._urgent, self._gathered)
        self._registry = Registry()
        self._outbox = Outbox()
        self._findings = Findings()
        reception = Reception(
            lanes=self._lanes, wake=self._wake, metrics=self._metrics, findings=self._findings, settings=settings
        )
        self._doors = Doors(
            settings=settings,
            codecs=protocols(),
            registry=self._registry,
            reception=reception,
            outbox=self._outbox,
            metrics=self._metrics,
        )
        self._heartbeat = Heartbeat(settings.home)
        self._stop = asyncio.Event()

    async def serve(self) -> int:
        """Run until a signal; returns the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        self._metrics.watch(list(self._lanes.values()))
        self._metrics.commands.set_function(self._outbox.__len__)
        self._metrics.serve(self._settings.metrics_port)
        self._registry.start()
        self._outbox.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                working = [tasks.create_task(writer.run()) for writer in self._writers]
                working.append(tasks.create_task(self._watch()))
                working.append(tasks.create_task(self._findings.run()))
                await self._open()
                await self._stop.wait()
                lost = await self._drain()
                for task in working:
                    task.cancel()
        finally:
            self._registry.stop()
            self._outbox.stop()
        return 1 if lost else 0

    def _writer(self, name: str, lanes: Sequence[Lane], *, gather_s: float) -> Writer:
        return Writer(
            name=name,
            lanes=[self._lanes[lane] for lane in lanes],
            store=Store(self._settings.writer),
            gather_s=gather_s,
            metrics=self._metrics,
        )

    def _wake(self, lane: Lane) -> None:
        (self._urgent if lane in URGENT else self._gathered).wake()

    async def _open(self) -> None:
        while self._registry.current is None and not self._stop.is_set():
            await asyncio.sleep(REGISTER_POLL_S)
        await self._doors.open()
        await Hand("start").do(partial(witness_start, self._settings.writer))
        _log.info("doors_open", writer=self._settings.writer, ports=self._doors.ports)

    async def _watch(self) -> None:
        """Patience with senders, room in the lanes, and the sign of life."""
        beaten_s = told_s = float("-inf")
        while True:
            self._doors.sweep()
            for lane in self._lanes.values():
                lane.drop_abandoned()
            if not self._registry.alive:
                raise RuntimeError("the register is no longer followed")
            if not self._outbox.alive:
                raise RuntimeError("the queue of commands is no longer followed")
            now_s = time.monotonic()
            if now_s - told_s >= EVERY_S:
                told_s = now_s
                self._heartbeat.tell_lanes(list(self._lanes.values()))
            if now_s - beaten_s >= EVERY_S and self._well(now_s):
                beaten_s = now_s
                waiting = {lane.value: len(queue) for lane, queue in self._lanes.items()}
                ports = self._doors.ports
                named = {"http_port": ports[HTTP], "r16h_port": ports[R16H], "ports": ports}
                self._heartbeat.beat({**named, "waiting": waiting})
            await asyncio.sleep(SWEEP_S)

    def _well(self, now_s: float) -> bool:
        """Whether devices are heard, known and stored: doors open, register and commands read, no writer stalls."""
        if not (self._doors.ports and self._registry.is_fresh(now_s) and self._outbox.is_fresh(now_s)):
            return False
        return all(now_s - writer.well_since_s < STALLED_S and not _stalls(writer, now_s) for writer in self._writers)

    async def _drain(self) -> int:
        """Close the doors and commit what was taken; returns how many frames the database did not take in time."""
        _log.info("draining", waiting=self._waiting())
        self._doors.close()
        deadline_s = time.monotonic() + self._settings.drain_s
        while (self._waiting() or self._doors.busy) and time.monotonic() < deadline_s:
            await asyncio.sleep(REGISTER_POLL_S)
        lost = self._waiting()
        if not lost:
            await self._findings.write()
        self._doors.end()
        _log.info("ended", lost=lost)
        return lost

    def _waiting(self) -> int:
        return sum(writer.waiting for writer in self._writers)


def _allow_many_connections(connections_max: int) -> None:
    """A connection is an open file, and many systems allow 1,024 unless asked."""
    wanted = connections_max + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        _log.warning("few_open_files_allowed", allowed=hard, wanted=wanted)


def _stalls(writer: Writer, now_s: float) -> bool:
    oldest_since_s = writer.oldest_since_s()
    return oldest_since_s is not None and now_s - oldest_since_s > STALLED_S
