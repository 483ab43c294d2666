"""The reference's decoders do what a protection order can't afford, in cases that were run; ours do what is wanted.

Each test names its case of the project's list of its peer's behaviour.
"""

from __future__ import annotations

import json

import pytest

from aralyk.protocols import registry
from aralyk.protocols.codec import HttpRequest, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.owntracks import encoder as owntracks

PHONE = Session(device_id="phone-7")


def refused(protocol: str, frame: bytes, session: Session = PHONE) -> tuple[ErrorCode, int]:
    """The reason and the status that answers it, once the frame is in quarantine."""
    codec = registry()[protocol]
    with pytest.raises(ProtocolError) as caught:
        codec.decode(frame, session)
    return caught.value.code, codec.refused_with(caught.value.code.value)


def osmand(body: object) -> bytes:
    return b"?\n" + json.dumps(body).encode()


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
