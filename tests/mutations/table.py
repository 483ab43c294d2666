"""What is removed from the engine, and the figure that must fall for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.mutations.edits import Body, Constant, Edit, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One rule removed. The figure keeps its bound with the rule and breaks it without."""

    name: str
    removes: str
    edits: tuple[Edit, ...]
    figure: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value keeps the bound."""
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    @property
    def bound(self) -> str:
        """The bound as text."""
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


def _named(*mutations: Mutation) -> dict[str, Mutation]:
    assert len({m.name for m in mutations}) == len(mutations)
    return {m.name: m for m in mutations}


MUTATIONS: Final = _named(
    Mutation(
        name="no_approach",
        removes="the ring in seconds",
        edits=(Body(module="motion", function="is_approaching", body="return False"),),
        figure="approaches: warning p5, s",
        at_least=60,
    ),
    Mutation(
        name="no_approach_on_foot",
        removes="the longer ring in seconds on foot",
        edits=(Constant(name="APPROACH_WALK_S", value="60.0"),),
        figure="approaches: warning p5, s",
        at_least=60,
    ),
    Mutation(
        name="no_coarse_nearness",
        removes="a coarse place whose circle touches the ring is possible",
        edits=(Body(module="rules.proximity", function="is_coarse_near", body="return False"),),
        figure="coarse_near_told",
        at_least=1,
    ),
    Mutation(
        name="no_swept_way",
        removes="the way between two fixes",
        edits=(Body(module="pairs", function="nearest_swept", body="return -1.0, from_us, 0.0"),),
        figure="crossing_told",
        at_least=1,
    ),
    Mutation(
        name="no_swept_area",
        removes="the way through a closed area",
        edits=(Body(module="rules.zones", function="_probability_crossed", body="return p_now"),),
        figure="zone_crossing_told",
        at_least=1,
    ),
    Mutation(
        name="way_proves",
        removes="a way that begins at a bad fix proves nothing",
        edits=(Text(module="rules.proximity", old='r["prev_good"] == 0 or p["prev_good"] == 0', new="False"),),
        figure="after_a_bad_fix",
        at_least=2,
    ),
    Mutation(
        name="no_passing_through",
        removes="a steady drive through the ring is not critical",
        edits=(Body(module="motion", function="is_passing", body="return False"),),
        figure="motorway: not priority 1",
        at_least=0.9,
    ),
    Mutation(
        name="passing_never_ends",
        removes="who slows or turns is no longer driving through",
        edits=(
            Text(
                module="motion",
                old="straight and speed >= PASSING_MPS and speed >= STEADY_SHARE * fastest",
                new="speed >= 1.0",
            ),
        ),
        figure="motorway: turn-ins later by more than one fix",
        at_most=0,
    ),
    Mutation(
        name="coarse_proves",
        removes="a coarse place proves nothing",
        edits=(
            Text(
                module="pairs",
                old='return 1 if d["radius_m"] <= COARSE_M and',
                new='return 1 if d["radius_m"] <= 1e9 or',
            ),
        ),
        figure="coarse_priority",
        at_least=2,
    ),
    Mutation(
        name="no_jump_filter",
        removes="a lone impossible jump is suspect",
        edits=(Body(module="arrival", function="_is_jump", body="return False"),),
        figure="jump_incidents",
        at_most=0,
    ),
    Mutation(
        name="no_contradiction",
        removes="a coarse place where he cannot be is no place",
        edits=(Body(module="arrival", function="contradicts", body="return False"),),
        figure="tower_incidents",
        at_most=0,
    ),
    Mutation(
        name="no_distrust",
        removes="who sends only contradicted places counts as silent",
        edits=(Text(module="arrival", old='d["distrusted"] = 1', new='d["distrusted"] = 0'),),
        figure="tower_hides",
        at_least=1,
    ),
    Mutation(
        name="no_reach",
        removes="the reachable set: when a silence may hide a meeting",
        edits=(Body(module="rules.silence", function="_meet_due", body="return FOREVER, -1"),),
        figure="silence: alerted",
        at_least=30,
    ),
    Mutation(
        name="no_reach_test",
        removes="a silence is technical while he cannot be there",
        edits=(
            Body(module="rules.silence", function="_meet_due", body="return int(device_at(s, device)['sharp_us']), -1"),
        ),
        figure="far_silence_priority",
        at_least=3,
    ),
    Mutation(
        name="late_reach",
        removes="a possible meeting is told within two intervals",
        edits=(Constant(name="SERIOUS_INTERVALS", value="20"),),
        figure="silence_told_s",
        at_most=45,
    ),
    Mutation(
        name="no_folding",
        removes="a device that is silent again continues its incident",
        edits=(Constant(name="SILENCE_FOLD_US", value="0"),),
        figure="silent_again_incidents",
        at_most=1,
    ),
    Mutation(
        name="no_vague_patience",
        removes="places of kilometres are no places for long",
        edits=(Constant(name="VAGUE_PATIENCE_US", value="100 * 60 * MINUTE_US"),),
        figure="vague_told",
        at_least=1,
    ),
    Mutation(
        name="high_threat_waits",
        removes="at high threat a coarse place that stays becomes critical",
        edits=(
            Body(
                module="rules.verdicts",
                function="give_up_waiting",
                body="condition_episode_at(s, condition)['doubt_us'] = NEVER",
            ),
        ),
        figure="high_threat_coarse",
        at_most=1,
    ),
    Mutation(
        name="high_threat_silence_waits",
        removes="at high threat a possible meeting becomes critical",
        edits=(
            Text(module="rules.silence", old='e["doubt_us"] = now_us + BETTER_FIX_US', new='e["doubt_us"] = NEVER'),
        ),
        figure="high_threat_silence",
        at_most=1,
    ),
    Mutation(
        name="one_calm_fix",
        removes="two calm fixes end an incident, not one",
        edits=(Constant(name="CALM_FIXES", value="1"),),
        figure="closed_by_one_fix",
        at_most=0,
    ),
    Mutation(
        name="no_lateness_close",
        removes="an incident closes only after the lateness window",
        edits=(
            Text(module="rules.verdicts", old='e["close_us"] = decided_us + LATE_US', new='e["close_us"] = decided_us'),
        ),
        figure="border_incidents",
        at_most=1,
    ),
    Mutation(
        name="no_hysteresis",
        removes="an incident ends on clear evidence only",
        edits=(Constant(name="P_CLOSE", value="P_OPEN"),),
        figure="edge_incidents",
        at_most=1,
    ),
    Mutation(
        name="no_quiet",
        removes="an unchanged incident speaks at most once a minute",
        edits=(Constant(name="UPDATE_US", value="0"),),
        figure="standing_decisions",
        at_most=60,
    ),
    Mutation(
        name="phone_lowers",
        removes="a phone that reports itself never lowers a level",
        edits=(Text(module="rules.verdicts", old="if not may_lower:", new="if False:"),),
        figure="phone_lowers",
        at_most=1,
    ),
    Mutation(
        name="no_late",
        removes="what a device kept is judged at its own time",
        edits=(Body(module="rules.late", function="judge_late", body="return"),),
        figure="buffered_told",
        at_least=1,
    ),
    Mutation(
        name="no_overtaking",
        removes="a place from within the lateness window opens the live incident",
        edits=(Text(module="rules.late", old="if now_us - at_us <= LATE_US:", new="if False:"),),
        figure="overtaken_told",
        at_least=1,
    ),
    Mutation(
        name="no_repetition",
        removes="repeated provocation is more urgent",
        edits=(Constant(name="PROVOKED_COUNT", value="1000"),),
        figure="provoked_priority",
        at_most=2,
    ),
    Mutation(
        name="no_provoked_folding",
        removes="repeated provocation stays one incident",
        edits=(Text(module="rules.repetition", old="folded = phase == OPEN and", new="folded = phase == 99 and"),),
        figure="provoked_incidents",
        at_most=2,
    ),
    Mutation(
        name="tamper_unlatched",
        removes="only staff close a tamper",
        edits=(
            Text(
                module="rules.straps",
                old='            level = device_episode_at(s, device * DEVICE_EPISODES + TAMPER)["level"]\n',
                new="            close_device(s, device, TAMPER, STRAP_LOCKED_AGAIN, now_us)\n            return\n"
                '            level = device_episode_at(s, device * DEVICE_EPISODES + TAMPER)["level"]\n',
            ),
            Text(
                module="rules.straps",
                old="from aralyk.engine.rules.gadgets import sight_device, tell_device",
                new="from aralyk.engine.rules.gadgets import close_device, sight_device, tell_device",
            ),
        ),
        figure="tampers_closed",
        at_most=0,
    ),
    Mutation(
        name="no_battery_hysteresis",
        removes="a battery is well again at 25 %",
        edits=(Constant(name="BATTERY_WELL_PCT", value="BATTERY_LOW_PCT + 1"),),
        figure="battery_incidents",
        at_most=1,
    ),
    Mutation(
        name="no_panic_folding",
        removes="presses within a minute are one call for help",
        edits=(Constant(name="PANIC_FOLD_US", value="0"),),
        figure="panic_incidents",
        at_most=1,
    ),
    Mutation(
        name="no_duplicates",
        removes="a record read twice is nothing",
        edits=(Body(module="rings", function="is_known", body="return False"),),
        figure="repeated_decisions",
        at_most=1,
    ),
    Mutation(
        name="no_separation",
        removes="bracelet and phone apart are told",
        edits=(Constant(name="SEPARATION_US", value="100 * 60 * MINUTE_US"),),
        figure="separation_told",
        at_least=1,
    ),
    Mutation(
        name="no_missed_in_a_row",
        removes="the second missed check-in is serious",
        edits=(Constant(name="MISSED_COUNT", value="1000"),),
        figure="check_in_told",
        at_most=2,
    ),
    Mutation(
        name="no_handover",
        removes="a hand-over replaces the ring",
        edits=(Body(module="rules.handover", function="is_replaced", body="return False"),),
        figure="handover_p1",
        at_most=0,
    ),
    Mutation(
        name="handover_blinds",
        removes="in a hand-over's window he must be at its place",
        edits=(Body(module="rules.handover", function="judge_handover", body="return"),),
        figure="handover_trap",
        at_most=1,
    ),
    Mutation(
        name="no_false_places",
        removes="impossible jumps are a hint of false places",
        edits=(Constant(name="FALSE_JUMPS_US", value="0"),),
        figure="spoofing_told",
        at_least=1,
    ),
)
