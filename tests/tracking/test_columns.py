"""Columns reach PostgreSQL as the values that were meant."""

from __future__ import annotations

import math
import uuid

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from psycopg.pq import Format

from aralyk import clock
from aralyk.database import Role
from aralyk.tracking import columns
from tests.conftest import Database

FLOATS = st.floats(allow_nan=False)
TIMES_US = st.integers(min_value=-62_000_000_000_000_000, max_value=253_000_000_000_000_000)


def test_every_type_arrives_as_it_was_sent(database: Database) -> None:
    at_us = 1_795_000_000_123_456
    one = uuid.uuid4()
    with database.connect(Role.MONITOR) as connection:
        columns.register(connection)
        row = connection.execute(
            "SELECT * FROM unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b)",
            (
                columns.booleans(np.array([True])),
                columns.floats(np.array([42.875])),
                columns.bigints(np.array([2**62])),
                columns.integers(np.array([-7])),
                columns.timestamps(np.array([at_us])),
                columns.texts(["зона Ү"]),
                columns.byteas([b"\x00\xff"]),
                columns.uuids([one.bytes]),
                columns.jsonbs([b'{"a":[1,null]}']),
            ),
        ).fetchone()
    assert row == (True, 42.875, 2**62, -7, clock.from_us(at_us), "зона Ү", b"\x00\xff", one, {"a": [1, None]})


def test_what_is_unknown_arrives_as_null_and_never_as_a_number(database: Database) -> None:
    with database.connect(Role.MONITOR) as connection:
        columns.register(connection)
        rows = connection.execute(
            "SELECT * FROM unnest(%b, %b, %b)",
            (
                columns.floats(np.array([1.5, math.nan, 0.0])),
                columns.timestamps(np.array([0, -1, 1]), unknown_us=-1),
                columns.texts(["", None, "x"]),
            ),
        ).fetchall()
    assert rows == [(1.5, clock.EPOCH, ""), (None, None, None), (0.0, clock.from_us(1), "x")]


def test_no_rows_are_an_empty_array(database: Database) -> None:
    with database.connect(Role.MONITOR) as connection:
        columns.register(connection)
        cursor = connection.cursor()
        cursor.execute(
            "SELECT * FROM unnest(%b, %b)", (columns.texts([]), columns.bigints(np.array([], dtype=np.int64)))
        )
        assert cursor.fetchall() == []
        assert cursor.pgresult is not None
        assert cursor.format == Format.TEXT


@given(st.lists(st.tuples(FLOATS, TIMES_US), min_size=1, max_size=30))
def test_the_encoding_is_the_one_that_psycopg_writes(rows: list[tuple[float, int]]) -> None:
    numbers = np.array([number for number, _ in rows], dtype=np.float64)
    times = np.array([at_us for _, at_us in rows], dtype=np.int64)
    assert columns.floats(numbers).payload == _psycopg_form([number for number, _ in rows], "float8")
    assert columns.timestamps(times).payload == _psycopg_form(
        [clock.from_us(at_us) for _, at_us in rows], "timestamptz"
    )


def _psycopg_form(values: list[object], name: str) -> bytes:
    from psycopg.adapt import PyFormat, Transformer

    transformer = Transformer()
    dumper = transformer.get_dumper(values, PyFormat.BINARY)
    found = dumper.dump(values)
    assert found is not None
    assert name in {"float8", "timestamptz"}
    return bytes(found)
