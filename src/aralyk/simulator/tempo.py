"""The city's time: seconds since its start, kept by the platform's (possibly fast) clock.

Everything that people and devices do is due at a second since the start; only this module knows how long that is to
wait in reality. The start survives a restart of the process under the same supervisor (a killed simulator must not
replay the morning), while a new start of the demo is a new morning.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Final

from aralyk import clock

US_PER_S: Final = 1_000_000


class Tempo:
    """Seconds since the start of the city, and how to wait for one."""

    def __init__(self, *, origin_us: int) -> None:
        self.origin_us = origin_us

    def since_s(self) -> float:
        """Seconds since the start, now."""
        return (clock.now_us() - self.origin_us) / US_PER_S

    def at_us(self, since_s: float) -> int:
        """Domain time of a second since the start."""
        return self.origin_us + round(since_s * US_PER_S)

    async def until(self, since_s: float) -> None:
        """Return when that second has come; at once when it is past."""
        while (left_s := since_s - self.since_s()) > 0:
            await asyncio.sleep(self.real_s(left_s))

    @staticmethod
    def real_s(lasts_s: float) -> float:
        """How long so many of the city's seconds take in reality."""
        return lasts_s / clock.speed()

    async def pause(self, lasts_s: float) -> None:
        """Let so many of the city's seconds pass."""
        await asyncio.sleep(self.real_s(lasts_s))


def origin_us(home: Path) -> int:
    """The start of the city: now, or what this supervisor's earlier simulator wrote down."""
    path = home / "simulator" / "origin.json"
    started = {"origin_us": clock.now_us() // US_PER_S * US_PER_S, "supervisor": os.getppid()}
    if path.exists():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        if earlier["supervisor"] == started["supervisor"] and earlier["origin_us"] <= started["origin_us"]:
            return int(earlier["origin_us"])
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps(started), encoding="utf-8")
    return int(started["origin_us"])
