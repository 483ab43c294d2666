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
        figure="places: cell_only",
        at_least=0.8,
    ),
    Mutation(
        name="no_swept_way",
        removes="the way between two fixes",
        edits=(Body(module="pairs", function="nearest_swept", body="return -1.0, from_us, 0.0, 0"),),
        figure="places: crosses_between_fixes",
        at_least=0.8,
    ),
    Mutation(
        name="no_swept_area",
        removes="the way through a closed area",
        edits=(Body(module="rules.zones", function="_probability_crossed", body="return p_now"),),
        figure="places: crosses_area_between_fixes",
        at_least=0.8,
    ),
    Mutation(
        name="way_proves",
        removes="a way that begins at a bad fix proves nothing",
        edits=(Text(module="rules.proximity", old='or draft["leg_good"] == 0', new="or False"),),
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
        figure="driving_round_her",
        at_most=1,
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
        figure="places: tower_near_her_quiet_p1_soon",
        at_least=0.8,
    ),
    Mutation(
        name="no_jump_filter",
        removes="a lone impossible jump is suspect",
        edits=(Body(module="arrival", function="_is_jump", body="return False"),),
        figure="places: lone_jump_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_contradiction",
        removes="a coarse place where he cannot be is no place",
        edits=(Body(module="arrival", function="contradicts", body="return False"),),
        figure="places: towers_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_distrust",
        removes="who sends only contradicted places counts as silent",
        edits=(Text(module="arrival", old='d["distrusted"] = 1', new='d["distrusted"] = 0'),),
        figure="towers_after_a_drive",
        at_most=2,
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
        figure="places: silent_far_away_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="late_reach",
        removes="a possible meeting is told within two intervals",
        edits=(Constant(name="SERIOUS_INTERVALS", value="20"),),
        figure="silence: alerted before",
        at_least=38,
    ),
    Mutation(
        name="no_folding",
        removes="a device that is silent again continues its incident",
        edits=(Constant(name="SILENCE_FOLD_US", value="0"),),
        figure="restless: lost_often_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_vague_patience",
        removes="places of kilometres are no places for long",
        edits=(Constant(name="VAGUE_PATIENCE_US", value="100 * 60 * MINUTE_US"),),
        figure="places: vague",
        at_least=0.8,
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
        figure="places: cell_only_high_threat",
        at_least=0.8,
    ),
    Mutation(
        name="high_threat_silence_waits",
        removes="at high threat a possible meeting becomes critical",
        edits=(
            Text(module="rules.silence", old='e["doubt_us"] = now_us + BETTER_FIX_US', new='e["doubt_us"] = NEVER'),
        ),
        figure="places: silent_high_threat",
        at_least=0.8,
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
        figure="restless: in_and_out_closed_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_hysteresis",
        removes="an incident ends on clear evidence only",
        edits=(Constant(name="P_CLOSE", value="P_OPEN"),),
        figure="restless: at_the_edge_lowered_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_quiet",
        removes="an unchanged incident speaks at most once a minute",
        edits=(Constant(name="UPDATE_US", value="0"),),
        figure="restless: paces_with_her_decisions_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="phone_lowers",
        removes="a phone that reports itself never lowers a level",
        edits=(Text(module="rules.verdicts", old="if not may_lower:", new="if False:"),),
        figure="places: phone_goes_alone_lowered_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_late",
        removes="what a device kept is judged at its own time",
        edits=(Body(module="rules.late", function="judge_late", body="return"),),
        figure="places: kept_a_while",
        at_least=0.8,
    ),
    Mutation(
        name="no_repetition",
        removes="repeated provocation is more urgent",
        edits=(Constant(name="PROVOKED_COUNT", value="1000"),),
        figure="gadgets: jams_often",
        at_least=0.8,
    ),
    Mutation(
        name="no_provoked_folding",
        removes="repeated provocation stays one incident",
        edits=(Text(module="rules.repetition", old="folded = phase == OPEN and", new="folded = phase == 99 and"),),
        figure="gadgets: jams_often_quiet",
        at_least=0.8,
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
        figure="gadgets: strap_never_closed_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_battery_hysteresis",
        removes="a battery is well again at 25 %",
        edits=(Constant(name="BATTERY_WELL_PCT", value="BATTERY_LOW_PCT + 1"),),
        figure="gadgets: battery_wavers_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_panic_folding",
        removes="presses within a minute are one call for help",
        edits=(Constant(name="PANIC_FOLD_US", value="0"),),
        figure="gadgets: presses_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_duplicates",
        removes="a record read twice is nothing",
        edits=(Body(module="rings", function="is_known", body="return False"),),
        figure="gadgets: sent_three_times_once_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_separation",
        removes="bracelet and phone apart are told",
        edits=(Constant(name="SEPARATION_US", value="100 * 60 * MINUTE_US"),),
        figure="gadgets: phone_left_behind",
        at_least=0.8,
    ),
    Mutation(
        name="no_missed_in_a_row",
        removes="the second missed check-in is serious",
        edits=(Constant(name="MISSED_COUNT", value="1000"),),
        figure="check_ins: missed_twice",
        at_least=0.8,
    ),
    Mutation(
        name="no_handover",
        removes="a hand-over replaces the ring",
        edits=(Body(module="rules.handover", function="is_replaced", body="return False"),),
        figure="handover: as_agreed_quiet_p1",
        at_least=0.8,
    ),
    Mutation(
        name="handover_blinds",
        removes="in a hand-over's window he must be at its place",
        edits=(Body(module="rules.handover", function="judge_handover", body="return"),),
        figure="handover: towards_her",
        at_least=0.8,
    ),
    Mutation(
        name="no_false_places",
        removes="impossible jumps are a hint of false places",
        edits=(Constant(name="FALSE_JUMPS_US", value="0"),),
        figure="gadgets: jumps",
        at_least=0.8,
    ),
    Mutation(
        name="no_areas",
        removes="a closed area is watched though she carries nothing",
        edits=(Body(module="rules.zones", function="judge_zone", body="return"),),
        figure="no_device: home",
        at_least=0.8,
    ),
    Mutation(
        name="no_area_reach",
        removes="a silence that may lead into a closed area is serious",
        edits=(Body(module="rules.silence", function="_area_due", body="return FOREVER"),),
        figure="no_device: phone_dies_home_before",
        at_least=0.8,
    ),
    Mutation(
        name="first_ring_only",
        removes="every protected person has a ring",
        edits=(
            Text(
                module="rules.proximity",
                old='    if (e["opened_us"] == NEVER or e["peak"] < POSSIBLE) and is_replaced(',
                new='    if condition_at(s, condition)["party"] > 1:\n        return\n'
                '    if (e["opened_us"] == NEVER or e["peak"] < POSSIBLE) and is_replaced(',
            ),
        ),
        figure="people: comes_to_child",
        at_least=0.8,
    ),
    Mutation(
        name="no_begin_inside",
        removes="an area that begins round him speaks without a fix",
        edits=(Text(module="rules.zones", old="judge_zone(s, case, condition, at_us, BECAME_ACTIVE)", new="return"),),
        figure="hours: begins_round_him",
        at_least=0.8,
    ),
    Mutation(
        name="summer_time_ignored",
        removes="hours follow the wall clock through its changes",
        edits=(
            Text(
                module="schedules",
                old="(us_of(datetime.combine(day, clock, tzinfo=zone).replace(fold=f)) for f in (0, 1))\n",
                new="(0, 0)\n    new_year = datetime(day.year, 1, 1)\n"
                "    winter = us_of(new_year.replace(tzinfo=zone)) - us_of(new_year.replace(tzinfo=UTC))\n"
                "    first = last = us_of(datetime.combine(day, clock, tzinfo=UTC)) + winter\n",
            ),
        ),
        figure="hours: curfew_forward_over_quiet",
        at_least=0.8,
    ),
    Mutation(
        name="no_end",
        removes="the order ends at its last second",
        edits=(Text(module="rules.life", old='    due = k["expires_us"]\n', new="    due = FOREVER\n"),),
        figure="expiry: in_her_ring_closed",
        at_least=0.8,
    ),
    Mutation(
        name="heard_afterwards",
        removes="nothing is judged after the order's end",
        edits=(
            Text(module="rules.life", old='    k["life"] = ENDED\n', new='    k["life"] = LIVE\n'),
            Text(module="rules.life", old='    due = k["expires_us"]\n', new="    due = FOREVER\n"),
        ),
        figure="expiry: comes_afterwards_quiet_afterwards",
        at_least=0.8,
    ),
    Mutation(
        name="no_missed",
        removes="a missed check-in is told",
        edits=(Text(module="rules.checkins", old='    c["missed"] += 1\n', new="    return\n"),),
        figure="check_ins: missed",
        at_least=0.8,
    ),
    Mutation(
        name="no_failed",
        removes="a failed check-in is serious at once",
        edits=(Text(module="rules.checkins", old="elif said == FLAG_FAILED:", new="elif said == 99:"),),
        figure="check_ins: failed",
        at_least=0.8,
    ),
    Mutation(
        name="no_correction",
        removes="a check-in that was kept and sent late corrects the missed one",
        edits=(
            Text(
                module="rules.checkins",
                old='corrects = row["met_us"] == NEVER and window < c["slot_at"]',
                new="corrects = False",
            ),
        ),
        figure="check_ins: sent_late_corrected",
        at_least=0.8,
    ),
    Mutation(
        name="handover_any_time",
        removes="he is early at the place of a hand-over",
        edits=(Body(module="rules.handover", function="_find_early", body="return"),),
        figure="handover: early",
        at_least=0.8,
    ),
    Mutation(
        name="child_not_asked_for",
        removes="a child that is not back is an alarm",
        edits=(Body(module="rules.handover", function="_find_child", body="return"),),
        figure="handover: not_back",
        at_least=0.8,
    ),
    Mutation(
        name="handover_silence_waits",
        removes="silence in a hand-over's window is serious at once",
        edits=(
            Text(
                module="rules.handover",
                old="            _tell(s, hand, True, POSSIBLE, HANDOVER_SILENCE, now_us)\n",
                new="",
            ),
        ),
        figure="handover: his_device_silent",
        at_least=0.8,
    ),
    Mutation(
        name="no_following",
        removes="he follows her after a hand-over",
        edits=(
            Constant(name="FOLLOW_US", value="100 * 60 * MINUTE_US"),
            Text(
                module="rules.handover", old="elif not (he_is_there or leaving or", new="elif not (True or leaving or"
            ),
        ),
        figure="handover: follows",
        at_least=0.8,
    ),
    Mutation(
        name="late_child_tells",
        removes="a late place of a child that is with him is none of its ring's",
        edits=(
            Text(
                module="rules.handover",
                old='or (part & WITH_HIM and condition_at(s, hand)["child"] == ring["party"])',
                new="or False",
            ),
        ),
        figure="handover: as_agreed_quiet_p1",
        at_least=0.8,
    ),
    Mutation(
        name="early_in_the_window",
        removes="in a window nobody is early for the next one",
        edits=(Text(module="rules.handover", old="if part & WATCH and not part & REPLACED:", new="if part & WATCH:"),),
        figure="handover: short_visit_never_early_inside",
        at_least=0.8,
    ),
    Mutation(
        name="approach_goes_on",
        removes="an approach to the place ends with the window's begin",
        edits=(Text(module="rules.proximity", old='or e["peak"] < POSSIBLE)', new="or False)"),),
        figure="handover: short_visit_quiet_p1",
        at_least=0.8,
    ),
    Mutation(
        name="no_panic",
        removes="a panic press is told",
        edits=(Body(module="rules.panic", function="panic", body="return"),),
        figure="handover: panic",
        at_least=0.8,
    ),
    Mutation(
        name="no_tamper",
        removes="an open strap is told",
        edits=(Body(module="rules.straps", function="tamper", body="return"),),
        figure="gadgets: strap",
        at_least=0.8,
    ),
    Mutation(
        name="no_battery",
        removes="a low battery is told",
        edits=(Body(module="rules.batteries", function="battery", body="return"),),
        figure="gadgets: battery",
        at_least=0.8,
    ),
    Mutation(
        name="no_mock",
        removes="a phone that says its places are made is a hint",
        edits=(Text(module="rules.hints", old="if fresh and flags & MOCK:", new="if False:"),),
        figure="gadgets: mock",
        at_least=0.8,
    ),
    Mutation(
        name="no_frozen",
        removes="a place that stays equal while it claims to move is a hint",
        edits=(Body(module="rules.hints", function="_is_frozen", body="return False"),),
        figure="gadgets: frozen",
        at_least=0.8,
    ),
    Mutation(
        name="no_comparison",
        removes="bracelet and phone that hear each other can't be far apart",
        edits=(Body(module="rules.separation", function="compare_own", body="return"),),
        figure="gadgets: phone_lies_bracelet_not",
        at_least=1,
    ),
    Mutation(
        name="no_lost_while_moving",
        removes="all radios of a moving device gone at once are a hint",
        edits=(Body(module="rules.lost", function="_was_moving", body="return False"),),
        figure="gadgets: lost_while_driving",
        at_least=0.5,
    ),
    Mutation(
        name="drop_late_path",
        removes="what is overtaken is judged at its own time",
        edits=(Body(module="rules.late", function="judge_late", body="return"),),
        figure="orders_known",
        at_least=1,
    ),
    Mutation(
        name="drop_rise",
        removes="what is overtaken within the window opens or raises the live episode",
        edits=(Text(module="rules.late", old="if now_us - at_us <= LATE_US:", new="if False:"),),
        figure="orders_known",
        at_least=1,
    ),
    Mutation(
        name="drop_watermark",
        removes="an episode ends only when nothing from inside can still arrive",
        edits=(
            Text(module="rules.verdicts", old='e["close_us"] = decided_us + LATE_US', new='e["close_us"] = decided_us'),
        ),
        figure="orders_known",
        at_least=1,
    ),
    Mutation(
        name="short_watermark",
        removes="... not after a minute",
        edits=(
            Text(
                module="rules.verdicts",
                old='e["close_us"] = decided_us + LATE_US',
                new='e["close_us"] = decided_us + LATE_US // 2',
            ),
        ),
        figure="orders_known",
        at_least=1,
    ),
    Mutation(
        name="duplicates_count",
        removes="a record that comes twice says nothing new",
        edits=(Body(module="rings", function="is_known", body="return False"),),
        figure="orders_known",
        at_least=1,
    ),
    Mutation(
        name="old_place_rewinds",
        removes="a place older than the newest never becomes the newest",
        edits=(
            Text(
                module="arrival",
                old='    if at_us < d["fix_us"]:\n        judge_late',
                new="    if False:\n        judge_late",
            ),
        ),
        figure="orders_known",
        at_least=1,
    ),
)
