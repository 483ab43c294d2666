"""The door for trackers: streams of frames over TCP, one door for each protocol.

Frames are judged one by one in their order, what may be a cry for help first; the answers keep the order of the frames.
A connection works for a moment, then the others have their turn, so that a flood on one delays no cry on another. When
a lane has no room, the device or its address is over its rate, or too many frames of the connection wait for their
commit, a little is read ahead, to find a cry in it; then the connection is not read: the tracker's own sending buffer
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
UNCOMMITTED_MAX: Final = 256  # frames of one connection that wait for their commit: about 10,000 a second
TURN_S: Final = 0.001  # of judging for one connection before the others have theirs: 400 of them wait 0.4 s at most
AHEAD_BYTES_MAX: Final = 256 * 1024  # of one connection read and not yet judged; the last reading may exceed it
DOOR_AHEAD_BYTES_MAX: Final = 16 * 1024 * 1024  # of all of a door's: beyond, nobody is read ahead
BESIDE_BYTES: Final = 200  # what a frame takes in memory beside its bytes
BROKEN_MAX: Final = 20  # bad frames of a sender not yet believed, after which the connection is ended
PATIENCE_EVERY_S: Final = 1.0  # between two looks at all connections; 20,000 of them cost 10 ms


class _Pending:
    """A frame from its arrival until it is answered: first it waits for its turn, then for its commit."""

    __slots__ = ("done", "frame", "overtakes", "read_us", "size", "verdict")

    def __init__(self, frame: bytes | BrokenFrame, read_us: int) -> None:
        self.frame = frame
        self.overtakes = False
        self.size = 0  # of what it takes in memory, once it is counted
        self.read_us = read_us
        self.done = False  # stored, or not to be stored
        self.verdict: Verdict | None = None


_links = count(1)  # tells connections apart within this process
_KEPT: Final = Fate.KEPT  # a member is looked up by a call
_FULL: Final = Fate.FULL


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
        self.view = memoryview(self.buffer)
        self.connections: set[TcpConnection] = set()
        self.waiting: set[TcpConnection] = set()  # with frames that met no room
        self.ahead_bytes = 0  # read and not yet judged
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

    __slots__ = ("_ahead_bytes", "_broken", "_door", "_full", "_has_turn", "_held", "_opened_s", "_paused", "_pending",
                 "_quiet_since_s", "_splitter", "_talk", "_transport", "_uncommitted", "_unheard")  # fmt: skip

    def __init__(self, door: TcpDoor) -> None:
        self._door = door
        self._splitter = door.splitter()
        self._transport: asyncio.Transport | None = None
        self._talk: Talk | None = None
        self._held: deque[_Pending] = deque()  # not yet judged, in the order in which they will be
        self._pending: deque[_Pending] = deque()  # all, in the order of the frames: lanes are stored in another
        self._ahead_bytes = 0  # of those
        self._uncommitted = 0
        self._has_turn = False
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
            self._take([cut])
        self._work()
        self._leave_if_done()

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to read to."""
        return self._door.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        assert self._talk is not None
        self._quiet_since_s = time.monotonic()
        self._take(self._splitter.feed(self._door.view[:nbytes].tobytes()))
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
        return bool(self._pending)

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
        if self._talk is None or self._held or (self._paused and not self._unheard):
            return  # it waits for us, not we for it
        unnamed = self._talk.device is None and now_s - self._opened_s > self._door.settings.login_s
        if unnamed or now_s - self._quiet_since_s > self._door.idle_s:
            self.end()

    def _take(self, frames: list[bytes | BrokenFrame]) -> None:
        assert self._talk is not None
        read_us = clock.now_us()
        if len(frames) == 1 and not self._held:  # what most readings are: judged at once, or counted when it can't be
            pending = _Pending(frames[0], read_us)
            self._pending.append(pending)
            self._held.append(pending)
            return
        taken = [_Pending(frame, read_us) for frame in frames]
        self._pending.extend(taken)
        for pending in taken:
            self._count(pending)
        may_cry = self._door.codec.may_cry
        if may_cry is None or len(taken) + len(self._held) < 2 or self._talk.device is None:
            self._held.extend(taken)  # nothing to overtake, or it is not yet known who speaks
            return
        held = self._held
        place: int | None = None  # looked for at the first cry
        for pending in taken:
            if isinstance(pending.frame, bytes) and may_cry(pending.frame):
                place = self._place_of_cries() if place is None else place
                pending.overtakes = place < len(held)
                held.insert(place, pending)
                place += 1
            else:
                held.append(pending)
                if place is not None and self._may_name(pending):
                    place = len(held)

    def _place_of_cries(self) -> int:
        """Before all that waits, but behind the last frame that may say whose the later ones are."""
        held = self._held
        return next((at + 1 for at in reversed(range(len(held))) if self._may_name(held[at])), 0)

    def _may_name(self, pending: _Pending) -> bool:
        may_name = self._door.codec.may_name
        return may_name is not None and isinstance(pending.frame, bytes) and may_name(pending.frame)

    def _count(self, pending: _Pending) -> None:
        frame = pending.frame
        pending.size = BESIDE_BYTES + len(frame.raw if isinstance(frame, BrokenFrame) else frame)
        self._count_ahead(pending.size)

    def _count_ahead(self, size: int) -> None:
        self._ahead_bytes += size
        self._door.ahead_bytes += size

    def _work(self) -> None:
        self._full = False
        held = self._held
        ends_s: float | None = None
        while held and self._uncommitted < UNCOMMITTED_MAX and not self._full:
            if ends_s is None:
                ends_s = time.monotonic() + TURN_S
            elif time.monotonic() > ends_s:
                self._wait_for_turn()
                break
            self._judge(held[0])
        if held:
            if not held[0].size:
                self._count(held[0])
            self._door.waiting.add(self)
        else:
            self._door.waiting.discard(self)
        self._reply_to_done()
        self._balance()

    def _wait_for_turn(self) -> None:
        if not self._has_turn:
            self._has_turn = True
            asyncio.get_running_loop().call_soon(self._take_turn)

    def _take_turn(self) -> None:
        self._has_turn = False
        self._work()
        self._leave_if_done()

    def _judge(self, pending: _Pending) -> None:
        talk, reception, register = self._talk, self._door.reception, self._door.registry.current
        assert talk is not None
        if register is None or not reception.allows(talk.source, talk.device):
            self._full = True  # nobody is known yet, or it comes too fast
            return
        talk.read_us, talk.overtakes = pending.read_us, pending.overtakes
        verdict, parcel = reception.of_named(
            self._door.codec, pending.frame, register=register, talk=talk, stored=partial(self._stored, pending)
        )
        fate = verdict.fate
        if fate is _FULL:
            self._full = True
            return
        self._held.popleft()
        if pending.size:
            self._count_ahead(-pending.size)
        pending.frame = b""  # it is in its parcel
        if parcel is None:
            pending.done = True
        else:
            self._uncommitted += 1
            pending.verdict = verdict
        if fate is not _KEPT and talk.device is None:
            self._broken += 1
            if self._broken >= BROKEN_MAX:
                for unjudged in self._held:
                    unjudged.done = True
                self._held.clear()
                self._count_ahead(-self._ahead_bytes)
                self.end()

    def _stored(self, pending: _Pending) -> None:
        pending.done = True
        self._uncommitted -= 1
        self._reply_to_done()
        if self._has_turn:
            return
        if self._held:
            self._work()
        else:
            self._balance()
        self._leave_if_done()

    def _reply_to_done(self) -> None:
        while self._pending and self._pending[0].done:
            self._reply(self._pending.popleft().verdict)

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
        wants_pause = self._unheard or self._far_enough
        if wants_pause is self._paused or self._transport is None or self._transport.is_closing():
            return
        if wants_pause:
            self._transport.pause_reading()
        else:
            self._quiet_since_s = time.monotonic()
            self._transport.resume_reading()
        self._paused = wants_pause

    @property
    def _far_enough(self) -> bool:
        """Whether no more is read before what was read is judged and stored."""
        if not self._held:
            return self._uncommitted >= UNCOMMITTED_MAX
        door = self._door
        no_room = self._ahead_bytes >= AHEAD_BYTES_MAX or door.ahead_bytes >= DOOR_AHEAD_BYTES_MAX
        return no_room or door.codec.may_cry is None

    def _leave_if_done(self) -> None:
        if self._transport is None and not self.busy:
            self._door.connections.discard(self)
            self._door.count()
