"""A codec that fails costs one frame: its connection goes on, and the bytes wait for a mended codec."""

from __future__ import annotations

import dataclasses
import traceback
from pathlib import Path

from aralyk.gateway.findings import Findings
from aralyk.gateway.lanes import BUDGETS, Budget, LaneQueue
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.reception import Fate, Reception, Talk
from aralyk.gateway.registry import Register
from aralyk.gateway.settings import GatewaySettings
from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame, Codec, Decoded, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Message
from aralyk.protocols.r16h import encoder as r16h
from aralyk.tracking.log import Lane
from tests.gateway.indoors import indoors

IMEI = "860000000000017"
NOON_US = 1_760_000_000_000_000


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
    opened = indoors(tmp_path, failing(registry()["r16h"]), IMEI)
    opened.say((fix(1) + fix(CURSED) + fix(3), 3))
    (refused,) = opened.lanes[Lane.QUARANTINE].take()
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.device) == ("codec_failed", IMEI)
    assert refused.refusal.raw in fix(CURSED)
    assert len(opened.lanes[Lane.POSITION]) == 2


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
