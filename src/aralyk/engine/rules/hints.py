"""Jamming and false places: told, never believed to prove anything, and never a reason to close another episode.

False places show in many ways: the phone says so (mock location), its clock runs ahead, it jumps impossibly twice
within half an hour, a place contradicts the device's own history at that time (a clock set back, a time used
twice), a satellite place stays equal to the centimetre while its speed says it moves, or what devices hear by BLE
contradicts where they say they are (`separation`). A hint closes itself after two clean places.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.geodesy import distance_m
from aralyk.engine.pairs import is_placed, is_sharp
from aralyk.engine.reasons import (
    CLOCK_DISAGREEMENT,
    HINT_ENDED,
    IMPOSSIBLE_JUMPS,
    JAMMING_REPORTED,
    MOCK_LOCATION,
    NONE,
    POSITION_FROZEN,
    TIME_CONTRADICTS_PLACE,
)
from aralyk.engine.records import (
    ALARM_JAMMING,
    JAMMING,
    MOCK,
    NEVER,
    OPEN,
    PLACED,
    SOURCE_GNSS,
    SOURCE_MASK,
    SOURCE_NETWORK,
    SOURCE_SHIFT,
    SPOOFING,
    SUSPECT,
    THREAT_HIGH,
    Row,
)
from aralyk.engine.rules.gadgets import close_device, open_device
from aralyk.engine.rules.repetition import open_provoked, provoked
from aralyk.engine.shard import Shard, case_at, device_at, ring_at

HINT_CALM_FIXES = policy.HINT_CALM_FIXES
FALSE_JUMPS_US = policy.FALSE_JUMPS_US
FROZEN_US = policy.FROZEN_US
FROZEN_DEG = policy.FROZEN_DEG
FROZEN_MPS = policy.FROZEN_MPS
FROZEN_MOVES = policy.FROZEN_MOVES
COARSE_M = policy.COARSE_M
JUMP_M = policy.JUMP_M
JUMP_MPS = policy.JUMP_MPS
RING_FIXES = policy.RING_FIXES
RING_ROWS = policy.RING_ROWS
STALE_US = policy.STALE_US


@kernel
def hint(s: Shard, device: int, record: Row, fresh: bool, ahead: bool, now_us: int, at_us: int) -> None:
    """Weigh one record, after its place was taken: open hints, or count it towards their end."""
    d = device_at(s, device)
    flags = record["flags"]
    doubt = _doubt(s, device, record, fresh, ahead, at_us)
    jammed = fresh and flags & ALARM_JAMMING != 0
    if jammed and not d["open"] & (1 << JAMMING):
        count = provoked(s, device, at_us)
        priority = hint_priority(s, device, now_us)
        open_provoked(s, device, JAMMING, OPEN, priority, JAMMING_REPORTED, now_us, at_us, count)
    if doubt != NONE:
        open_spoofing(s, device, doubt, now_us, at_us)
    if jammed:
        d["clean"] = 0
    elif fresh and doubt == NONE and flags & PLACED and d["open"] & ((1 << JAMMING) | (1 << SPOOFING)):
        d["clean"] += 1
        if d["clean"] >= HINT_CALM_FIXES:
            close_device(s, device, JAMMING, HINT_ENDED, now_us)
            close_device(s, device, SPOOFING, HINT_ENDED, now_us)


@kernel
def open_spoofing(s: Shard, device: int, reason: int, now_us: int, occurred_us: int) -> None:
    """Open the hint of false places, once; each further doubt puts its end off."""
    d = device_at(s, device)
    d["clean"] = 0
    if not d["open"] & (1 << SPOOFING):
        open_device(s, device, SPOOFING, OPEN, hint_priority(s, device, now_us), reason, now_us, occurred_us)


@kernel
def hint_priority(s: Shard, device: int, now_us: int) -> int:
    """Technical; serious at high threat, unless another undoubted device says where this person is."""
    d = device_at(s, device)
    k = case_at(s, d["case"])
    if k["threat"] != THREAT_HIGH:
        return 3
    for other in range(k["device_from"], k["device_to"]):
        o = device_at(s, other)
        if other == device or o["party"] != d["party"] or o["open"] & ((1 << SPOOFING) | (1 << JAMMING)):
            continue
        if is_placed(o, now_us) and is_sharp(o):
            return 3
    return 2


@kernel
def _doubt(s: Shard, device: int, record: Row, fresh: bool, ahead: bool, at_us: int) -> int:
    """Why this record's place is doubted, or NONE."""
    d = device_at(s, device)
    flags = record["flags"]
    if fresh and flags & MOCK:
        return MOCK_LOCATION
    if fresh and ahead:
        return CLOCK_DISAGREEMENT
    if not flags & PLACED:
        return NONE
    if at_us < d["fix_us"]:
        if _contradicts_history(s, device, record, at_us) and _jumped_again(d, at_us):
            return TIME_CONTRADICTS_PLACE
        return NONE
    if d["trust"] == SUSPECT and d["radius_m"] <= COARSE_M and d["prev_radius_m"] <= COARSE_M:
        d["frozen_us"] = NEVER
        if _jumped_again(d, at_us):
            return TIME_CONTRADICTS_PLACE if d["prev_us"] == at_us else IMPOSSIBLE_JUMPS
        return NONE
    return POSITION_FROZEN if _is_frozen(d, record, at_us) else NONE


