"""Real phones, carried by a person whose place is known each second: incidents open where the truth says.

The figures asserted are floors under what was measured (`python -m tests.engine.tracks` prints the tables); they say
when detection on real input became worse.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from aralyk.engine import Kind, Phase, policy
from tests.engine.tracks import (
    EXPERIMENTS,
    LOCATIONS,
    MINUTE_US,
    PAIRS,
    PROTECTED_PHONE,
    RESPONDENT_PHONE,
    Pair,
    Tally,
    fixes,
    places,
    replayed,
    run,
    truth,
    visited,
)

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
    # who was at rest and is still heard under ground is given time before his silence counts: 97.97 %
    assert t.inside_alerted + t.inside_unknown >= 0.975 * t.inside


def test_a_pair_3_km_apart_is_never_said_to_be_together() -> None:
    """Possibly near, by cell places of almost a kilometre under ground: less than one minute in ten."""
    t = tally(MOVED_3_KM, 500)
    assert t.outside > 1000
    assert t.outside_first == 0
    assert t.sharp_outside_first == 0
    assert t.outside_alerted <= 0.1 * t.outside
    for decision in t.decisions:
        if decision.kind is Kind.PROXIMITY and decision.phase is Phase.OPEN:
            declared = [decision.basis[party]["accuracy_m"] for party in ("respondent", "protected")]
            assert max(declared) > policy.COARSE_M


def test_a_pair_20_minutes_apart_on_the_same_way_is_not_said_to_be_together() -> None:
    t = tally(LAGGED, 500)
    assert t.outside > 300
    assert t.outside_first <= 0.03 * t.outside
    assert t.sharp_outside_first <= 1  # of 93 minutes: the one in which he came out of the ring


def test_a_pair_20_minutes_apart_is_told_when_it_meets_all_the_same() -> None:
    t = tally(LAGGED, 500)
    assert t.inside_alerted + t.inside_unknown == t.inside


def test_records_that_came_late_are_marked_late_with_their_true_time() -> None:
    """His phone keeps a quarter of an hour of a time together and sends it at its end."""
    his = fixes(RESPONDENT_PHONE, EXPERIMENTS[0], device="r")
    hers = fixes(PROTECTED_PHONE, EXPERIMENTS[0], device="d")
    seconds, _ = truth(EXPERIMENTS[0], TOGETHER)
    begins = int(seconds[seconds.size // 2])
    ends = begins + 15 * MINUTE_US
    kept = [
        replace(seen, received_at_us=ends) if seen.fixed_at_us and begins <= seen.fixed_at_us < ends else seen
        for seen in his
    ]
    moved = [
        replace(seen, lat=seen.lat + 0.5)
        if seen.lat is not None and not (seen.fixed_at_us and begins <= seen.fixed_at_us < ends)
        else seen
        for seen in kept
    ]  # and is far but then
    late = [d for d in replayed(moved + hers, distance_m=500) if d.phase is Phase.LATE]
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
