"""What the log says about places and devices, laid out for maps and queries; may be dropped and rebuilt at will.

`fix` has one row for each fix: heard twice is one row (device, time, content). `device_status` has the newest contact
of each device and its newest usable place; a buffered record that arrives late does not move it backwards, a device
whose clock runs ahead does not stay "newest" for ever (a place was taken at the latest when it was received).
Places are kept only of devices in an order and only from its first to its last second. Otherwise the contact, battery
and strap are kept. Columns travel whole (`columns`): no row is formatted by itself.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import psycopg

from aralyk.tracking import columns
from aralyk.tracking.arrivals import Message

LATE_US: Final = 120_000_000  # REQUIREMENTS 3.5: the lateness window
_UNKNOWN_US: Final = -(2**62)
_HASH_BYTES: Final = 16  # 128 bits: two different fixes of one device and microsecond never meet
_CONTENT: Final = struct.Struct(">dddddd?")
_NAN: Final = float("nan")

Cursor = psycopg.Cursor[tuple[Any, ...]]


class Term(NamedTuple):
    """From when to when the places of a device may be kept: the terms of its orders."""

    from_us: int
    until_us: int


class Heard(msgspec.Struct, gc=False):
    """One message as it was heard (a Struct: twenty thousand are made in a second).

    Attributes:
        device: Whose frame.
        received_us: When the gateway had it.
        stream: Where it stands in the log: the stream,
        seq: and the batch.
        message: What it says.
        has_time: Whether the message says when its place was taken.
        fixed_us: That time; without one, the receipt: it was taken then at the latest.
        read_us: When the log had it: the receipt, but for a frame that a person released from quarantine later.
    """

    device: str
    received_us: int
    stream: str
    seq: int
    message: Message
    has_time: bool
    fixed_us: int
    read_us: int

    @property
    def released(self) -> bool:
        """Whether it came out of quarantine: news of then, and no sign that the device lives now."""
        return self.read_us != self.received_us

    def may_be_kept(self, terms: Mapping[str, Term]) -> bool:
        """Whether there is a place, and an order that allows to keep it."""
        term = terms.get(self.device)
        if term is None or not self.message.has_place:
            return False
        from_us, until_us = term
        # A device's clock may be wrong: before the end by either clock is before the end.
        return from_us <= self.received_us and (self.fixed_us < until_us or self.received_us < until_us)


def heard(
    *, device: str, received_us: int, stream: str, seq: int, message: Message, heard_us: int | None = None
) -> Heard:
    """One message as it was heard; `heard_us` of one released from quarantine, which has a time in any case."""
    fixed_us = message.fixed_at_us
    if heard_us is not None:
        at_us = heard_us if fixed_us is None else min(fixed_us, heard_us)  # no place is taken after it was told
        return Heard(device, heard_us, stream, seq, message, True, at_us, received_us)
    has_time = fixed_us is not None
    at_us = received_us if fixed_us is None else fixed_us
    return Heard(device, received_us, stream, seq, message, has_time, at_us, received_us)


@dataclass(slots=True)
class _Status:
    """What one step's messages say about one device, newest last."""

    received_us: int = _UNKNOWN_US
    place_us: int = _UNKNOWN_US
    place: Message | None = None
    state_us: int = _UNKNOWN_US
    battery_pct: float | None = None
    charging: bool | None = None
    strap: str | None = None
    strap_us: int = _UNKNOWN_US

    def hear(self, one: Heard, terms: Mapping[str, Term]) -> None:
        message = one.message
        self.received_us = max(self.received_us, one.received_us)
        own_us = min(one.fixed_us, one.received_us)
        if message.valid is not False and own_us >= self.place_us and one.may_be_kept(terms):
            self.place_us, self.place = own_us, message
        if own_us < self.state_us:
            return
        self.state_us = own_us
        self.battery_pct = self.battery_pct if message.battery_pct is None else message.battery_pct
        self.charging = self.charging if message.charging is None else message.charging
        if message.strap is not None and message.strap != self.strap:
            self.strap, self.strap_us = message.strap, own_us


_INSERT_FIXES: Final = """
    INSERT INTO fix (device, fixed_at, content_hash, received_at, lat, lon, valid, accuracy_m, source, speed_mps,
                     heading_deg, battery_pct, stream, seq, late)
    SELECT * FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
    ON CONFLICT (device, fixed_at, content_hash) DO NOTHING
"""
_PLACE: Final = ("fixed_at", "lat", "lon", "accuracy_m", "source", "speed_mps", "heading_deg")
_STATE: Final = ("battery_pct", "charging", "strap")


