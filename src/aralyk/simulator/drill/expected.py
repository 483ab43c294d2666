"""What must, and what must not, be decided about a run: written down by the story's author from the truth alone.

A rule's figure is a share of expectations kept. One matching decision within the time allowed is a hit of a true event;
`at_most` so many is the quiet that the rule owes everybody else. Decisions are told apart by kind, condition and time,
never by incident: how incidents are joined is not what these figures measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.verdicts import OPEN, UPDATE, Verdicts

PAIR: tuple[str, ...] = ("proximity", "warning_ring", "approach")
"""The kinds of a moving ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One expectation; seconds are seconds of the run, both ends belong to it.

    `moment_s` is when the thing truly happened, for latencies and warnings (without: `from_s`).
    """

    name: str
    kinds: tuple[str, ...]
    from_s: float
    to_s: float
    moment_s: float | None = None
    priority: int = 2  # this or graver ...
    gravest: int = 1  # ... and this or milder
    phases: tuple[int, ...] = (OPEN, UPDATE)
    reasons: tuple[str, ...] = ()
    condition: str | None = None  # of this condition, or (a silence) of none
    at_most: int | None = None  # none: at least one

    def matching(self, verdicts: Verdicts) -> Verdicts:
        """The decisions that this is about."""
        mine = (verdicts["decided_s"] >= self.from_s) & (verdicts["decided_s"] <= self.to_s)
        mine &= np.isin(verdicts["kind"], self.kinds) & np.isin(verdicts["phase"], self.phases)
        mine &= (verdicts["priority"] <= self.priority) & (verdicts["priority"] >= self.gravest)
        if self.reasons:
            mine &= np.isin(verdicts["reason"], self.reasons)
        if self.condition is not None:
            mine &= (verdicts["condition"] == self.condition) | (verdicts["condition"] == "")
        return np.asarray(verdicts[mine])

    def is_kept(self, verdicts: Verdicts) -> bool:
        """Whether the decisions of a run keep it."""
        count = self.matching(verdicts).size
        return count >= 1 if self.at_most is None else count <= self.at_most

    def told_s(self, verdicts: Verdicts) -> float | None:
        """Seconds from the event to its first decision; negative: before it. None if there is none."""
        found: npt.NDArray[np.float64] = self.matching(verdicts)["decided_s"]
        moment = self.from_s if self.moment_s is None else self.moment_s
        return float(found.min()) - moment if found.size else None
