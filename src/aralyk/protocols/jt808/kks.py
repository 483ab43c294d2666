"""Item EB: items within an item, two bytes of length (that counts the id), two of id.

The two words of alarms count backwards: a bit is 0 when its alarm is on. Only the bits that makers explain are alarms;
the others are 1 in some devices' rest and 0 in others', and the words are kept whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.jt808.record import Draft
from aralyk.protocols.jt808.wire import Reader
from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Strap

_BATTERY_LOW: Final = (3, 4)
_ACCESS_POINT: Final = re.compile(r"((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}),(-?[0-9]{1,3})(?![0-9])")


def read_kks_items(data: bytes, draft: Draft) -> None:
    """Read all; one that is unreadable is named, and the others are read."""
    reader = Reader(data, name="item_eb")
    while reader.left >= 4:
        length = reader.u16()
        if length < 2 or length > reader.left:
            draft.unreadable.append("item_eb")
            return
        kind = reader.u16()
        value = reader.take(length - 2)
        name = f"item_eb_{kind:04x}"
        read = _ITEMS.get(kind)
        try:
            if read is None:
                draft.extra[name] = value.hex()
            else:
                read(Reader(value, name=name), draft)
        except ProtocolError:
            draft.unreadable.append(name)


def _power(value: Reader, draft: Draft) -> None:
    if value.left == 4:
        draft.extra["power_v"] = value.u32() / 1000
    else:
        draft.extra["battery_v"] = value.u16() / 1000


def _alarms(value: Reader, draft: Draft) -> None:
    bits = value.u32()
    draft.extra["alarm_word_eb_0089"] = bits
    if not bits & 1:
        # The supply failed; the reference decoder calls it switched off.
        draft.add_alarms("main_power_lost", (Alarm.POWER_CUT, Alarm.POWER_OFF))
    if not bits >> 12 & 1:
        draft.add_alarms("removed", (Alarm.STRAP_OPEN,))
        draft.strap = Strap.OPEN


def _status(value: Reader, draft: Draft) -> None:
    bits = value.u32()
    draft.extra["status_word_eb_00c5"] = bits
    if not bits >> 6 & 1:
        draft.add_alarms("vibration", (Alarm.VIBRATION,))
    moving = bits >> 23 & 0b11
    if moving in (0, 1):
        draft.extra["motion"] = moving == 0


def _battery_alarm(value: Reader, draft: Draft) -> None:
    level = value.u8()
    draft.extra["battery_alarm"] = level
    if level in _BATTERY_LOW:
        draft.add_alarms("battery_low", (Alarm.LOW_BATTERY,))


def _iccid(value: Reader, draft: Draft) -> None:
    draft.extra["iccid"] = value.hex(10).rstrip("f")


def _wifi(value: Reader, draft: Draft) -> None:
    value.u8()  # how many
    for mac, rssi in _ACCESS_POINT.findall(value.text()):
        draft.wifi.append(AccessPoint(mac=mac.lower(), rssi_dbm=int(rssi)))


def _power_hundredths(value: Reader, draft: Draft) -> None:
    draft.extra["power_v"] = value.u16() / 100


def _cell(value: Reader, draft: Draft) -> None:
    draft.cells.append(Cell(mcc=value.u16(), mnc=value.u8(), lac=value.u16(), cid=value.u32()))


def _battery(value: Reader, draft: Draft) -> None:
    draft.set_battery(value.u8())


_ITEMS: Final[dict[int, Callable[[Reader, Draft], None]]] = {
    0x002D: _power,
    0x0089: _alarms,
    0x00A8: _battery,
    0x00B2: _iccid,
    0x00B9: _wifi,
    0x00C5: _status,
    0x00C6: _battery_alarm,
    0x00CE: _power_hundredths,
    0x00D8: _cell,
    0x00E1: _battery,
}
