"""Silence of a device: unknown is never safe.

A device is silent when nothing was heard from it for 3 of its intervals, when it talks but its newest place that
says anything (no lone jump, not mocked) is stale, or when it has sent vague places only for two minutes. Silence
opens as technical (priority 3). It becomes serious (priority 2) at the moment from which the reachable set of its
party, the last place grown at a plausible speed, meets the other party's within the ring or a closed area:
"possible since" that moment, impossible before. A party never located can be anywhere. A fix of the other party
renews the judgement ("partner position stale"); only hearing AND placing the device again closes it. At high threat a
meeting that stays possible for two minutes without a better fix is critical (priority 1).

The respondent's unseen way is a car's. The protected person's is a walk if she was at rest, but at high threat a
car's too: she may be silent at home for hours, and the question is whether HE came near. A device that falls silent
again within a shift (12 h) continues its incident.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.areas import local, signed_distance_m
from aralyk.engine.compiled import kernel
from aralyk.engine.geodesy import distance_m, metres_per_degree
from aralyk.engine.pairs import pair_distance_m, stale_us
from aralyk.engine.reasons import (
    CONTACT_RESTORED,
    NO_BETTER_FIX,
    PARTNER_POSITION_STALE,
    POSITION_STALE,
    POSITION_UNKNOWN,
    POSITION_VAGUE,
    POSSIBLE_SINCE,
    REPEATED_PROVOCATION,
)
from aralyk.engine.records import (
    DEVICE_EPISODES,
    EXCLUSION,
    FOREVER,
    JAMMING,
    NEVER,
    OPEN,
    PROXIMITY,
    SILENCE,
    THREAT_HIGH,
    UPDATE,
    Row,
)
from aralyk.engine.rules.gadgets import close_device, open_device, tell_device
from aralyk.engine.rules.grouping import forget_lead, join_silence
from aralyk.engine.rules.lost import hint_lost_while_moving, is_off_again, why_lost
from aralyk.engine.rules.requests import request_better_fix
from aralyk.engine.rules.telling import clear_draft, see_drafted
from aralyk.engine.rules.verdicts import is_material
from aralyk.engine.shard import Shard, case_at, condition_at, device_at, device_episode_at, draft_of, due_at

REACH_MPS = policy.REACH_MPS
STROLL_MPS = policy.STROLL_MPS
REST_MPS = policy.REST_MPS
REST_HEARD_US = policy.REST_HEARD_US
SERIOUS_INTERVALS = policy.SERIOUS_INTERVALS
WALK_MPS = policy.WALK_MPS
BETTER_FIX_US = policy.BETTER_FIX_US
SILENCE_FOLD_US = policy.SILENCE_FOLD_US
PROVOKED_US = policy.PROVOKED_US
VAGUE_PATIENCE_US = policy.VAGUE_PATIENCE_US
SPEED_MAX_MPS = policy.SPEED_MAX_MPS
SILENCE_INTERVALS = policy.SILENCE_INTERVALS
SILENCE_BIT = 1 << SILENCE


@kernel
def reach_mps(d: Row, threat: int) -> float:
    """The speed at which an unseen party may have gone on: a car in a city, or its own last speed if faster."""
    if d["party"] != 0 and threat != THREAT_HIGH and d["fastest_mps"] < WALK_MPS:
        return STROLL_MPS
    own = 1.2 * d["speed_mps"]
    return float(min(max(own, REACH_MPS), SPEED_MAX_MPS))


@kernel
def is_believed(d: Row) -> bool:
    """Whether the newest place that was sent says where the device is."""
    return bool(d["sharp_us"] == d["fix_us"] and d["distrusted"] == 0)


@kernel
def is_settled(d: Row) -> bool:
    """Whether the device was at rest when it was last placed, and no jamming is reported."""
    return bool(d["fastest_mps"] < REST_MPS and not d["open"] & (1 << JAMMING))


@kernel
def sharp_gap_m(d: Row, o: Row) -> float:
    """Distance between the last places of two devices that said where they were, metres."""
    return distance_m(d["sharp_lat"], d["sharp_lon"], o["sharp_lat"], o["sharp_lon"])


@kernel
def watched_since_us(s: Shard, d: Row) -> int:
    """From when on a device must be heard: the order's start, or its later assignment to the order."""
    return int(max(case_at(s, d["case"])["starts_us"], d["since_us"]))


