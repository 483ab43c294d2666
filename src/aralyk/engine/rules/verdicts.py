"""The life of a condition's episode: levels, hysteresis in probability, folded updates.

    CLEAR -> WARNED (in the warning ring) -> POSSIBLE (inside, not proved) -> PROBABLE (inside)

An episode rises at once and by one fix. It falls only after `CALM_FIXES` consecutive fixes of good quality
whose probability is at most `P_CLOSE`, so neither a lone outlier nor a coarse fix ends it. A rise, a fall
to a lower level and a material change (at most once a minute) are told as `update`; the rest is folded.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import (
    COARSE_FIX,
    CROSSED_BETWEEN_FIXES,
    INSIDE_WARNING_RING,
    OUTSIDE_ZONE,
    POSSIBLE_INSIDE,
    PROBABLE_INSIDE,
    SUSPECT_JUMP,
)
from aralyk.engine.records import (
    CLEAR,
    CLOSE,
    CURFEW,
    EXCLUSION,
    HANDOVER,
    INCLUSION,
    KIND_CURFEW,
    KIND_EXCLUSION,
    KIND_HANDOVER,
    KIND_INCLUSION,
    KIND_PROXIMITY,
    KIND_WARNING_RING,
    NEVER,
    OPEN,
    POSSIBLE,
    PROBABLE,
    PROXIMITY,
    UPDATE,
    WARNED,
    Row,
)
from aralyk.engine.rules.telling import clear_draft, quantised, tell
from aralyk.engine.shard import Shard, condition_at, condition_episode_at, draft_of

P_OPEN = policy.P_OPEN
P_POSSIBLE = policy.P_POSSIBLE
P_CLOSE = policy.P_CLOSE
P_CLOSE_COARSE = policy.P_CLOSE_COARSE
CALM_FIXES = policy.CALM_FIXES
UPDATE_US = policy.UPDATE_US
PPM_CHANGED = int(policy.P_CHANGED * 1e6)
DISTANCE_CHANGED_SHARE = policy.DISTANCE_CHANGED_SHARE
CM_CHANGED = int(policy.DISTANCE_CHANGED_M * 100)


@kernel
def level_of(p_distance: float, p_warning: float, good: int) -> int:
    """The level that one judgement speaks for."""
    if p_distance >= P_OPEN and good == 1:
        return PROBABLE
    if p_distance >= P_POSSIBLE:
        return POSSIBLE
    return WARNED if p_warning >= P_OPEN else CLEAR


@kernel
def kind_of(condition_kind: int, level: int) -> int:
    """The published kind of an episode of this condition at this level."""
    if condition_kind == PROXIMITY:
        return KIND_WARNING_RING if level == WARNED else KIND_PROXIMITY
    if condition_kind == EXCLUSION:
        return KIND_EXCLUSION
    if condition_kind == HANDOVER:
        return KIND_HANDOVER
    return KIND_CURFEW if condition_kind == CURFEW else KIND_INCLUSION


@kernel
def must_be_inside(condition_kind: int) -> bool:
    """Whether a condition names an area he must be in."""
    return condition_kind in (INCLUSION, CURFEW)


@kernel
def priority_of(condition_kind: int, level: int) -> int:
    """Inside a ring or a closed area: 1 when probable, else 2. Away from where he must be: 2, possibly away: 3."""
    first = 2 if must_be_inside(condition_kind) else 1
    return first if level == PROBABLE else first + 1


@kernel
def reason_of(s: Shard, condition_kind: int, level: int, suspect: bool) -> int:
    """Why the drafted judgement has this level."""
    if level == WARNED:
        return INSIDE_WARNING_RING
    if level == POSSIBLE:
        if suspect:
            return SUSPECT_JUMP
        return COARSE_FIX if draft_of(s)["p_distance"] >= P_OPEN else POSSIBLE_INSIDE
    if draft_of(s)["swept"] == 1:
        return CROSSED_BETWEEN_FIXES
    if must_be_inside(condition_kind):
        return OUTSIDE_ZONE
    return PROBABLE_INSIDE


@kernel
def is_calm(s: Shard, level: int) -> bool:
    """Whether the drafted judgement is evidence that an episode of this level is over."""
    draft = draft_of(s)
    p = draft["p_warning"] if level == WARNED else draft["p_distance"]
    return bool(p <= P_CLOSE and draft["good"] == 1) or bool(p <= P_CLOSE_COARSE and draft["good"] == 0)


@kernel
def is_material(s: Shard, e: Row, decided_us: int) -> bool:
    """Whether an unchanged episode has something new to say, and may say it (once a minute)."""
    if decided_us - e["told_us"] < UPDATE_US:
        return False
    draft = draft_of(s)
    ppm = quantised(draft["p_distance"], 1e6, 1.0)
    if abs(ppm - e["told_ppm"]) >= PPM_CHANGED:
        return True
    cm = quantised(draft["distance_m"], 100.0, 1e8)
    moved = abs(cm - e["told_cm"])
    return bool(moved >= CM_CHANGED and moved >= DISTANCE_CHANGED_SHARE * e["told_cm"])


@kernel
def step_of(s: Shard, e: Row, level: int, decided_us: int) -> int:
    """Advance an episode by the drafted judgement; return the phase to tell, or -1 to stay quiet."""
    if e["opened_us"] == NEVER:
        if level == CLEAR:
            return -1
        e["opened_us"] = decided_us
        e["occurred_us"] = draft_of(s)["occurred_us"]
        e["level"] = level
        e["calm"] = 0
        return OPEN
    if level > e["level"]:
        e["level"] = level
        e["calm"] = 0
        return UPDATE
    if level == e["level"]:
        e["calm"] = 0
        return UPDATE if is_material(s, e, decided_us) else -1
    if not is_calm(s, e["level"]):
        if draft_of(s)["good"] == 1:
            e["calm"] = 0
        return -1
    e["calm"] += 1
    if e["calm"] < CALM_FIXES:
        return -1
    e["calm"] = 0
    if level == CLEAR:
        return CLOSE
    e["level"] = level
    return UPDATE


@kernel
def close_episode(e: Row, closed_us: int) -> None:
    """End an episode in the state; its last interval stays known for late data."""
    e["closed_us"] = closed_us
    e["opened_us"] = NEVER
    e["level"] = CLEAR
    e["calm"] = 0


@kernel
def close_condition(s: Shard, case: int, condition: int, reason: int, at_us: int) -> None:
    """Close a condition's open episode for a reason other than evidence."""
    e = condition_episode_at(s, condition)
    if e["opened_us"] == NEVER:
        return
    kind = condition_at(s, condition)["kind"]
    level = e["level"]
    clear_draft(s)  # the draft may still hold another case's places
    tell(s, e, case, -1, condition, CLOSE, kind_of(kind, level), priority_of(kind, level), reason, at_us, at_us)
    close_episode(e, at_us)
