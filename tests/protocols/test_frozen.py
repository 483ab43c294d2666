"""The quick way to make a frozen value gives the value that the usual way gives."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.protocols.codec import Decoded, make_decoded
from aralyk.protocols.messages import EPOCH, AccessPoint, Alarm, Cell, Message, Source, Strap, iso_time, make_message

CELL = Cell(mcc=437, mnc=5, lac=30200, cid=102512405)
FULL: dict[str, Any] = {
    "device_id": "860000000000017", "fixed_at_us": 1_795_255_200_123_456, "sent_at_us": 1_795_255_201_000_000,
    "lat": 0.0, "lon": 74.5, "valid": False, "accuracy_m": 8.0, "altitude_m": 0.0, "speed_mps": 0.0,
    "heading_deg": 0.0, "source": Source.FUSED, "battery_pct": 0.0, "charging": False, "strap": Strap.OPEN,
    "alarms": (Alarm.SOS, Alarm.OTHER), "cells": (CELL,), "wifi": (AccessPoint(mac="00:11:22:33:44:55"),),
    "extra": {"alarm": "x"},
}  # fmt: skip


@pytest.mark.parametrize("left_out", [set(), {"strap"}, {"extra", "source"}, set(FULL)])
def test_a_message_made_quickly_is_equal_to_one_made_the_usual_way_and_as_frozen(left_out: set[str]) -> None:
    said = {name: value for name, value in FULL.items() if name not in left_out}
    made, usual = make_message(**said), Message(**said)
    assert made == usual
    assert repr(made) == repr(usual)
    assert type(made) is Message
    assert replace(made, lat=1.0) == replace(usual, lat=1.0)
    with pytest.raises(FrozenInstanceError):
        made.lat = 1.0  # type: ignore[misc]


def test_two_messages_made_quickly_share_no_extra() -> None:
    assert make_message().extra is not make_message().extra


def test_what_a_frame_said_is_made_quickly_with_the_same_defaults() -> None:
    made = make_decoded(device_id="x", messages=(Message(),), answer=b"\x01")
    assert made == Decoded(device_id="x", messages=(Message(),), answer=b"\x01")
    with pytest.raises(FrozenInstanceError):
        made.answer = None  # type: ignore[misc]


def test_a_keyword_that_is_missing_or_unknown_is_refused_as_by_the_class_itself() -> None:
    with pytest.raises(TypeError, match="messages"):
        make_decoded(device_id="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="latitude"):
        make_message(latitude=1.0)  # type: ignore[call-arg]


def test_a_line_holds_every_field_that_is_known_and_none_that_is_not() -> None:
    assert set(FULL) == {one.name for one in fields(Message)}
    for left_out in [set(), *({name} for name in FULL), set(FULL)]:
        message = Message(**{name: value for name, value in FULL.items() if name not in left_out})
        whole = message.as_dict()
        assert message.as_line() == {name: value for name, value in whole.items() if value not in (None, [], {})}


@given(st.integers(min_value=-62_135_596_800_000_000, max_value=253_402_300_799_999_999))
def test_a_time_is_written_to_the_microsecond_from_the_year_1_to_9999(at_us: int) -> None:
    at = EPOCH + timedelta(microseconds=at_us)
    wanted = at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    assert (iso_time(at_us), clock.iso(at_us), clock.iso(at)) == (wanted, wanted, wanted)
    assert datetime.fromisoformat(wanted).astimezone(UTC) == at
