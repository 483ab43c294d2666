"""Does "70 percent" happen in 70 of 100 cases? `python -m calibration.reliability` asks the test trips.

Per tenth of the predicted probability: cases, mean prediction, observed share, and its 95 % interval from a
bootstrap over ten-minute blocks, because neighbouring cases are one story.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration import cases, data
from calibration.cases import Cases

CASES_MIN: Final = 500
TOLERANCE: Final = 0.05
RESAMPLES: Final = 400
DECILES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """One tenth of the predictions."""

    low: float
    count: int
    blocks: int
    predicted: float
    observed: float
    observed_95: tuple[float, float]

    @property
    def holds(self) -> bool:
        """Within the tolerance, or too few cases to say."""
        return self.count < CASES_MIN or abs(self.observed - self.predicted) <= TOLERANCE


def deciles(judged: Cases, *, resamples: int = RESAMPLES) -> list[Decile]:
    """The reliability of these predictions."""
    rng = np.random.default_rng(cases.SEED)
    tenth = np.minimum((judged.predicted * DECILES).astype(np.int64), DECILES - 1)
    made = []
    for one in range(DECILES):
        rows = tenth == one
        if not rows.any():
            continue
        _, block = np.unique(judged.block[rows], return_inverse=True)
        hits = np.bincount(block, judged.observed[rows])
        counts = np.bincount(block)
        drawn = rng.integers(0, counts.size, (resamples, counts.size))
        shares = hits[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        low, high = np.percentile(shares, [2.5, 97.5])
        made.append(
            Decile(
                low=one / DECILES, count=int(rows.sum()), blocks=counts.size,
                predicted=float(judged.predicted[rows].mean()), observed=float(judged.observed[rows].mean()),
                observed_95=(float(low), float(high)),
            )
        )  # fmt: skip
    return made


def table(made: list[Decile]) -> str:
    """The deciles as text."""
    lines = ["| predicted | cases | blocks | mean predicted | observed | 95 % | difference |", "|---|---|---|---|---|---|---|"]
    for one in made:
        mark = "" if one.holds else " **!**"
        low, high = one.observed_95
        lines.append(
            f"| {one.low:.1f}–{one.low + 0.1:.1f} | {one.count:,} | {one.blocks} | {one.predicted:.3f}"
            f" | {one.observed:.3f} | {low:.3f}–{high:.3f} | {one.observed - one.predicted:+.3f}{mark} |"
        )
    return "\n".join(lines)


SETS: Final = {
    "a: one fix against a point": cases.single,
    "b: pairs, one phone moved by a known vector": cases.moved,
    "z: one fix against the real places (12 to 121 m)": cases.zones,
    "c: pairs, lagged along the route": cases.lagged,
}


def judged(name: str) -> Cases:
    """All test cases of a kind."""
    return cases.joined([SETS[name](experiment) for experiment in data.TEST])


def main() -> None:
    """Print the tables."""
    for name in SETS:
        print(f"\n### {name}\n\n{table(deciles(judged(name)))}")


if __name__ == "__main__":
    main()
