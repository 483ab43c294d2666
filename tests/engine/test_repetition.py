"""Repeated provoked alarms: one incident, more urgent from the third within a day on."""

from __future__ import annotations

from aralyk.engine import Observation, Phase
from tests.engine.builders import HERS, HIS, about, at, decided, heard, proximity, seen, started, still


def jammed(at_s: float, device: str = HIS) -> list[Observation]:
    """A jamming alarm, then two clean fixes that end its hint."""
    return [seen(device, at_s, 9000, alarms=("jamming",)), *still(device, at_s + 15, 2, 9000)]


def test_the_third_jamming_within_a_day_is_serious_and_stays_the_incident_of_the_last() -> None:
    state = started(proximity())
    made = about(decided(state, *[jammed(600.0 * i) for i in range(4)]), "jamming")
    said = [(d.phase, d.priority, d.reason) for d in made]
    assert said[:4] == [(Phase.OPEN, 3, "jamming_reported"), (Phase.CLOSE, 3, "hint_ended")] * 2
    assert said[4:] == [(Phase.UPDATE, 2, "repeated_provocation"), (Phase.CLOSE, 2, "hint_ended")] * 2
    assert len({d.incident for d in made}) == 2
    assert made[3].incident == made[4].incident == made[7].incident


def test_after_a_quiet_day_it_begins_anew() -> None:
    state = started(proximity())
    made = about(decided(state, jammed(0), jammed(600), jammed(90_000)), "jamming")
    assert [(d.phase, d.priority) for d in made if d.reason != "hint_ended"] == [(Phase.OPEN, 3)] * 3


def test_her_own_device_never_provokes() -> None:
    state = started(proximity())
    made = about(decided(state, *[jammed(600.0 * i, HERS) for i in range(4)]), "jamming")
    assert {d.priority for d in made} == {3}


def test_a_third_tamper_alarm_raises_the_open_tamper() -> None:
    state = started(proximity())
    his = [seen(HIS, 60.0 * i, 9000, alarms=("tamper",) if i % 2 == 0 else ()) for i in range(7)]
    made = about(decided(state, his), "tamper")
    assert [(d.phase, d.priority, d.reason) for d in made] == [
        (Phase.OPEN, 2, "tamper_alarm"),
        (Phase.UPDATE, 1, "repeated_provocation"),
        (Phase.UPDATE, 1, "repeated_provocation"),
    ]
    assert len({d.incident for d in made}) == 1


def test_an_alarm_that_every_record_repeats_is_one_provocation() -> None:
    state = started(proximity())
    made = about(decided(state, [seen(HIS, 15.0 * i, 9000, alarms=("tamper",)) for i in range(40)]), "tamper")
    assert [(d.phase, d.priority) for d in made] == [(Phase.OPEN, 2)]


def test_a_strap_opened_again_after_staff_cleared_it_twice_takes_up_the_last_incident() -> None:
    state = started(proximity())
    incidents = []
    for i in range(3):
        strap = [seen(HIS, 600.0 * i, strap="open"), seen(HIS, 600.0 * i + 15, strap="locked")]
        first = about(decided(state, strap), "tamper")[0]
        incidents.append((first.phase, first.priority, first.reason, first.incident))
        state.clear_tamper(HIS, at(600.0 * i + 300))
    assert [phase for phase, *_ in incidents] == [Phase.OPEN, Phase.OPEN, Phase.UPDATE]
    assert incidents[2] == (Phase.UPDATE, 1, "repeated_provocation", incidents[1][3])


def test_a_flapping_charger_is_never_a_provocation() -> None:
    state = started(proximity())
    his = [seen(HIS, 15.0 * i, 9000, battery_pct=10, charging=i % 2 == 1) for i in range(40)]
    made = about(decided(state, his), "battery")
    assert {d.priority for d in made} == {3}
    assert "repeated_provocation" not in {d.reason for d in made}


def test_a_device_switched_off_for_the_third_time_is_serious_under_its_incident() -> None:
    state = started(proximity())
    made = []
    for i in range(3):
        begins = 3600.0 * i
        his = [*still(HIS, begins, 3, 90_000), heard(HIS, begins + 45, alarms=("power_off",))]
        made += decided(state, his, still(HERS, begins, 8), until_s=begins + 120)
    off = [d for d in about(made, "silence") if d.party == "respondent" and d.phase is not Phase.CLOSE]
    told = [(d.phase, d.priority, d.reason) for d in off if d.reason in ("powered_off", "repeated_provocation")]
    assert told == [
        (Phase.OPEN, 3, "powered_off"),
        (Phase.UPDATE, 3, "powered_off"),
        (Phase.UPDATE, 2, "repeated_provocation"),
    ]
    assert len({d.incident for d in off}) == 1
