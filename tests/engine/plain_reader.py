"""The other reading: decides stories in plain Python, one JSON line in, one JSON line out (see test_two_readings).

Run with NUMBA_DISABLE_JIT=1; a process of its own, because Numba reads that switch once.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

from aralyk.engine import State, compile_order, parse_observation
from aralyk.engine.replaying import line_of


def read(story: dict[str, Any]) -> dict[str, Any]:
    """Decide one story: orders, observations, a changed order in between, time after."""
    state = State.empty()
    made = []
    for order in story["orders"]:
        made += state.set_order(compile_order(order), story["begins_us"])
    heard = [parse_observation(fields) for fields in story["observations"]]
    half = len(heard) // 2
    made += state.step(heard[:half], story["half_us"])
    for order in story["changes"]:
        made += state.set_order(compile_order(order), state.now_us)
    made += state.step(heard[half:], story["ends_us"])
    lines = [line_of(decision) for decision in made]
    digest = hashlib.sha256("\n".join([*lines, state.digest()]).encode()).hexdigest()
    return {"digest": digest, "decisions": len(lines), "lines": lines}


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        print(json.dumps(read(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
