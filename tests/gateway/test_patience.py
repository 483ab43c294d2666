"""How long a group of frames gathers before its commit."""

from __future__ import annotations

import pytest

from aralyk.gateway.writer import CROWD, patience_s

COMMIT_S = 0.008  # on a busy disk


def test_a_frame_that_comes_alone_gathers_as_long_as_is_set_and_no_group_longer() -> None:
    assert patience_s(0.020, 0) == 0.020
    assert patience_s(0.020, CROWD) == 0.010
    assert all(patience_s(0.020, size) <= 0.020 for size in range(2_001))
    assert patience_s(0.0, 500) == 0.0


@pytest.mark.parametrize("frames_per_s", [12_000, 20_000])
def test_four_hundred_devices_that_wait_for_each_answer_are_not_held_back_by_our_patience(frames_per_s: int) -> None:
    size = 0
    for _ in range(50):
        cycle_s = patience_s(0.020, size) + COMMIT_S
        size = min(400, round(frames_per_s * cycle_s))
    assert 400 / cycle_s > frames_per_s
    assert 400 / (0.020 + COMMIT_S) < 20_000
