"""Whoever sends datagrams without end in a device's name does not keep its cry for help from being told."""

from __future__ import annotations

from pathlib import Path

from aralyk.gateway.findings import Findings
from aralyk.gateway.lanes import BUDGETS, LaneQueue
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.reception import CRIES_BURST, Fate, Reception, Talk
from aralyk.gateway.registry import Device, Register
from aralyk.gateway.settings import GatewaySettings
from aralyk.protocols import registry
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.teltonika import encoder as teltonika
from aralyk.tracking.log import Lane

HERS = "860000000000025"
NOON_US = 1_760_000_000_000_000
RATE = 20


def datagram(second: int, *, sos: bool = False) -> bytes:
    said = Message(
        device_id=HERS, fixed_at_us=NOON_US + second * 1_000_000, lat=42.87, lon=74.57, valid=True, altitude_m=800.0,
        heading_deg=90.0, speed_mps=0.0, alarms=(Alarm.SOS,) if sos else (),
    )  # fmt: skip
    return teltonika.encode_datagram([said], packet=second, avl_packet=1)


def test_a_cry_in_a_datagram_is_told_though_the_device_is_over_its_rate(tmp_path: Path) -> None:
    lanes = {lane: LaneQueue(lane, budget) for lane, budget in BUDGETS.items()}
    settings = GatewaySettings(home=tmp_path, device_frames_per_s=0.1, device_frames_burst=RATE)
    reception = Reception(
        lanes=lanes, wake=lambda _: None, metrics=Metrics(), findings=Findings(), settings=settings
    )  # fmt: skip
    known = Register(by_id={HERS: Device(id=HERS, protocol="teltonika", model="", active=True)})

    def hear(frame: bytes, address: str) -> Fate:
        source = reception.sources.of((address, 4000))
        talk = Talk(source=source, link=source.name, paced=False)
        verdict, _ = reception.of_named(
            registry()["teltonika"], frame, register=known, talk=talk, stored=lambda: None
        )  # fmt: skip
        return verdict.fate

    flood = [hear(datagram(second), "10.9.9.9") for second in range(RATE + 30)]
    assert flood.count(Fate.KEPT) == RATE
    assert hear(datagram(900, sos=True), "10.0.0.1") is Fate.KEPT
    assert len(lanes[Lane.PANIC]) == 1
    cries = [hear(datagram(1000 + second, sos=True), "10.9.9.9") for second in range(5 * CRIES_BURST)]
    assert Fate.SET_ASIDE in cries  # made-up cries are bounded too
    assert len(lanes[Lane.PANIC]) < 2 * CRIES_BURST
