"""One record arrives: is it new, is it late, what does it say, where is the device now.

Three clocks: `fixed_us` (where it was taken), `received_us` (we heard it), and the case's own time, which
never goes back. A record of the log read twice changes nothing at all; one that the device sent again, received
later, proves only that the device is alive. A record that lacks its own time, or whose clock is more than 5 s ahead
of ours, is taken as of its receipt (the second with a hint). A place older than the newest one never rewinds live
state; a newest place that was long under way moves the last place forward, counts for now with its age, and is
also judged at its own time. A record released from quarantine is news of its own time alone: it is judged late, and is
no contact, however long the device has been silent since.
"""

from __future__ import annotations

import math

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.error_model import spread_of
from aralyk.engine.geodesy import distance_m, metres_per_degree
from aralyk.engine.motion import take_motion
from aralyk.engine.pairs import is_sharp, quality, stale_us, step_back
from aralyk.engine.records import (
    ALARM_SOS,
    ENDED,
    LATE,
    LIVE,
    MOCK,
    NEVER,
    OPEN,
    PLACED,
    RELEASED,
    SOURCE_MASK,
    SOURCE_NETWORK,
    SOURCE_SHIFT,
    STRAP_MASK,
    STRAP_OPEN,
    STRAP_SHIFT,
    SUSPECT,
    TELLING,
    TRUSTED,
    Row,
)
from aralyk.engine.rings import is_known, remember
from aralyk.engine.rules.devices import attest, doubt, say
from aralyk.engine.rules.late import judge_late
from aralyk.engine.rules.life import judge_live
from aralyk.engine.rules.panic import panic
from aralyk.engine.rules.proximity import judge_met
from aralyk.engine.rules.requests import meet_request
from aralyk.engine.rules.silence import hear, is_settled
from aralyk.engine.shard import Shard, case_at, counts_of, device_at, due_at

AHEAD_US = policy.AHEAD_US
LATE_US = policy.LATE_US
UNREAD_US = policy.UNREAD_US
LAG_FIXES = policy.LAG_FIXES
LAG_JITTER_US = policy.LAG_JITTER_US
STALE_US = policy.STALE_US
JUMP_MPS = policy.JUMP_MPS
JUMP_M = policy.JUMP_M
WRONG_US = policy.WRONG_US
WRONG_M = policy.WRONG_M
COARSE_M = policy.COARSE_M
COARSE_LEAP_MPS = policy.COARSE_LEAP_MPS
COARSE_LEAP_SHARE = policy.COARSE_LEAP_SHARE
SPEED_MIN_MPS = policy.SPEED_MIN_MPS
SPEED_MAX_MPS = policy.SPEED_MAX_MPS


@kernel
def receive(s: Shard, record: Row, now_us: int) -> None:
    """Apply one record to its device's case at the case's time `now_us`."""
    device = record["device"]
    d = device_at(s, device)
    released = record["flags"] & RELEASED != 0
    wrong_clock = not released and (record["fixed_us"] - record["received_us"] > AHEAD_US or is_behind(d, record))
    at = record["fixed_us"] if record["fixed_us"] != NEVER and not wrong_clock else record["received_us"]
    telling = tells(record["flags"])
    if is_repeated(s, device, record, at, wrong_clock, telling):
        if not released:
            hear_again(s, device, record["received_us"], now_us)
        return
    fresh = at >= d["record_us"]
    k = case_at(s, d["case"])
    placed = record["flags"] & PLACED != 0
    if record["flags"] & ALARM_SOS:
        panic(s, device, now_us, at, LATE if now_us - at > LATE_US else OPEN)
    collected = k["life"] != ENDED or at < k["expires_us"]
    if telling or (placed and collected):
        remember(s, device, record, at)
        d["record_us"] = max(d["record_us"], at)
    if k["life"] == ENDED:
        if placed and collected:
            judge_late(s, device, record, at, now_us)
        return
    if not released:
        d["contact_us"] = max(d["contact_us"], now_us)
    take(s, device, record, at, fresh, now_us)
    if k["life"] == LIVE and not released:
        doubt(s, device, record, fresh, wrong_clock, now_us, at)
    if not released:
        hear(s, device, now_us)


@kernel
def hear_again(s: Shard, device: int, received_us: int, now_us: int) -> None:
    """Take a repeated record: sent again, it is contact and nothing else; read again, it is nothing."""
    counts_of(s)["duplicates"] += 1
    d = device_at(s, device)
    if received_us > d["contact_us"] and case_at(s, d["case"])["life"] != ENDED:
        d["contact_us"] = received_us
        hear(s, device, now_us)


@kernel
def tells(flags: int) -> bool:
    """Whether a record carries an alarm or an open strap: news even without a place."""
    return bool(flags & TELLING or (flags >> STRAP_SHIFT) & STRAP_MASK == STRAP_OPEN)


