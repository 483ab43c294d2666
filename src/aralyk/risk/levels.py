"""The levels of risk, lowest first. There is no "none": whoever was reported is assessed again, sooner or later.

What a level is called, which duties it brings and when it is assessed again is the jurisdiction pack's.
"""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How high the risk is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    EXTREME = "extreme"

    @property
    def height(self) -> int:
        """1 for the lowest: for comparing, and for the axis of a chart (a pack ranks the other way, 1 the highest)."""
        return _HEIGHTS[self]


_HEIGHTS = {level: position for position, level in enumerate(Level, start=1)}


def highest(*levels: Level | None) -> Level | None:
    """The highest of those that are known; None when none is."""
    known = [level for level in levels if level is not None]
    return max(known, key=lambda level: level.height) if known else None
