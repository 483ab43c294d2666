"""A door of the gateway with real sockets and lanes that nobody empties: what was judged can be looked at."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from aralyk.gateway.findings import Findings
from aralyk.gateway.lanes import BUDGETS, LaneQueue
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.outbox import Outbox
from aralyk.gateway.reception import Reception
from aralyk.gateway.registry import Device, Register, Registry
from aralyk.gateway.settings import GatewaySettings
from aralyk.gateway.tcp_door import TcpDoor
from aralyk.protocols.codec import Codec
from aralyk.tracking.log import FrameLine, Lane, decode_line

HEARD_WITHIN_S = 30.0


@dataclass(slots=True, kw_only=True)
class Indoors:
    """One door and its lanes."""

    door: TcpDoor
    lanes: dict[Lane, LaneQueue] = field(default_factory=dict)

    def say(self, *writings: tuple[bytes, int]) -> None:
        """Speak over one connection; after each writing wait until so many frames in all wait for their commit."""

        async def speak() -> None:
            server = await asyncio.get_running_loop().create_server(self.door.connection, "127.0.0.1", 0)
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            for data, frames in writings:
                writer.write(data)
                async with asyncio.timeout(HEARD_WITHIN_S):
                    while sum(map(len, self.lanes.values())) < frames:
                        await asyncio.sleep(0.01)
            assert not any(connection._transport is None for connection in self.door.connections)
            writer.close()
            server.close()

        asyncio.run(speak())

    def lines(self, lane: Lane) -> list[FrameLine]:
        """What waits in a lane, as it would be stored; it is taken out."""
        lines = [decode_line(parcel.line) for parcel in self.lanes[lane].take()]
        return [line for line in lines if isinstance(line, FrameLine)]


def indoors(home: Path, codec: Codec, *device_ids: str) -> Indoors:
    """A door of one protocol, with these devices registered for it."""
    lanes = {lane: LaneQueue(lane, budget) for lane, budget in BUDGETS.items()}
    settings, metrics, known = GatewaySettings(home=home), Metrics(), Registry()
    devices = [Device(id=device_id, protocol=codec.name, model="", active=True) for device_id in device_ids]
    known.current = Register(by_id={device.id: device for device in devices})
    reception = Reception(lanes=lanes, wake=lambda _: None, metrics=metrics, findings=Findings(), settings=settings)
    door = TcpDoor(
        settings=settings, codec=codec, registry=known, reception=reception, outbox=Outbox(), metrics=metrics
    )  # fmt: skip
    return Indoors(door=door, lanes=lanes)
