"""The columns that the monitor lays out are those that the engine would make of its own observations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.engine import Observation, State, compile_order
from aralyk.engine.observations import ATTESTATIONS, CHECK_INS, HEARD_MAX, parse_observation
from aralyk.ledger import bundle, derived
from aralyk.ledger.bundle import LineId
from aralyk.monitor.sightings import rows_for
from aralyk.tracking import log
from aralyk.tracking.arrivals import Extra, Frame, Message, read_line
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
    alarms=st.lists(st.sampled_from(["sos", "tamper", "low_battery", "power_off", "fall"]), max_size=3).map(tuple),
    heading_deg=st.none() | st.floats(-360, 360),
    extra=st.builds(
        Extra,
        mock=st.none() | st.booleans(),
        attestation=st.sampled_from([None, "attested", "self_reported", "by-my-mother", 1]),
        check_in=st.sampled_from([None, "passed", "failed", "maybe", ["passed"]]),
        proximity_ble=st.none()
        | st.lists(st.sampled_from(["d1", "d2", "phone", "stranger"]), max_size=5)
        | st.sampled_from(["phone", 7, ["phone", 7], ["stranger"] * 257, {"phone": True}]),
    ),
)


def known(value: object, names: Collection[str]) -> str | None:
    return value if isinstance(value, str) and value in names else None


def heard_ids(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or len(value) > HEARD_MAX or not all(isinstance(one, str) for one in value):
        return None
    return tuple(value)


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
            heading_deg=message.heading_deg,
            battery_pct=message.battery_pct,
            charging=message.charging,
            strap=message.strap,
            alarms=message.alarms,
            mock=message.extra.mock is True,
            attestation=known(message.extra.attestation, ATTESTATIONS),
            check_in=known(message.extra.check_in, CHECK_INS),
            proximity_ble=heard_ids(message.extra.proximity_ble),
        )
        for device, message in said
    ]
    expected = watched.columns_of(observations)
    found = rows_for(watched, [hear(device, message) for device, message in said])
    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


def _line(messages: list[dict[str, Any]]) -> bytes:
    return log.frame_line(
        raw=b"raw",
        lane=log.Lane.POSITION,
        messages=messages,
        protocol="osmand",
        received_at_us=RECEIVED_US,
        device="d1",
    )


EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "mock": st.none() | st.booleans(),
        "attestation": st.sampled_from([None, "attested", "self_reported", "by-my-mother", 1]),
        "check_in": st.sampled_from([None, "passed", "failed", "maybe", ["passed"]]),
        "proximity_ble": st.none()
        | st.lists(st.sampled_from(["d1", "phone", "stranger"]), max_size=5)
        | st.sampled_from(["phone", 7, ["phone", 7], ["stranger"] * 257, {"phone": True}]),
        "anything": st.integers(),
    },
)


@given(st.lists(EXTRAS, min_size=1, max_size=4), st.sampled_from([[], ["sos"], ["power_off"]]))
def test_a_bundles_observations_give_the_engine_what_the_monitor_gave_it(
    extras: list[dict[str, Any]], alarms: list[str]
) -> None:
    watched = state()
    raw = _line([{"lat": 42.87, "lon": 74.59, "source": "gnss", "alarms": alarms, "extra": extra} for extra in extras])
    frame = read_line(raw)
    assert isinstance(frame, Frame)
    found = rows_for(watched, [hear("d1", message) for message in frame.messages])
    line = bundle.read_line(LineId(stream="position/g1", seq=1, index=0), raw)
    said = derived.observations_of([line])
    assert np.array_equal(found, watched.columns_of([parse_observation(one) for one in said]))


def test_a_lines_observation_without_new_words_is_what_it_always_was() -> None:
    line = bundle.read_line(LineId(stream="position/g1", seq=1, index=0), _line([{"lat": 42.87, "lon": 74.59}]))
    (said,) = derived.observations_of([line])
    assert not {"attestation", "check_in", "proximity_ble"} & said.keys()


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
