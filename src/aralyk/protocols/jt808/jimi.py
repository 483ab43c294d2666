"""Item E8 of Jimi's cameras: two bytes of an extended id; the registered model tells them from padlocks' E8."""

from __future__ import annotations

from typing import Final

from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.wire import Reader
from aralyk.protocols.messages import Alarm

_LEVELS: Final = 6
_EVENTS: Final[dict[int, tuple[str, Alarm]]] = {
    0x0001: ("fault", Alarm.FAULT),
    0x0400: ("hard_acceleration", Alarm.OTHER),
    0x0401: ("hard_braking", Alarm.OTHER),
    0x0402: ("hard_cornering", Alarm.OTHER),
    0x0403: ("overspeed", Alarm.OVERSPEED),
    0x0405: ("collision", Alarm.OTHER),
    0x0406: ("vibration", Alarm.VIBRATION),
    0x0407: ("towed", Alarm.MOVEMENT),
    0x0408: ("area_entered", Alarm.GEOFENCE),
    0x0409: ("area_left", Alarm.GEOFENCE),
    0x040C: ("door", Alarm.OTHER),
    0x0412: ("hard_acceleration", Alarm.OTHER),
    0x0413: ("hard_braking", Alarm.OTHER),
    0x0414: ("hard_cornering", Alarm.OTHER),
    0x0415: ("lane_change", Alarm.OTHER),
    0x0416: ("collision", Alarm.OTHER),
    0x0417: ("collision", Alarm.OTHER),
    0x0C01: ("sos", Alarm.SOS),
    0x0C02: ("main_power_low", Alarm.LOW_BATTERY),
    0x0C05: ("general", Alarm.OTHER),
    0x0C0E: ("power_cut", Alarm.POWER_CUT),
    0x0C0F: ("battery_low", Alarm.LOW_BATTERY),
    0x0C10: ("power_off", Alarm.POWER_OFF),
    0x0C12: ("tamper", Alarm.TAMPER),
}


def read_jimi_item(value: Reader, draft: Draft) -> None:
    """Read an event or the power's state; ids that nobody explains are kept as they are."""
    kind = value.u16()
    event = _EVENTS.get(kind)
    if event is not None:
        name, alarm = event
        draft.add_alarms(name, (alarm,))
    elif kind in (0x0C03, 0x0C04):
        draft.extra["ignition"] = kind == 0x0C03
    elif kind == 0x2003:
        _power(value, draft)
    elif kind == 0x2005:
        _states(value, draft)
    else:
        draft.extra[f"item_e8_{kind:04x}"] = value.rest().hex()


def _power(value: Reader, draft: Draft) -> None:
    value.u8()  # length
    draft.charging = value.u8() == 1
    level = value.u8()
    if 1 <= level <= _LEVELS:
        draft.set_battery(level * 100 // _LEVELS)  # six levels, as the reference decoder writes them
    draft.extra["battery_v"] = value.u16() / 100
    draft.extra["rssi"] = value.u8()
    draft.extra["power_v"] = value.u16() / 100


def _states(value: Reader, draft: Draft) -> None:
    value.u8()  # length
    while value.left >= 3:
        kind = value.u16()
        state = Reader(value.take(value.u8()), name="item_e8")
        if kind == 0x0001:
            draft.extra["battery_v"] = state.u16() / 100
        elif kind == 0x0003:
            draft.set_battery(state.u8())
        elif kind == 0x0004:
            draft.charging = state.u8() == 0
        elif kind == 0x0005:
            draft.extra["iccid"] = state.hex(10)[:19]
        elif kind == 0x2001:
            draft.extra["power_v"] = state.u16() / 10
