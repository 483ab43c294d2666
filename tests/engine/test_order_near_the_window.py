"""In whatever order records arrive within the window, each visit, silence, strap and press is known in the end.

`python -m tests.mutations --only drop_late_path drop_watermark …` removes what this rests on and counts the stories
that then come out wrong.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.arrival_stories import Story, facts, story, truth


def test_the_stories_hold_everything_that_must_be_told() -> None:
    """Without which the properties below could not fail."""
    told: list[Story] = [story(Random(n)) for n in range(40)]
    assert {where for s in told for where, _, _ in s.visits} == {"ring", "area"}
    assert any(s.silence_s for s in told)
    assert any(s.strap_s for s in told)
    assert any(s.press_s for s in told)
    assert any(s.again for s in told)
    assert any(goes - comes <= 30 for s in told for _, comes, goes in s.visits)


@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_everything_is_known_in_order(rng: Random) -> None:
    told = story(rng)
    assert facts(told.in_order, told) == truth(told)


@settings(max_examples=40)
@given(st.randoms(use_true_random=False))
def test_the_same_is_known_in_any_other_order_within_the_window(rng: Random) -> None:
    told = story(rng)
    assert facts(told.shuffled, told) == truth(told)
