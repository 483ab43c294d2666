"""A device's short history: the last records in a ring, for late data, duplicates and displacements.

Places are kept in 1e-7 degree (1 cm) and radii in centimetres. Records with an alarm but no place are kept
too, so that a repeated alarm is known as a repetition.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.records import MOCK, NEVER, PLACED, SAID, SOURCE_MASK, SOURCE_NETWORK, SOURCE_SHIFT, Row
from aralyk.engine.shard import Shard, device_at, ring_at

COARSE_M = policy.COARSE_M
VAGUE_M = policy.VAGUE_M
RING_FIXES = policy.RING_FIXES
SPARSE_FIXES = policy.SPARSE_FIXES
SPARSE_US = policy.SPARSE_US
RING_ROWS = policy.RING_ROWS
"""Rows of one device: its last records, then one of its places each `SPARSE_US`."""
CHAIN_PRIME = 2147483647
CHAIN_FACTOR = 1000003
RADIUS_CM_MAX = 2_000_000_000


@kernel
def _e7(degrees: float) -> int:
    scaled = degrees * 1e7
    return int(scaled + 0.5) if scaled >= 0.0 else -int(0.5 - scaled)


@kernel
def radius_cm(radius_m: float) -> int:
    """A declared radius in centimetres, bounded; unknown stays -1."""
    if radius_m < 0.0:
        return -1
    scaled = radius_m * 100.0
    return RADIUS_CM_MAX if scaled >= RADIUS_CM_MAX else int(scaled + 0.5)


@kernel
def is_known(s: Shard, device: int, record: Row, at_us: int) -> bool:
    """Whether the ring holds this very record (same time, place, radius and flags)."""
    lat = _e7(record["lat"])
    lon = _e7(record["lon"])
    radius = radius_cm(record["radius_m"])
    base = device * RING_ROWS
    d = device_at(s, device)
    for k in range(d["ring_count"] + d["sparse_count"]):
        kept = ring_at(s, base + k if k < d["ring_count"] else base + RING_FIXES + k - d["ring_count"])
        if (
            kept["fixed_us"] == at_us
            and kept["lat_e7"] == lat
            and kept["lon_e7"] == lon
            and kept["radius_cm"] == radius
            and kept["flags"] == record["flags"] & SAID
        ):
            return True
    return False


@kernel
def remember(s: Shard, device: int, record: Row, at_us: int) -> None:
    """Put a record into the ring, over the oldest one, and into the chained sum that stands for the ring."""
    d = device_at(s, device)
    lat = _e7(record["lat"])
    lon = _e7(record["lon"])
    flags = record["flags"] & SAID
    _keep(ring_at(s, device * RING_ROWS + d["ring_at"]), at_us, lat, lon, radius_cm(record["radius_m"]), flags)
    if flags & PLACED and (d["sparse_us"] == NEVER or at_us - d["sparse_us"] >= SPARSE_US):
        row = device * RING_ROWS + RING_FIXES + d["sparse_at"]
        _keep(ring_at(s, row), at_us, lat, lon, radius_cm(record["radius_m"]), flags)
        d["sparse_us"] = at_us
        d["sparse_at"] = d["sparse_at"] + 1 if d["sparse_at"] + 1 < SPARSE_FIXES else 0
        d["sparse_count"] = min(d["sparse_count"] + 1, SPARSE_FIXES)
    d["ring_at"] = d["ring_at"] + 1 if d["ring_at"] + 1 < RING_FIXES else 0
    if d["ring_count"] < RING_FIXES:
        d["ring_count"] += 1
    mixed = (at_us + 31 * (lat + 900_000_000) + 961 * (lon + 1_800_000_000) + 29791 * flags) % CHAIN_PRIME
    d["history"] = (d["history"] * CHAIN_FACTOR + mixed) % CHAIN_PRIME


@kernel
def _keep(kept: Row, at_us: int, lat_e7: int, lon_e7: int, radius: int, flags: int) -> None:
    kept["fixed_us"] = at_us
    kept["lat_e7"] = lat_e7
    kept["lon_e7"] = lon_e7
    kept["radius_cm"] = radius
    kept["flags"] = flags


@kernel
def place_before(s: Shard, device: int, from_us: int, until_us: int) -> tuple[bool, float, float, float]:
    """The oldest kept place in [from_us, until_us): found, latitude, longitude, radius in metres."""
    best = -1
    base = device * RING_ROWS
    for k in range(device_at(s, device)["ring_count"]):
        kept = ring_at(s, base + k)
        inside = kept["flags"] & PLACED and from_us <= kept["fixed_us"] < until_us
        if inside and (best < 0 or kept["fixed_us"] < ring_at(s, base + best)["fixed_us"]):
            best = k
    if best < 0:
        return False, 0.0, 0.0, 0.0
    kept = ring_at(s, base + best)
    return True, kept["lat_e7"] / 1e7, kept["lon_e7"] / 1e7, kept["radius_cm"] / 100.0


@kernel
def kept_quality(kept: Row) -> int:
    """As `pairs.quality`, of a remembered place."""
    if kept["flags"] & MOCK or kept["radius_cm"] > VAGUE_M * 100.0:
        return -1
    source = (kept["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    return 0 if kept["radius_cm"] > COARSE_M * 100.0 or source == SOURCE_NETWORK else 1


@kernel
def neighbours(s: Shard, device: int, at_us: int) -> tuple[int, int]:
    """Ring rows of the kept places just before (or at) and just after a time; -1 where there is none."""
    before = NEVER
    after = NEVER
    base = device * RING_ROWS
    d = device_at(s, device)
    for i in range(d["ring_count"] + d["sparse_count"]):
        k = base + i if i < d["ring_count"] else base + RING_FIXES + i - d["ring_count"]
        kept = ring_at(s, k)
        if not kept["flags"] & PLACED:
            continue
        if kept["fixed_us"] <= at_us:
            if before == NEVER or kept["fixed_us"] > ring_at(s, before)["fixed_us"]:
                before = k
        elif after == NEVER or kept["fixed_us"] < ring_at(s, after)["fixed_us"]:
            after = k
    return before, after
