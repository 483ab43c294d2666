"""What the log holds of a message: every field that is known and none that is not, the same bytes always."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.protocols.messages import EPOCH, AccessPoint, Alarm, Cell, Message, Source, Strap, iso_time

CELL = Cell(mcc=437, mnc=5, lac=30200, cid=102512405)
FULL: dict[str, Any] = {
    "device_id": "860000000000017", "fixed_at_us": 1_795_255_200_123_456, "sent_at_us": 1_795_255_201_000_000,
    "lat": 0.0, "lon": 74.5, "valid": False, "accuracy_m": 8.0, "altitude_m": 0.0, "speed_mps": 0.0,
    "heading_deg": 0.0, "source": Source.FUSED, "battery_pct": 0.0, "charging": False, "strap": Strap.OPEN,
    "alarms": (Alarm.SOS, Alarm.OTHER), "cells": (CELL,), "wifi": (AccessPoint(mac="00:11:22:33:44:55"),),
    "extra": {"alarm": "x"},
}  # fmt: skip


def test_a_message_can_not_be_changed_and_shares_nothing_with_another() -> None:
    with pytest.raises(AttributeError):
        Message(lat=1.0).lat = 2.0  # type: ignore[misc]
    assert Message().extra is not Message().extra


def test_a_line_holds_every_field_that_is_known_and_none_that_is_not() -> None:
    assert set(FULL) == set(Message.__struct_fields__)
    for left_out in [set(), *({name} for name in FULL), set(FULL)]:
        message = Message(**{name: value for name, value in FULL.items() if name not in left_out})
        whole = message.as_dict()
        said = {name: value for name, value in whole.items() if value not in (None, [], {})}
        assert message.as_line() == said
        assert msgspec.json.encode(message.told(), order="deterministic") == msgspec.json.encode(said, order="sorted")


@given(st.integers(min_value=-62_135_596_800_000_000, max_value=253_402_300_799_999_999))
def test_a_time_is_written_to_the_microsecond_from_the_year_1_to_9999(at_us: int) -> None:
    at = EPOCH + timedelta(microseconds=at_us)
    wanted = at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    assert (iso_time(at_us), clock.iso(at_us), clock.iso(at)) == (wanted, wanted, wanted)
    assert datetime.fromisoformat(wanted).astimezone(UTC) == at
