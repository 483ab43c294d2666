"""The moving ring round a protected person, and its warning ring.

Every device of the respondent is judged against every device of the protected person; the worst pair
decides. A stale place proves nothing: without a fresh pair the episode stays as it is and the silence rule
speaks. Whoever moves, the incident is the respondent's distance; who moved is told beside it.
"""

from __future__ import annotations

from aralyk.engine.compiled import kernel
from aralyk.engine.pairs import is_placed, quality, time_to_contact_s, weigh_pair, who_approached
from aralyk.engine.reasons import CLEAR_EVIDENCE
from aralyk.engine.records import CLOSE, NEVER, SUSPECT
from aralyk.engine.rules.handover import is_replaced
from aralyk.engine.rules.telling import clear_draft, see_drafted, tell
from aralyk.engine.rules.verdicts import close_episode, kind_of, level_of, priority_of, reason_of, step_of
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, device_at, draft_of


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
    weigh_pair(s, r_i, p_i, c["distance_m"], c["warning_m"], now_us, case_at(s, case)["starts_us"])
    draft = draft_of(s)
    draft["good"] = min(quality(device_at(s, r_i)), quality(device_at(s, p_i)))
    draft["level"] = level_of(draft["p_distance"], draft["p_warning"], draft["good"])
    return int(draft["level"])


@kernel
def judge_proximity(s: Shard, case: int, condition: int, now_us: int, cause: int) -> None:
    """Judge one moving ring at one moment; `cause` is a reason to tell instead of the usual one, or 0."""
    e = condition_episode_at(s, condition)
    if e["opened_us"] == NEVER and is_replaced(s, case, condition, now_us):
        return  # the hand-over rule judges instead; what was open before the window goes on to its own end
    clear_draft(s)
    if not draft_worst_pair(s, case, condition, now_us):
        return
    draft = draft_of(s)
    if draft["level"] == 0 and e["opened_us"] == NEVER:
        return
    phase = step_of(s, e, draft["level"], now_us)
    if phase < 0:
        return
    r_i = draft["respondent"]
    p_i = draft["protected"]
    c = condition_at(s, condition)
    suspect = device_at(s, r_i)["trust"] == SUSPECT or device_at(s, p_i)["trust"] == SUSPECT
    draft["who"] = who_approached(s, r_i, p_i)
    draft["contact_s"] = time_to_contact_s(device_at(s, r_i), device_at(s, p_i), c["distance_m"])
    see_drafted(s)
    _tell(s, case, condition, phase, now_us, suspect, cause)


@kernel
def _tell(s: Shard, case: int, condition: int, phase: int, now_us: int, suspect: bool, cause: int) -> None:
    e = condition_episode_at(s, condition)
    kind = condition_at(s, condition)["kind"]
    level = e["level"]
    occurred = min(draft_of(s)["occurred_us"], now_us)
    reason = cause if cause > 0 else reason_of(s, kind, level, suspect)
    if phase == CLOSE:
        reason = CLEAR_EVIDENCE
    tell(s, e, case, -1, condition, phase, kind_of(kind, level), priority_of(kind, level), reason, now_us, occurred)
    if phase == CLOSE:
        close_episode(e, now_us)
