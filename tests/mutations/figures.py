"""The figures a mutation is measured by: lines of the drill, its stories, and one the drill has no place for.

Runs of the drill are few and their errors fitted, so that the figures are the same wherever they are measured.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable
from random import Random
from typing import Any, Final

from aralyk.cli.drill import judge, run_scenario
from aralyk.engine import Kind, Phase
from aralyk.simulator.chance import stream
from aralyk.simulator.drill.errors import FittedErrors
from aralyk.simulator.drill.expected import PAIR
from aralyk.simulator.drill.runs import said_by
from aralyk.simulator.drill.scenarios import SCENARIOS
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.verdicts import per_run
from tests.engine import arrival_stories
from tests.engine.builders import HERS, HIS, decided, going, proximity, seen, started, still, walk

SEED: Final = 1
RUNS: Final = 6  # of one story
ARRIVALS: Final = 12
APPROACHES, DRIVES, SILENCES = 80, 80, 80  # pairs: few, for the plain reading


@functools.cache
def drill(scenario: str, pairs: int, days: float = 1.0, threat: str = "medium") -> dict[str, Any]:
    """One line of the drill."""
    return run_scenario(
        SCENARIOS[scenario], _streets(), FittedErrors(), seed=SEED, pairs=pairs, days=days, threat=threat
    )


@functools.cache
def _streets() -> Streets:
    return Streets(SEED)


def of(scenario: str, pairs: int, *path: str, days: float = 1.0, threat: str = "medium") -> Callable[[], float]:
    """A figure of a line of the drill, by its path."""

    def figure() -> float:
        found: Any = drill(scenario, pairs, days, threat)
        for name in path:
            found = found[name]
        return float(found)

    return figure


@functools.cache
def stories(scenario: str, story: str, runs: int) -> dict[str, Any]:
    """The line of some runs of one story of a scenario of rules: the very runs that `aralyk drill` makes of it."""
    made = SCENARIOS[scenario]
    names = importlib.import_module(f"aralyk.simulator.drill.scenarios.{scenario}").STORIES
    numbers = [names.index(story) + i * len(names) for i in range(runs)]
    rngs = [stream(SEED, "drill", scenario, number) for number in numbers]
    batch = [made.make(_streets(), rng, number, 0.0) for rng, number in zip(rngs, numbers, strict=True)]
    said = said_by(batch, FittedErrors(), rngs)
    tally = made.tally()
    for i, (run, told) in enumerate(zip(batch, per_run(judge(batch, said), runs), strict=True)):
        tally.add(run, said[said["run"] == i], told)
    return tally.line()


def kept(scenario: str, story: str, expectation: str, runs: int = RUNS) -> Callable[[], float]:
    """The share of runs of a story in which what is expected was kept."""

    def figure() -> float:
        return float(stories(scenario, story, runs)["expected"][expectation]["share"])

    return figure


def orders_known() -> float:
    """Share of stories near the lateness window of which everything is known in another order of arrival."""
    told = [arrival_stories.story(Random(n)) for n in range(ARRIVALS)]
    return sum(arrival_stories.facts(s.shuffled, s) == arrival_stories.truth(s) for s in told) / ARRIVALS


def after_a_bad_fix() -> float:
    """The gravest priority of a way that crosses the ring from a network place to a good one beyond."""
    his = [
        seen(HIS, 0, -1800, 20, speed_mps=0.0),
        seen(HIS, 60, -800, 20, accuracy_m=30.0, source="network"),
        seen(HIS, 90, 800, 20, speed_mps=0.0),
    ]
    made = decided(started(proximity(distance_m=400)), still(HERS, 0, 7), his)
    return float(min((d.priority for d in made if d.kind in PAIR), default=9))


def closed_by_one_fix() -> float:
    """Incidents that end by one calm fix far away, after which nothing more is heard (the first tells of the way)."""
    his = [*still(HIS, 2, 4, 100), *still(HIS, 122, 2, 1500)]
    made = [d for d in decided(started(proximity()), still(HERS, 0, 10), his, until_s=400) if d.kind in PAIR]
    return float(sum(d.phase is Phase.CLOSE for d in made)) if made else 9.0


def driving_round_her() -> float:
    """The gravest priority of one who comes by at 97 km/h and then drives round her, 300 m away, at an even 45 km/h."""
    comes = going(HIS, 2, (-4000, 300), (27, 0), 10)
    turns = [math.radians(99.0 - 36.0 * n) for n in range(20)]
    round_her = walk(HIS, 152, [(300 * math.cos(a), 300 * math.sin(a)) for a in turns], speed_mps=None)
    made = decided(started(proximity(distance_m=1000)), still(HERS, 0, 30), comes, round_her)
    return float(min((d.priority for d in made if d.kind in PAIR), default=9))


def towers_after_a_drive() -> float:
    """The gravest silence of one who drove towards her and is then only placed by a tower where he can't be."""
    his = going(HIS, 2, (-9000, 0), (14, 0), 10)
    towers = walk(HIS, 152, [(-9000.0, 9000.0)] * 60, accuracy_m=300.0, source="network", speed_mps=None)
    made = decided(started(proximity()), still(HERS, 0, 80), his, towers)
    return float(min((d.priority for d in made if d.kind is Kind.SILENCE), default=9))