@kernel
def take(s: Shard, device: int, record: Row, at_us: int, fresh: bool, now_us: int) -> None:
    """Apply what a record says of its device, of its place, and of whom it hears."""
    d = device_at(s, device)
    live = case_at(s, d["case"])["life"] == LIVE
    if fresh:
        attest(d, record["flags"])
    if live:
        say(s, device, record, fresh, now_us, at_us)
    if record["flags"] & PLACED:
        take_place(s, device, record, at_us, now_us)
    if live and d["met_us"] == at_us:
        judge_met(s, device, now_us)


@kernel
def is_behind(d: Row, record: Row) -> bool:
    """Whether the device's clock runs behind: record after record, heard live, lags by the same minutes or hours."""
    lag = record["received_us"] - record["fixed_us"]
    live = record["received_us"] - d["lag_heard_us"] >= d["interval_us"] // 2
    if record["fixed_us"] == NEVER or lag <= LATE_US or record["fixed_us"] < d["record_us"]:
        d["lag_count"] = 0  # heard in time, or older than what was heard before: that is a buffer, not a clock
    elif live:
        same = d["lag_us"] != NEVER and abs(lag - d["lag_us"]) <= LAG_JITTER_US
        d["lag_count"] = d["lag_count"] + 1 if same else 1
        d["lag_us"] = lag
        d["lag_heard_us"] = record["received_us"]
    return bool(d["lag_count"] >= LAG_FIXES and abs(lag - d["lag_us"]) <= LAG_JITTER_US)


@kernel
def is_repeated(s: Shard, device: int, record: Row, at_us: int, wrong_clock: bool, telling: bool) -> bool:
    """Whether this very record came before; notes what is needed to know it again."""
    d = device_at(s, device)
    if wrong_clock:
        if record["fixed_us"] == d["ahead_us"]:
            return True
        d["ahead_us"] = record["fixed_us"]
    if telling or record["flags"] & PLACED:
        return bool(at_us <= d["record_us"] and is_known(s, device, record, at_us))
    if record["fixed_us"] != NEVER and record["fixed_us"] == d["beat_us"] and record["flags"] == d["beat_flags"]:
        return True
    if record["flags"] & RELEASED:
        return False
    d["beat_us"] = record["fixed_us"]
    d["beat_flags"] = record["flags"]
    return False


@kernel
def take_place(s: Shard, device: int, record: Row, at_us: int, now_us: int) -> None:
    """Move the device's newest place forward and judge it; an older place is judged late."""
    d = device_at(s, device)
    if at_us < d["fix_us"]:
        judge_late(s, device, record, at_us, now_us)
        return
    if contradicts(d, record, at_us):
        if d["distrusted"] == 0:
            d["wrong_us"] = at_us
        d["distrusted"] = 1
        d["wrong_lat"] = record["lat"]
        d["wrong_lon"] = record["lon"]
        due_at(s, d["case"])["due_us"] = 0  # patience with such places is shorter
        return
    settled = is_settled(d)
    d["distrusted"] = 0
    move(d, record, at_us)
    if not is_sharp(d) or (settled and not is_settled(d)):
        due_at(s, d["case"])["due_us"] = 0  # patience with such places is shorter
    k = case_at(s, d["case"])
    if k["life"] != LIVE:
        return
    meet_request(s, device, now_us)
    if now_us - at_us <= LATE_US:
        d["unread_us"] = NEVER
        judge_live(s, device, now_us)
        return
    judge_late(s, device, record, at_us, now_us)
    if now_us - at_us <= stale_us(d):
        d["unread_us"] = now_us + UNREAD_US
        due_at(s, d["case"])["due_us"] = 0


