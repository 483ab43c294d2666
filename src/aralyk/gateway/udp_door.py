"""The door for datagrams: a protocol that is also spoken over UDP, one door for each.

A datagram has no connection to slow down. What met no room is not answered, so the device sends it again, and it is
counted; what comes faster than the device may is set aside, but for some cries for help. An address is easily forged
here: who is believed counts for the one datagram alone, and a device bound to networks is the better one.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from aralyk import clock
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.outbox import Outbox
from aralyk.gateway.reception import Fate, Reception, Talk
from aralyk.gateway.registry import Registry
from aralyk.protocols.codec import Codec, Decoded, Session


class UdpDoor(asyncio.DatagramProtocol):
    """All datagrams of one protocol."""

    def __init__(
        self, *, codec: Codec, registry: Registry, reception: Reception, outbox: Outbox, metrics: Metrics
    ) -> None:
        assert codec.frames_of_datagram is not None
        self._codec = codec
        self._frames_of = codec.frames_of_datagram
        self._registry = registry
        self._reception = reception
        self._outbox = outbox
        self._metrics = metrics
        self._transport: asyncio.DatagramTransport | None = None
        self._uncommitted = 0
        self._closing = False

    def close(self) -> None:
        """Hear no more; what was heard is still answered."""
        self._closing = True

    @property
    def busy(self) -> bool:
        """Whether a frame that was read is not yet stored."""
        return self._uncommitted > 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is closed."""
        self._transport = None

    def error_received(self, error: Exception) -> None:
        """An answer reached nobody: the device is gone, and will come again."""

    def datagram_received(self, data: bytes, peer: tuple[Any, ...]) -> None:
        """Judge each frame of a datagram."""
        register = self._registry.current
        if register is None or self._closing:
            return
        source = self._reception.sources.of(peer)
        talk = Talk(source=source, link=source.name, read_us=clock.now_us(), paced=False)
        for frame in self._frames_of(data):
            verdict, parcel = self._reception.of_named(
                self._codec, frame, register=register, talk=talk, stored=self._stored
            )
            if verdict.fate is Fate.FULL:
                self._metrics.unheard.labels(self._codec.name).inc()
            if parcel is None:
                continue
            self._uncommitted += 1
            if verdict.decoded is not None:
                parcel.stored = partial(self._kept, verdict.decoded, verdict.session, peer)

    def _stored(self) -> None:
        self._uncommitted -= 1

    def _kept(self, decoded: Decoded, session: Session, peer: tuple[Any, ...]) -> None:
        """Answer a stored frame to where it came from, and send what waits for its device."""
        self._uncommitted -= 1
        for said in decoded.command_answers:
            self._outbox.answered(session.device_id or "", said)
        if self._transport is None:
            return
        if (answer := decoded.to_send) is not None:
            self._transport.sendto(self._codec.on_wire(answer), peer)
        for command in self._outbox.take(self._codec, session):
            self._transport.sendto(command, peer)
