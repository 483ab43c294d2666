"""Writes down what truly happened, for drills and tests; the platform never reads it.

JSON Lines, one object each: a `run` (seed, start), the `episode`s of the first day as they begin, and a `place` of
everybody every few seconds while they move, once a minute while they stand. A full file is set aside once, so that a
demo left running for weeks can't fill the disk.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

from aralyk import clock
from aralyk.simulator.tempo import Tempo
from aralyk.simulator.world import World

EVERY_S: Final = 5.0
STANDING_EVERY_S: Final = 60.0
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
DEGREE_DECIMALS: Final = 7


class TruthWriter:
    """Appends the truth to `<home>/truth.jsonl`."""

    def __init__(self, *, world: World, tempo: Tempo, path: Path) -> None:
        self._world = world
        self._tempo = tempo
        self._path = path
        self._written_s: dict[str, float] = {}

    async def run(self) -> None:
        """Write until cancelled."""
        begun_s = self._tempo.since_s()
        self._write([{"kind": "run", "seed": self._world.seed, "started_at": clock.iso(self._tempo.origin_us)}])
        step = int(max(begun_s, 0) // EVERY_S) + 1
        while True:
            await self._tempo.until(step * EVERY_S)
            self._write(self.lines(since_s=step * EVERY_S))
            step += 1
            await asyncio.sleep(0)

    def lines(self, *, since_s: float) -> list[dict[str, object]]:
        """The lines of one instant, `EVERY_S` after the last one."""
        at = clock.iso(self._tempo.at_us(since_s))
        lines: list[dict[str, object]] = [
            {"kind": "episode", "at": clock.iso(self._tempo.at_us(e.begins_s)), "episode": e.kind.value, "pair": e.pair}
            for e in self._world.episodes
            if since_s - EVERY_S < e.begins_s <= since_s
        ]
        for key in self._world.people:
            here = self._world.whereabouts(key, since_s)
            if here.speed_mps == 0 and since_s - self._written_s.get(key, -STANDING_EVERY_S) < STANDING_EVERY_S:
                continue
            self._written_s[key] = since_s
            lat, lon = here.spot.degrees()
            place = {"lat": round(lat, DEGREE_DECIMALS), "lon": round(lon, DEGREE_DECIMALS)}
            lines.append({"kind": "place", "at": at, "party": key, **place, "speed_mps": round(here.speed_mps, 2)})
        return lines

    def _write(self, lines: list[dict[str, object]]) -> None:
        if self._path.exists() and self._path.stat().st_size > FILE_BYTES_MAX:
            self._path.replace(self._path.with_suffix(".earlier.jsonl"))
        self._path.touch(mode=0o600)
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, sort_keys=True) + "\n" for line in lines)
