"""Hand-over of a child: for a window, a place, two people and a time stand in for the ring.

    watch      from an hour to 15 min before the window    he is at the place: early (2). Her ring stands.
    window     from, to                                    her ring and the child's are replaced
    parting    15 min after the window                     the same: time to part, not to follow
    with him   from the window to 15 min after return_at   the child's ring alone is replaced

Replaced means judged here, not muted. Within the ring's distance of her he must be at the place, or coming to the place
where she waits and has not been left yet, or going away from it for at most 15 minutes without coming nearer to her;
anything else is *towards her* (1). Both gone from the place and still that near for 5 minutes, or still that near when
the parting ends: *follows* (1). Silence of a device concerned is serious at once (2). A child not back 15 minutes after
`return_at` is an alarm (1; a child without a device: a person must ask, 2). A meeting that the ring told as possible
before the window goes on to its own end; an approach, which his way to the place makes, ends with the window's begin.
Panic and tamper are not rules of distance: nothing here touches them.

All of it follows from the windows and the moment asked, so a late place is judged by its own time.
"""

from __future__ import annotations

import math

from aralyk.engine import policy
from aralyk.engine.areas import local
from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import aged, spread_of
from aralyk.engine.geodesy import metres_per_degree
from aralyk.engine.pairs import is_placed, pair_distance_m, quality, spread, who_approached
from aralyk.engine.probability import within, within_of_fixed
from aralyk.engine.reasons import (
    CHILD_NOT_BACK,
    CHILD_UNCONFIRMED,
    CLEAR_EVIDENCE,
    HANDOVER_EARLY,
    HANDOVER_FOLLOWS,
    HANDOVER_SILENCE,
    HANDOVER_TOWARDS_HER,
    HANDOVER_WINDOW,
)
from aralyk.engine.records import (
    CLOSE,
    DEVICE_EPISODES,
    FOREVER,
    HANDOVER,
    KIND_HANDOVER,
    NEVER,
    OPEN,
    POSSIBLE,
    PROBABLE,
    SILENCE,
    UPDATE,
    WHO_PROTECTED,
    Row,
)
from aralyk.engine.rings import neighbours
from aralyk.engine.rules.requests import request_pursuit
from aralyk.engine.rules.telling import clear_draft, see_drafted, tell
from aralyk.engine.rules.verdicts import close_condition, close_episode, is_material, priority_of
from aralyk.engine.shard import (
    Shard,
    case_at,
    condition_at,
    condition_episode_at,
    device_at,
    device_episode_at,
    draft_of,
    ring_at,
    slot_at,
)

GRACE_US = policy.HANDOVER_GRACE_US
WATCH_US = policy.HANDOVER_WATCH_US
NEAR_M = policy.HANDOVER_NEAR_M
FOLLOW_US = policy.FOLLOW_US
NOISE_M = policy.DISTANCE_CHANGED_M
STALE_US = policy.STALE_US
P_OPEN = policy.P_OPEN
P_POSSIBLE = policy.P_POSSIBLE
P_CLOSE = policy.P_CLOSE
CALM_FIXES = policy.CALM_FIXES
SILENCE_BIT = 1 << SILENCE

# Parts of a hand-over that a moment lies in
WATCH, WINDOW, PARTING, WITH_HIM = 1, 2, 4, 8
REPLACED = WINDOW | PARTING

# Findings of an episode
EARLY, TOWARDS, FOLLOWS, NOT_BACK, UNCONFIRMED = 1, 2, 4, 8, 16


@kernel
def part_at(s: Shard, condition: int, at_us: int) -> int:
    """The parts of this hand-over's windows that hold a moment, past ones too."""
    c = condition_at(s, condition)
    part = 0
    for i in range(c["slot_from"], c["slot_to"]):
        slot = slot_at(s, i)
        if slot["from_us"] - WATCH_US > at_us:
            break
        if at_us < slot["from_us"] - GRACE_US:
            part |= WATCH
        elif slot["from_us"] <= at_us < slot["to_us"]:
            part |= WINDOW
        elif slot["to_us"] <= at_us < slot["to_us"] + GRACE_US:
            part |= PARTING
        if slot["return_us"] != NEVER and slot["from_us"] <= at_us < slot["return_us"] + GRACE_US:
            part |= WITH_HIM
    return part


@kernel
def is_replaced(s: Shard, case: int, condition: int, now_us: int) -> bool:
    """Whether a hand-over stands in for this moving ring at a moment (then or now: it follows from the windows)."""
    ring = condition_at(s, condition)
    return bool(ring["handovers"] > 0 and replacing(s, case, ring["party"], now_us) >= 0)


