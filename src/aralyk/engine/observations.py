"""What the engine is told: one observation, checked when it is built, and its columnar form.

A value that no device can mean (a latitude of 91, NaN, a negative time) is refused here, so the kernel never
meets one. "Unknown" is None, never 0. A place at 0, 0 and a fix the device itself calls invalid are kept as
contact, never used as a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aralyk.engine import policy, records
from aralyk.engine.error_model import RADIUS_UNDECLARED_M
from aralyk.engine.errors import ObservationInvalid
from aralyk.engine.times import TIME_US_MAX, parse_us

SOURCES: Final = {"unknown": 0, "gnss": 1, "fused": 2, "network": 3}
SOURCE_NAMES: Final = tuple(SOURCES)
STRAPS: Final = {"locked": records.STRAP_LOCKED, "open": records.STRAP_OPEN}
ALARMS: Final = {
    "sos": records.ALARM_SOS,
    "strap_open": records.ALARM_STRAP_OPEN,
    "tamper": records.ALARM_TAMPER,
    "low_battery": records.ALARM_LOW_BATTERY,
    "jamming": records.ALARM_JAMMING,
    "power_off": records.ALARM_POWER_OFF,
}
ATTESTATIONS: Final = {"self_reported": records.SELF_REPORTED, "attested": records.ATTESTED}
CHECK_INS: Final = {"passed": records.CHECK_IN_PASSED, "failed": records.CHECK_IN_FAILED}
HEARD_MAX: Final = 256
"""Ids in one list of devices heard; a crowd of strangers' beacons says nothing more."""
SPEED_MPS_MAX: Final = 1000.0
RADIUS_M_MAX: Final = 1e7
_UNDECLARED: Final = tuple(RADIUS_UNDECLARED_M.tolist())


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One record of one device (INTERFACES OBSERVATION; times in microseconds since the epoch).

    Raises: ObservationInvalid: A value is out of its range; field, expected, found are set.
    """

    device: str
    received_at_us: int
    fixed_at_us: int | None = None
    lat: float | None = None
    lon: float | None = None
    valid: bool = True
    accuracy_m: float | None = None
    source: str = "unknown"
    speed_mps: float | None = None
    heading_deg: float | None = None
    battery_pct: float | None = None
    charging: bool | None = None
    strap: str | None = None
    alarms: tuple[str, ...] = ()
    mock: bool = False
    attestation: str | None = None
    check_in: str | None = None
    proximity_ble: tuple[str, ...] | None = None
    released: bool = False

    def __post_init__(self) -> None:
        _check_time("received_at", self.received_at_us)
        if self.fixed_at_us is not None:
            _check_time("fixed_at", self.fixed_at_us)
        if (self.lat is None) != (self.lon is None):
            raise ObservationInvalid(field="lat", expected="lat and lon, or neither", found="one of them")
        _check_range("lat", self.lat, -90.0, 90.0, shown=False)
        _check_range("lon", self.lon, -180.0, 180.0, shown=False)
        _check_range("accuracy_m", self.accuracy_m, 0.0, RADIUS_M_MAX)
        _check_range("speed_mps", self.speed_mps, 0.0, SPEED_MPS_MAX)
        _check_range("heading_deg", self.heading_deg, -360.0, 360.0)
        _check_range("battery_pct", self.battery_pct, 0.0, 100.0)
        if not _is_known(self.source, SOURCES):
            raise ObservationInvalid(field="source", expected=" ".join(SOURCES), found=repr(self.source)[:40])
        if self.strap is not None and not _is_known(self.strap, STRAPS):
            raise ObservationInvalid(field="strap", expected="locked, open or null", found=repr(self.strap)[:40])
        if self.attestation is not None and not _is_known(self.attestation, ATTESTATIONS):
            expected = "self_reported, attested or null"
            raise ObservationInvalid(field="attestation", expected=expected, found=repr(self.attestation)[:40])
        if self.check_in is not None and not _is_known(self.check_in, CHECK_INS):
            raise ObservationInvalid(
                field="check_in", expected="passed, failed or null", found=repr(self.check_in)[:40]
            )

    @property
    def placed(self) -> bool:
        """Whether this observation may be used as a place."""
        if not self.valid or self.lat is None or self.lon is None:
            return False
        return abs(self.lat) > policy.NULL_ISLAND_DEG or abs(self.lon) > policy.NULL_ISLAND_DEG

    @property
    def flags(self) -> int:
        """The kernel's flag word."""
        word = records.PLACED if self.placed else 0
        word |= SOURCES[self.source] << records.SOURCE_SHIFT
        word |= records.MOCK if self.mock else 0
        word |= records.RELEASED if self.released else 0
        word |= (STRAPS[self.strap] if self.strap is not None else 0) << records.STRAP_SHIFT
        charging = 0 if self.charging is None else records.CHARGING_YES if self.charging else records.CHARGING_NO
        word |= charging << records.CHARGING_SHIFT
        level = records.BATTERY_UNKNOWN if self.battery_pct is None else int(self.battery_pct)
        word |= level << records.BATTERY_SHIFT
        word |= (ATTESTATIONS[self.attestation] if self.attestation is not None else 0) << records.ATTEST_SHIFT
        word |= (CHECK_INS[self.check_in] if self.check_in is not None else 0) << records.CHECK_IN_SHIFT
        for alarm in self.alarms:
            word |= ALARMS.get(alarm, records.ALARM_OTHER)
        return word

    def row(self, device: int, heard: int) -> tuple[int, int, int, int, int, float, float, float, float, float]:
        """The columnar form (`records.RECORD`) for a row of the device array; `heard` as `State.heard_by` gives it."""
        placed = self.placed
        radius = self.accuracy_m if self.accuracy_m is not None else _UNDECLARED[SOURCES[self.source]]
        return (
            device,
            records.NEVER if self.fixed_at_us is None else self.fixed_at_us,
            self.received_at_us,
            self.flags,
            heard,
            self.lat if placed and self.lat is not None else 0.0,
            self.lon if placed and self.lon is not None else 0.0,
            radius if placed else 0.0,
            -1.0 if self.speed_mps is None else self.speed_mps,
            -1.0 if self.heading_deg is None else self.heading_deg % 360.0,
        )


