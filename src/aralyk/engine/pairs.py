"""Two parties: how far apart, how surely nearer than a ring, and who moved towards whom.

A pair is judged twice and the larger probability counts: *now*, both newest places grown by their ages; and
*swept*, the nearest approach of both straight paths over the time that both have a fix before and after,
which needs no growth and finds a meeting between two fixes. A far pair is refused by bounds before any
probability is computed: that is where the speed comes from, and it never changes an answer above 0.1.
"""

from __future__ import annotations

import math

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import Spread, aged, path_variance_m2, spread_of
from aralyk.engine.geodesy import wrap_degrees
from aralyk.engine.probability import distance_quantile, within
from aralyk.engine.records import (
    NEVER,
    PLACED,
    SOURCE_NETWORK,
    TRUSTED,
    WHO_BOTH,
    WHO_PROTECTED,
    WHO_RESPONDENT,
    WHO_UNKNOWN,
    Row,
)
from aralyk.engine.rings import kept_quality, place_before
from aralyk.engine.shard import Shard, device_at, draft_of, ring_at, sight_at

STALE_US = policy.STALE_US
P_OPEN = policy.P_OPEN
SILENCE_INTERVALS = policy.SILENCE_INTERVALS
COARSE_M = policy.COARSE_M
VAGUE_M = policy.VAGUE_M
MOTION_US = policy.MOTION_US
RING_FIXES = policy.RING_FIXES
RING_ROWS = policy.RING_ROWS
JUMP_M = policy.JUMP_M
JUMP_MPS = policy.JUMP_MPS
STEP_MIN_M = policy.STEP_MIN_M
OUTLIERS_MATTER = 0.1
"""Above this joint outlier share a far pair is computed in full."""
BOUND_SIGMAS = 6.0
SPEED_SHARE = 2.0
"""A bound on the way made before the last step: twice the speed now known."""


@kernel
def spread(d: Row) -> Spread:
    """The error mixture of a device's newest place."""
    return Spread(d["core2"], d["wide2"], d["outlier2"], d["wide_share"], d["outlier_share"])


@kernel
def stale_us(d: Row) -> int:
    """The age from which this device's place proves nothing about now."""
    three: int = SILENCE_INTERVALS * d["interval_us"]
    return three if three > STALE_US else STALE_US


@kernel
def is_placed(d: Row, now_us: int) -> bool:
    """Whether the device has a place that is not stale."""
    return bool(d["fix_us"] != NEVER and now_us - d["fix_us"] <= stale_us(d))


@kernel
def is_sharp(d: Row) -> bool:
    """Whether the newest place says where the device is: not vague, not a lone jump, not mocked."""
    return bool(d["radius_m"] <= VAGUE_M and d["trust"] == TRUSTED and d["mock"] == 0)


@kernel
def quality(d: Row) -> int:
    """What the newest place may prove: 1 all, 0 coarse (opens priority 2), -1 vague, jump, mocked (never closes)."""
    if not is_sharp(d):
        return -1
    return 1 if d["radius_m"] <= COARSE_M and d["source"] != SOURCE_NETWORK else 0


@kernel
def offset(a: Row, b: Row) -> tuple[float, float]:
    """East and north metres from b's newest place to a's."""
    x = wrap_degrees(a["lon"] - b["lon"]) * (a["east_m"] + b["east_m"]) * 0.5
    y = (a["lat"] - b["lat"]) * (a["north_m"] + b["north_m"]) * 0.5
    return x, y


@kernel
def step_back(d: Row) -> tuple[float, float]:
    """East and north metres from the device's newest place back to the one before."""
    return wrap_degrees(d["prev_lon"] - d["lon"]) * d["east_m"], (d["prev_lat"] - d["lat"]) * d["north_m"]


@kernel
def pair_distance_m(a: Row, b: Row) -> float:
    """Distance between two newest places, metres."""
    x, y = offset(a, b)
    return math.sqrt(x * x + y * y)


@kernel
def _share_back(d: Row, at_us: int) -> float:
    span = d["fix_us"] - d["prev_us"]
    if span <= 0:
        return 0.0
    return float((d["fix_us"] - at_us) / span)