@kernel
def contradicts(d: Row, record: Row, at_us: int) -> bool:
    """Whether a coarse place lies where nobody can have gone from the last good one: then it is no place.

    One that tells a speed was not made of cell towers alone; if it is small too, the rule of jumps judges it.
    """
    source = (record["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    towers = source == SOURCE_NETWORK and record["speed_mps"] < 0.0
    if d["good_us"] == NEVER or (record["radius_m"] <= COARSE_M and not towers):
        return False
    if d["distrusted"] == 1 and at_us - d["wrong_us"] <= WRONG_US:
        again = distance_m(d["wrong_lat"], d["wrong_lon"], record["lat"], record["lon"])
        if again <= WRONG_M + record["radius_m"]:
            return True  # the same tower errs again: that time has passed makes it no likelier
    way = distance_m(d["good_lat"], d["good_lon"], record["lat"], record["lon"])
    speed = max(COARSE_LEAP_MPS, COARSE_LEAP_SHARE * d["fastest_mps"])
    return bool(way - d["good_radius_m"] - 2.0 * record["radius_m"] > speed * ((at_us - d["good_us"]) * 1e-6))


@kernel
def move(d: Row, record: Row, at_us: int) -> None:
    """Make the record the device's newest place; a lone jump is suspect until a next fix agrees with it."""
    east, north = metres_per_degree(record["lat"])
    lat, lon, fix_us, radius, trust = d["lat"], d["lon"], d["fix_us"], d["radius_m"], d["trust"]
    d["lat"] = record["lat"]
    d["lon"] = record["lon"]
    d["east_m"] = east
    d["north_m"] = north
    d["fix_us"] = at_us
    d["received_us"] = record["received_us"]
    d["radius_m"] = record["radius_m"]
    d["source"] = (record["flags"] >> SOURCE_SHIFT) & SOURCE_MASK
    d["mock"] = 1 if record["flags"] & MOCK else 0
    d["reported_mps"] = record["speed_mps"]
    _take_spread(d)
    if fix_us == NEVER:
        d["trust"] = TRUSTED
        d["step_m"] = 0.0
        take_motion(d, record["heading_deg"])
        d["speed_mps"] = max(SPEED_MIN_MPS, min(record["speed_mps"], SPEED_MAX_MPS))
        _take_sharpness(d)
        return
    older_lat, older_lon, older_us, older_radius = d["prev_lat"], d["prev_lon"], d["prev_us"], d["prev_radius_m"]
    older_good = d["prev_good"]
    d["prev_good"] = 1 if d["good_us"] == fix_us else 0
    _set_previous(d, lat, lon, fix_us, radius)
    jumped = _is_jump(d)
    if jumped and trust == SUSPECT and older_us != NEVER:
        # The place before was a lone jump: if this fix fits the one before it, the jump is dropped from the path.
        _set_previous(d, older_lat, older_lon, older_us, older_radius)
        d["prev_good"] = older_good
        jumped = _is_jump(d)
    d["trust"] = SUSPECT if jumped else TRUSTED
    take_motion(d, record["heading_deg"])
    _take_speed(d)
    _take_sharpness(d)


@kernel
def _take_sharpness(d: Row) -> None:
    """Note where the device was last placed by a fix that says where it is, and by one that may prove something."""
    if is_sharp(d):
        d["sharp_us"] = d["fix_us"]
        d["sharp_lat"] = d["lat"]
        d["sharp_lon"] = d["lon"]
        d["sharp_radius_m"] = d["radius_m"]
    if quality(d) == 1:
        d["good_us"] = d["fix_us"]
        d["good_lat"] = d["lat"]
        d["good_lon"] = d["lon"]
        d["good_radius_m"] = d["radius_m"]


@kernel
def _take_spread(d: Row) -> None:
    e = spread_of(d["radius_m"])
    d["core2"] = e.core2
    d["wide2"] = e.wide2
    d["outlier2"] = e.outlier2
    d["wide_share"] = e.wide_share
    d["outlier_share"] = e.outlier_share


@kernel
def _set_previous(d: Row, lat: float, lon: float, fix_us: int, radius_m: float) -> None:
    d["prev_lat"] = lat
    d["prev_lon"] = lon
    d["prev_us"] = fix_us
    d["prev_radius_m"] = radius_m
    x, y = step_back(d)
    d["step_m"] = math.sqrt(x * x + y * y)


@kernel
def _is_jump(d: Row) -> bool:
    if d["prev_good"] == 0 and d["good_us"] != NEVER and quality(d) == 1:
        # What came between was coarse: only the last good place can call a good one a jump.
        way = distance_m(d["good_lat"], d["good_lon"], d["lat"], d["lon"]) - d["good_radius_m"] - d["radius_m"]
        return bool(way > JUMP_M and way > JUMP_MPS * ((d["fix_us"] - d["good_us"]) * 1e-6))
    beyond = d["step_m"] - d["prev_radius_m"] - d["radius_m"]
    seconds = (d["fix_us"] - d["prev_us"]) * 1e-6
    return bool(beyond > JUMP_M and beyond > JUMP_MPS * seconds)


@kernel
def _take_speed(d: Row) -> None:
    """The speed at which this place ages: what the device reports, or its step less the noise, or half of before."""
    seconds = (d["fix_us"] - d["prev_us"]) * 1e-6
    speed = max(d["reported_mps"], 0.5 * d["speed_mps"])
    if d["trust"] == TRUSTED and seconds >= 1.0:
        stepped = (d["step_m"] - d["prev_radius_m"] - d["radius_m"]) / seconds
        speed = max(speed, stepped)
    d["speed_mps"] = max(SPEED_MIN_MPS, min(speed, SPEED_MAX_MPS))
