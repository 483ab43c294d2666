"""The figures a mutation is measured by: lines of the drill, and small scripted stories where the drill has none.

Runs of the drill are few and their errors fitted, so that the figures are the same wherever they are measured.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Any, Final

from aralyk.cli.drill import judge, run_scenario
from aralyk.engine import Decision, Kind, Phase, State
from aralyk.simulator.chance import stream
from aralyk.simulator.drill.errors import FittedErrors
from aralyk.simulator.drill.runs import said_by
from aralyk.simulator.drill.scenarios import SCENARIOS
from aralyk.simulator.drill.streets import Streets
from aralyk.simulator.drill.verdicts import per_run
from tests.engine.builders import (
    HERS,
    HIS,
    about,
    alerted,
    at,
    circle,
    decided,
    going,
    heard,
    line,
    proximity,
    seen,
    started,
    still,
    walk,
)
from tests.engine.test_handover import ARRIVAL, FROM, both

NEAR: Final = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)
CELL: Final[dict[str, Any]] = {"accuracy_m": 800.0, "source": "network"}
SEED: Final = 1
RUNS: Final = 6  # of one story
APPROACHES, DRIVES, SILENCES, AFTERNOONS, TORMENTS = 80, 80, 80, 24, 12  # pairs: few, for the plain reading


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


def incidents(made: Iterable[Decision]) -> int:
    """How many incidents people were called to."""
    return len({d.incident for d in made if d.phase in (Phase.OPEN, Phase.UPDATE) and d.priority <= 2})


def gravest(made: Iterable[Decision]) -> int:
    """The gravest priority told; 9 if nothing was."""
    return min((d.priority for d in made if d.phase is not Phase.CLOSE), default=9)


def near(state: State, *batches: Any, until_s: float | None = None) -> list[Decision]:
    """What is said of the pair."""
    return about(decided(state, *batches, until_s=until_s), *NEAR)


def crossing_told() -> float:
    """1 if a way through the ring between two fixes a minute apart is told."""
    his = [seen(HIS, 60 * i, -1800 + 1200 * i, 20, speed_mps=0.0) for i in range(4)]
    return float(alerted(near(started(proximity(distance_m=300)), still(HERS, 0, 14), his), Kind.PROXIMITY))


def closed_by_one_fix() -> float:
    """Incidents that end by one calm fix far away, after which nothing more is heard (the first tells of the way)."""
    made = near(started(proximity()), still(HERS, 0, 10), still(HIS, 2, 4, 100), still(HIS, 122, 2, 1500), until_s=400)
    return float(sum(d.phase is Phase.CLOSE for d in made)) if made else 9.0


def border_incidents() -> float:
    """Incidents of an hour about the edge of the ring: out for a minute and a half, in for a minute, and again."""
    his = walk(HIS, 2, [(400.0 if (i // 5) % 2 else 900.0, 0.0) for i in range(240)], speed_mps=0.0)
    return float(incidents(near(started(proximity()), still(HERS, 0, 240), his)))


def edge_incidents() -> float:
    """Incidents of an hour about the ring: six minutes in it, six minutes so near to it that he may still be inside."""
    his = walk(HIS, 2, [(400.0 if (i // 24) % 2 else 580.0, 0.0) for i in range(240)], speed_mps=0.0, accuracy_m=50.0)
    return float(incidents(near(started(proximity()), still(HERS, 0, 240), his)))


def standing_decisions() -> float:
    """Decisions about a pair that stands together for an hour, its places wandering by the errors of phones."""
    his = walk(HIS, 2, [(100.0 + 300.0 * (i % 2), 0.0) for i in range(240)], speed_mps=0.0)
    return float(len(near(started(proximity()), still(HERS, 0, 240), his)))


def jump_incidents() -> float:
    """Incidents of ten lone jumps to her door within two hours."""
    his = walk(HIS, 2, [(100.0 if i % 48 == 24 else 9000.0, 0.0) for i in range(480)], speed_mps=0.0)
    return float(incidents(near(started(proximity()), still(HERS, 0, 480), his)))


def tower_incidents() -> float:
    """Incidents of ten cell places at her door, each a minute after a good place 3.5 km away."""
    his = [seen(HIS, 2 + 60 * i, 0 if i % 12 == 6 else 3500, **(CELL if i % 12 == 6 else {})) for i in range(120)]
    return float(incidents(near(started(proximity()), still(HERS, 0, 480), his)))


def tower_hides() -> float:
    """1 if a phone that sends nothing but impossible cell places is told as silent within five minutes."""
    lies = [seen(HIS, 77 + 15 * i, -60_000, **CELL) for i in range(20)]
    made = about(decided(started(proximity()), still(HIS, 2, 5, 9000), lies, still(HERS, 0, 25)), Kind.SILENCE)
    return float(any(d.party == "respondent" for d in made))


def after_a_bad_fix() -> float:
    """The gravest priority of a way that crosses the ring from a network place to a good one beyond."""
    his = [
        seen(HIS, 0, -1800, 20, speed_mps=0.0),
        seen(HIS, 60, -800, 20, accuracy_m=30.0, source="network"),
        seen(HIS, 90, 800, 20, speed_mps=0.0),
    ]
    return float(gravest(near(started(proximity(distance_m=400)), still(HERS, 0, 7), his)))


def coarse_priority() -> float:
    """The gravest priority that cell places alone make of a pair."""
    his = [seen(HIS, 2 + 15 * i, 0, **CELL) for i in range(40)]
    return float(gravest(near(started(proximity()), still(HERS, 0, 40), his)))


def coarse_near_told() -> float:
    """1 if a cell place whose circle touches the ring is told."""
    return float(alerted(near(started(proximity()), [seen(HERS, 0)], [seen(HIS, 2, 1250, **CELL)]), *NEAR))


def high_threat_coarse() -> float:
    """The gravest priority of three minutes of cell places near her, at high threat."""
    his = [seen(HIS, 2 + 15 * i, 900, **CELL) for i in range(14)]
    return float(gravest(near(started(proximity(), threat_level="high"), still(HERS, 0, 14), his)))


def high_threat_silence() -> float:
    """The gravest priority of a silence of ten minutes 2 km from her, at high threat."""
    made = decided(started(proximity(), threat_level="high"), still(HIS, 0, 4, 2000), still(HERS, 0, 40))
    return float(gravest(d for d in about(made, Kind.SILENCE) if d.party == "respondent"))


def far_silence_priority() -> float:
    """The gravest priority of twenty minutes of silence 90 km from her."""
    made = decided(started(proximity()), still(HIS, 0, 4, 90_000), still(HERS, 0, 80))
    return float(gravest(d for d in about(made, Kind.SILENCE) if d.party == "respondent"))


def silence_told_s() -> float:
    """Seconds from the moment he can have reached her, walking away unseen, to priority 2; 9999 if never."""
    his = going(HIS, 0, (3000, -20), (0, 1.4), 4)
    made = decided(started(proximity()), his, still(HERS, 0, 4), until_s=3600)
    serious = [d for d in about(made, Kind.SILENCE) if d.party == "respondent" and d.priority == 2]
    return (serious[0].decided_at_us - serious[0].occurred_at_us) / 1e6 if serious else 9999.0


def silent_again_incidents() -> float:
    """Silences of one phone that is lost twelve times in four hours, as incidents."""
    spells = [still(HIS, 1200.0 * i, 20) for i in range(12)]
    made = decided(started(proximity()), *spells, still(HERS, 0, 970, 90_000))
    return float(len({d.incident for d in about(made, Kind.SILENCE) if d.party == "respondent"}))


def vague_told() -> float:
    """1 if a phone that sends only places of 5 km is told within five minutes."""
    vague = walk(HIS, 60, [(6000, 0)] * 20, accuracy_m=5000.0)
    made = decided(started(proximity()), still(HIS, 0, 4, 6000), vague, still(HERS, 0, 24))
    return float(any(d.party == "respondent" for d in about(made, Kind.SILENCE)))


def provoked_priority() -> float:
    """The gravest priority of a fifth reported jamming in an afternoon."""
    spells = [[seen(HIS, 600.0 * i, 9000, alarms=("jamming",)), *still(HIS, 600.0 * i + 15, 2, 9000)] for i in range(5)]
    return float(gravest(about(decided(started(proximity()), *spells), Kind.JAMMING)))


def provoked_incidents() -> float:
    """Incidents of twelve reported jammings in an afternoon, any priority."""
    spells = [
        [seen(HIS, 600.0 * i, 9000, alarms=("jamming",)), *still(HIS, 600.0 * i + 15, 2, 9000)] for i in range(12)
    ]
    return float(len({d.incident for d in about(decided(started(proximity()), *spells), Kind.JAMMING)}))


def tampers_closed() -> float:
    """Opened straps that were closed by themselves when the strap was locked again."""
    his = [*still(HIS, 0, 2, 9000), seen(HIS, 40, 9000, strap="open"), *[
        seen(HIS, 60 + 15 * i, 9000, strap="locked") for i in range(20)]]  # fmt: skip
    made = about(decided(started(proximity()), his, until_s=4000), Kind.TAMPER)
    return float(sum(d.phase is Phase.CLOSE for d in made)) if made else 9.0


def battery_incidents() -> float:
    """Incidents of a battery that wavers between 14 and 17 percent for an hour."""
    his = [seen(HIS, 15 * i, 9000, battery_pct=14 + 3 * (i % 2)) for i in range(240)]
    return float(len({d.incident for d in about(decided(started(proximity()), his), Kind.BATTERY)}))


def panic_incidents() -> float:
    """Incidents of five presses of one call for help, ten seconds apart."""
    hers = [heard(HERS, 10 * i, alarms=("sos",)) for i in range(5)]
    return float(len({d.incident for d in about(decided(started(proximity()), hers), Kind.PANIC)}))


def repeated_decisions() -> float:
    """Decisions about a panic record that is read three times."""
    press = heard(HERS, 10, alarms=("sos",))
    return float(len(about(decided(started(proximity()), [press, press, press]), Kind.PANIC)))


def buffered_told() -> float:
    """1 if a meeting that his phone kept for 15 minutes is told as late."""
    live = [*still(HIS, 0, 16, 5000), *still(HIS, 600, 40, 5000)]
    buffered = [seen(HIS, 300 + 15 * i, 100, delay_s=900) for i in range(4)]
    made = near(started(proximity()), still(HERS, 0, 80), live, buffered)
    return float(any(d.phase is Phase.LATE for d in made))


def overtaken_told() -> float:
    """1 if a fix within the ring that another overtook by a minute opens the live incident."""
    live = [*still(HIS, 0, 5, 900), *still(HIS, 75, 10, 900)]
    made = near(started(proximity()), still(HERS, 0, 16), live, [seen(HIS, 65, 50, delay_s=60)])
    return float(any(d.phase is Phase.OPEN and d.priority == 1 for d in made))


def separation_told() -> float:
    """1 if a bracelet that does not hear his phone for five minutes is told."""
    both_his = {
        "devices": [
            {"id": HIS, "kind": "bracelet", "interval_s": 15},
            {"id": "his-phone", "kind": "phone", "interval_s": 15},
        ]
    }
    apart = [seen(HIS, 15 * i, 9000, proximity_ble=()) for i in range(24)]
    return float(alerted(decided(started(proximity(), respondent=both_his), apart), Kind.SEPARATION))


def check_in_told() -> float:
    """The gravest priority of a day without a check-in."""
    call = {"id": "call", "kind": "check_in", "per_day": 4, "grace_s": 900}
    return float(gravest(about(started(call).tick(at(86_400)), Kind.CHECK_IN)))


def handover_p1() -> float:
    """Priority-1 incidents of a hand-over as agreed: both at the place, in its window, and away from it."""
    state = both()
    his = walk(HIS, FROM, ARRIVAL) + still(HIS, FROM + 375, 20) + walk(HIS, FROM + 675, line((20, 0), (3000, 0), 40))
    hers = still(HERS, FROM, 65)
    return float(len({d.incident for d in decided(state, hers, his) if d.priority == 1}))


def handover_trap() -> float:
    """The gravest priority when he comes to her in the window of a hand-over, away from its place."""
    state = both()
    made = decided(state, still(HERS, FROM, 40, 3000), walk(HIS, FROM, line((0, 0), (3000, 0), 40)))
    return float(gravest(about(made, Kind.HANDOVER, *NEAR)))


def phone_lowers() -> float:
    """The gravest priority told last when his phone says that he went from her door into the warning ring."""
    phone = {"devices": [{"id": HIS, "kind": "phone", "interval_s": 15}]}
    his = [*still(HIS, 2, 4, 50), *still(HIS, 122, 20, 1000)]
    made = near(started(proximity(distance_m=300, warning_m=1500), respondent=phone), still(HERS, 0, 28), his)
    return float(made[-1].priority)


def spoofing_told() -> float:
    """1 if two impossible jumps within half an hour are told as false places."""
    his = walk(HIS, 2, [(40_000.0 if i in (10, 30) else 9000.0, 0.0) for i in range(50)])
    return float(bool(about(decided(started(proximity()), his), Kind.SPOOFING)))


def zone_crossing_told() -> float:
    """1 if a way through a closed area between two fixes is told."""
    his = [seen(HIS, 60 * i, -1800 + 1200 * i, 20, speed_mps=0.0) for i in range(4)]
    return float(alerted(decided(started(circle(radius_m=400)), his), Kind.EXCLUSION_ZONE))


OF_STORIES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # scenario: pairs of a story and an expectation of its
    "no_device": (("home", "home"), ("phone_dies_home", "phone_dies_home_before")),
    "handover": (
        ("as_agreed", "as_agreed_quiet_p1"), ("early", "early"), ("towards_her", "towards_her"), ("follows", "follows"),
        ("not_back", "not_back"), ("his_device_silent", "his_device_silent"), ("panic", "panic"),
        ("short_visit", "short_visit_quiet_in_window"), ("short_visit", "short_visit_quiet_p1"),
    ),
    "check_ins": (
        ("missed", "missed"), ("missed_twice", "missed_twice"), ("failed", "failed"), ("sent_late", "sent_late_corrected"),
    ),
    "people": (("comes_to_child", "comes_to_child"),),
    "hours": (("begins_round_him", "begins_round_him"), ("curfew_forward_over", "curfew_forward_over_quiet")),
    "gadgets": (
        ("strap", "strap"), ("strap", "strap_never_closed_quiet"), ("phone_left_behind", "phone_left_behind"),
        ("mock", "mock"), ("jumps", "jumps"), ("frozen", "frozen"), ("phone_lies_bracelet_not", "phone_lies_bracelet_not"),
        ("lost_while_driving", "lost_while_driving"), ("jams_often", "jams_often"), ("jams_often", "jams_often_quiet"),
        ("battery_wavers", "battery"), ("battery_wavers", "battery_wavers_quiet"), ("presses", "presses_quiet"),
        ("sent_three_times", "sent_three_times_once_quiet"),
    ),
    "places": (
        ("cell_only", "cell_only"), ("cell_only_high_threat", "cell_only_high_threat"),
        ("silent_high_threat", "silent_high_threat"), ("silent_far_away", "silent_far_away_quiet"),
        ("crosses_between_fixes", "crosses_between_fixes"), ("crosses_area_between_fixes", "crosses_area_between_fixes"),
        ("kept_a_while", "kept_a_while"), ("overtaken", "overtaken"), ("vague", "vague"), ("only_towers", "only_towers"),
        ("lone_jump", "lone_jump_quiet"), ("towers", "towers_quiet"),
        ("phone_goes_alone", "phone_goes_alone_lowered_quiet"), ("tower_near_her", "tower_near_her_quiet_p1"),
        ("bad_fix_across", "bad_fix_across_quiet_p1"),
    ),
    "restless": (
        ("at_the_edge", "at_the_edge_quiet"), ("in_and_out", "in_and_out_quiet"),
        ("stands_with_her", "stands_with_her_decisions_quiet"), ("seen_away_once", "seen_away_once_quiet"),
        ("lost_often", "lost_often_quiet"),
    ),
    "expiry": (
        ("in_her_ring", "in_her_ring_closed"), ("comes_afterwards", "comes_afterwards_quiet_afterwards"),
    ),
}  # fmt: skip

FIGURES: Final[dict[str, Callable[[], float]]] = {
    "approaches: warning p5, s": of("approaches", APPROACHES, "warning_s", "p5"),
    "motorway: not priority 1": of("motorway", DRIVES, "pass_bys", "share"),
    "motorway: turn-ins later by more than one fix": of("motorway", DRIVES, "turn_ins", "by_more_than_one_fix"),
    "silence: alerted": of("silence", SILENCES, "alerted"),
    "silence: alerted before": of("silence", SILENCES, "alerted_before_breach"),
} | {
    f"{scenario}: {expectation}": kept(scenario, story, expectation)
    for scenario, told in OF_STORIES.items()
    for story, expectation in told
}
