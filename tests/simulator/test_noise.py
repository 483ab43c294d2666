"""The error of a simulated receiver has the measured quantiles, a memory and a heavy tail."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aralyk.simulator.noise import MEASURED, SHARES, RadiusClass, Receiver, Sky, Source

STEP_S = 15.0
DAYS = 40


def readings(sky: Sky, name: str = "phone", days: int = DAYS) -> list[tuple[float, float, float, Source] | None]:
    receiver = Receiver(seed=11, name=name)
    said = [receiver.reading(at_s=index * STEP_S, sky=sky) for index in range(int(days * 86400 / STEP_S))]
    return [None if r is None else (r.error_east_m, r.error_north_m, r.accuracy_m, r.source) for r in said]


@pytest.mark.parametrize("sky", list(Sky))
def test_errors_have_the_quantiles_measured_on_real_phones(sky: Sky) -> None:
    said = [r for r in readings(sky) if r is not None]
    for name, radius in MEASURED.items():
        errors = [
            math.hypot(east, north) for east, north, accuracy, _ in said if radius.low_m < accuracy < radius.high_m
        ]
        if len(errors) < 10_000:
            assert SHARES[sky].get(name, 0) < 0.05, f"{name} was drawn too rarely to be judged"
            continue
        assert np.quantile(errors, 0.50) == pytest.approx(radius.error_p50_m, rel=0.15), name
        assert np.quantile(errors, 0.95) == pytest.approx(radius.error_p95_m, rel=0.25), name


def test_the_table_is_the_published_one(shared: Path) -> None:
    text = (shared / "tracks" / "README.md").read_text()
    published = re.search(r"<=5 m ([\d.]+)/([\d.]+).*?5-10: ([\d.]+)/([\d.]+).*?10-20: ([\d.]+)/([\d.]+)", text, re.S)
    assert published, "the README of the tracks no longer says what the table was taken from"
    table = [(c.error_p50_m, c.error_p95_m) for c in (MEASURED["to_5"], MEASURED["to_10"], MEASURED["to_20"])]
    assert [float(number) for number in published.groups()] == [number for pair in table for number in pair]
    network = re.search(r"200-1000: ([\d.]+)/([\d.]+)", text)
    assert network
    assert (MEASURED["network"].error_p50_m, MEASURED["network"].error_p95_m) == (
        float(network[1]),
        float(network[2]),
    )


def test_an_error_persists_from_one_fix_to_the_next() -> None:
    said = readings(Sky.OPEN, days=10)
    pairs = [(a, b) for a, b in pairwise(said) if a is not None and b is not None and a[2] == b[2]]
    east = np.array([(a[0], b[0]) for a, b in pairs])
    assert np.corrcoef(east.T)[0, 1] > 0.8


def test_the_declared_radius_is_broken_more_often_than_a_normal_law_allows() -> None:
    said = [r for r in readings(Sky.INDOORS) if r is not None]
    precise = [math.hypot(east, north) for east, north, accuracy, _ in said if accuracy <= 50]
    far = sum(error > 200 for error in precise) / len(precise)
    assert 0.0005 < far < 0.02  # 256 of 51,492 on the real phones; a normal law gives less than 1e-6


def test_a_twentieth_of_an_ordinary_day_is_network_fixes() -> None:
    indoors, outdoors = readings(Sky.INDOORS), readings(Sky.OPEN)
    network = 20 / 24 * sum(r is not None and r[3] is Source.NETWORK for r in indoors) / len(indoors) + 4 / 24 * sum(
        r is not None and r[3] is Source.NETWORK for r in outdoors
    ) / len(outdoors)
    assert 0.04 < network < 0.065
    coarse = [r[2] for r in indoors if r is not None and r[3] is Source.NETWORK]
    assert min(coarse) >= 200
    assert max(coarse) <= 500


def test_indoors_a_receiver_sometimes_has_no_place_at_all() -> None:
    said = readings(Sky.INDOORS, days=10)
    assert 0.02 < sum(r is None for r in said) / len(said) < 0.10


def test_the_same_seed_gives_the_same_errors_and_another_name_gives_others() -> None:
    assert readings(Sky.OPEN, days=1) == readings(Sky.OPEN, days=1)
    assert readings(Sky.OPEN, days=1) != readings(Sky.OPEN, name="other phone", days=1)


def test_every_table_of_shares_adds_up_to_one() -> None:
    for shares in SHARES.values():
        assert sum(shares.values()) == pytest.approx(1)


def test_a_radius_class_passes_through_its_two_quantiles() -> None:
    radius = RadiusClass(low_m=10, high_m=20, error_p50_m=10.3, error_p95_m=37.8)
    assert radius.error_m(0) == pytest.approx(10.3)
    assert radius.error_m(1.6448536269514722) == pytest.approx(37.8)
