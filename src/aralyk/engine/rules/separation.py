"""What devices hear of each other by BLE: who is together, who is apart, and whose place can't be true.

A record may state which devices of the case it hears. The respondent's bracelet and phone that no longer hear each
other are apart (`separation`, told on the bracelet). Devices of both parties that hear each other have met: the
moment is kept (`met_us`) for the proximity rule. And devices that hear each other can't be farther apart than BLE
reaches: if their places surely are, one of the places is false, a hint told on the device that is trusted less.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.pairs import is_placed, is_sharp, pair_distance_m, spread
from aralyk.engine.probability import within
from aralyk.engine.reasons import BLE_CONTRADICTS_PLACE, DEVICES_APART, DEVICES_TOGETHER, PLACES_CONTRADICT
from aralyk.engine.records import (
    BRACELET,
    CLOSE,
    DEVICE_EPISODES,
    HEARD_STATED,
    NEVER,
    PHONE,
    SEPARATION,
    Row,
)
from aralyk.engine.rules.gadgets import begin_device, sight_device, tell_device
from aralyk.engine.rules.hints import open_spoofing
from aralyk.engine.rules.telling import see
from aralyk.engine.rules.verdicts import close_episode
from aralyk.engine.shard import Shard, case_at, device_at, device_episode_at, draft_of, sight_at

SEPARATION_US = policy.SEPARATION_US
SEPARATION_INTERVALS = policy.SEPARATION_INTERVALS
SEPARATION_CALM = policy.SEPARATION_CALM
SEPARATION_BIT = 1 << SEPARATION
BLE_RANGE_M = policy.BLE_RANGE_M
BLE_FRESH_US = policy.BLE_FRESH_US
SPEED_MAX_MPS = policy.SPEED_MAX_MPS
SURPRISE = policy.SURPRISE
ODD_COUNT = policy.ODD_COUNT


@kernel
def listen(s: Shard, device: int, record: Row, now_us: int, at_us: int, phase: int) -> None:
    """Apply what one record says it hears; `at_us` is the record's own time."""
    heard = record["heard"]
    if not heard & HEARD_STATED:
        return
    d = device_at(s, device)
    k = case_at(s, d["case"])
    first = k["device_from"]
    for other in range(first, k["device_to"]):
        if other == device:
            continue
        o = device_at(s, other)
        hears = (heard >> (other - first)) & 1 != 0
        if d["party"] == 0 and o["party"] == 0 and d["kind"] != o["kind"]:
            _bind(s, device, other, hears, now_us, at_us, phase)
        if not hears:
            continue
        if (d["party"] == 0) != (o["party"] == 0):
            d["met_us"] = max(d["met_us"], at_us)
            o["met_us"] = max(o["met_us"], at_us)
        _compare(s, device, other, at_us, BLE_CONTRADICTS_PLACE, now_us, at_us)


@kernel
def _bind(s: Shard, device: int, other: int, hears: bool, now_us: int, at_us: int, phase: int) -> None:
    """Note on his bracelet whether it and a phone of his hear each other; tell when they are apart or together."""
    bracelet = device if device_at(s, device)["kind"] == BRACELET else other
    phone = other if bracelet == device else device
    b = device_at(s, bracelet)
    e = device_episode_at(s, bracelet * DEVICE_EPISODES + SEPARATION)
    if hears:
        newer = at_us > b["bond_us"]
        b["bond_us"] = max(b["bond_us"], at_us)
        if b["open"] & SEPARATION_BIT and newer:
            e["calm"] += 1
            if e["calm"] >= SEPARATION_CALM:
                _tell_pair(s, bracelet, phone, CLOSE, DEVICES_TOGETHER, now_us, now_us)
                close_episode(e, now_us)
                b["open"] &= ~SEPARATION_BIT
        return
    if at_us <= b["bond_us"]:
        return  # older than what is known: they heard each other since
    interval = device_at(s, device)["interval_us"]
    if b["lacking_us"] == NEVER or b["lacking_us"] < b["bond_us"]:
        b["lacking_us"] = max(at_us - interval, b["bond_us"])  # apart since the record before this one at the earliest
    if b["open"] & SEPARATION_BIT:
        e["calm"] = 0
    elif at_us - b["lacking_us"] > max(SEPARATION_US, SEPARATION_INTERVALS * interval):
        begin_device(s, bracelet, SEPARATION, phase, 2, now_us, b["lacking_us"])
        e["calm"] = 0
        _tell_pair(s, bracelet, phone, phase, DEVICES_APART, now_us, b["lacking_us"])


@kernel
def _tell_pair(s: Shard, bracelet: int, phone: int, phase: int, reason: int, decided_us: int, occurred_us: int) -> None:
    """Tell a separation with both last places, the phone's only while it is fresh."""
    sight_device(s, bracelet)
    if is_placed(device_at(s, phone), decided_us):
        see(s, 1, phone)
        if sight_at(s, 0)["device"] >= 0:
            draft_of(s)["distance_m"] = pair_distance_m(device_at(s, bracelet), device_at(s, phone))
    tell_device(s, bracelet, SEPARATION, phase, 2, reason, decided_us, occurred_us)


@kernel
def compare_own(s: Shard, device: int, now_us: int) -> None:
    """Weigh a new place of his bracelet or phone against the other's: lately together, they can't be far apart."""
    d = device_at(s, device)
    if d["party"] != 0:
        return
    k = case_at(s, d["case"])
    for other in range(k["device_from"], k["protected_from"]):
        if device_at(s, other)["kind"] == d["kind"]:
            continue
        bond = device_at(s, device if d["kind"] == BRACELET else other)["bond_us"]
        if bond != NEVER and d["fix_us"] - bond <= BLE_FRESH_US:
            _compare(s, device, other, bond, PLACES_CONTRADICT, now_us, d["fix_us"])


@kernel
def _compare(s: Shard, device: int, other: int, together_us: int, reason: int, now_us: int, at_us: int) -> None:
    """Doubt a place when two devices that were together at a moment are surely farther apart than they can be."""
    d = device_at(s, device)
    o = device_at(s, other)
    if not is_sharp(d) or not is_sharp(o) or d["fix_us"] == NEVER or o["fix_us"] == NEVER:
        return
    ages = abs(d["fix_us"] - together_us) + abs(o["fix_us"] - together_us)
    if ages > 2 * BLE_FRESH_US:
        return
    doubted = _less_trusted(s, device, other)
    beyond = pair_distance_m(d, o) - BLE_RANGE_M - SPEED_MAX_MPS * (ages * 1e-6)
    if beyond <= 0.0 or 1.0 - within(0.0, beyond, spread(d), spread(o), 0.0) > SURPRISE:
        device_at(s, doubted)["odd"] = 0
        return
    device_at(s, doubted)["odd"] += 1
    if device_at(s, doubted)["odd"] >= ODD_COUNT:
        open_spoofing(s, doubted, reason, now_us, at_us)


@kernel
def _less_trusted(s: Shard, device: int, other: int) -> int:
    """Of two devices whose places contradict each other: his before hers, a phone before a bracelet."""
    d = device_at(s, device)
    o = device_at(s, other)
    if (d["party"] == 0) != (o["party"] == 0):
        return device if d["party"] == 0 else other
    if d["attest_now"] != o["attest_now"]:
        return device if d["attest_now"] < o["attest_now"] else other
    if d["kind"] != o["kind"]:
        return device if d["kind"] == PHONE else other
    return max(device, other)
