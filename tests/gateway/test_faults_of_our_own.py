"""A codec that fails costs one frame: its connection goes on, and the bytes wait for a mended codec."""

from __future__ import annotations

import asyncio
import dataclasses
import traceback
from pathlib import Path

from aralyk.gateway.findings import Findings
from aralyk.gateway.lanes import BUDGETS, Budget, LaneQueue
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.outbox import Outbox
from aralyk.gateway.reception import Fate, Reception, Talk
from aralyk.gateway.registry import Device, Register, Registry
from aralyk.gateway.settings import GatewaySettings
from aralyk.gateway.tcp_door import TcpDoor
from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame, Codec, Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Message
from aralyk.protocols.r16h import encoder as r16h
from aralyk.tracking.log import Lane

IMEI = "860000000000017"
NOON_US = 1_760_000_000_000_000
LISTENED_S = 30.0


def fix(second: int) -> bytes:
    at_us = NOON_US + second * 1_000_000
    return r16h.encode_position(
        Message(device_id=IMEI, fixed_at_us=at_us, lat=42.87, lon=74.57, valid=True, altitude_m=800.0, speed_mps=0.0,
                heading_deg=90.0)
    )  # fmt: skip


CURSED = 2


def failing(codec: Codec) -> Codec:
    """The same codec with a fault of its own for one frame."""

    def decode(frame: bytes, session: Session) -> Decoded:
        decoded = codec.decode(frame, session)
        if decoded.messages[0].fixed_at_us == NOON_US + CURSED * 1_000_000:
            raise ZeroDivisionError
        return decoded

    return dataclasses.replace(codec, decode=decode)


def test_a_fault_of_a_codec_costs_one_frame_and_no_connection(tmp_path: Path) -> None:
    lanes = {lane: LaneQueue(lane, budget) for lane, budget in BUDGETS.items()}
    settings, metrics, known = GatewaySettings(home=tmp_path), Metrics(), Registry()
    known.current = Register(by_id={IMEI: Device(id=IMEI, protocol="r16h", model="", active=True)})
    reception = Reception(lanes=lanes, wake=lambda _: None, metrics=metrics, findings=Findings(), settings=settings)
    door = TcpDoor(
        settings=settings, codec=failing(registry()["r16h"]), registry=known, reception=reception, outbox=Outbox(),
        metrics=metrics,
    )  # fmt: skip

    async def speak() -> None:
        server = await asyncio.get_running_loop().create_server(door.connection, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(fix(1) + fix(CURSED) + fix(3))
        async with asyncio.timeout(LISTENED_S):
            while sum(map(len, lanes.values())) < 3:
                await asyncio.sleep(0.01)
        assert len(door.connections) == 1
        assert not any(connection._transport is None for connection in door.connections)
        writer.close()
        server.close()

    asyncio.run(speak())
    (refused,) = lanes[Lane.QUARANTINE].take()
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.device) == ("codec_failed", IMEI)
    assert refused.refusal.raw in fix(CURSED)
    assert len(lanes[Lane.POSITION]) == 2


def test_a_broken_frame_that_waits_for_room_takes_no_more_memory_at_each_offer(tmp_path: Path) -> None:
    lanes = {lane: LaneQueue(lane, Budget(frames=0, size=0, commit_frames=1)) for lane in BUDGETS}
    reception = Reception(
        lanes=lanes, wake=lambda _: None, metrics=Metrics(), findings=Findings(),
        settings=GatewaySettings(home=tmp_path),
    )  # fmt: skip
    frame = BrokenFrame(raw=b"?", error=ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected one"))
    talk = Talk(source=reception.sources.of(("10.0.0.1", 1)))
    lengths = set()
    for _ in range(100):
        verdict, _ = reception.of_named(
            registry()["r16h"], frame, register=Register(), talk=talk, stored=lambda: None
        )  # fmt: skip
        assert verdict.fate is Fate.FULL
        lengths.add(len(traceback.extract_tb(frame.error.__traceback__)))
    assert len(lengths) == 1