@kernel
def replacing(s: Shard, case: int, party: int, at_us: int) -> int:
    """The hand-over that stands in for a person's ring at a moment; -1 if the ring holds."""
    k = case_at(s, case)
    for i in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, i)
        if c["kind"] != HANDOVER or (c["party"] != party and c["child"] != party):
            continue
        part = part_at(s, i, at_us)
        if part & REPLACED or (part & WITH_HIM and c["child"] == party):
            return i
    return -1


@kernel
def was_handed_over(s: Shard, case: int, condition: int, device: int, record: Row, at_us: int) -> bool:
    """Whether a late place agrees with the hand-over of its own time: one of the two was at the place.

    With the child he may be anywhere. Both away from the place is left to the ring: a person looks at it.
    """
    ring = condition_at(s, condition)
    if ring["handovers"] == 0:
        return False
    hand = replacing(s, case, ring["party"], at_us)
    if hand < 0:
        return False
    part = part_at(s, hand, at_us)
    if not part & REPLACED or (part & WITH_HIM and condition_at(s, hand)["child"] == ring["party"]):
        return True
    east, north = metres_per_degree(record["lat"])
    if _at_place(s, hand, record["lat"], record["lon"], east, north, record["radius_m"]) >= P_OPEN:
        return True
    k = case_at(s, case)
    he = device_at(s, device)["party"] == 0
    for other in range(k["protected_from"] if he else k["device_from"], k["device_to"] if he else k["protected_from"]):
        if (not he or device_at(s, other)["party"] == ring["party"]) and _was_at_place(s, hand, other, at_us):
            return True
    return False


@kernel
def _was_at_place(s: Shard, hand: int, device: int, at_us: int) -> bool:
    before, after = neighbours(s, device, at_us)
    for row in (before, after):
        if row < 0 or abs(ring_at(s, row)["fixed_us"] - at_us) > STALE_US:
            continue
        kept = ring_at(s, row)
        lat = kept["lat_e7"] / 1e7
        east, north = metres_per_degree(lat)
        if _at_place(s, hand, lat, kept["lon_e7"] / 1e7, east, north, kept["radius_cm"] / 100.0) >= P_OPEN:
            return True
    return False


@kernel
def _at_place(s: Shard, hand: int, lat: float, lon: float, east_m: float, north_m: float, radius_m: float) -> float:
    """P(a place lies within `NEAR_M` of the circle round the neutral place)."""
    c = condition_at(s, hand)
    x, y = local(c, lat, lon, east_m, north_m)
    return within_of_fixed(math.sqrt(x * x + y * y), c["bound_m"] + NEAR_M, spread_of(radius_m), 0.0)


@kernel
def is_there(s: Shard, hand: int, device: int) -> bool:
    """Whether a device's newest place is more likely at the neutral place than not."""
    d = device_at(s, device)
    return bool(_at_place(s, hand, d["lat"], d["lon"], d["east_m"], d["north_m"], d["radius_m"]) >= P_OPEN)


@kernel
def is_concerned(s: Shard, hand: int, device: int) -> bool:
    """Whether a device is his, hers or the child's of this hand-over."""
    c = condition_at(s, hand)
    party = device_at(s, device)["party"]
    return bool(party == 0 or party == c["party"] or (c["child"] > 0 and party == c["child"]))


# --- what time alone causes -------------------------------------------------------------------------------


@kernel
def handover_due_us(s: Shard, case: int, hand: int) -> int:
    """The next moment at which time alone says something: a part begins or ends, or a device concerned fell silent."""
    c = condition_at(s, hand)
    due = FOREVER
    for i in range(c["slot_at"], c["slot_to"]):
        slot = slot_at(s, i)
        if slot["from_us"] - WATCH_US >= due:
            break
        due = min(due, _boundary(c, slot["from_us"] - WATCH_US))
        due = min(due, _boundary(c, slot["from_us"] - GRACE_US))
        due = min(due, _boundary(c, slot["from_us"]))
        due = min(due, _boundary(c, slot["to_us"] + GRACE_US))
        if slot["return_us"] != NEVER:
            due = min(due, _boundary(c, slot["return_us"] - GRACE_US))
            due = min(due, _boundary(c, slot["return_us"] + GRACE_US))
    part = part_at(s, hand, c["mark_us"])
    if part & (REPLACED | WITH_HIM):
        k = case_at(s, case)
        for device in range(k["device_from"], k["device_to"]):
            if not c["silent"] & (1 << (device - k["device_from"])) and _is_silent(s, hand, device, part):
                e = device_episode_at(s, device * DEVICE_EPISODES + SILENCE)
                due = min(due, max(c["mark_us"], e["opened_us"]))
    return int(due)


