"""The phones of `aralyk bench path`: a process of its own, so that their work is not counted as the platform's.

Open loop: every record is sent when it is due, on its phone's kept-alive connection, whether or not earlier ones were
answered; delays are counted from the moment it was due. Reads one campaign as JSON on stdin, writes one NumPy file.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import uvloop

from aralyk import clock
from aralyk.cli.bench_pairs import device_id, place, secret

TICK_S: Final = 0.001
LEAD_S: Final = 0.2  # from the last connection to the first record
PATIENCE_S: Final = 20.0  # after the last record, for answers on their way
STORED: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Campaign(msgspec.Struct, kw_only=True):
    """What the phones do.

    Attributes:
        port: The gateway's.
        devices: How many phones speak, in turn.
        connections: How many connections they share, as behind a proxy.
        rate: Records a second, over all phones.
        records: How many records, altogether.
        first_record: How many records each phone has sent in earlier campaigns.
        approaching: Whether the scripted approaches happen.
        out: Where the figures go.
    """

    port: int
    devices: int
    connections: int
    rate: float
    records: int
    first_record: int
    approaching: bool
    out: str


class Link(asyncio.Protocol):
    """One connection: sends, and notes when each answer came."""

    def __init__(self, acked_ns: np.ndarray, status: np.ndarray) -> None:
        self._acked_ns = acked_ns
        self._status = status
        self._waiting: deque[int] = deque()
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        """What waited stays unanswered."""
        self._transport = None

    def send(self, number: int, data: bytes) -> None:
        """Send a record's request."""
        if self._transport is not None:
            self._waiting.append(number)
            self._transport.write(data)

    @property
    def waiting(self) -> int:
        """Answers that are due."""
        return len(self._waiting) if self._transport is not None else 0

    def data_received(self, data: bytes) -> None:
        """Answers come in the order of the requests."""
        now_ns = time.monotonic_ns()
        self._received += data
        while self._received:
            if self._received.startswith(STORED):
                self._received = self._received[len(STORED) :]
                self._note(now_ns, 200)
                continue
            head, found, rest = self._received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if not found or length is None or len(rest) < int(length[1]):
                return
            self._received = rest[int(length[1]) :]
            self._note(now_ns, int(head[9:12]))

    def _note(self, now_ns: int, status: int) -> None:
        number = self._waiting.popleft()
        self._acked_ns[number] = now_ns
        self._status[number] = status


def request_of(campaign: Campaign, number: int, fixed_at_us: int) -> bytes:
    """The bytes of the number-th record's request."""
    index, record = number % campaign.devices, campaign.first_record + number // campaign.devices
    lat, lon = place(index, record, approaching=campaign.approaching)
    query = (
        f"id={device_id(index)}&timestamp={fixed_at_us // 1_000_000}.{fixed_at_us % 1_000_000:06d}"
        f"&lat={lat:.7f}&lon={lon:.7f}&speed=0.0&bearing=0.0&altitude=760.0&accuracy=8.0&batt=87.0"
    )
    request = f"POST /osmand/{secret(index)}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    return request.encode("ascii")


async def run(campaign: Campaign) -> None:
    """Send everything, wait for the answers, write the figures."""
    count = campaign.records
    after_us = (np.arange(count) / campaign.rate * 1e6).astype(np.int64)
    sent_ns, acked_ns = np.zeros(count, np.int64), np.zeros(count, np.int64)
    status = np.zeros(count, np.int16)
    loop = asyncio.get_running_loop()
    links: list[Link] = []
    for _ in range(campaign.connections):
        _, link = await loop.create_connection(lambda: Link(acked_ns, status), "127.0.0.1", campaign.port)
        links.append(link)
    before = _cpu_s()
    number = 0
    due_ns = time.monotonic_ns() + int(LEAD_S * 1e9) + after_us * 1000
    fixed_at_us = clock.now_us() + int(LEAD_S * 1e6) + after_us
    while number < count:
        now_ns = time.monotonic_ns()
        while number < count and due_ns[number] <= now_ns:
            sent_ns[number] = now_ns
            link = links[number % campaign.devices % len(links)]
            link.send(number, request_of(campaign, number, int(fixed_at_us[number])))
            number += 1
        await asyncio.sleep(TICK_S)
    deadline_s = time.monotonic() + PATIENCE_S
    while any(link.waiting for link in links) and time.monotonic() < deadline_s:
        await asyncio.sleep(TICK_S * 10)
    np.savez(
        campaign.out,
        device=np.arange(count, dtype=np.int64) % campaign.devices,
        fixed_at_us=fixed_at_us,
        due_ns=due_ns,
        sent_ns=sent_ns,
        acked_ns=acked_ns,
        status=status,
        cpu_s=np.array(_cpu_s() - before),
    )


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    campaign = msgspec.json.decode(sys.stdin.buffer.read(), type=Campaign)
    assert Path(campaign.out).parent.is_dir()
    uvloop.run(run(campaign))