@kernel
def nearest_swept(s: Shard, r_i: int, p_i: int, from_us: int) -> tuple[float, int, float, int]:
    """Nearest approach of both paths not before `from_us`: metres, when, added variance; -1 m if they share no time.

    The last figure is 1 when all places that the way rests on are good.

    The last step of the party heard less often is met with the other's path through that time, from its history.
    """
    r_is_slow = device_at(s, r_i)["prev_us"] <= device_at(s, p_i)["prev_us"]
    slow = device_at(s, r_i if r_is_slow else p_i)
    o_i = p_i if r_is_slow else r_i
    o = device_at(s, o_i)
    low = max(slow["prev_us"], from_us)
    if slow["fix_us"] - slow["prev_us"] > STALE_US:
        return -1.0, low, 0.0, 0
    bx, by = step_back(o)
    best, at, extra = _nearest_in_leg(slow, o, o["fix_us"], 0.0, 0.0, o["prev_us"], bx, by, low)
    newer, x1, y1 = o["prev_us"], bx, by
    newer_good = o["prev_good"]
    good = newer_good
    for back in range(1, o["ring_count"] + 1):
        if newer <= low:
            break
        row = o["ring_at"] - back
        kept = ring_at(s, o_i * RING_ROWS + (row if row >= 0 else row + RING_FIXES))
        if not kept["flags"] & PLACED or kept["fixed_us"] >= newer:
            continue
        x0 = wrap_degrees(kept["lon_e7"] / 1e7 - o["lon"]) * o["east_m"]
        y0 = (kept["lat_e7"] / 1e7 - o["lat"]) * o["north_m"]
        if _is_leap(x1 - x0, y1 - y0, newer - kept["fixed_us"]):
            continue
        near, when, apart = _nearest_in_leg(slow, o, newer, x1, y1, kept["fixed_us"], x0, y0, low)
        older_good = 1 if kept_quality(kept) == 1 else 0
        if near >= 0.0 and (best < 0.0 or near < best):
            best, at, extra = near, when, apart
            good = min(newer_good, older_good)
        newer, x1, y1, newer_good = kept["fixed_us"], x0, y0, older_good
    return best, at, extra, min(good, slow["prev_good"])


@kernel
def _is_leap(dx: float, dy: float, span_us: int) -> bool:
    """Whether a leg is a lone jump rather than a way."""
    length2 = dx * dx + dy * dy
    reach = max(JUMP_M, JUMP_MPS * (span_us * 1e-6))
    return bool(length2 > reach * reach)


@kernel
def _nearest_in_leg(
    slow: Row, o: Row, t1: int, x1: float, y1: float, t0: int, x0: float, y0: float, from_us: int
) -> tuple[float, int, float]:
    """Nearest approach while `o` goes one leg (metres from its newest place) and `slow` its last step."""
    low = max(max(t0, slow["prev_us"]), from_us)
    high = min(t1, slow["fix_us"])
    if low > high or t1 - t0 > STALE_US:
        return -1.0, high, 0.0
    x, y = offset(slow, o)
    bx, by = step_back(slow)
    length2 = (x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)
    leg = float(t1 - t0) if t1 > t0 else 1.0
    u = _share_back(slow, high)
    v = (t1 - high) / leg
    xh = x + u * bx - (x1 + v * (x0 - x1))
    yh = y + u * by - (y1 + v * (y0 - y1))
    u = _share_back(slow, low)
    v = (t1 - low) / leg
    dx = x + u * bx - (x1 + v * (x0 - x1)) - xh
    dy = y + u * by - (y1 + v * (y0 - y1)) - yh
    back = 0.0
    if dx * dx + dy * dy > 0.0:
        back = min(max(-(xh * dx + yh * dy) / (dx * dx + dy * dy), 0.0), 1.0)
    xh += back * dx
    yh += back * dy
    at = high - int(back * (high - low))
    extra = path_variance_m2(slow["step_m"], slow["fix_us"] - slow["prev_us"], _share_back(slow, at))
    extra += path_variance_m2(math.sqrt(length2), t1 - t0, (t1 - at) / leg)
    return math.sqrt(xh * xh + yh * yh), at, extra


@kernel
def is_far(distance_m: float, ring_m: float, a: Row, b: Row, extra_m2: float) -> bool:
    """Whether a pair is so far outside a ring that its probability is below 0.1 without computing it."""
    if a["outlier_share"] + b["outlier_share"] > OUTLIERS_MATTER:
        return False
    beyond = distance_m - ring_m
    variance = a["wide2"] + b["wide2"] + extra_m2
    return bool(beyond > 0.0 and beyond * beyond > BOUND_SIGMAS * BOUND_SIGMAS * variance)


@kernel
def _moved_m(d: Row, since_us: int) -> float:
    """How far a device can have gone since a moment, by its last step and its speed."""
    earlier = d["prev_us"] - since_us
    return float(d["step_m"] + (SPEED_SHARE * d["speed_mps"] * (earlier * 1e-6) if earlier > 0 else 0.0))


