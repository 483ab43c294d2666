"""Places that arrive after newer ones: judged at their own time against the other party's history.

Within the lateness window (120 s) such a place still counts for the live episode, which it may open or raise. Later
it never touches live state: a violation that no episode of its level covers is told once with phase `late` and its
true time, further ones of the same condition within 10 minutes are folded into it unless they are worse.
"""

from __future__ import annotations

import math

from aralyk.engine import policy
from aralyk.engine.areas import inside_probability, local
from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import aged, path_variance_m2, spread_of
from aralyk.engine.geodesy import metres_per_degree, wrap_degrees
from aralyk.engine.probability import within
from aralyk.engine.records import (
    CHECK_IN,
    CLEAR,
    EXCLUSION,
    HANDOVER,
    LATE,
    MOCK,
    NEVER,
    OPEN,
    PROXIMITY,
    SOURCE_MASK,
    SOURCE_NETWORK,
    SOURCE_SHIFT,
    UNKNOWN,
    UPDATE,
    Row,
)
from aralyk.engine.rings import kept_quality, neighbours
from aralyk.engine.rules.handover import was_handed_over
from aralyk.engine.rules.telling import clear_draft, tell
from aralyk.engine.rules.verdicts import (
    kind_of,
    level_of,
    note_evidence,
    open_episode,
    priority_of,
    reason_of,
    tell_level,
)
from aralyk.engine.rules.zones import in_hours
from aralyk.engine.shard import (
    Shard,
    case_at,
    condition_at,
    condition_episode_at,
    counts_of,
    device_at,
    draft_of,
    ring_at,
    sight_at,
)

STALE_US = policy.STALE_US
LATE_US = policy.LATE_US
COVER_US = policy.COVER_US
LATE_GAP_US = policy.LATE_GAP_US
COARSE_M = policy.COARSE_M
VAGUE_M = policy.VAGUE_M


@kernel
def judge_late(s: Shard, device: int, record: Row, at_us: int, now_us: int) -> None:
    """Judge a late place of one device against every condition of its case, as of the place's own time."""
    d = device_at(s, device)
    case = d["case"]
    k = case_at(s, case)
    if at_us < k["starts_us"] or at_us >= k["expires_us"]:
        return
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["kind"] == CHECK_IN or c["kind"] == HANDOVER:
            continue
        if c["kind"] == PROXIMITY and was_handed_over(s, case, condition, device, record, at_us):
            continue
        clear_draft(s)
        draft_of(s)["good"] = record_quality(record)
        if c["kind"] == PROXIMITY:
            if d["party"] == 0 or d["party"] == c["party"]:
                _late_pair(s, case, condition, device, record, at_us, now_us)
        elif d["party"] == 0 and in_hours(s, condition, at_us):
            _late_area(s, case, condition, device, record, at_us, now_us)


