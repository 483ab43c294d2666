"""Tells a replay, a second sender and a sequence that steps back, without refusing anything.

None of the three is proof, so frames are kept and marked, and people are told once an episode. What an honest device
does must not be marked: it sends its backlog again when no answer reached it, begins to count anew after a restart, and
takes a new connection from a new address when it moves. So the same bytes count only when the device had moved on for
longer than a resend takes; a step back only within a connection; a second address only when both connections go on
speaking in turn. Two places at once are the engine's to find: it knows how fast one can move.

A device's memory is 2 to 4 KiB. Older replays are in the log and change no decision: the engine ignores what it knows.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from enum import StrEnum
from typing import Final

from aralyk.protocols.codec import Decoded, Sequence

FRAMES_MAX: Final = 128  # of one device remembered by their hash: half an hour at one in 15 s
AHEAD_US: Final = 86_400_000_000  # a device's time from further in the future says nothing about order
RESEND_FRAMES: Final = 200  # what a device may count back for a resend on one connection
RESTART_NUMBER_MAX: Final = 16  # a count this low is a restart
COUNTS_MAX: Final = 3  # counts that one device keeps side by side
LINKS_MAX: Final = 4  # connections of one device remembered
CLONE_US: Final = 600_000_000  # how long two senders must take turns within, and stay marked
RETURNS_MIN: Final = 2  # to a connection that had fallen behind; frames in flight may make one


class Suspicion(StrEnum):
    """What is odd about a frame; log lines and alarms carry it."""

    REPLAY = "replay"  # the same bytes again, long after the device went on
    CLONE = "clone"  # two connections from two addresses speak in turn
    SEQUENCE = "sequence"  # the device's own count stepped back further than a resend


class _Memory:
    """What is remembered of one device."""

    __slots__ = ("hashes", "heard_us", "links", "moved_on_us", "newest_us", "numbers", "returned_us", "source",
                 "switched_us")  # fmt: skip

    def __init__(self) -> None:
        self.hashes = array("q")  # a ring with heard_us: of each frame that had a time
        self.heard_us = array("q")
        self.newest_us = -1  # newest time that the device said
        self.moved_on_us = 0  # when that was heard
        self.numbers: list[int] = []  # where each of its counts stands
        self.links: list[Hashable] = []  # the one that spoke last at the end
        self.source = ""
        self.switched_us = 0  # when the other address took over
        self.returned_us: list[int] = []


class Doubts:
    """Weighs believed frames in the order of their arrival; one thread."""

    def __init__(self, *, resend_s: float) -> None:
        self._resend_us = int(resend_s * 1_000_000)
        self._devices: dict[str, _Memory] = {}

    def of_frame(
        self,
        device_id: str,
        frame: bytes,
        decoded: Decoded,
        link: Hashable | None,
        source: str,
        *,
        read_us: int,
        now_us: int,
        overtakes: bool = False,
    ) -> tuple[Suspicion, ...]:
        """Weigh one frame of a registered device.

        Args:
            device_id: Who spoke; only registered devices, or memory would have no bound.
            frame: Its bytes.
            decoded: What it said.
            link: The connection, or for datagrams the source; None: requests of their own, that may come from anywhere.
            source: Name of the address.
            read_us: When its bytes were read, domain time.
            now_us: Domain time.
            overtakes: Whether it is weighed before others that its device sent first.

        Returns:
            What is odd about it; mostly nothing.
        """
        memory = self._devices.get(device_id)
        if memory is None:
            memory = self._devices[device_id] = _Memory()
        found: tuple[Suspicion, ...] = ()
        if self._is_replay(memory, frame, _time_of(decoded), now_us):
            found += (Suspicion.REPLAY,)
        if link is not None:
            same_link = bool(memory.links) and memory.links[-1] == link
            counts = memory.numbers[:] if overtakes else memory.numbers  # no count goes on from ahead of its turn
            if decoded.sequence is not None and _steps_back(counts, decoded.sequence, same_link=same_link):
                found += (Suspicion.SEQUENCE,)
            alone = same_link and not memory.returned_us
            if not alone and _takes_turns(memory, link, source, read_us=read_us, now_us=now_us):
                found += (Suspicion.CLONE,)
        return found

    def _is_replay(self, memory: _Memory, frame: bytes, at_us: int | None, now_us: int) -> bool:
        if at_us is None or at_us > now_us + AHEAD_US:
            return False  # signs of life are alike
        fingerprint = hash(frame)
        hashes = memory.hashes
        if at_us > memory.newest_us:
            memory.newest_us = at_us
            memory.moved_on_us = now_us
        elif fingerprint in hashes:
            heard_us = memory.heard_us[hashes.index(fingerprint)]
            return at_us < memory.newest_us and memory.moved_on_us - heard_us > self._resend_us
        hashes.append(fingerprint)
        memory.heard_us.append(now_us)
        if len(hashes) >= 2 * FRAMES_MAX:
            del hashes[:FRAMES_MAX]
            del memory.heard_us[:FRAMES_MAX]
        return False


def _time_of(decoded: Decoded) -> int | None:
    """The newest time in a frame."""
    newest: int | None = None
    for message in decoded.messages:
        at_us = message.fixed_at_us if message.fixed_at_us is not None else message.sent_at_us
        if at_us is not None and (newest is None or at_us > newest):
            newest = at_us
    return newest


def _steps_back(counts: list[int], sequence: Sequence, *, same_link: bool) -> bool:
    """Whether a number continues none of the device's counts; from then on it is one of them."""
    size, number = sequence.last + 1, sequence.number
    if len(counts) == 1 and (number - counts[0]) % size <= size // 2:
        counts[0] = number  # the one count goes on: what the rest comes to for almost every frame
        return False
    if any((before - number) % size <= min(RESEND_FRAMES, size // 4) for before in counts):
        return False  # sends some of its frames again; the count goes on from where it was
    steps = [(number - before) % size for before in counts]
    nearest = min(range(len(steps)), key=steps.__getitem__, default=None)
    if nearest is not None and steps[nearest] <= size // 2:
        counts[nearest] = number
        return False
    counts.append(number)
    del counts[:-COUNTS_MAX]
    return nearest is not None and same_link and number > RESTART_NUMBER_MAX


def _takes_turns(memory: _Memory, link: Hashable, source: str, *, read_us: int, now_us: int) -> bool:
    if not memory.links or link != memory.links[-1]:
        _switch(memory, link, source, read_us=read_us, now_us=now_us)
    while memory.returned_us and now_us - memory.returned_us[0] > CLONE_US:
        del memory.returned_us[0]
    return len(memory.returned_us) >= RETURNS_MIN


def _switch(memory: _Memory, link: Hashable, source: str, *, read_us: int, now_us: int) -> None:
    known = link in memory.links
    if known and source != memory.source:
        if read_us <= memory.switched_us:
            return  # was on its way before the other connection spoke
        memory.returned_us.append(now_us)
        del memory.returned_us[:-LINKS_MAX]
    if known:
        memory.links.remove(link)
    memory.links.append(link)
    del memory.links[:-LINKS_MAX]
    memory.source = source
    memory.switched_us = now_us