@kernel
def quiet_due_us(s: Shard, device: int) -> int:
    """When this device becomes silent if nothing more comes."""
    d = device_at(s, device)
    starts = watched_since_us(s, d)
    heard = max(d["contact_us"], starts) + SILENCE_INTERVALS * d["interval_us"]
    patience = max(VAGUE_PATIENCE_US, SILENCE_INTERVALS * d["interval_us"])
    placed = max(d["sharp_us"], starts) + patience
    return int(max(min(heard, placed), d["excused_us"]))


@kernel
def silence_due_us(s: Shard, device: int) -> int:
    """The next moment at which time alone says something about this device's silence; FOREVER if never."""
    d = device_at(s, device)
    if not d["open"] & SILENCE_BIT:
        return quiet_due_us(s, device)
    e = device_episode_at(s, device * DEVICE_EPISODES + SILENCE)
    if e["level"] <= 2:
        return int(e["doubt_us"]) if e["doubt_us"] != NEVER else FOREVER
    due, _ = reach_due(s, device)
    return serious_us(s, d, due) if due < FOREVER else FOREVER


@kernel
def serious_us(s: Shard, d: Row, possible_us: int) -> int:
    """When a meeting that is possible since a moment is told as serious.

    Never before it is news that somebody at rest, who is heard, has no place: when that place is stale.
    """
    told = _patient_us(s, d, possible_us)
    if is_settled(d) and is_believed(d):
        unheard = d["contact_us"] + SILENCE_INTERVALS * d["interval_us"]
        told = max(told, min(unheard, d["sharp_us"] + stale_us(d)))
    return int(told)


@kernel
def _patient_us(s: Shard, d: Row, possible_us: int) -> int:
    """Two intervals after a meeting became possible.

    At once at high threat, and when he moves and his places contradict each other. After one interval when she is the
    silent one: then it is his coming near that makes a meeting possible. Later when he was at rest and is still heard,
    without a place.
    """
    settled = is_settled(d)
    if case_at(s, d["case"])["threat"] == THREAT_HIGH or (d["party"] == 0 and d["distrusted"] == 1 and not settled):
        return possible_us
    if d["party"] != 0:
        return int(possible_us + d["interval_us"])
    soon = possible_us + SERIOUS_INTERVALS * d["interval_us"]
    if not settled:
        return int(soon)
    unheard = d["contact_us"] + SILENCE_INTERVALS * d["interval_us"]
    return int(min(soon + REST_HEARD_US, max(soon, unheard)))


@kernel
def fire_silence(s: Shard, device: int, now_us: int) -> None:
    """Open the silence of a device, or raise it because the reachable sets meet from now on."""
    d = device_at(s, device)
    if not d["open"] & SILENCE_BIT:
        starts = watched_since_us(s, d)
        unheard = max(d["contact_us"], starts) + SILENCE_INTERVALS * d["interval_us"] <= now_us
        if is_believed(d) and d["contact_us"] <= d["received_us"]:
            unheard = True  # nothing came since its last place: that place's own delay makes it due first
        since = d["contact_us"] if unheard else d["sharp_us"]
        reason = why_lost(s, device) if unheard else POSITION_STALE if is_believed(d) else POSITION_VAGUE
        _open_silence(s, device, reason, now_us, max(since, starts))
        return
    due, other = reach_due(s, device)
    e = device_episode_at(s, device * DEVICE_EPISODES + SILENCE)
    if e["level"] <= 2:
        e["doubt_us"] = NEVER
        if due <= now_us:
            e["level"] = 1
            draft_last_places(s, device, other)
            tell_device(
                s, device, SILENCE, UPDATE, 1, NO_BETTER_FIX, now_us, max(due, case_at(s, d["case"])["starts_us"])
            )
        return
    raise_silence(s, device, other, POSITION_UNKNOWN if due < 0 else POSSIBLE_SINCE, now_us, max(due, 0))


