"""Days of two people in one city: nights at home, work, school, shops, visits; he keeps away, mostly.

*True priority-1 event*: an episode (see `truth`) that is not a drive-through. *Priority-1 incident*: an incident with
an open or update of priority 1; it is *true* when the true distance was below D at some moment from its first such
`occurred_at` minus one interval to its end. *Operator incident*: a distinct incident that reached priority 2 or 1.
*Coarse only*: during the event one party's received places all declared more than 150 m (or there were none).
*Naive stream*: what a control room without an engine would be sent, from the same records: each time the distance
between the newest places falls below D, or below the warning ring, each pause of a device longer than 3 intervals,
each low battery, each jump (two places of a device that imply more than 70 m/s over more than 300 m; jumps of one
device within ten minutes are one).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import (
    DAY_S,
    EVERYDAY,
    HOUR_S,
    LOW_BATTERY_PCT,
    Device,
    window,
    with_everyday_faults,
)
from aralyk.simulator.drill.moves import Track
from aralyk.simulator.drill.plane import metres
from aralyk.simulator.drill.runs import Run
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.streets import Door, Streets
from aralyk.simulator.drill.truth import Episode, episodes, nearest_m
from aralyk.simulator.drill.verdicts import LATE, Verdicts, alerts, quantiles, share, wilson
from aralyk.simulator.drill.verdicts import ends_s as closed_s

COMES_PER_DAY: Final = 0.008  # he goes to her; with chance meetings 0.02 true events per pair-day
KEEPS_AWAY_M: Final = 2000.0  # beyond D, of the places he knows to be hers
EMPLOYED_SHARE: Final = 0.7  # [U]
LOW_BATTERY_PER_DAY, DEAD_PER_DAY = 0.3, 0.01  # per device [U]
JUMP_MPS, JUMP_M, JUMP_FOLD_S = 70.0, 300.0, 600.0


class Life:
    """One person's places and days."""

    def __init__(
        self, streets: Streets, rng: np.random.Generator, home: Door, *, avoid: list[Door], away_m: float
    ) -> None:
        self._streets, self._rng = streets, rng
        self._avoid, self._away_m = avoid, away_m
        self.home = home
        self.work = self.place(6000.0) if rng.random() < EMPLOYED_SHARE else None
        self.errands = [self.place(r) for r in (900.0, 1500.0, 3500.0)]
        self.visits = [self.place(r) for r in (2500.0, 6000.0)]
        self.has_car = rng.random() < 0.4

    def place(self, within_m: float) -> Door:
        """A place in a square round home, away from those to be avoided if that can be."""
        chosen = self._streets.door(self._rng, near=(self.home.east_m, self.home.north_m), within_m=within_m)
        for _ in range(30):
            if all(chosen.distance_m(other) >= self._away_m for other in self._avoid):
                break
            chosen = self._streets.door(self._rng, near=(self.home.east_m, self.home.north_m), within_m=within_m)
        return chosen

    def mode(self, start: Door, end: Door) -> str:
        """On foot when it is near; else the car, or the bus."""
        if start.distance_m(end) < 1300.0:
            return "foot"
        return "car" if self.has_car else "bus"

    def errand(self) -> Door:
        """Somewhere for an hour."""
        places = self.errands + self.visits
        return places[int(self._rng.choice(len(places), p=[0.35, 0.25, 0.15, 0.15, 0.1]))]

    def plan(self, day: int) -> list[tuple[float, Door, float]]:
        """When to leave, where to, and how long to stay."""
        rng, base = self._rng, day * DAY_S
        planned: list[tuple[float, Door, float]] = []
        works = self.work is not None and day % 7 < 5
        if works and self.work is not None:
            planned.append((base + rng.normal(7.6, 0.5) * HOUR_S, self.work, rng.normal(8.3, 0.7) * HOUR_S))
        elif rng.random() < 0.75:
            planned.append((base + rng.uniform(9, 13) * HOUR_S, self.errand(), rng.lognormal(0.0, 0.6) * HOUR_S))
        if rng.random() < (0.45 if works else 0.6):
            planned.append((base + rng.uniform(18.2, 20.0) * HOUR_S, self.errand(), rng.lognormal(-0.3, 0.6) * HOUR_S))
        return planned

    def days(self, count: int, extra: list[tuple[float, Door, float]]) -> tuple[Track, list[tuple[float, float]]]:
        """The track of some days, and the nights (for charging)."""
        planned = sorted(
            [entry for day in range(count) for entry in self.plan(day)] + extra, key=lambda entry: entry[0]
        )
        tracks = [moves.standing(self.home.east_m, self.home.north_m, from_s=0.0, to_s=60.0)]
        here, free_s = self.home, 60.0
        for number, (leaves_s, there, stays_s) in enumerate(planned):
            leaves_s = max(leaves_s, free_s + 60.0)
            if there.distance_m(here) < 30.0:
                continue
            tracks.append(parts.go(self._streets, self._rng, here, there, self.mode(here, there), leaves_s))
            here, free_s = there, tracks[-1].ends_s + max(stays_s, 120.0)
            following = planned[number + 1][0] if number + 1 < len(planned) else np.inf
            if following - free_s > 1.5 * HOUR_S or following - free_s < 0:
                tracks.append(parts.go(self._streets, self._rng, here, self.home, self.mode(here, self.home), free_s))
                here, free_s = self.home, tracks[-1].ends_s + 60.0
        nights = [(day * DAY_S - 0.7 * HOUR_S, day * DAY_S + 6.6 * HOUR_S) for day in range(count + 1)]
        return parts.stays(moves.joined(*tracks), until_s=count * DAY_S + 1.0), nights


