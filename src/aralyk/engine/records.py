"""The shard's memory: structured arrays, one row per case, device, condition and episode.

A *case* is an order. A device in two orders has a row in each, so cases never touch. Rows of one case are
contiguous: respondent's devices first, then the protected persons'. Each device owns nine episodes (see below),
each condition one. Times are integer microseconds since the
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
PROXIMITY, EXCLUSION, INCLUSION, CURFEW, CHECK_IN, HANDOVER = 0, 1, 2, 3, 4, 5

# Episodes of a device
TAMPER, SILENCE, BATTERY, JAMMING, SPOOFING, PANIC, SEPARATION, PURSUIT, BETTER_FIX = 0, 1, 2, 3, 4, 5, 6, 7, 8
DEVICE_EPISODES = 9

ENDING = (SILENCE, BATTERY, JAMMING, SPOOFING, SEPARATION, PURSUIT, BETTER_FIX)
"""Episodes that end with the order or with the device's service; panic and tamper are closed by people."""

# Kinds of a decision: a device's episodes first, then the conditions'
KIND_TAMPER, KIND_SILENCE, KIND_BATTERY, KIND_JAMMING, KIND_SPOOFING, KIND_PANIC = 0, 1, 2, 3, 4, 5
KIND_SEPARATION, KIND_PURSUIT, KIND_BETTER_FIX = 6, 7, 8
KIND_PROXIMITY, KIND_WARNING_RING, KIND_EXCLUSION, KIND_INCLUSION, KIND_CURFEW = 9, 10, 11, 12, 13
KIND_APPROACH, KIND_CHECK_IN, KIND_HANDOVER = 14, 15, 16

# Phases
OPEN, UPDATE, CLOSE, LATE = 0, 1, 2, 3

# Threat levels of an order
THREAT_LOW, THREAT_MEDIUM, THREAT_HIGH = 0, 1, 2

# Who approached whom
WHO_UNKNOWN, WHO_RESPONDENT, WHO_PROTECTED, WHO_BOTH = 0, 1, 2, 3

# Levels of a condition's episode
CLEAR, APPROACHING, WARNED, POSSIBLE, PROBABLE = 0, 1, 2, 3, 4

# Flag word of a record
PLACED = 1
SOURCE_SHIFT, SOURCE_MASK = 1, 3
MOCK = 8
STRAP_SHIFT, STRAP_MASK = 4, 3
CHARGING_SHIFT, CHARGING_MASK = 6, 3
BATTERY_SHIFT, BATTERY_MASK, BATTERY_UNKNOWN = 8, 127, 127
ALARM_SHIFT = 15
SOURCE_GNSS, SOURCE_NETWORK = 1, 3
STRAP_LOCKED, STRAP_OPEN = 1, 2
CHARGING_NO, CHARGING_YES = 1, 2
ALARM_SOS = 1 << ALARM_SHIFT
ALARM_STRAP_OPEN = 1 << (ALARM_SHIFT + 1)
ALARM_TAMPER = 1 << (ALARM_SHIFT + 2)
ALARM_LOW_BATTERY = 1 << (ALARM_SHIFT + 3)
ALARM_JAMMING = 1 << (ALARM_SHIFT + 4)
ALARM_OTHER = 1 << (ALARM_SHIFT + 5)
ALARM_POWER_OFF = 1 << (ALARM_SHIFT + 6)
ATTEST_SHIFT, ATTEST_MASK = 22, 3
SELF_REPORTED, ATTESTED = 1, 2
CHECK_IN_SHIFT, CHECK_IN_MASK = 24, 3
CHECK_IN_PASSED, CHECK_IN_FAILED = 1, 2
RELEASED = 1 << 26
"""Released from quarantine: news of its own time, and no sign that the device lives."""
SAID = RELEASED - 1
"""What the device itself said; a released copy of a record says the same."""
TELLING = (
    ALARM_SOS | ALARM_STRAP_OPEN | ALARM_TAMPER | ALARM_LOW_BATTERY | ALARM_JAMMING | ALARM_OTHER | ALARM_POWER_OFF
    | CHECK_IN_MASK << CHECK_IN_SHIFT
)  # fmt: skip

# Kinds of a device
PHONE, BRACELET = 0, 1

# Trust of a device's newest place
TRUSTED, SUSPECT = 0, 1


