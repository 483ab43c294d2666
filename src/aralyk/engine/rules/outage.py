"""We were away: while the platform itself could not hear, no device is silent and no check-in is missed.

The clocks stand still for the outage; afterwards a device has at least one of its intervals to be heard again, and
a check-in whose deadline fell into it has its grace anew. What was due before the outage was told before it.
"""

from __future__ import annotations

from aralyk.engine.compiled import kernel
from aralyk.engine.records import CHECK_IN, ENDED
from aralyk.engine.rules.silence import SILENCE_BIT, quiet_due_us
from aralyk.engine.shard import Shard, case_at, condition_at, device_at, due_at


@kernel
def excuse(s: Shard, case: int, from_us: int, to_us: int) -> None:
    """Stop the clocks of one case from `from_us` (up to which time has passed) until `to_us`."""
    k = case_at(s, case)
    begins = max(from_us, k["starts_us"])
    if k["life"] == ENDED or begins >= to_us:
        return
    for device in range(k["device_from"], k["device_to"]):
        d = device_at(s, device)
        if not d["open"] & SILENCE_BIT:
            d["excused_us"] = to_us + max(quiet_due_us(s, device) - begins, d["interval_us"])
    for condition in range(k["condition_from"], k["condition_to"]):
        if condition_at(s, condition)["kind"] == CHECK_IN:
            condition_at(s, condition)["excused_us"] = to_us
    due_at(s, case)["due_us"] = 0
