"""The reference's decoders do what a protection order can't afford, in cases that were run; ours do what is wanted.

`TESTS` says where each of the 26 cases is tested: those of one codec are here, the others where their part is tested.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Final

import pytest

from aralyk.protocols import registry
from aralyk.protocols.codec import HttpRequest, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.owntracks import encoder as owntracks
from tests.protocols.vectors import vectors

ROOT: Final = Path(__file__).resolve().parents[1]
# The peer's case: the file and the tests that hold what is wanted instead.
TESTS: Final[dict[str, tuple[str, ...]]] = {
    "prox-01": ("engine/test_proximity.py", "test_one_incident_when_she_walks_into_the_ring_of_him_standing"),
    "prox-02": ("engine/test_proximity.py", "test_a_pair_that_closes_in_makes_one_incident_not_two"),
    "prox-03": ("engine/test_proximity.py", "test_no_nearness_is_claimed_from_a_place_three_days_old"),
    "prox-04": ("engine/test_proximity.py", "test_a_partner_never_placed_is_a_loss_of_coverage_not_a_quiet_screen"),
    "prox-05": ("engine/test_proximity.py", "test_the_first_ever_fix_inside_the_ring_opens"),
    "prox-06": ("engine/test_proximity.py", "test_a_fix_that_the_device_calls_invalid_is_no_place_but_a_sign_of_life"),
    "geo-01": ("engine/test_areas.py", "test_an_invalid_fix_at_null_island_does_not_change_the_state"),
    "geo-02": ("engine/test_areas.py", "test_one_fix_outside_within_its_own_radius_is_no_exit"),
    "geo-03": ("engine/test_areas.py", "test_a_buffered_record_outside_an_area_he_must_be_in_is_recorded_as_late"),
    "geo-04": ("engine/test_areas.py", "test_a_crossing_between_two_fixes_outside_is_found"),
    "alarm-01": ("engine/test_devices.py", "test_every_press_reaches_an_operator"),
    "alarm-02": ("engine/test_devices.py", "test_a_strap_cut_in_a_buffered_record_is_never_dropped"),
    "watch-01": ("protocols/test_watch.py", "test_an_empty_battery_does_not_hide_an_opened_strap"),
    "watch-02": ("protocols/test_watch.py", "test_a_panic_hides_neither_an_opened_strap_nor_a_fall"),
    "watch-03": ("protocols/test_watch.py", "test_names_with_brackets_do_not_stop_the_stream"),
    "h02-01": ("protocols/test_peer_behaviour.py", "test_h02_01_a_vibration_does_not_hide_a_panic"),
    "gt06-01": ("gateway/test_trackers.py", "test_a_damaged_frame_is_kept_with_its_reason_and_not_acknowledged"),
    "ot-01": (
        "protocols/test_peer_behaviour.py",
        "test_ot_01_a_transition_is_read_and_not_dropped",
        "test_ot_01_an_encrypted_message_is_read_with_its_key_and_kept_whole_without",
    ),
    "osmand-01": (
        "protocols/test_peer_behaviour.py",
        "test_osmand_01_a_latitude_that_is_no_number_is_refused_and_the_sender_is_told",
    ),
    "osmand-02": (
        "protocols/test_peer_behaviour.py",
        "test_osmand_02_a_bad_record_is_set_aside_and_does_not_block_the_phones_queue",
        "test_osmand_02_a_missing_speed_does_not_cost_the_place",
        "test_osmand_02_an_array_is_set_aside",
    ),
    "ack-01": ("gateway/test_trackers.py", "test_received_is_said_after_the_commit_and_not_before"),
    "ack-02": ("gateway/test_durability.py", "test_a_full_disk_confirms_nothing_and_loses_nothing"),
    "notif-01": ("monitor/test_incidents.py", "test_a_buffered_violation_is_recorded_as_late_with_its_true_time"),
    "offline-01": (
        "monitor/test_recovery.py",
        "test_silence_that_fell_due_while_everything_was_down_is_decided_at_its_due_time_and_raised_now",
    ),
    "offline-02": ("engine/test_silence.py", "test_a_silent_device_is_flagged_after_three_of_its_intervals"),
}
# Nothing sends mail, SMS or push yet: when something does, its case belongs above.
NOT_BUILT: Final = {"notif-02"}
PHONE = Session(device_id="phone-7")


def refused(protocol: str, frame: bytes, session: Session = PHONE) -> tuple[ErrorCode, int]:
    """The reason and the status that answers it, once the frame is in quarantine."""
    codec = registry()[protocol]
    with pytest.raises(ProtocolError) as caught:
        codec.decode(frame, session)
    return caught.value.code, codec.refused_with(caught.value.code.value)


def osmand(body: object) -> bytes:
    return b"?\n" + json.dumps(body).encode()


def test_every_case_of_the_peer_has_a_test() -> None:
    assert {case["id"] for case in vectors("peer_behaviour")} == TESTS.keys() | NOT_BUILT
    for case, (file, *wanted) in TESTS.items():
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert wanted, case
        assert set(wanted) <= found, case


def test_osmand_01_a_latitude_that_is_no_number_is_refused_and_the_sender_is_told() -> None:
    assert refused("osmand", b"?id=7&lat=NaN&lon=74.5\n") == (ErrorCode.NOT_FINITE, 400)


@pytest.mark.parametrize("lat", ["abc", "91"])
def test_osmand_02_a_bad_record_is_set_aside_and_does_not_block_the_phones_queue(lat: str) -> None:
    code, status = refused("osmand", f"?id=7&lat={lat}&lon=74.5\n".encode())
    assert code in {ErrorCode.BAD_FIELD, ErrorCode.OUT_OF_RANGE}
    assert status == 200


def test_osmand_02_a_missing_speed_does_not_cost_the_place() -> None:
    body = {"device_id": "7", "location": {"coords": {"latitude": 42.5, "longitude": 74.5}}}
    (message,) = registry()["osmand"].decode(osmand(body), PHONE).messages
    assert (message.lat, message.speed_mps) == (42.5, None)


def test_osmand_02_an_array_is_set_aside() -> None:
    assert refused("osmand", osmand([])) == (ErrorCode.BAD_FIELD, 200)


def test_ot_01_a_transition_is_read_and_not_dropped() -> None:
    said = Message(fixed_at_us=1_795_255_200_000_000, lat=42.5, lon=74.5)
    body = owntracks.encode_transition(said, entered=False, region="area 1", region_since_us=1_000_000)
    (message,) = registry()["owntracks"].decode(body, PHONE).messages
    assert (message.lat, message.fixed_at_us, message.extra["event"]) == (42.5, said.fixed_at_us, "leave")


def test_ot_01_an_encrypted_message_is_read_with_its_key_and_kept_whole_without() -> None:
    codec = registry()["owntracks"]
    assert codec.frame_of_request is not None
    location = owntracks.encode_location(Message(fixed_at_us=1_795_255_200_000_000, lat=42.5, lon=74.5))
    body = owntracks.encode_encrypted(location, key=b"the key")
    frame = codec.frame_of_request(HttpRequest(method="POST", target=b"/owntracks/x", body=body))
    assert frame.endswith(body)
    for session in (PHONE, Session(device_id="phone-7", key=b"another key")):
        code, _ = refused("owntracks", frame, session)
        assert code is ErrorCode.NOT_OPENED  # so the gateway sets the frame aside, durably, before it answers
    later = codec.decode(frame, Session(device_id="phone-7", key=b"the key"))
    assert later.messages == codec.decode(location, PHONE).messages


def test_h02_01_a_vibration_does_not_hide_a_panic() -> None:
    frame = b"*HQ,4100000017,V1,100000,A,4252.4766,N,07434.1892,E,0.00,000,211126,FFFFFBFC#"
    (message,) = registry()["h02"].decode(frame, Session()).messages
    assert set(message.alarms) == {Alarm.VIBRATION, Alarm.SOS}
