"""The entries that Python calls: apply records, let time pass, end, clear.

Each returns how far it came: a full output buffer is drained by the caller, who calls again from there.
"""

from __future__ import annotations

from aralyk.engine.arrival import receive
from aralyk.engine.compiled import entry
from aralyk.engine.reasons import ORDER_CHANGED
from aralyk.engine.records import LIVE, Rows, Shard
from aralyk.engine.rules.gadgets import close_device
from aralyk.engine.rules.life import advance, has_room, judge_all
from aralyk.engine.rules.verdicts import close_condition

DEVICE_EPISODE, CONDITION_EPISODE = 0, 1


@entry
def apply(s: Shard, records: Rows, first: int) -> int:
    """Apply records in their order, each after what time caused in its case before; return the next one's index."""
    for i in range(first, records.size):
        record = records[i]
        case = s.devices[record["device"]]["case"]
        k = s.cases[case]
        now = max(record["received_us"], k["event_us"])
        if s.due[case] <= now and not advance(s, case, now):
            return i
        if not has_room(s):
            return i
        k["event_us"] = now
        receive(s, record, now)
        if s.due[case] <= now and not advance(s, case, now):
            return i + 1
    return int(records.size)


@entry
def pass_time(s: Shard, first: int, until_us: int) -> int:
    """Let time pass in every case; return the next case's index."""
    for case in range(first, s.due.size):
        if s.due[case] <= until_us and not advance(s, case, until_us):
            return case
    return int(s.due.size)


@entry
def pass_time_of(s: Shard, case: int, until_us: int) -> bool:
    """Let time pass in one case; False if the output is full."""
    return advance(s, case, until_us)


@entry
def close(s: Shard, what: int, row: int, episode: int, reason: int, at_us: int) -> None:
    """Close one open episode because people acted: the order changed, or staff cleared a tamper."""
    if what == DEVICE_EPISODE:
        close_device(s, row, episode, reason, at_us)
    else:
        close_condition(s, s.conditions[row]["case"], row, reason, at_us)


@entry
def judge_again(s: Shard, case: int, at_us: int) -> None:
    """Judge what is known against a changed order."""
    if s.cases[case]["life"] == LIVE:
        judge_all(s, case, at_us, ORDER_CHANGED)
