"""The pilot: ordinary days keep apart, episodes do what they say, one seed gives one truth."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from aralyk.simulator.days import DAY_S
from aralyk.simulator.episodes import DEAD_PHONE_PAIR, LATE_PAIR, PANIC_PAIR, STRAP_PAIR, Kind
from aralyk.simulator.pilot import BRACELETS, PAIRS, Wire
from aralyk.simulator.world import World

SEEDS = (1, 2, 3, 20261121)


@pytest.fixture(params=SEEDS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return World(int(request.param))


def closest_m(world: World, number: int, *, begins_s: float, ends_s: float, step_s: float = 10) -> float:
    pair = world.pairs[number - 1]
    steps = range(int((ends_s - begins_s) / step_s) + 1)
    return min(world.distance_m(pair, begins_s + step * step_s) for step in steps)


def test_the_pilot_is_18_orders_with_6_bracelets_and_12_phones(world: World) -> None:
    assert len(world.pairs) == PAIRS == 18
    wires = [pair.respondent_wire for pair in world.pairs]
    assert wires.count(Wire.R16H) == BRACELETS == 6
    phones = [wire for wire in wires if wire is not Wire.R16H]
    assert {phones.count(wire) for wire in set(phones)} == {4}, "each form of the app on four phones"
    assert all(pair.protected_wire is not Wire.R16H for pair in world.pairs)
    assert all(500 <= pair.distance_m <= 1000 < pair.warning_m for pair in world.pairs if pair.distance_m != 500)


def test_ordinary_days_never_bring_a_pair_within_the_warning_ring(world: World) -> None:
    in_episodes = {episode.pair for episode in world.episodes if episode.errands}
    quiet = [pair for pair in world.pairs if pair.number not in in_episodes]
    assert quiet
    for pair in quiet:
        assert closest_m(world, pair.number, begins_s=0, ends_s=7 * DAY_S, step_s=60) > pair.warning_m + 500


def test_the_first_approach_crosses_the_warning_ring_within_the_first_minute(world: World) -> None:
    pair = world.pairs[0]
    assert world.distance_m(pair, 0) > pair.warning_m + 400
    crossing_s = next(at_s for at_s in range(600) if world.distance_m(pair, at_s) < pair.warning_m)
    assert 40 <= crossing_s <= 60
    assert closest_m(world, 1, begins_s=0, ends_s=600) < pair.distance_m / 2


def test_a_meeting_by_chance_is_her_coming_to_where_he_already_stands(world: World) -> None:
    episode = next(e for e in world.episodes if e.kind is Kind.CHANCE_MEETING)
    pair = world.pairs[episode.pair - 1]
    his_places = {world.whereabouts(pair.respondent.key, at_s).spot for at_s in range(0, 640, 5)}
    assert len(his_places) == 1
    assert closest_m(world, episode.pair, begins_s=0, ends_s=640) < 50


def test_what_the_late_buffer_tells_happened_while_the_phone_had_no_network(world: World) -> None:
    pair = world.pairs[LATE_PAIR - 1]
    (begins_s, ends_s), *_ = world.faults(pair.respondent.key).offline
    inside = [at_s for at_s in range(0, 900, 5) if world.distance_m(pair, at_s) < pair.warning_m]
    assert inside
    assert begins_s < min(inside)
    assert max(inside) < ends_s


def test_each_fault_has_its_own_pair_and_that_pair_stays_apart(world: World) -> None:
    assert world.faults(world.pairs[STRAP_PAIR - 1].respondent.key).strap_open_from_s == 150
    assert world.faults(world.pairs[PANIC_PAIR - 1].protected.key).panic_at_s == (210,)
    assert world.faults(world.pairs[DEAD_PHONE_PAIR - 1].respondent.key).dead_from_s == 300
    for number in (STRAP_PAIR, PANIC_PAIR, DEAD_PHONE_PAIR):
        assert closest_m(world, number, begins_s=0, ends_s=1800) > world.pairs[number - 1].warning_m + 500


def test_the_script_has_every_kind_of_episode_in_its_first_ten_minutes(world: World) -> None:
    assert {episode.kind for episode in world.episodes if episode.begins_s < 600} == set(Kind)


def test_approaches_come_back_with_other_pairs(world: World) -> None:
    later = [e for e in world.episodes if e.begins_s > 3600 and e.kind is Kind.APPROACH][:5]
    assert len({episode.pair for episode in later}) == 5
    for episode in later:
        pair = world.pairs[episode.pair - 1]
        nearest = closest_m(world, episode.pair, begins_s=episode.begins_s, ends_s=episode.begins_s + 1800)
        assert nearest < pair.distance_m


def test_the_same_seed_gives_the_same_truth_in_any_order_of_asking() -> None:
    early, late = World(5), World(5)
    late.whereabouts("respondent-03", 5 * DAY_S)
    moments = [-3600.0, 0.0, 77.7, 4000.0, DAY_S, 3.3 * DAY_S]
    assert [asdict(early.whereabouts(key, at_s)) for key in early.people for at_s in moments] == [
        asdict(late.whereabouts(key, at_s)) for key in reversed(late.people) for at_s in reversed(moments)
    ][::-1]


def test_another_seed_is_another_city() -> None:
    assert World(5).whereabouts("protected-02", 0) != World(6).whereabouts("protected-02", 0)
