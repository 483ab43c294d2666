"""How a device moves: its velocity, whether it drives steadily through, and when it reaches a ring.

A velocity is what the device reports (speed and heading), else its last step when that is longer than the noise of
both its ends. Coarse places have one only while he is known to move; a jump and a long gap have none. Headings are
compass degrees; vectors are metres per second east and north.
"""

from __future__ import annotations

import math

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.geodesy import distance_m
from aralyk.engine.pairs import offset, step_back
from aralyk.engine.records import NEVER, TRUSTED, Row
from aralyk.engine.tables import cos_degrees

COARSE_M = policy.COARSE_M
COARSE_LEAP_MPS = policy.COARSE_LEAP_MPS
MOTION_US = policy.MOTION_US
STEADY_SHARE = policy.STEADY_SHARE
STEADY_COS = policy.STEADY_COS
PASSING_MPS = policy.PASSING_MPS
MOTORWAY_MPS = policy.MOTORWAY_MPS
PASSING_S = policy.PASSING_S
PASSING_MISS_SHARE = policy.PASSING_MISS_SHARE
FORGET_FASTEST_S = policy.FORGET_FASTEST_S
FORGET_COARSE_S = policy.FORGET_COARSE_S
APPROACH_MIN_MPS = policy.APPROACH_MIN_MPS
APPROACH_COS = policy.APPROACH_COS
APPROACH_WALK_S = policy.APPROACH_WALK_S
APPROACH_DRIVE_S = policy.APPROACH_DRIVE_S
WALK_MPS = policy.WALK_MPS
DRIVE_MPS = policy.DRIVE_MPS
PROJECT_US = policy.PROJECT_US
NOISE_SHARE = 0.5
"""Of both declared radii: a shorter step is noise."""
COARSE_NOISE_SHARE = 0.75
"""As above when one of them is coarse."""
COARSE_COS = 0.8
"""Two cell towers make a direction of nothing: it must point at her."""
LEFT_M = 2000.0
"""Farther than this (and both radii) from the last good place nobody merely stands under another cell tower."""
MOVING_MPS = 0.5
"""Below this a reported heading says nothing."""


@kernel
def heading_unit(heading_deg: float) -> tuple[float, float]:
    """East and north parts of a compass heading in [0, 360)."""
    if heading_deg <= 90.0:
        return cos_degrees(90.0 - heading_deg), cos_degrees(heading_deg)
    if heading_deg <= 180.0:
        return cos_degrees(heading_deg - 90.0), -cos_degrees(180.0 - heading_deg)
    if heading_deg <= 270.0:
        return -cos_degrees(270.0 - heading_deg), -cos_degrees(heading_deg - 180.0)
    return -cos_degrees(heading_deg - 270.0), cos_degrees(360.0 - heading_deg)


@kernel
def take_motion(d: Row, heading_deg: float) -> None:
    """Note the velocity of the newest place, and whether the device goes on as it went before."""
    seconds = (d["fix_us"] - d["prev_us"]) * 1e-6 if d["prev_us"] != NEVER else 0.0
    length = d["step_m"]
    coarse = d["radius_m"] > COARSE_M or d["prev_radius_m"] > COARSE_M
    noise = (COARSE_NOISE_SHARE if coarse else NOISE_SHARE) * (d["prev_radius_m"] + d["radius_m"])
    stepped = d["trust"] == TRUSTED and 1.0 <= seconds <= MOTION_US * 1e-6 and length > noise
    reported = d["reported_mps"]
    was_x, was_y = d["vx_mps"], d["vy_mps"]
    vx = 0.0
    vy = 0.0
    kept = 1.0 - seconds / (FORGET_COARSE_S if coarse else FORGET_FASTEST_S)
    fastest = d["fastest_mps"] * kept if kept > 0.0 else 0.0
    if d["trust"] == TRUSTED and (not coarse or fastest >= APPROACH_MIN_MPS or _has_left(d)):
        if reported >= MOVING_MPS and heading_deg >= 0.0:
            east, north = heading_unit(heading_deg)
            vx = reported * east
            vy = reported * north
        elif stepped and (reported < 0.0 or reported >= MOVING_MPS):
            bx, by = step_back(d)
            speed = reported if reported >= 0.0 else length / seconds
            vx = -bx / length * speed
            vy = -by / length * speed
    d["vx_mps"] = vx
    d["vy_mps"] = vy
    speed = math.sqrt(vx * vx + vy * vy)
    if not coarse:  # what a cell tower makes of standing still is no speed
        fastest = max(speed, fastest)
    d["fastest_mps"] = fastest
    was = math.sqrt(was_x * was_x + was_y * was_y)
    straight = was * speed > 0.0 and vx * was_x + vy * was_y >= STEADY_COS * was * speed
    d["steady"] = 1 if straight and speed >= PASSING_MPS and speed >= STEADY_SHARE * fastest else 0


