"""The clock that every safety timer hangs on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.clock import Anchor, Pace, SteadyClock


def test_a_wall_clock_stepped_by_an_hour_moves_no_timer_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = tmp_path / "step"
    monkeypatch.setenv("ARALYK_CLOCK_STEP_FILE", str(step))
    steady = SteadyClock()
    before_us = steady.now_us()
    for step_s in (3600.0, -3600.0):
        step.write_text(str(step_s))
        assert 0 <= steady.now_us() - before_us < 60_000_000
        assert steady.step_s() == pytest.approx(step_s, abs=5)


def test_a_process_started_again_after_a_step_keeps_the_time_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = tmp_path / "step"
    monkeypatch.setenv("ARALYK_CLOCK_STEP_FILE", str(step))
    first = SteadyClock()
    step.write_text("3600")
    again = SteadyClock(None, Anchor.parse(str(first.anchor)))
    assert abs(again.now_us() - first.now_us()) < 1_000_000
    assert again.step_s() == pytest.approx(3600, abs=5)
    alone = SteadyClock()
    assert alone.now_us() - first.now_us() > 3_000_000_000


@pytest.mark.parametrize("text", ["", "1", "x 1", "1 x", "1.5 99999999999999999999"])
def test_an_anchor_that_is_none_or_of_another_boot_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"could not convert|invalid literal|another boot"):
        Anchor.parse(text)


def test_a_paced_clock_starts_in_another_year_and_runs_faster() -> None:
    start = datetime(2019, 7, 22, 12, tzinfo=UTC)
    fast = SteadyClock(Pace(real_s=SteadyClock().now_us() / 1e6, start_s=start.timestamp(), speed=3600))
    first_us = fast.now_us()
    assert abs(first_us - clock.to_us(start)) < 3600 * 10 * 1_000_000
    while fast.now_us() == first_us:
        pass
    assert fast.now_us() > first_us


@pytest.mark.parametrize("text", ["", "1 2", "1 2 0", "1 2 3601", "1 2 -1", "a b c"])
def test_a_pace_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"pace|speed|could not convert"):
        Pace.parse(text)


def test_a_pace_survives_its_own_text() -> None:
    pace = Pace(real_s=1763719200.25, start_s=1563796800.0, speed=60.0)
    assert Pace.parse(str(pace)) == pace


@given(st.integers(min_value=0, max_value=7_258_118_400_000_000))  # 1970 to 2200
def test_a_time_written_and_read_again_is_the_same_microsecond(at_us: int) -> None:
    at = clock.from_us(at_us)
    assert clock.from_us(clock.to_us(at)) == at
    assert clock.parse_iso(clock.iso(at)) == at
    assert len(clock.iso(at)) == len("2026-11-21T10:00:00.123456Z")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        clock.to_us(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    with pytest.raises(ValueError, match="zone"):
        clock.parse_iso("2026-11-21T10:00:00")
