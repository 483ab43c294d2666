"""The life of a condition's episode: levels, hysteresis in probability, folded updates.

    CLEAR -> APPROACHING (the ring in seconds) -> WARNED (in the warning ring) -> POSSIBLE (inside, not proved, or
    driving through) -> PROBABLE (inside)

An episode rises at once and by one fix. It falls only after `CALM_FIXES` consecutive fixes of good quality whose
probability is at most `P_CLOSE`, so neither a lone outlier nor a coarse fix ends it, and it closes only when the
lateness window after them has passed without a contradiction: that is what makes the set of incidents the same for
any order of arrival. The word of a device that only reports itself never lowers a level; it may end an episode, and
says so. A rise, a fall to a lower level and a material change (at most once a minute) are told as `update`.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.reasons import (
    APPROACHING as REASON_APPROACHING,
)
from aralyk.engine.reasons import (
    CLEAR_EVIDENCE,
    COARSE_FIX,
    CROSSED_BETWEEN_FIXES,
    HEARD_NEAR,
    INSIDE_WARNING_RING,
    NO_BETTER_FIX,
    OUTSIDE_ZONE,
    PASSING_THROUGH,
    POSSIBLE_INSIDE,
    PROBABLE_INSIDE,
    SELF_REPORTED_CLEAR,
    SUSPECT_JUMP,
)
from aralyk.engine.records import (
    APPROACHING,
    CHECK_IN,
    CLEAR,
    CLOSE,
    CURFEW,
    EXCLUSION,
    FOREVER,
    HANDOVER,
    INCLUSION,
    KIND_APPROACH,
    KIND_CHECK_IN,
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
    THREAT_HIGH,
    UPDATE,
    WARNED,
    Row,
)
from aralyk.engine.rules.grouping import join_ring, release_silences
from aralyk.engine.rules.telling import clear_draft, quantised, tell
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, draft_of, due_at

P_OPEN = policy.P_OPEN
P_POSSIBLE = policy.P_POSSIBLE
P_CLOSE = policy.P_CLOSE
P_CLOSE_COARSE = policy.P_CLOSE_COARSE
CALM_FIXES = policy.CALM_FIXES
UPDATE_US = policy.UPDATE_US
LATE_US = policy.LATE_US
BETTER_FIX_US = policy.BETTER_FIX_US
APPROACH_CALM_US = policy.APPROACH_CALM_US
PPM_CHANGED = int(policy.P_CHANGED * 1e6)
DISTANCE_CHANGED_SHARE = policy.DISTANCE_CHANGED_SHARE
CM_CHANGED = int(policy.DISTANCE_CHANGED_M * 100)


@kernel
def level_of(p_distance: float, p_warning: float, good: int, passing: int) -> int:
    """The level that one judgement speaks for."""
    if p_distance >= P_OPEN and good == 1 and passing == 0:
        return PROBABLE
    if p_distance >= P_POSSIBLE:
        return POSSIBLE
    return WARNED if p_warning >= P_OPEN else CLEAR


@kernel
def kind_of(condition_kind: int, level: int) -> int:
    """The published kind of an episode of this condition at this level."""
    if condition_kind == PROXIMITY:
        if level == APPROACHING:
            return KIND_APPROACH
        return KIND_WARNING_RING if level == WARNED else KIND_PROXIMITY
    if condition_kind == EXCLUSION:
        return KIND_EXCLUSION
    if condition_kind == CHECK_IN:
        return KIND_CHECK_IN
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
    if condition_kind == CHECK_IN:
        return level  # a missed check-in has no place to judge: its level is its priority
    first = 2 if must_be_inside(condition_kind) else 1
    return first if level == PROBABLE else first + 1


@kernel
def reason_of(s: Shard, condition_kind: int, level: int, suspect: bool) -> int:
    """Why the drafted judgement has this level."""
    draft = draft_of(s)
    if level == APPROACHING:
        return REASON_APPROACHING
    if level == WARNED:
        return INSIDE_WARNING_RING
    if level == POSSIBLE:
        if suspect:
            return SUSPECT_JUMP
        if draft["passing"] == 1 and draft["p_distance"] >= P_OPEN:
            return PASSING_THROUGH
        return COARSE_FIX if draft["p_distance"] >= P_OPEN else POSSIBLE_INSIDE
    if draft["met"] == 1:
        return HEARD_NEAR
    if draft["swept"] == 1:
        return CROSSED_BETWEEN_FIXES
    if must_be_inside(condition_kind):
        return OUTSIDE_ZONE
    return PROBABLE_INSIDE


@kernel
def is_calm(s: Shard, e: Row, decided_us: int) -> bool:
    """Whether the drafted judgement is evidence that an episode is over, or over at its level."""
    draft = draft_of(s)
    level = e["level"]
    if level == APPROACHING and decided_us - e["last_us"] < APPROACH_CALM_US:
        return False
    p = draft["p_warning"] if level <= WARNED else draft["p_distance"]
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
def step_of(s: Shard, case: int, e: Row, level: int, decided_us: int, may_lower: bool) -> int:
    """Advance an episode by the drafted judgement; return the phase to tell, or -1 to stay quiet.

    `may_lower`: whether the device that speaks is attested; a close is never told here but by `fire_condition`.
    """
    if e["opened_us"] == NEVER:
        if level == CLEAR:
            return -1
        open_episode(s, case, e, level, decided_us)
        return OPEN
    if level >= e["level"]:
        note_evidence(s, case, e, level, decided_us)
        if level > e["level"]:
            e["level"] = level
            e["peak"] = max(e["peak"], level)
            return UPDATE
        return UPDATE if is_material(s, e, decided_us) else -1
    return _fall(s, case, e, level, decided_us, may_lower)


@kernel
def _fall(s: Shard, case: int, e: Row, level: int, decided_us: int, may_lower: bool) -> int:
    """A judgement below the episode's level: count the calm, and lower the level or set the time of the close."""
    if draft_of(s)["good"] == 1:
        e["doubt_us"] = NEVER  # a better fix came: whatever it says now counts
    if not is_calm(s, e, decided_us):
        if draft_of(s)["good"] == 1:
            e["calm"] = 0
            e["close_us"] = NEVER
        return -1
    e["calm"] += 1
    if e["calm"] < CALM_FIXES:
        return -1
    if level == CLEAR:
        if e["close_us"] == NEVER:
            e["close_us"] = decided_us + LATE_US
            due_at(s, case)["due_us"] = 0
        return -1
    e["close_us"] = NEVER
    e["calm"] = 0
    if not may_lower:
        return -1
    e["level"] = level
    return UPDATE


