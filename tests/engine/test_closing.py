"""How an incident ends: by two calm fixes and the lateness window after them, and never by his phone's word alone."""

from __future__ import annotations

from typing import Any

from aralyk.engine import Kind, Phase, policy
from tests.engine.builders import HERS, HIS, about, at, circle, decided, opened, proximity, seen, started, still

NEAR = (Kind.APPROACH, Kind.WARNING_RING, Kind.PROXIMITY)
WINDOW_S = policy.LATE_US / 1e6
PHONE: dict[str, Any] = {"devices": [{"id": HIS, "kind": "phone", "interval_s": 15}]}


def met_and_left(*, gone: int, **changes: Any) -> list[Any]:
    """He is with her for a minute, then 1,500 m away for some fixes; what was said of the pair."""
    state = started(proximity(), **changes)
    made = decided(state, still(HERS, 0, 6 + gone), still(HIS, 2, 4, 100), still(HIS, 122, gone, 1500))
    return about(made, *NEAR)


def test_an_incident_closes_when_the_lateness_window_after_two_calm_fixes_has_passed() -> None:
    made = met_and_left(gone=20)
    close = made[-1]
    assert (close.phase, close.reason) == (Phase.CLOSE, "clear_evidence")
    first_calm_s = 122 + 1  # his first fix away; the second calm judgement is her next fix
    assert at(first_calm_s + WINDOW_S) < close.decided_at_us <= at(first_calm_s + 30 + WINDOW_S)


def test_it_does_not_close_before() -> None:
    assert Phase.CLOSE not in {d.phase for d in met_and_left(gone=7)}


def test_it_closes_by_time_alone() -> None:
    state = started(proximity())
    decided(state, still(HERS, 0, 11), still(HIS, 2, 4, 100), still(HIS, 122, 3, 1500))
    (close,) = about(state.tick(at(152 + 1 + WINDOW_S)), *NEAR)
    assert close.phase is Phase.CLOSE


def test_one_calm_fix_is_not_enough() -> None:
    state = started(proximity())
    decided(state, still(HERS, 0, 4), still(HIS, 2, 4, 100), [seen(HIS, 122, 1500)])
    assert about(state.tick(at(400)), *NEAR) == []


def test_a_fix_in_the_ring_during_the_window_keeps_the_incident() -> None:
    state = started(proximity())
    his = [*still(HIS, 2, 4, 100), *still(HIS, 122, 4, 1500), *still(HIS, 242, 3, 100), *still(HIS, 362, 20, 1500)]
    made = about(decided(state, still(HERS, 0, 44), his), *NEAR)
    assert len(opened(made, *NEAR)) == 1
    assert [d.phase for d in made].count(Phase.CLOSE) == 1
    assert made[-1].phase is Phase.CLOSE


def test_coming_back_later_is_a_new_incident() -> None:
    state = started(proximity())
    his = [*still(HIS, 2, 4, 100), *still(HIS, 122, 60, 1500), *still(HIS, 1022, 4, 100)]
    made = opened(decided(state, still(HERS, 0, 72), his), *NEAR)
    assert len(made) == 2
    assert len({d.incident for d in made}) == 2


def test_a_phone_that_only_reports_itself_ends_an_incident_and_says_so() -> None:
    made = met_and_left(gone=20, respondent=PHONE)
    assert (made[-1].phase, made[-1].reason) == (Phase.CLOSE, "self_reported_clear")


def test_a_phone_never_lowers_an_incident() -> None:
    """He goes from her door back into the warning ring: the bracelet's word lowers it to 2, the phone's does not."""

    def levels(**changes: Any) -> set[tuple[Kind, int]]:
        state = started(proximity(distance_m=300, warning_m=1500), **changes)
        his = [*still(HIS, 2, 4, 50), *still(HIS, 122, 20, 1000)]
        made = about(decided(state, still(HERS, 0, 28), his), *NEAR)
        return {(d.kind, d.priority) for d in made if d.decided_at_us > at(120)}

    assert (Kind.WARNING_RING, 2) in levels()
    assert (Kind.WARNING_RING, 2) not in levels(respondent=PHONE)


def test_a_closed_area_ends_alike() -> None:
    state = started(circle(radius_m=500))
    made = about(decided(state, still(HIS, 0, 4), still(HIS, 120, 14, 1500)), "exclusion_zone")
    assert [d.phase for d in made if d.phase is not Phase.UPDATE] == [Phase.OPEN, Phase.CLOSE]
    # his first fix outside still tells of the way out: the second and third are calm
    assert made[-1].decided_at_us == at(150 + 1 + WINDOW_S)


def test_silence_after_two_calm_fixes_does_not_hide_the_end() -> None:
    """The window passes without another fix: the incident ends, and the silence is told by its own rule."""
    state = started(proximity())
    decided(state, still(HERS, 0, 10), still(HIS, 2, 4, 100), still(HIS, 122, 3, 1500))
    made = state.tick(at(600))
    assert [d.phase for d in about(made, *NEAR)] == [Phase.CLOSE]
    assert about(made, Kind.SILENCE)
