"""The one entry that Python calls: apply records, let time pass, close, judge again.

One entry with an operation, not five entries: Numba compiles and optimises everything below an entry anew for
each. It returns how far it came; a full output buffer is drained by the caller, who calls again from there.
"""

from __future__ import annotations

from collections.abc import Sequence

from aralyk.engine.arrival import receive
from aralyk.engine.compiled import entry, kernel
from aralyk.engine.reasons import ORDER_CHANGED
from aralyk.engine.records import LIVE, Rows
from aralyk.engine.rules.gadgets import close_device
from aralyk.engine.rules.life import advance, has_room, judge_all
from aralyk.engine.rules.outage import excuse
from aralyk.engine.rules.verdicts import close_condition
from aralyk.engine.shard import Shard, case_at, condition_at, counts_of, device_at, due_at

APPLY, PASS_TIME, PASS_TIME_OF, CLOSE_DEVICE, CLOSE_CONDITION, JUDGE_AGAIN, EXCUSE = 0, 1, 2, 3, 4, 5, 6


@entry
def run(
    doors: Sequence[Shard], records: Rows, operation: int, first: int,
    at_us: int, until_us: int, row: int, episode: int, reason: int,
) -> int:  # fmt: skip
    """Do one operation from index `first` on; return the index to go on from.

    APPLY: `records`, each after what time caused in its case before.  PASS_TIME: every case, up to `at_us`.
    PASS_TIME_OF: case `row`.  CLOSE_DEVICE, CLOSE_CONDITION: the open episode of a row, because people acted.
    JUDGE_AGAIN: what is known in case `row` against its changed order.  EXCUSE: stop the clocks of every case from
    `at_us` until `until_us`.
    """
    s = doors[0]
    if operation == APPLY:
        return _apply(s, records, first)
    if operation == PASS_TIME:
        for case in range(first, counts_of(s)["cases"]):
            if due_at(s, case)["due_us"] <= at_us and not advance(s, case, at_us):
                return case
        return int(counts_of(s)["cases"])
    if operation == PASS_TIME_OF:
        return 1 if advance(s, row, at_us) else 0
    if operation == CLOSE_DEVICE:
        close_device(s, row, episode, reason, at_us)
    elif operation == CLOSE_CONDITION:
        close_condition(s, condition_at(s, row)["case"], row, reason, at_us)
    elif operation == EXCUSE:
        _excuse_all(s, at_us, until_us)
    elif case_at(s, row)["life"] == LIVE:
        judge_all(s, row, at_us, ORDER_CHANGED)
    return 1


@kernel
def _excuse_all(s: Shard, from_us: int, to_us: int) -> None:
    for case in range(counts_of(s)["cases"]):
        excuse(s, case, from_us, to_us)


@kernel
def _apply(s: Shard, records: Rows, first: int) -> int:
    for i in range(first, records.size):
        record = records[i]
        case = device_at(s, record["device"])["case"]
        k = case_at(s, case)
        now = max(record["received_us"], k["event_us"])
        if due_at(s, case)["due_us"] <= now and not advance(s, case, now):
            return i
        if not has_room(s):
            return i
        k["event_us"] = now
        receive(s, record, now)
        if due_at(s, case)["due_us"] <= now and not advance(s, case, now):
            return i + 1
    return int(records.size)