@kernel
def _boundary(c: Row, at_us: int) -> int:
    return at_us if at_us > c["mark_us"] else FOREVER


@kernel
def _is_silent(s: Shard, hand: int, device: int, part: int) -> bool:
    """Whether silence of this device is serious now: all in the window, his and the child's while it is with him."""
    d = device_at(s, device)
    if not d["open"] & SILENCE_BIT or not is_concerned(s, hand, device):
        return False
    return bool(part & REPLACED or (part & WITH_HIM and d["party"] != condition_at(s, hand)["party"]))


@kernel
def fire_handover(s: Shard, case: int, hand: int, now_us: int) -> None:
    """Let a part begin or end at its moment; what is known is judged without a fix."""
    c = condition_at(s, hand)
    parted = False
    overdue = False
    for i in range(c["slot_at"], c["slot_to"]):
        slot = slot_at(s, i)
        if slot["from_us"] - WATCH_US > now_us:
            break
        if c["mark_us"] < slot["from_us"] - WATCH_US:
            _begin(s, case, hand, now_us)
        if c["mark_us"] < slot["from_us"] <= now_us:
            c["came_us"] = NEVER
            c["apart_us"] = NEVER
        if c["mark_us"] < slot["from_us"] - GRACE_US <= now_us:
            _watch_closely(s, case, hand, now_us, slot["to_us"] + GRACE_US)
        if slot["return_us"] != NEVER and c["mark_us"] < slot["return_us"] - GRACE_US <= now_us:
            _watch_closely(s, case, hand, now_us, slot["return_us"] + GRACE_US)
        parted = parted or c["mark_us"] < slot["to_us"] + GRACE_US <= now_us
        back_us = slot["return_us"] + GRACE_US
        overdue = overdue or (slot["return_us"] != NEVER and c["mark_us"] < back_us <= now_us)
    c["mark_us"] = now_us
    _pass_slots(s, hand, now_us)
    _judge(s, case, hand, now_us, parted, overdue)


@kernel
def _watch_closely(s: Shard, case: int, hand: int, now_us: int, until_us: int) -> None:
    """Ask all devices concerned to report every 15 s."""
    k = case_at(s, case)
    for device in range(k["device_from"], k["device_to"]):
        if is_concerned(s, hand, device):
            request_pursuit(s, device, now_us, until_us)


@kernel
def _begin(s: Shard, case: int, hand: int, now_us: int) -> None:
    """A new hand-over is a new incident, unless the last one is still dangerous."""
    c = condition_at(s, hand)
    c["found"] &= TOWARDS | FOLLOWS | NOT_BACK
    if c["found"]:
        return
    close_condition(s, case, hand, HANDOVER_WINDOW, now_us)


@kernel
def _pass_slots(s: Shard, hand: int, now_us: int) -> None:
    """Leave behind the windows that can say nothing any more."""
    c = condition_at(s, hand)
    while c["slot_at"] < c["slot_to"]:
        slot = slot_at(s, c["slot_at"])
        if max(slot["to_us"], slot["return_us"]) + GRACE_US > now_us:
            return
        c["slot_at"] += 1


# --- what fixes cause -------------------------------------------------------------------------------------


@kernel
def judge_handover(s: Shard, case: int, hand: int, now_us: int) -> None:
    """Judge a hand-over at one moment with what is known."""
    _judge(s, case, hand, now_us, False, False)


@kernel
def _judge(s: Shard, case: int, hand: int, now_us: int, parted: bool, overdue: bool) -> None:
    """Find what is wrong now; tell what is new, and close when nothing has been wrong for two good fixes."""
    e = condition_episode_at(s, hand)
    part = part_at(s, hand, now_us)
    if part == 0 and not (parted or overdue) and e["opened_us"] == NEVER:
        return
    near = _draft_nearest(s, case, hand, now_us)
    _find_pair(s, hand, part, near, parted, now_us)
    if part & WATCH and not part & REPLACED:  # the hour before a return may lie over the window before it
        _find_early(s, case, hand, now_us)
    _find_silence(s, case, hand, part, now_us)
    if overdue:
        _find_child(s, case, hand, now_us)
    if e["opened_us"] != NEVER:
        _calm_down(s, case, hand, part, near, now_us)