@kernel
def _jumped_again(d: Row, at_us: int) -> bool:
    """Note an impossible jump; whether another came within half an hour."""
    again = d["jump_us"] != NEVER and abs(at_us - d["jump_us"]) <= FALSE_JUMPS_US
    d["jump_us"] = max(d["jump_us"], at_us)
    return bool(again)


@kernel
def _contradicts_history(s: Shard, device: int, record: Row, at_us: int) -> bool:
    """Whether an older place can't be reached from the kept place nearest to its time (both of good quality)."""
    source = (record["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    if record["radius_m"] > COARSE_M or source == SOURCE_NETWORK:
        return False
    d = device_at(s, device)
    base = device * RING_ROWS
    own = d["ring_at"] - 1 if d["ring_at"] > 0 else RING_FIXES - 1  # this record, remembered just now
    best = -1
    for k in range(d["ring_count"]):
        kept = ring_at(s, base + k)
        if k == own or not kept["flags"] & PLACED or kept["radius_cm"] > COARSE_M * 100.0:
            continue
        if best < 0 or abs(kept["fixed_us"] - at_us) < abs(ring_at(s, base + best)["fixed_us"] - at_us):
            best = k
    if best < 0:
        return False
    kept = ring_at(s, base + best)
    apart = distance_m(record["lat"], record["lon"], kept["lat_e7"] / 1e7, kept["lon_e7"] / 1e7)
    beyond = apart - record["radius_m"] - kept["radius_cm"] / 100.0
    seconds = abs(kept["fixed_us"] - at_us) * 1e-6
    return bool(beyond > JUMP_M and beyond > JUMP_MPS * seconds)


@kernel
def _is_frozen(d: Row, record: Row, at_us: int) -> bool:
    """Whether a satellite place has long been equal to the centimetre while claiming several different speeds."""
    gnss = (record["flags"] >> SOURCE_SHIFT) & SOURCE_MASK == SOURCE_GNSS
    same = abs(d["lat"] - d["prev_lat"]) < FROZEN_DEG and abs(d["lon"] - d["prev_lon"]) < FROZEN_DEG
    if not gnss or not same or d["prev_us"] == NEVER or at_us <= d["prev_us"]:
        d["frozen_us"] = NEVER
        return False
    if d["frozen_us"] == NEVER:
        d["frozen_us"] = d["prev_us"]
        d["frozen_moves"] = 0
        d["frozen_mps"] = -1.0
    speed = record["speed_mps"]
    if speed > FROZEN_MPS and abs(speed - d["frozen_mps"]) > 1e-3:
        d["frozen_moves"] += 1
        d["frozen_mps"] = speed
    return bool(at_us - d["frozen_us"] > FROZEN_US and d["frozen_moves"] >= FROZEN_MOVES)