@kernel
def weigh_pair(s: Shard, r_i: int, p_i: int, ring_m: float, warning_m: float, now_us: int, from_us: int) -> None:
    """Judge one pair of devices against a ring and leave the result in the draft."""
    r = device_at(s, r_i)
    p = device_at(s, p_i)
    draft = draft_of(s)
    outer = warning_m if warning_m > ring_m else ring_m
    distance = pair_distance_m(r, p)
    draft["respondent"] = r_i
    draft["protected"] = p_i
    draft["distance_m"] = distance
    draft["extra_m2"] = 0.0
    draft["aged_us"] = now_us
    draft["occurred_us"] = max(r["fix_us"], p["fix_us"])
    draft["swept"] = 0
    draft["p_distance"] = 0.0
    draft["p_warning"] = 0.0
    a = aged(spread(r), r["speed_mps"], now_us - r["fix_us"])
    b = aged(spread(p), p["speed_mps"], now_us - p["fix_us"])
    if not is_far(distance, outer, r, p, a.wide2 + b.wide2 - r["wide2"] - p["wide2"]):
        draft["p_distance"] = within(distance, ring_m, a, b, 0.0)
        draft["p_warning"] = within(distance, outer, a, b, 0.0) if outer > ring_m else draft["p_distance"]
    a = spread(r)
    b = spread(p)
    if r["prev_us"] == NEVER or p["prev_us"] == NEVER:
        return
    moved = _moved_m(r, p["prev_us"]) + _moved_m(p, r["prev_us"])
    # Twice the time of both last steps: the leg met may have begun before them.
    span = 2 * (max(r["fix_us"], p["fix_us"]) - min(r["prev_us"], p["prev_us"]))
    if is_far(distance - moved, outer, r, p, path_variance_m2(moved, span, 0.5)):
        return
    near, at, apart, good = nearest_swept(s, r_i, p_i, from_us)
    if near < 0.0 or is_far(near, outer, r, p, apart):
        return
    swept = within(near, ring_m, a, b, apart)
    draft["p_warning"] = max(draft["p_warning"], within(near, outer, a, b, apart) if outer > ring_m else swept)
    if swept > draft["p_distance"] and draft["p_distance"] < P_OPEN:  # the newest places prove better than a guess
        draft["p_distance"] = swept
        draft["distance_m"] = near
        draft["extra_m2"] = apart
        draft["aged_us"] = NEVER
        draft["occurred_us"] = at
        draft["swept"] = 1
        draft["leg_good"] = good


@kernel
def distance_bounds(s: Shard) -> tuple[float, float]:
    """The 95 % interval of the drafted pair's true distance, metres."""
    draft = draft_of(s)
    a = _sight_spread(s, 0)
    b = _sight_spread(s, 1)
    low = distance_quantile(0.025, draft["distance_m"], a, b, draft["extra_m2"])
    high = distance_quantile(0.975, draft["distance_m"], a, b, draft["extra_m2"])
    return low, high


@kernel
def _sight_spread(s: Shard, which: int) -> Spread:
    """The error mixture of a place shown, at the moment that is drafted."""
    sight = sight_at(s, which)
    now_us = draft_of(s)["aged_us"]
    spread = spread_of(sight["radius_m"])
    if now_us == NEVER:
        return spread
    return aged(spread, device_at(s, sight["device"])["speed_mps"], now_us - sight["fixed_us"])


@kernel
def _closed_in_m(s: Shard, mover_i: int, other_i: int) -> float:
    """How much nearer the mover's own displacement of the last minutes brought it to the other's place; 0 if noise."""
    mover = device_at(s, mover_i)
    other = device_at(s, other_i)
    found, lat, lon, radius = place_before(s, mover_i, mover["fix_us"] - MOTION_US, mover["fix_us"])
    if not found:
        return 0.0
    x, y = offset(mover, other)
    bx = wrap_degrees(lon - mover["lon"]) * mover["east_m"]
    by = (lat - mover["lat"]) * mover["north_m"]
    before = math.sqrt((x + bx) * (x + bx) + (y + by) * (y + by))
    nearer = before - math.sqrt(x * x + y * y)
    noise = 0.5 * (radius + mover["radius_m"])
    return nearer if nearer >= STEP_MIN_M and nearer >= noise else 0.0


@kernel
def who_approached(s: Shard, r_i: int, p_i: int) -> int:
    """Whose displacement of the last minutes closed the distance. It may exculpate him, never blame her."""
    he = _closed_in_m(s, r_i, p_i) > 0.0
    she = _closed_in_m(s, p_i, r_i) > 0.0
    if he and she:
        return WHO_BOTH
    if he:
        return WHO_RESPONDENT
    return WHO_PROTECTED if she else WHO_UNKNOWN


@kernel
def time_to_contact_s(r: Row, p: Row, ring_m: float) -> float:
    """Seconds until the ring is reached if both keep their last motion; 0 inside, -1 if they don't close in."""
    x, y = offset(r, p)
    distance = math.sqrt(x * x + y * y)
    if distance <= ring_m:
        return 0.0
    closing = _closing_mps(r, x, y, distance) + _closing_mps(p, -x, -y, distance)
    return (distance - ring_m) / closing if closing > 0.3 else -1.0


@kernel
def _closing_mps(d: Row, x: float, y: float, distance: float) -> float:
    """Speed of a device along the line to the other, which lies at (-x, -y) from it; metres per second."""
    span = d["fix_us"] - d["prev_us"]
    if d["prev_us"] == NEVER or span <= 0 or span > MOTION_US:
        return 0.0
    bx, by = step_back(d)
    return float((bx * x + by * y) / distance / (span * 1e-6))
