"""The plain reading with tables that refuse a row number outside them (see test_bounds); prints what was decided."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from hypothesis import Phase as Stage
from hypothesis import given, settings

from aralyk.engine import state as engine_state
from aralyk.engine.compiled import IS_PLAIN
from aralyk.engine.records import Row, Rows
from aralyk.engine.shard import Shard


class Guarded:
    """A table that knows its size: numpy would read row -1 as the last."""

    def __init__(self, rows: Rows, name: str) -> None:
        self._rows = rows
        self._name = name

    def __getitem__(self, row: int) -> Row:
        if not 0 <= row < len(self._rows):
            raise IndexError(f"row {row} of {self._name}, which has {len(self._rows)}")
        return self._rows[row]


def guarded_door(shard: Shard) -> Any:
    """As `shard.door`, with every table guarded."""
    return (Shard(**{name: Guarded(getattr(shard, name), name) for name in Shard._fields}),)  # type: ignore[arg-type]


def devices() -> int:
    """The stories of devices: BLE, check-ins, straps, jumps, late and repeated records."""
    from tests.engine.test_device_stories import fresh, story

    count = 0
    for seed in range(4):
        observations = story(seed, 300)
        count += len(fresh().step(observations, observations[-1].received_at_us + 3_600_000_000))
    return count


def orders() -> int:
    """Generated orders and whatever devices say, with a change of the order in the middle."""
    from tests.engine.plain_reader import read
    from tests.engine.test_two_readings import stories

    count = 0

    @settings(max_examples=60, database=None, derandomize=True, deadline=None, phases=[Stage.generate])
    @given(stories())
    def read_all(told: dict[str, Any]) -> None:
        nonlocal count
        count += read(told)["decisions"]

    read_all()
    return count


def drilled(scenario: str) -> int:
    """Some runs of the drill at both threat levels."""
    from dataclasses import replace

    from aralyk.cli.drill import judge
    from aralyk.simulator.chance import stream
    from aralyk.simulator.drill.errors import FittedErrors
    from aralyk.simulator.drill.runs import said_by
    from aralyk.simulator.drill.scenarios import SCENARIOS
    from aralyk.simulator.drill.streets import Streets

    streets = Streets(1)
    count = 0
    for threat in ("medium", "high"):
        rngs = [stream(1, "drill", scenario, number) for number in range(4)]
        runs = [replace(SCENARIOS[scenario].make(streets, rng, i, 1.0), threat=threat) for i, rng in enumerate(rngs)]
        count += len(judge(runs, said_by(runs, FittedErrors(), rngs)))
    return count


def guard() -> str:
    """What the guard itself does with a row below, a row beyond and a row of a table."""
    table = Guarded(np.zeros(3, [("a", np.int64)]), "rows")
    said = []
    for row in (-1, 3, 2):
        try:
            table[row]
        except IndexError:
            said.append("refused")
        else:
            said.append("read")
    return " ".join(said)


def main(story: str) -> None:
    """Read one story with guarded tables."""
    assert IS_PLAIN, "NUMBA_DISABLE_JIT=1 is missing"
    vars(engine_state)["door"] = guarded_door
    made: dict[str, Any] = {"devices": devices, "orders": orders, "guard": guard}
    print(made[story]() if story in made else drilled(story))


if __name__ == "__main__":
    main(sys.argv[1])
