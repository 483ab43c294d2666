"""What time alone causes in one case: the order's start and end, hours of areas, silence, check-ins.

`next_due` finds the earliest such moment, `fire` lets it happen at its own time. Each event changes the state
so that it is not due again, so `advance` always ends. `Shard.due` holds a lower bound of the next moment: it is
made exact here, and set to 0 by any rule that may have brought a moment nearer.
"""

from __future__ import annotations

from aralyk.engine.compiled import kernel
from aralyk.engine.pairs import is_placed
from aralyk.engine.policy import EVENT_DECISIONS
from aralyk.engine.reasons import BECAME_ACTIVE, ORDER_ENDED
from aralyk.engine.records import (
    CHECK_IN,
    CURFEW,
    ENDED,
    ENDING,
    EXCLUSION,
    FOREVER,
    HANDOVER,
    LIVE,
    NEVER,
    PENDING,
    PROXIMITY,
)
from aralyk.engine.rules.checkins import deadline_us, pass_deadline
from aralyk.engine.rules.gadgets import close_device
from aralyk.engine.rules.handover import fire_handover, handover_due_us, judge_handover
from aralyk.engine.rules.proximity import end_proximity, judge_proximity
from aralyk.engine.rules.requests import expire_requests, request_due_us
from aralyk.engine.rules.silence import fire_silence, renew_partners, silence_due_us
from aralyk.engine.rules.verdicts import close_condition, condition_due_us, give_up_waiting
from aralyk.engine.rules.zones import end_zone, judge_zone, next_boundary_us, pass_boundary
from aralyk.engine.shard import Shard, case_at, condition_at, condition_episode_at, counts_of, device_at, due_at

LIFE, ZONE, QUIET, EPISODE, REQUEST, CALL, HAND, UNREAD = 0, 1, 2, 3, 4, 5, 6, 7


@kernel
def next_due(s: Shard, case: int) -> tuple[int, int, int]:
    """The earliest moment due by time alone: when, what (LIFE, ZONE … HAND), and which row."""
    k = case_at(s, case)
    if k["life"] == ENDED:
        return FOREVER, LIFE, case
    if k["life"] == PENDING:
        return k["starts_us"], LIFE, case
    due = k["expires_us"]
    what = LIFE
    which = case
    for condition in range(k["condition_from"], k["condition_to"]):
        of_condition, kind = condition_boundary(s, case, condition)
        if of_condition < due:
            due, what, which = of_condition, kind, condition
        over = condition_due_us(s, condition)
        if over < due:
            due, what, which = over, EPISODE, condition
    for device in range(k["device_from"], k["device_to"]):
        quiet = silence_due_us(s, device)
        if quiet < due:
            due, what, which = quiet, QUIET, device
        asked = request_due_us(s, device)
        if asked < due:
            due, what, which = asked, REQUEST, device
        unread = device_at(s, device)["unread_us"]
        if unread != NEVER and unread < due:
            due, what, which = unread, UNREAD, device
    return due, what, which


@kernel
def condition_boundary(s: Shard, case: int, condition: int) -> tuple[int, int]:
    """When time next says something about a condition by its own clock, and what (ZONE, CALL, HAND)."""
    kind = condition_at(s, condition)["kind"]
    if kind == CHECK_IN:
        return deadline_us(s, condition), CALL
    if kind == HANDOVER:
        return handover_due_us(s, case, condition), HAND
    return next_boundary_us(s, condition), ZONE


@kernel
def has_room(s: Shard) -> bool:
    """Whether one more event of any case fits the output."""
    return bool(counts_of(s)["out"] + EVENT_DECISIONS <= counts_of(s)["room"])


@kernel
def advance(s: Shard, case: int, until_us: int) -> bool:
    """Let everything happen that is due by `until_us`; False if the output is full and the caller must come back."""
    while True:
        due, what, which = next_due(s, case)
        if due > until_us:
            due_at(s, case)["due_us"] = due
            return True
        if not has_room(s):
            due_at(s, case)["due_us"] = 0
            return False
        k = case_at(s, case)
        at = max(due, k["event_us"])
        k["event_us"] = at
        fire(s, case, what, which, at)