@kernel
def _draft_nearest(s: Shard, case: int, hand: int, now_us: int) -> int:
    """Draft the nearest pair of his and her devices; its level (0 apart), or -1 if no pair has two fresh places."""
    clear_draft(s)
    k = case_at(s, case)
    c = condition_at(s, hand)
    draft = draft_of(s)
    level = -1
    for r_i in range(k["device_from"], k["protected_from"]):
        for p_i in range(k["protected_from"], k["device_to"]):
            r = device_at(s, r_i)
            p = device_at(s, p_i)
            if p["party"] != c["party"] or not is_placed(r, now_us) or not is_placed(p, now_us):
                continue
            distance = pair_distance_m(r, p)
            a = aged(spread(r), r["speed_mps"], now_us - r["fix_us"])
            b = aged(spread(p), p["speed_mps"], now_us - p["fix_us"])
            inside = within(distance, c["distance_m"], a, b, 0.0)
            if level >= 0 and inside <= draft["p_distance"]:
                continue
            good = min(quality(r), quality(p))
            level = PROBABLE if inside >= P_OPEN and good == 1 else POSSIBLE if inside >= P_POSSIBLE else 0
            draft["p_distance"] = inside
            draft["distance_m"] = distance
            draft["aged_us"] = now_us
            draft["good"] = good
            draft["respondent"] = r_i
            draft["protected"] = p_i
            draft["occurred_us"] = max(r["fix_us"], p["fix_us"])
    if level >= 0:
        draft["who"] = who_approached(s, draft["respondent"], draft["protected"])
        see_drafted(s)
    return level


@kernel
def _find_pair(s: Shard, hand: int, part: int, level: int, parted: bool, now_us: int) -> None:
    """Towards her, and following: in the window and while they part."""
    c = condition_at(s, hand)
    draft = draft_of(s)
    if not (part & REPLACED or parted) or level < 0:
        return
    he_is_there = is_there(s, hand, draft["respondent"])
    she_is_there = is_there(s, hand, draft["protected"])
    if he_is_there:
        c["came_us"] = now_us
        c["far_m"] = 0.0
    c["far_m"] = max(c["far_m"], draft["distance_m"])
    if level == 0 or he_is_there or she_is_there:
        c["apart_us"] = NEVER
    elif c["apart_us"] == NEVER:
        c["apart_us"] = now_us
    if level == 0:
        return
    if not part & REPLACED:
        _find(s, hand, FOLLOWS, level, HANDOVER_FOLLOWS, now_us)
        return
    came = c["came_us"] != NEVER
    leaving = came and now_us - c["came_us"] <= GRACE_US and not _comes_back(s, hand)
    if came and c["apart_us"] != NEVER and now_us - c["apart_us"] >= FOLLOW_US:
        _find(s, hand, FOLLOWS, level, HANDOVER_FOLLOWS, now_us)
    elif not (he_is_there or leaving or (she_is_there and not came)):
        _find(s, hand, TOWARDS, level, HANDOVER_TOWARDS_HER, now_us)


@kernel
def _comes_back(s: Shard, hand: int) -> bool:
    """Whether the drafted pair is nearer than it was since he left the place, by more than noise and by his own way."""
    draft = draft_of(s)
    noise = 0.5 * (device_at(s, draft["respondent"])["radius_m"] + device_at(s, draft["protected"])["radius_m"])
    nearer = condition_at(s, hand)["far_m"] - draft["distance_m"]
    return bool(nearer > NOISE_M + noise and draft["who"] != WHO_PROTECTED)


@kernel
def _find_early(s: Shard, case: int, hand: int, now_us: int) -> None:
    """He is at the place too early: whether she is there or not, her ring stands beside this."""
    k = case_at(s, case)
    for device in range(k["device_from"], k["protected_from"]):
        d = device_at(s, device)
        if is_placed(d, now_us) and quality(d) >= 0 and is_there(s, hand, device):
            _find_alone(s, hand, device, EARLY, POSSIBLE, HANDOVER_EARLY, now_us)
            return


@kernel
def _find_silence(s: Shard, case: int, hand: int, part: int, now_us: int) -> None:
    """A device concerned says nothing: in a window this is serious at once."""
    k = case_at(s, case)
    c = condition_at(s, hand)
    for device in range(k["device_from"], k["device_to"]):
        bit = 1 << (device - k["device_from"])
        if not _is_silent(s, hand, device, part):
            c["silent"] &= ~bit
        elif not c["silent"] & bit:
            c["silent"] |= bit
            _see_alone(s, device, now_us)
            _tell(s, hand, True, POSSIBLE, HANDOVER_SILENCE, now_us)


