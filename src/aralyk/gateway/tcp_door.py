"""The door for bracelets: a stream of frames over TCP.

Frames are judged one by one in their order. While a lane has no room, or too many frames of the connection wait for
their commit, the connection is not read: the bracelet's own sending buffer fills and it keeps its records. A small
buffer of fixed size for each connection bounds what was read but not yet judged.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import Final, cast

from aralyk.gateway.metrics import Metrics
from aralyk.gateway.reception import Fate, Reception
from aralyk.gateway.registry import Device, Registry
from aralyk.gateway.settings import GatewaySettings
from aralyk.protocols.codec import BrokenFrame, Codec

READ_BYTES: Final = 4096  # about 40 frames
UNCOMMITTED_MAX: Final = 64  # frames of one connection that wait for their commit
BROKEN_MAX: Final = 20  # bad frames of a sender not yet believed, after which the connection is ended


class TcpDoor:
    """What all connections of one protocol share."""

    def __init__(
        self, *, settings: GatewaySettings, codec: Codec, registry: Registry, reception: Reception, metrics: Metrics
    ) -> None:
        self.settings = settings
        self.codec = codec
        self.registry = registry
        self.reception = reception
        self.metrics = metrics
        self.connections: set[TcpConnection] = set()

    def connection(self) -> TcpConnection:
        """Make the protocol of a new connection."""
        return TcpConnection(self)

    def sweep(self) -> None:
        """End forgotten connections, and offer again what met a full lane; call about twice a second."""
        now_s = time.monotonic()
        for connection in list(self.connections):
            connection.sweep(now_s)

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


class TcpConnection(asyncio.BufferedProtocol):
    """One connection of a bracelet."""

    def __init__(self, door: TcpDoor) -> None:
        assert door.codec.splitter is not None
        self._door = door
        self._splitter = door.codec.splitter()
        self._buffer = bytearray(READ_BYTES)
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._held: deque[bytes | BrokenFrame] = deque()
        self._uncommitted = 0
        self._broken = 0
        self._device: Device | None = None
        self._quiet_since_s = time.monotonic()
        self._paused = False
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or end it when there is no room: the protocol has no word for "later"."""
        transport = cast(asyncio.Transport, transport)  # uvloop's has no base class in common with asyncio's
        if len(self._door.connections) >= self._door.settings.connections_max:
            transport.abort()
            return
        self._transport = transport
        address = transport.get_extra_info("peername")
        self._peer = self._door.reception.peers.name(str(address[0]) if isinstance(address, tuple) else "")
        self._door.connections.add(self)
        self._door.count()

    def connection_lost(self, error: Exception | None) -> None:
        """Judge what the end cut off. Frames that met a full lane stay with us until they are stored."""
        if self._transport is None:
            return
        self._transport = None
        cut = self._splitter.close()
        if cut is not None:
            self._held.append(cut)
        self._work()
        self._leave_if_done()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        self._quiet_since_s = time.monotonic()
        self._held.extend(self._splitter.feed(bytes(memoryview(self._buffer)[:nbytes])))
        self._work()

    def eof_received(self) -> bool:
        """The other side sends no more."""
        return False

    @property
    def busy(self) -> bool:
        """Whether frames wait for room or for their commit."""
        return bool(self._held or self._uncommitted)

    def end(self) -> None:
        """Close from our side."""
        if self._transport is not None:
            self._transport.close()

    def sweep(self, now_s: float) -> None:
        """See TcpDoor.sweep."""
        if self._held:
            self._work()
        self._leave_if_done()
        if not self._paused and now_s - self._quiet_since_s > self._door.settings.bracelet_idle_s:
            self.end()

    def _work(self) -> None:
        self._full = False
        while self._held and self._uncommitted < UNCOMMITTED_MAX and not self._full:
            self._judge(self._held[0])
        self._balance()

    def _judge(self, frame: bytes | BrokenFrame) -> None:
        register = self._door.registry.current
        if register is None:
            self._full = True  # nobody is known yet
            return
        verdict, parcel = self._door.reception.of_named(
            self._door.codec, frame, register=register, last=self._device, peer=self._peer, stored=self._stored
        )
        if verdict.fate is Fate.FULL:
            self._full = True
            return
        self._held.popleft()
        if parcel is not None:
            self._uncommitted += 1
        if verdict.fate is Fate.KEPT:
            assert verdict.decoded is not None
            self._device = register.by_id.get(verdict.decoded.device_id or "")
            if parcel is not None and verdict.decoded.answer is not None:
                on_wire = self._door.codec.wire_of_answer
                reply = verdict.decoded.answer if on_wire is None else on_wire(verdict.decoded.answer)
                parcel.stored = partial(self._stored, reply)
        elif self._device is None:
            self._broken += 1
            if self._broken >= BROKEN_MAX:
                self._held.clear()
                self.end()

    def _stored(self, reply: bytes | None = None) -> None:
        self._uncommitted -= 1
        if reply is not None and self._transport is not None and not self._transport.is_closing():
            self._transport.write(reply)
        if self._held:
            self._work()
        else:
            self._balance()
        self._leave_if_done()

    def _balance(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        wants_pause = bool(self._held) or self._uncommitted >= UNCOMMITTED_MAX
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
