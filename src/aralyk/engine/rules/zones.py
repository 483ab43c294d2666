"""Areas: closed ones (exclusion) and ones he must be in (inclusion, curfew), with their hours.

Only the respondent is judged, on every device he has; the worst device decides. An area whose hours begin
round a respondent already inside speaks without a fix. For inclusion and curfew the probability is that of
being outside, and an ageing place is not evidence of leaving: silence has its own rule.
"""

from __future__ import annotations

import math

from aralyk.engine import policy
from aralyk.engine.areas import crossing, inside_probability, local, signed_distance_m
from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import aged, path_variance_m2
from aralyk.engine.motion import is_passing
from aralyk.engine.pairs import is_placed, quality, spread, step_back
from aralyk.engine.reasons import BECAME_ACTIVE, SCHEDULE_ENDED
from aralyk.engine.records import ATTESTED, CLEAR, EXCLUSION, FOREVER, NEVER, SUSPECT
from aralyk.engine.rules.requests import request_pursuit
from aralyk.engine.rules.telling import clear_draft, see
from aralyk.engine.rules.verdicts import close_by_evidence, close_condition, level_of, reason_of, step_of, tell_level
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, device_at, draft_of, slot_at

STALE_US = policy.STALE_US
PURSUIT_US = policy.PURSUIT_US
FAR_SIGMAS = 6.0
OUTLIERS_MATTER = 0.1


@kernel
def judge_zone(s: Shard, case: int, condition: int, now_us: int, cause: int) -> None:
    """Judge one area at one moment; `cause` is a reason to tell instead of the usual one, or 0."""
    device = draft_zone(s, case, condition, now_us)
    if device < 0:
        return
    e = condition_episode_at(s, condition)
    level = draft_of(s)["level"]
    if level == CLEAR and e["opened_us"] == NEVER:
        return
    phase = step_of(s, case, e, level, now_us, device_at(s, device)["attest_now"] == ATTESTED)
    if phase < 0:
        return
    see(s, 0, device)
    suspect = device_at(s, device)["trust"] == SUSPECT
    reason = cause if cause > 0 else reason_of(s, condition_at(s, condition)["kind"], e["level"], suspect)
    tell_level(s, case, condition, phase, reason, now_us)
    if condition_at(s, condition)["kind"] == EXCLUSION:
        request_pursuit(s, device, now_us, now_us + PURSUIT_US)


@kernel
def draft_zone(s: Shard, case: int, condition: int, now_us: int) -> int:
    """Draft the respondent's device that speaks loudest against an area; return it, -1 if none has a fresh place."""
    clear_draft(s)
    k = case_at(s, case)
    best = -1
    best_level = -1
    best_p = -1.0
    fresh = 0
    for device in range(k["device_from"], k["protected_from"]):
        if not is_placed(device_at(s, device), now_us):
            continue
        fresh += 1
        level = weigh_area(s, case, condition, device, now_us)
        p = draft_of(s)["p_distance"]
        if level > best_level or (level == best_level and p > best_p):
            best, best_level, best_p = device, level, p
    if fresh > 1:
        weigh_area(s, case, condition, best, now_us)
    return best


@kernel
def end_zone(s: Shard, case: int, condition: int, now_us: int) -> None:
    """The lateness window after calm fixes has passed: close, unless newer places say otherwise or nothing at all."""
    e = condition_episode_at(s, condition)
    e["close_us"] = NEVER
    e["calm"] = 0
    device = draft_zone(s, case, condition, now_us)
    if device < 0 or draft_of(s)["level"] != CLEAR:
        return
    see(s, 0, device)
    close_by_evidence(s, case, condition, device_at(s, device)["attest_now"] == ATTESTED, now_us)


