"""The watch over one shard, as long as one database connection lasts.

It holds the shard's lock, the engine's state and the place in the log. A turn reads what is new, lets the engine hear
it and writes everything in one transaction. Time passes only in recorded steps: a clock that moved the state without a
row could not be replayed. Whatever goes wrong, the watch is thrown away and a new one recovers from the database; the
state in memory is never trusted after a failure.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
import structlog

from aralyk import clock
from aralyk.engine import ENGINE_VERSION, State
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.monitor import alarms, marks, writing
from aralyk.monitor.alarms import BY, Component
from aralyk.monitor.directory import Directory
from aralyk.monitor.heartbeat import Heartbeat
from aralyk.monitor.intake import URGENT, Arrival, Intake, LogReader, Poison, Position, lane_of_stream
from aralyk.monitor.metrics import Metrics
from aralyk.monitor.outage import note_outages
from aralyk.monitor.recovery import recover
from aralyk.monitor.settings import MonitorSettings
from aralyk.monitor.snapshots import SnapshotKeeper
from aralyk.monitor.stepping import Advance, advance, find_unbearable
from aralyk.monitor.writing import StepRecord
from aralyk.tracking import columns
from aralyk.tracking.live import LiveKind, announce
from aralyk.tracking.log import ENGINE_LANES, Lane
from aralyk.tracking.projection import Heard

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

LOCK_CLASS: Final = 0x4D6F6E  # "Mon": with the shard's number, one advisory lock for each monitor
TELL_MAP_EVERY_S: Final = 1.0  # an order's map, at most
AHEAD_S: Final = 5.0  # lines from further in the future mean that some process has another clock
UNBEARABLE_MAX: Final = 20  # lines set aside in one step; more means that the engine is broken, not a line
_log = structlog.get_logger("aralyk.monitor")


class AnotherMonitor(RuntimeError):
    """Another monitor watches this shard."""


class EngineFails(AssertionError):
    """The engine fails and no line is to blame."""


class Watch:
    """One monitor on one connection.

    Args:
        connection: In autocommit, as role `monitor`; nobody else uses it.
        settings: The process's.
        heartbeat: Touched after progress.
        metrics: The process's.

    Raises:
        AnotherMonitor: The shard's lock stayed taken.
        ReplayDiffers: The log gives other decisions than those stored.
        LogGap: The log has a hole.
    """

    def __init__(
        self, connection: Connection, settings: MonitorSettings, heartbeat: Heartbeat, metrics: Metrics
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._heartbeat = heartbeat
        self._metrics = metrics
        self._directory = Directory()
        self._map_changed: dict[str, None] = {}
        self._map_told_s: dict[str, float] = {}
        self._slow: set[Lane] = set()
        self._snapshots = SnapshotKeeper(shard=settings.shard, kept=settings.snapshots_kept)
        columns.register(connection)
        self._take_lock()
        connection.execute("LISTEN log")
        connection.execute("LISTEN devices")
        self._recover()
        self._step_began_s = float("-inf")
        self._snapshot_s = self._witnessed_s = time.monotonic()
        self._snapshot_step = self._step

    @property
    def step(self) -> int:
        """The last step's number."""
        return self._step

    def wait(self) -> None:
        """Return when there may be something to do: at once for what is urgent, after a pause for positions."""
        deadline_s = time.monotonic() + self._settings.poll_ms / 1000
        paced_s = self._step_began_s + self._settings.pace_ms / 1000
        woken = False
        while True:
            until_s = min(paced_s, deadline_s) if woken else deadline_s
            remaining_s = until_s - time.monotonic()
            if remaining_s <= 0:
                return
            # A list first: the connection is locked while its notices are read, and reading the directory needs it.
            for notice in list(self._connection.notifies(timeout=remaining_s, stop_after=1)):
                if notice.channel == "devices":
                    self._read_directory()
                elif lane_of_stream(notice.payload) in URGENT:
                    return
                else:
                    woken = True

    def turn(self) -> bool:
        """Take what is new, decide and write.

        Returns:
            Whether there is more to read at once.

        Raises:
            LogGap: The log has a hole.
            EngineFails: Time alone makes the engine fail.
            psycopg.Error: The connection or the database failed; this watch is over.
        """
        began_s = time.monotonic()
        with self._connection.cursor(binary=True) as cursor:  # as text a payload would travel twice as long, in hex
            intake = self._reader.take(cursor)
        self._heed_clocks(intake)
        now_us = self._let_pass(intake)
        if intake.batches or self._due(now_us):
            self._step_began_s = began_s
            self._take_step(intake, now_us)
            self._metrics.step_s.observe(time.monotonic() - began_s)
        else:
            self._tell_maps()
        if time.monotonic() - self._snapshot_s >= self._settings.snapshot_s:
            self._begin_snapshot()
        self._heartbeat.beat({"now": clock.iso(self._now_us), "step": self._step})
        return intake.drained_to_us is not None

    def keep_snapshot(self) -> None:
        """Keep the engine's state and wait until it is written, so that the next start replays nothing."""
        self._snapshots.finish()
        self._begin_snapshot()
        self._snapshots.finish()

    def _begin_snapshot(self) -> None:
        if self._step != self._snapshot_step and not self._snapshots.busy:
            self._snapshots.keep(self._step, self._state.snapshot())
            self._snapshot_step = self._step
        self._snapshot_s = time.monotonic()

    def _take_lock(self) -> None:
        deadline_s = time.monotonic() + self._settings.lock_wait_s
        while True:
            row = self._connection.execute(
                "SELECT pg_try_advisory_lock(%s, %s)", (LOCK_CLASS, self._settings.shard)
            ).fetchone()
            if row is not None and row[0]:
                return
            if time.monotonic() >= deadline_s:
                raise AnotherMonitor(f"another monitor watches shard {self._settings.shard}")
            # A killed predecessor's session lives until the server notices; nothing announces its end.
            self._connection.execute("SELECT pg_sleep(0.1)")

    def _recover(self) -> None:
        began_s = time.monotonic()
        shard = self._settings.shard
        with self._connection.cursor() as cursor:
            recovered = recover(cursor, shard=shard, on_progress=lambda: self._heartbeat.beat({"replaying": True}))
        self._state: State = recovered.state
        self._step = recovered.step
        self._now_us = recovered.now_us
        self._mark = recovered.mark
        self._marked_s = float("-inf")
        self._skip = recovered.skip
        self._reader = LogReader(shard=shard, up_to=recovered.up_to)
        self._read_directory()
        took_s = time.monotonic() - began_s
        self._metrics.replay_s.set(took_s)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            at = clock.now()
            record(
                cursor,
                kind=Kind.PROCESS_STARTED,
                subject="process:monitor",
                by=BY,
                at=at,
                data={"engine": ENGINE_VERSION, "replayed": recovered.replayed, "shard": shard, "step": recovered.step},
            )
            outages = note_outages(cursor, shard=shard, last_us=self._now_us) if self._step else []
            for component in alarms.CLEARED_BY_A_START:
                alarms.clear_alarm(cursor, component=component, at=at)
            self._standing = alarms.standing(cursor)
            self._check_time_goes_on(cursor)
            if recovered.unsound_snapshots:
                detail = {"shard": shard, "steps": list(recovered.unsound_snapshots)}
                alarms.raise_alarm(cursor, component=Component.SNAPSHOT, at=at, detail=detail)
        _log.info(
            "watch_began",
            shard=shard,
            step=recovered.step,
            replayed=recovered.replayed,
            foreign_steps=recovered.foreign_steps,
            away_s=round(sum((outage.until - outage.since).total_seconds() for outage in outages)),
            took_ms=round(took_s * 1000),
        )

    def _check_time_goes_on(self, cursor: Cursor) -> None:
        """Raise it when the clock is behind the last step: until it is past, time stands still and hides silence."""
        behind_s = (self._now_us - clock.now_us()) / 1e6 / clock.speed()
        if behind_s > AHEAD_S:
            detail = {"behind_s": round(behind_s), "shard": self._settings.shard}
            alarms.raise_alarm(cursor, component=Component.CLOCK, at=clock.now(), detail=detail)
            self._standing.add(Component.CLOCK)
            _log.error("clock_behind", shard=self._settings.shard, behind_s=round(behind_s))

    def _read_directory(self) -> None:
        with self._connection.cursor() as cursor:
            self._directory.refresh(cursor)

    def _let_pass(self, intake: Intake) -> int:
        """How far time passes in this step: never back, never beyond what every stream has been read to."""
        settle_us = int(self._settings.settle_ms * 1000 * clock.speed())
        now_us = clock.now_us() - settle_us
        if intake.drained_to_us is not None:
            now_us = min(now_us, intake.drained_to_us)
        return max(now_us, self._now_us)

    def _due(self, now_us: int) -> bool:
        if self._state.next_due_us() <= now_us:
            return True
        return time.monotonic() - self._witnessed_s >= self._settings.witness_s

    def _take_step(self, intake: Intake, now_us: int) -> None:
        poisons = list(intake.poisons)
        outcome = self._advance(intake.arrivals, now_us, poisons)
        poisons += outcome.poisons
        if outcome.controls:
            self._read_directory()
        self._note_maps(outcome.messages)
        step = StepRecord(
            shard=self._settings.shard,
            step=self._step + 1,
            now_us=now_us,
            at=clock.now(),
            up_to=intake.up_to,
            state=self._next_mark(now_us, intake, outcome),
            messages=outcome.messages,
            judgements=outcome.judgements,
            poisons=poisons,
            live_orders=self._maps_to_tell(),
        )
        written = writing.write_step(self._connection, step, self._directory)
        self._step, self._now_us, self._mark = step.step, now_us, step.state
        self._witnessed_s = time.monotonic()
        self._count(step, written.fixes)

    def _next_mark(self, now_us: int, intake: Intake, outcome: Advance) -> str:
        """The state's own digest once in a while, a link of the chain between (see `marks`)."""
        if time.monotonic() - self._marked_s >= self._settings.snapshot_s:
            self._marked_s = time.monotonic()
            return marks.whole(self._state)
        bodies = [judgement.body for judgement in outcome.judgements]
        return marks.chained(self._mark, now_us=now_us, up_to=intake.up_to, bodies=bodies)

    def _advance(self, arrivals: Sequence[Arrival], now_us: int, poisons: list[Poison]) -> Advance:
        try:
            return advance(self._state, arrivals, now_us=now_us, skip=self._skip)
        except Exception as error:  # noqa: BLE001  (any fault of the engine: one line must not stop the whole watch)
            _log.error("engine_failed", shard=self._settings.shard, step=self._step + 1, error=type(error).__name__)
        return self._advance_without_unbearable(arrivals, now_us, poisons)

    def _advance_without_unbearable(self, arrivals: Sequence[Arrival], now_us: int, poisons: list[Poison]) -> Advance:
        with self._connection.cursor() as cursor:
            before = recover(
                cursor, shard=self._settings.shard, on_progress=lambda: self._heartbeat.beat({"replaying": True})
            ).state.snapshot()
        for _ in range(UNBEARABLE_MAX):
            found = find_unbearable(lambda: State.restore(before), arrivals, now_us=now_us, skip=self._skip)
            if found is None:
                break
            poisons.append(found)
            self._skip |= {Position(*found.position)}
            self._state = State.restore(before)
            try:
                return advance(self._state, arrivals, now_us=now_us, skip=self._skip)
            except Exception:  # noqa: BLE001  (another line of the same kind: found in the next round)
                continue
        raise EngineFails(f"shard {self._settings.shard}: the engine fails at step {self._step + 1}")

    def _note_maps(self, messages: Sequence[Heard]) -> None:
        for device in {message.device for message in messages}:
            for order_id in self._directory.orders_of(device):
                self._map_changed[order_id] = None

    def _maps_to_tell(self) -> list[str]:
        now_s = time.monotonic()
        ready = [
            order_id
            for order_id in self._map_changed
            if now_s - self._map_told_s.get(order_id, float("-inf")) >= TELL_MAP_EVERY_S
        ]
        for order_id in ready:
            del self._map_changed[order_id]
            self._map_told_s[order_id] = now_s
        return ready

    def _tell_maps(self) -> None:
        """Tell what a full second held back, when no step came by to carry it."""
        ready = self._maps_to_tell()
        if not ready:
            return
        at = clock.now()
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for order_id, district in self._directory.districts_of(cursor, ready).items():
                announce(cursor, kind=LiveKind.FIX, subject=order_id, district=district, at=at)

    def _heed_clocks(self, intake: Intake) -> None:
        """Raise an alarm for a lane that waits too long, and for lines that come from the future."""
        now_us = clock.now_us()
        for lane in ENGINE_LANES:
            newest_us = intake.newest_us.get(lane)
            if newest_us is None and intake.drained_to_us is not None:
                continue
            lag_s = 0.0 if newest_us is None else (now_us - newest_us) / 1e6 / clock.speed()
            self._metrics.lag_s.labels(lane.value).set(max(0.0, lag_s))
            slow = lag_s > self._settings.lag_s
            # Twice running: what had gathered while the monitor was away is read in one turn and is no stall.
            self._settle_alarm(alarms.lag_of(lane.value), raised=slow and lane in self._slow, lane=lane.value)
            (self._slow.add if slow else self._slow.discard)(lane)
            if lag_s < -AHEAD_S:
                self._settle_alarm(Component.CLOCK, raised=True, lane=lane.value)

    def _settle_alarm(self, component: str, *, raised: bool, lane: str) -> None:
        if raised == (component in self._standing):
            return
        with self._connection.transaction(), self._connection.cursor() as cursor:
            if raised:
                alarms.raise_alarm(cursor, component=component, at=clock.now(), detail={"lane": lane})
                self._standing.add(component)
                _log.warning("alarm_raised", component=component)
            else:
                alarms.clear_alarm(cursor, component=component, at=clock.now())
                self._standing.discard(component)
                _log.info("alarm_cleared", component=component)

    def _count(self, step: StepRecord, fixes: int) -> None:
        self._metrics.steps.inc()
        self._metrics.messages.inc(len(step.messages))
        self._metrics.fixes.inc(fixes)
        self._metrics.decisions.inc(len(step.judgements))
        self._metrics.poisons.inc(len(step.poisons))
        for judgement in step.judgements:
            decision = judgement.decision
            _log.info(
                "decided",
                incident=decision["incident"],
                kind=decision["kind"],
                order_id=decision["order_id"],
                phase=decision["phase"],
                priority=decision["priority"],
                step=step.step,
            )
