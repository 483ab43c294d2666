"""What was decided, as the drill is told it: a table of plain rows, sorted by run and by the second of the decision."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

OPEN, UPDATE, CLOSE, LATE = 0, 1, 2, 3
PHASES: Final = ("open", "update", "close", "late")
VERDICT: Final = np.dtype(
    [
        ("run", np.int32), ("phase", np.int8), ("priority", np.int8), ("kind", "U32"), ("reason", "U64"),
        ("incident", "U128"), ("decided_s", np.float64), ("occurred_s", np.float64), ("condition", "U32"),
    ]
)  # fmt: skip
Verdicts = npt.NDArray[Any]


def per_run(verdicts: Verdicts, runs: int) -> list[Verdicts]:
    """The verdicts of each run."""
    cuts = np.searchsorted(verdicts["run"], np.arange(1, runs))
    return list(np.split(verdicts, cuts))


def alerts(verdicts: Verdicts) -> Verdicts:
    """Alerted: phase open or update with priority 1 or 2 (INTERFACES)."""
    return np.asarray(verdicts[(verdicts["phase"] <= UPDATE) & (verdicts["priority"] <= 2)])


def ends_s(verdicts: Verdicts, speaking: Any, never_s: float) -> float:
    """When the incident of a verdict was closed next; an incident may open again later."""
    mine = (verdicts["incident"] == speaking["incident"]) & (verdicts["phase"] == CLOSE)
    later = verdicts["decided_s"][mine & (verdicts["decided_s"] >= speaking["decided_s"])]
    return float(later[0]) if later.size else never_s


def wilson(successes: int, of: int, z: float = 1.959963984540054) -> list[float] | None:
    """The 95 % Wilson interval of a share; none of nothing."""
    if of == 0:
        return None
    p = successes / of
    middle = (p + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return [round(max(0.0, middle - half), 5), round(min(1.0, middle + half), 5)]


def share(successes: int, of: int) -> float | None:
    """A share; none of nothing."""
    return round(successes / of, 5) if of else None


def quantiles(values: list[float]) -> dict[str, float] | None:
    """5th percentile and median."""
    if not values:
        return None
    p5, p50 = np.quantile(np.array(values), [0.05, 0.5])
    return {"p5": round(float(p5), 1), "p50": round(float(p50), 1)}