@kernel
def weigh_area(s: Shard, case: int, condition: int, device: int, now_us: int) -> int:
    """Draft one device of the respondent against an area; return the level."""
    c = condition_at(s, condition)
    d = device_at(s, device)
    draft = draft_of(s)
    draft["occurred_us"] = d["fix_us"]
    draft["swept"] = 0
    draft["good"] = quality(d)
    x, y = local(c, d["lat"], d["lon"], d["east_m"], d["north_m"])
    if c["kind"] == EXCLUSION:
        p = _probability_closed(s, case, condition, device, x, y, now_us)
    else:
        p = 1.0 - inside_probability(s, c, x, y, spread(d), 0.0)
    draft["p_distance"] = p
    draft["p_warning"] = p
    may_pass = c["kind"] == EXCLUSION and c["drive_through"] == 1
    draft["passing"] = 1 if may_pass and is_passing(d, x, y, c["bound_m"]) else 0
    draft["level"] = level_of(p, 0.0, draft["good"], draft["passing"])
    return int(draft["level"])


@kernel
def _probability_closed(s: Shard, case: int, condition: int, device: int, x: float, y: float, now_us: int) -> float:
    c = condition_at(s, condition)
    d = device_at(s, device)
    now = aged(spread(d), d["speed_mps"], now_us - d["fix_us"])
    beyond = math.sqrt(x * x + y * y) - c["bound_m"] - d["step_m"]
    variance = now.wide2
    if beyond > 0.0 and beyond * beyond > FAR_SIGMAS * FAR_SIGMAS * variance and d["outlier_share"] <= OUTLIERS_MATTER:
        return 0.0
    signed = signed_distance_m(s, c, x, y)
    p = inside_probability(s, c, x, y, now, 0.0)
    if signed > 0.0 and d["prev_us"] != NEVER and d["fix_us"] - d["prev_us"] <= STALE_US:
        p = max(p, _probability_crossed(s, case, condition, device, x, y, p))
    return p


@kernel
def _probability_crossed(s: Shard, case: int, condition: int, device: int, x: float, y: float, p_now: float) -> float:
    """P(was inside between the last two fixes); marks the draft as swept when it beats the newest place."""
    c = condition_at(s, condition)
    d = device_at(s, device)
    draft = draft_of(s)
    bx, by = step_back(d)
    share, _ = crossing(s, c, x + bx, y + by, x, y)
    if share < 0.0:
        return p_now
    at = d["prev_us"] + int(share * (d["fix_us"] - d["prev_us"]))
    if at < case_at(s, case)["starts_us"] or not in_hours(s, condition, at):
        return p_now
    extra = path_variance_m2(d["step_m"], d["fix_us"] - d["prev_us"], share)
    back = 1.0 - share
    p = inside_probability(s, c, x + back * bx, y + back * by, spread(d), extra)
    if p > p_now:
        draft["occurred_us"] = at
        draft["swept"] = 1
    return p


@kernel
def in_hours(s: Shard, condition: int, at_us: int) -> bool:
    """Whether the area's hours hold a moment (an area without hours always does)."""
    c = condition_at(s, condition)
    if c["always"] == 1:
        return True
    low = c["slot_from"]
    high = c["slot_to"]
    while low < high:
        middle = (low + high) // 2
        if slot_at(s, middle)["to_us"] <= at_us:
            low = middle + 1
        else:
            high = middle
    return bool(low < c["slot_to"] and slot_at(s, low)["from_us"] <= at_us)


@kernel
def next_boundary_us(s: Shard, condition: int) -> int:
    """When the area's hours begin or end next; FOREVER if never."""
    c = condition_at(s, condition)
    if c["slot_at"] >= c["slot_to"]:
        return FOREVER
    slot = slot_at(s, c["slot_at"])
    return int(slot["to_us"] if c["active"] == 1 else slot["from_us"])


@kernel
def pass_boundary(s: Shard, case: int, condition: int, at_us: int) -> None:
    """Begin or end the area's hours at their moment; a respondent already inside is told without a fix."""
    c = condition_at(s, condition)
    if c["active"] == 1:
        c["active"] = 0
        c["slot_at"] += 1
        close_condition(s, case, condition, SCHEDULE_ENDED, at_us)
        return
    c["active"] = 1
    judge_zone(s, case, condition, at_us, BECAME_ACTIVE)