@kernel
def _open_silence(s: Shard, device: int, reason: int, now_us: int, since_us: int) -> None:
    """Open a silence, or go on with the incident of one that ended a short time ago."""
    e = device_episode_at(s, device * DEVICE_EPISODES + SILENCE)
    off_again = is_off_again(s, device, reason, now_us)
    fold_us = PROVOKED_US if off_again else SILENCE_FOLD_US
    folded = e["closed_us"] != NEVER and now_us - e["closed_us"] <= fold_us
    first = e["first_us"] if folded else now_us
    forget_lead(e)
    e["doubt_us"] = NEVER
    told = REPEATED_PROVOCATION if off_again else reason
    open_device(s, device, SILENCE, UPDATE if folded else OPEN, 2 if off_again else 3, told, now_us, since_us, first)
    e["level"] = 3  # told as serious or not, its reach is still to be judged
    hint_lost_while_moving(s, device, reason, now_us)


@kernel
def raise_silence(s: Shard, device: int, other: int, reason: int, now_us: int, since_us: int) -> None:
    """Make a silence serious, showing both last places when there are two."""
    _make_serious(s, device, now_us)  # first: its request is a decision with a draft of its own
    draft_last_places(s, device, other)
    occurred = max(since_us, case_at(s, device_at(s, device)["case"])["starts_us"])
    tell_device(s, device, SILENCE, UPDATE, 2, reason, now_us, occurred)


@kernel
def _make_serious(s: Shard, device: int, now_us: int) -> None:
    """Raise a silence to priority 2, ask for a better fix, and at high threat start the clock to priority 1."""
    e = device_episode_at(s, device * DEVICE_EPISODES + SILENCE)
    if e["level"] <= 2:
        return
    e["level"] = 2
    join_silence(s, device)
    case = device_at(s, device)["case"]
    if case_at(s, case)["threat"] == THREAT_HIGH:
        e["doubt_us"] = now_us + BETTER_FIX_US
        due_at(s, case)["due_us"] = 0
    request_better_fix(s, device, now_us)


@kernel
def draft_last_places(s: Shard, device: int, other: int) -> None:
    """Draft the distance between the last places of two devices (`other` may be -1)."""
    clear_draft(s)
    draft = draft_of(s)
    d = device_at(s, device)
    mine = device if d["fix_us"] != NEVER else -1
    draft["respondent"] = mine if d["party"] == 0 else other
    draft["protected"] = other if d["party"] == 0 else mine
    see_drafted(s)
    threat = case_at(s, d["case"])["threat"]
    if mine >= 0:
        draft["reach_mps"] = reach_mps(d, threat)
    if mine >= 0 and other >= 0:
        draft["distance_m"] = pair_distance_m(d, device_at(s, other))
        away = reach_mps(d, threat) * 1e-6 * abs(device_at(s, other)["fix_us"] - d["fix_us"])
        draft["extra_m2"] = 0.5 * away * away


@kernel
def reach_due(s: Shard, device: int) -> tuple[int, int]:
    """When the reachable sets meet (FOREVER: nothing to meet; -1: at once), and the other device, if any."""
    d = device_at(s, device)
    k = case_at(s, d["case"])
    best = FOREVER
    best_other = -1
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["kind"] == PROXIMITY and (d["party"] == 0 or d["party"] == c["party"]):
            due, other = _meet_due(s, device, condition)
        elif c["kind"] == EXCLUSION and d["party"] == 0 and c["active"] == 1:
            due, other = _area_due(s, device, condition), -1
        else:
            continue
        if due < best:
            best, best_other = due, other
    return best, best_other


@kernel
def newest_of(s: Shard, case: int, party: int) -> tuple[int, int]:
    """The party's device with the newest place (-1: never located), and how many devices it has."""
    k = case_at(s, case)
    low = k["device_from"] if party == 0 else k["protected_from"]
    high = k["protected_from"] if party == 0 else k["device_to"]
    best = -1
    count = 0
    for device in range(low, high):
        d = device_at(s, device)
        if d["party"] != party:
            continue
        count += 1
        if d["sharp_us"] != NEVER and (best < 0 or d["sharp_us"] > device_at(s, best)["sharp_us"]):
            best = device
    return best, count


