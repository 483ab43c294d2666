"""How the kernel reaches the rows: one accessor per table, the same in both readings.

In plain Python a shard is a `Shard` of arrays and `device_at(s, i)` is `s.devices[i]`. Compiled, a shard is one
record of addresses and the accessor is a pointer to the row: passing twelve arrays through every call cost
more than the rules themselves (and a minute of compiling). Row numbers are the kernel's own, never input,
so they are not checked. The arrays must outlive the record of addresses: `State` holds both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import from_dtype, types
from numba.extending import intrinsic, overload

from aralyk.engine import records
from aralyk.engine.compiled import IS_PLAIN, fingerprint_layout
from aralyk.engine.records import Row, Rows

TABLES: dict[str, np.dtype[np.void]] = {
    "cases": records.CASE,
    "due": records.DUE,
    "devices": records.DEVICE,
    "rings": records.RING,
    "conditions": records.CONDITION,
    "edges": records.EDGE,
    "slots": records.SLOT,
    "device_episodes": records.EPISODE,
    "condition_episodes": records.EPISODE,
    "draft": records.DRAFT,
    "sights": records.SIGHT,
    "out": records.DECISION,
    "counts": records.COUNTS,
}
LAYOUT = repr([(name, dtype.descr) for name, dtype in TABLES.items()])
fingerprint_layout(LAYOUT)
HANDLES = np.dtype([(name, np.int64) for name in TABLES])


class Shard(NamedTuple):
    """All arrays of a shard, for the plain reading."""

    cases: Rows
    due: Rows
    devices: Rows
    rings: Rows
    conditions: Rows
    edges: Rows
    slots: Rows
    device_episodes: Rows
    condition_episodes: Rows
    draft: Rows
    sights: Rows
    out: Rows
    counts: Rows


def door(shard: Shard) -> Any:
    """What the entry takes: the shard itself when plain, else its addresses (valid while the arrays live)."""
    if IS_PLAIN:
        return (shard,)
    handles = np.zeros(1, HANDLES)
    for name in TABLES:
        handles[name] = getattr(shard, name).ctypes.data
    return handles


def case_at(s: Shard, i: int) -> Row:
    """A case's row."""
    return s.cases[i]


def due_at(s: Shard, i: int) -> Row:
    """A case's lower bound of its next moment, apart so that one scan reads all."""
    return s.due[i]


def device_at(s: Shard, i: int) -> Row:
    """A device's row."""
    return s.devices[i]


def ring_at(s: Shard, i: int) -> Row:
    """A remembered record."""
    return s.rings[i]


def condition_at(s: Shard, i: int) -> Row:
    """A condition's row."""
    return s.conditions[i]


def edge_at(s: Shard, i: int) -> Row:
    """An edge of an area."""
    return s.edges[i]


def slot_at(s: Shard, i: int) -> Row:
    """An interval of an area's hours."""
    return s.slots[i]


def device_episode_at(s: Shard, i: int) -> Row:
    """A device's episode: row `device * DEVICE_EPISODES + kind`."""
    return s.device_episodes[i]


def condition_episode_at(s: Shard, i: int) -> Row:
    """A condition's episode."""
    return s.condition_episodes[i]


def draft_of(s: Shard) -> Row:
    """What the rule at work has found so far."""
    return s.draft[0]


def sight_at(s: Shard, i: int) -> Row:
    """The place shown beside a decision: 0 the respondent's, 1 the protected person's."""
    return s.sights[i]


def out_at(s: Shard, i: int) -> Row:
    """A row of the output."""
    return s.out[i]


def counts_of(s: Shard) -> Row:
    """The counters."""
    return s.counts[0]


def _pointer_to(table: str) -> Any:
    """Make the compiled accessor of a table: address of its first row plus row size times index."""
    dtype = TABLES[table]
    row_type = from_dtype(dtype)
    offset = HANDLES.fields[table][1] if HANDLES.fields is not None else 0

    @intrinsic
    def pointer(typing, s, i):  # type: ignore[no-untyped-def]
        def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            word = ir.IntType(64)
            field = builder.gep(builder.bitcast(args[0], ir.IntType(8).as_pointer()), [ir.Constant(word, offset)])
            base = builder.load(builder.bitcast(field, word.as_pointer()))
            index = context.cast(builder, args[1], i, types.int64)
            address = builder.add(base, builder.mul(index, ir.Constant(word, dtype.itemsize)))
            return builder.inttoptr(address, context.get_value_type(row_type))

        return row_type(s, i), generate

    return pointer


def _compile_accessor(accessor: Any, table: str, *, single: bool) -> None:
    pointer = _pointer_to(table)
    if single:
        overload(accessor)(lambda s: lambda s: pointer(s, 0))
    else:
        overload(accessor)(lambda s, i: lambda s, i: pointer(s, i))


for _accessor, _table in (
    (case_at, "cases"),
    (due_at, "due"),
    (device_at, "devices"),
    (ring_at, "rings"),
    (condition_at, "conditions"),
    (edge_at, "edges"),
    (slot_at, "slots"),
    (device_episode_at, "device_episodes"),
    (condition_episode_at, "condition_episodes"),
    (sight_at, "sights"),
    (out_at, "out"),
):
    _compile_accessor(_accessor, _table, single=False)
_compile_accessor(draft_of, "draft", single=True)
_compile_accessor(counts_of, "counts", single=True)
