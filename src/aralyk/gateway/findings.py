"""What the gateway finds out beside the frames: strangers, and devices in whose name somebody else may speak.

Written every two seconds on a connection of its own, so that no frame waits for it and a flood of strangers can't keep
an alarm from being raised. What a killed gateway had not yet written stands in the log all the same: quarantined
frames, and the marks on the kept ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import psycopg
import structlog

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.gateway import strangers
from aralyk.gateway.hand import Hand
from aralyk.gateway.strangers import Claim, Sighting, Strangers
from aralyk.tracking import alarms

PREFIX: Final = "device."
EPISODE_US: Final = 3_600_000_000  # quiet for an hour: the alarm is over
BY: Final = "system:gateway"
_SESSION: Final = "SET statement_timeout = 10000"

_log = structlog.get_logger("aralyk.gateway")


class DeviceAlarms:
    """One alarm for each device under suspicion: raised at the first sign, widened by others, over after an hour."""

    def __init__(self) -> None:
        self._what: dict[str, set[str]] = {}
        self._last_us: dict[str, int] = {}
        self._unwritten: set[str] = set()

    def note(self, device_id: str, what: Iterable[str], *, at_us: int) -> None:
        """Take one sign."""
        known = self._what.setdefault(device_id, set())
        self._last_us[device_id] = at_us
        if not known.issuperset(what):
            known.update(what)
            self._unwritten.add(device_id)

    def resume(self, device_id: str, what: Iterable[str], *, at_us: int) -> None:
        """Go on with an alarm that stood when the process started."""
        self._what.setdefault(device_id, set()).update(what)
        self._last_us.setdefault(device_id, at_us)

    def take(self, now_us: int) -> tuple[dict[str, list[str]], list[str]]:
        """Give what is to be raised, with its signs, and which devices have been quiet."""
        raised = {device_id: sorted(self._what[device_id]) for device_id in sorted(self._unwritten)}
        self._unwritten.clear()
        quiet = sorted(device_id for device_id, last_us in self._last_us.items() if now_us - last_us > EPISODE_US)
        return raised, quiet

    def give_back(self, raised: Iterable[str]) -> None:
        """Have alarms that could not be written raised the next time."""
        self._unwritten.update(raised)

    def forget(self, quiet: Iterable[str], now_us: int) -> None:
        """End episodes, once that is written; one that woke up meanwhile is raised anew."""
        for device_id in quiet:
            if now_us - self._last_us[device_id] > EPISODE_US:
                del self._what[device_id], self._last_us[device_id]
            else:
                self._unwritten.add(device_id)


class Findings:
    """Gathers and writes."""

    def __init__(self) -> None:
        self.strangers = Strangers()
        self.alarms = DeviceAlarms()
        self._hand = Hand("findings")
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._resumed = False

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(strangers.WRITE_EVERY_S)
            await self.write()

    async def write(self) -> None:
        """Write what there is; what the database does not take now is kept for the next time."""
        now_us = clock.now_us()
        sightings = self.strangers.take()
        raised, quiet = self.alarms.take(now_us)
        if self._resumed and not (sightings or raised or quiet):
            return
        try:
            await self._hand.do(partial(self._write, sightings, raised, quiet, now_us))
        except psycopg.Error as error:
            self.strangers.give_back(sightings)
            self.alarms.give_back(raised)
            _log.warning("findings_not_written", error=type(error).__name__, sqlstate=error.sqlstate)
        else:
            self.alarms.forget(quiet, now_us)

    def _write(
        self, sightings: dict[Claim, Sighting], raised: dict[str, list[str]], quiet: list[str], now_us: int
    ) -> None:
        at = clock.from_us(now_us)
        try:
            connection = self._ready()
            with connection.transaction(), connection.cursor() as cursor:
                if not self._resumed:
                    for component, detail in alarms.standing(cursor, prefix=PREFIX).items():
                        self.alarms.resume(component.removeprefix(PREFIX), detail.get("what", ()), at_us=now_us)
                    self._resumed = True
                if sightings:
                    strangers.write(cursor, sightings)
                for device_id, what in raised.items():
                    component = PREFIX + device_id
                    if alarms.raise_alarm(cursor, component=component, by=BY, at=at, detail={"what": what}):
                        _log.warning("device_suspected", device=device_id, what=what)
                for device_id in quiet:
                    alarms.clear_alarm(cursor, component=PREFIX + device_id, by=BY, at=at)
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            raise

    def _ready(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(Role.GATEWAY, autocommit=True)
            self._connection.execute(_SESSION)
        return self._connection