@kernel
def _find_child(s: Shard, case: int, hand: int, now_us: int) -> None:
    """The grace after the return is over: the child's device must say that it is back."""
    k = case_at(s, case)
    child = condition_at(s, hand)["child"]
    for device in range(k["protected_from"], k["device_to"]):
        if device_at(s, device)["party"] == child:
            if not _is_back(s, case, hand, now_us):
                _find_alone(s, hand, device, NOT_BACK, PROBABLE, CHILD_NOT_BACK, now_us)
            return
    _find_alone(s, hand, -1, UNCONFIRMED, POSSIBLE, CHILD_UNCONFIRMED, now_us)


@kernel
def _is_back(s: Shard, case: int, hand: int, now_us: int) -> bool:
    """Whether a fresh place has the child at the neutral place, near her, or surely away from him."""
    k = case_at(s, case)
    c = condition_at(s, hand)
    for device in range(k["protected_from"], k["device_to"]):
        d = device_at(s, device)
        if d["party"] != c["child"] or not is_placed(d, now_us) or quality(d) < 0:
            continue
        if is_there(s, hand, device):
            return True
        apart = k["protected_from"] > k["device_from"]
        for other in range(k["device_from"], k["device_to"]):
            o = device_at(s, other)
            known = is_placed(o, now_us) and quality(o) >= 0
            if o["party"] == 0:
                apart = apart and known and _nearer(d, o, c["distance_m"]) <= P_CLOSE
            elif o["party"] == c["party"] and known and _nearer(d, o, NEAR_M) >= P_OPEN:
                return True
        if apart:
            return True
    return False


@kernel
def _nearer(a: Row, b: Row, distance_m: float) -> float:
    """P(two newest places are nearer than a distance), as they were when taken."""
    return within(pair_distance_m(a, b), distance_m, spread(a), spread(b), 0.0)


# --- telling ----------------------------------------------------------------------------------------------


@kernel
def _see_alone(s: Shard, device: int, now_us: int) -> None:
    """Draft what is about one device (-1: nobody's), not about the pair drafted before."""
    clear_draft(s)
    draft = draft_of(s)
    draft["occurred_us"] = now_us
    if device >= 0 and device_at(s, device)["fix_us"] != NEVER:
        if device_at(s, device)["party"] == 0:
            draft["respondent"] = device
        else:
            draft["protected"] = device
        see_drafted(s)


@kernel
def _find_alone(s: Shard, hand: int, device: int, finding: int, level: int, reason: int, now_us: int) -> None:
    """Find something that is about one device; told once."""
    if condition_at(s, hand)["found"] & finding:
        return
    _see_alone(s, device, now_us)
    _find(s, hand, finding, level, reason, now_us)


@kernel
def _find(s: Shard, hand: int, finding: int, level: int, reason: int, now_us: int) -> None:
    """Note a finding and tell it if it is new, worse, or materially changed."""
    c = condition_at(s, hand)
    new = c["found"] & finding == 0
    c["found"] |= finding
    _tell(s, hand, new, level, reason, now_us)


@kernel
def _tell(s: Shard, hand: int, new: bool, level: int, reason: int, now_us: int) -> None:
    """Tell what is drafted, in the one incident of this hand-over."""
    e = condition_episode_at(s, hand)
    e["calm"] = 0
    occurred = min(draft_of(s)["occurred_us"], now_us)
    phase = UPDATE
    if e["opened_us"] == NEVER:
        phase = OPEN
        e["opened_us"] = now_us
        e["occurred_us"] = occurred
    elif not new and level <= e["level"] and not is_material(s, e, now_us):
        return
    e["level"] = max(e["level"], level)
    case = condition_at(s, hand)["case"]
    tell(s, e, case, -1, hand, phase, KIND_HANDOVER, priority_of(HANDOVER, e["level"]), reason, now_us, occurred)


@kernel
def _calm_down(s: Shard, case: int, hand: int, part: int, level: int, now_us: int) -> None:
    """After the hand-over two fixes that show nothing wrong end its incident; never while something may be."""
    c = condition_at(s, hand)
    e = condition_episode_at(s, hand)
    if c["found"] & NOT_BACK and _is_back(s, case, hand, now_us):
        c["found"] &= ~NOT_BACK
    if part or c["found"] & (NOT_BACK | UNCONFIRMED):
        return
    if c["found"] & (TOWARDS | FOLLOWS) and not (level == 0 and draft_of(s)["p_distance"] <= P_CLOSE):
        e["calm"] = 0
        return
    e["calm"] += 1
    if e["calm"] < CALM_FIXES:
        return
    _draft_nearest(s, case, hand, now_us)
    priority = priority_of(HANDOVER, e["level"])
    tell(s, e, case, -1, hand, CLOSE, KIND_HANDOVER, priority, CLEAR_EVIDENCE, now_us, now_us)
    close_episode(e, now_us)
    c["found"] = 0
