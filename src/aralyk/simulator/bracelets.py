"""Bracelets with a lock in the strap, speaking R16H over one TCP connection.

The protocol has no acknowledgement: a bracelet believes what its connection believes. While there is no connection it
keeps its records and tells them later, oldest first, marked as stored; a record written into a connection that breaks a
moment later is lost to it, as it is to the real one. Without a satellite fix it tells the cell alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from msgspec.structs import replace

from aralyk.protocols.messages import Cell, Message, Source
from aralyk.protocols.r16h.encoder import encode_link, encode_position
from aralyk.simulator.carried import Carried, Record
from aralyk.simulator.tempo import Tempo

STORE_MAX: Final = 5_000  # records that a bracelet of this class keeps; the oldest goes first
RECONNECT_S: Final = 10.0
ALIVE_EVERY_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 15.0
READ_BYTES: Final = 1024
CELL: Final = Cell(mcc=437, mnc=1, lac=0x2A10, cid=0x3D21, rssi_dbm=-83)  # 437 is Kyrgyzstan; the rest is invented

_log = structlog.get_logger()


class Bracelet:
    """One bracelet: it records, connects and tells."""

    def __init__(self, *, carried: Carried, tempo: Tempo, host: str, port: int, told: Callable[[], None]) -> None:
        self._carried = carried
        self._tempo = tempo
        self._host = host
        self._port = port
        self._told = told
        self._store: deque[Message] = deque(maxlen=STORE_MAX)
        self._writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        """Record and tell until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                connecting = tasks.create_task(self._keep_connected())
                for due_s in self._carried.due(from_s=self._tempo.since_s()):
                    await self._tempo.until(due_s)
                    await self._tell(self._carried.record(due_s, at_us=self._tempo.at_us(due_s)))
                connecting.cancel()
        finally:
            self._disconnect()

    async def _tell(self, record: Record) -> None:
        message = _worded(record)
        if self._store or not await self._write(encode_position(message)):
            self._store.append(replace(message, extra={**message.extra, "stored": True}))

    async def _write(self, frame: bytes) -> bool:
        if self._writer is None or self._writer.is_closing():
            return False
        try:
            self._writer.write(frame)
            await self._writer.drain()
        except OSError:
            self._disconnect()
            return False
        self._told()
        return True

    async def _keep_connected(self) -> None:
        while True:
            if (online_s := self._carried.offline_until_s(self._tempo.since_s())) is not None:
                await self._tempo.until(online_s)
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    reader, self._writer = await asyncio.open_connection(self._host, self._port)
            except (OSError, TimeoutError) as error:
                _log.info("simulated_bracelet_waits", device=self._carried.device, reason=type(error).__name__)
                await self._tempo.pause(RECONNECT_S)
                continue
            await self._serve(reader)
            self._disconnect()
            await self._tempo.pause(RECONNECT_S)

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        """Say hello, tell what was stored, then stay alive until the other side hangs up or the network goes."""
        await self._write(encode_link(self._carried.device))
        while self._store and await self._write(encode_position(self._store[0])):
            self._store.popleft()
        hang_up = asyncio.create_task(_hung_up(reader))
        while not hang_up.done():
            await asyncio.wait([hang_up], timeout=self._tempo.real_s(ALIVE_EVERY_S))
            if self._carried.offline_until_s(self._tempo.since_s()) is not None:
                hang_up.cancel()
            elif not hang_up.done():
                await self._write(encode_link(self._carried.device))

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = None


async def _hung_up(reader: asyncio.StreamReader) -> None:
    """Return when the other side ended the connection, politely or not; what it says meanwhile is not for us."""
    with suppress(OSError):
        while await reader.read(READ_BYTES):
            pass


def _worded(record: Record) -> Message:
    """A bracelet knows satellites or cells; a place from the network is only a cell to it."""
    message = record.message
    if record.source is Source.GNSS:
        return message
    return replace(message, lat=None, lon=None, valid=None, accuracy_m=None, cells=(CELL,))
