"""Short stories with one question: was there any alert? Their common tally, and what each is told apart by.

Alerts count from the story's begin (he leaves, a phone falls silent). *Full*: alerted before the breach; *partial*:
later; *none*: not at all while the story lasts (as the Queensland trial counts). `alerted` is up to three intervals
after the breach. Where he stays away, every priority 1 is false.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.truth import breach_s
from aralyk.simulator.drill.verdicts import Verdicts, alerts, quantiles, share, wilson


class Stories:
    """Figures of short stories, by the tag `story`."""

    def __init__(self) -> None:
        self.pairs = self.p1_true = self.p1_false = self.incidents = 0
        self.days = 0.0
        self.warning: list[float] = []
        self.latency: list[int] = []
        self.by: dict[str, dict[str, int]] = {}
        self.kinds: dict[str, int] = {}

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one story."""
        self.pairs += 1
        self.days += run.ends_s / 86400.0
        begins_s = run.marks.get("begins_s", 0.0)
        speaking = alerts(verdicts)
        self._count_incidents(speaking)
        breach = breach_s(run, from_s=begins_s)
        row = self.by.setdefault(
            run.tags["story"],
            {"of": 0, "breaches": 0, "alerted": 0, "full": 0, "partial": 0, "none": 0, "priority_1": 0, "incidents": 0},
        )
        row["of"] += 1
        row["incidents"] += np.unique(speaking["incident"]).size
        has_p1 = bool((speaking["priority"] == 1).any())
        row["priority_1"] += has_p1
        if breach is None:
            self.p1_false += has_p1
            row["alerted"] += speaking.size > 0
            return ["false_p1"] if has_p1 else []
        self.p1_true += has_p1
        first = parts.first_alert_s(verdicts, from_s=begins_s)
        told = first is not None and first <= breach + 3 * run.interval_s
        row["breaches"] += 1
        row["alerted"] += told
        row["full" if first is not None and first <= breach else "none" if first is None else "partial"] += 1
        self.warning.append(max(0.0, breach - first) if first is not None else 0.0)
        fixes = parts.fixes_until(said, 0, breach, first)
        self.latency.extend([] if fixes is None else [fixes])
        return [] if told else ["missed"]

    def _count_incidents(self, speaking: Verdicts) -> None:
        for incident in np.unique(speaking["incident"]):
            self.incidents += 1
            kind = str(speaking["kind"][speaking["incident"] == incident][-1])
            self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def line(self) -> dict[str, Any]:
        """The published figures."""
        days = max(self.days, 1e-9)
        breaches = sum(row["breaches"] for row in self.by.values())
        told = sum(row["alerted"] for row in self.by.values() if row["breaches"])
        return {
            "pairs": self.pairs,
            "true_events": breaches,
            "alerted": told,
            "alerted_before_breach": sum(row["full"] for row in self.by.values()),
            "silent_misses": sum(row["none"] for row in self.by.values()),
            "false_p1_per_pair_day": round(self.p1_false / days, 5),
            "incidents_per_pair_day": round(self.incidents / days, 4),
            "precision_p1": share(self.p1_true, self.p1_true + self.p1_false),
            "warning_s": quantiles(self.warning),
            "latency_fixes": quantiles([float(n) for n in self.latency]),
            "alerted_95": wilson(told, breaches),
            "partial": sum(row["partial"] for row in self.by.values()),
            "by_mode": dict(sorted(self.by.items())),
            "incidents_by_kind": dict(sorted(self.kinds.items())),
        }
