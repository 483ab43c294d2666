"""The shard's memory: structured arrays, one row per case, device, condition and episode.

A *case* is an order. A device in two orders has a row in each, so cases never touch. Rows of one case are
contiguous: respondent's devices first, then the protected persons'. Each device owns six episodes (tamper,
silence, battery, jamming, spoofing, panic), each condition one. Times are integer microseconds since the
Unix epoch (UTC), NEVER = -1; metres, degrees and shares are float64. Fields are 8 bytes wide, so no row has
padding and equal states are equal bytes.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from aralyk.engine import policy

Rows: TypeAlias = npt.NDArray[Any]
Row: TypeAlias = Any  # a row of a structured array: numpy.void in Python, a record in Numba

NEVER = -1
FOREVER = 1 << 62

# Order life
PENDING, LIVE, ENDED = 0, 1, 2

# Condition kinds
PROXIMITY, EXCLUSION, INCLUSION, CURFEW, CHECK_IN = 0, 1, 2, 3, 4

# Episodes of a device
TAMPER, SILENCE, BATTERY, JAMMING, SPOOFING, PANIC = 0, 1, 2, 3, 4, 5
DEVICE_EPISODES = 6

# Kinds of a decision: a device's episodes first, then the conditions'
KIND_TAMPER, KIND_SILENCE, KIND_BATTERY, KIND_JAMMING, KIND_SPOOFING, KIND_PANIC = 0, 1, 2, 3, 4, 5
KIND_PROXIMITY, KIND_WARNING_RING, KIND_EXCLUSION, KIND_INCLUSION, KIND_CURFEW = 6, 7, 8, 9, 10

# Phases
OPEN, UPDATE, CLOSE, LATE = 0, 1, 2, 3

# Who approached whom
WHO_UNKNOWN, WHO_RESPONDENT, WHO_PROTECTED, WHO_BOTH = 0, 1, 2, 3

# Levels of a condition's episode
CLEAR, WARNED, POSSIBLE, PROBABLE = 0, 1, 2, 3

# Flag word of a record
PLACED = 1
SOURCE_SHIFT, SOURCE_MASK = 1, 3
MOCK = 8
STRAP_SHIFT, STRAP_MASK = 4, 3
CHARGING_SHIFT, CHARGING_MASK = 6, 3
BATTERY_SHIFT, BATTERY_MASK, BATTERY_UNKNOWN = 8, 127, 127
ALARM_SHIFT = 15
SOURCE_NETWORK = 3
STRAP_LOCKED, STRAP_OPEN = 1, 2
CHARGING_NO, CHARGING_YES = 1, 2
ALARM_SOS = 1 << ALARM_SHIFT
ALARM_STRAP_OPEN = 1 << (ALARM_SHIFT + 1)
ALARM_TAMPER = 1 << (ALARM_SHIFT + 2)
ALARM_LOW_BATTERY = 1 << (ALARM_SHIFT + 3)
ALARM_JAMMING = 1 << (ALARM_SHIFT + 4)
ALARM_OTHER = 1 << (ALARM_SHIFT + 5)
TELLING = ALARM_SOS | ALARM_STRAP_OPEN | ALARM_TAMPER | ALARM_LOW_BATTERY | ALARM_JAMMING | ALARM_OTHER

# Trust of a device's newest place
TRUSTED, SUSPECT = 0, 1


def _dtype(ints: str, floats: str) -> np.dtype[np.void]:
    return np.dtype([(n, np.int64) for n in ints.split()] + [(n, np.float64) for n in floats.split()])


CASE = _dtype(
    "starts_us expires_us life event_us device_from protected_from device_to condition_from condition_to threat", ""
)
DEVICE = _dtype(
    "case party interval_us contact_us record_us beat_us beat_flags ahead_us history"
    " fix_us sharp_us received_us source trust mock prev_us ring_at ring_count"
    " strap_us strap charging clean open",
    "lat lon east_m north_m radius_m core2 wide2 outlier2 wide_share outlier_share speed_mps"
    " prev_lat prev_lon prev_radius_m reported_mps step_m",
)
CONDITION = _dtype(
    "case kind party circle edge_from edge_to slot_from slot_to slot_at always active",
    "distance_m warning_m lat lon east_m north_m bound_m",
)
EPISODE = _dtype(
    "opened_us occurred_us closed_us level priority kind calm told_us told_ppm told_cm reason"
    " late_from_us late_to_us late_key_us late_level",
    "",
)
RING = np.dtype(
    [("fixed_us", np.int64), ("lat_e7", np.int32), ("lon_e7", np.int32), ("radius_cm", np.int32), ("flags", np.int32)]
)
EDGE = _dtype("", "x0 y0 x1 y1")
SLOT = _dtype("from_us to_us", "")
RECORD = _dtype("device fixed_us received_us flags", "lat lon radius_m speed_mps")
"""One observation as the kernel reads it; `device` is a row of the device array."""

SIGHT = _dtype("device fixed_us received_us source", "lat lon radius_m")
DRAFT = _dtype(
    "level good occurred_us swept who respondent protected",
    "p_distance p_warning distance_m extra_m2 contact_s",
)
DECISION = _dtype(
    "case device party condition phase kind priority reason decided_us occurred_us opened_us"
    " ppm distance_cm low_cm high_cm contact_ms who"
    " r_device r_fixed_us r_received_us r_source p_device p_fixed_us p_received_us p_source",
    "r_lat r_lon r_radius_m p_lat p_lon p_radius_m",
)
COUNTS = _dtype("out room unjudged duplicates cases", "")
DUE = _dtype("due_us", "")
UNKNOWN = -1
"""Of quantised outputs and ids: not known, not applicable."""


def blank_device() -> Rows:
    """One device row with nothing known."""
    row = np.zeros(1, DEVICE)
    for name in (
        "contact_us", "record_us", "beat_us", "ahead_us", "fix_us", "sharp_us", "received_us", "prev_us", "strap_us",
    ):  # fmt: skip
        row[name] = NEVER
    row["speed_mps"] = policy.SPEED_MIN_MPS
    row["reported_mps"] = -1.0
    return row


def blank_episodes(count: int) -> Rows:
    """Rows of episodes that never happened."""
    rows = np.zeros(count, EPISODE)
    for name in (
        "opened_us", "occurred_us", "closed_us", "told_us", "told_ppm", "told_cm",
        "late_from_us", "late_to_us", "late_key_us",
    ):  # fmt: skip
        rows[name] = NEVER
    return rows
