"""Whole columns to PostgreSQL at once: NumPy arrays and byte strings as binary arrays for `unnest`.

Twenty thousand rows a second leave no time to format numbers one by one. A PostgreSQL array on the wire is a header
(dimensions, "has nulls", element type, length, first index) and then for each element its length and its bytes, big
endian; with elements of one width that is a NumPy record array, byte for byte. A null is the length -1 with no bytes.

`register` teaches a connection these types; a value goes in as `%b`.
Source: PostgreSQL, src/backend/utils/adt/arrayfuncs.c, array_recv.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER: Final = struct.Struct(">iiIii")
_LENGTH: Final = struct.Struct(">i")
_NULL: Final = _LENGTH.pack(-1)
_POSTGRES_EPOCH_US: Final = 946_684_800_000_000  # 2000-01-01T00:00:00Z


@dataclass(frozen=True, slots=True)
class Column:
    """One column's values, encoded; made by the functions below."""

    payload: bytes


class BooleanColumn(Column):
    """boolean[]"""


class Float8Column(Column):
    """double precision[]"""


class Int8Column(Column):
    """bigint[]"""


class Int4Column(Column):
    """integer[]"""


class TimestampColumn(Column):
    """timestamptz[]"""


class TextColumn(Column):
    """text[]"""


class ByteaColumn(Column):
    """bytea[]"""


class UuidColumn(Column):
    """uuid[]"""


class JsonbColumn(Column):
    """jsonb[]"""


def booleans(values: npt.NDArray[np.bool_]) -> BooleanColumn:
    """Encode truth values."""
    return BooleanColumn(_fixed(values.astype(np.int8), element=16, code=">i1", null=None))


def floats(values: npt.NDArray[np.float64]) -> Float8Column:
    """Encode numbers; NaN becomes NULL (an unknown value is never a number)."""
    return Float8Column(_fixed(values, element=701, code=">f8", null=np.isnan(values)))


def bigints(values: npt.NDArray[np.int64]) -> Int8Column:
    """Encode 64-bit integers."""
    return Int8Column(_fixed(values, element=20, code=">i8", null=None))


def integers(values: npt.NDArray[np.int64]) -> Int4Column:
    """Encode 32-bit integers."""
    return Int4Column(_fixed(values, element=23, code=">i4", null=None))


def timestamps(values_us: npt.NDArray[np.int64], *, unknown_us: int | None = None) -> TimestampColumn:
    """Encode microseconds since the Unix epoch; `unknown_us` becomes NULL."""
    null = None if unknown_us is None else values_us == unknown_us
    return TimestampColumn(_fixed(values_us - _POSTGRES_EPOCH_US, element=1184, code=">i8", null=null))


def texts(values: Iterable[str | None]) -> TextColumn:
    """Encode texts; None becomes NULL. Most columns say the same few texts again and again: each is encoded once."""
    cells: dict[str | None, bytes] = {}
    parts = []
    for value in values:
        cell = cells.get(value)
        if cell is None:
            cell = cells[value] = _NULL if value is None else _cell(value.encode())
        parts.append(cell)
    return TextColumn(_header(len(parts), element=25, nulls=None in cells) + b"".join(parts))


def byteas(values: Iterable[bytes]) -> ByteaColumn:
    """Encode byte strings."""
    return ByteaColumn(_varying(values, element=17))


def uuids(values: Iterable[bytes]) -> UuidColumn:
    """Encode UUIDs given as their 16 bytes."""
    return UuidColumn(_varying(values, element=2950))


def jsonbs(values: Iterable[bytes]) -> JsonbColumn:
    """Encode JSON texts; PostgreSQL parses them into jsonb (wire version 1)."""
    return JsonbColumn(_varying((b"\x01" + value for value in values), element=3802))


def register(connection: psycopg.Connection[Any]) -> None:
    """Teach one connection to send columns."""
    for column, oid in _OIDS.items():
        connection.adapters.register_dumper(column, _dumper_for(oid))


def _fixed(values: npt.NDArray[Any], *, element: int, code: str, null: npt.NDArray[np.bool_] | None) -> bytes:
    width = int(code[-1])
    rows = np.empty(len(values), dtype=[("length", ">i4"), ("value", code)])
    rows["length"] = width
    rows["value"] = values
    if null is None or not null.any():
        return _header(len(rows), element=element, nulls=False) + rows.tobytes()
    rows["length"][null] = -1
    cells = rows.view(np.uint8).reshape(len(rows), 4 + width)
    kept = np.ones(cells.shape, dtype=bool)
    kept[null, 4:] = False
    return _header(len(rows), element=element, nulls=True) + cells[kept].tobytes()


def _varying(values: Iterable[bytes], *, element: int) -> bytes:
    parts = [_cell(value) for value in values]
    return _header(len(parts), element=element, nulls=False) + b"".join(parts)


def _cell(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _header(count: int, *, element: int, nulls: bool) -> bytes:
    if count == 0:
        return struct.pack(">iiI", 0, 0, element)
    return _HEADER.pack(1, int(nulls), element, count, 1)


_OIDS: Final[dict[type[Column], int]] = {
    BooleanColumn: 1000,
    Float8Column: 1022,
    Int8Column: 1016,
    Int4Column: 1007,
    TimestampColumn: 1185,
    TextColumn: 1009,
    ByteaColumn: 1001,
    UuidColumn: 2951,
    JsonbColumn: 3807,
}


def _dumper_for(array_oid: int) -> type[Dumper]:
    class ColumnDumper(Dumper):
        format = Format.BINARY
        oid = array_oid

        def dump(self, obj: Column) -> bytes:
            return obj.payload

    return ColumnDumper
