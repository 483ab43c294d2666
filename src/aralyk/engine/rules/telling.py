"""How a rule speaks: one raw decision row, with both parties' sightings, written from the draft.

Rules fill the draft (`clear_draft` first) and call `tell`; the row holds quantised values only: centimetres,
milliseconds, probability in 1e-6. `EVENT_DECISIONS` bounds what one event of one case may say.
"""

from __future__ import annotations

from aralyk.engine.compiled import kernel
from aralyk.engine.pairs import distance_bounds
from aralyk.engine.records import NEVER, UNKNOWN, Row
from aralyk.engine.rules.grouping import key_us
from aralyk.engine.shard import Shard, case_at, counts_of, device_at, draft_of, out_at, sight_at

METRES_MAX = 1e8
SECONDS_MAX = 1e9


@kernel
def clear_draft(s: Shard) -> None:
    """Forget what an earlier rule drafted."""
    draft = draft_of(s)
    draft["p_distance"] = -1.0
    draft["p_warning"] = -1.0
    draft["distance_m"] = -1.0
    draft["contact_s"] = -1.0
    draft["reach_mps"] = -1.0
    draft["extra_m2"] = 0.0
    draft["level"] = 0
    draft["good"] = 0
    draft["swept"] = 0
    draft["passing"] = 0
    draft["met"] = 0
    draft["who"] = 0
    draft["occurred_us"] = NEVER
    draft["aged_us"] = NEVER
    draft["respondent"] = UNKNOWN
    draft["protected"] = UNKNOWN
    sight_at(s, 0)["device"] = UNKNOWN
    sight_at(s, 1)["device"] = UNKNOWN


@kernel
def quantised(value: float, per_unit: float, top: float) -> int:
    """A non-negative value in whole 1/per_unit; UNKNOWN if negative, bounded by `top`."""
    if value < 0.0:
        return UNKNOWN
    return int((value if value < top else top) * per_unit + 0.5)


@kernel
def see(s: Shard, which: int, device: int) -> None:
    """Put a device's newest place beside the decision (which: 0 respondent, 1 protected person)."""
    sight = sight_at(s, which)
    d = device_at(s, device)
    sight["device"] = device
    sight["fixed_us"] = d["fix_us"]
    sight["received_us"] = d["received_us"]
    sight["source"] = d["source"]
    sight["lat"] = d["lat"]
    sight["lon"] = d["lon"]
    sight["radius_m"] = d["radius_m"]


@kernel
def see_drafted(s: Shard) -> None:
    """Put the newest places of the drafted devices beside the decision."""
    draft = draft_of(s)
    if draft["respondent"] >= 0:
        see(s, 0, draft["respondent"])
    if draft["protected"] >= 0:
        see(s, 1, draft["protected"])


@kernel
def tell(
    s: Shard, e: Row, case: int, device: int, condition: int,
    phase: int, kind: int, priority: int, reason: int, decided_us: int, occurred_us: int,
) -> None:  # fmt: skip
    """Append one decision about episode `e`, with what stands in the draft and the sights."""
    draft = draft_of(s)
    row = out_at(s, counts_of(s)["out"])
    counts_of(s)["out"] += 1
    row["case"] = case
    row["device"] = device
    row["party"] = device_at(s, device)["party"] if device >= 0 else 0
    row["condition"] = condition
    row["phase"] = phase
    row["kind"] = kind
    row["priority"] = priority
    row["reason"] = reason
    row["decided_us"] = decided_us
    row["occurred_us"] = occurred_us
    row["opened_us"] = key_us(e)
    row["lead_condition"] = UNKNOWN
    if e["lead_condition"] >= 0:
        row["lead_condition"] = case_at(s, case)["condition_from"] + e["lead_condition"]
    row["who"] = draft["who"]
    row["ppm"] = quantised(draft["p_distance"], 1e6, 1.0)
    row["distance_cm"] = quantised(draft["distance_m"], 100.0, METRES_MAX)
    row["contact_ms"] = quantised(draft["contact_s"], 1000.0, SECONDS_MAX)
    row["reach_mmps"] = quantised(draft["reach_mps"], 1000.0, METRES_MAX)
    row["low_cm"] = UNKNOWN
    row["high_cm"] = UNKNOWN
    if draft["distance_m"] >= 0.0 and sight_at(s, 0)["device"] >= 0 and sight_at(s, 1)["device"] >= 0:
        low, high = distance_bounds(s)
        row["low_cm"] = quantised(low, 100.0, METRES_MAX)
        row["high_cm"] = quantised(high, 100.0, METRES_MAX)
    _copy_sights(s, row)
    e["told_us"] = decided_us
    e["told_ppm"] = row["ppm"]
    e["told_cm"] = row["distance_cm"]
    e["reason"] = reason
    e["kind"] = kind


@kernel
def _copy_sights(s: Shard, row: Row) -> None:
    r = sight_at(s, 0)
    row["r_attest"] = device_at(s, r["device"])["attest_now"] if r["device"] >= 0 else 0
    row["r_identity_us"] = device_at(s, r["device"])["identity_us"] if r["device"] >= 0 else NEVER
    row["r_device"] = r["device"]
    row["r_fixed_us"] = r["fixed_us"]
    row["r_received_us"] = r["received_us"]
    row["r_source"] = r["source"]
    row["r_lat"] = r["lat"]
    row["r_lon"] = r["lon"]
    row["r_radius_m"] = r["radius_m"]
    p = sight_at(s, 1)
    row["p_attest"] = device_at(s, p["device"])["attest_now"] if p["device"] >= 0 else 0
    row["p_device"] = p["device"]
    row["p_fixed_us"] = p["fixed_us"]
    row["p_received_us"] = p["received_us"]
    row["p_source"] = p["source"]
    row["p_lat"] = p["lat"]
    row["p_lon"] = p["lon"]
    row["p_radius_m"] = p["radius_m"]
