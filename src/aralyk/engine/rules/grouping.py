"""One incident per pair and episode: a ring and a silence of the same two people that overlap are one.

The first to be serious leads; the other speaks under its key. A ring that opens while a device of the pair is
seriously silent goes on with the silence's incident, and a silence that becomes serious while the ring is open goes on
with the ring's. A ring that opens again within `EPISODE_US` of its close goes on with its own. Nothing is hidden by
it: each decision keeps its kind, condition, device and reason; a joined decision never has a lower priority than what
the other still is; and an incident is closed only when neither goes on. People of other pairs, zones, tampers and
panics have incidents of their own.

A lead is kept as numbers within the case (they survive the renumbering of rows) and the moment of the key.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.records import CLOSE, DEVICE_EPISODES, NEVER, PROBABLE, PROXIMITY, SILENCE, UPDATE, Row
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, device_at, device_episode_at, due_at

EPISODE_US = policy.EPISODE_US
SERIOUS = 2


@kernel
def forget_lead(e: Row) -> None:
    """The episode speaks under its own key."""
    e["lead_device"] = -1
    e["lead_condition"] = -1
    e["lead_us"] = NEVER


@kernel
def is_led(e: Row) -> bool:
    """Whether the episode speaks under another key than its own."""
    return bool(e["lead_device"] >= 0 or e["lead_condition"] >= 0)


@kernel
def key_us(e: Row) -> int:
    """The moment in the episode's key."""
    return int(e["lead_us"] if is_led(e) else e["opened_us"])


@kernel
def _silence_of(s: Shard, device: int) -> Row:
    return device_episode_at(s, device * DEVICE_EPISODES + SILENCE)


@kernel
def _is_silent(s: Shard, device: int) -> bool:
    return bool(device_at(s, device)["open"] & (1 << SILENCE))


@kernel
def is_of_pair(s: Shard, device: int, condition: int) -> bool:
    """Whether a device belongs to one of the two people of a ring."""
    party = device_at(s, device)["party"]
    return bool(party == 0 or party == condition_at(s, condition)["party"])


@kernel
def _ring_priority(e: Row) -> int:
    return 1 if e["level"] == PROBABLE else SERIOUS


@kernel
def join_ring(s: Shard, case: int, condition: int, now_us: int) -> bool:
    """A ring opens: whether it goes on with an incident that is known already."""
    e = condition_episode_at(s, condition)
    first = case_at(s, case)["device_from"]
    if e["closed_us"] != NEVER and now_us - e["closed_us"] <= EPISODE_US:
        if not is_led(e):
            e["lead_condition"] = condition - case_at(s, case)["condition_from"]
            e["lead_us"] = e["first_us"]
        return True
    forget_lead(e)
    for device in range(first, case_at(s, case)["device_to"]):
        o = _silence_of(s, device)
        if is_of_pair(s, device, condition) and _is_silent(s, device) and o["level"] <= SERIOUS and not is_led(o):
            e["lead_device"] = device - first
            e["lead_us"] = o["opened_us"]
            return True
    return False


@kernel
def join_silence(s: Shard, device: int) -> None:
    """A silence becomes serious: it goes on with the open incident of the pair's ring, if there is one."""
    e = _silence_of(s, device)
    forget_lead(e)
    case = device_at(s, device)["case"]
    k = case_at(s, case)
    for condition in range(k["condition_from"], k["condition_to"]):
        ring = condition_episode_at(s, condition)
        if condition_at(s, condition)["kind"] != PROXIMITY or not is_of_pair(s, device, condition):
            continue
        if ring["opened_us"] != NEVER and ring["lead_device"] < 0:
            e["lead_condition"] = condition - k["condition_from"]
            e["lead_us"] = key_us(ring)
            return


@kernel
def led_by(s: Shard, device: int) -> int:
    """The open ring that speaks under the key of this device's silence, or -1."""
    e = _silence_of(s, device)
    k = case_at(s, device_at(s, device)["case"])
    for condition in range(k["condition_from"], k["condition_to"]):
        ring = condition_episode_at(s, condition)
        mine = ring["lead_device"] == device - k["device_from"] and ring["lead_us"] == e["opened_us"]
        if ring["opened_us"] != NEVER and mine:
            return condition
    return -1


@kernel
def priority_of_silence(s: Shard, device: int, priority: int) -> int:
    """The priority of a silence's decision: never lower than what the ring of the same incident still is."""
    e = _silence_of(s, device)
    condition = led_by(s, device)
    if e["lead_condition"] >= 0:
        condition = case_at(s, device_at(s, device)["case"])["condition_from"] + e["lead_condition"]
        ring = condition_episode_at(s, condition)
        if ring["opened_us"] == NEVER or key_us(ring) != e["lead_us"]:
            return priority
    if condition < 0:
        return priority
    return min(priority, _ring_priority(condition_episode_at(s, condition)))


@kernel
def _leader(s: Shard, case: int, condition: int) -> int:
    """The device whose serious silence leads this ring's incident and goes on, or -1."""
    e = condition_episode_at(s, condition)
    if e["lead_device"] < 0:
        return -1
    device = int(case_at(s, case)["device_from"] + e["lead_device"])
    o = _silence_of(s, device)
    goes_on = _is_silent(s, device) and o["opened_us"] == e["lead_us"] and o["level"] <= SERIOUS
    return device if goes_on else -1


@kernel
def priority_of_ring(s: Shard, case: int, condition: int, priority: int) -> int:
    """The priority of a ring's decision: never lower than the silence that leads its incident."""
    device = _leader(s, case, condition)
    return priority if device < 0 else min(priority, _silence_of(s, device)["level"])


@kernel
def phase_of_ring_end(s: Shard, case: int, condition: int) -> int:
    """A ring's end closes its incident, unless the silence that leads it goes on."""
    return CLOSE if _leader(s, case, condition) < 0 else UPDATE


@kernel
def release_silences(s: Shard, case: int, condition: int) -> None:
    """A ring ended: a serious silence that spoke under its key speaks for itself from now on, at once."""
    k = case_at(s, case)
    for device in range(k["device_from"], k["device_to"]):
        e = _silence_of(s, device)
        if _is_silent(s, device) and e["lead_condition"] == condition - k["condition_from"]:
            forget_lead(e)
            e["level"] = SERIOUS + 1
            e["doubt_us"] = NEVER
            due_at(s, case)["due_us"] = 0
