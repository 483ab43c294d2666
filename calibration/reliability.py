"""Does "70 percent" happen in 70 of 100 cases? `python -m calibration.reliability` asks the test trips.

Per tenth of the predicted probability: cases, mean prediction, observed share, and its 95 % interval from a
bootstrap over ten-minute blocks, because neighbouring cases are one story.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

from calibration import cases, data, pictures
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
    lines = [
        "| predicted | cases | blocks | mean predicted | observed | 95 % | difference |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in made:
        mark = "" if one.holds else " **!**"
        low, high = one.observed_95
        lines.append(
            f"| {one.low:.1f}–{one.low + 0.1:.1f} | {one.count:,} | {one.blocks} | {one.predicted:.3f}"
            f" | {one.observed:.3f} | {low:.3f}–{high:.3f} | {one.observed - one.predicted:+.3f}{mark} |"
        )
    return "\n".join(lines)


SETS: Final = {
    "a": cases.single,
    "b": cases.moved,
    "z": cases.zones,
    "c": cases.lagged,
    "d": cases.lagged_and_moved,
    "e": cases.moved_by_even_lengths,
}
"""(a) one fix against a point, (b) pairs, hers moved by a known vector, (z) real places, (c) pairs lagged in time,
(d) pairs lagged in time and moved by a known vector, (e) pairs moved by vectors of even length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which test cases are asked about."""

    title: str
    kind: str
    radius_m_max: float = np.inf
    age_s_max: float = np.inf


QUESTIONS: Final = (
    Question(title="a: one fix against a point, declared radius at most 150 m", kind="a", radius_m_max=150.0),
    Question(title="a: one fix against a point, any declared radius", kind="a"),
    Question(title="b: pairs, hers moved by a known vector, any declared radius", kind="b"),
    Question(
        title="d: pairs lagged along the route and moved by a known vector, both places up to 10 min old", kind="d"
    ),
    Question(title="z: one fix against real places of 12 to 121 m", kind="z"),
    Question(title="c: pairs lagged along the route, ages up to 30 s", kind="c", age_s_max=30.0),
    Question(title="c: pairs lagged along the route, ages up to 10 min", kind="c"),
    Question(
        title="e: pairs as (b), vectors of even length 0 to 2 D, radii at most 150 m, age 0",
        kind="e",
        radius_m_max=150.0,
        age_s_max=0.0,
    ),
    Question(title="e: pairs as (b), vectors of even length 0 to 2 D, any declared radius and age", kind="e"),
)
PICTURE: Final = data.REPOSITORY / "docs" / "explanation" / "pictures" / "reliability.svg"


@functools.cache
def judged(kind: str) -> Cases:
    """All test cases of a kind."""
    return cases.joined([SETS[kind](experiment) for experiment in data.TEST])


def asked(question: Question) -> list[Decile]:
    """The answer to a question."""
    every = judged(question.kind)
    return deciles(every.only((every.radius_m <= question.radius_m_max) & (every.age_s <= question.age_s_max)))


def panel(question: Question, made: list[Decile]) -> pictures.Panel:
    """The answer as a diagram: deciles of enough cases on the diagonal, or off it."""
    shown = [one for one in made if one.count >= CASES_MIN]
    xs = np.array([one.predicted for one in shown])
    return pictures.Panel(
        title=question.title.split(",")[0], x_label="predicted", y_label="observed", is_diagonal=True,
        lines={"observed": (xs, np.array([one.observed for one in shown]))},
        bars=[(one.predicted, *one.observed_95) for one in shown],
    )  # fmt: skip


def main() -> None:
    """Print the tables and draw the diagrams."""
    panels = []
    for question in QUESTIONS:
        made = asked(question)
        print(f"\n### {question.title}\n\n{table(made)}")
        panels.append(panel(question, made))
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(pictures.svg([panels[0], panels[2], panels[3], panels[4], panels[6]]), "utf-8")


if __name__ == "__main__":
    main()
