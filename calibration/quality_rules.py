"""The figures of single rules: seeds of the drill's stories pooled into one table for each scenario.

`python -m calibration.quality` prints them after its own rows when the lines hold such scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

Line: TypeAlias = dict[str, Any]
Z95: Final = 1.959963985
TOLD, QUIET = 0.99, 0.95
"""Targets of ours: a true event told within its time, an innocent run without what it owes silence of."""
LIMITS: Final = {
    "home_before": "an area as wide as D is told when he is in it, which is at D: draw it wider",
    "work_before": "as above",
    "unseen_on_the_way": "what the mode cannot see: nobody knows where she is",
    "towards_her_before": "in the window the hand-over stands in for the ring in seconds too",
    "kept_half_an_hour": "64 records are kept of a device: 16 minutes at 15 s",
    "as_agreed_quiet": "before the window her ring holds: his way to the place may be told as an approach",
    "short_visit_quiet": "as above",
}
"""Published without a target, because the rule does not promise it; and why."""

HEAD: Final = """
## Single rules

Stories of `aralyk drill` (docs/how-to/run-the-drill.md names them), seeds pooled. *Told*: true events told within the
time allowed; target 99 %. *Quiet*: runs without what they owe silence of; target 95 %. The targets of this section are
ours. In brackets: 95 % Wilson bounds. Latency: seconds from the event to the first decision, the seeds' median of the
median; negative is before.
"""


def wilson(found: int, of: int) -> tuple[float, float]:
    """The 95 % Wilson bounds of a share."""
    if of == 0:
        return 0.0, 1.0
    p, n = found / of, float(of)
    middle = p + Z95 * Z95 / (2 * n)
    half = Z95 * math.sqrt(p * (1 - p) / n + Z95 * Z95 / (4 * n * n))
    return (middle - half) / (1 + Z95 * Z95 / n), (middle + half) / (1 + Z95 * Z95 / n)


def _row(name: str, picked: Sequence[Line]) -> str:
    kept, of = sum(int(p["kept"]) for p in picked), sum(int(p["of"]) for p in picked)
    low, high = wilson(kept, of)
    owes = str(picked[0]["owes"])
    middles = sorted(p["latency_s"]["p50"] for p in picked if p["latency_s"])
    latency = f"{middles[len(middles) // 2]:.0f} s" if middles else ""
    bound = TOLD if owes == "told" else QUIET
    holds = f"limit: {LIMITS[name]}" if name in LIMITS else "yes" if kept >= bound * of else "NO"
    measured = f"{kept:,} of {of:,} = {100 * kept / max(of, 1):.1f} % ({100 * low:.1f}-{100 * high:.1f})"
    return f"| {name.replace('_', ' ')} | {owes} | {measured} | {latency} | {holds} |"


def rules_section(lines: Iterable[Line]) -> Iterable[str]:
    """The section's lines; nothing if no line is of a scenario of rules."""
    by_name: dict[str, list[Line]] = {}
    for line in lines:
        if "expected" in line:
            by_name.setdefault(line["scenario"], []).append(line)
    if by_name:
        yield HEAD
    for scenario, found in by_name.items():
        pairs, days = sum(line["pairs"] for line in found), sum(line["pair_days"] for line in found)
        yield f"### {scenario.replace('_', ' ')}: {pairs:,} runs, {days:,.1f} pair-days, {len(found)} seeds\n"
        yield "| story | owes | measured | latency | holds |\n|---|---|---|---|---|"
        for name in found[0]["expected"]:
            yield _row(name, [line["expected"][name] for line in found if name in line["expected"]])
        yield ""
