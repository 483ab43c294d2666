"""Reads records of the Traccar Client app: a query string (5 to 8), JSON (9) or a form (10).

A frame is "?" + query + LF + body: what the app said, without the path, where its secret stands. Both writings become
one `Record` by canonical names, and one function makes the message of it. A record stands on id, place and time; if one
of the last two is unreadable it is refused, unless the record carries an alarm: then the alarm is kept without them,
because an SOS must never wait for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.codec import Decoded, HttpRequest, Session
from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record, parse_id, parse_number, parse_time
from aralyk.protocols.messages import Alarm, Message, Source
from aralyk.protocols.osmand.extras import TEXT_CHARS_MAX
from aralyk.protocols.osmand.form import record_of_form
from aralyk.protocols.osmand.location import record_of_json
from aralyk.protocols.osmand.networks import cells_of, wifi_of
from aralyk.protocols.wire import DECIMALS, KNOT_MPS

FRAME_BYTES_MAX: Final = 64 * 1024  # an app's record has 200 to 900 bytes; extras of other clients may be larger

SPEED_MPS: Final = Range(low=0, high=1000, unit="m/s")  # three times the speed of sound: no wearer moves faster
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
ACCURACY_M: Final = Range(low=0, high=20_000_000, unit="metres")  # half the Earth's circumference
FRACTION: Final = Range(low=0, high=1, unit="parts of the whole")
PERCENT: Final = Range(low=0, high=100, unit="percent")
UNKNOWN: Final = -1  # the app's word in speed, heading, accuracy and battery

# Traccar's alarm names; the ones without a meaning here arrive as `other` with their name in extra.
ALARMS: Final[Mapping[str, Alarm]] = {
    "sos": Alarm.SOS,
    "removing": Alarm.STRAP_OPEN,
    "tampering": Alarm.TAMPER,
    "falldown": Alarm.FALL,
    "lowbattery": Alarm.LOW_BATTERY,
    "lowpower": Alarm.LOW_BATTERY,
    "powercut": Alarm.POWER_CUT,
    "poweroff": Alarm.POWER_OFF,
    "jamming": Alarm.JAMMING,
    "geofence": Alarm.GEOFENCE,
    "geofenceenter": Alarm.GEOFENCE,
    "geofenceexit": Alarm.GEOFENCE,
    "vibration": Alarm.VIBRATION,
    "movement": Alarm.MOVEMENT,
    "overspeed": Alarm.OVERSPEED,
    "fault": Alarm.FAULT,
}
SOURCES: Final[Mapping[str, Source]] = {"gps": Source.GNSS, "network": Source.NETWORK, "fused": Source.FUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a record stands on; all None: a record without a place."""

    fixed_at_us: int | None = None
    zone_assumed: bool = False
    lat: float | None = None
    lon: float | None = None


def frame_of_request(request: HttpRequest) -> bytes:
    """Make the frame that is kept: query and body, never the path."""
    _, _, query = request.target.partition(b"?")
    return b"?" + query + b"\n" + request.body


def refusal_status(code: ErrorCode) -> int:
    """200: the app's queue deletes on 2xx alone and would repeat a bad record for ever; 400: no number at all."""
    return 400 if code is ErrorCode.NOT_FINITE else 200


def decode(frame: bytes, session: Session) -> Decoded:
    """Read one request.

    Args:
        frame: "?" + query + LF + body.
        session: The device of the secret that the request came with, used when the record names none.

    Returns:
        One message; the answer is the HTTP status alone.

    Raises:
        ProtocolError: Not a record of this protocol; nothing else is raised for any bytes.
    """
    query, body = _split(frame)
    if body.lstrip().startswith((b"{", b"[")):
        record, extra = record_of_json(body, query=query)
    else:
        record, extra = record_of_form(query, body)
    message = _message_of(record, extra, session)
    assert message.device_id is not None
    return Decoded(device_id=message.device_id, messages=(message,))


def _split(frame: bytes) -> tuple[bytes, bytes]:
    if len(frame) > FRAME_BYTES_MAX:
        raise ProtocolError(ErrorCode.FRAME_TOO_LONG, f"request: expected at most {FRAME_BYTES_MAX} bytes")
    head, line_feed, body = frame.partition(b"\n")
    if not head.startswith(b"?") or not line_feed:
        raise ProtocolError(ErrorCode.UNKNOWN_FRAME, "frame: expected '?', the query, a line feed and the body")
    return head[1:], body


