"""What a phone says, in the three writings of its app's versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aralyk.protocols.codec import HttpRequest, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Message, Source, iso_time
from aralyk.protocols.osmand import CODEC
from aralyk.protocols.osmand.codec import frame_of_request

PLACE = "id=7&timestamp=1704067320&lat=42.8746&lon=74.5698"


def query(text: str, device_id: str | None = None) -> Message:
    return CODEC.decode(b"?" + text.encode() + b"\n", Session(device_id=device_id)).messages[0]


def form(text: str) -> Message:
    return CODEC.decode(b"?\n" + text.encode(), Session()).messages[0]


def location(**members: Any) -> Message:
    coords = {"latitude": 42.8746, "longitude": 74.5698} | members.pop("coords", {})
    body = {"device_id": "7", "location": {"timestamp": "2024-01-01T00:02:00.250Z", "coords": coords} | members}
    return CODEC.decode(b"?\n" + json.dumps(body).encode(), Session()).messages[0]


def refusal(frame: bytes) -> ProtocolError:
    with pytest.raises(ProtocolError) as caught:
        CODEC.decode(frame, Session())
    return caught.value


def test_the_frame_that_is_kept_holds_query_and_body_and_never_the_secret() -> None:
    request = HttpRequest(method="POST", target=b"/osmand/the-secret?id=7&lat=1", body=b"batt=5")
    assert frame_of_request(request) == b"?id=7&lat=1\nbatt=5"


def test_query_and_form_give_the_same_record() -> None:
    text = PLACE + "&speed=10.5&bearing=90&altitude=760&accuracy=12.5&batt=78&charge=true&alarm=sos"
    assert query(text) == form(text)


def test_speed_is_in_knots_in_a_query_and_in_metres_per_second_in_json() -> None:
    assert query(PLACE + "&speed=10").speed_mps == pytest.approx(5.144444)
    assert location(coords={"speed": 10}).speed_mps == 10


def test_battery_is_percent_in_a_query_and_a_fraction_in_json() -> None:
    assert query(PLACE + "&batt=87.0").battery_pct == 87
    message = location(battery={"level": 0.07, "is_charging": True})
    assert (message.battery_pct, message.charging) == (7.0, True)


@pytest.mark.parametrize("field", ["speed", "bearing", "batt", "accuracy"])
def test_minus_one_is_unknown_and_not_an_error(field: str) -> None:
    message = query(f"{PLACE}&{field}=-1.0")
    assert (message.speed_mps, message.heading_deg, message.battery_pct, message.accuracy_m) == (None,) * 4
    assert "unreadable" not in message.extra


def test_minus_one_is_unknown_in_json_too() -> None:
    message = location(coords={"speed": -1, "heading": -1, "accuracy": -1}, battery={"level": -1})
    assert (message.speed_mps, message.heading_deg, message.battery_pct, message.accuracy_m) == (None,) * 4
    assert "unreadable" not in message.extra


def test_an_odd_battery_or_speed_does_not_cost_the_place_and_is_named() -> None:
    message = query(PLACE + "&batt=8700&speed=fast&bearing=400&altitude=1e9&accuracy=-5&charge=maybe")
    assert (message.lat, message.lon) == (42.8746, 74.5698)
    assert (message.battery_pct, message.speed_mps, message.heading_deg, message.altitude_m) == (None,) * 4
    assert message.extra["unreadable"] == ["accuracy", "altitude", "batt", "bearing", "charge", "speed"]


def test_a_radius_of_zero_is_unknown() -> None:
    assert query(PLACE + "&accuracy=0.0").accuracy_m is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("1704067320", "2024-01-01T00:02:00.000000Z"),
        ("1704067320.25", "2024-01-01T00:02:00.250000Z"),
        ("1704067320250", "2024-01-01T00:02:00.250000Z"),
        ("2024-01-01T00:02:00Z", "2024-01-01T00:02:00.000000Z"),
        ("2024-01-01T06:02:00.5%2B06:00", "2024-01-01T00:02:00.500000Z"),
        ("2024-01-01T06:02:00+06:00", "2024-01-01T00:02:00.000000Z"),  # "+" that nobody encoded
    ],
)
def test_times_come_in_seconds_milliseconds_and_iso(text: str, iso: str) -> None:
    message = query(f"id=7&lat=1&lon=2&timestamp={text}")
    assert iso_time(message.fixed_at_us) == iso
    assert "time_zone" not in message.extra


@pytest.mark.parametrize("text", ["2024-01-01+00:02:00", "2024-01-01T00:02:00"])
def test_a_time_without_a_zone_is_utc_and_says_that_this_was_assumed(text: str) -> None:
    message = query(f"id=7&lat=1&lon=2&timestamp={text}")
    assert iso_time(message.fixed_at_us) == "2024-01-01T00:02:00.000000Z"
    assert message.extra["time_zone"] == "assumed UTC"


def test_a_record_without_a_time_has_an_unknown_time() -> None:
    assert query("id=7&lat=1&lon=2").fixed_at_us is None


def test_a_record_without_a_place_keeps_its_time_as_sent() -> None:
    message = form("id=7&timestamp=1704067320&batt=50&charge=false")
    assert (message.lat, message.lon, message.valid, message.source) == (None, None, None, Source.UNKNOWN)
    assert iso_time(message.sent_at_us) == "2024-01-01T00:02:00.000000Z"
    assert (message.battery_pct, message.charging) == (50, False)


def test_a_fix_that_the_device_calls_invalid_is_invalid() -> None:
    assert query(PLACE).valid is True
    assert query(PLACE + "&valid=1").valid is True
    assert query(PLACE + "&valid=false").valid is False
    assert query(PLACE + "&valid=perhaps").valid is False


def test_a_made_up_place_is_marked() -> None:
    assert query(PLACE + "&mock=true").extra["mock"] is True
    assert location(mock=True).extra["mock"] is True
    assert location(extras={"mock": "true"}).extra["mock"] is True
    assert location(mock="perhaps").extra["mock"] is True  # an unreadable flag counts as raised


def test_a_device_cannot_put_its_own_meaning_into_our_words() -> None:
    forged = location(extras={"attestation": "attested", "check_in": "passed", "proximity_ble": "d1"})
    assert forged.extra == {"left_out": 3}
    form = query(PLACE + "&attestation=attested&check_in=passed&proximity_ble=d1")
    assert form.extra == {"left_out": 3}
    message = location(extras={"stored": "yes", "unreadable": 5, "time_zone": "x", "rpm": 3})
    assert message.extra == {"rpm": 3, "left_out": 3}


@pytest.mark.parametrize(
    ("word", "alarm"),
    [("sos", Alarm.SOS), ("lowBattery", Alarm.LOW_BATTERY), ("removing", Alarm.STRAP_OPEN), ("fallDown", Alarm.FALL)],
)
def test_alarms_are_read_by_their_names_in_every_writing(word: str, alarm: Alarm) -> None:
    assert query(f"{PLACE}&alarm={word}").alarms == (alarm,)
    assert location(extras={"alarm": word}).alarms == (alarm,)


def test_all_alarms_of_a_record_are_read() -> None:
    assert query(PLACE + "&alarm=lowBattery,sos").alarms == (Alarm.LOW_BATTERY, Alarm.SOS)
    assert query(PLACE + "&alarm=lowBattery&alarm=sos").alarms == (Alarm.LOW_BATTERY, Alarm.SOS)


def test_an_alarm_without_a_known_name_is_still_an_alarm() -> None:
    message = query(PLACE + "&alarm=bonnet")
    assert message.alarms == (Alarm.OTHER,)
    assert message.extra["alarm"] == "bonnet"


@pytest.mark.parametrize(
    "place",
    ["lat=NaN&lon=2", "lat=91&lon=2", "lat=abc&lon=2", "lat=1", "location=here", "lat=1&lat=2&lon=3", "lat=%ff&lon=3"],
)
def test_a_panic_with_an_unreadable_place_is_still_a_panic(place: str) -> None:
    message = query(f"id=7&timestamp=1704067320&{place}&alarm=sos")
    assert message.alarms == (Alarm.SOS,)
    assert (message.lat, message.lon, message.valid) == (None, None, None)
    assert message.extra["unreadable"]


def test_cells_and_access_points_are_read_and_a_bad_one_does_not_cost_the_others() -> None:
    message = form("id=7&cell=437,5,1201,33445,-77&cell=x&wifi=AA-BB-CC-00-11-22,-61&wifi=aa:bb:cc:00:11:23")
    assert [cell.as_dict() for cell in message.cells] == [
        {"mcc": 437, "mnc": 5, "lac": 1201, "cid": 33445, "rssi_dbm": -77}
    ]
    assert [(ap.mac, ap.rssi_dbm) for ap in message.wifi] == [("aa:bb:cc:00:11:22", -61), ("aa:bb:cc:00:11:23", None)]
    assert message.extra["unreadable"] == ["cell"]


def test_other_fields_are_kept_by_their_names_typed_and_bounded() -> None:
    message = query(PLACE + "&ignition=true&rpm=933&hdop=0.8&note=a%20b&serial=123456789012345678901&empty=")
    assert message.extra == {
        "ignition": True, "rpm": 933, "hdop": 0.8, "note": "a b", "serial": "123456789012345678901",
    }  # fmt: skip
    many = query(PLACE + "".join(f"&x{number}=1" for number in range(100)))
    assert len(many.extra) == 65
    assert many.extra["left_out"] == 36


def test_the_id_may_come_from_the_secret_that_the_request_came_with() -> None:
    assert query("lat=1&lon=2&timestamp=1704067320", device_id="7").device_id == "7"
    assert query("id=8&lat=1&lon=2&timestamp=1704067320", device_id="7").device_id == "8"


@pytest.mark.parametrize(
    ("frame", "code", "names"),
    [
        (b"?id=7&lat=NaN&lon=1\n", ErrorCode.NOT_FINITE, "lat"),
        (b"?id=7&lat=1&lon=-Infinity\n", ErrorCode.NOT_FINITE, "lon"),
        (b"?id=7&lat=91&lon=1\n", ErrorCode.OUT_OF_RANGE, "lat"),
        (b"?id=7&lat=1&lon=180.1\n", ErrorCode.OUT_OF_RANGE, "lon"),
        (b"?id=7&lat=1_0&lon=1\n", ErrorCode.BAD_FIELD, "lat"),
        (b"?id=7&lat=42,87&lon=1\n", ErrorCode.BAD_FIELD, "lat"),
        (b"?id=7&lat=1\n", ErrorCode.MISSING_FIELD, "lon"),
        (b"?id=7&lat=1&lat=2&lon=1\n", ErrorCode.DUPLICATE_FIELD, "lat"),
        (b"?id=7&id=7&lat=1&lon=1\n", ErrorCode.DUPLICATE_FIELD, "id"),
        (b"?id=7&deviceid=8&lat=1&lon=1\n", ErrorCode.DUPLICATE_FIELD, "deviceid"),
        (b"?id=7&location=1,2&lat=1\n", ErrorCode.DUPLICATE_FIELD, "location"),
        (b"?id=a%20b&lat=1&lon=1\n", ErrorCode.BAD_FIELD, "id"),
        (b"?id=7&timestamp=yesterday&lat=1&lon=1\n", ErrorCode.BAD_FIELD, "timestamp"),
        (b"?id=7&timestamp=0&lat=1&lon=1\n", ErrorCode.OUT_OF_RANGE, "timestamp"),
        (b"?id=7&timestamp=2024-13-01T00:00:00Z&lat=1&lon=1\n", ErrorCode.BAD_FIELD, "timestamp"),
        (b"?id=7&%ff=1\n", ErrorCode.NOT_TEXT, "request"),
        (b"?id=7&lat=%ff&lon=1\n", ErrorCode.NOT_TEXT, "request"),
        (b"?" + b"a=1&" * 300 + b"\n", ErrorCode.TOO_MANY_FIELDS, "request"),
        (b"?" + b"a" * 70_000 + b"\n", ErrorCode.FRAME_TOO_LONG, "request"),
        (b"id=7", ErrorCode.UNKNOWN_FRAME, "frame"),
        (b"?\n{", ErrorCode.NOT_JSON, "body"),
        (b"?\n[]", ErrorCode.BAD_FIELD, "body"),
        (b"?\n" + b"[" * 60_000, ErrorCode.NOT_JSON, "body"),
        (b'?\n{"device_id":"7"}', ErrorCode.MISSING_FIELD, "location"),
        (b'?\n{"device_id":"7","location":[]}', ErrorCode.BAD_FIELD, "location"),
        (b'?\n{"device_id":"7","location":{"coords":5}}', ErrorCode.BAD_FIELD, "location.coords"),
        (b'?\n{"device_id":"7","location":{"extras":5,"coords":{"latitude":1}}}', ErrorCode.MISSING_FIELD,
         "location.coords.longitude"),
        (b'?\n{"device_id":"7","location":{"coords":{"latitude":true,"longitude":1}}}', ErrorCode.BAD_FIELD,
         "location.coords.latitude"),
        (b'?\n{"location":{"coords":{"latitude":1,"longitude":1}}}', ErrorCode.MISSING_FIELD, "device_id"),
        (b'?id=7&lat=1&lon=1\n{"device_id":"7","location":{}}', ErrorCode.DUPLICATE_FIELD, "request"),
    ],
)  # fmt: skip
def test_a_bad_record_is_refused_naming_the_field_and_the_expected_form(
    frame: bytes, code: ErrorCode, names: str
) -> None:
    error = refusal(frame)
    assert error.code is code
    assert error.detail.startswith(f"{names}: ")
    assert "expected" in error.detail


@pytest.mark.parametrize("secret", ["91.123456", "SECRETPLACE", "+996555123456"])
def test_an_error_never_repeats_what_was_found(secret: str) -> None:
    assert secret not in str(refusal(f"?id=7&lat={secret}&lon=1\n".encode()))
    assert secret not in str(refusal(f"?id= {secret}&lat=1&lon=1\n".encode()))


def test_json_with_parameters_of_the_installation_in_the_query_is_read() -> None:
    body = b'{"device_id":"7","location":{"timestamp":"2024-01-01T00:02:00Z","coords":{"latitude":1,"longitude":2}}}'
    assert CODEC.decode(b"?via=proxy\n" + body, Session()).messages[0].lat == 1
