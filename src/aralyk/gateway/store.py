"""Writes parcels to the log, one transaction for each group.

In the transaction: quarantine rows first, then one batch for each stream in sorted order (log.append takes the streams'
row locks, and sorted order keeps two gateways from locking each other out). The commit waits for the disk:
`synchronous_commit` is set here and not left to the server's configuration, because "received" rests on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from aralyk import clock
from aralyk.database import Role, connect
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import record
from aralyk.gateway.lanes import Parcel
from aralyk.protocols import registry
from aralyk.tracking import log
from aralyk.tracking.log import Lane

BY: Final = "system:gateway"
STATEMENT_MS_MAX: Final = 10_000  # a statement that hangs longer fails, and its group is written again
_SESSION: Final = f"SET synchronous_commit = on; SET statement_timeout = {STATEMENT_MS_MAX}"


def witness_start(writer: str) -> None:
    """Witness that this gateway opened its doors.

    Raises:
        psycopg.Error: The database went away since the register was read.
    """
    with connect(Role.GATEWAY) as connection, connection.cursor() as cursor:
        record(
            cursor,
            kind=Kind.PROCESS_STARTED,
            subject="process:gateway",
            by=BY,
            at=clock.now(),
            data={"protocols": sorted(registry()), "writer": writer},
        )


class Store:
    """One connection; used by one thread at a time."""

    def __init__(self, writer: str) -> None:
        self._writer = writer
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def write(self, parcels: Sequence[Parcel]) -> None:
        """Commit parcels; when this returns they are on disk.

        Raises:
            psycopg.Error: Nothing is known to be stored: the commit may have happened all the same.
        """
        try:
            with self._ready().transaction(), self._ready().cursor() as cursor:
                self._write(cursor, parcels)
        except psycopg.Error:
            self.close()
            raise

    def probe(self) -> None:
        """Ask the server for an answer, connecting if need be.

        Raises:
            psycopg.Error: It does not answer.
        """
        try:
            self._ready().execute("SELECT 1")
        except psycopg.Error:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection; the next use makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ready(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(Role.GATEWAY, autocommit=True)
            self._connection.execute(_SESSION)
        return self._connection

    def _write(self, cursor: psycopg.Cursor[tuple[Any, ...]], parcels: Sequence[Parcel]) -> None:
        by_lane: dict[Lane, list[Parcel]] = {}
        for parcel in parcels:
            by_lane.setdefault(parcel.lane, []).append(parcel)
        _write_quarantine(cursor, by_lane.get(Lane.QUARANTINE, []))
        for lane in sorted(by_lane):
            stream = f"{lane.value}/{self._writer}"
            newest_us = max(parcel.received_us for parcel in by_lane[lane])
            seq = log.append(
                cursor,
                stream=stream,
                lines=[parcel.line for parcel in by_lane[lane]],
                received_at=clock.from_us(newest_us),
                by=BY,
            )
            if lane is Lane.QUARANTINE:
                _witness_quarantine(cursor, stream=stream, seq=seq, parcels=by_lane[lane])


def _write_quarantine(cursor: psycopg.Cursor[tuple[Any, ...]], parcels: Sequence[Parcel]) -> None:
    if parcels:
        cursor.executemany(
            "INSERT INTO quarantine (received_at, protocol, device, code, detail, bytes)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (clock.from_us(parcel.received_us), refusal.protocol, refusal.device, refusal.code, refusal.detail,
                 refusal.raw)
                for parcel in parcels
                if (refusal := parcel.refusal) is not None
            ],
        )  # fmt: skip


def _witness_quarantine(
    cursor: psycopg.Cursor[tuple[Any, ...]], *, stream: str, seq: int, parcels: Sequence[Parcel]
) -> None:
    codes = Counter(parcel.refusal.code for parcel in parcels if parcel.refusal is not None)
    record(
        cursor,
        kind=Kind.QUARANTINED,
        subject=f"stream:{stream}",
        by=BY,
        at=clock.from_us(max(parcel.received_us for parcel in parcels)),
        data={"reasons": dict(sorted(codes.items())), "seq": seq, "stream": stream},
    )
