"""What the three letters of a report say by themselves, and which models write the fields after a place how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from aralyk.protocols.messages import Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One type of report.

    Attributes:
        alarms: What it raises by being sent.
        charging: What it says about power.
        several: Whether it may hold several places.
        always: Whether it is a record even without a place, a cell or an alarm.
    """

    alarms: tuple[Alarm, ...] = ()
    charging: bool | None = None
    several: bool = False
    always: bool = False


ORDINARY: Final = Report()
REPORTS: Final[Mapping[str, Report]] = {
    "FRI": Report(several=True, always=True),
    "ERI": Report(several=True, always=True),
    "RTL": Report(several=True, always=True),
    "DOG": Report(several=True, always=True),
    "GEO": Report(several=True, always=True, alarms=(Alarm.GEOFENCE,)),
    "INF": Report(always=True),
    "VER": Report(always=True),
    "CAN": Report(always=True),
    "OBD": Report(always=True),
    "DTT": Report(always=True),
    "DAT": Report(always=True),
    "GSM": Report(always=True),
    "WIF": Report(always=True),
    "LBS": Report(always=True),
    "SOS": Report(alarms=(Alarm.SOS,)),
    "PFA": Report(alarms=(Alarm.POWER_OFF,)),
    "PFR": Report(alarms=(Alarm.POWER_OFF,)),
    "PNA": Report(alarms=(Alarm.OTHER,)),
    "EPF": Report(alarms=(Alarm.POWER_CUT,), charging=False),
    "MPF": Report(alarms=(Alarm.POWER_CUT,), charging=False),
    "EPN": Report(alarms=(Alarm.OTHER,), charging=True),
    "MPN": Report(alarms=(Alarm.OTHER,), charging=True),
    "BTC": Report(charging=True),
    "STC": Report(charging=False),
    "BPL": Report(alarms=(Alarm.LOW_BATTERY,)),
    "JDR": Report(alarms=(Alarm.JAMMING,)),
    "JDS": Report(alarms=(Alarm.JAMMING,)),
    "GPJ": Report(alarms=(Alarm.JAMMING,)),
    "LSA": Report(alarms=(Alarm.TAMPER,)),
    "ANT": Report(alarms=(Alarm.FAULT,)),
    "TOW": Report(alarms=(Alarm.MOVEMENT,)),
    "STT": Report(alarms=(Alarm.MOVEMENT,)),
    "SPD": Report(alarms=(Alarm.OVERSPEED,)),
    "SWG": Report(alarms=(Alarm.GEOFENCE,)),
    "GES": Report(alarms=(Alarm.GEOFENCE,)),
    "GIN": Report(alarms=(Alarm.GEOFENCE,)),
    "GOT": Report(alarms=(Alarm.GEOFENCE,)),
    "CRA": Report(alarms=(Alarm.OTHER,)),
    "HBM": Report(alarms=(Alarm.OTHER,)),
    "IDL": Report(alarms=(Alarm.OTHER,)),
    "DAR": Report(alarms=(Alarm.OTHER,)),
    "TMP": Report(alarms=(Alarm.OTHER,)),
    "TEM": Report(alarms=(Alarm.OTHER,)),
}


class Family(Enum):
    """Models that write the same fields after a place."""

    PERSONAL = "personal"  # GL200, GL300, GL320M: mileage, battery
    ASSET = "asset"  # GL500 and its like: two signal values, voltage, battery
    CARRIED = "carried"  # GT501: signal, …, battery
    VEHICLE = "vehicle"  # GV, CV, GB, GMT: mileage, hours, analog inputs, battery, status
    UNKNOWN = "unknown"  # newer than our tables, or without a battery: only what a status word marks is read


# By the first two digits of the version; all other short versions are vehicle trackers'.
_FAMILIES: Final[Mapping[str, Family]] = {
    **dict.fromkeys(("02", "21", "1A", "28", "2C", "30", "C3"), Family.PERSONAL),
    **dict.fromkeys(("11", "40", "44", "52", "55", "DE"), Family.ASSET),
    "42": Family.CARRIED,
    **dict.fromkeys(("04", "35"), Family.UNKNOWN),  # GV200 has a third analog input where the others have the battery
}
_FAMILIES_BY_NAME: Final = (
    ("GL5", Family.ASSET), ("GL", Family.PERSONAL), ("GT", Family.CARRIED), ("GV200", Family.UNKNOWN),
    ("GV", Family.VEHICLE),
)  # fmt: skip
SHORT_VERSION_CHARS: Final = 6
_LONG_VERSIONS_OF_VEHICLES: Final = ("802004", "802005", "80201E")  # GV58LAU, GV355CEU, GV30CEU
CAN_REPEATS_THE_PLACE: Final = "802005"  # GV355CEU


def family_of(version: str, model: str | None) -> Family:
    """The family by the registered model, or by the version that the frame itself says."""
    for name, family in _FAMILIES_BY_NAME:
        if model is not None and model.upper().startswith(name):
            return family
    if len(version) <= SHORT_VERSION_CHARS:
        return _FAMILIES.get(version[:2].upper(), Family.VEHICLE)
    return Family.VEHICLE if version.upper().startswith(_LONG_VERSIONS_OF_VEHICLES) else Family.UNKNOWN