def _dtype(ints: str, floats: str) -> np.dtype[np.void]:
    return np.dtype([(n, np.int64) for n in ints.split()] + [(n, np.float64) for n in floats.split()])


CASE = _dtype(
    "starts_us expires_us life event_us device_from protected_from device_to condition_from condition_to threat", ""
)
DEVICE = _dtype(
    "case party kind attested interval_us contact_us record_us beat_us beat_flags ahead_us history"
    " fix_us sharp_us received_us source trust mock prev_us ring_at ring_count sparse_at sparse_count sparse_us"
    " strap_us strap charging clean open steady good_us prev_good distrusted wrong_us lag_us lag_heard_us lag_count"
    " unread_us since_us excused_us attest_now identity_us met_us off_us battery_pct rising"
    " provoked_1_us provoked_2_us provoked_3_us jump_us odd bond_us lacking_us frozen_us frozen_moves",
    "lat lon east_m north_m radius_m core2 wide2 outlier2 wide_share outlier_share speed_mps"
    " prev_lat prev_lon prev_radius_m reported_mps step_m vx_mps vy_mps fastest_mps frozen_mps"
    " sharp_lat sharp_lon sharp_radius_m good_lat good_lon good_radius_m wrong_lat wrong_lon",
)
CONDITION = _dtype(
    "case kind party circle edge_from edge_to slot_from slot_to slot_at always active drive_through"
    " grace_us excused_us missed lapse_us passed_us failed_us child handovers mark_us came_us apart_us found silent",
    "distance_m warning_m lat lon east_m north_m bound_m far_m",
)
EPISODE = _dtype(
    "opened_us first_us occurred_us closed_us last_us close_us doubt_us level peak kind calm"
    " told_us told_ppm told_cm reason late_from_us late_to_us late_key_us late_level"
    " lead_condition lead_us passed_us",
    "",
)
RING = np.dtype(
    [("fixed_us", np.int64), ("lat_e7", np.int32), ("lon_e7", np.int32), ("radius_cm", np.int32), ("flags", np.int32)]
)
EDGE = _dtype("", "x0 y0 x1 y1")
SLOT = _dtype("from_us to_us met_us return_us", "")
"""Hours of a condition; of a check-in `met_us`, when one first met the window; of a hand-over `return_us`, when the
child is to be back (NEVER: not with him afterwards)."""

HEARD_STATED = 1 << 32
"""Of a record's `heard`: it says which devices of the case it hears (the low 32 bits, by their order in the case)."""

RECORD = _dtype("device fixed_us received_us flags heard", "lat lon radius_m speed_mps heading_deg")
"""One observation as the kernel reads it; `device` is a row of the device array, -1 an unknown speed or heading."""

SIGHT = _dtype("device fixed_us received_us source", "lat lon radius_m")
DRAFT = _dtype(
    "level good occurred_us aged_us swept leg_good passing met who respondent protected",
    "p_distance p_warning distance_m extra_m2 contact_s reach_mps",
)
DECISION = _dtype(
    "case device party condition phase kind priority reason decided_us occurred_us opened_us lead_condition"
    " ppm distance_cm low_cm high_cm contact_ms reach_mmps who"
    " r_device r_fixed_us r_received_us r_source p_device p_fixed_us p_received_us p_source"
    " r_attest r_identity_us p_attest",
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
        "good_us", "wrong_us", "lag_us", "lag_heard_us",
        "identity_us", "met_us", "off_us", "battery_pct", "provoked_1_us", "provoked_2_us", "provoked_3_us",
        "jump_us", "bond_us", "lacking_us", "frozen_us", "sparse_us", "unread_us",
    ):  # fmt: skip
        row[name] = NEVER
    row["speed_mps"] = policy.SPEED_MIN_MPS
    row["reported_mps"] = -1.0
    row["frozen_mps"] = -1.0
    return row


def blank_episodes(count: int) -> Rows:
    """Rows of episodes that never happened."""
    rows = np.zeros(count, EPISODE)
    for name in (
        "opened_us", "first_us", "occurred_us", "closed_us", "last_us", "close_us", "doubt_us",
        "told_us", "told_ppm", "told_cm", "late_from_us", "late_to_us", "late_key_us", "lead_us", "passed_us",
    ):  # fmt: skip
        rows[name] = NEVER
    rows["lead_condition"] = UNKNOWN
    return rows
