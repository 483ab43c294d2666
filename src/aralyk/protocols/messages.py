"""What a device said, in one vocabulary for all protocols.

A message is one record of a frame. What the device did not say, or said with its own word for "unknown", is None: never
0, which is a place in the Gulf of Guinea, a standstill, a dead battery. `valid` is the device's own opinion of its fix.
Times are integer microseconds since the Unix epoch, UTC; angles WGS 84 degrees; lengths metres; speeds m/s.
A message is a msgspec Struct: a frozen dataclass of 18 fields takes longer to make than a record takes to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import msgspec

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = EPOCH.replace(tzinfo=None)  # writes no zone, so that "Z" can be written


class Source(StrEnum):
    """Where a place comes from."""

    GNSS = "gnss"
    NETWORK = "network"  # cells or Wi-Fi
    FUSED = "fused"  # a phone's own mixture of the two
    UNKNOWN = "unknown"


class Strap(StrEnum):
    """State of a bracelet's lock: a state with a since-time, not a momentary alarm."""

    LOCKED = "locked"
    OPEN = "open"


class Alarm(StrEnum):
    """What a device raises by itself. All of a record's alarms are read, not the first."""

    SOS = "sos"
    STRAP_OPEN = "strap_open"
    TAMPER = "tamper"
    FALL = "fall"
    LOW_BATTERY = "low_battery"
    POWER_CUT = "power_cut"
    POWER_OFF = "power_off"
    JAMMING = "jamming"
    GEOFENCE = "geofence"
    VIBRATION = "vibration"
    MOVEMENT = "movement"
    OVERSPEED = "overspeed"
    FAULT = "fault"
    OTHER = "other"  # an alarm that the codec does not know by name; `extra["alarm"]` holds the device's word


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A mobile network's cell that the device heard."""

    mcc: int
    mnc: int
    lac: int
    cid: int
    rssi_dbm: int | None = None

    def as_dict(self) -> dict[str, int | None]:
        """JSON-ready."""
        return {"mcc": self.mcc, "mnc": self.mnc, "lac": self.lac, "cid": self.cid, "rssi_dbm": self.rssi_dbm}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """A Wi-Fi access point that the device heard; the mac in lower case with colons."""

    mac: str
    rssi_dbm: int | None = None

    def as_dict(self) -> dict[str, str | int | None]:
        """JSON-ready."""
        return {"mac": self.mac, "rssi_dbm": self.rssi_dbm}


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One record of a frame.

    Attributes:
        device_id: The id that the record says, or the session's when the protocol says it once.
        fixed_at_us: When the place was taken; for a record without a place, its only time.
        sent_at_us: When the device built or sent the record, where the protocol tells it apart.
        lat: Degrees north, -90 to 90; None: a record without a place.
        lon: Degrees east, -180 to 180.
        valid: Whether the device itself calls the fix good; None without a place.
        accuracy_m: Radius as the device declares it; it may lie.
        altitude_m: Above the ellipsoid or the sea, as the device has it.
        speed_mps: Over ground.
        heading_deg: Clockwise from north, 0 <= heading < 360.
        source: Where the place comes from.
        battery_pct: 0 to 100.
        charging: Whether power comes in.
        strap: State of the bracelet's lock.
        alarms: All alarms of the record, in the order of the device.
        cells: Cells heard.
        wifi: Access points heard.
        extra: Everything else of the record by the device's own names; `unreadable` lists fields that were said in a
            form we can't read and that the place does not depend on.
    """

    device_id: str | None = None
    fixed_at_us: int | None = None
    sent_at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    source: Source = Source.UNKNOWN
    battery_pct: float | None = None
    charging: bool | None = None
    strap: Strap | None = None
    alarms: tuple[Alarm, ...] = ()
    cells: tuple[Cell, ...] = ()
    wifi: tuple[AccessPoint, ...] = ()
    extra: Mapping[str, Any] = msgspec.field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """All fields, JSON-ready, unknown ones null: the form of `aralyk decode`."""
        return {
            "device_id": self.device_id,
            "fixed_at": iso_time(self.fixed_at_us),
            "sent_at": iso_time(self.sent_at_us),
            "lat": self.lat,
            "lon": self.lon,
            "valid": self.valid,
            "accuracy_m": self.accuracy_m,
            "altitude_m": self.altitude_m,
            "speed_mps": self.speed_mps,
            "heading_deg": self.heading_deg,
            "source": self.source.value,
            "battery_pct": self.battery_pct,
            "charging": self.charging,
            "strap": None if self.strap is None else self.strap.value,
            "alarms": [alarm.value for alarm in self.alarms],
            "cells": [cell.as_dict() for cell in self.cells],
            "wifi": [access_point.as_dict() for access_point in self.wifi],
            "extra": dict(self.extra),
        }

    def as_line(self) -> dict[str, Any]:
        """The same with unknown and empty fields left out: the form of the log."""
        return {name: value for name, value in self.as_dict().items() if value is not None and value not in ([], {})}

    def told(self) -> Told:
        """What `as_line` says, ready for an encoder that sorts the members of dicts: a third of its time."""
        return Told(
            self.accuracy_m,
            [alarm._value_ for alarm in self.alarms] if self.alarms else [],
            self.altitude_m,
            self.battery_pct,
            [cell.as_dict() for cell in self.cells] if self.cells else [],
            self.charging,
            self.device_id,
            self.extra,
            iso_time(self.fixed_at_us),
            self.heading_deg,
            self.lat,
            self.lon,
            iso_time(self.sent_at_us),
            self.source._value_,  # `.value` looks for it through two calls
            self.speed_mps,
            None if self.strap is None else self.strap._value_,
            self.valid,
            [access_point.as_dict() for access_point in self.wifi] if self.wifi else [],
        )


class Told(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A message as it is written into a line; the fields in the order of the alphabet, because so they are written."""

    accuracy_m: float | None = None
    alarms: list[str] = []
    altitude_m: float | None = None
    battery_pct: float | None = None
    cells: list[dict[str, int | None]] = []
    charging: bool | None = None
    device_id: str | None = None
    extra: Mapping[str, Any] = {}
    fixed_at: str | None = None
    heading_deg: float | None = None
    lat: float | None = None
    lon: float | None = None
    sent_at: str | None = None
    source: str = ""  # always said
    speed_mps: float | None = None
    strap: str | None = None
    valid: bool | None = None
    wifi: list[dict[str, str | int | None]] = []


def iso_time(us: int | None) -> str | None:
    """`2026-11-21T10:00:00.123456Z`, or None for None."""
    if us is None:
        return None
    seconds, us = divmod(us, 1_000_000)
    return f"{_second(seconds)}{us:06}Z"


@lru_cache(maxsize=8192)
def _second(seconds: int) -> str:
    """`2026-11-21T10:00:00.`; devices speak of the same seconds."""
    return (_NAIVE_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds") + "."
