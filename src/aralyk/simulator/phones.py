"""Phones with the Traccar Client app, in its three wire forms.

The app keeps a queue on the phone: records are sent strictly oldest first, a record leaves the queue only when the
server answered 2xx, and a failure means waiting and trying the same record again. So an outage arrives late, in order
and whole. Versions 8 and 9 speak when the system gives them a place, and where satellites fail it gives the network's;
version 10 sends a heartbeat without a place (shared research on the clients, section 6).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from aralyk.protocols.messages import Message
from aralyk.protocols.osmand.encoder import encode_form, encode_json, encode_query
from aralyk.simulator.carried import Carried, Record
from aralyk.simulator.http_link import HttpLink, NoAnswer, Request
from aralyk.simulator.pilot import Wire
from aralyk.simulator.tempo import Tempo

QUEUE_MAX: Final = 40_000  # a week at 15 s; the app's table has no limit but the phone's storage
ALWAYS_A_PLACE: Final = frozenset({Wire.TRACCAR_8, Wire.TRACCAR_9})
_FORM: Final = "application/x-www-form-urlencoded"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How long an app waits after a failure."""

    first_s: float
    longest_s: float

    def next_s(self, last_s: float | None) -> float:
        """The wait after this one."""
        return self.first_s if last_s is None else min(last_s * 2, self.longest_s)


RETRIES: Final = {
    Wire.TRACCAR_8: Retry(first_s=30, longest_s=30),
    Wire.TRACCAR_9: Retry(first_s=30, longest_s=30),
    Wire.TRACCAR_10: Retry(first_s=5, longest_s=300),
}


def request_of(message: Message, *, wire: Wire, target: str) -> Request:
    """Write a record as this version of the app writes it; `target` is the path with the phone's secret."""
    if wire is Wire.TRACCAR_8:
        return Request(method="POST", target=f"{target}?{encode_query(message)}", headers={}, body=b"")
    if wire is Wire.TRACCAR_9:
        headers = {"Content-Type": "application/json"}
        return Request(method="POST", target=target, headers=headers, body=encode_json(message))
    assert wire is Wire.TRACCAR_10, f"{wire} is not a phone"
    return Request(method="POST", target=target, headers={"Content-Type": _FORM}, body=encode_form(message))


class Phone:
    """The app on one phone: it records, and it sends."""

    def __init__(
        self, *, carried: Carried, tempo: Tempo, link: HttpLink, target: str, told: Callable[[], None]
    ) -> None:
        self._carried = carried
        self._tempo = tempo
        self._link = link
        self._target = target
        self._told = told
        self._queue: deque[Request] = deque()
        self._filled = asyncio.Event()

    async def run(self) -> None:
        """Record and send until cancelled; a dead phone ends when its records do, with its queue unsent."""
        try:
            async with asyncio.TaskGroup() as tasks:
                sending = tasks.create_task(self._send())
                for due_s in self._carried.due(from_s=self._tempo.since_s()):
                    await self._tempo.until(due_s)
                    self._keep(self._carried.record(due_s, at_us=self._tempo.at_us(due_s)))
                sending.cancel()
        finally:
            self._link.close()

    def _keep(self, record: Record) -> None:
        if len(self._queue) == QUEUE_MAX:
            _log.warning("simulated_phone_full", device=self._carried.device)
            self._queue.popleft()
        self._queue.append(request_of(record.message, wire=self._carried.wire, target=self._target))
        self._filled.set()

    async def _send(self) -> None:
        waited_s: float | None = None
        while True:
            if not self._queue:
                self._filled.clear()
                await self._filled.wait()
            if (online_s := self._carried.offline_until_s(self._tempo.since_s())) is not None:
                self._link.close()
                await self._tempo.until(online_s)
            if await self._delivered(self._queue[0]):
                self._queue.popleft()
                waited_s = None
                self._told()
            else:
                waited_s = RETRIES[self._carried.wire].next_s(waited_s)
                await self._tempo.pause(waited_s)

    async def _delivered(self, request: Request) -> bool:
        try:
            status = await self._link.send(request)
        except NoAnswer as error:
            _log.info("simulated_phone_waits", device=self._carried.device, reason=str(error), queue=len(self._queue))
            return False
        if not 200 <= status < 300:
            _log.warning("simulated_phone_refused", device=self._carried.device, status=status)
            return False
        return True