@kernel
def record_quality(record: Row) -> int:
    """As `pairs.quality`, of a record by itself."""
    if record["flags"] & MOCK or record["radius_m"] > VAGUE_M:
        return -1
    source = (record["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    return 0 if record["radius_m"] > COARSE_M or source == SOURCE_NETWORK else 1


@kernel
def is_covered(e: Row, level: int, at_us: int) -> bool:
    """Whether an episode of this level or a worse one, open or the last closed, already stands for this time."""
    if level > e["peak"]:
        return False
    if e["opened_us"] != NEVER:
        return bool(at_us >= e["occurred_us"] - COVER_US)
    return bool(e["closed_us"] != NEVER and e["occurred_us"] - COVER_US <= at_us <= e["closed_us"] + COVER_US)


@kernel
def sight_record(s: Shard, which: int, device: int, record: Row, at_us: int) -> None:
    """Put a late record beside the decision."""
    sight = sight_at(s, which)
    sight["device"] = device
    sight["fixed_us"] = at_us
    sight["received_us"] = record["received_us"]
    sight["source"] = (record["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    sight["lat"] = record["lat"]
    sight["lon"] = record["lon"]
    sight["radius_m"] = record["radius_m"]


@kernel
def sight_kept(s: Shard, which: int, device: int, row: int) -> None:
    """Put a remembered place beside the decision (its time of receipt is no longer known)."""
    kept = ring_at(s, row)
    sight = sight_at(s, which)
    sight["device"] = device
    sight["fixed_us"] = kept["fixed_us"]
    sight["received_us"] = UNKNOWN
    sight["source"] = (kept["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    sight["lat"] = kept["lat_e7"] / 1e7
    sight["lon"] = kept["lon_e7"] / 1e7
    sight["radius_m"] = kept["radius_cm"] / 100.0


@kernel
def _late_area(s: Shard, case: int, condition: int, device: int, record: Row, at_us: int, now_us: int) -> None:
    c = condition_at(s, condition)
    east, north = metres_per_degree(record["lat"])
    x, y = local(c, record["lat"], record["lon"], east, north)
    inside = inside_probability(s, c, x, y, spread_of(record["radius_m"]), 0.0)
    draft_of(s)["p_distance"] = inside if c["kind"] == EXCLUSION else 1.0 - inside
    sight_record(s, 0, device, record, at_us)
    tell_late(s, case, condition, at_us, now_us)


@kernel
def _late_pair(s: Shard, case: int, condition: int, device: int, record: Row, at_us: int, now_us: int) -> None:
    """Judge a late place against each device of the other party that has history near its time; tell the worst."""
    k = case_at(s, case)
    c = condition_at(s, condition)
    mine = 0 if device_at(s, device)["party"] == 0 else 1
    low = k["protected_from"] if mine == 0 else k["device_from"]
    high = k["device_to"] if mine == 0 else k["protected_from"]
    known = False
    for other in range(low, high):
        if mine == 0 and device_at(s, other)["party"] != c["party"]:
            continue
        row, p_ring, p_warning, distance = _against_history(s, other, record, at_us, c)
        if row < 0:
            continue
        known = True
        if p_ring > draft_of(s)["p_distance"]:
            draft_of(s)["good"] = min(record_quality(record), kept_quality(ring_at(s, row)))
            draft_of(s)["p_distance"] = p_ring
            draft_of(s)["p_warning"] = p_warning
            draft_of(s)["distance_m"] = distance
            sight_kept(s, 1 - mine, other, row)
    if not known:
        counts_of(s)["unjudged"] += 1
        return
    sight_record(s, mine, device, record, at_us)
    tell_late(s, case, condition, at_us, now_us)


@kernel
def _against_history(s: Shard, other: int, record: Row, at_us: int, c: Row) -> tuple[int, float, float, float]:
    """The nearest remembered place of the other device, P(ring), P(warning ring) and the distance; row -1 if none."""
    before, after = neighbours(s, other, at_us)
    row = before if before >= 0 else after
    if before >= 0 and after >= 0 and ring_at(s, after)["fixed_us"] - at_us < at_us - ring_at(s, before)["fixed_us"]:
        row = after
    if row < 0 or abs(ring_at(s, row)["fixed_us"] - at_us) > STALE_US:
        return -1, 0.0, 0.0, 0.0
    lat, lon, extra, age_us = _place_at(s, other, before, after, row, at_us)
    east, north = metres_per_degree(record["lat"])
    x = wrap_degrees(record["lon"] - lon) * east
    y = (record["lat"] - lat) * north
    distance = math.sqrt(x * x + y * y)
    a = spread_of(record["radius_m"])
    b = aged(spread_of(ring_at(s, row)["radius_cm"] / 100.0), device_at(s, other)["speed_mps"], age_us)
    p_ring = within(distance, c["distance_m"], a, b, extra)
    p_warning = within(distance, c["warning_m"], a, b, extra) if c["warning_m"] > c["distance_m"] else p_ring
    return row, p_ring, p_warning, distance


@kernel
def _place_at(s: Shard, other: int, before: int, after: int, row: int, at_us: int) -> tuple[float, float, float, int]:
    """Where the other device was at a past moment: lat, lon, added variance between two fixes, else its age."""
    kept = ring_at(s, row)
    if before < 0 or after < 0 or ring_at(s, after)["fixed_us"] - ring_at(s, before)["fixed_us"] > STALE_US:
        return kept["lat_e7"] / 1e7, kept["lon_e7"] / 1e7, 0.0, abs(at_us - kept["fixed_us"])
    first = ring_at(s, before)
    last = ring_at(s, after)
    share = (at_us - first["fixed_us"]) / (last["fixed_us"] - first["fixed_us"])
    dlat = (last["lat_e7"] - first["lat_e7"]) / 1e7
    dlon = wrap_degrees((last["lon_e7"] - first["lon_e7"]) / 1e7)
    east, north = metres_per_degree(first["lat_e7"] / 1e7)
    x = dlon * east
    y = dlat * north
    extra = path_variance_m2(math.sqrt(x * x + y * y), last["fixed_us"] - first["fixed_us"], share)
    return first["lat_e7"] / 1e7 + share * dlat, first["lon_e7"] / 1e7 + share * dlon, extra, 0


@kernel
def tell_late(s: Shard, case: int, condition: int, at_us: int, now_us: int) -> None:
    """Tell the drafted late violation, unless an earlier late decision of its kind and time stands for it."""
    draft = draft_of(s)
    level = level_of(draft["p_distance"], draft["p_warning"], draft["good"], 0)
    e = condition_episode_at(s, condition)
    if level == CLEAR or is_covered(e, level, at_us):
        return
    if now_us - at_us <= LATE_US:
        _rise(s, case, condition, level, at_us, now_us)
        return
    near = e["late_from_us"] != NEVER and e["late_from_us"] - LATE_GAP_US <= at_us <= e["late_to_us"] + LATE_GAP_US
    if near:
        worse = level > e["late_level"]
        e["late_from_us"] = min(e["late_from_us"], at_us)
        e["late_to_us"] = max(e["late_to_us"], at_us)
        if not worse:
            return
    else:
        e["late_from_us"] = at_us
        e["late_to_us"] = at_us
        e["late_key_us"] = at_us
    e["late_level"] = level
    kind = condition_at(s, condition)["kind"]
    reason = reason_of(s, kind, level, False)
    _tell_aside(s, e, case, condition, kind_of(kind, level), priority_of(kind, level), reason, at_us, now_us)


@kernel
def _rise(s: Shard, case: int, condition: int, level: int, at_us: int, now_us: int) -> None:
    """A place from within the lateness window opens the live episode, or raises it."""
    e = condition_episode_at(s, condition)
    draft_of(s)["occurred_us"] = at_us
    phase = OPEN
    if e["opened_us"] == NEVER:
        open_episode(s, case, e, level, now_us)
    else:
        e["occurred_us"] = min(e["occurred_us"], at_us)
        if level <= e["level"]:
            return
        phase = UPDATE
        e["level"] = level
        e["peak"] = max(e["peak"], level)
        note_evidence(s, case, e, level, now_us)
    reason = reason_of(s, condition_at(s, condition)["kind"], level, False)
    tell_level(s, case, condition, phase, reason, now_us)


@kernel
def _tell_aside(
    s: Shard, e: Row, case: int, condition: int, kind: int, priority: int, reason: int, at_us: int, now_us: int
) -> None:
    """Tell a late decision as its own incident, keyed by its true time; the live episode keeps its own memory."""
    opened = e["opened_us"]
    told_us = e["told_us"]
    told_ppm = e["told_ppm"]
    told_cm = e["told_cm"]
    told_reason = e["reason"]
    told_kind = e["kind"]
    lead_condition = e["lead_condition"]
    e["lead_condition"] = -1
    e["opened_us"] = e["late_key_us"]
    tell(s, e, case, -1, condition, LATE, kind, priority, reason, now_us, at_us)
    e["opened_us"] = opened
    e["lead_condition"] = lead_condition
    e["told_us"] = told_us
    e["told_ppm"] = told_ppm
    e["told_cm"] = told_cm
    e["reason"] = told_reason
    e["kind"] = told_kind
