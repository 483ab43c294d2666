"""The door for trackers: streams of frames over TCP, one door for each protocol.

Frames are judged one by one in their order. While a lane has no room, the device or its address is over its rate, or
too many frames of the connection wait for their commit, the connection is not read: the tracker's own sending buffer
fills and it keeps its records. An idle connection holds no buffer: all connections of a door are read into one, because
the event loop fills it and hands it over in one go.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from itertools import count
from typing import Final, cast

from aralyk import clock
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.outbox import Outbox
from aralyk.gateway.reception import Fate, Reception, Talk, Verdict
from aralyk.gateway.registry import Registry
from aralyk.gateway.settings import GatewaySettings
from aralyk.gateway.sources import Occupancy
from aralyk.protocols.codec import BrokenFrame, Codec

READ_BYTES: Final = 16 * 1024  # about 160 frames of text
UNCOMMITTED_MAX: Final = 64  # frames of one connection that wait for their commit
BROKEN_MAX: Final = 20  # bad frames of a sender not yet believed, after which the connection is ended
PATIENCE_EVERY_S: Final = 1.0  # between two looks at all connections; 20,000 of them cost 10 ms


class _Pending:
    """A frame that waits for its commit, and what is said after it."""

    __slots__ = ("stored", "verdict")

    def __init__(self) -> None:
        self.stored = False
        self.verdict: Verdict | None = None


_links = count(1)  # tells connections apart within this process


class TcpDoor:
    """What all connections of one protocol share."""

    def __init__(
        self,
        *,
        settings: GatewaySettings,
        codec: Codec,
        registry: Registry,
        reception: Reception,
        outbox: Outbox,
        metrics: Metrics,
    ) -> None:
        assert codec.splitter is not None
        self.settings = settings
        self.codec = codec
        self.splitter = codec.splitter
        self.registry = registry
        self.reception = reception
        self.outbox = outbox
        self.metrics = metrics
        self.idle_s = settings.idle_s_of(codec.name)
        self.occupancy = Occupancy(per_address_max=settings.connections_per_address_max)
        self.buffer = bytearray(READ_BYTES)
        self.connections: set[TcpConnection] = set()
        self.waiting: set[TcpConnection] = set()  # with frames that met no room
        self._looked_s = float("-inf")

    def connection(self) -> TcpConnection:
        """Make the protocol of a new connection."""
        return TcpConnection(self)

    def sweep(self) -> None:
        """Offer again what met no room, and end forgotten connections; call about four times a second."""
        for connection in list(self.waiting):
            connection.offer_again()
        now_s = time.monotonic()
        if now_s - self._looked_s >= PATIENCE_EVERY_S:
            self._looked_s = now_s
            for connection in list(self.connections):
                connection.end_if_forgotten(now_s)

    @property
    def busy(self) -> bool:
        """Whether a frame that was read is not yet stored."""
        return any(connection.busy for connection in self.connections)

    def close(self) -> None:
        """Read no more from anyone."""
        for connection in list(self.connections):
            connection.end()

    def count(self) -> None:
        """Tell the metrics how many there are."""
        self.metrics.connections.labels(self.codec.name).set(len(self.connections))

    def refuse(self, why: str) -> None:
        """Count a connection that found no room."""
        self.metrics.refused.labels(self.codec.name, why).inc()


class TcpConnection(asyncio.BufferedProtocol):
    """One connection of a tracker."""

    __slots__ = ("_broken", "_door", "_full", "_held", "_opened_s", "_paused", "_pending", "_quiet_since_s",
                 "_splitter", "_talk", "_transport", "_unheard")  # fmt: skip

    def __init__(self, door: TcpDoor) -> None:
        self._door = door
        self._splitter = door.splitter()
        self._transport: asyncio.Transport | None = None
        self._talk: Talk | None = None
        self._held: deque[bytes | BrokenFrame] = deque()
        self._pending: deque[_Pending] = deque()  # in the order of the frames: lanes are stored in another
        self._broken = 0
        self._opened_s = self._quiet_since_s = time.monotonic()
        self._paused = False
        self._full = False
        self._unheard = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or end it when there is no room: the protocols have no word for "later"."""
        transport = cast(asyncio.Transport, transport)  # uvloop's has no base class in common with asyncio's
        door = self._door
        source = door.reception.sources.of(transport.get_extra_info("peername"))
        if len(door.connections) >= door.settings.connections_max:
            door.refuse("full")
            transport.abort()
            return
        if not door.occupancy.enter(source):
            door.refuse("address")
            transport.abort()
            return
        self._transport = transport
        self._talk = Talk(source=source, link=next(_links))
        door.connections.add(self)
        door.count()

    def connection_lost(self, error: Exception | None) -> None:
        """Judge what the end cut off. Frames that met no room stay with us until they are stored."""
        if self._transport is None or self._talk is None:
            return
        self._transport = None
        self._door.occupancy.leave(self._talk.source)
        cut = self._splitter.close()
        if cut is not None:
            self._held.append(cut)
        self._work()
        self._leave_if_done()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to read to."""
        return self._door.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        assert self._talk is not None
        self._quiet_since_s = time.monotonic()
        self._talk.read_us = clock.now_us()
        self._held.extend(self._splitter.feed(bytes(memoryview(self._door.buffer)[:nbytes])))
        self._work()

    def pause_writing(self) -> None:
        """The other side does not read its answers: read no more of its frames."""
        self._unheard = True
        self._balance()

    def resume_writing(self) -> None:
        """It reads again."""
        self._unheard = False
        self._balance()

    def eof_received(self) -> bool:
        """The other side sends no more."""
        return False

    @property
    def busy(self) -> bool:
        """Whether frames wait for room or for their commit."""
        return bool(self._held or self._pending)

    def end(self) -> None:
        """Close from our side."""
        if self._transport is not None:
            self._transport.close()

    def offer_again(self) -> None:
        """See TcpDoor.sweep."""
        self._work()
        self._leave_if_done()

    def end_if_forgotten(self, now_s: float) -> None:
        """End a connection that is silent for too long, or that has not said whose it is."""
        if self._talk is None or (self._paused and not self._unheard):
            return  # it waits for us, not we for it
        unnamed = self._talk.device is None and now_s - self._opened_s > self._door.settings.login_s
        if unnamed or now_s - self._quiet_since_s > self._door.idle_s:
            self.end()

    def _work(self) -> None:
        self._full = False
        while self._held and len(self._pending) < UNCOMMITTED_MAX and not self._full:
            self._judge(self._held[0])
        (self._door.waiting.add if self._held else self._door.waiting.discard)(self)
        self._balance()

    def _judge(self, frame: bytes | BrokenFrame) -> None:
        talk, reception, register = self._talk, self._door.reception, self._door.registry.current
        assert talk is not None
        if register is None or not reception.allows(talk.source, talk.device):
            self._full = True  # nobody is known yet, or it comes too fast
            return
        pending = _Pending()
        verdict, parcel = reception.of_named(
            self._door.codec, frame, register=register, talk=talk, stored=partial(self._stored, pending)
        )
        if verdict.fate is Fate.FULL:
            self._full = True
            return
        self._held.popleft()
        if parcel is not None:
            self._pending.append(pending)
            pending.verdict = verdict
        if verdict.fate is not Fate.KEPT and talk.device is None:
            self._broken += 1
            if self._broken >= BROKEN_MAX:
                self._held.clear()
                self.end()

    def _stored(self, pending: _Pending) -> None:
        pending.stored = True
        while self._pending and self._pending[0].stored:
            self._reply(self._pending.popleft().verdict)
        if self._held:
            self._work()
        else:
            self._balance()
        self._leave_if_done()

    def _reply(self, verdict: Verdict | None) -> None:
        """Answer a stored frame, and send what waits for its device."""
        if verdict is None or verdict.decoded is None:
            return
        outbox, decoded = self._door.outbox, verdict.decoded
        for said in decoded.command_answers:
            outbox.answered(verdict.session.device_id or "", said)
        if self._transport is None or self._transport.is_closing():
            return
        if (answer := decoded.to_send) is not None:
            self._transport.write(self._door.codec.on_wire(answer))
        for command in outbox.take(self._door.codec, verdict.session):
            self._transport.write(command)

    def _balance(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        wants_pause = self._unheard or bool(self._held) or len(self._pending) >= UNCOMMITTED_MAX
        if wants_pause and not self._paused:
            self._transport.pause_reading()
        elif self._paused and not wants_pause:
            self._quiet_since_s = time.monotonic()
            self._transport.resume_reading()
        self._paused = wants_pause

    def _leave_if_done(self) -> None:
        if self._transport is None and not self.busy:
            self._door.connections.discard(self)
            self._door.count()
