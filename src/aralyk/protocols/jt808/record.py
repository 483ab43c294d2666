"""A record while it is read: items of a frame add to it in their order, and a later one may correct an earlier."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from aralyk.protocols.messages import AccessPoint, Alarm, Cell, Message, Source, Strap

_DBM_MIN: Final = 40  # smaller numbers are levels or unknown; no receiver hears a cell at -40 dBm and better


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a record said so far; see Message."""

    device_id: str | None
    fixed_at_us: int | None = None
    sent_at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool | None = None
    altitude_m: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    battery_pct: float | None = None
    charging: bool | None = None
    strap: Strap | None = None
    alarms: list[Alarm] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    wifi: list[AccessPoint] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def add_alarms(self, word: str, alarms: tuple[Alarm, ...]) -> None:
        """Add alarms; the word is kept where they don't say it all."""
        for alarm in alarms:
            if alarm not in self.alarms:
                self.alarms.append(alarm)
        if (Alarm.OTHER in alarms or Alarm.FAULT in alarms or not alarms) and word not in self.words:
            self.words.append(word)

    def set_place(self, lat: float, lon: float, *, valid: bool) -> None:
        """Set the place, unless no such place exists."""
        if abs(lat) > 90 or abs(lon) > 180:
            self.unreadable.append("latitude" if abs(lat) > 90 else "longitude")
        else:
            self.lat, self.lon, self.valid = lat, lon, valid

    def set_heading(self, degrees: int) -> None:
        """Set the heading; 360 is north."""
        if degrees <= 360:
            self.heading_deg = float(degrees % 360)
        else:
            self.unreadable.append("heading")

    def set_battery(self, percent: float) -> None:
        """Set the battery, if it is a percentage."""
        if percent <= 100:
            self.battery_pct = float(percent)
        else:
            self.extra["battery_raw"] = percent

    def as_message(self) -> Message:
        """The record as it is now."""
        extra = dict(self.extra)
        if self.words:
            extra["alarm"] = ",".join(self.words)
        if self.unreadable:
            extra["unreadable"] = sorted(set(self.unreadable))
        has_place = self.lat is not None
        return Message(
            device_id=self.device_id,
            fixed_at_us=self.fixed_at_us,
            sent_at_us=self.sent_at_us,
            lat=self.lat,
            lon=self.lon,
            valid=self.valid,
            altitude_m=self.altitude_m,
            speed_mps=self.speed_mps,
            heading_deg=self.heading_deg,
            source=Source.GNSS if has_place else Source.NETWORK if self.cells or self.wifi else Source.UNKNOWN,
            battery_pct=self.battery_pct,
            charging=self.charging,
            strap=self.strap,
            alarms=tuple(self.alarms),
            cells=tuple(self.cells),
            wifi=tuple(self.wifi),
            extra=extra,
        )


def dbm_of(byte: int) -> int | None:
    """A received strength: a byte with a sign, or the size of one that is always negative."""
    if byte >= 0x80:
        return byte - 0x100
    return -byte if byte >= _DBM_MIN else None


def mac_of(data: bytes) -> str:
    """A hardware address with colons."""
    return data.hex(":")
