"""Makes a message of each kind of OwnTracks message.

Only `location` and `transition` say where the phone is. A waypoint has coordinates too, but of a place that the wearer
named; a beacon's `acc` is its distance, not a radius; an lwt's `tst` is when the phone connected, not when it was lost.
None of these may become a place or a time of the wearer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.fields import LATITUDE, LONGITUDE, Range, Record, parse_number, parse_time
from aralyk.protocols.messages import AccessPoint, Alarm, Message, Source, iso_time
from aralyk.protocols.osmand.codec import ALARMS
from aralyk.protocols.osmand.extras import TEXT_CHARS_MAX, bounded
from aralyk.protocols.wire import DECIMALS, KMH_MPS

SPEED_KMH: Final = Range(low=0, high=3600, unit="km/h")
HEADING: Final = Range(low=0, high=360, unit="degrees")
ALTITUDE_M: Final = Range(low=-12_000, high=100_000, unit="metres")
RADIUS_M: Final = Range(low=0, high=20_000_000, unit="metres")
PERCENT: Final = Range(low=0, high=100, unit="percent")
UNKNOWN: Final = -1  # the apps' word
LIST_MAX: Final = 32
WORD_CHARS_MAX: Final = 64

_TYPE: Final = re.compile(r"[A-Za-z_]{1,32}")
_MAC: Final = re.compile(r"[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5}")
_CHARGING: Final = {1: False, 2: True, 3: True}  # unplugged, charging, full; 0: unknown
# Codes of trackers behind the Queclink bridge; a phone's triggers are letters that mean no alarm.
_TRIGGER_ALARMS: Final[Mapping[str, tuple[Alarm, str | None]]] = {
    "1": (Alarm.OTHER, "power_on"),
    "2": (Alarm.POWER_OFF, None),
    "9": (Alarm.LOW_BATTERY, None),
    "e": (Alarm.POWER_CUT, None),
    "E": (Alarm.OTHER, "power_restored"),
    "!": (Alarm.MOVEMENT, None),  # towed
    "h": (Alarm.OTHER, "harsh_driving"),
    "s": (Alarm.OVERSPEED, None),
}
# The app has no panic button: a point of interest or a tag with one of these words is one.
_PANIC_WORDS: Final = frozenset({"sos", "panic", "help"})
_SOURCES: Final = {"gps": Source.GNSS, "network": Source.NETWORK, "fused": Source.FUSED}
# our name in extra by the app's
_EXTRA_NAMES: Final[Mapping[str, str]] = {
    "t": "trigger",
    "tid": "tid",
    "topic": "topic",
    "conn": "connectivity",
    "m": "monitoring_mode",
    "bs": "battery_status",
    "p": "pressure_kpa",
    "SSID": "ssid",
    "BSSID": "bssid",
    "_id": "message_id",
    "desc": "description",
    "rad": "radius_m",
}
_LISTS: Final[Mapping[str, str]] = {
    "inregions": "in_regions",
    "inrids": "in_region_ids",
    "motionactivities": "motion_activities",
}
_TIMES: Final[Mapping[str, str]] = {"wtst": "waypoint_created"}
_FIELDS: Final = frozenset(
    {"_type", "lat", "lon", "acc", "alt", "vac", "vel", "cog", "batt", "tst", "created_at", "alarm", "mock", "source"}
)
# What is kept of messages without a place: (app's name, our name); everything else stays in the frame alone, because
# it is a person's face and name (card), passwords (configuration) or the wearer's own places (waypoints).
_CONTACT_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "beacon": ("desc", "uuid", "major", "minor", "rssi", "prox", "acc", "_id", "topic", "tid"),
    "cmd": ("action",),
    "request": ("request", "_id"),
    "status": ("_id",),
    "steps": ("steps", "floorsup", "floorsdown", "distance", "_id", "topic", "tid"),
    "waypoint": ("desc", "lat", "lon", "rad", "uuid", "major", "minor", "rid", "_id", "topic", "tid"),
}
_CONTACT_TIMES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "lwt": (("tst", "connected_at"),),
    "steps": (("from", "from"), ("to", "to")),
    "waypoint": (("tst", "waypoint_created"),),
}
_DATED_CONTACTS: Final = frozenset({"steps", "beacon"})  # whose `tst` is when it was seen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What a location stands on; all None: without a place."""

    fixed_at_us: int | None = None
    lat: float | None = None
    lon: float | None = None