def _upsert_statuses() -> str:
    names = ("device", "received_at", *_PLACE, *_STATE, "strap_since")
    newer_place = "excluded.fixed_at >= coalesce(known.fixed_at, '-infinity')"
    changes = ["received_at = greatest(known.received_at, excluded.received_at)"]
    changes += [f"{name} = CASE WHEN {newer_place} THEN excluded.{name} ELSE known.{name} END" for name in _PLACE]
    newer_word = "excluded.received_at >= known.received_at"  # else released from quarantine: it fills gaps alone
    changes += [
        f"{name} = CASE WHEN {newer_word} THEN coalesce(excluded.{name}, known.{name})"
        f" ELSE coalesce(known.{name}, excluded.{name}) END"
        for name in _STATE
    ]
    changed = (
        f"excluded.strap IS NOT NULL AND excluded.strap IS DISTINCT FROM known.strap"
        f" AND ({newer_word} OR known.strap IS NULL)"
    )
    changes += [f"strap_since = CASE WHEN {changed} THEN excluded.strap_since ELSE known.strap_since END"]
    placeholders = ", ".join("%s::boolean[]" if name == "charging" else "%b" for name in names)
    return (
        f"INSERT INTO device_status AS known ({', '.join(names)}) SELECT * FROM unnest({placeholders})"
        f" ON CONFLICT (device) DO UPDATE SET {', '.join(changes)}"
    )


_UPSERT_STATUSES: Final = _upsert_statuses()


def write_fixes(cursor: Cursor, messages: Sequence[Heard], *, terms: Mapping[str, Term]) -> int:
    """Add the fixes of devices in an order; one already there changes nothing.

    Args:
        cursor: Of a connection that knows `columns`, inside the transaction.
        messages: Those without a place are no fixes and are passed over.
        terms: From when to when places may be kept, by device in an order.

    Returns:
        How many rows were sent; duplicates among them are not stored.
    """
    fixes = [one for one in messages if one.may_be_kept(terms)]
    if not fixes:
        return 0
    said = [one.message for one in fixes]
    received_us = np.array([one.received_us for one in fixes], dtype=np.int64)
    fixed_us = np.array([one.fixed_us for one in fixes], dtype=np.int64)
    read_us = np.array([one.read_us for one in fixes], dtype=np.int64)
    cursor.execute(
        _INSERT_FIXES,
        (
            columns.texts([one.device for one in fixes]),
            columns.timestamps(fixed_us),
            columns.byteas([content_hash(message) for message in said]),
            columns.timestamps(received_us),
            columns.floats(_numbers([message.lat for message in said])),
            columns.floats(_numbers([message.lon for message in said])),
            columns.booleans(np.array([message.valid is not False for message in said], dtype=bool)),
            columns.floats(_numbers([message.accuracy_m for message in said])),
            columns.texts([message.source for message in said]),
            columns.floats(_numbers([message.speed_mps for message in said])),
            columns.floats(_numbers([message.heading_deg for message in said])),
            columns.floats(_numbers([message.battery_pct for message in said])),
            columns.texts([one.stream for one in fixes]),
            columns.bigints(np.array([one.seq for one in fixes], dtype=np.int64)),
            columns.booleans(read_us - fixed_us > LATE_US),
        ),
    )
    return len(fixes)


def write_statuses(cursor: Cursor, messages: Sequence[Heard], *, terms: Mapping[str, Term]) -> None:
    """Bring the newest contact, place, battery and strap of each device up to date.

    Args:
        cursor: Of a connection that knows `columns`, inside the transaction.
        messages: In the order of their arrival.
        terms: From when to when places may be kept, by device in an order; of others none are.
    """
    by_device: dict[str, _Status] = {}
    for one in messages:
        by_device.setdefault(one.device, _Status()).hear(one, terms)
    if not by_device:
        return
    # Sorted: two writers that lock the same rows in one order never deadlock.
    devices = sorted(by_device)
    statuses = [by_device[device] for device in devices]
    places = [status.place or Message() for status in statuses]
    cursor.execute(
        _UPSERT_STATUSES,
        (
            columns.texts(devices),
            columns.timestamps(np.array([status.received_us for status in statuses], dtype=np.int64)),
            columns.timestamps(
                np.array([status.place_us for status in statuses], dtype=np.int64), unknown_us=_UNKNOWN_US
            ),
            columns.floats(_numbers([place.lat for place in places])),
            columns.floats(_numbers([place.lon for place in places])),
            columns.floats(_numbers([place.accuracy_m for place in places])),
            columns.texts([status.place.source if status.place else None for status in statuses]),
            columns.floats(_numbers([place.speed_mps for place in places])),
            columns.floats(_numbers([place.heading_deg for place in places])),
            columns.floats(_numbers([status.battery_pct for status in statuses])),
            [status.charging for status in statuses],
            columns.texts([status.strap for status in statuses]),
            columns.timestamps(
                np.array([status.strap_us for status in statuses], dtype=np.int64), unknown_us=_UNKNOWN_US
            ),
        ),
    )


def content_hash(message: Message) -> bytes:
    """Name what a fix says about the place, so that the same fix heard twice is known as one."""
    lat, lon, accuracy_m = message.lat, message.lon, message.accuracy_m
    speed_mps, heading_deg, battery_pct = message.speed_mps, message.heading_deg, message.battery_pct
    content = _CONTENT.pack(
        _NAN if lat is None else lat,
        _NAN if lon is None else lon,
        _NAN if accuracy_m is None else accuracy_m,
        _NAN if speed_mps is None else speed_mps,
        _NAN if heading_deg is None else heading_deg,
        _NAN if battery_pct is None else battery_pct,
        message.valid is not False,
    )
    return blake2b(content + message.source.encode(), digest_size=_HASH_BYTES).digest()


def _numbers(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    """None becomes NaN, which `columns.floats` writes as NULL."""
    return np.array(values, dtype=np.float64)