def make(streets: Streets, rng: np.random.Generator, number: int, days: float) -> Run:
    """Some days of one pair."""
    count = max(1, round(days))
    ends_s = count * DAY_S
    distance_m, warning_m = parts.ring(rng)
    interval_s = int(rng.choice(parts.INTERVALS_S))
    hers_at = streets.door(rng)
    she_lives = Life(streets, rng, hers_at, avoid=[], away_m=0.0)
    known = [hers_at, *([she_lives.work] if she_lives.work else [])]
    usual = [*known, *she_lives.errands, *she_lives.visits]
    away_m = distance_m + KEEPS_AWAY_M
    home = parts.door_away(streets, rng, hers_at, away_m + 500.0, away_m + 7000.0)
    he_lives = Life(streets, rng, home, avoid=usual, away_m=away_m)
    comes = [
        (day * DAY_S + float(rng.uniform(16.5, 22.0)) * HOUR_S, known[int(rng.integers(len(known)))],
         float(rng.uniform(120, 2400)))
        for day in range(count)
        if rng.random() < COMES_PER_DAY
    ]  # fmt: skip
    he, his_nights = he_lives.days(count, comes)
    she, her_nights = she_lives.days(count, [])
    his = with_everyday_faults(parts.his_device(rng, interval_s), he, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    hers = with_everyday_faults(parts.her_device(rng, interval_s), she, rng, EVERYDAY, from_s=0.0, to_s=ends_s)
    return Run(
        name=f"ordinary_life-{number:06d}", distance_m=distance_m, warning_m=warning_m,
        his=_powered(his, rng, his_nights, count), hers=_powered(hers, rng, her_nights, count), he=he, she=she,
        ends_s=ends_s, tags={"sampling": str(interval_s), "distance": str(int(distance_m))},
        marks={"days": float(count)},
    )  # fmt: skip


def _powered(device: Device, rng: np.random.Generator, nights: list[tuple[float, float]], days: int) -> Device:
    """Charged at night; a low battery now and then, rarely a dead one for some hours."""
    levels: list[tuple[float, float]] = [(0.0, 95.0)]
    charging = [nights[0]]
    dead = []
    for day in range(days):
        morning, evening = day * DAY_S + 6.6 * HOUR_S, (day + 1) * DAY_S - 0.7 * HOUR_S
        left = float(rng.uniform(3, 14)) if rng.random() < LOW_BATTERY_PER_DAY else float(rng.uniform(25, 70))
        levels += [(morning, 97.0), (evening, left), (evening + 3 * HOUR_S, 97.0)]
        charging.append(nights[day + 1])
        if rng.random() < DEAD_PER_DAY:
            begins = float(rng.uniform(morning + 6 * HOUR_S, evening))
            dead.append((begins, begins + float(rng.uniform(0.5, 3.0)) * HOUR_S))
    more = {"charging": np.array(charging)}
    if dead:
        more["silent"] = np.concatenate([window(a, b) for a, b in dead])
    levelled = Device(
        kind=device.kind, interval_s=device.interval_s, silent=device.silent, placeless=device.placeless,
        cell=device.cell, offline=device.offline, battery=tuple(levels),
    )  # fmt: skip
    return levelled.with_faults(**more)


def naive_stream(run: Run, said: npt.NDArray[Any]) -> dict[str, int]:
    """What the same records would raise without an engine (see the head of this module)."""
    count = {"distance": 0, "warning_ring": 0, "gap": 0, "battery": 0, "jump": 0}
    placed = said[~np.isnan(said["lat"])]
    newest = {}
    for party in (0, 1):
        mine = said[said["party"] == party]
        device = run.his if party == 0 else run.hers
        assert device is not None, "both have a device in ordinary life"
        count["gap"] += int((np.diff(mine["received_s"]) > 3 * device.interval_s).sum())
        low = mine["battery_pct"] < LOW_BATTERY_PCT
        count["battery"] += int((low[1:] & ~low[:-1]).sum())
        fixes = placed[placed["party"] == party]
        x, y = metres(fixes["lat"], fixes["lon"])
        step = np.hypot(np.diff(x), np.diff(y))
        took = np.maximum(np.diff(fixes["fixed_s"]), 1.0)
        jumped = fixes["received_s"][1:][(step > JUMP_M) & (step / took > JUMP_MPS)]
        count["jump"] += int((np.diff(jumped, prepend=-np.inf) > JUMP_FOLD_S).sum())
        row = np.searchsorted(np.flatnonzero(placed["party"] == party), np.arange(placed.size), side="right") - 1
        newest[party] = (x, y, row)
    known = (newest[0][2] >= 0) & (newest[1][2] >= 0)
    (x0, y0, r0), (x1, y1, r1) = newest[0], newest[1]
    apart = np.hypot(x0[r0] - x1[r1], y0[r0] - y1[r1])[known]
    for name, limit in (("distance", run.distance_m), ("warning_ring", run.warning_m)):
        if limit is not None and apart.size:
            near = apart < limit
            count[name] += int((near[1:] & ~near[:-1]).sum())
    return count


class Lives:
    """Figures of ordinary days."""

    def __init__(self) -> None:
        self.pairs = 0
        self.pair_days = 0.0
        self.events = self.through = self.alerted = self.alerted_p1 = 0
        self.coarse = {"events": 0, "alerted": 0, "alerted_p1": 0}
        self.p1_true = self.p1_false = self.operator = self.late = 0
        self.kinds: dict[str, int] = {}
        self.reasons: dict[str, int] = {}
        self.p1_kinds: dict[str, int] = {}
        self.false_reasons: dict[str, int] = {}
        self.naive: dict[str, int] = {}
        self.by_interval: dict[str, dict[str, float]] = {}
        self.latency: list[int] = []

    def add(self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts) -> list[str]:
        """Count one pair's days."""
        self.pairs += 1
        self.pair_days += run.marks["days"]
        for name, number in naive_stream(run, said).items():
            self.naive[name] = self.naive.get(name, 0) + number
        row = self.by_interval.setdefault(run.tags["sampling"], {"pair_days": 0.0, "operator": 0, "p1_false": 0})
        row["pair_days"] += run.marks["days"]
        speaking = alerts(verdicts)
        self.late += int(((verdicts["phase"] == LATE) & (verdicts["priority"] == 1)).sum())
        for incident in np.unique(speaking["incident"]):
            self.operator += 1
            row["operator"] += 1
            mine = speaking[speaking["incident"] == incident]
            kind, reason = str(mine["kind"][-1]), f"{mine['kind'][0]}: {mine['reason'][0]}"
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        wrong = self._add_priority_1(run, verdicts, speaking, row)
        for episode in episodes(run):
            if episode.drive_through:
                self.through += 1
            else:
                wrong += self._add_event(run, said, verdicts, speaking, episode)
        return wrong

    def _add_priority_1(self, run: Run, verdicts: Verdicts, speaking: Verdicts, row: dict[str, float]) -> list[str]:
        wrong = []
        first = speaking[speaking["priority"] == 1]
        for incident in np.unique(first["incident"]):
            mine = first[first["incident"] == incident]
            begins = float(mine["occurred_s"][0]) - run.interval_s
            ends = closed_s(verdicts, mine[-1], run.ends_s)
            kind = str(mine["kind"][0])
            self.p1_kinds[kind] = self.p1_kinds.get(kind, 0) + 1
            if nearest_m(run, begins, ends) < run.distance_m:
                self.p1_true += 1
                continue
            self.p1_false += 1
            row["p1_false"] += 1
            reason = str(mine["reason"][0])
            self.false_reasons[reason] = self.false_reasons.get(reason, 0) + 1
            wrong.append("false_p1")
        return wrong

    def _add_event(
        self, run: Run, said: npt.NDArray[Any], verdicts: Verdicts, speaking: Verdicts, episode: Episode
    ) -> list[str]:
        self.events += 1
        from_s, to_s = episode.from_s - run.interval_s, episode.to_s + 3 * run.interval_s
        told = _told(verdicts, speaking, from_s, to_s, run.ends_s)
        told_p1 = _told(verdicts, speaking[speaking["priority"] == 1], from_s, to_s, run.ends_s)
        self.alerted += told
        self.alerted_p1 += told_p1
        if told_p1:
            fixes = parts.fixes_until(said, 0, episode.from_s, parts.first_priority_1_s(verdicts, from_s=from_s))
            self.latency.extend([fixes] if fixes is not None else [])
        coarse = any(
            not ((seen := parts.heard(said, party, radius_m=parts.SHARP_M)) <= to_s)[seen >= from_s].any()
            for party in (0, 1)
        )
        if coarse:
            self.coarse["events"] += 1
            self.coarse["alerted"] += told
            self.coarse["alerted_p1"] += told_p1
        return [] if told_p1 else ["missed_p1"] if told else ["missed"]

    def line(self) -> dict[str, Any]:
        """The published figures."""
        days = max(self.pair_days, 1e-9)
        p1 = self.p1_true + self.p1_false
        return {
            "pairs": self.pairs,
            "true_events": self.events,
            "alerted": self.alerted,
            "alerted_before_breach": None,
            "silent_misses": self.events - self.alerted,
            "false_p1_per_pair_day": round(self.p1_false / days, 5),
            "incidents_per_pair_day": round(self.operator / days, 4),
            "precision_p1": share(self.p1_true, p1),
            "warning_s": None,
            "latency_fixes": quantiles([float(n) for n in self.latency]),
            "pair_days": self.pair_days,
            "true_events_per_pair_day": round(self.events / days, 5),
            "drive_throughs_per_pair_day": round(self.through / days, 5),
            "precision_p1_95": wilson(self.p1_true, p1),
            "p1_incidents": {"true": self.p1_true, "false": self.p1_false, "late": self.late},
            "p1_by_kind": dict(sorted(self.p1_kinds.items())),
            "p1_false_reasons": dict(sorted(self.false_reasons.items())),
            "alerted_95": wilson(self.alerted, self.events),
            "alerted_p1": self.alerted_p1,
            "misses": {
                "without_priority_1": self.events - self.alerted_p1,
                "without_any": self.events - self.alerted,
                "coarse_only": self.coarse,
            },
            "incidents_by_kind": {k: round(n / days, 4) for k, n in sorted(self.kinds.items())},
            "incidents_by_first_reason": {k: round(n / days, 4) for k, n in sorted(self.reasons.items())},
            "naive": {
                "per_pair_day": round(sum(self.naive.values()) / days, 3),
                **{k: round(n / days, 3) for k, n in self.naive.items()},
            },
            "by_sampling": {
                f"{k}s": {
                    "pair_days": v["pair_days"],
                    "incidents_per_pair_day": round(v["operator"] / v["pair_days"], 4),
                    "false_p1_per_pair_day": round(v["p1_false"] / v["pair_days"], 5),
                }
                for k, v in sorted(self.by_interval.items())
            },
        }


def _told(verdicts: Verdicts, speaking: Verdicts, from_s: float, to_s: float, ends_s: float) -> bool:
    """Whether some incident among those speaking stood open between two seconds."""
    return any(v["decided_s"] <= to_s and closed_s(verdicts, v, ends_s) >= from_s for v in speaking)
