"""What the engine asks of devices: a shorter interval while someone is in pursuit, a better fix while one is needed.

A request is a decision of its own (administrative, priority 4) about one device, so that the log shows when more was
asked for and whether it came. Asking again prolongs it quietly; it ends when met or when nobody needs it any more.
"""

from __future__ import annotations

from aralyk.engine import policy
from aralyk.engine.compiled import kernel
from aralyk.engine.pairs import quality
from aralyk.engine.reasons import REQUEST_EXPIRED, REQUEST_MET, REQUESTED
from aralyk.engine.records import BETTER_FIX, DEVICE_EPISODES, FOREVER, OPEN, PURSUIT
from aralyk.engine.rules.gadgets import close_device, open_device
from aralyk.engine.shard import Shard, case_at, device_at, device_episode_at, due_at

PURSUIT_US = policy.PURSUIT_US
PURSUIT_INTERVAL_US = policy.PURSUIT_INTERVAL_US
REQUEST_US = policy.REQUEST_US
ADMINISTRATIVE = 4


@kernel
def request(s: Shard, device: int, episode: int, now_us: int, until_us: int) -> None:
    """Ask a device for something until a moment; asked already: only prolong."""
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    if not device_at(s, device)["open"] & (1 << episode):
        open_device(s, device, episode, OPEN, ADMINISTRATIVE, REQUESTED, now_us, now_us)
        e["close_us"] = until_us
        due_at(s, device_at(s, device)["case"])["due_us"] = 0
    elif until_us > e["close_us"]:
        e["close_us"] = until_us


@kernel
def request_pursuit(s: Shard, device: int, now_us: int, until_us: int) -> None:
    """Ask a device to report every 15 s, if it reports less often."""
    if device_at(s, device)["interval_us"] > PURSUIT_INTERVAL_US:
        request(s, device, PURSUIT, now_us, until_us)


@kernel
def pursue(s: Shard, case: int, party: int, now_us: int) -> None:
    """Ask both parties' devices for 15 s sampling while an episode speaks, and for some minutes after."""
    k = case_at(s, case)
    for device in range(k["device_from"], k["device_to"]):
        other = device_at(s, device)["party"]
        if other == 0 or other == party:
            request_pursuit(s, device, now_us, now_us + PURSUIT_US)


@kernel
def request_better_fix(s: Shard, device: int, now_us: int) -> None:
    """Ask a device for a better fix now."""
    request(s, device, BETTER_FIX, now_us, now_us + REQUEST_US)


@kernel
def ask_coarse(s: Shard, device: int, now_us: int) -> None:
    """Ask for a better fix if the newest place proves nothing by itself."""
    if quality(device_at(s, device)) < 1:
        request_better_fix(s, device, now_us)


@kernel
def meet_request(s: Shard, device: int, now_us: int) -> None:
    """A good fix came: a better one is no longer needed."""
    if quality(device_at(s, device)) == 1:
        close_device(s, device, BETTER_FIX, REQUEST_MET, now_us)


@kernel
def request_due_us(s: Shard, device: int) -> int:
    """When a device's open request ends by itself; FOREVER if it has none."""
    due = FOREVER
    for episode in (PURSUIT, BETTER_FIX):
        if device_at(s, device)["open"] & (1 << episode):
            due = min(due, int(device_episode_at(s, device * DEVICE_EPISODES + episode)["close_us"]))
    return due


@kernel
def expire_requests(s: Shard, device: int, now_us: int) -> None:
    """End the device's requests whose time has come."""
    for episode in (PURSUIT, BETTER_FIX):
        e = device_episode_at(s, device * DEVICE_EPISODES + episode)
        if device_at(s, device)["open"] & (1 << episode) and e["close_us"] <= now_us:
            close_device(s, device, episode, REQUEST_EXPIRED, now_us)
