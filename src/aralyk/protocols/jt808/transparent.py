"""Message 0900: a maker's own content; the first byte says which.

F0 tells an event of a vehicle unit. Its place was taken at another time than the event, so the record has the event's
time and no place; the place stands in `extra`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.jt808.location import read_motion, read_motion_and_time, read_status_and_place
from aralyk.protocols.jt808.record import Draft, dbm_of, mac_of
from aralyk.protocols.jt808.wire import Reader
from aralyk.protocols.messages import Alarm

_SERIAL_PORT: Final = (0x40, 0x41)
_PLACE_BYTES: Final = 12
_EVENTS: Final[dict[int, tuple[str, Alarm]]] = {
    0x01: ("power_restored", Alarm.OTHER),
    0x02: ("power_cut", Alarm.POWER_CUT),
    0x0E: ("idling", Alarm.OTHER),
    0x1A: ("hard_acceleration", Alarm.OTHER),
    0x1B: ("hard_braking", Alarm.OTHER),
    0x1C: ("hard_cornering", Alarm.OTHER),
    0x1D: ("lane_change", Alarm.OTHER),
    0x1E: ("lane_change", Alarm.OTHER),
    0x1F: ("lane_change", Alarm.OTHER),
    0x23: ("fatigue_driving", Alarm.OTHER),
    0x25: ("overspeed", Alarm.OVERSPEED),
    0x26: ("collision", Alarm.OTHER),
    0x27: ("collision", Alarm.OTHER),
    0x28: ("collision", Alarm.OTHER),
    0x31: ("door", Alarm.OTHER),
    0x32: ("door", Alarm.OTHER),
}
_DRIVING: Final = {
    51: "hard_acceleration",
    52: "hard_braking",
    53: "hard_cornering",
    54: "lane_change",
    56: "collision",
}


def read_transparent(body: bytes, draft: Draft, model: str | None) -> Draft | None:
    """Read the content; None: of a kind that holds no record we know.

    Raises:
        ProtocolError: A position in it is cut short.
    """
    if not body:
        return None
    reader = Reader(body, name="content")
    kind = reader.u8()
    if kind in _SERIAL_PORT:
        return _serial_port(reader, draft)
    if kind == 0xF0:
        return _event(reader, draft, model)
    if kind == 0xFF:
        return _position(reader, draft)
    if kind == 0xF3:
        return _collision(reader, draft)
    if kind in (0x53, 0x54):
        return _position_with_tags(reader, draft, kind, model)
    return None


def _serial_port(reader: Reader, draft: Draft) -> Draft:
    words = reader.text().split("|")
    if words[0].startswith("GTSL") and len(words) > 4:
        draft.extra["card"] = words[4]
    else:
        draft.extra["content"] = "|".join(words)
    return draft


def _event(reader: Reader, draft: Draft, model: str | None) -> Draft | None:
    draft.fixed_at_us = reader.time_us()
    if reader.u8():
        draft.extra["archive"] = True
    reader.u8()  # kind of vehicle
    read = _TOPICS.get(reader.u8())
    if read is None:
        return None
    try:
        read(reader, draft)
        if read in _WITH_PLACE and reader.left >= _PLACE_BYTES:
            _keep_place(reader, draft, model)
    except ProtocolError:
        draft.unreadable.append("content")
    return draft


def _measurements(reader: Reader, draft: Draft) -> None:
    for _ in range(reader.u8()):
        name = f"vehicle_{reader.u16():04x}"
        draft.extra[name] = reader.hex(reader.u8())


def _vehicle_events(reader: Reader, draft: Draft) -> None:
    for _ in range(reader.u8()):
        event = reader.u8()
        reader.take(reader.u8())
        name, alarm = _EVENTS.get(event, (f"event_{event:02x}", Alarm.OTHER))
        draft.add_alarms(name, (alarm,))


def _driving_event(reader: Reader, draft: Draft) -> None:
    event = reader.u32()
    if event in _DRIVING:
        draft.add_alarms(_DRIVING[event], (Alarm.OTHER,))
    else:
        draft.extra["event"] = event


def _trip(reader: Reader, draft: Draft) -> None:
    draft.extra["trip"] = reader.rest().hex()


def _trouble_codes(reader: Reader, draft: Draft) -> None:
    codes = draft.extra["trouble_codes"] = []
    for _ in range(reader.u16()):
        reader.u32()
        for _ in range(reader.u16()):
            reader.take(8)
            codes.append(reader.text(reader.u16()))


_TOPICS: Final[dict[int, Callable[[Reader, Draft], None]]] = {
    0x01: _measurements,
    0x02: _trouble_codes,
    0x03: _vehicle_events,
    0x04: _trip,
    0x0B: _trip,
    0x15: _driving_event,
}
_WITH_PLACE: Final = (_measurements, _trouble_codes, _vehicle_events)


def _keep_place(reader: Reader, draft: Draft, model: str | None) -> None:
    place = Draft(device_id=draft.device_id)
    read_status_and_place(reader, place, model)
    at_us = reader.time_us() if reader.left >= 6 else None
    draft.extra |= {"ignition": place.extra["ignition"], "last_place_at_us": at_us}
    draft.extra |= {"last_place_lat": place.lat, "last_place_lon": place.lon, "last_place_valid": place.valid}


def _position(reader: Reader, draft: Draft) -> Draft:
    draft.fixed_at_us = reader.time_us()
    lat, lon = (int.from_bytes(reader.take(4), "big", signed=True) / 1_000_000 for _ in range(2))
    draft.set_place(lat, lon, valid=True)  # the content has no word for a bad fix
    read_motion(reader, draft)
    return draft


def _collision(reader: Reader, draft: Draft) -> Draft:
    while reader.left > 2:
        kind = reader.u16()
        value = Reader(reader.take(reader.u16()), name="content")
        if kind == 0x0002:
            draft.extra["collision"] = value.u16() / 256 / 100
        elif kind == 0x0006:
            draft.sent_at_us = value.time_us()
    return draft


def _position_with_tags(reader: Reader, draft: Draft, kind: int, model: str | None) -> Draft:
    read_status_and_place(reader, draft, model)
    read_motion_and_time(reader, draft)
    if kind == 0x54:
        draft.extra["sensors"] = reader.rest().hex()
        return draft
    reader.u8()  # how many in all parts
    tags = []
    try:
        while reader.left:
            reader.u8()
            mac, rssi = mac_of(reader.take(6)), dbm_of(reader.u8())
            tags.append({"mac": mac, "rssi_dbm": rssi, "data": reader.hex(reader.u8())})
    except ProtocolError:
        draft.unreadable.append("tags")
    draft.extra["tags"] = tags
    return draft
