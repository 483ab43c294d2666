"""Figures of the drill count what their definitions say, on decisions written by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from aralyk.simulator.chance import stream
from aralyk.simulator.drill import moves
from aralyk.simulator.drill.devices import Device, window
from aralyk.simulator.drill.errors import FittedErrors
from aralyk.simulator.drill.expected import PAIR, Expected
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.runs import Run, said_by
from aralyk.simulator.drill.scenarios import parts
from aralyk.simulator.drill.scenarios.approaches import Approaches
from aralyk.simulator.drill.scenarios.ordinary_life import Lives, naive_stream
from aralyk.simulator.drill.scenarios.rules import Rules
from aralyk.simulator.drill.scenarios.stories import Stories
from aralyk.simulator.drill.scenarios.torment import Torments
from aralyk.simulator.drill.verdicts import CLOSE, LATE, OPEN, VERDICT, wilson

DAY_S = 86400.0
# He leaves at 1000 s, 3,000 m away, at 2 m/s; D is 200 m: the breach is at 2400 s.
LEAVES_S, BREACH_S, ENDS_S = 1000.0, 2400.0, 4000.0


def verdicts(*rows: tuple[float, int, int, str]) -> npt.NDArray[Any]:
    """Rows: second, phase, priority, kind; each kind is one incident."""
    return np.array(
        [(0, phase, priority, kind, "reason", f"case/{kind}", at, at, "ring") for at, phase, priority, kind in rows],
        VERDICT,
    )


def approach(**silent: Any) -> Run:
    he = moves.straight([(3000.0, 0.0), (0.0, 0.0)], np.array([2.0]), Around.FOOT, from_s=LEAVES_S)
    return Run(
        name="approach", distance_m=200.0, warning_m=None, his=Device(kind="phone", interval_s=15, **silent),
        hers=Device(kind="phone", interval_s=15), he=parts.stays(he, before_s=0.0, until_s=ENDS_S),
        she=moves.standing(0.0, 0.0, from_s=0.0, to_s=ENDS_S), ends_s=ENDS_S,
        tags={"mode": "foot", "sampling": "15", "warning": "none", "distance": "200", "story": "walks",
              "cell": "everyday"},
        marks={"leaves_s": LEAVES_S, "begins_s": LEAVES_S, "top_mps": 2.0},
    )  # fmt: skip


def living(he: Track) -> Run:
    device = Device(kind="phone", interval_s=60)
    return Run(
        name="life", distance_m=200.0, warning_m=400.0, his=device, hers=device, he=he,
        she=moves.standing(0.0, 0.0, from_s=0.0, to_s=DAY_S), ends_s=DAY_S, tags={"sampling": "60", "distance": "200"},
        marks={"days": 1.0},
    )  # fmt: skip


def said_in(run: Run) -> npt.NDArray[Any]:
    return said_by([run], FittedErrors(), [stream(1, "said", run.name)])


def test_an_alert_before_the_breach_counts_with_its_warning_time() -> None:
    run, tally = approach(), Approaches()
    assert tally.add(run, said_in(run), verdicts((BREACH_S - 700, OPEN, 2, "approach"))) == []
    line = tally.line()
    assert (line["true_events"], line["alerted_before_breach"]) == (1, 1)
    assert line["both_reported"]["share"] == 1.0
    assert line["warning_s"] == {"p5": 700.0, "p50": 700.0}


@pytest.mark.parametrize(
    "told",
    [
        verdicts(),
        verdicts((BREACH_S + 20, OPEN, 1, "proximity")),
        verdicts((BREACH_S - 500, OPEN, 3, "battery")),
        verdicts((BREACH_S - 500, LATE, 1, "proximity")),
        verdicts((300.0, OPEN, 2, "silence"), (600.0, CLOSE, 2, "silence")),
    ],
    ids=["none", "too late", "technical", "late path", "closed before he left"],
)
def test_what_is_no_alert_before_the_breach_is_a_miss_with_no_warning(told: npt.NDArray[Any]) -> None:
    run, tally = approach(), Approaches()
    assert tally.add(run, said_in(run), told) == ["missed_both_reported"]
    assert tally.line()["both_reported"]["alerted_before"] == 0
    assert tally.line()["warning_s"] == {"p5": 0.0, "p50": 0.0}


def test_a_phone_that_was_killed_before_the_breach_belongs_to_the_rest() -> None:
    run, tally = approach(silent=window(BREACH_S - 200, BREACH_S + 600)), Approaches()
    tally.add(run, said_in(run), verdicts((BREACH_S + 30, OPEN, 2, "silence")))
    line = tally.line()
    assert line["both_reported"]["of"] == 0
    assert line["rest"]["priority_2"] == {"of": 1, "alerted_before": 1, "share": 1.0, "share_95": wilson(1, 1)}


def test_a_story_is_full_partial_or_none_as_in_queensland() -> None:
    tally = Stories()
    run = approach()
    said = said_in(run)
    tally.add(run, said, verdicts((BREACH_S - 5, OPEN, 2, "proximity")))
    tally.add(run, said, verdicts((BREACH_S + 300, OPEN, 2, "proximity")))
    assert tally.add(run, said, verdicts()) == ["missed"]
    row = tally.line()["by_mode"]["walks"]
    assert (row["full"], row["partial"], row["none"]) == (1, 1, 1)
    assert tally.line()["silent_misses"] == 1


def test_a_priority_1_far_from_each_other_is_false_and_near_each_other_is_true() -> None:
    far = living(moves.standing(3000.0, 0.0, from_s=0.0, to_s=DAY_S))
    near = living(moves.standing(50.0, 0.0, from_s=0.0, to_s=DAY_S))
    tally = Lives()
    told = verdicts((5000.0, OPEN, 1, "proximity"), (6000.0, CLOSE, 1, "proximity"))
    assert tally.add(far, said_in(far), told) == ["false_p1"]
    assert tally.add(near, said_in(near), told) == []
    line = tally.line()
    assert line["precision_p1"] == 0.5
    assert line["false_p1_per_pair_day"] == 0.5
    assert line["true_events"] == 1
    assert line["alerted"] == 1
    assert line["incidents_per_pair_day"] == 1.0


def test_demotion_is_shown_as_a_miss_of_priority_1() -> None:
    run, tally = living(moves.standing(50.0, 0.0, from_s=0.0, to_s=DAY_S)), Lives()
    assert tally.add(run, said_in(run), verdicts((5000.0, OPEN, 2, "proximity"))) == ["missed_p1"]
    misses = tally.line()["misses"]
    assert (misses["without_priority_1"], misses["without_any"]) == (1, 0)


def test_nobody_told_anybody_is_a_silent_miss() -> None:
    run, tally = living(moves.standing(50.0, 0.0, from_s=0.0, to_s=DAY_S)), Lives()
    assert tally.add(run, said_in(run), verdicts()) == ["missed"]
    assert tally.line()["silent_misses"] == 1


def test_the_naive_stream_counts_a_gap_and_a_visit() -> None:
    visit = moves.straight([(3000.0, 0.0), (0.0, 0.0), (3000.0, 0.0)], np.array([5.0, 5.0]), Around.CAR, from_s=7200.0)
    quiet = naive_stream(run := living(parts.stays(visit, before_s=0.0, until_s=DAY_S)), said_in(run))
    assert quiet["distance"] >= 1
    assert quiet["warning_ring"] >= 1
    gaps = quiet["gap"]
    deaf = Device(kind="phone", interval_s=60, silent=window(30_000, 31_000))
    run = Run(
        name="life", distance_m=200.0, warning_m=400.0, his=deaf, hers=run.hers, he=run.he, she=run.she, ends_s=DAY_S,
        tags=run.tags, marks=run.marks,
    )  # fmt: skip
    assert naive_stream(run, said_in(run))["gap"] == gaps + 1


def test_a_priority_that_grows_with_repetition_is_counted() -> None:
    run = approach()
    told = verdicts((100.0, OPEN, 3, "battery"), (900.0, OPEN, 2, "battery"))
    told["incident"] = ["case/battery/1", "case/battery/2"]
    tally = Torments()
    tally.add(run, said_in(run), told)
    tally.add(run, said_in(run), told[::-1])
    assert tally.line()["by_mode"]["walks"]["raised_by_repetition"] == 0.5


def test_the_wilson_interval_is_the_textbook_one() -> None:
    assert wilson(10, 10) == pytest.approx([0.72247, 1.0], abs=1e-4)
    assert wilson(5, 10) == pytest.approx([0.23659, 0.76341], abs=1e-4)
    assert wilson(0, 0) is None


def expecting(*expected: Expected) -> Run:
    return dataclasses.replace(approach(), expected=expected)


def test_an_expectation_is_kept_by_its_kind_time_priority_phase_and_condition_alone() -> None:
    told = Expected(name="told", kinds=PAIR, from_s=100, to_s=200, condition="ring")
    for row, kept in (
        ((150.0, OPEN, 2, "proximity"), True),
        ((150.0, OPEN, 3, "proximity"), False),
        ((150.0, CLOSE, 2, "proximity"), False),
        ((150.0, OPEN, 2, "tamper"), False),
        ((201.0, OPEN, 2, "proximity"), False),
    ):
        assert told.is_kept(verdicts(row)) is kept, row
    elsewhere = verdicts((150.0, OPEN, 2, "proximity"))
    elsewhere["condition"] = "ring-c"
    assert not told.is_kept(elsewhere)
    milder = dataclasses.replace(told, priority=4, gravest=2)
    assert not milder.is_kept(verdicts((150.0, OPEN, 1, "proximity")))


def test_rules_count_what_was_told_and_what_was_not_kept_quiet() -> None:
    told = Expected(name="told", kinds=PAIR, from_s=100, to_s=200)
    before = Expected(name="told_before", kinds=PAIR, from_s=0, to_s=180, moment_s=180)
    quiet = Expected(name="quiet", kinds=("tamper",), from_s=0, to_s=ENDS_S, priority=1, at_most=0)
    tally = Rules()
    run = expecting(told, before, quiet)
    assert tally.add(run, said_in(run), verdicts((120.0, OPEN, 1, "proximity"))) == []
    assert tally.add(run, said_in(run), verdicts((300.0, OPEN, 1, "tamper"))) == ["told", "told_before", "quiet"]
    line = tally.line()
    assert (line["true_events"], line["alerted"], line["silent_misses"], line["alerted_before_breach"]) == (2, 1, 1, 1)
    assert line["expected"]["told"]["latency_s"] == {"p5": 20.0, "p50": 20.0}
    assert line["expected"]["quiet"] | {"latency_s": None} == {
        "owes": "quiet", "of": 2, "kept": 1, "share": 0.5, "share_95": wilson(1, 2), "latency_s": None,
    }  # fmt: skip
    assert line["warning_s"] == {"p5": 3.0, "p50": 30.0}
    assert line["precision_p1"] == 0.5