@kernel
def fire(s: Shard, case: int, what: int, which: int, at_us: int) -> None:
    """Let one due moment happen."""
    if what == ZONE:
        pass_boundary(s, case, which, at_us)
    elif what == CALL:
        pass_deadline(s, case, which, at_us)
    elif what == HAND:
        fire_handover(s, case, which, at_us)
    elif what == QUIET:
        fire_silence(s, which, at_us)
    elif what == EPISODE:
        fire_condition(s, case, which, at_us)
    elif what == REQUEST:
        expire_requests(s, which, at_us)
    elif what == UNREAD:
        judge_unread(s, which, at_us)
    elif case_at(s, case)["life"] == PENDING:
        begin(s, case, at_us)
    else:
        end(s, case, at_us)


@kernel
def fire_condition(s: Shard, case: int, condition: int, at_us: int) -> None:
    """A condition's episode closes after its lateness window, or at high threat stops waiting for a better fix."""
    e = condition_episode_at(s, condition)
    if e["doubt_us"] != NEVER and e["doubt_us"] <= at_us:
        give_up_waiting(s, case, condition, at_us)
    elif condition_at(s, condition)["kind"] == PROXIMITY:
        end_proximity(s, case, condition, at_us)
    else:
        end_zone(s, case, condition, at_us)


@kernel
def begin(s: Shard, case: int, at_us: int) -> None:
    """The order starts: judge what is already known."""
    k = case_at(s, case)
    k["life"] = LIVE
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["always"] == 1:
            c["active"] = 1
    if at_us < k["expires_us"]:
        judge_all(s, case, at_us, BECAME_ACTIVE)


@kernel
def judge_all(s: Shard, case: int, at_us: int, cause: int) -> None:
    """Judge what is known against every active condition."""
    k = case_at(s, case)
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["kind"] == PROXIMITY:
            judge_proximity(s, case, condition, at_us, cause)
        elif c["kind"] == HANDOVER:
            judge_handover(s, case, condition, at_us)
        elif EXCLUSION <= c["kind"] <= CURFEW and c["active"] == 1:
            judge_zone(s, case, condition, at_us, cause)


@kernel
def judge_live(s: Shard, device: int, now_us: int) -> None:
    """Judge every condition that a device's new place touches, and the silences it throws light on."""
    d = device_at(s, device)
    case = d["case"]
    k = case_at(s, case)
    party = d["party"]
    for condition in range(k["condition_from"], k["condition_to"]):
        c = condition_at(s, condition)
        if c["kind"] == PROXIMITY:
            if party == 0 or party == c["party"]:
                judge_proximity(s, case, condition, now_us, 0)
        elif c["kind"] == HANDOVER:
            judge_handover(s, case, condition, now_us)
        elif EXCLUSION <= c["kind"] <= CURFEW and party == 0 and c["active"] == 1:
            judge_zone(s, case, condition, now_us, 0)
    renew_partners(s, device, now_us)


@kernel
def judge_unread(s: Shard, device: int, at_us: int) -> None:
    """No newer place came after one that was minutes under way: it says what is now, as far as its age allows."""
    d = device_at(s, device)
    d["unread_us"] = NEVER
    if is_placed(d, at_us):
        judge_live(s, device, at_us)


@kernel
def end(s: Shard, case: int, at_us: int) -> None:
    """The order ends: everything closes but panic and tamper, which people must close."""
    k = case_at(s, case)
    k["life"] = ENDED
    k["expires_us"] = min(k["expires_us"], at_us)
    for condition in range(k["condition_from"], k["condition_to"]):
        close_condition(s, case, condition, ORDER_ENDED, at_us)
        condition_at(s, condition)["active"] = 0
    for device in range(k["device_from"], k["device_to"]):
        for episode in ENDING:
            close_device(s, device, episode, ORDER_ENDED, at_us)
