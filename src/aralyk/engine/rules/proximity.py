"""The moving ring round a protected person, its warning ring, and its ring in seconds.

Every device of the respondent is judged against every device of the protected person; the worst pair decides. A
stale place proves nothing: without a fresh pair the episode stays as it is and the silence rule speaks. Whoever
moves, the incident is the respondent's distance; who moved is told beside it. Only his own movement can make an
approach. A steady drive through the ring is told as serious, not as critical, until he slows, turns or stays.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.motion import contact_s, is_approaching, is_passing, speed_mps
from aralyk.engine.pairs import is_placed, offset, pair_distance_m, quality, weigh_pair, who_approached
from aralyk.engine.reasons import HANDOVER_WINDOW, HEARD_NEAR
from aralyk.engine.records import (
    APPROACHING,
    ATTESTED,
    CLEAR,
    NEVER,
    POSSIBLE,
    PROBABLE,
    PROXIMITY,
    SUSPECT,
    THREAT_HIGH,
    Row,
)
from aralyk.engine.rules.handover import is_replaced
from aralyk.engine.rules.requests import ask_coarse, pursue
from aralyk.engine.rules.telling import clear_draft, see_drafted
from aralyk.engine.rules.verdicts import close_by_evidence, close_condition, level_of, reason_of, step_of, tell_level
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, device_at, draft_of

P_SWEPT = policy.P_SWEPT
P_MET = policy.P_MET
MET_US = policy.MET_US
P_OPEN = policy.P_OPEN
P_POSSIBLE = policy.P_POSSIBLE
PASSED_US = policy.PASSED_US
PASSING_MPS = policy.PASSING_MPS
REST_MPS = policy.REST_MPS
REACH_MPS = policy.REACH_MPS
AGED_US = policy.AGED_US
SILENCE_INTERVALS = policy.SILENCE_INTERVALS
SPEED_MIN_MPS = policy.SPEED_MIN_MPS
AHEAD_S_MAX = 60.0
"""A coarse place is carried at most a minute ahead."""


@kernel
def draft_worst_pair(s: Shard, case: int, condition: int, now_us: int) -> bool:
    """Draft the pair that speaks loudest; False if no pair has two fresh places."""
    c = condition_at(s, condition)
    k = case_at(s, case)
    best_level = -1
    best_p = -1.0
    best_r = -1
    best_p_i = -1
    pairs = 0
    for r_i in range(k["device_from"], k["protected_from"]):
        if not is_placed(device_at(s, r_i), now_us):
            continue
        for p_i in range(k["protected_from"], k["device_to"]):
            p = device_at(s, p_i)
            if p["party"] != c["party"] or not is_placed(p, now_us):
                continue
            pairs += 1
            level = _weighed(s, case, condition, r_i, p_i, now_us)
            draft = draft_of(s)
            if level > best_level or (level == best_level and draft["p_distance"] > best_p):
                best_level, best_p, best_r, best_p_i = level, draft["p_distance"], r_i, p_i
    if pairs > 1:
        _weighed(s, case, condition, best_r, best_p_i, now_us)
    return pairs > 0


@kernel
def _weighed(s: Shard, case: int, condition: int, r_i: int, p_i: int, now_us: int) -> int:
    """Draft one pair with its quality and level."""
    c = condition_at(s, condition)
    r = device_at(s, r_i)
    p = device_at(s, p_i)
    weigh_pair(s, r_i, p_i, c["distance_m"], c["warning_m"], now_us, case_at(s, case)["starts_us"])
    draft = draft_of(s)
    draft["good"] = min(quality(r), quality(p))
    draft["passing"] = 0
    draft["met"] = 0
    if draft["swept"] == 1 and (draft["p_distance"] < P_SWEPT or draft["leg_good"] == 0):
        draft["good"] = min(draft["good"], 0)  # the way between two fixes is a guess: it may open, never prove
    level = level_of(draft["p_distance"], draft["p_warning"], draft["good"], 0)
    if level == PROBABLE and is_passing_pair(r, p, c):
        draft["passing"] = 1
        level = POSSIBLE
    elif draft["good"] < 0 and is_leap(r, p) and case_at(s, case)["threat"] != THREAT_HIGH:
        level = CLEAR  # nobody moves like that: the next fix tells which of the two places was wrong
    elif level < POSSIBLE and is_perhaps_near(r, p, c["distance_m"], now_us):
        level = POSSIBLE
    elif level == CLEAR and draft["good"] >= 0 and is_approaching(r, p, c["distance_m"], now_us):
        level = APPROACHING
    if is_met(r, p, now_us):
        draft["p_distance"] = max(draft["p_distance"], P_MET)
        draft["p_warning"] = max(draft["p_warning"], P_MET)
        draft["met"] = 1
        level = PROBABLE
    draft["level"] = level
    return int(level)


@kernel
def is_met(r: Row, p: Row, now_us: int) -> bool:
    """Whether the two devices heard each other by BLE a short time ago."""
    return bool(r["met_us"] != NEVER and r["met_us"] == p["met_us"] and now_us - r["met_us"] <= MET_US)


@kernel
def judge_met(s: Shard, device: int, now_us: int) -> None:
    """A device hears one of the other party: they are together, whatever their places say, or without any."""
    d = device_at(s, device)
    k = case_at(s, d["case"])
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["kind"] != PROXIMITY or is_replaced(s, d["case"], condition, now_us):
            continue
        for other in range(k["device_from"], k["device_to"]):
            o = device_at(s, other)
            his = device if d["party"] == 0 else other
            hers = other if d["party"] == 0 else device
            if d["party"] + o["party"] == c["party"] and d["party"] != o["party"] and is_met(d, o, now_us):
                _tell_met(s, d["case"], condition, his, hers, now_us)


@kernel
def _tell_met(s: Shard, case: int, condition: int, r_i: int, p_i: int, now_us: int) -> None:
    clear_draft(s)
    draft = draft_of(s)
    draft["p_distance"] = P_MET
    draft["p_warning"] = P_MET
    draft["good"] = 1
    draft["occurred_us"] = device_at(s, r_i)["met_us"]
    phase = step_of(s, case, condition_episode_at(s, condition), PROBABLE, now_us, False)
    if phase < 0:
        return
    draft["respondent"] = r_i if device_at(s, r_i)["fix_us"] != NEVER else -1
    draft["protected"] = p_i if device_at(s, p_i)["fix_us"] != NEVER else -1
    see_drafted(s)
    tell_level(s, case, condition, phase, HEARD_NEAR, now_us)
    pursue(s, case, condition_at(s, condition)["party"], now_us)


@kernel
def is_passing_pair(r: Row, p: Row, c: Row) -> bool:
    """Whether he drives steadily through her ring, or she drives past him while he rests: then she moved, not he."""
    if r["fastest_mps"] < REST_MPS and speed_mps(p) >= PASSING_MPS:
        return True
    if c["drive_through"] == 0:
        return False
    x, y = offset(r, p)
    return is_passing(r, x, y, c["distance_m"])


@kernel
def is_leap(r: Row, p: Row) -> bool:
    """Whether one of the newest places is a lone jump."""
    return bool(r["trust"] == SUSPECT or p["trust"] == SUSPECT)


@kernel
def is_coarse_near(r: Row, p: Row, ring_m: float) -> bool:
    """Whether a coarse place touches the ring within one more interval: too vague to prove, too near to wait."""
    ahead = min(max(r["fastest_mps"], speed_mps(r), SPEED_MIN_MPS), REACH_MPS) * min(
        r["interval_us"] * 1e-6, AHEAD_S_MAX
    )
    return bool(pair_distance_m(r, p) <= ring_m + r["radius_m"] + p["radius_m"] + ahead)


@kernel
def is_perhaps_near(r: Row, p: Row, ring_m: float, now_us: int) -> bool:
    """Whether coarse or old places leave it open that he is in the ring, whatever their probability."""
    worse = min(quality(r), quality(p))
    if worse < 0:
        return False
    return is_coarse_near(r, p, ring_m) if worse == 0 else is_aged_near(r, p, ring_m, now_us)


@kernel
def is_aged_near(r: Row, p: Row, ring_m: float, now_us: int) -> bool:
    """Whether they are near by their last places and one of them is heard without a place: she may well be there."""
    return bool((is_aged(r, now_us) or is_aged(p, now_us)) and pair_distance_m(r, p) <= ring_m)


@kernel
def is_aged(d: Row, now_us: int) -> bool:
    """Whether a place is older than its device's habit, though not stale."""
    return bool(now_us - d["fix_us"] > max(AGED_US, SILENCE_INTERVALS * d["interval_us"]))


