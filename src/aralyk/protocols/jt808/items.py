"""The items behind a position: one byte of id, one of length, a value; makers gave ids to whatever they liked.

Read are those that tell about the wearer, the power, the network and the lock; `extra` keeps all the others as
`item_<id>` in hexadecimal digits, so that nothing of a record is lost. Ids and units: the standard for 01 to 31, the
reference decoder and the makers' frames for the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.jt808.jimi import read_jimi_item
from aralyk.protocols.jt808.kks import read_kks_items
from aralyk.protocols.jt808.record import Draft, dbm_of, mac_of
from aralyk.protocols.jt808.vehicle import (
    DOOR_MODELS,
    driving_alarm,
    read_alarms,
    read_alarms_and_door,
    read_driving_style,
)
from aralyk.protocols.jt808.wire import Reader, printable
from aralyk.protocols.messages import AccessPoint, Alarm, Cell

JIMI: Final = frozenset({"JC371", "JC181", "JC182", "JC450", "JC451"})
_LAC_MAX: Final = 0xFFFF
_CID_MAX: Final = 0xFFFFFFF
_EXTENSION: Final = 0x80
_FULL: Final = 0xFF  # of a battery: on the charger

Read = Callable[[Reader, Draft], None]


def read_items(data: bytes, draft: Draft, model: str | None) -> None:
    """Read all items; one that is unreadable is named, and the others are read."""
    reader = Reader(data, name="items")
    extended = False  # after item 80 the ids of an extension hold up to the end
    while reader.left >= 2:
        kind, length = reader.u8(), reader.u8()
        if kind == _EXTENSION:
            extended = True
            length = min(length, 1)
        if length > reader.left:
            draft.unreadable.append("items")
            return
        value = reader.take(length)
        try:
            _read_item(kind, Reader(value, name=f"item_{kind:02x}"), draft, model, extended=extended)
        except ProtocolError:
            draft.unreadable.append(f"item_{kind:02x}")
            draft.extra[f"item_{kind:02x}"] = value.hex()


def _read_item(kind: int, value: Reader, draft: Draft, model: str | None, *, extended: bool) -> None:
    if extended:
        read = _EXTENSION_ITEMS.get(kind)
    elif kind == 0xE8 and model in JIMI:
        read = read_jimi_item
    elif kind == 0x57 and model in DOOR_MODELS:
        read = read_alarms_and_door
    else:
        read = ITEMS.get(kind)
    if read is None:
        draft.extra[f"item_{kind:02x}"] = value.rest().hex()
    else:
        read(value, draft)


def _number(name: str, size: int, scale: float | None = None) -> Read:
    def read(value: Reader, draft: Draft) -> None:
        number = int.from_bytes(value.take(size), "big")
        draft.extra[name] = number if scale is None else round(number * scale, 6)

    return read


def _battery_percent(value: Reader, draft: Draft) -> None:
    draft.set_battery(value.u8())


def _battery_tenths(value: Reader, draft: Draft) -> None:
    draft.set_battery(value.u8() * 10)


def _battery_hundredths(value: Reader, draft: Draft) -> None:
    draft.set_battery(value.u16() / 100)


def _overspeed(value: Reader, draft: Draft) -> None:
    draft.add_alarms("overspeed", (Alarm.OVERSPEED,))
    draft.extra["item_11"] = value.rest().hex()


def _area(value: Reader, draft: Draft) -> None:
    draft.add_alarms("area_entered_or_left", (Alarm.GEOFENCE,))
    draft.extra["item_12"] = value.rest().hex()


def read_lock_command(value: Reader, draft: Draft) -> None:
    """How a padlock was asked to open; a password is not repeated."""
    length = value.left
    draft.extra["lock_command"] = value.u8()
    if length in (5, 6):
        draft.extra["lock_card"] = value.u32()
    elif length >= 7:
        value.take(6)
        draft.extra["lock_password_given"] = True
    if length % 2 == 0:
        draft.extra["unlock_result"] = value.u8()


def _mode_or_lock(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        draft.extra["mode"] = value.u8()
        return
    text = value.text()
    volts = text[10:13]
    if text.startswith("*M00") and volts.isdecimal():
        draft.extra["battery_v"] = int(volts) / 100


def _vibration_status(value: Reader, draft: Draft) -> None:
    status = value.u32()
    draft.extra["user_status"] = status
    if status >> 3 & 1:
        draft.add_alarms("vibration", (Alarm.VIBRATION,))


def _battery_or_cells(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        percent = value.u8()
        if percent == _FULL:
            draft.charging = True
        else:
            draft.set_battery(percent)
    elif value.left >= 12 and (value.left - 4) % 8 == 0:
        mcc, mnc = value.u16(), value.u16()
        while value.left:
            lac, cid, rssi = value.u24(), value.u32(), value.u8()
            if 0 < lac <= _LAC_MAX and cid <= _CID_MAX:
                draft.cells.append(Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid, rssi_dbm=dbm_of(rssi)))
    elif value.left == 2:
        draft.extra["power_v"] = value.u16() / 10
    else:
        draft.extra["card"] = value.u32()


def _battery_or_card(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        _battery_or_cells(value, draft)
    else:
        draft.extra["card"] = value.u32()


def _volts_or_locks(value: Reader, draft: Draft) -> None:
    if value.left == 2:
        draft.extra["battery_v"] = value.u16() / 100
        return
    draft.extra["locks"] = [
        {
            "id": value.hex(5),
            "card": value.hex(5),
            "battery": value.u8(),
            "locked": not value.u16() >> 5 & 1,
        }
        for _ in range(value.u8())
    ]


def _cover(value: Reader, draft: Draft) -> None:
    draft.extra["string_cuts"] = value.u16()
    status = value.u8()
    draft.extra |= {"string": bool(status & 1), "motion": bool(status >> 2 & 1), "cover": bool(status >> 3 & 1)}


def _battery_and_volts(value: Reader, draft: Draft) -> None:
    value.u8()  # reserved
    draft.set_battery(value.u8())
    draft.extra["battery_v"] = value.u16() / 100


def _charger_and_battery(value: Reader, draft: Draft) -> None:
    if value.u8() == 0:
        draft.charging = True
    draft.set_battery(value.u8())


def _motion(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        draft.extra["motion"] = value.u8() == 1


def _wearable_alarms(value: Reader, draft: Draft) -> None:
    if value.left != 8:
        draft.extra["item_e7"] = value.rest().hex()
        return
    bits = value.u16()
    if bits & 1:
        draft.add_alarms("vibration", (Alarm.VIBRATION,))
    if bits & 0b1110:
        draft.add_alarms("sos", (Alarm.SOS,))
    for bit in range(4, 16):
        if bits >> bit & 1:
            draft.add_alarms(f"item_e7_bit_{bit}", (Alarm.OTHER,))
    draft.extra["item_e7"] = value.rest().hex()


def _lock_status(value: Reader, draft: Draft) -> None:
    draft.extra["lock_status"] = value.u24()


def _strength_and_power(value: Reader, draft: Draft) -> None:
    if value.left != 6:
        draft.extra["item_ee"] = value.rest().hex()
        return
    draft.extra["rssi"] = value.u8()
    draft.extra["power_v"] = value.u16() / 1000
    draft.extra["battery_v"] = value.u16() / 1000
    draft.extra["satellites"] = value.u8()


def _cells(value: Reader, draft: Draft) -> None:
    while value.left:
        mcc, mnc, cid, lac, rssi = value.u16(), value.u16(), value.u32(), value.u32(), value.u8()
        draft.cells.append(Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid, rssi_dbm=dbm_of(rssi)))


def _wifi(value: Reader, draft: Draft) -> None:
    while value.left:
        draft.wifi.append(AccessPoint(mac=mac_of(value.take(6)), rssi_dbm=value.i8() or None))


def _firmware(value: Reader, draft: Draft) -> None:
    draft.extra["firmware"] = value.text()


def _sensors(value: Reader, draft: Draft) -> None:
    if value.left == 2:
        draft.extra["air_pressure"] = value.u16()
        return
    if value.left == 8:
        draft.extra["imei"] = value.hex(8)[1:]
        return
    event, mask = value.u8(), value.u8()
    draft.extra["event"] = event
    if event == 2:
        draft.extra["motion"] = True
    if mask & 1:
        draft.extra["light"] = value.u16()
    if mask >> 1 & 1:
        draft.extra["temperature_c"] = value.i16() / 10
    if mask >> 2 & 1:
        draft.extra["humidity_pct"] = value.i16() / 10
    if mask >> 3 & 1:
        draft.extra["acceleration"] = [value.i16() for _ in range(3)]
    draft.extra["item_f6"] = value.rest().hex()


def _volts_and_charger(value: Reader, draft: Draft) -> None:
    if value.left == 2:
        draft.extra["humidity_pct"] = value.u16() / 10
        return
    draft.extra["battery_v"] = value.u32() / 1000
    if value.left and value.u8() in (2, 3):
        draft.charging = True
    if value.left:
        draft.set_battery(value.u8())


def _own_numbers(value: Reader, draft: Draft) -> None:
    if value.left >= 19:
        draft.extra["mode"] = value.u8()
        draft.extra["imei"] = value.hex(8)[1:]
        draft.extra["iccid"] = value.hex(10)
    draft.extra["item_f8"] = value.rest().hex()


def _precision(value: Reader, draft: Draft) -> None:
    mask = value.u16()
    value.take(4 * (mask & 1) + 4 * (mask >> 1 & 1))  # age of the fix, time that the ignition is on
    if mask >> 2 & 1:
        draft.extra["hdop"] = value.u16() / 10


def _battery_power_odometer_alarms(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        draft.set_battery(value.u8())
    elif value.left == 2:
        draft.extra["power_v"] = value.u16() / 10
    elif value.left == 4:
        draft.extra["odometer_m"] = value.u32()
    elif value.u8() == 0x7C:
        _extended_alarms(value, draft)
    else:
        draft.set_battery(value.u8())


_EXTENDED_ALARMS: Final[dict[int, tuple[str, Alarm]]] = {
    0: ("hard_acceleration", Alarm.OTHER),
    1: ("hard_braking", Alarm.OTHER),
    2: ("hard_cornering", Alarm.OTHER),
    3: ("collision", Alarm.OTHER),
    4: ("tamper", Alarm.TAMPER),
}


def _extended_alarms(value: Reader, draft: Draft) -> None:
    while value.left >= 2:
        kind, inner = value.u8(), Reader(value.take(min(value.u8(), value.left)), name="item_fe")
        if kind == 1:
            bits = inner.u32()
            for bit in range(32):
                if bits >> bit & 1:
                    name, alarm = _EXTENDED_ALARMS.get(bit, (f"item_fe_bit_{bit}", Alarm.OTHER))
                    draft.add_alarms(name, (alarm,))


def _kks(value: Reader, draft: Draft) -> None:
    data = value.rest()
    if len(data) >= 3 and int.from_bytes(data[:2], "big") > 200 and (len(data) - 3) % 5 == 0:
        cells = Reader(data, name="item_eb")
        mcc, mnc = cells.u16(), cells.u8()
        while cells.left:
            lac, cid, rssi = cells.u16(), cells.u16(), cells.u8()
            draft.cells.append(Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid, rssi_dbm=dbm_of(rssi)))
    elif data and all(0x20 <= byte < 0x7F for byte in data):
        draft.extra["timezone"] = printable(data)
    else:
        read_kks_items(data, draft)


ITEMS: Final[dict[int, Read]] = {
    0x01: _number("odometer_m", 4, 100),
    0x06: _battery_percent,
    0x0B: read_lock_command,
    0x11: _overspeed,
    0x12: _area,
    0x14: _number("video_alarms", 4),
    0x25: _number("inputs", 4),
    0x30: _number("rssi", 1),
    0x31: _number("satellites", 1),
    0x33: _mode_or_lock,
    0x56: _battery_tenths,
    0x57: read_alarms,
    0x60: _number("event", 2),
    0x64: driving_alarm("driver_assistance"),
    0x65: driving_alarm("driver_state"),
    0x68: _battery_hundredths,
    0x69: _number("battery_v", 2, 0.01),
    0x70: read_driving_style,
    0x82: _number("power_v", 2, 0.1),
    0xAC: _number("odometer_m", 4),
    0xD0: _vibration_status,
    0xD3: _number("power_v", 2, 0.1),
    0xD4: _battery_or_card,
    0xD5: _volts_or_locks,
    0xDA: _cover,
    0xE1: _battery_or_cells,
    0xE3: _battery_and_volts,
    0xE4: _charger_and_battery,
    0xE5: _motion,
    0xE7: _wearable_alarms,
    0xE8: _lock_status,
    0xE9: _battery_or_card,
    0xEB: _kks,
    0xEC: _wifi,
    0xEE: _strength_and_power,
    0xF0: _cells,
    0xF1: _number("power_v", 4, 0.001),
    0xF2: _firmware,
    0xF4: _wifi,
    0xF6: _sensors,
    0xF7: _volts_and_charger,
    0xF8: _own_numbers,
    0xF9: _precision,
    0xFC: _number("geofence", 1),
    0xFE: _battery_power_odometer_alarms,
}


def _extension_battery(value: Reader, draft: Draft) -> None:
    value.u8()  # a level beside the percentage
    draft.set_battery(value.u8())


_EXTENSION_ITEMS: Final[dict[int, Read]] = {
    0x01: _number("odometer_m", 4, 100),
    0x56: _extension_battery,
    0x61: _number("power_v", 2, 0.01),
    0x69: _number("battery_v", 2, 0.01),
    0x82: _number("power_v", 2, 0.1),
}