@kernel
def _meet_due(s: Shard, device: int, condition: int) -> tuple[int, int]:
    """When this silent device's party may be within the ring of the other's; a person without devices can't be met."""
    d = device_at(s, device)
    c = condition_at(s, condition)
    if _has_other_fresh(s, device):
        return FOREVER, -1
    other, count = newest_of(s, d["case"], c["party"] if d["party"] == 0 else 0)
    if count == 0:
        return FOREVER, -1
    if other < 0 or d["sharp_us"] == NEVER:
        return -1, other
    o = device_at(s, other)
    threat = case_at(s, d["case"])["threat"]
    mine = reach_mps(d, threat)
    theirs = reach_mps(o, threat)
    gap = sharp_gap_m(d, o) - c["distance_m"] - d["sharp_radius_m"] - o["sharp_radius_m"]
    seconds = (gap + theirs * 1e-6 * (o["sharp_us"] - d["sharp_us"])) / (mine + theirs)
    return d["sharp_us"] + (int(seconds * 1e6) if seconds > 0.0 else 0), other


@kernel
def _has_other_fresh(s: Shard, device: int) -> bool:
    """Whether the same party has another device that is not silent and has a place; of his, one that is attested."""
    d = device_at(s, device)
    k = case_at(s, d["case"])
    for i in range(k["device_from"], k["device_to"]):
        o = device_at(s, i)
        if o["party"] == 0 and o["attested"] == 0:
            continue
        if i != device and o["party"] == d["party"] and o["sharp_us"] != NEVER and not o["open"] & SILENCE_BIT:
            return True
    return False


@kernel
def _area_due(s: Shard, device: int, condition: int) -> int:
    """When the silent respondent may have reached a closed area."""
    d = device_at(s, device)
    if d["sharp_us"] == NEVER:
        return -1
    c = condition_at(s, condition)
    east, north = metres_per_degree(d["sharp_lat"])
    x, y = local(c, d["sharp_lat"], d["sharp_lon"], east, north)
    gap = signed_distance_m(s, c, x, y) - d["sharp_radius_m"]
    if gap <= 0.0:
        return int(d["sharp_us"])
    return int(d["sharp_us"] + int(gap / reach_mps(d, case_at(s, d["case"])["threat"]) * 1e6))


@kernel
def hear(s: Shard, device: int, now_us: int) -> None:
    """Close a silence once the device is heard and its place is fresh."""
    d = device_at(s, device)
    if d["open"] & SILENCE_BIT and quiet_due_us(s, device) > now_us:
        close_device(s, device, SILENCE, CONTACT_RESTORED, now_us)


@kernel
def renew_partners(s: Shard, device: int, now_us: int) -> None:
    """A fresh fix of one party: judge again the silent devices of the other (and let time judge the rest)."""
    d = device_at(s, device)
    case = d["case"]
    k = case_at(s, case)
    for other in range(k["device_from"], k["device_to"]):
        o = device_at(s, other)
        if not o["open"] & SILENCE_BIT or other == device or o["party"] == d["party"]:
            continue
        if o["party"] != 0 and d["party"] != 0:
            continue
        due_at(s, case)["due_us"] = 0
        due, met = reach_due(s, other)
        if due == FOREVER or met < 0 or serious_us(s, o, due) > now_us:
            continue
        e = device_episode_at(s, other * DEVICE_EPISODES + SILENCE)
        draft_last_places(s, other, met)
        reason = POSITION_UNKNOWN if due < 0 else PARTNER_POSITION_STALE
        if e["level"] <= 2 and e["reason"] == reason and not is_material(s, e, now_us):
            continue
        _make_serious(s, other, now_us)
        draft_last_places(s, other, met)  # again: a request is a decision with a draft of its own
        since = max(due, k["starts_us"])
        tell_device(s, other, SILENCE, UPDATE, e["level"], reason, now_us, since)
