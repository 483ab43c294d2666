"""One incident per pair and episode: a ring that is entered again, and a silence that begins while it is open.

A ring that opens again within `EPISODE_US` of its close goes on with its own incident. A silence that becomes serious
while the ring is open speaks under the ring's key, with a priority that is never lower than the ring's still is; when
the ring ends first, the silence speaks for itself at once. Nothing is hidden by it: each decision keeps its kind,
device and reason. A ring never joins a silence: a silence may come of records that are still under way, and the set of
incidents must not depend on their order. Other people's rings, areas, tampers and panics have incidents of their own.

Which ring leads is kept as a number within the case (it survives the renumbering of rows), with the key's moment.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.records import DEVICE_EPISODES, NEVER, PROBABLE, PROXIMITY, SILENCE, Row
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, device_at, device_episode_at, due_at

EPISODE_US = policy.EPISODE_US
SERIOUS = 2


@kernel
def forget_lead(e: Row) -> None:
    """The episode speaks under its own key."""
    e["lead_condition"] = -1
    e["lead_us"] = NEVER


@kernel
def is_led(e: Row) -> bool:
    """Whether the episode speaks under another key than its own."""
    return bool(e["lead_condition"] >= 0)


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
def join_ring(s: Shard, case: int, condition: int, now_us: int) -> bool:
    """A ring opens: whether it goes on with its incident of a short time ago."""
    e = condition_episode_at(s, condition)
    if e["closed_us"] == NEVER or now_us - e["closed_us"] > EPISODE_US:
        forget_lead(e)
        return False
    if not is_led(e):
        e["lead_condition"] = condition - case_at(s, case)["condition_from"]
        e["lead_us"] = e["first_us"]
    return True


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
        if ring["opened_us"] != NEVER:
            e["lead_condition"] = condition - k["condition_from"]
            e["lead_us"] = key_us(ring)
            return


@kernel
def priority_of_silence(s: Shard, device: int, priority: int) -> int:
    """The priority of a silence's decision: never lower than what the ring of the same incident still is."""
    e = _silence_of(s, device)
    if not is_led(e):
        return priority
    ring = condition_episode_at(s, case_at(s, device_at(s, device)["case"])["condition_from"] + e["lead_condition"])
    if ring["opened_us"] == NEVER or key_us(ring) != e["lead_us"]:
        return priority
    return min(priority, 1 if ring["level"] == PROBABLE else SERIOUS)


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
