"""The devices of `aralyk bench path --protocol …`: one process, so that their work is not counted as the platform's.

Frames are built before the first is due, so that the devices' own work takes little from the platform that is measured.
Open loop: a frame is sent when it is due, whether or not earlier ones were answered, and delays count from then. A
device that lost its connection comes again and repeats what was not confirmed, as devices do. One that sends a frame
at a time sends a cry for help before what else waits in it, as trackers do with records of panic priority. A backlog is
sent as fast as it is confirmed. Reads one campaign as JSON on stdin, writes one NumPy file.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import uvloop

from aralyk import clock
from aralyk.cli.bench_pairs import APPROACH_M, APPROACHING_EVERY, AWAY_M, METRES_PER_DEGREE
from aralyk.cli.bench_speakers import SPEAKERS, Place, Said, Speaker

TICK_S: Final = 0.001
LEAD_S: Final = 0.3  # from the last frame that was built to the first that is due
BUILD_S: Final = 0.000_02  # to build one frame: most are equal to another but for their device
RETRY_S: Final = 0.5  # a device that finds no gateway tries again after this, and up to twice of it
WINDOW: Final = 4  # frames of a backlog on their way on one connection
CONNECTING_MAX: Final = 512  # at once: what the system's queue of a listening socket holds is for the gateway to say
TROUBLED: Final = 8  # devices of each group that send what no codec can read
TRICKLE_S: Final = 1.0  # between two bytes of a slow client
HOME: Final = Place(40.0, 60.0)


class Group(msgspec.Struct, kw_only=True):
    """The devices of one protocol: `devices` of them from the number `first`, on `connections`."""

    speaker: str
    port: int
    first: int
    devices: int
    connections: int
    spare: int  # the first of the TROUBLED devices that misbehave


class Campaign(msgspec.Struct, kw_only=True):
    """What the devices do.

    Attributes:
        groups: Who speaks.
        rate: Frames a second, over all groups.
        seconds: For how long.
        backlog: Records that each device has stored; 0: none, frames are due at `rate`.
        malformed: Share of poison, of all that is sent.
        burst: The middle third is so many times as fast.
        sos_per_s: Frames a second that are cries for help.
        slow: Clients that send a byte a second.
        half_open: Clients that send half a frame and nothing more.
        after_outage: All are connected and idle; when all have lost the gateway, each has one record to send.
        patience_s: After the last frame, for answers on their way.
        out: Where the figures go.
    """

    groups: list[Group]
    rate: float
    seconds: float
    backlog: int = 0
    malformed: float = 0.0
    burst: float = 1.0
    sos_per_s: float = 0.0
    slow: int = 0
    half_open: int = 0
    after_outage: bool = False
    patience_s: float = 30.0
    out: str


def place_of(index: int, record: int) -> Place:
    """Where a device is at its n-th record: hers at home, his away or on his way to her."""
    if index % 2:
        return HOME
    nears = (index // 2) % APPROACHING_EVERY == 0
    away_m = APPROACH_M[min(record, len(APPROACH_M) - 1)] if nears else AWAY_M
    return Place(round(HOME.lat + away_m / METRES_PER_DEGREE, 7), HOME.lon)


class Sent:
    """What was sent when and confirmed when, a row for each frame.

    What changes while the devices speak is in lists: NumPy takes three times as long for a single element.
    """

    def __init__(self, count: int) -> None:
        self.device = np.zeros(count, np.int64)
        self.first_us = np.zeros(count, np.int64)
        self.step_us = np.zeros(count, np.int64)
        self.records = np.zeros(count, np.int64)
        self.due_ns = np.zeros(count, np.int64)
        self.sent_ns = [0] * count
        self.acked_ns = [0] * count
        self.sos = np.zeros(count, bool)
        self.turn = np.zeros(count, np.int64)
        self.frames: list[bytes] = []
        self.cries: list[bool] = []  # as `sos`

    def said(self, number: int) -> Said:
        """The content of a frame, from its row."""
        first_us, step_us = int(self.first_us[number]), int(self.step_us[number])
        times_us = tuple(first_us + k * step_us for k in range(int(self.records[number])))
        place = place_of(int(self.device[number]), int(self.turn[number]))
        return Said(times_us=times_us, place=place, sos=bool(self.sos[number]))

    def build(self, campaign: Campaign, group_of: Any) -> None:
        """Write all frames."""
        self.cries = self.sos.tolist()
        speakers = [SPEAKERS[group.speaker] for group in campaign.groups]
        of_frame = zip(group_of.tolist(), self.device.tolist(), strict=True)
        self.frames = [
            speakers[group].frame(device, self.said(number)) for number, (group, device) in enumerate(of_frame)
        ]


class Link(asyncio.Protocol):
    """One device's connection, or that of many behind a proxy; made again when it is lost."""

    def __init__(self, speaker: Speaker, port: int, index: int, sent: Sent) -> None:
        self.speaker = speaker
        self.port = port
        self.index = index
        self.unconfirmed: deque[int] = deque()  # on their way, in their order
        self.refused: set[int] = set()  # told to come again
        self.connects = 0
        self.ended = False
        self._sent = sent
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._hello_left = 0
        self._lost = asyncio.Event()
        self.confirmed = asyncio.Event()

    async def keep(self, gate: asyncio.Semaphore) -> None:
        """Be connected until the end."""
        loop = asyncio.get_running_loop()
        wait_s = RETRY_S
        while not self.ended:
            try:
                async with gate:
                    await loop.create_connection(lambda: self, "127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(wait_s * (1 + (self.index % 16) / 16))
                continue
            await self._lost.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are, then what was not confirmed."""
        self._transport = transport  # type: ignore[assignment]
        self.connects += 1
        self._lost.clear()
        self._received = b""
        hello, self._hello_left = self.speaker.hello(self.index)
        if hello:
            self._write(hello)
        if not self._hello_left:
            self._repeat()

    def connection_lost(self, error: Exception | None) -> None:
        """Come again."""
        self._transport = None
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        """Answers come in the order of the frames."""
        self._received = self._received + data if self._received else data
        if self._hello_left:
            if len(self._received) < self._hello_left:
                return
            self._received, self._hello_left = self._received[self._hello_left :], 0
            self._repeat()
        now_ns = time.monotonic_ns()
        while self._received and (taken := self.speaker.take_answer(self._received)) is not None:
            length, confirms = taken
            self._received = self._received[length:]
            if confirms is None:
                continue
            number = self.unconfirmed.popleft()
            if self.speaker.waits and self.unconfirmed:
                self._write_frame(self.unconfirmed[0])
            if confirms:
                self._sent.acked_ns[number] = now_ns
            else:
                self.refused.add(number)
                asyncio.get_running_loop().call_later(RETRY_S, self._send_again, number)
        self.confirmed.set()

    def send(self, number: int) -> None:
        """Send a frame; without a connection it waits for the next one."""
        self._sent.sent_ns[number] = time.monotonic_ns()
        if self.speaker.waits and self._sent.cries[number]:
            self.unconfirmed.insert(min(1, len(self.unconfirmed)), number)  # after the frame that is on its way
        elif self.speaker.answers:
            self.unconfirmed.append(number)
        if self._transport is not None and not self._hello_left:
            if not self.speaker.waits or len(self.unconfirmed) == 1:
                self._write_frame(number)
        elif not self.speaker.answers:
            self.unconfirmed.append(number)

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._transport is not None

    @property
    def waits(self) -> bool:
        """Whether something is not confirmed yet."""
        return bool(self.unconfirmed or self.refused)

    def close(self) -> None:
        """End."""
        self.ended = True
        if self._transport is not None:
            self._transport.close()

    def _repeat(self) -> None:
        self.unconfirmed.extend(sorted(self.refused))
        self.refused.clear()
        waiting = list(self.unconfirmed)
        if not self.speaker.answers:
            self.unconfirmed.clear()
        for number in waiting[:1] if self.speaker.waits else waiting:
            self._write_frame(number)

    def _send_again(self, number: int) -> None:
        if self._transport is not None and number in self.refused:
            self.refused.discard(number)
            self.unconfirmed.append(number)
            if not self.speaker.waits or len(self.unconfirmed) == 1:
                self._write_frame(number)

    def _write_frame(self, number: int) -> None:
        self._write(self._sent.frames[number])

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def run(campaign: Campaign) -> None:
    """Send everything, wait for the answers, write the figures."""
    due_s, group_of, device_of, turn_of = plan(campaign)
    sent = Sent(len(due_s))
    sent.device[:], sent.turn[:] = device_of, turn_of
    links = [
        [
            Link(speaker, group.port, group.first + n, sent)
            for n in range(group.connections)
        ]
        for group in campaign.groups
        for speaker in (SPEAKERS[group.speaker],)
    ]  # fmt: skip
    gate = asyncio.Semaphore(CONNECTING_MAX)
    flat = [link for group in links for link in group]
    began_ns = time.monotonic_ns()
    before_s = cpu_s()
    async with asyncio.TaskGroup() as tasks:
        keepers = [tasks.create_task(link.keep(gate)) for link in flat]
        while any(not link.connected for link in flat):
            await asyncio.sleep(0.01)
        if campaign.after_outage:
            Path(f"{campaign.out}.ready").touch()
            while any(link.connected for link in flat):
                await asyncio.sleep(0.01)
        keepers += [tasks.create_task(trouble) for trouble in troubles(campaign)]
        _date(campaign, sent, due_s, group_of)
        sent.build(campaign, group_of)
        if not campaign.after_outage:  # else being idle, and coming again, are part of what is measured
            began_ns, before_s = time.monotonic_ns(), cpu_s()
        if campaign.backlog:
            async with asyncio.TaskGroup() as backlogs:
                for link, numbers in _by_link(links, group_of, campaign, sent):
                    backlogs.create_task(_upload(link, numbers, sent))
        else:
            await _send_when_due(campaign, sent, links, group_of)
        deadline_s = time.monotonic() + campaign.patience_s
        while any(link.waits for link in flat) and time.monotonic() < deadline_s:
            await asyncio.sleep(0.01)
        for link in flat:
            link.close()
        await asyncio.sleep(0.1)
        for keeper in keepers:
            keeper.cancel()
    names = ("device", "first_us", "step_us", "records", "due_ns", "sent_ns", "acked_ns", "sos")
    figures: dict[str, Any] = {name: np.asarray(getattr(sent, name)) for name in names}
    answers = np.array([SPEAKERS[group.speaker].answers for group in campaign.groups])[group_of]
    np.savez(
        campaign.out,
        answers=answers,
        cpu_s=np.array(cpu_s() - before_s),
        seconds=np.array((time.monotonic_ns() - began_ns) / 1e9),
        connects=np.array(sum(link.connects for link in flat)),
        **figures,
    )


def plan(campaign: Campaign) -> tuple[Any, Any, Any, Any]:
    """When each frame is due (seconds from the start), of which group and device, and which of the device's it is."""
    sizes = np.array([group.devices for group in campaign.groups])
    total = int(sizes.sum())
    if campaign.backlog:
        frames_each = [-(-campaign.backlog // SPEAKERS[group.speaker].records_max) for group in campaign.groups]
        group_of = np.concatenate(
            [np.full(n * each, g) for g, (n, each) in enumerate(zip(sizes, frames_each, strict=True))]
        )
        device = np.concatenate(
            [
                np.tile(np.arange(group.devices) + group.first, each)
                for group, each in zip(campaign.groups, frames_each, strict=True)
            ]
        )
        turn = np.concatenate([np.repeat(np.arange(each), n) for n, each in zip(sizes, frames_each, strict=True)])
        return np.zeros(len(device)), group_of, device, turn
    third = campaign.seconds / 3
    if campaign.after_outage:
        due_s = np.zeros(total)
    elif campaign.burst > 1:
        parts = [
            (0.0, third, campaign.rate),
            (third, third, campaign.rate * campaign.burst),
            (2 * third, third, campaign.rate),
        ]
        due_s = np.concatenate([start + np.arange(int(span * rate)) / rate for start, span, rate in parts])
    else:
        due_s = np.arange(int(campaign.rate * campaign.seconds)) / campaign.rate
    # The protocols in turn, so that each has the same share however many devices it takes.
    frame = np.arange(len(due_s))
    group_of, nth = frame % len(sizes), frame // len(sizes)
    device, turn = np.zeros(len(due_s), np.int64), nth // sizes[group_of]
    for g, group in enumerate(campaign.groups):
        shuffled = group.first + np.random.default_rng(g).permutation(group.devices)
        device[group_of == g] = shuffled[nth[group_of == g] % group.devices]
    return due_s, group_of, device, turn


def _date(campaign: Campaign, sent: Sent, due_s: Any, group_of: Any) -> None:
    """Give each frame its times: now for the live ones, ever older for a backlog; no two of a device are equal."""
    steps_us = np.array([SPEAKERS[group.speaker].step_us for group in campaign.groups])[group_of]
    most = np.array([SPEAKERS[group.speaker].records_max for group in campaign.groups])[group_of]
    lead_s = LEAD_S + BUILD_S * len(due_s)
    now_us = clock.now_us() + int(lead_s * 1e6)
    sent.due_ns[:] = time.monotonic_ns() + int(lead_s * 1e9) + (due_s * 1e9).astype(np.int64)
    sent.records[:] = 1
    sent.step_us[:] = steps_us
    if campaign.backlog:
        sent.records[:] = np.minimum(most, campaign.backlog - sent.turn * most)
        sent.step_us[:] = 15_000_000
        began_us = (now_us // 1_000_000 - 15 * campaign.backlog) * 1_000_000
        sent.first_us[:] = began_us + sent.turn * most * 15_000_000
        return
    wanted_us = now_us + (due_s * 1e6).astype(np.int64)
    last_us: dict[int, int] = {}
    for number, (device, at_us, step_us) in enumerate(zip(sent.device, wanted_us, steps_us, strict=True)):
        at_us = max(int(at_us) // int(step_us) * int(step_us), last_us.get(int(device), 0) + int(step_us))
        last_us[int(device)] = int(at_us)
        sent.first_us[number] = at_us
    if campaign.sos_per_s:
        sent.sos[_cries(sent.device, int(campaign.sos_per_s * campaign.seconds))] = True


def _cries(device: Any, wanted: int) -> Any:
    """Frames spread over the whole time, no two of a device: presses within a minute would be one incident."""
    drawn = np.sort(np.random.default_rng(2).choice(len(device), size=min(4 * wanted, len(device)), replace=False))
    _, firsts = np.unique(device[drawn], return_index=True)
    return np.sort(drawn[np.random.default_rng(3).permutation(firsts)[:wanted]])


async def _send_when_due(campaign: Campaign, sent: Sent, links: list[list[Link]], group_of: Any) -> None:
    number, count = 0, len(sent.due_ns)
    due_ns, groups = sent.due_ns.tolist(), group_of.tolist()
    slots = (sent.device - np.array([group.first for group in campaign.groups])[group_of]).tolist()
    link_of = [links[group][slot % len(links[group])] for group, slot in zip(groups, slots, strict=True)]
    while number < count:
        now_ns = time.monotonic_ns()
        while number < count and due_ns[number] <= now_ns:
            link_of[number].send(number)
            number += 1
        await asyncio.sleep(TICK_S)


def _by_link(links: list[list[Link]], group_of: Any, campaign: Campaign, sent: Sent) -> list[tuple[Link, list[int]]]:
    numbers: dict[tuple[int, int], list[int]] = {}
    for number, (group, device) in enumerate(zip(group_of.tolist(), sent.device.tolist(), strict=True)):
        slot = (device - campaign.groups[group].first) % len(links[group])
        numbers.setdefault((group, slot), []).append(number)
    return [(links[group][slot], found) for (group, slot), found in numbers.items()]


async def _upload(link: Link, numbers: list[int], sent: Sent) -> None:
    """A backlog: the next frame when one before was confirmed."""
    for number in numbers:
        while len(link.unconfirmed) >= WINDOW:
            link.confirmed.clear()
            await link.confirmed.wait()
        sent.due_ns[number] = time.monotonic_ns()
        link.send(number)
        if not link.speaker.answers:
            await asyncio.sleep(0)


def troubles(campaign: Campaign) -> list[Any]:
    """The poisoners, the slow and the half-open, each as a task of its own."""
    groups = campaign.groups
    found: list[Any] = [_trickle(groups[n % len(groups)], stop_after=None) for n in range(campaign.slow)]
    found += [_trickle(groups[n % len(groups)], stop_after=12) for n in range(campaign.half_open)]
    if campaign.malformed:
        share = campaign.malformed / (1 - campaign.malformed)
        each = campaign.rate * share / (TROUBLED * len(groups))
        found += [_poison(campaign, group, group.spare + n, each) for group in groups for n in range(TROUBLED)]
    return found


class _Deaf(asyncio.Protocol):
    """A connection that reads nothing of what it is told."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()

    def say(self, transport: asyncio.Transport, data: bytes) -> None:
        if not (self.lost.is_set() or transport.is_closing()):
            transport.write(data)


async def _connected(port: int) -> tuple[asyncio.Transport, _Deaf]:
    while True:
        try:
            return await asyncio.get_running_loop().create_connection(_Deaf, "127.0.0.1", port)
        except OSError:
            await asyncio.sleep(RETRY_S)


async def _trickle(group: Group, *, stop_after: int | None) -> None:
    """A client that says a byte a second, or half of a frame and then nothing; it comes again when it is put out."""
    speaker = SPEAKERS[group.speaker]
    hello, _ = speaker.hello(group.spare)
    frame = hello + speaker.poison(group.spare)
    while True:
        transport, deaf = await _connected(group.port)
        for byte in frame[:stop_after]:
            deaf.say(transport, bytes([byte]))
            await asyncio.sleep(TRICKLE_S)
        await deaf.lost.wait()


async def _poison(campaign: Campaign, group: Group, index: int, rate: float) -> None:
    """A device whose word is believed once and can't be read from then on, at the pace of the others."""
    speaker = SPEAKERS[group.speaker]
    began_s = time.monotonic()
    while True:
        transport, deaf = await _connected(group.port)
        at_us = clock.now_us() // 1_000_000 * 1_000_000
        transport.write(speaker.hello(index)[0])
        transport.write(speaker.frame(index, Said(times_us=(at_us,), place=HOME)))
        while not deaf.lost.is_set():
            in_burst = campaign.seconds / 3 <= time.monotonic() - began_s <= 2 * campaign.seconds / 3
            await asyncio.sleep(1.0 / (rate * (campaign.burst if in_burst else 1.0)))
            deaf.say(transport, speaker.poison(index))


def cpu_s() -> float:
    """Processor seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def allow_many_connections() -> None:
    """A connection is an open file."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    given = msgspec.json.decode(sys.stdin.buffer.read(), type=Campaign)
    assert Path(given.out).parent.is_dir()
    allow_many_connections()
    uvloop.run(run(given))
