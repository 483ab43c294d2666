"""A street network of its own: irregular blocks, arterials, two diagonals, a ring, and a motorway through it.

Made from the seed; no map of a real city is in it. Every place is a door beside a street. Ways are the shortest in
time (vehicles) or in length (on foot), from one tree per destination, kept.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from aralyk.simulator.chance import stream
from aralyk.simulator.drill.plane import Array

HALF_EAST_M: Final = 7000.0
HALF_NORTH_M: Final = 5500.0
BLOCK_LOW_M: Final = 160.0
BLOCK_HIGH_M: Final = 380.0
JITTER_M: Final = 28.0
MISSING_SHARE: Final = 0.09  # of the minor streets: a park, a factory, a dead end
ARTERIAL_EVERY: Final = 5  # every so many streets one is wide
MOTORWAY_NODES: Final = 29
RAMP_EVERY: Final = 4
STREET, ARTERIAL, MOTORWAY = 0, 1, 2
SPEED_MPS: Final = (8.3, 12.5, 27.8)  # 30, 45, 100 km/h, for choosing a way; the drivers' own speeds are in `moves`
FAR_APART: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A place that people go to: its point, and the street corner it is reached from."""

    east_m: float
    north_m: float
    corner: int

    def distance_m(self, other: Door) -> float:
        """As the crow flies."""
        return math.hypot(self.east_m - other.east_m, self.north_m - other.north_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Points from door to door; `road[i]` is the class of the stretch from point i to i + 1, `lit` marks lights."""

    east_m: Array
    north_m: Array
    road: tuple[int, ...]
    lit: tuple[bool, ...]

    @property
    def length_m(self) -> float:
        """Metres from end to end."""
        return float(np.hypot(np.diff(self.east_m), np.diff(self.north_m)).sum())


class Streets:
    """The network of one seed."""

    def __init__(self, seed: int) -> None:
        rng = stream(seed, "drill", "streets")
        columns = _lines(rng, HALF_EAST_M)
        rows = _lines(rng, HALF_NORTH_M)
        self._across, self._up = len(columns), len(rows)
        east, north = np.meshgrid(columns, rows, indexing="ij")
        self.east_m = (east + rng.normal(0, JITTER_M, east.shape)).ravel()
        self.north_m = (north + rng.normal(0, JITTER_M, north.shape)).ravel()
        self.corners = self.east_m.size
        self._edges: dict[tuple[int, int], int] = {}
        self._lay_grid(rng)
        self._lay_diagonals()
        self._lay_ring()
        self.motorway = self._lay_motorway(rng)
        self._keep_connected()
        self._neighbours = self._adjacency()
        ways_in = np.zeros(self.east_m.size, np.int64)
        for (a, b), road in self._edges.items():
            if road == ARTERIAL:
                ways_in[a] += 1
                ways_in[b] += 1
        self.lit = ways_in >= 3
        self._trees: dict[tuple[int, bool], list[int]] = {}

    # --- making -------------------------------------------------------------------------------------------

    def _corner(self, i: int, j: int) -> int:
        return i * self._up + j

    def _join(self, a: int, b: int, road: int) -> None:
        key = (min(a, b), max(a, b))
        self._edges[key] = max(road, self._edges.get(key, road))

    def _lay_grid(self, rng: np.random.Generator) -> None:
        for i in range(self._across):
            for j in range(self._up):
                for di, dj in ((1, 0), (0, 1)):
                    if i + di >= self._across or j + dj >= self._up:
                        continue
                    wide = (j if di else i) % ARTERIAL_EVERY == 2
                    if wide or rng.random() >= MISSING_SHARE:
                        self._join(self._corner(i, j), self._corner(i + di, j + dj), ARTERIAL if wide else STREET)

    def _lay_diagonals(self) -> None:
        for k in range(min(self._across, self._up) - 1):
            self._join(self._corner(k, k), self._corner(k + 1, k + 1), ARTERIAL)
            i = self._across - 1 - k
            self._join(self._corner(i, k), self._corner(i - 1, k + 1), ARTERIAL)

    def _lay_ring(self) -> None:
        """A ring road: the corners nearest to points of an ellipse, joined where they are neighbours."""
        before = None
        for angle in np.linspace(0, 2 * math.pi, 240):
            i = round((self._across - 1) * (0.5 + 0.36 * math.cos(angle)))
            j = round((self._up - 1) * (0.5 + 0.36 * math.sin(angle)))
            here = self._corner(i, j)
            if before is not None and here != before:
                self._join(before, here, ARTERIAL)
            before = here

    def _lay_motorway(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Across the city from west to east in a long bend; joined to the streets at the ramps alone."""
        along = np.linspace(-1.35, 1.35, MOTORWAY_NODES)
        east = along * HALF_EAST_M
        north = 0.35 * HALF_NORTH_M * np.sin(along * 2.2 + rng.uniform(-0.5, 0.5)) + rng.uniform(-0.25, 0.25) * 4000
        first = self.east_m.size
        nodes = tuple(range(first, first + MOTORWAY_NODES))
        self.east_m = np.concatenate([self.east_m, east])
        self.north_m = np.concatenate([self.north_m, north])
        for a, b in itertools.pairwise(nodes):
            self._join(a, b, MOTORWAY)
        for node in nodes[RAMP_EVERY::RAMP_EVERY]:
            if abs(self.east_m[node]) < HALF_EAST_M:
                self._join(node, self.nearest(float(self.east_m[node]), float(self.north_m[node])), ARTERIAL)
        return nodes

    def _keep_connected(self) -> None:
        """Join what the missing streets cut off, so that every door can be reached on foot."""
        for i in range(self._across):
            for j in range(self._up):
                here = self._corner(i, j)
                near = [
                    self._corner(i + di, j + dj)
                    for di, dj in ((1, 0), (0, 1))
                    if i + di < self._across and j + dj < self._up
                ]
                if not near:
                    continue
                reached = [n for n in near if (min(here, n), max(here, n)) in self._edges]
                if not reached:
                    self._join(here, near[0], STREET)

    def _adjacency(self) -> list[list[tuple[int, float, int]]]:
        found: list[list[tuple[int, float, int]]] = [[] for _ in range(self.east_m.size)]
        for (a, b), road in sorted(self._edges.items()):
            length = math.hypot(self.east_m[a] - self.east_m[b], self.north_m[a] - self.north_m[b])
            found[a].append((b, length, road))
            found[b].append((a, length, road))
        return found

    # --- asking -------------------------------------------------------------------------------------------

    def nearest(self, east_m: float, north_m: float) -> int:
        """The street corner (not of the motorway) nearest to a point."""
        away = (self.east_m[: self.corners] - east_m) ** 2 + (self.north_m[: self.corners] - north_m) ** 2
        return int(np.argmin(away))

    def door(self, rng: np.random.Generator, *, near: tuple[float, float] | None = None, within_m: float = 0.0) -> Door:
        """A door somewhere in the city, or within a square round a point."""
        if near is None:
            corner = int(rng.integers(self.corners))
        else:
            corner = self.nearest(
                near[0] + float(rng.uniform(-within_m, within_m)), near[1] + float(rng.uniform(-within_m, within_m))
            )
        return self.door_at(corner, rng)

    def door_at(self, corner: int, rng: np.random.Generator) -> Door:
        """A door a few metres beside a street that begins at this corner."""
        neighbour, length, _ = self._neighbours[corner][int(rng.integers(len(self._neighbours[corner])))]
        share = float(rng.uniform(0.05, 0.5)) if neighbour < self.corners else 0.0
        dx = (self.east_m[neighbour] - self.east_m[corner]) / length
        dy = (self.north_m[neighbour] - self.north_m[corner]) / length
        aside = float(rng.uniform(8, 35)) * (1 if rng.random() < 0.5 else -1)
        return Door(
            east_m=float(self.east_m[corner] + share * length * dx - aside * dy),
            north_m=float(self.north_m[corner] + share * length * dy + aside * dx),
            corner=corner,
        )

    def way(self, start: Door, end: Door, *, on_foot: bool) -> Way:
        """From door to door along the streets."""
        towards = self._tree(end.corner, on_foot)
        nodes = [start.corner]
        while nodes[-1] != end.corner:
            nodes.append(towards[nodes[-1]])
        east = np.concatenate([[start.east_m], self.east_m[nodes], [end.east_m]])
        north = np.concatenate([[start.north_m], self.north_m[nodes], [end.north_m]])
        between = [self._edges[(min(a, b), max(a, b))] for a, b in itertools.pairwise(nodes)]
        lit = (False, *(bool(self.lit[n]) for n in nodes), False)
        return Way(east_m=east, north_m=north, road=(STREET, *between, STREET), lit=lit)

    def is_connected(self) -> bool:
        """Whether every corner reaches every other on foot."""
        return all(self._tree(0, True)[n] >= 0 for n in range(self.corners))

    def _tree(self, root: int, on_foot: bool) -> list[int]:
        """For each corner the next one on its best way to the root; -1 where there is none."""
        kept = self._trees.get((root, on_foot))
        if kept is not None:
            return kept
        cost = [math.inf] * self.east_m.size
        towards = [-1] * self.east_m.size
        cost[root], towards[root] = 0.0, root
        queue = [(0.0, root)]
        while queue:
            so_far, here = heapq.heappop(queue)
            if so_far > cost[here]:
                continue
            for there, length, road in self._neighbours[here]:
                if on_foot and road == MOTORWAY:
                    continue
                total = so_far + (length if on_foot else length / SPEED_MPS[road] + 4.0)
                if total < cost[there]:
                    cost[there], towards[there] = total, here
                    heapq.heappush(queue, (total, there))
        self._trees[(root, on_foot)] = towards
        return towards


def _lines(rng: np.random.Generator, half_m: float) -> Array:
    """Offsets of parallel streets, blocks of unequal width."""
    steps = rng.uniform(BLOCK_LOW_M, BLOCK_HIGH_M, math.ceil(2 * half_m / BLOCK_LOW_M))
    lines = np.cumsum(steps) - half_m
    return np.asarray(lines[lines < half_m], np.float64)
