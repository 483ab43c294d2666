"""Real phones, carried by a person whose place is known each second: incidents open where the truth says.

The figures asserted are floors under what was measured (`python -m tests.engine.tracks` prints the tables, and
docs/explanation/detection.md quotes them); they say when detection on real input became worse.
"""

from __future__ import annotations

import functools

import pytest

from aralyk.engine import Kind, Phase
from tests.engine.tracks import EXPERIMENTS, LOCATIONS, PAIRS, Pair, Tally, places, run, visited

pytestmark = pytest.mark.skipif(not LOCATIONS.exists(), reason="the shared real tracks are not here")
TOGETHER, LAGGED, MOVED_400_M, MOVED_3_KM = PAIRS


@functools.cache
def tally(pair: Pair, distance_m: int) -> Tally:
    """A pair's minutes, counted once per test run."""
    return run(pair, distance_m=distance_m)


@pytest.mark.parametrize("pair", [TOGETHER, MOVED_400_M])
def test_every_minute_together_is_alerted_when_both_phones_know_where_they_are(pair: Pair) -> None:
    t = tally(pair, 500)
    assert t.sharp_inside > 300
    assert t.sharp_inside_alerted == t.sharp_inside


@pytest.mark.parametrize("pair", [TOGETHER, MOVED_400_M])
def test_under_ground_and_between_cell_towers_few_minutes_together_go_by_without_any_alert(pair: Pair) -> None:
    t = tally(pair, 500)
    assert t.inside > 1000
    assert t.inside_alerted >= 0.95 * t.inside
    assert t.inside_alerted + t.inside_unknown >= 0.98 * t.inside


def test_a_pair_3_km_apart_is_almost_never_said_to_be_near() -> None:
    t = tally(MOVED_3_KM, 500)
    assert t.outside > 1000
    assert t.outside_first == 0
    assert t.outside_alerted <= 0.02 * t.outside
    assert t.sharp_outside_first == 0


def test_a_pair_20_minutes_apart_on_the_same_way_is_not_said_to_be_together() -> None:
    t = tally(LAGGED, 500)
    assert t.outside > 300
    assert t.outside_first <= 0.03 * t.outside
    assert t.sharp_outside_first <= 0.01 * t.sharp_outside
    assert t.inside_alerted + t.inside_unknown == t.inside


def test_records_that_came_late_are_marked_late_with_their_true_time() -> None:
    late = [d for d in tally(LAGGED, 500).decisions if d.phase is Phase.LATE]
    assert late
    for decision in late:
        assert decision.decided_at_us - decision.occurred_at_us > 120_000_000
        assert decision.kind is Kind.PROXIMITY


def test_visits_to_a_real_place_are_found_where_the_phone_had_a_clear_fix() -> None:
    """The places are 12 to 121 m in radius, as small as the errors: some visits have no fix inside them at all."""
    found = [visited(name, shape, experiment) for experiment in EXPERIMENTS for name, shape in places(experiment)]
    visits = sum(v.visits for v in found)
    assert visits >= 40
    assert sum(v.alerted for v in found) >= 0.8 * visits
    assert sum(v.far_incidents for v in found) <= 0.1 * sum(v.incidents for v in found)
