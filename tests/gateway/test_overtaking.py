"""What a cry that overtakes must not change: whose it is, and how its device counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from aralyk.protocols import registry
from aralyk.protocols.gt06 import encoder as gt06
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.teltonika import encoder as teltonika
from aralyk.tracking.log import Lane
from tests.gateway.indoors import Indoors, indoors

HE, SHE = "860000000000017", "860000000000025"
NOON_US = 1_760_000_000_000_000
STORED = 300


def said(second: int, *, sos: bool = False) -> Message:
    return Message(
        fixed_at_us=NOON_US + second * 1_000_000, lat=42.87, lon=74.57, valid=True, altitude_m=800.0, heading_deg=90.0,
        speed_mps=0.0, alarms=(Alarm.SOS,) if sos else (),
    )  # fmt: skip


@pytest.fixture
def door(tmp_path: Path, request: pytest.FixtureRequest) -> Indoors:
    return indoors(tmp_path, registry()[request.param], HE, SHE)


@pytest.mark.parametrize("door", ["teltonika"], indirect=True)
def test_a_cry_after_another_login_is_hers_who_logged_in(door: Indoors) -> None:
    before = teltonika.encode_login(HE) + teltonika.encode_records([said(1)])
    stored = b"".join(teltonika.encode_records([said(second)]) for second in (2, 3))
    hers = b"".join(teltonika.encode_records([said(second)]) for second in (4, 5))
    cry = teltonika.encode_records([said(6, sos=True)])
    door.say((before, 2), (stored + teltonika.encode_login(SHE) + hers + cry, 8))
    (panic,) = door.lines(Lane.PANIC)
    assert panic.device == SHE
    positions = door.lines(Lane.POSITION)
    assert [line.device for line in positions] == [HE, HE, HE, SHE, SHE]
    assert panic.received_at < positions[-1].received_at  # and it still overtakes what is hers


@pytest.mark.parametrize("door", ["gt06"], indirect=True)
def test_a_gt06s_cry_after_another_login_is_hers_who_logged_in(door: Indoors) -> None:
    before = gt06.encode_login(HE, serial=1) + gt06.encode_position(said(1), serial=2)
    mixed = gt06.encode_position(said(2), serial=3) + gt06.encode_login(SHE, serial=1)
    door.say((before, 2), (mixed + gt06.encode_position(said(3, sos=True), serial=2), 5))
    (panic,) = door.lines(Lane.PANIC)
    assert panic.device == SHE


@pytest.mark.parametrize("door", ["gt06"], indirect=True)
def test_a_device_that_cries_behind_its_backlog_is_not_taken_for_another(door: Indoors) -> None:
    before = gt06.encode_login(HE, serial=1000) + gt06.encode_position(said(1), serial=1001)
    numbers = range(1002, 1002 + STORED)
    stored = b"".join(gt06.encode_position(said(number), serial=number) for number in numbers)
    cry = gt06.encode_position(said(numbers[-1] + 1, sos=True), serial=numbers[-1] + 1)
    door.say((before, 2), (stored + cry, 3 + 100))
    (panic,) = door.lines(Lane.PANIC)
    overtaken = door.lines(Lane.POSITION)
    assert sum(line.received_at > panic.received_at for line in overtaken) > 50
    assert not [line for line in (panic, *overtaken) if line.suspect]
