"""The drill's errors are real ones: they persist, and the declared radius goes with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from aralyk.simulator.chance import stream
from aralyk.simulator.drill.devices import SAID, Device, records, window
from aralyk.simulator.drill.errors import Errors, FittedErrors, Resampled, TracksMissing
from aralyk.simulator.drill.moves import Around, standing
from aralyk.simulator.drill.plane import metres
from aralyk.simulator.drill.runs import said_by
from aralyk.simulator.drill.scenarios import ordinary_life
from aralyk.simulator.drill.streets import Streets

AT_S = np.arange(0.0, 400_000.0, 15.0)


@pytest.fixture(scope="module")
def tracks(shared: Path) -> Resampled:
    return Resampled(shared / "tracks")


def drawn(errors: Errors, around: Around, *, cell: bool = False, seed: int = 5) -> npt.NDArray[np.float64]:
    """Columns: east, north, declared radius."""
    said = errors.draw(stream(seed, "n"), AT_S, np.full(AT_S.size, around, np.int8), np.full(AT_S.size, cell))
    return np.column_stack([said.east_m, said.north_m, said.accuracy_m])


def persistence(east_m: npt.NDArray[np.float64]) -> float:
    """Correlation of consecutive errors, outliers clipped."""
    bounded = np.clip(east_m, -200, 200)
    return float(np.corrcoef(bounded[:-1], bounded[1:])[0, 1])


@pytest.mark.parametrize("around", list(Around))
def test_a_real_error_persists_from_one_fix_to_the_next(tracks: Resampled, around: Around) -> None:
    east = drawn(tracks, around)[:, 0]
    assert persistence(east) > 0.4
    assert abs(persistence(stream(1, "shuffle").permutation(east))) < 0.05


def test_a_fix_that_declares_a_cell_errs_like_a_cell(tracks: Resampled) -> None:
    cell = drawn(tracks, Around.FOOT, cell=True)
    fine = drawn(tracks, Around.FOOT)
    assert cell[:, 2].min() >= 200 - 1e-6
    assert cell[:, 2].max() <= 500 + 1e-6
    assert np.median(np.hypot(cell[:, 0], cell[:, 1])) > 4 * np.median(np.hypot(fine[:, 0], fine[:, 1]))


def test_the_error_grows_with_the_declared_radius(tracks: Resampled) -> None:
    east, north, radius = drawn(tracks, Around.BUS).T
    length = np.hypot(east, north)
    assert np.median(length[radius > 50]) > 2 * np.median(length[radius <= 20])


def test_no_direction_is_preferred(tracks: Resampled) -> None:
    east, north, _ = drawn(tracks, Around.FOOT).T
    angles = np.arctan2(north, east)
    assert abs(np.exp(1j * angles).mean()) < 0.2


def test_the_fitted_errors_persist_too_and_have_a_heavy_tail() -> None:
    east, north, _ = drawn(FittedErrors(), Around.FOOT).T
    length = np.hypot(east, north)
    assert persistence(east) > 0.4
    assert np.quantile(length, 0.99) > 4 * np.median(length)


def test_without_tracks_the_message_names_the_option_and_the_source(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="reads the real tracks")
    with pytest.raises(TracksMissing, match=r"--tracks DIR.*--noise fitted") as refused:
        Resampled(tmp_path)
    assert "MobilityNet" in str(refused.value)


def test_cell_fixes_are_about_one_in_twenty_on_ordinary_days(tracks: Resampled) -> None:
    streets = Streets(1)
    runs = [ordinary_life.make(streets, stream(1, "c", number), number, 5.0) for number in range(6)]
    said = said_by(runs, tracks, [stream(1, "d", number) for number in range(6)])
    share = float((said["source"] == 3).sum() / (~np.isnan(said["lat"])).sum())
    assert 0.03 < share < 0.08


def test_a_device_says_nothing_while_it_is_killed_and_everything_later_that_it_kept_offline() -> None:
    device = Device(kind="phone", interval_s=15, silent=window(1000, 2000), offline=window(3000, 3600))
    track = standing(0.0, 0.0, from_s=0.0, to_s=5000.0)
    said = records(device, track, stream(1, "k"), FittedErrors(), from_s=0.0, to_s=5000.0)
    assert not ((said["fixed_s"] > 1005) & (said["fixed_s"] < 1995)).any()
    kept = said[(said["fixed_s"] > 3005) & (said["fixed_s"] < 3590)]
    assert kept.size > 30
    assert (kept["received_s"] >= 3600).all()
    assert (said["received_s"] - said["fixed_s"] > -3.1).all(), "real phones stamp up to three seconds ahead"


def test_a_jammed_device_is_heard_without_a_place() -> None:
    device = Device(kind="bracelet", interval_s=15, jammed=window(100, 200))
    track = standing(0.0, 0.0, from_s=0.0, to_s=300.0)
    said = records(device, track, stream(1, "j"), FittedErrors(), from_s=0.0, to_s=300.0)
    jammed = said["alarms"] != 0
    assert jammed.sum() >= 6
    assert np.isnan(said["lat"][jammed]).all()
    assert not np.isnan(said["lat"][~jammed]).any()


def test_places_lie_round_the_truth() -> None:
    track = standing(1500.0, -800.0, from_s=0.0, to_s=20_000.0)
    said = records(
        Device(kind="phone", interval_s=15), track, stream(1, "p"), FittedErrors(), from_s=0.0, to_s=20_000.0
    )
    assert said.dtype == SAID
    east, north = metres(said["lat"], said["lon"])
    assert np.median(np.hypot(east - 1500.0, north + 800.0)) < 50.0
