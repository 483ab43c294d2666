"""Messages as the engine's columns, a whole step at once.

The same words as `engine.Observation`, which builds and checks one record at a time and would cost half of the
monitor's work; a test holds the two equal, bit for bit. A figure that no device can mean is unknown here instead of
refused: the message it came with, perhaps a cry for help, still counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.engine import State, policy, records
from aralyk.engine.error_model import RADIUS_UNDECLARED_M
from aralyk.engine.observations import (
    ALARMS,
    ATTESTATIONS,
    CHECK_INS,
    RADIUS_M_MAX,
    SOURCES,
    SPEED_MPS_MAX,
    STRAPS,
)
from aralyk.engine.times import TIME_US_MAX
from aralyk.tracking.arrivals import Message
from aralyk.tracking.projection import Heard

_CHARGING: Final = {None: 0, False: records.CHARGING_NO, True: records.CHARGING_YES}
_UNKNOWN_US: Final = -1


def rows_for(state: State, heard: Sequence[Heard]) -> npt.NDArray[Any]:
    """Lay out what was heard for the devices that the engine knows; of others nothing is laid out.

    Args:
        state: Says which rows a device has: one for each order it serves.
        heard: Sorted by arrival.

    Returns:
        Rows of `records.RECORD`, in the same order.
    """
    pairs = [(row, one) for one in heard for row in state.rows_of(one.device)]
    rows = np.zeros(len(pairs), records.RECORD)
    if not pairs:
        return rows
    messages = [one.message for _, one in pairs]
    lat, lon = _numbers([message.lat for message in messages]), _numbers([message.lon for message in messages])
    source = np.array([SOURCES[message.source] for message in messages], dtype=np.int64)
    placed = _placed(lat, lon, np.array([message.valid is not False for message in messages], dtype=bool))
    fixed_us = np.array([one.fixed_us if one.has_time else _UNKNOWN_US for _, one in pairs], dtype=np.int64)
    radius_m = _numbers([message.accuracy_m for message in messages])
    speed_mps = _numbers([message.speed_mps for message in messages])
    heading_deg = _numbers([message.heading_deg for message in messages])
    declared = (radius_m >= 0.0) & (radius_m <= RADIUS_M_MAX)
    rows["device"] = [row for row, _ in pairs]
    rows["received_us"] = [one.read_us for _, one in pairs]
    rows["fixed_us"] = np.where((fixed_us >= 0) & (fixed_us <= TIME_US_MAX), fixed_us, records.NEVER)
    rows["flags"] = np.array([_flags(message) for message in messages], dtype=np.int64)
    rows["flags"] |= np.where([one.released for _, one in pairs], records.RELEASED, 0)
    rows["flags"] |= (source << records.SOURCE_SHIFT) | np.where(placed, records.PLACED, 0)
    rows["heard"] = [state.heard_by(row, one.message.extra.said.proximity_ble) for row, one in pairs]
    rows["lat"] = np.where(placed, lat, 0.0)
    rows["lon"] = np.where(placed, lon, 0.0)
    rows["radius_m"] = np.where(placed, np.where(declared, radius_m, RADIUS_UNDECLARED_M[source]), 0.0)
    rows["speed_mps"] = np.where((speed_mps >= 0.0) & (speed_mps <= SPEED_MPS_MAX), speed_mps, -1.0)
    rows["heading_deg"] = np.where(np.abs(heading_deg) <= 360.0, heading_deg % 360.0, -1.0)
    return rows


def _placed(
    lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64], valid: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    on_earth = (np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0)  # NaN, the unknown, is not
    elsewhere = (np.abs(lat) > policy.NULL_ISLAND_DEG) | (np.abs(lon) > policy.NULL_ISLAND_DEG)
    return valid & on_earth & elsewhere


def _flags(message: Message) -> int:
    """What is not the same for almost every message; place and source are added in columns."""
    battery = message.battery_pct
    level = records.BATTERY_UNKNOWN if battery is None or not 0.0 <= battery <= 100.0 else int(battery)
    word = (level << records.BATTERY_SHIFT) | (_CHARGING[message.charging] << records.CHARGING_SHIFT)
    if message.strap is not None:
        word |= STRAPS[message.strap] << records.STRAP_SHIFT
    if message.extra.mock:
        word |= records.MOCK
    said = message.extra.said
    if said.attestation is not None:
        word |= ATTESTATIONS[said.attestation] << records.ATTEST_SHIFT
    if said.check_in is not None:
        word |= CHECK_INS[said.check_in] << records.CHECK_IN_SHIFT
    for alarm in message.alarms:
        word |= ALARMS.get(alarm, records.ALARM_OTHER)
    return word


def _numbers(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