def _message_of(record: Record, extra: dict[str, Any], session: Session) -> Message:
    device_id = _device_id(record, session)
    alarms = _alarms(record, extra)
    place = _place_or_alarm(record, alarms)
    speed_mps = _speed_mps(record)
    accuracy_m = record.optional_number("accuracy_m", ACCURACY_M, unknown=UNKNOWN)
    heading_deg = record.optional_number("heading_deg", HEADING, unknown=UNKNOWN)
    has_place = place.lat is not None
    valid = _valid(record) if has_place else None
    battery_pct = _battery_pct(record)
    charging = record.optional_bool("charging")
    altitude_m = record.optional_number("altitude_m", ALTITUDE_M)
    cells, wifi = cells_of(record), wifi_of(record)
    _note_flags(record, extra, place)
    return Message(
        device_id=device_id,
        fixed_at_us=place.fixed_at_us,
        sent_at_us=None if has_place else place.fixed_at_us,
        lat=place.lat,
        lon=place.lon,
        valid=valid,
        accuracy_m=accuracy_m or None,  # Android's getAccuracy() is 0.0 when it has none; no fix has a radius of 0
        altitude_m=altitude_m,
        speed_mps=speed_mps,
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=_source(record) if has_place else Source.UNKNOWN,
        battery_pct=battery_pct,
        charging=charging,
        alarms=alarms,
        cells=cells,
        wifi=wifi,
        extra=extra,
    )


def _device_id(record: Record, session: Session) -> str:
    if "device_id" in record.values:
        return parse_id(record.required("device_id"), name=record.name_of("device_id"))
    if session.device_id is None:
        raise ProtocolError(ErrorCode.MISSING_FIELD, f"{record.name_of('device_id')}: expected the device's id")
    return session.device_id


def _place_or_alarm(record: Record, alarms: tuple[Alarm, ...]) -> _Place:
    try:
        return _place(record)
    except ProtocolError as error:
        if not alarms:
            raise
        record.unreadable.append(error.detail.partition(":")[0])
        return _Place()


def _place(record: Record) -> _Place:
    fixed_at_us, zone_assumed = None, False
    if "time" in record.values:
        moment = parse_time(record.required("time"), name=record.name_of("time"))
        fixed_at_us, zone_assumed = moment.us, moment.zone_assumed
    given = [key for key in ("lat", "lon") if key in record.values]
    if not given:
        return _Place(fixed_at_us=fixed_at_us, zone_assumed=zone_assumed)
    for key in ("lat", "lon"):
        if key not in given:
            raise ProtocolError(ErrorCode.MISSING_FIELD, f"{record.name_of(key)}: expected, as its twin was given")
    return _Place(
        fixed_at_us=fixed_at_us,
        zone_assumed=zone_assumed,
        lat=parse_number(record.required("lat"), name=record.name_of("lat"), bounds=LATITUDE),
        lon=parse_number(record.required("lon"), name=record.name_of("lon"), bounds=LONGITUDE),
    )


def _valid(record: Record) -> bool:
    # Not said: the app sends no fix it does not believe. Said in a form we can't read: no reason to believe it.
    return "valid" not in record.values or record.optional_bool("valid") is True


def _speed_mps(record: Record) -> float | None:
    if "speed_kn" in record.values:
        knots = Range(low=0, high=SPEED_MPS.high / KNOT_MPS, unit="knots")
        speed_kn = record.optional_number("speed_kn", knots, unknown=UNKNOWN)
        return None if speed_kn is None else round(speed_kn * KNOT_MPS, DECIMALS)
    return record.optional_number("speed_mps", SPEED_MPS, unknown=UNKNOWN)


def _battery_pct(record: Record) -> float | None:
    if "battery_level" in record.values:
        level = record.optional_number("battery_level", FRACTION, unknown=UNKNOWN)
        return None if level is None else round(level * 100, DECIMALS)
    return record.optional_number("battery_pct", PERCENT, unknown=UNKNOWN)


def _source(record: Record) -> Source:
    # The app hands out the phone's merged place and never says of what; other clients name the provider.
    provider = record.values.get("provider")
    return Source.FUSED if provider is None else SOURCES.get(str(provider).lower(), Source.UNKNOWN)


def _alarms(record: Record, extra: dict[str, Any]) -> tuple[Alarm, ...]:
    said = record.values.get("alarm")
    if said is None or said is False:
        return ()
    if isinstance(said, ProtocolError):
        record.unreadable.append(record.name_of("alarm"))
        return ()
    alarms: list[Alarm] = []
    for word in str(said).split(","):
        if not word.strip():
            continue
        alarm = ALARMS.get(word.strip().lower(), Alarm.OTHER)
        if alarm is Alarm.OTHER:
            extra["alarm"] = str(said)[:TEXT_CHARS_MAX]
        if alarm not in alarms:
            alarms.append(alarm)
    return tuple(alarms)


def _note_flags(record: Record, extra: dict[str, Any], place: _Place) -> None:
    mock = record.optional_bool("mock")
    if mock is not None:
        extra["mock"] = mock
    elif "mock" in record.values:
        extra["mock"] = True  # an unreadable flag of a place that may be made up counts as raised
    if "push_token" in record.values:
        extra["push_token"] = True  # said, not kept: the token itself is in the frame and of no use here
    if place.zone_assumed:
        extra["time_zone"] = "assumed UTC"
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