@kernel
def _has_left(d: Row) -> bool:
    """Whether the newest place lies clearly away from the last good one."""
    if d["good_us"] == NEVER:
        return False
    way = distance_m(d["good_lat"], d["good_lon"], d["lat"], d["lon"])
    return bool(way > LEFT_M + d["good_radius_m"] + d["radius_m"])


@kernel
def speed_mps(d: Row) -> float:
    """The speed of the newest place, 0 if unknown."""
    return math.sqrt(d["vx_mps"] * d["vx_mps"] + d["vy_mps"] * d["vy_mps"])


@kernel
def is_passing(d: Row, x: float, y: float, radius_m: float) -> bool:
    """Whether the device drives steadily through a disc and will have left it soon.

    `x`, `y`: metres from the disc's centre to the device. Steady means fast, neither slowing nor turning. Below
    motorway speed the straight way must also miss the centre clearly, unless he has that behind him: a car that heads
    for her, or has just come to her, is not passing.
    """
    if d["steady"] == 0:
        return False
    vx, vy = d["vx_mps"], d["vy_mps"]
    speed = speed_mps(d)
    along = -(x * vx + y * vy) / speed
    miss = abs(x * vy - y * vx) / speed
    near = PASSING_MISS_SHARE * radius_m
    if speed < MOTORWAY_MPS and miss < near and along > -near:
        return False
    chord = radius_m * radius_m - miss * miss
    left = along + (math.sqrt(chord) if chord > 0.0 else 0.0)
    return bool(left <= PASSING_S * speed)


@kernel
def _ahead_s(d: Row, now_us: int) -> float:
    """For how long a place is carried forward along its velocity."""
    age = now_us - d["fix_us"]
    return float((age if age < PROJECT_US else PROJECT_US) * 1e-6) if age > 0 else 0.0


@kernel
def contact_s(r: Row, p: Row, ring_m: float, now_us: int) -> tuple[float, float]:
    """Seconds until the ring is reached if both keep their motion (0 inside, -1: not closing), and his own share.

    The second figure is the respondent's own speed towards her, metres per second: only his movement may open an
    incident.
    """
    x, y = offset(r, p)
    mine = _ahead_s(r, now_us)
    hers = _ahead_s(p, now_us)
    x += r["vx_mps"] * mine - p["vx_mps"] * hers
    y += r["vy_mps"] * mine - p["vy_mps"] * hers
    distance = math.sqrt(x * x + y * y)
    if distance <= ring_m or distance == 0.0:
        return 0.0, 0.0
    his = -(x * r["vx_mps"] + y * r["vy_mps"]) / distance
    both = his + (x * p["vx_mps"] + y * p["vy_mps"]) / distance
    if both <= MOVING_MPS:
        return -1.0, his
    return (distance - ring_m) / both, his


@kernel
def horizon_s(speed: float) -> float:
    """How many seconds ahead an approach at this speed is told: longer on foot, where there is time to act."""
    if speed <= WALK_MPS:
        return APPROACH_WALK_S
    if speed >= DRIVE_MPS:
        return APPROACH_DRIVE_S
    share = (speed - WALK_MPS) / (DRIVE_MPS - WALK_MPS)
    return APPROACH_WALK_S + share * (APPROACH_DRIVE_S - APPROACH_WALK_S)


@kernel
def is_approaching(r: Row, p: Row, ring_m: float, now_us: int) -> bool:
    """Whether he comes towards her and will be within the ring in seconds that leave little time."""
    speed = speed_mps(r)
    if speed < APPROACH_MIN_MPS:
        return False
    seconds, his = contact_s(r, p, ring_m, now_us)
    towards = APPROACH_COS
    if r["radius_m"] > COARSE_M:
        towards = COARSE_COS
        if speed > COARSE_LEAP_MPS:
            return False
    if seconds < 0.0 or his < APPROACH_MIN_MPS or his < towards * speed:
        return False
    return bool(seconds <= horizon_s(speed))