def type_of(item: Mapping[str, object]) -> str | None:
    """The kind of a message; None: it does not say."""
    kind = item.get("_type")
    return kind if isinstance(kind, str) and _TYPE.fullmatch(kind) else None


def message_of(item: Mapping[str, Any], *, device_id: str | None) -> Message:
    """Read one message.

    Raises:
        ProtocolError: No kind; or a location without a readable place.
    """
    kind = type_of(item)
    if kind is None:
        raise ProtocolError(ErrorCode.MISSING_FIELD, "_type: expected the kind of the message")
    if kind in ("location", "transition"):
        return _location(item, kind, device_id)
    return _contact(item, kind, device_id)


def _location(item: Mapping[str, Any], kind: str, device_id: str | None) -> Message:
    record = Record(values={name: value for name, value in item.items() if value is not None and value != ""})
    extra = _extra_of(record.values)
    alarms = _alarms(record, extra)
    place = _place_or_alarm(record, alarms, needed=kind == "location")
    has_place = place.lat is not None
    speed_kmh = record.optional_number("vel", SPEED_KMH, unknown=UNKNOWN)
    heading_deg = record.optional_number("cog", HEADING, unknown=UNKNOWN)
    accuracy_m = record.optional_number("acc", RADIUS_M, unknown=UNKNOWN)
    vertical_m = record.optional_number("vac", RADIUS_M, unknown=UNKNOWN)
    altitude_m = record.optional_number("alt", ALTITUDE_M)
    battery_pct = record.optional_number("batt", PERCENT, unknown=UNKNOWN)
    sent_at_us = _optional_time_us(record, "created_at")
    if vertical_m is not None:
        extra["vertical_accuracy_m"] = vertical_m
    for name, ours in _TIMES.items():
        if (at := iso_time(_optional_time_us(record, name))) is not None:
            extra[ours] = at
    if kind == "transition":
        extra["type"] = kind
    if "mock" in record.values:
        extra["mock"] = record.optional_bool("mock") is not False
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
    return Message(
        device_id=device_id,
        fixed_at_us=place.fixed_at_us,
        sent_at_us=sent_at_us,
        lat=place.lat,
        lon=place.lon,
        valid=True if has_place else None,  # the app sends no place that it does not believe
        accuracy_m=accuracy_m or None,  # left out or 0: unknown
        altitude_m=altitude_m,
        speed_mps=None if speed_kmh is None else round(speed_kmh * KMH_MPS, DECIMALS),
        heading_deg=0.0 if heading_deg == 360 else heading_deg,
        source=_SOURCES.get(str(item.get("source", "fused")), Source.UNKNOWN) if has_place else Source.UNKNOWN,
        battery_pct=battery_pct,
        charging=_charging(item.get("bs")),
        alarms=alarms,
        wifi=_wifi(item.get("BSSID")),
        extra=extra,
    )


def _contact(item: Mapping[str, Any], kind: str, device_id: str | None) -> Message:
    """A message that says where nobody is: a contact, with what may be told of it."""
    record = Record(values=item)
    words = _CONTACT_WORDS.get(kind, ("tid", "_id"))
    extra = bounded((_EXTRA_NAMES.get(name, name), item.get(name)) for name in words)
    for name, ours in _CONTACT_TIMES.get(kind, ()):
        if (at := iso_time(_optional_time_us(record, name))) is not None:
            extra[ours] = at
    if kind == "status":
        extra |= {name: _scalars(item[name]) for name in ("iOS", "android") if isinstance(item.get(name), dict)}
    if kind == "waypoints":
        extra["waypoints"] = len(item["waypoints"]) if isinstance(item.get("waypoints"), list) else 0
    at_us = _optional_time_us(record, "tst") if kind in _DATED_CONTACTS else None
    sent_at_us = _optional_time_us(record, "created_at")
    extra["type"] = kind
    if record.unreadable:
        extra["unreadable"] = sorted(set(record.unreadable))
    return Message(device_id=device_id, fixed_at_us=at_us, sent_at_us=at_us or sent_at_us, extra=extra)


