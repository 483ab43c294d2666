"""The columns that the monitor lays out are those that the engine would make of its own observations."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.engine import Observation, State, compile_order
from aralyk.monitor.sightings import rows_for
from aralyk.tracking.arrivals import Extra, Message
from aralyk.tracking.projection import Heard, heard

RECEIVED_US = clock.to_us(datetime(2026, 11, 21, 10, tzinfo=UTC))


def state() -> State:
    """Two orders; the phone stands in both."""
    found = State.empty()
    for order_id, his in (("a", "d1"), ("b", "d2")):
        order = {
            "order_id": order_id,
            "starts_at": "2026-11-01T00:00:00Z",
            "expires_at": "2026-12-01T00:00:00Z",
            "timezone": "Asia/Bishkek",
            "respondent": {"devices": [{"id": his, "kind": "bracelet", "interval_s": 15}]},
            "protected": [{"id": "p", "devices": [{"id": "phone", "kind": "phone", "interval_s": 15}]}],
            "conditions": [{"id": "c", "kind": "proximity", "protected": "p", "distance_m": 500, "warning_m": 900}],
        }
        found.set_order(compile_order(order), 0)
    return found


PLACES = st.tuples(
    st.floats(-90, 90) | st.just(0.0),
    st.floats(-180, 180) | st.just(0.0),
) | st.just((None, None))
MESSAGES = st.builds(
    lambda place, **said: Message(lat=place[0], lon=place[1], **said),
    PLACES,
    fixed_at=st.none() | st.integers(0, 4_000_000_000_000_000).map(clock.from_us),
    valid=st.none() | st.booleans(),
    accuracy_m=st.none() | st.floats(0, 1e6),
    speed_mps=st.none() | st.floats(0, 999),
    source=st.sampled_from(["gnss", "network", "fused", "unknown"]),
    battery_pct=st.none() | st.floats(0, 100),
    charging=st.none() | st.booleans(),
    strap=st.sampled_from([None, "locked", "open"]),
    alarms=st.lists(st.sampled_from(["sos", "tamper", "low_battery", "fall"]), max_size=3).map(tuple),
    extra=st.builds(Extra, mock=st.none() | st.booleans()),
)


def hear(device: str, message: Message) -> Heard:
    return heard(device=device, received_us=RECEIVED_US, stream="position/g1", seq=1, message=message)


@given(st.lists(st.tuples(st.sampled_from(["d1", "d2", "phone", "unknown"]), MESSAGES), max_size=6))
def test_the_columns_equal_those_of_the_engines_observations(said: list[tuple[str, Message]]) -> None:
    watched = state()
    observations = [
        Observation(
            device=device,
            received_at_us=RECEIVED_US,
            fixed_at_us=message.fixed_at_us,
            lat=message.lat,
            lon=message.lon,
            valid=message.valid is not False,
            accuracy_m=message.accuracy_m,
            source=message.source,
            speed_mps=message.speed_mps,
            battery_pct=message.battery_pct,
            charging=message.charging,
            strap=message.strap,
            alarms=message.alarms,
            mock=message.extra.mock is True,
        )
        for device, message in said
    ]
    expected = watched.columns_of(observations)
    found = rows_for(watched, [hear(device, message) for device, message in said])
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def test_a_figure_that_no_device_can_mean_is_unknown_and_the_cry_for_help_counts() -> None:
    absurd = Message(
        lat=91.0,
        lon=74.0,
        accuracy_m=-1.0,
        speed_mps=1e9,
        battery_pct=300.0,
        fixed_at=datetime(1900, 1, 1, tzinfo=UTC),
        alarms=("sos",),
    )
    plain = Message(alarms=("sos",))
    watched = state()
    assert np.array_equal(rows_for(watched, [hear("d1", absurd)]), rows_for(watched, [hear("d1", plain)]))