OF_STORIES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # scenario: pairs of a story and an expectation of its
    "no_device": (("home", "home"), ("phone_dies_home", "phone_dies_home_before")),
    "handover": (
        ("as_agreed", "as_agreed_quiet_p1"), ("early", "early"), ("towards_her", "towards_her"), ("follows", "follows"),
        ("not_back", "not_back"), ("his_device_silent", "his_device_silent"), ("panic", "panic"),
        ("short_visit", "short_visit_never_early_inside"), ("short_visit", "short_visit_quiet_p1"),
    ),
    "check_ins": (
        ("missed", "missed"), ("missed_twice", "missed_twice"), ("failed", "failed"),
        ("sent_late", "sent_late_corrected"),
    ),
    "people": (("comes_to_child", "comes_to_child"),),
    "hours": (("begins_round_him", "begins_round_him"), ("curfew_forward_over", "curfew_forward_over_quiet")),
    "gadgets": (
        ("strap", "strap"), ("strap", "strap_never_closed_quiet"), ("phone_left_behind", "phone_left_behind"),
        ("mock", "mock"), ("jumps", "jumps"), ("frozen", "frozen"),
        ("phone_lies_bracelet_not", "phone_lies_bracelet_not"),
        ("lost_while_driving", "lost_while_driving"), ("jams_often", "jams_often"), ("jams_often", "jams_often_quiet"),
        ("battery_wavers", "battery"), ("battery_wavers", "battery_wavers_quiet"), ("presses", "presses_quiet"),
        ("sent_three_times", "sent_three_times_once_quiet"),
    ),
    "places": (
        ("cell_only", "cell_only"), ("cell_only_high_threat", "cell_only_high_threat"),
        ("silent_high_threat", "silent_high_threat"), ("silent_far_away", "silent_far_away_quiet"),
        ("crosses_between_fixes", "crosses_between_fixes"),
        ("crosses_area_between_fixes", "crosses_area_between_fixes"),
        ("kept_a_while", "kept_a_while"), ("vague", "vague"),
        ("lone_jump", "lone_jump_quiet"), ("towers", "towers_quiet"),
        ("phone_goes_alone", "phone_goes_alone_lowered_quiet"), ("tower_near_her", "tower_near_her_quiet_p1_soon"),
    ),
    "restless": (
        ("at_the_edge", "at_the_edge_lowered_quiet"), ("in_and_out", "in_and_out_closed_quiet"),
        ("paces_with_her", "paces_with_her_decisions_quiet"),
        ("lost_often", "lost_often_quiet"),
    ),
    "expiry": (
        ("in_her_ring", "in_her_ring_closed"), ("comes_afterwards", "comes_afterwards_quiet_afterwards"),
    ),
}  # fmt: skip

FIGURES: Final[dict[str, Callable[[], float]]] = {
    "approaches: warning p5, s": of("approaches", APPROACHES, "warning_s", "p5"),
    "motorway: not priority 1": of("motorway", DRIVES, "pass_bys", "share"),
    "silence: alerted": of("silence", SILENCES, "alerted"),
    "orders_known": orders_known,
    "after_a_bad_fix": after_a_bad_fix,
    "closed_by_one_fix": closed_by_one_fix,
    "driving_round_her": driving_round_her,
    "towers_after_a_drive": towers_after_a_drive,
    "silence: alerted before": of("silence", SILENCES, "alerted_before_breach"),
} | {
    f"{scenario}: {expectation}": kept(scenario, story, expectation)
    for scenario, told in OF_STORIES.items()
    for story, expectation in told
}