@kernel
def judge_proximity(s: Shard, case: int, condition: int, now_us: int, cause: int) -> None:
    """Judge one moving ring at one moment; `cause` is a reason to tell instead of the usual one, or 0."""
    e = condition_episode_at(s, condition)
    if (e["opened_us"] == NEVER or e["peak"] < POSSIBLE) and is_replaced(s, case, condition, now_us):
        # The hand-over rule judges instead. A meeting that was possible before the window goes on to its own end; his
        # way to the place, told as an approach, does not become one inside the window.
        close_condition(s, case, condition, HANDOVER_WINDOW, now_us)
        return
    clear_draft(s)
    if not draft_worst_pair(s, case, condition, now_us):
        return
    draft = draft_of(s)
    e = condition_episode_at(s, condition)
    if draft["passing"] == 1:
        e["passed_us"] = now_us
    elif is_passing_over(s, condition, now_us):
        draft["level"] = PROBABLE
    level = draft["level"]
    r_i = draft["respondent"]
    p_i = draft["protected"]
    doubtful = draft["good"] < 1 and (level == POSSIBLE or draft["p_distance"] >= P_POSSIBLE)
    if level != CLEAR or e["opened_us"] != NEVER:
        _tell_pair(s, case, condition, now_us, cause)
    if doubtful:  # after the telling: a request is a decision with a draft of its own
        ask_coarse(s, r_i, now_us)
        ask_coarse(s, p_i, now_us)


