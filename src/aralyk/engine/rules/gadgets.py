"""How a device's own episode is opened, told and closed; the rules themselves stand beside (straps, hints, ...)."""

from __future__ import annotations

from aralyk.engine.compiled import kernel
from aralyk.engine.records import CLOSE, DEVICE_EPISODES, LATE, NEVER, SILENCE
from aralyk.engine.rules.grouping import forget_lead, priority_of_silence
from aralyk.engine.rules.telling import clear_draft, see, tell
from aralyk.engine.rules.verdicts import close_episode
from aralyk.engine.shard import Shard, device_at, device_episode_at, due_at


@kernel
def sight_device(s: Shard, device: int) -> None:
    """Start a draft that shows where this device was last, if it has been anywhere."""
    clear_draft(s)
    if device_at(s, device)["fix_us"] != NEVER:
        see(s, 0 if device_at(s, device)["party"] == 0 else 1, device)


@kernel
def tell_device(
    s: Shard, device: int, episode: int, phase: int, priority: int, reason: int, decided_us: int, occurred_us: int
) -> None:
    """Tell one decision about a device's own episode."""
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    case = device_at(s, device)["case"]
    if episode == SILENCE:
        priority = priority_of_silence(s, device, priority)
    tell(s, e, case, device, -1, phase, episode, priority, reason, decided_us, min(occurred_us, decided_us))


@kernel
def begin_device(
    s: Shard,
    device: int,
    episode: int,
    phase: int,
    priority: int,
    decided_us: int,
    occurred_us: int,
    first_us: int = NEVER,
) -> None:
    """Begin a device's episode, under the key of an incident begun at `first_us` if given; the caller tells it."""
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    e["opened_us"] = occurred_us if phase == LATE else decided_us
    if first_us != NEVER:
        e["opened_us"] = first_us
    e["first_us"] = e["opened_us"]
    e["occurred_us"] = occurred_us
    e["level"] = priority
    device_at(s, device)["open"] |= 1 << episode
    due_at(s, device_at(s, device)["case"])["due_us"] = 0  # an open hint shortens the patience with a silence


@kernel
def open_device(
    s: Shard,
    device: int,
    episode: int,
    phase: int,
    priority: int,
    reason: int,
    decided_us: int,
    occurred_us: int,
    first_us: int = NEVER,
) -> None:
    """Open a device's episode and tell it (phase `open`, `late`, or `update` of an incident begun at `first_us`)."""
    begin_device(s, device, episode, phase, priority, decided_us, occurred_us, first_us)
    sight_device(s, device)
    tell_device(s, device, episode, phase, priority, reason, decided_us, occurred_us)


@kernel
def close_device(s: Shard, device: int, episode: int, reason: int, at_us: int) -> None:
    """Close a device's episode if it is open, and tell it."""
    if not device_at(s, device)["open"] & (1 << episode):
        return
    e = device_episode_at(s, device * DEVICE_EPISODES + episode)
    forget_lead(e)  # what it was under another key goes on there
    sight_device(s, device)
    tell_device(s, device, episode, CLOSE, e["level"], reason, at_us, at_us)
    close_episode(e, at_us)
    device_at(s, device)["open"] &= ~(1 << episode)
    due_at(s, device_at(s, device)["case"])["due_us"] = 0  # a silence that ended may soon begin again
