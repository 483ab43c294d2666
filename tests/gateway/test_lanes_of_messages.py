"""In which lane a frame waits, told from its messages as from its lines."""

from __future__ import annotations

import pytest

from aralyk.gateway.reception import lane_of
from aralyk.protocols.messages import Alarm, Message, Strap
from aralyk.tracking import log
from aralyk.tracking.log import Lane

PLACE = Message(lat=42.0, lon=74.0)


@pytest.mark.parametrize(
    ("messages", "lane"),
    [
        ([], Lane.STATUS),
        ([Message(battery_pct=9.0)], Lane.STATUS),
        ([PLACE], Lane.POSITION),
        ([Message(), PLACE], Lane.POSITION),
        ([PLACE, Message(strap=Strap.LOCKED)], Lane.POSITION),
        ([PLACE, Message(strap=Strap.OPEN)], Lane.TAMPER),
        ([PLACE, Message(lat=42.0, lon=74.0, alarms=(Alarm.LOW_BATTERY,))], Lane.POSITION),
        ([PLACE, Message(alarms=(Alarm.POWER_CUT,)), PLACE], Lane.TAMPER),
        ([PLACE, Message(strap=Strap.OPEN), Message(alarms=(Alarm.FALL, Alarm.SOS))], Lane.PANIC),
    ],
)
def test_a_frame_waits_in_the_lane_of_its_most_urgent_message(messages: list[Message], lane: Lane) -> None:
    assert lane_of(messages) is lane
    assert log.lane_of([message.as_line() for message in messages]) is lane