@kernel
def is_passing_over(s: Shard, condition: int, now_us: int) -> bool:
    """Whether only his driving through had made a proved place a lesser thing, and now he doesn't any more.

    A good place put him inside a short time ago; coarse ones that still do so need not prove it again. Nor must his
    own good place, where he is in the ring round her last one and only her phone's age makes that doubtful.
    """
    draft = draft_of(s)
    passed_us = condition_episode_at(s, condition)["passed_us"]
    if passed_us == NEVER or now_us - passed_us > PASSED_US or draft["level"] != POSSIBLE or draft["good"] < 0:
        return False
    r = device_at(s, draft["respondent"])
    p = device_at(s, draft["protected"])
    c = condition_at(s, condition)
    inside = draft["p_distance"] >= P_OPEN and draft["swept"] == 0
    stays = quality(r) == 1 and pair_distance_m(r, p) <= c["distance_m"]
    return bool((inside or stays) and not is_passing_pair(r, p, c))


@kernel
def _tell_pair(s: Shard, case: int, condition: int, now_us: int, cause: int) -> None:
    """Advance the episode by the drafted pair and tell what there is to tell."""
    draft = draft_of(s)
    e = condition_episode_at(s, condition)
    phase = step_of(s, case, e, draft["level"], now_us, may_lower(s, case))
    if phase < 0:
        return
    show_pair(s, condition, now_us)
    suspect = is_leap(device_at(s, draft["respondent"]), device_at(s, draft["protected"]))
    reason = cause if cause > 0 else reason_of(s, condition_at(s, condition)["kind"], e["level"], suspect)
    tell_level(s, case, condition, phase, reason, now_us)
    pursue(s, case, condition_at(s, condition)["party"], now_us)


@kernel
def show_pair(s: Shard, condition: int, now_us: int) -> None:
    """Add to the drafted pair what a decision tells of it: who approached, when contact, both places."""
    draft = draft_of(s)
    r_i = draft["respondent"]
    p_i = draft["protected"]
    draft["who"] = who_approached(s, r_i, p_i)
    seconds, _ = contact_s(device_at(s, r_i), device_at(s, p_i), condition_at(s, condition)["distance_m"], now_us)
    draft["contact_s"] = seconds
    see_drafted(s)


@kernel
def may_lower(s: Shard, case: int) -> bool:
    """Whether a device of the respondent is attested: a phone that only reports itself never lowers a priority."""
    k = case_at(s, case)
    attested = 0
    for device in range(k["device_from"], k["protected_from"]):
        attested += 1 if device_at(s, device)["attest_now"] == ATTESTED else 0
    return bool(attested > 0)


@kernel
def end_proximity(s: Shard, case: int, condition: int, now_us: int) -> None:
    """The lateness window after calm fixes has passed: close, unless newer places say otherwise or nothing at all."""
    e = condition_episode_at(s, condition)
    e["close_us"] = NEVER
    e["calm"] = 0
    clear_draft(s)
    if not draft_worst_pair(s, case, condition, now_us):
        return
    if draft_of(s)["level"] != CLEAR:
        return
    show_pair(s, condition, now_us)
    close_by_evidence(s, case, condition, may_lower(s, case), now_us)