@kernel
def open_episode(s: Shard, case: int, e: Row, level: int, decided_us: int) -> None:
    """Begin an episode with the drafted judgement."""
    e["opened_us"] = decided_us
    e["occurred_us"] = draft_of(s)["occurred_us"]
    e["level"] = level
    e["peak"] = level
    e["last_us"] = NEVER
    e["doubt_us"] = NEVER
    note_evidence(s, case, e, level, decided_us)


@kernel
def note_evidence(s: Shard, case: int, e: Row, level: int, decided_us: int) -> None:
    """The episode goes on: no calm, no close; at high threat doubt starts a clock."""
    e["calm"] = 0
    e["close_us"] = NEVER
    e["last_us"] = max(e["last_us"], draft_of(s)["occurred_us"])
    if level != POSSIBLE or case_at(s, case)["threat"] != THREAT_HIGH or draft_of(s)["good"] == 1:
        e["doubt_us"] = NEVER
    elif e["doubt_us"] == NEVER:
        e["doubt_us"] = decided_us + BETTER_FIX_US
        due_at(s, case)["due_us"] = 0


@kernel
def condition_due_us(s: Shard, condition: int) -> int:
    """When time alone says something about a condition's open episode: its close, or the end of the patience."""
    e = condition_episode_at(s, condition)
    if e["opened_us"] == NEVER:
        return FOREVER
    due = FOREVER
    if e["close_us"] != NEVER:
        due = int(e["close_us"])
    if e["doubt_us"] != NEVER:
        due = min(due, int(e["doubt_us"]))
    return due


@kernel
def tell_level(s: Shard, case: int, condition: int, phase: int, reason: int, decided_us: int) -> None:
    """Tell a condition's episode as it stands, with what is drafted."""
    e = condition_episode_at(s, condition)
    kind = condition_at(s, condition)["kind"]
    level = e["level"]
    if kind == PROXIMITY and phase == OPEN and join_ring(s, case, condition, decided_us):
        phase = UPDATE
    occurred = min(draft_of(s)["occurred_us"], decided_us) if draft_of(s)["occurred_us"] != NEVER else decided_us
    tell(s, e, case, -1, condition, phase, kind_of(kind, level), priority_of(kind, level), reason, decided_us, occurred)


@kernel
def close_by_evidence(s: Shard, case: int, condition: int, attested: bool, decided_us: int) -> None:
    """Close an episode that stayed calm through the lateness window."""
    tell_level(s, case, condition, CLOSE, CLEAR_EVIDENCE if attested else SELF_REPORTED_CLEAR, decided_us)
    _end_condition(s, case, condition, decided_us)


@kernel
def _end_condition(s: Shard, case: int, condition: int, at_us: int) -> None:
    close_episode(condition_episode_at(s, condition), at_us)
    if condition_at(s, condition)["kind"] == PROXIMITY:
        release_silences(s, case, condition)


@kernel
def give_up_waiting(s: Shard, case: int, condition: int, decided_us: int) -> None:
    """At high threat no better fix came in time: what may be is taken as critical."""
    e = condition_episode_at(s, condition)
    e["doubt_us"] = NEVER
    e["level"] = PROBABLE
    e["peak"] = PROBABLE
    tell_level(s, case, condition, UPDATE, NO_BETTER_FIX, decided_us)


@kernel
def close_episode(e: Row, closed_us: int) -> None:
    """End an episode in the state; its last interval stays known for late data."""
    e["closed_us"] = closed_us
    e["first_us"] = e["opened_us"]
    e["opened_us"] = NEVER
    e["close_us"] = NEVER
    e["doubt_us"] = NEVER
    e["level"] = CLEAR
    e["calm"] = 0


@kernel
def close_condition(s: Shard, case: int, condition: int, reason: int, at_us: int) -> None:
    """Close a condition's open episode for a reason other than evidence."""
    e = condition_episode_at(s, condition)
    if e["opened_us"] == NEVER:
        return
    clear_draft(s)  # what is in it belongs to another rule, perhaps to another order
    tell_level(s, case, condition, CLOSE, reason, at_us)
    _end_condition(s, case, condition, at_us)