def _is_known(value: object, names: Mapping[str, int]) -> bool:
    return isinstance(value, str) and value in names


def _check_time(field: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= TIME_US_MAX:
        raise ObservationInvalid(field=field, expected="a time between 1970 and 9999", found=repr(value)[:40])


def _check_range(field: str, value: object, low: float, high: float, *, shown: bool = True) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        found = repr(value)[:40] if shown else "another value"
        raise ObservationInvalid(field=field, expected=f"null or a number in [{low:g}, {high:g}]", found=found)


def parse_observation(fields: Mapping[str, Any]) -> Observation:
    """Read the INTERFACES form of an observation (fields the engine does not use are ignored: they may be added).

    Raises: ObservationInvalid: A field is missing, ill-typed or out of range.
    """
    device = fields.get("device")
    if not isinstance(device, str) or not device:
        raise ObservationInvalid(field="device", expected="a device id", found=type(device).__name__)
    received = _instant(fields, "received_at")
    if received is None:
        raise ObservationInvalid(field="received_at", expected="a time", found="null")
    return Observation(
        device=device, received_at_us=received, fixed_at_us=_instant(fields, "fixed_at"),
        lat=fields.get("lat"), lon=fields.get("lon"), valid=_flag(fields, "valid", default=True) is True,
        accuracy_m=fields.get("accuracy_m"), source=fields.get("source") or "unknown",
        speed_mps=fields.get("speed_mps"), heading_deg=fields.get("heading_deg"),
        battery_pct=fields.get("battery_pct"), charging=_flag(fields, "charging", default=None),
        strap=fields.get("strap"), alarms=_texts(fields, "alarms") or (),
        mock=_flag(fields, "mock", default=False) is True, attestation=fields.get("attestation"),
        check_in=fields.get("check_in"), proximity_ble=_texts(fields, "proximity_ble"),
        released=_flag(fields, "released", default=False) is True,
    )  # fmt: skip


def _instant(fields: Mapping[str, Any], name: str) -> int | None:
    text = fields.get(name)
    if text is None:
        return None
    try:
        return parse_us(text)
    except (ValueError, TypeError, OverflowError):
        raise ObservationInvalid(
            field=name, expected="an ISO 8601 time with Z, 1970 to 9999", found=repr(text)[:60]
        ) from None


def _flag(fields: Mapping[str, Any], name: str, *, default: bool | None) -> bool | None:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ObservationInvalid(field=name, expected="true, false or null", found=repr(value)[:40])
    return value


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    values = fields.get(name)
    if values is None:
        return None
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise ObservationInvalid(field=name, expected="a list of texts", found=type(values).__name__)
    if len(values) > HEARD_MAX:
        raise ObservationInvalid(field=name, expected=f"at most {HEARD_MAX} entries", found=str(len(values)))
    return tuple(values)


def columns(rows: Sequence[tuple[Any, ...]]) -> records.Rows:
    """Make the columnar form of rows made by `Observation.row`."""
    return np.array(rows, dtype=records.RECORD)
