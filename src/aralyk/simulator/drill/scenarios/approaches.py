"""He starts at least D + 2 km away and goes to her: on foot, by car, by bus along the streets, or straight.

She is at home, at work, or walking (he meets her half-way). A *breach* is the first second at which the true distance
is at most D. *Both reported*: in the five minutes before it neither side left a pause of more than twice the interval
between received places. Warning is from the first alert after he left to the breach; no alert counts as 0 s; the
groups "cell_5_percent" leave out the runs in which he is placed by cells for a time on purpose. *Knowable* leaves out
of the rest what no rule can know (`is_knowable`).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import EVERYDAY, NONE, window, with_everyday_faults
from aralyk.simulator.drill.moves import Track
from aralyk.simulator.drill.plane import metres
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.truth import breach_s
from aralyk.simulator.drill.verdicts import Verdicts, alerts, quantiles, share, wilson

MODES: Final = ("foot", "car", "bus", "straight")
MODE_SHARES: Final = (0.3, 0.4, 0.2, 0.1)
REACH_M: Final = {"foot": 3500.0, "car": 6000.0, "bus": 6000.0, "straight": 5000.0}
AFTER_S: Final = 600.0
KILLED_SHARE, COARSE_SHARE, BLIND_SHARE = 0.2, 0.15, 0.1  # [U]
SPEED_50_MPS: Final = 50 / 3.6
LIE_M, LIE_RADII, OUTRUN_MPS = 1000.0, 3.0, 60 / 3.6


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """One approach."""
    distance_m, warning_m = parts.ring(rng)
    interval_s = int(rng.choice(parts.INTERVALS_S))
    mode = str(rng.choice(MODES, p=MODE_SHARES))
    her_place = str(rng.choice(["home", "work", "walking"], p=[0.4, 0.3, 0.3]))
    target = streets.door(rng)
    start = parts.door_away(streets, rng, target, distance_m + 2000.0, distance_m + REACH_M[mode])
    leaves_s = parts.STANDS_S
    going = _going(streets, rng, start, target, mode, leaves_s)
    she, wait_s = _her_track(streets, rng, target, her_place, going.ends_s)
    going = going.delayed(wait_s)
    leaves_s += wait_s
    ends_s = going.ends_s + AFTER_S
    he = parts.stays(going, before_s=0.0, until_s=ends_s)
    his = parts.his_device(rng, interval_s)
    hers = parts.her_device(rng, interval_s)
    faults = _faults(rng, leaves_s, going.ends_s)
    his = with_everyday_faults(his, he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    hers = with_everyday_faults(hers, she, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    killed_is_hers = rng.random() < 0.5 or his.kind == "bracelet"
    if killed_is_hers:
        hers = hers.with_faults(silent=faults["killed"])
    else:
        his = his.with_faults(silent=faults["killed"])
    his = his.with_faults(cell=faults["cell"])
    hers = hers.with_faults(placeless=faults["blind"])
    speed, _ = he.motion(np.arange(leaves_s, going.ends_s, 5.0))
    return Run(
        name=f"approaches-{number:06d}", distance_m=distance_m, warning_m=warning_m, his=his, hers=hers, he=he, she=she,
        ends_s=ends_s, tags={"mode": mode, "sampling": str(interval_s), "she": her_place,
                             "warning": "ring" if warning_m else "none", "distance": str(int(distance_m)),
                             "cell": "window" if len(faults["cell"]) else "everyday"},
        marks={"leaves_s": leaves_s, "top_mps": float(np.quantile(speed, 0.95))},
    )  # fmt: skip


def _going(streets: Streets, rng: np.random.Generator, start: Door, end: Door, mode: str, from_s: float) -> Track:
    if mode == "straight":
        return parts.go_straight(rng, start, end, from_s)
    return parts.go(streets, rng, start, end, mode, from_s)


def _her_track(
    streets: Streets, rng: np.random.Generator, at: Door, place: str, he_arrives_s: float
) -> tuple[Track, float]:
    """Her track, and by how much he must leave later to meet her at `at`."""
    until_s = he_arrives_s + 2 * AFTER_S
    if place != "walking":
        return moves.standing(at.east_m, at.north_m, from_s=0.0, to_s=until_s), 0.0
    begin = parts.door_away(streets, rng, at, 400.0, 1500.0)
    end = parts.door_away(streets, rng, at, 400.0, 1500.0)
    here = moves.walk(streets.way(begin, at, on_foot=True), rng)
    on = moves.walk(streets.way(at, end, on_foot=True), rng, from_s=here.ends_s + 1.0)
    walked = moves.joined(here, on, gap=moves.Around.FOOT)
    sets_out_s = max(he_arrives_s - here.ends_s, 60.0)
    wait_s = max(0.0, sets_out_s + here.ends_s - he_arrives_s)
    walked = walked.delayed(sets_out_s)
    return parts.stays(walked, before_s=0.0, until_s=max(until_s + wait_s, walked.ends_s + 1.0)), wait_s


def _faults(rng: np.random.Generator, leaves_s: float, arrives_s: float) -> dict[str, npt.NDArray[np.float64]]:
    """What goes wrong on purpose of the scenario, somewhere on the way."""

    def some(chance: float, low_s: float, high_s: float) -> npt.NDArray[np.float64]:
        begins = float(rng.uniform(leaves_s - 600.0, arrives_s))
        lasts = float(rng.uniform(low_s, high_s))
        return window(begins, begins + lasts) if rng.random() < chance else NONE

    return {
        "killed": some(KILLED_SHARE, 600.0, 1800.0),
        "cell": some(COARSE_SHARE, 300.0, 1200.0),
        "blind": some(BLIND_SHARE, 300.0, 1200.0),
    }


def is_knowable(run: Run, said: npt.NDArray[Any], breach: float, to_s: float) -> bool:
    """Whether a breach can be known of: no newest place lies, and nobody outran what an unseen party is thought to do.

    A place lies when it is more than a kilometre and three of its declared radii wrong; looked at are the places
    that were the newest at some moment of the last five minutes, or came before the alert was due. Outrun: farther
    in a straight line since the last place than 60 km/h allow.
    """
    for party, track in ((0, run.he), (1, run.she)):
        fixes = said[(said["party"] == party) & (said["received_s"] <= to_s) & ~np.isnan(said["lat"])]
        fixes = fixes[np.argsort(fixes["fixed_s"])]
        newest = fixes[max(0, int(np.searchsorted(fixes["received_s"], breach - parts.CONTACT_S)) - 1) :]
        x, y = metres(newest["lat"], newest["lon"])
        east, north = track.place(newest["fixed_s"])
        if (np.hypot(x - east, y - north) > np.maximum(LIE_M, LIE_RADII * newest["accuracy_m"])).any():
            return False
        seen = newest[newest["received_s"] <= breach]
        last_s = float(seen["fixed_s"][-1]) if seen.size else 0.0
        (x0, x1), (y0, y1) = track.place(np.array([last_s, breach]))
        if np.hypot(x1 - x0, y1 - y0) > OUTRUN_MPS * max(breach - last_s, float(run.interval_s)):
            return False
    return True


class Counts:
    """Of one group of runs."""

    def __init__(self) -> None:
        self.of = 0
        self.before = 0

    def add(self, before: bool) -> None:
        """Count one run."""
        self.of += 1
        self.before += before

    def line(self) -> dict[str, Any]:
        """Count, share and its 95 % bounds."""
        return {
            "of": self.of,
            "alerted_before": self.before,
            "share": share(self.before, self.of),
            "share_95": wilson(self.before, self.of),
        }


class Approaches:
    """Figures of approaches."""

    def __init__(self) -> None:
        self.pairs = self.events = self.alerted = self.before = self.silent = 0
        self.both, self.sharp = Counts(), Counts()
        self.rest = {name: Counts() for name in ("priority_2", "any_silence", "knowable_priority_2", "knowable_any")}
        self.both_by: dict[str, Counts] = {}
        self.warning: dict[str, list[float]] = {}
        self.bound: dict[str, list[float]] = {}
        self.latency: list[int] = []
        self.first_kinds: dict[str, int] = {}

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one approach."""
        self.pairs += 1
        leaves_s = run.marks["leaves_s"]
        breach = breach_s(run, from_s=leaves_s)
        if breach is None:
            return []
        self.events += 1
        first = parts.first_alert_s(verdicts, from_s=leaves_s)
        in_time = first is not None and first <= breach
        after_s = breach + 3 * run.interval_s
        self.before += in_time
        self.alerted += first is not None and first <= after_s
        self.silent += first is None
        self._count_first(verdicts, first)
        fixes = parts.fixes_until(said, 0, breach, parts.first_priority_1_s(verdicts, from_s=leaves_s))
        if fixes is not None:
            self.latency.append(fixes)
        if parts.both_in_contact(said, breach, run.interval_s):
            return self._add_both(run, said, breach, first, in_time)
        return self._add_rest(verdicts, first, after_s, knowable=is_knowable(run, said, breach, after_s))

    def _count_first(self, verdicts: Verdicts, first: float | None) -> None:
        if first is None:
            return
        speaking = alerts(verdicts)
        kind = (
            str(speaking[speaking["decided_s"] <= first]["kind"][-1]) if (speaking["decided_s"] <= first).any() else "-"
        )
        self.first_kinds[kind] = self.first_kinds.get(kind, 0) + 1

    def _add_both(
        self, run: Run, said: npt.NDArray[Any], breach: float, first: float | None, in_time: bool
    ) -> list[str]:
        self.both.add(in_time)
        sharp = parts.both_in_contact(said, breach, run.interval_s, radius_m=parts.SHARP_M)
        if sharp:
            self.sharp.add(in_time)
        for tag in (
            run.tags["mode"],
            f"{run.tags['sampling']}s",
            f"warning_{run.tags['warning']}",
            f"D{run.tags['distance']}",
        ):
            self.both_by.setdefault(tag, Counts()).add(in_time)
        seconds = breach - first if in_time and first is not None else 0.0
        speed = (
            "walking"
            if run.marks["top_mps"] <= 2.0
            else "to_50kmh"
            if run.marks["top_mps"] <= SPEED_50_MPS
            else "faster"
        )
        sampling = f"{run.tags['sampling']}s"
        groups = ["all", run.tags["mode"], sampling, f"{sampling}_{speed}"]
        if run.tags["cell"] == "everyday":  # 5 % cell places; the others have a cell window on purpose on the way
            groups.append(f"{sampling}_{speed}_cell_5_percent")
        if sharp:  # what a phone that is placed by cell towers alone hides is told apart
            groups.append(f"{sampling}_{speed}_within_150_m")
        for group in groups:
            self.warning.setdefault(group, []).append(seconds)
            bound = breach - run.marks["leaves_s"] - run.interval_s - parts.DELAY_S
            self.bound.setdefault(group, []).append(bound)
        return [] if in_time else ["missed_both_reported"]

    def _add_rest(self, verdicts: Verdicts, first: float | None, after_s: float, *, knowable: bool) -> list[str]:
        told = first is not None and first <= after_s
        silence = verdicts[(verdicts["kind"] == "silence") & (verdicts["phase"] <= 1)]
        known = told or bool((silence["decided_s"] <= after_s).any())
        self.rest["priority_2"].add(told)
        self.rest["any_silence"].add(known)
        if knowable:
            self.rest["knowable_priority_2"].add(told)
            self.rest["knowable_any"].add(known)
        return [] if told else ["missed_rest"]

    def _latency(self) -> dict[str, float] | None:
        """His fixes from the breach to priority 1; 0 if it was told before."""
        if not self.latency:
            return None
        p50, p95 = np.quantile(self.latency, [0.5, 0.95])
        return {"p50": float(p50), "p95": float(p95), "never": float(self.events - len(self.latency))}

    def line(self) -> dict[str, Any]:
        """The published figures."""
        return {
            "pairs": self.pairs,
            "true_events": self.events,
            "alerted": self.alerted,
            "alerted_before_breach": self.before,
            "silent_misses": self.silent,
            "false_p1_per_pair_day": None,
            "incidents_per_pair_day": None,
            "precision_p1": None,
            "warning_s": quantiles(self.warning.get("all", [])),
            "latency_fixes": self._latency(),
            "both_reported": self.both.line(),
            "both_reported_within_150_m": self.sharp.line(),
            "rest": {name: counts.line() for name, counts in self.rest.items()},
            "by_mode": {name: counts.line() for name, counts in sorted(self.both_by.items())},
            "warning_by": {name: quantiles(seconds) for name, seconds in sorted(self.warning.items())},
            "warning_bound_by": {name: quantiles(seconds) for name, seconds in sorted(self.bound.items())},
            "first_alert_kind": dict(sorted(self.first_kinds.items())),
        }  # fmt: skip
