"""Faults of the engine that stories of the drill found, each once mended and kept from coming back."""

from __future__ import annotations

from typing import Any, Final

from aralyk.engine import Kind, Phase
from tests.engine.builders import HERS, HIS, about, decided, proximity, seen, started, still

CELL: Final[dict[str, Any]] = {"accuracy_m": 400.0, "source": "network"}


def test_a_late_place_of_hers_does_not_make_a_cell_place_of_his_prove_anything() -> None:
    """Drill: places, tower_near_her. A place of hers half a minute late turned priority 2 into priority 1."""
    his = [*still(HIS, 0, 20, 1200), *[seen(HIS, 300 + 15 * i, **CELL) for i in range(20)]]
    hers = [seen(HERS, 3 + 15 * i, delay_s=26.0 if i == 30 else 1.0) for i in range(40)]
    made = about(decided(started(proximity(distance_m=300)), his, hers), Kind.PROXIMITY)
    assert min(d.priority for d in made) == 2


def test_a_car_whose_radios_all_vanish_is_a_hint_at_a_minutes_interval_too() -> None:
    """Drill: gadgets, lost_while_driving. At 15 s it is told, at 60 s never."""
    devices = {"devices": [{"id": HIS, "kind": "phone", "interval_s": 60}]}
    his = [seen(HIS, 60 * i, 9000 + 840 * i, speed_mps=14.0, heading_deg=90.0) for i in range(10)]
    state = started(proximity(), respondent=devices)
    made = decided(state, his, still(HERS, 0, 80), until_s=1200)
    assert about(made, Kind.JAMMING)


def test_a_meeting_that_his_phone_kept_for_minutes_is_told_as_late_and_not_as_going_on() -> None:
    """Drill: places, kept_a_while. REQUIREMENTS 3.5: recorded as late, with its true time."""
    his = still(HIS, 0, 20, 5000)
    kept = [seen(HIS, 300 + 15 * i, 100 if i < 12 else 5000, delay_s=660.0 - 15 * i + 0.01 * i) for i in range(44)]
    made = about(decided(started(proximity()), still(HERS, 0, 80), his, kept, still(HIS, 975, 8, 5000)), Kind.PROXIMITY)
    assert made
    assert {d.phase for d in made} == {Phase.LATE}


def test_a_meeting_that_his_phone_kept_for_half_an_hour_is_told() -> None:
    """Drill: places, kept_half_an_hour. Nothing is told of it but a count (`State.unjudged`)."""
    his = still(HIS, 0, 20, 5000)
    kept = [seen(HIS, 300 + 15 * i, 100 if i < 12 else 5000, delay_s=1800.0 - 15 * i + 0.01 * i) for i in range(120)]
    made = decided(started(proximity()), still(HERS, 0, 150), his, kept, still(HIS, 2115, 8, 5000))
    assert any(d.phase is Phase.LATE for d in about(made, Kind.PROXIMITY))


def test_a_bad_place_on_her_other_side_makes_no_way_through_her() -> None:
    """Drill: places, bad_fix_across. The way to a network place and back led over her and was believed."""
    across = [seen(HIS, 300 + 150 * i, -500, accuracy_m=30.0, source="network") for i in range(3)]
    his = [o for o in still(HIS, 0, 60, 500) if o.fixed_at_us not in {a.fixed_at_us for a in across}]
    hers = [seen(HERS, 33 + 60 * i) for i in range(15)]
    made = about(decided(started(proximity(distance_m=400)), his, across, hers), Kind.PROXIMITY)
    assert not [d for d in made if d.priority == 1]


def test_turning_in_with_places_that_prove_nothing_is_told_at_once() -> None:
    """Drill: motorway. A good place had put him inside, driving through; the coarse ones after the turn still do."""
    his = [seen(HIS, 15 * i, -4200 + 420 * i, 200, speed_mps=28.0, heading_deg=90.0) for i in range(10)]
    his += [seen(HIS, 150 + 15 * i, -200 + 60 * i, 150, speed_mps=4.0, heading_deg=180.0, accuracy_m=110.0,
                 source="network") for i in range(3)]  # fmt: skip
    made = about(decided(started(proximity(distance_m=1000)), still(HERS, 0, 14), his), Kind.PROXIMITY)
    assert {d.priority for d in made if d.decided_at_us < his[10].received_at_us} == {2}
    assert min(d.priority for d in made) == 1


def test_somebody_at_rest_who_is_heard_without_a_place_is_flagged_within_minutes() -> None:
    state = started(proximity())
    decided(state, still(HIS, 0, 8, 9000), still(HERS, 0, 8))
    indoors = [seen(HIS, 120 + 15 * i, lat=None, lon=None, accuracy_m=None) for i in range(16)]
    made = about(decided(state, indoors, still(HERS, 120, 16)), Kind.SILENCE)
    his = [d for d in made if d.party == "respondent"]
    assert [(d.phase, d.priority, d.reason) for d in his] == [(Phase.OPEN, 3, "position_stale")]
