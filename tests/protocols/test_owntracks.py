"""What the OwnTracks app says, and what is kept and answered when it can't be read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.protocols.codec import Decoded, HttpRequest, Session
from aralyk.protocols.commands import Command, CommandAnswer, CommandKind, CommandNotSpoken
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import AccessPoint, Alarm, Message, Source
from aralyk.protocols.owntracks import CODEC, encoder
from aralyk.protocols.owntracks.box import opened

HIS = Session(device_id="phone-7")
KEY = b"a secret of the phone"
TST = 1_795_255_200
LOCATION = {"_type": "location", "lat": 42.8746, "lon": 74.5698, "tst": TST}


def read(body: Any, session: Session = HIS) -> Decoded:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    frame_of_request = CODEC.frame_of_request
    assert frame_of_request is not None
    return CODEC.decode(frame_of_request(encoder.request(raw)), session)


def location(**fields: Any) -> Message:
    return read(LOCATION | fields).messages[0]


def refusal(body: Any, session: Session = HIS) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        read(body, session)
    return caught.value


def test_a_location_is_read_with_its_units() -> None:
    message = location(acc=12, alt=760, vac=8, vel=36, cog=360, batt=64, bs=2, conn="m", created_at=TST + 60)
    assert (message.lat, message.lon, message.valid, message.source) == (42.8746, 74.5698, True, Source.FUSED)
    assert (message.fixed_at_us, message.sent_at_us) == (TST * 1_000_000, (TST + 60) * 1_000_000)
    assert (message.accuracy_m, message.altitude_m, message.speed_mps, message.heading_deg) == (12, 760, 10.0, 0.0)
    assert (message.battery_pct, message.charging) == (64, True)
    assert message.extra == {"vertical_accuracy_m": 8, "battery_status": 2, "connectivity": "m"}


@pytest.mark.parametrize(("state", "charging"), [(0, None), (1, False), (2, True), (3, True), (7, None), (True, None)])
def test_the_charger_is_known_only_where_the_phone_says_so(state: object, charging: bool | None) -> None:
    assert location(bs=state).charging is charging


def test_unknown_values_are_unknown_and_never_0() -> None:
    message = location(acc=0, vel=-1, cog=-1, batt=-1, vac=-1)
    assert (message.accuracy_m, message.speed_mps, message.heading_deg, message.battery_pct) == (None,) * 4
    assert message.extra == {}


def test_an_odd_battery_does_not_cost_the_place() -> None:
    message = location(batt="full", vel=1e9)
    assert (message.lat, message.battery_pct, message.speed_mps) == (42.8746, None, None)
    assert message.extra["unreadable"] == ["batt", "vel"]


def test_numbers_written_as_text_are_read() -> None:
    message = read({"_type": "location", "lat": "42.5", "lon": "74.5", "tst": str(TST), "acc": "9"}).messages[0]
    assert (message.lat, message.lon, message.fixed_at_us, message.accuracy_m) == (42.5, 74.5, TST * 1_000_000, 9)


def test_the_device_is_the_one_of_the_secret_whatever_the_app_calls_itself() -> None:
    decoded = read(LOCATION | {"tid": "xx", "topic": "owntracks/somebody/else"})
    assert (decoded.device_id, decoded.messages[0].device_id) == ("phone-7", "phone-7")


@pytest.mark.parametrize(("labels", "device"), [
    ({"topic": "owntracks/jane/phone/event", "tid": "jp"}, "owntracks/jane/phone"), ({"tid": "jp"}, "jp"),
    ({"tid": "j p"}, "wearer/phone"), ({}, "wearer/phone"),
])  # fmt: skip
def test_a_single_frame_without_a_session_is_named_by_its_own_words(labels: dict[str, str], device: str) -> None:
    assert read(LOCATION | labels, Session()).device_id == device


def test_a_body_alone_is_read_too() -> None:
    assert CODEC.decode(json.dumps(LOCATION).encode(), Session()).device_id is None


@pytest.mark.parametrize(
    ("fields", "alarms"),
    [
        ({"poi": "SOS"}, (Alarm.SOS,)),
        ({"tag": "panic"}, (Alarm.SOS,)),
        ({"alarm": "sos,lowBattery"}, (Alarm.SOS, Alarm.LOW_BATTERY)),
        ({"alarm": ["removing", "fallDown"]}, (Alarm.STRAP_OPEN, Alarm.FALL)),
        ({"alarm": "smoke", "t": "9"}, (Alarm.OTHER, Alarm.LOW_BATTERY)),
        ({"t": "e", "poi": "help"}, (Alarm.SOS, Alarm.POWER_CUT)),
        ({"t": "2"}, (Alarm.POWER_OFF,)),
        ({"t": "!"}, (Alarm.MOVEMENT,)),
        ({"t": "s"}, (Alarm.OVERSPEED,)),
        ({"t": "h"}, (Alarm.OTHER,)),
        ({"t": "1"}, (Alarm.OTHER,)),
        ({"t": "E"}, (Alarm.OTHER,)),
        ({"t": "u"}, ()),
        ({"poi": "bus stop"}, ()),
        ({"alarm": None}, ()),
    ],
)
def test_every_alarm_is_read(fields: dict[str, Any], alarms: tuple[Alarm, ...]) -> None:
    assert location(**fields).alarms == alarms


@pytest.mark.parametrize("broken", [{"lat": 91}, {"lat": None}, {"tst": "soon"}, {"lon": "east"}])
def test_a_panic_with_an_unreadable_place_is_still_given(broken: dict[str, Any]) -> None:
    message = location(poi="sos", **broken)
    assert (message.alarms, message.lat, message.fixed_at_us) == ((Alarm.SOS,), None, None)
    assert message.extra["unreadable"] == list(broken)
    assert refusal(LOCATION | broken).code in {ErrorCode.OUT_OF_RANGE, ErrorCode.MISSING_FIELD, ErrorCode.BAD_FIELD}


def test_leaving_a_region_of_the_wearer_is_a_place_and_no_alarm() -> None:
    message = read({"_type": "transition", "event": "leave", "desc": "area 1", "wtst": TST} | {
        name: LOCATION[name] for name in ("lat", "lon", "tst")}).messages[0]  # fmt: skip
    assert (message.lat, message.fixed_at_us, message.alarms) == (42.8746, TST * 1_000_000, ())
    assert (message.extra["type"], message.extra["event"], message.extra["description"]) == (
        "transition", "leave", "area 1",
    )  # fmt: skip


def test_a_lost_connection_is_not_dated_by_the_time_when_the_phone_connected() -> None:
    message = read(encoder.encode_lwt(connected_us=TST * 1_000_000)).messages[0]
    assert (message.fixed_at_us, message.sent_at_us, message.lat) == (None, None, None)
    assert message.extra == {"connected_at": "2026-11-21T10:00:00.000000Z", "type": "lwt"}


@pytest.mark.parametrize("kind", ["waypoint", "waypoints", "beacon", "card", "status", "cmd", "request", "news"])
def test_no_coordinates_but_those_of_the_phone_become_a_place(kind: str) -> None:
    decoded = read(LOCATION | {"_type": kind, "name": "A Person", "face": "AAAA", "waypoints": [LOCATION]})
    (message,) = decoded.messages
    assert (message.lat, message.valid, message.extra["type"]) == (None, None, kind)
    assert "Person" not in str(message.as_dict())


def test_the_access_point_that_the_phone_is_connected_to_is_heard() -> None:
    assert location(BSSID="A:b:CC:dd:EE:1").wifi == (AccessPoint(mac="0a:0b:cc:dd:ee:01"),)
    assert location(BSSID="none").wifi == ()


def test_a_phone_answers_a_position_request_by_its_trigger() -> None:
    assert read(LOCATION | {"t": "r"}).command_answers == (CommandAnswer(kind=CommandKind.POSITION, accepted=True),)
    assert read(LOCATION | {"t": "u"}).command_answers == ()


# encryption


def box(content: Any, key: bytes = KEY) -> bytes:
    return encoder.encode_encrypted(json.dumps(content).encode(), key=key)


def test_a_box_is_read_as_what_it_holds() -> None:
    with_key = Session(device_id="phone-7", key=KEY)
    assert read(box(LOCATION), with_key) == read(LOCATION)
    assert read(box([LOCATION, LOCATION]), with_key) == read([LOCATION, LOCATION])


@pytest.mark.parametrize(("session", "code"), [
    (HIS, ErrorCode.NOT_OPENED), (Session(device_id="phone-7", key=b""), ErrorCode.NOT_OPENED),
    (Session(device_id="phone-7", key=b"another"), ErrorCode.NOT_OPENED),
])  # fmt: skip
def test_a_box_that_no_registered_key_opens_is_refused_and_never_dropped(session: Session, code: ErrorCode) -> None:
    assert refusal(box(LOCATION), session).code is code


def test_a_changed_byte_of_a_box_is_found() -> None:
    data = json.loads(box(LOCATION))["data"]
    changed = ("B" if data[60] != "B" else "C").join((data[:60], data[61:]))
    assert refusal({"_type": "encrypted", "data": changed}, Session(key=KEY)).code is ErrorCode.NOT_OPENED


@pytest.mark.parametrize("data", [None, 5, "", "!!", "AAAA", "é"])
def test_a_box_that_is_none_is_refused(data: object) -> None:
    assert refusal({"_type": "encrypted", "data": data}, Session(key=KEY)).code is ErrorCode.BAD_FIELD


def test_a_box_within_a_box_is_refused() -> None:
    inner = json.loads(box(LOCATION))
    assert refusal(box(inner), Session(key=KEY)).code is ErrorCode.BAD_FIELD


def test_a_long_key_counts_with_its_first_32_bytes() -> None:
    long = b"0123456789abcdef0123456789abcdef"
    assert read(box(LOCATION, key=long), Session(key=long + b"more")).messages


# odd bodies


@pytest.mark.parametrize("body", [b"", b"  \n", b"[]"])
def test_an_empty_body_is_a_sign_of_life(body: bytes) -> None:
    assert read(body) == Decoded(device_id="phone-7", messages=(), answer=b"[]")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"lat=1&lon=2", ErrorCode.NOT_JSON, "body"),
        (b'{"_type":"location","lat":NaN,"lon":1}', ErrorCode.NOT_JSON, "body"),
        (b"[" * 3000, ErrorCode.NOT_JSON, "body"),
        (b"7", ErrorCode.BAD_FIELD, "body"),
        (b"{}", ErrorCode.MISSING_FIELD, "_type"),
        (b'{"_type":7}', ErrorCode.MISSING_FIELD, "_type"),
        (b'[{"_type":"card"}' + b',{"_type":"card"}' * 500 + b"]", ErrorCode.TOO_MANY_FIELDS, "body"),
        (b" " * (CODEC.frame_bytes_max + 1), ErrorCode.FRAME_TOO_LONG, "request"),
    ],
)
def test_a_body_that_is_no_message_is_refused_naming_the_field(body: bytes, code: ErrorCode, field: str) -> None:
    error = refusal(body)
    assert error.code is code
    assert error.detail.startswith(f"{field}: ")


def test_a_broken_member_of_an_array_costs_the_others_nothing() -> None:
    first, second, third = read([LOCATION, LOCATION | {"lat": 91}, {"_type": "status"}]).messages
    assert (first.lat, second.lat, third.extra["type"]) == (42.8746, None, "status")
    assert second.extra == {"unreadable": ["1.lat"]}
    assert refusal([LOCATION | {"lat": 91}]).code is ErrorCode.OUT_OF_RANGE


def test_the_short_form_is_read() -> None:
    message = read(b"K2,6A018F20,k,42874612,74569821,9,36,76,120,4").messages[0]
    assert (message.lat, message.lon, message.heading_deg, message.speed_mps) == (42.874612, 74.569821, 90, 10.0)
    assert (message.fixed_at_us, message.altitude_m) == (0x6A018F20 * 1_000_000, 760)
    assert message.extra == {"tid": "K2", "trigger": "k", "dist": 120, "trip": 4000}


# what is kept, and what is answered


def kept(body: bytes, target: bytes = b"/owntracks/TOPSECRET?u=a&d=b&token=TOPSECRET") -> bytes:
    assert CODEC.frame_of_request is not None
    headers = {"x-limit-u": "c", "authorization": "Basic TOPSECRET"}
    return CODEC.frame_of_request(HttpRequest(method="POST", target=target, body=body, headers=headers))


def test_the_frame_holds_user_device_and_body_and_never_the_secret() -> None:
    assert kept(b"[]") == b"?u=a&d=b\n[]"
    assert kept(b"[]", b"/owntracks/TOPSECRET") == b"?u=c\n[]"


@pytest.mark.parametrize("kind", ["configuration", "dump"])
def test_a_configuration_that_repeats_the_secret_is_cut_out_before_anything_is_kept(kind: str) -> None:
    said = {"_type": kind, "url": "https://x/owntracks/TOPSECRET", "configuration": {"password": "TOPSECRET"}}
    for body in (said, [LOCATION, said]):
        frame = kept(json.dumps(body).encode())
        assert b"TOPSECRET" not in frame
        assert CODEC.decode(frame, HIS).messages[-1].extra == {"type": kind}


def test_a_refused_request_is_answered_200_because_its_bytes_are_in_quarantine() -> None:
    assert {CODEC.refused_with(code.value) for code in ErrorCode} == {200}


def test_every_answer_is_an_array() -> None:
    assert CODEC.answer_of_commands is not None
    assert read(LOCATION).answer == CODEC.answer_of_commands([]) == b"[]"


def command(kind: CommandKind, session: Session = HIS, **fields: Any) -> Any:
    assert CODEC.encode_command is not None
    assert CODEC.answer_of_commands is not None
    encoded = CODEC.encode_command(Command(serial=1, kind=kind, **fields), session)
    (said,) = json.loads(CODEC.answer_of_commands([encoded]))
    return said


def test_a_position_and_an_interval_can_be_asked_for() -> None:
    assert command(CommandKind.POSITION) == {"_type": "cmd", "action": "reportLocation"}
    interval = command(CommandKind.INTERVAL, interval_s=15)
    assert interval["action"] == "setConfiguration"
    assert interval["configuration"]["locatorInterval"] == interval["configuration"]["moveModeLocatorInterval"] == 15


def test_a_phone_that_encrypts_is_commanded_in_a_box() -> None:
    said = command(CommandKind.POSITION, Session(key=KEY))
    assert said["_type"] == "encrypted"
    assert json.loads(opened(said["data"], key=KEY)) == {"_type": "cmd", "action": "reportLocation"}


@pytest.mark.parametrize(("kind", "fields"), [(CommandKind.MESSAGE, {"text": "call us"}), (CommandKind.BUZZ, {})])
def test_the_app_has_no_words_for_messages_and_buzzing(kind: CommandKind, fields: dict[str, Any]) -> None:
    with pytest.raises(CommandNotSpoken):
        command(kind, **fields)


_places = st.builds(
    Message,
    device_id=st.just("phone-7"),
    fixed_at_us=st.integers(1, 2**31 - 1).map(lambda s: s * 1_000_000),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    valid=st.just(True),
    accuracy_m=st.none() | st.integers(1, 5000),
    altitude_m=st.none() | st.integers(-400, 8000),
    speed_mps=st.none() | st.integers(0, 80),
    heading_deg=st.none() | st.integers(0, 359),
    battery_pct=st.none() | st.integers(0, 100),
    charging=st.none() | st.booleans(),
)


@given(_places)
def test_what_the_app_writes_is_what_the_codec_reads(said: Message) -> None:
    with_key = Session(device_id="phone-7", key=KEY)
    for body in (encoder.encode_location(said), encoder.encode_encrypted(encoder.encode_location(said), key=KEY)):
        (heard,) = read(body, with_key).messages
        assert heard.lat == pytest.approx(said.lat, abs=1e-6)
        assert heard.lon == pytest.approx(said.lon, abs=1e-6)
        for name in ("fixed_at_us", "accuracy_m", "altitude_m", "heading_deg", "battery_pct", "charging"):
            assert getattr(heard, name) == getattr(said, name)
        assert heard.speed_mps == pytest.approx(said.speed_mps, abs=0.15)
        assert "unreadable" not in heard.extra
