"""From the device's values to a message, for all forms of record.

A value that can't be read costs itself alone (`extra.unreadable`): the event beside it may be a panic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from aralyk.protocols.fields import TIME_BELOW
from aralyk.protocols.messages import EPOCH, AccessPoint, Alarm, Cell, Message, Source

DEVICE_EPOCH_S: Final = 946_684_800  # 2000-01-01
_SECOND_US: Final = 1_000_000
_KMH_PER_MPS: Final = 3.6
_SPEED_KMH_MAX: Final = 3600
_ALTITUDE_M: Final = (-1000, 30_000)
_CSQ_KNOWN: Final = range(1, 32)
_RSSI_KNOWN: Final = range(-150, 0)
ALARMS: Final[Mapping[int, Alarm]] = {
    1: Alarm.SOS,
    17: Alarm.LOW_BATTERY,
    18: Alarm.OTHER,  # low external supply
    19: Alarm.OVERSPEED,
    20: Alarm.GEOFENCE,  # entered
    21: Alarm.GEOFENCE,  # left
    22: Alarm.OTHER,  # external supply is back
    23: Alarm.POWER_CUT,
    28: Alarm.TAMPER,  # the antenna was cut
    36: Alarm.MOVEMENT,  # towed
    40: Alarm.POWER_OFF,
    44: Alarm.JAMMING,
    78: Alarm.OTHER,  # impact
    90: Alarm.OTHER,  # sharp turn left
    91: Alarm.OTHER,  # and right
    129: Alarm.OTHER,  # harsh braking
    130: Alarm.OTHER,  # harsh acceleration
    135: Alarm.OTHER,  # a tired driver
}
_OTHERS: Final[Mapping[int, str]] = {
    18: "low_power", 22: "power_restored", 78: "impact", 90: "cornering", 91: "cornering", 129: "braking",
    130: "acceleration", 135: "fatigue",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Said:
    """One record's values in the device's units, filled while it is read; None: not said."""

    events: list[int] = field(default_factory=list)
    lat: float | None = None
    lon: float | None = None
    time_s: int | None = None
    valid: bool | None = None
    speed_kmh: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None
    battery_pct: int | None = None
    cells: list[Cell] = field(default_factory=list)
    wifi: list[AccessPoint] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def message(self, device_id: str) -> Message:
        """The record in our vocabulary."""
        place = self._place()
        lat, lon = place or (None, None)
        course = self._within("course", self.course_deg, 0, 360)
        speed = self._within("speed", self.speed_kmh, 0, _SPEED_KMH_MAX)
        altitude = self._within("altitude", self.altitude_m, *_ALTITUDE_M)
        battery = self._within("battery", self.battery_pct, 0, 100)
        at_us = self._at_us()
        return Message(
            device_id=device_id,
            fixed_at_us=at_us,
            lat=lat,
            lon=lon,
            valid=None if place is None else self.valid is True,
            altitude_m=altitude,
            speed_mps=None if speed is None else round(speed / _KMH_PER_MPS, 6),
            heading_deg=0.0 if course == 360 else course,
            source=self._source(placed=place is not None),
            battery_pct=battery,
            alarms=tuple(dict.fromkeys(ALARMS[event] for event in self.events if event in ALARMS)),
            cells=tuple(self.cells),
            wifi=tuple(self.wifi),
            extra=self._all_extra(),
        )

    def _place(self) -> tuple[float, float] | None:
        if self.lat is None and self.lon is None:
            return None
        if self.lat is None or self.lon is None or not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            self.unreadable.append("place")
            return None
        return self.lat, self.lon

    def _at_us(self) -> int | None:
        if self.time_s is None:
            return None
        if not 0 < self.time_s < (TIME_BELOW - EPOCH) // timedelta(seconds=1):
            self.unreadable.append("time")
            return None
        return self.time_s * _SECOND_US

    def _within(self, name: str, value: float | None, low: float, high: float) -> float | None:
        if value is None or low <= value <= high:
            return value
        self.unreadable.append(name)
        return None

    def _source(self, *, placed: bool) -> Source:
        if placed:
            return Source.GNSS
        return Source.NETWORK if self.cells or self.wifi else Source.UNKNOWN

    def _all_extra(self) -> dict[str, Any]:
        extra = dict(self.extra)
        if self.events:
            extra["event"] = self.events[0] if len(self.events) == 1 else list(self.events)
        others = list(dict.fromkeys(_OTHERS[event] for event in self.events if event in _OTHERS))
        if others:
            extra["alarm"] = ",".join(others)
        if self.unreadable:
            extra["unreadable"] = sorted(set(self.unreadable))
        return extra


def cell(mcc: int, mnc: int, lac: int, cid: int, *, rssi_dbm: int | None) -> list[Cell]:
    """A cell, or nothing where the device fills the room with zeros."""
    if mcc == 0 or cid == 0:
        return []
    return [Cell(mcc=mcc, mnc=mnc, lac=lac, cid=cid, rssi_dbm=rssi_dbm if rssi_dbm in _RSSI_KNOWN else None)]


def dbm_of_csq(csq: int | None) -> int | None:
    """The modem's 1 to 31 as dBm; 0 and 99 are its words for "not known"."""
    return 2 * csq - 113 if csq in _CSQ_KNOWN and csq is not None else None
