"""Reads the records of Codec 8, 8 Extended and 16: a fixed head, then IO elements in groups by their width.

The hot path of the gateway: a record is read by a few unpackings of whole groups, never element by element.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from aralyk.protocols.errors import ErrorCode, ProtocolError
from aralyk.protocols.messages import Alarm, Message, Source
from aralyk.protocols.teltonika.bluetooth import add_variable
from aralyk.protocols.teltonika.elements import (
    ALARM_NAMES,
    BATTERY_PERCENT,
    EVENT_IDS,
    OPERATOR,
    PANIC,
    alarms_of,
    cells_of,
    charging_of,
    name_of,
)

COORDINATE_UNIT: Final = 10_000_000
LAT_MAX: Final = 90 * COORDINATE_UNIT
LON_MAX: Final = 180 * COORDINATE_UNIT
PERCENT_MAX: Final = 100
EXACT_INTEGER_MAX: Final = 2**53  # beyond, JSON readers disagree about the value; such a number becomes text
DECIMALS: Final = 6
SPEED_KMH_MAX: Final = 3_600  # as for all protocols: no wearer moves faster than 1,000 m/s
SPEEDS_MPS: Final = tuple(round(speed_kmh / 3.6, DECIMALS) for speed_kmh in range(SPEED_KMH_MAX + 1))
TIME_MS_BELOW: Final = 4_102_444_800_000  # 2100
READY_MAX: Final = 64  # unpackers of groups up to this size are made once

CODEC_8: Final = 0x08
CODEC_8_EXTENDED: Final = 0x8E
CODEC_16: Final = 0x10

_WIDTHS: Final = (("B", 1), ("H", 2), ("I", 4), ("Q", 8))
_U16: Final = struct.Struct(">H")
_TWO_U16: Final = struct.Struct(">HH")
_GNSS: Final = Source.GNSS
_UNKNOWN: Final = Source.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The IO elements of one width: a count, then id and value alternating."""

    pair: str
    pair_bytes: int
    width: int
    ready: tuple[Callable[[bytes, int], tuple[int, ...]], ...]

    def unpack(self, data: bytes, at: int, count: int) -> tuple[int, ...]:
        """Ids and values, alternating, of a group larger than those that are ready.

        Raises:
            struct.error: The group ends after the data.
        """
        if at + count * self.pair_bytes > len(data):
            raise struct.error("a group ends after the data")
        return struct.unpack_from(">" + self.pair * count, data, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a codec writes its records."""

    head: struct.Struct  # time to speed, event, (generation), number of elements
    count_bytes: int
    groups: tuple[_Group, ...]
    has_generation: bool = False
    has_variable: bool = False


def _layout(*, id_code: str, event: str, count: str, **has: bool) -> Layout:
    groups = []
    for code, width in _WIDTHS:
        pair = id_code + code
        ready = tuple(struct.Struct(">" + pair * number).unpack_from for number in range(READY_MAX + 1))
        pair_bytes = struct.calcsize(">" + pair)
        groups.append(_Group(pair=pair, pair_bytes=pair_bytes, width=width, ready=ready))
    head = struct.Struct(f">QBiihHBH{event}{count}")
    return Layout(head=head, count_bytes=struct.calcsize(count), groups=tuple(groups), **has)


LAYOUTS: Final = {
    CODEC_8: _layout(id_code="B", event="B", count="B"),
    CODEC_8_EXTENDED: _layout(id_code="H", event="H", count="H", has_variable=True),
    CODEC_16: _layout(id_code="H", event="HB", count="B", has_generation=True),
}


def read_records(data: bytes, at: int, count: int, codec: int, device_id: str | None) -> tuple[Message, ...]:
    """Read `count` records that fill `data` from `at` to the byte before its last.

    Some devices add a group of 16-byte elements to Codec 8. Nothing announces it; the records either fill the data
    with it or without it.

    Raises:
        ProtocolError: The records don't fill the data.
    """
    layout = LAYOUTS[codec]
    end = len(data) - 1
    for wide in (False, True) if codec == CODEC_8 else (False,):
        messages = _read_all(data, at, end, count, layout, wide=wide, device_id=device_id)
        if messages is not None:
            return messages
    raise ProtocolError(ErrorCode.BAD_FIELD, "records: expected as many as announced, filling the data")


def _read_all(
    data: bytes, at: int, end: int, count: int, layout: Layout, *, wide: bool, device_id: str | None
) -> tuple[Message, ...] | None:
    messages = []
    try:
        for _ in range(count):
            message, at = _read(data, at, layout, wide, device_id)
            messages.append(message)
    except (struct.error, IndexError):
        return None
    return tuple(messages) if at == end else None


def _read(data: bytes, at: int, layout: Layout, wide: bool, device_id: str | None) -> tuple[Message, int]:
    head = layout.head.unpack_from(data, at)
    at += layout.head.size
    extra: dict[str, Any] = {"priority": head[1], "event": head[8], "satellites": head[6]}
    if layout.has_generation:
        extra["generation"] = head[9]
    battery_pct: int | None = None
    count_bytes = layout.count_bytes
    for group in layout.groups:
        count = data[at] if count_bytes == 1 else _U16.unpack_from(data, at)[0]
        at += count_bytes
        if count:
            pairs = group.ready[count](data, at) if count <= READY_MAX else group.unpack(data, at, count)
            at += count * group.pair_bytes
            ids_and_values = iter(pairs)  # taken in turns: no copies
            extra.update(zip(map(name_of, ids_and_values), ids_and_values))  # noqa: B905
            if group.width == 1:
                battery_pct = extra.get(BATTERY_PERCENT)  # only as a single byte is it a percentage
            elif group.width == 8:
                _spell_out(extra, pairs)
    if wide:
        at = _add_wide(extra, data, at)
    if layout.has_variable:
        at = _add_all_variable(extra, data, at)
    return _message(head, extra, battery_pct, device_id), at


def _spell_out(extra: dict[str, Any], pairs: tuple[int, ...]) -> None:
    """Make text of numbers that are too large; under their ids, as elements with a name have a number."""
    for number, value in zip(pairs[::2], pairs[1::2], strict=True):
        if value > EXACT_INTEGER_MAX:
            extra.pop(name_of(number), None)
            extra[f"io{number}"] = str(value)


def _add_wide(extra: dict[str, Any], data: bytes, at: int) -> int:
    count, at = data[at], at + 1
    for _ in range(count):
        extra[f"io{data[at]}"] = data[at + 1 : at + 17].hex()
        at += 17
    return at


def _add_all_variable(extra: dict[str, Any], data: bytes, at: int) -> int:
    (count,) = _U16.unpack_from(data, at)
    at += 2
    for _ in range(count):
        number, length = _TWO_U16.unpack_from(data, at)
        at += 4 + length
        if at > len(data):
            raise IndexError("an element ends after the data")
        add_variable(extra, number, data[at - length : at])
    return at


def _message(head: tuple[int, ...], extra: dict[str, Any], battery_pct: int | None, device_id: str | None) -> Message:
    time_ms, priority, lon, lat, altitude, heading, satellites, speed_kmh, event = head[:9]
    if battery_pct is not None and battery_pct > PERCENT_MAX:
        battery_pct = None
    has_fix = satellites != 0  # without one, 0 is the device's word for unknown
    has_place = -LAT_MAX <= lat <= LAT_MAX and -LON_MAX <= lon <= LON_MAX
    if not (has_place and speed_kmh <= SPEED_KMH_MAX and heading <= 360 and 0 < time_ms < TIME_MS_BELOW):
        extra["unreadable"] = _unreadable(has_place, speed_kmh, heading, time_ms)
    alarms: tuple[Alarm, ...] = ()
    if priority == PANIC or event in EVENT_IDS or not ALARM_NAMES.isdisjoint(extra):
        alarms = alarms_of(extra, event=event, priority=priority)
    if has_place and has_fix and "unreadable" not in extra:  # as almost every record
        return Message(
            device_id=device_id,
            fixed_at_us=time_ms * 1000,
            lat=lat / COORDINATE_UNIT,
            lon=lon / COORDINATE_UNIT,
            valid=True,
            altitude_m=float(altitude),
            speed_mps=SPEEDS_MPS[speed_kmh],
            heading_deg=float(heading % 360),
            source=_GNSS,
            battery_pct=battery_pct,
            charging=charging_of(extra, has_battery_percent=battery_pct is not None),
            alarms=alarms,
            cells=cells_of(extra) if OPERATOR in extra else (),
            extra=extra,
        )
    at_us = time_ms * 1000 if 0 < time_ms < TIME_MS_BELOW else None
    return Message(
        device_id=device_id,
        fixed_at_us=at_us if has_place else None,
        sent_at_us=None if has_place else at_us,
        lat=lat / COORDINATE_UNIT if has_place else None,
        lon=lon / COORDINATE_UNIT if has_place else None,
        valid=has_fix if has_place else None,
        altitude_m=float(altitude) if has_fix or altitude else None,
        speed_mps=SPEEDS_MPS[speed_kmh] if speed_kmh <= SPEED_KMH_MAX and (has_fix or speed_kmh) else None,
        heading_deg=float(heading % 360) if heading <= 360 and (has_fix or heading) else None,
        source=_GNSS if has_place else _UNKNOWN,
        battery_pct=battery_pct,
        charging=charging_of(extra, has_battery_percent=battery_pct is not None),
        alarms=alarms,
        cells=cells_of(extra) if OPERATOR in extra else (),
        extra=extra,
    )


def _unreadable(has_place: bool, speed_kmh: int, heading: int, time_ms: int) -> list[str]:
    readable = {
        "heading": heading <= 360,
        "position": has_place,
        "speed": speed_kmh <= SPEED_KMH_MAX,
        "time": 0 < time_ms < TIME_MS_BELOW,
    }
    return [name for name, is_readable in readable.items() if not is_readable]