def _place_or_alarm(record: Record, alarms: tuple[Alarm, ...], *, needed: bool) -> _Place:
    try:
        return _place(record, needed=needed)
    except ProtocolError as error:
        if not alarms:
            raise
        record.unreadable.append(error.detail.partition(":")[0])
        return _Place()


def _place(record: Record, *, needed: bool) -> _Place:
    fixed_at_us = None
    if "tst" in record.values:
        fixed_at_us = parse_time(record.values["tst"], name="tst").us
    if not needed and not {"lat", "lon"} & record.values.keys():
        return _Place(fixed_at_us=fixed_at_us)
    for name in ("lat", "lon"):
        if name not in record.values:
            raise ProtocolError(ErrorCode.MISSING_FIELD, f"{name}: expected degrees")
    return _Place(
        fixed_at_us=fixed_at_us,
        lat=parse_number(record.values["lat"], name="lat", bounds=LATITUDE),
        lon=parse_number(record.values["lon"], name="lon", bounds=LONGITUDE),
    )


def _alarms(record: Record, extra: dict[str, Any]) -> tuple[Alarm, ...]:
    alarms: list[Alarm] = []
    others: list[str] = []
    said = record.values.get("alarm")
    for part in said if isinstance(said, list) else [said]:
        for word in str(part).split(",") if isinstance(part, str) else []:
            alarms.append(ALARMS.get(word.strip().lower(), Alarm.OTHER))
            if alarms[-1] is Alarm.OTHER:
                others.append(word.strip())
    if any(str(record.values.get(name)).strip().casefold() in _PANIC_WORDS for name in ("poi", "tag")):
        alarms.append(Alarm.SOS)
    alarm, word_or_none = _TRIGGER_ALARMS.get(str(record.values.get("t")), (None, None))
    if alarm is not None:
        alarms.append(alarm)
        others += [word_or_none] if word_or_none else []
    if others:
        extra["alarm"] = ",".join(others)[:TEXT_CHARS_MAX]
    return tuple(dict.fromkeys(alarms))


def _extra_of(values: Mapping[str, object]) -> dict[str, Any]:
    taken = _FIELDS | _LISTS.keys() | _TIMES.keys()
    extra = bounded((_EXTRA_NAMES.get(name, name), value) for name, value in values.items() if name not in taken)
    for name, ours in _LISTS.items():
        if isinstance(said := values.get(name), list):
            extra[ours] = _short(said)
    return extra


def _short(words: Iterable[object]) -> list[str]:
    return [word[:WORD_CHARS_MAX] for word in words if isinstance(word, str)][:LIST_MAX]


def _scalars(said: Mapping[str, object]) -> dict[str, Any]:
    return bounded((name, value) for name, value in said.items() if not isinstance(value, dict | list))


def _optional_time_us(record: Record, name: str) -> int | None:
    value = record.values.get(name)
    if value is None or value == "":
        return None
    try:
        return parse_time(value, name=name).us
    except ProtocolError:
        record.unreadable.append(name)
        return None


def _charging(state: object) -> bool | None:
    return _CHARGING.get(state) if isinstance(state, int) and not isinstance(state, bool) else None


def _wifi(bssid: object) -> tuple[AccessPoint, ...]:
    mac = bssid.strip().lower() if isinstance(bssid, str) else ""
    if not _MAC.fullmatch(mac):
        return ()
    return (AccessPoint(mac=":".join(part.zfill(2) for part in mac.split(":"))),)
