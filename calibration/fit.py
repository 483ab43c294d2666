"""Fit the engine's error model by maximum likelihood and write its numbers: `python -m calibration.fit`.

1. *Place*: the true place round a fix is a mixture of a core, a wide and an outlier round Gaussian. Log sizes and
   logit share are straight between knots of the log radius, drawn to a smooth curve where data are thin; how
   strongly is chosen by held-out likelihood (ten-minute blocks, five folds).
2. *Outliers*: the fitted trips hold none, so their share is the rule of succession over ten-minute blocks
   (k + 1/2) / (n + 1), by class of radius, and their size an assumption. Neither is ever zero.
3. *Ageing*: the carrier's displacement after tau seconds, given the speed that the engine knew, as a mixture of
   "stayed near" and "went".
4. *Path*: the place between two fixes against the straight line.

Nothing is random and figures are rounded: the same tracks give the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from calibration import data
from calibration.data import Carrier, Fixes, Floats, Ints, Track

TARGET: Final = data.REPOSITORY / "src" / "aralyk" / "engine" / "error_model_phones_2.py"
RADIUS_M: Final = np.array([3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0])
FOLDS: Final = 5
SMOOTH: Final = (0.03, 0.3, 3.0)
CORE_SHARE: Final = 0.5
DECLARED_PULL: Final = 2.0
"""Where data are thin the phone's own word counts, with the weight of two minutes: the core is half the declared
radius, so that with the wide part 68 percent lie inside it."""
WIDE_RATIO: Final = 2.5
WIDE_SHARE: Final = 0.25
"""Where the fit starts, and what thin knots are drawn to."""
SPREAD_PULL: Final = 0.3
OUTLIER_FROM_RADII: Final = 5.0
OUTLIER_FROM_M: Final = 200.0
"""An error beyond both is counted as an outlier."""
OUTLIER_M_MIN: Final = 1000.0
OUTLIER_RADII: Final = 5.0
"""Assumed size of an outlier: the fitted trips show none."""
OUTLIER_CLASSES_M: Final = (0.0, 50.0, 200.0, np.inf)
GROUP_MAX: Final = 10.0
"""Phones and kinds of trip differ more than the fixes of one of them: a long ride must not speak for all."""
MOVING_BIN_US: Final = 60_000_000
RESTING_BIN_US: Final = 3_600_000_000

AGE_S: Final = np.array([0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0])
SPEED_MPS: Final = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
INTERVALS_US: Final = (1_000_000, 15_000_000, 60_000_000)
FLOOR_M: Final = 3.0
"""The reference itself trembles by this much: smaller displacements are rest."""
WIDENINGS: Final = (1.0, 1.1, 1.2, 1.3, 1.4, 1.7, 2.0)
"""Other trips err and move otherwise than those fitted: by how much is asked of whole kinds of trips held out."""
HIDDEN_S: Final = (1.0, 2.0, 4.0, 16.0, 64.0)
HIDDEN_MPS_MAX: Final = 32.0
"""A motion smaller than the place is wide shows no speed: the wide deviation over this time may be hidden in it."""
DENSITY_MIN: Final = 1e-12
"""Per square metre: one place in a thousand kilometres square."""
AGEING_BOUNDS: Final = [
    (-4.0, 0.0),
    (-3.5, 1.0),
    (2.0, 9.0),
    (-4.0, 0.0),
    (-7.0, 2.0),
    (2.0, 9.0),
    (-5, 5),
    (-2, 5),
    (-5, 0),
]
GAPS_S: Final = (15, 30, 60, 120, 300, 600)
SHARES: Final = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The mixture at each knot of the declared radius."""

    core_m: Floats
    wide_m: Floats
    wide_share: Floats
    outlier_m: Floats
    outlier_share: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """Per-axis deviation of the displacement by speed (rows) and age (columns), and the share that went."""

    near_m: Floats
    gone_m: Floats
    gone_share: Floats


def _position(radius_m: Floats) -> tuple[Ints, Floats]:
    """Knot below and share of the way to the next, on a linear scale (as the engine reads them)."""
    clipped = np.clip(radius_m, RADIUS_M[0], RADIUS_M[-1])
    knot = np.clip(np.searchsorted(RADIUS_M, clipped, side="right") - 1, 0, RADIUS_M.size - 2)
    return knot, (clipped - RADIUS_M[knot]) / (RADIUS_M[knot + 1] - RADIUS_M[knot])


def at_radius(values: Floats, radius_m: Floats) -> Floats:
    """Interpolate knots as the engine does."""
    knot, share = _position(radius_m)
    return np.asarray(values[knot] + share * (values[knot + 1] - values[knot]), np.float64)


def sizes_of(place: Place, radius_m: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Core, wide, outlier deviations and both shares for declared radii; beyond the last knot sizes grow with it."""
    scale = np.maximum(radius_m / RADIUS_M[-1], 1.0)
    return (
        at_radius(place.core_m, radius_m) * scale,
        at_radius(place.wide_m, radius_m) * scale,
        at_radius(place.outlier_m, radius_m) * scale,
        at_radius(place.wide_share, radius_m),
        at_radius(place.outlier_share, radius_m),
    )


def _round(error_m: Floats, sigma_m: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * (error_m / sigma_m) ** 2) / (2.0 * np.pi * sigma_m**2), np.float64)


def density(place: Place, radius_m: Floats, error_m: Floats) -> Floats:
    """Probability density of the true place, per square metre."""
    core, wide, outlier, wide_share, outlier_share = sizes_of(place, radius_m)
    inner = (1.0 - wide_share) * _round(error_m, core) + wide_share * _round(error_m, wide)
    return (1.0 - outlier_share) * inner + outlier_share * _round(error_m, outlier)


def _blocks(fixes: Fixes) -> Ints:
    return fixes.at_us // data.BLOCK_US


def outliers(fixes: Fixes) -> tuple[Floats, list[tuple[float, float, int, int]]]:
    """Share of outliers at each knot, and per class of radius: bounds, outlying blocks, blocks."""
    away = fixes.error_m > np.maximum(OUTLIER_FROM_RADII * fixes.radius_m, OUTLIER_FROM_M)
    name = _blocks(fixes) * 2 + (fixes.phone == data.IPHONE)
    shares = np.zeros(RADIUS_M.size)
    counted = []
    floor = 0.0
    for low, high in itertools.pairwise(OUTLIER_CLASSES_M):
        rows = (fixes.radius_m > low) & (fixes.radius_m <= high)
        blocks, hit = np.unique(name[rows]).size, np.unique(name[rows & away]).size
        floor = max(floor, (hit + 0.5) / (blocks + 1.0))
        shares[(low < RADIUS_M) & (high >= RADIUS_M)] = floor
        counted.append((low, high, hit, blocks))
    return shares, counted


def _place_of(values: Floats, outlier_share: Floats) -> Place:
    count = RADIUS_M.size
    core = np.exp(np.cumsum(np.concatenate([values[:1], np.exp(values[1:count])])))
    wide = core * (1.0 + np.exp(values[count : 2 * count]))
    return Place(
        core_m=core,
        wide_m=np.maximum.accumulate(wide),
        wide_share=1.0 / (1.0 + np.exp(-values[2 * count :])),
        outlier_m=np.maximum(OUTLIER_M_MIN, OUTLIER_RADII * RADIUS_M),
        outlier_share=outlier_share,
    )


def evened(fixes: Fixes, weights: Floats) -> Floats:
    """Weights such that no phone's kind of trip counts more than `GROUP_MAX` minutes between two knots."""
    group = np.char.add(np.char.add(fixes.phone, fixes.trip), _position(fixes.radius_m)[0].astype(str))
    _, inverse = np.unique(group, return_inverse=True)
    total = np.bincount(inverse, weights)
    return np.asarray(weights * np.minimum(1.0, GROUP_MAX / total)[inverse], np.float64)


def _cells(fixes: Fixes, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Declared radius, error and weight of the fixes, gathered in cells of 5 percent: ten times faster."""
    error = np.log(fixes.error_m + 0.5)
    name = np.stack([np.round(np.log(fixes.radius_m) / 0.05), np.round(error / 0.05)], axis=1)
    _, inverse = np.unique(name, axis=0, return_inverse=True)
    total = np.asarray(np.bincount(inverse, weights), np.float64)
    radius = np.asarray(np.exp(np.bincount(inverse, weights * np.log(fixes.radius_m)) / total), np.float64)
    return radius, np.exp(np.bincount(inverse, weights * error) / total) - 0.5, total


def fit_place(fixes: Fixes, weights: Floats, outlier_share: Floats, smooth: float) -> Place:
    """Maximum penalised likelihood."""
    radius, error, weight = _cells(fixes, weights)
    count = RADIUS_M.size
    steps = np.diff(np.log(RADIUS_M))
    ratio, logit = np.log(WIDE_RATIO - 1.0), np.log(WIDE_SHARE / (1.0 - WIDE_SHARE))
    start = np.concatenate(
        [[np.log(3.0)], np.log(0.6 * steps), np.full(count, ratio), np.full(count, logit)]
    )  # fmt: skip

    def loss(values: Floats) -> float:
        place = _place_of(values, outlier_share)
        slope = np.exp(values[1:count]) / steps
        rough = (np.diff(slope) ** 2).sum() + (np.diff(values[count : 2 * count]) ** 2).sum()
        rough += (np.diff(values[2 * count :]) ** 2).sum()
        pull = DECLARED_PULL * (np.log(place.core_m / (CORE_SHARE * RADIUS_M)) ** 2).sum()
        pull += SPREAD_PULL * ((values[count : 2 * count] - ratio) ** 2).sum()
        pull += SPREAD_PULL * ((values[2 * count :] - logit) ** 2).sum()
        likelihood = (weight * np.log(density(place, radius, error))).sum()
        return float(smooth * rough + pull - likelihood)

    found = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 400, "maxfun": 100_000})
    return _place_of(np.asarray(found.x), outlier_share)


def held_out(fixes: Fixes, weights: Floats, outlier_share: Floats, smooth: float) -> float:
    """Mean log density of fixes in blocks that the fit did not see, nats per weighted fix."""
    fold = _blocks(fixes) % FOLDS
    total = 0.0
    for one in range(FOLDS):
        seen = fold != one
        place = fit_place(fixes.only(seen), weights[seen], outlier_share, smooth)
        unseen = fixes.only(~seen)
        total += float((weights[~seen] * np.log(density(place, unseen.radius_m, unseen.error_m))).sum())
    return total / float(weights.sum())


def widened(place: Place, factor: float) -> Place:
    """The same mixture with core and wide part larger by a factor."""
    return replace(place, core_m=place.core_m * factor, wide_m=place.wide_m * factor)


def place_elsewhere(fixes: Fixes, weights: Floats, outlier_share: Floats, smooth: float) -> list[float]:
    """Held-out log density by widening, nats, when a whole kind of trip of one phone was not seen."""
    group = np.char.add(fixes.phone, fixes.trip)
    totals = np.zeros(len(WIDENINGS))
    for one in np.unique(group):
        seen = group != one
        place = fit_place(fixes.only(seen), weights[seen], outlier_share, smooth)
        unseen = fixes.only(~seen)
        share = weights[~seen] / weights[~seen].sum()
        for i, factor in enumerate(WIDENINGS):
            dense = density(widened(place, factor), unseen.radius_m, unseen.error_m)
            totals[i] += float((share * np.log(dense)).sum()) / np.unique(group).size
    return [float(total) for total in totals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Each a moment after a fix: what the engine knew, and how far the carrier truly went."""

    speed_mps: Floats
    wide_m: Floats
    age_s: Floats
    moved_m: Floats
    trip: npt.NDArray[np.str_]

    def only(self, rows: npt.NDArray[np.bool_]) -> Moments:
        """The chosen rows."""
        return Moments(**{name: getattr(self, name)[rows] for name in Moments.__slots__})


def moments_of(carrier: Carrier, tracks: list[Track], place: Place) -> Moments:
    """Moments after the fixes of devices that report each second, each 15 s and each minute."""
    parts = []
    trips = []
    for track in tracks:
        for interval in INTERVALS_US:
            rows = track.thinned(interval)
            speed = data.engine_speed(track, rows)
            wide = sizes_of(place, track.radius_m[rows])[1]
            second = track.at_us[rows] // 1_000_000
            sparse = np.flatnonzero(np.append(True, np.diff(second // 10) > 0))
            speed, wide, second = speed[sparse], wide[sparse], second[sparse]
            here = carrier.index(second)
            for age in AGE_S[1:]:
                there = carrier.index(second + int(age))
                known = (here >= 0) & (there >= 0)
                x = carrier.x_m[there[known]] - carrier.x_m[here[known]]
                y = carrier.y_m[there[known]] - carrier.y_m[here[known]]
                parts.append(np.stack([speed[known], wide[known], np.full(x.size, age), np.hypot(x, y)]))
                trips.append(carrier.trip[here[known]])
    joined = np.concatenate(parts, axis=1)
    return Moments(
        speed_mps=joined[0], wide_m=joined[1], age_s=joined[2], moved_m=joined[3], trip=np.concatenate(trips)
    )


def _ageing_terms(values: Floats, speed: Floats, age: Floats) -> tuple[Floats, Floats, Floats]:
    """A walk that keeps its speed for a while and then wanders: age / sqrt(1 + age / persistence), twice."""
    near = (np.exp(values[0]) * (speed - data.SPEED_MIN_MPS) + np.exp(values[1])) * age
    near /= np.sqrt(1.0 + age / np.exp(values[2]))
    gone = (np.exp(values[3]) * speed + np.exp(values[4])) * age / np.sqrt(1.0 + age / np.exp(values[5]))
    v, t = np.log(speed), np.log(age / 60.0)
    share = 1.0 / (1.0 + np.exp(-(values[6] + values[7] * v + np.exp(values[8]) * t)))
    return near, np.maximum(near, gone), share


def ageing_score(values: Floats, moments: Moments, hidden_s: float, factor: float = 1.0) -> float:
    """Mean log density of the displacements, nats; `factor` widens both parts."""
    speed = np.maximum(moments.speed_mps, np.minimum(moments.wide_m / hidden_s, HIDDEN_MPS_MAX))
    near, gone, share = _ageing_terms(values, speed, moments.age_s)
    floor = FLOOR_M * FLOOR_M
    dense = (1.0 - share) * _round(moments.moved_m, np.sqrt((near * factor) ** 2 + floor))
    dense += share * _round(moments.moved_m, np.sqrt((gone * factor) ** 2 + floor))
    return float(np.log(dense + DENSITY_MIN).mean())


def fit_ageing(moments: Moments, hidden_s: float) -> Floats:
    """Maximum likelihood of the two-part displacement."""
    start = np.array([-1.5, -3.0, 5.0, -0.7, -1.0, 5.0, 0.0, 0.5, -1.5])
    found = minimize(
        lambda values: -ageing_score(values, moments, hidden_s), start, method="L-BFGS-B", bounds=AGEING_BOUNDS
    )
    return np.asarray(found.x, np.float64)


def ageing_elsewhere(moments: Moments, hidden_s: float) -> list[float]:
    """Held-out log density by widening, nats, when a whole kind of trip was not seen."""
    kinds = np.unique(moments.trip)
    fits = [(one, fit_ageing(moments.only(moments.trip != one), hidden_s)) for one in kinds]
    return [
        sum(ageing_score(values, moments.only(moments.trip == one), hidden_s, factor) for one, values in fits)
        / kinds.size
        for factor in WIDENINGS
    ]


def ageing_tables(values: Floats, factor: float) -> Ageing:
    """The displacement at the knots: zero at age zero, never less with age or with speed."""
    grid_v, grid_t = np.meshgrid(SPEED_MPS, AGE_S[1:], indexing="ij")
    near, gone, share = _ageing_terms(values, grid_v, grid_t)

    def grown(table: Floats) -> Floats:
        full = np.concatenate([np.zeros((SPEED_MPS.size, 1)), table], axis=1)
        return np.asarray(np.maximum.accumulate(np.maximum.accumulate(full, axis=1), axis=0), np.float64)

    return Ageing(near_m=grown(near * factor), gone_m=grown(gone * factor), gone_share=grown(share))


def fit_path(carrier: Carrier) -> tuple[float, float, int]:
    """Shares of the length and metres per second of the gap by which a path leaves its straight line."""
    every = carrier.at_s[::10]
    rows = []
    for gap in GAPS_S:
        first, last = carrier.index(every), carrier.index(every + gap)
        for share in SHARES:
            middle = carrier.index(every + int(gap * share))
            known = (first >= 0) & (last >= 0) & (middle >= 0)
            a, b, m = first[known], last[known], middle[known]
            part = int(gap * share) / gap
            x = carrier.x_m[a] + part * (carrier.x_m[b] - carrier.x_m[a]) - carrier.x_m[m]
            y = carrier.y_m[a] + part * (carrier.y_m[b] - carrier.y_m[a]) - carrier.y_m[m]
            length = np.hypot(carrier.x_m[b] - carrier.x_m[a], carrier.y_m[b] - carrier.y_m[a])
            bow = np.full(x.size, 4.0 * part * (1.0 - part))
            rows.append(np.stack([np.hypot(x, y), length, np.full(x.size, float(gap)), bow]))
    away, length, gap_s, bow = np.concatenate(rows, axis=1)

    def loss(values: Floats) -> float:
        variance = bow * ((values[0] * length) ** 2 + (values[1] * gap_s) ** 2) + FLOOR_M * FLOOR_M
        return float((np.log(variance) + 0.5 * away * away / variance).mean())

    found = minimize(loss, np.array([0.2, 0.5]), method="L-BFGS-B", bounds=[(0.0, 2.0), (0.0, 10.0)])
    return float(found.x[0]), float(found.x[1]), away.size


def _digits(value: float) -> str:
    return repr(float(f"{value:.3g}"))


def _line(name: str, values: Floats) -> str:
    text = ", ".join(_digits(v) for v in values)
    return f"{name} = np.array([{text}])"


def _table(name: str, values: Floats) -> str:
    rows = "\n".join("        [" + ", ".join(_digits(v) for v in row) + "]," for row in values)
    return f"{name} = np.array(\n    [\n{rows}\n    ]\n)"


def module_text(report: list[str], place: Place, ageing: Ageing, hidden_s: float, path: tuple[float, float]) -> str:
    """The generated module."""
    header = "\n".join(report)
    parts = [
        _line("RADIUS_M", RADIUS_M),
        _line("CORE_M", place.core_m),
        _line("WIDE_M", place.wide_m),
        _line("WIDE_SHARE", place.wide_share),
        _line("OUTLIER_M", place.outlier_m),
        _line("OUTLIER_SHARE", place.outlier_share),
        "",
        _line("AGE_S", AGE_S),
        _line("SPEED_MPS", SPEED_MPS),
        _table("NEAR_M", ageing.near_m),
        _table("GONE_M", ageing.gone_m),
        _table("GONE_SHARE", ageing.gone_share),
        "",
        f"HIDDEN_S = {_digits(hidden_s)}",
        f"HIDDEN_MPS_MAX = {_digits(HIDDEN_MPS_MAX)}",
        f"PATH_LENGTH_SHARE = {_digits(path[0])}",
        f"PATH_MPS = {_digits(path[1])}",
    ]
    body = "\n".join(parts)
    return (
        f'"""The numbers of the error model "phones-2". Made by `python -m calibration.fit`: do not edit.\n\n{header}\n'
        f'"""\n\nimport numpy as np\n\n{body}\n'
    )


def fitted() -> str:
    """Fit everything; return the module's text."""
    fixes = data.fix_split()
    moving_weight = data.weights(fixes, MOVING_BIN_US)
    weights = evened(fixes, np.where(fixes.still, data.weights(fixes, RESTING_BIN_US), moving_weight))
    outlier_share, counted = outliers(fixes)
    scores = [held_out(fixes, weights, outlier_share, smooth) for smooth in SMOOTH]
    smooth = SMOOTH[int(np.argmax(scores))]
    place_scores = place_elsewhere(fixes, weights, outlier_share, smooth)
    place = widened(fit_place(fixes, weights, outlier_share, smooth), WIDENINGS[int(np.argmax(place_scores))])
    carrier = data.carrier(data.DRIVES)
    moments = moments_of(carrier, [data.track(data.DRIVES, phone) for phone in data.PHONES], place)
    fits = [fit_ageing(moments, hidden) for hidden in HIDDEN_S]
    hidden_scores = [ageing_score(one, moments, hidden) for one, hidden in zip(fits, HIDDEN_S, strict=True)]
    best = int(np.argmax(hidden_scores))
    ageing_scores = ageing_elsewhere(moments, HIDDEN_S[best])
    ageing = ageing_tables(fits[best], WIDENINGS[int(np.argmax(ageing_scores))])
    length_share, path_mps, path_count = fit_path(carrier)
    report = [
        "Fitted on: " + data.DRIVES + ",",
        ", ".join(data.STILL) + ",",
        f"{data.WALKED} (network fixes beside its own GNSS);",
        "judged on: " + ", ".join(data.TEST) + ".",
        f"Place: {fixes.at_us.size} fixes, {int(fixes.still.sum())} of them at rest,",
        f"counting as {weights.sum():.0f} (a phone's minute on a trip or hour at rest counts once,",
        f"a kind of trip up to {GROUP_MAX:g} between two knots).",
        "Held-out log density in nats, by smoothing: " + _scores(SMOOTH, scores) + ";",
        "by widening, for a kind of trip and phone not seen:",
        "    " + _scores(WIDENINGS, place_scores) + ".",
        "Outlying blocks by declared radius: "
        + ", ".join(f"({low:g}, {high:g}] {hit} of {blocks}" for low, high, hit, blocks in counted)
        + ".",
        f"Ageing: {moments.age_s.size} moments of the trips. Log density in nats, by the time in which a wide place",
        "hides a motion: " + _scores(HIDDEN_S, hidden_scores) + ";",
        "held out, by widening, for a kind of trip not seen:",
        "    " + _scores(WIDENINGS, ageing_scores) + ".",
        f"Path: {path_count} moments between two known places.",
    ]
    return module_text(report, place, ageing, HIDDEN_S[best], (length_share, path_mps))


def _scores(values: tuple[float, ...], scores: list[float]) -> str:
    return ", ".join(f"{value:g} {score:.3f}" for value, score in zip(values, scores, strict=True))


def main() -> None:
    """Write the engine's numbers and print them; with `--check` compare them with the stored ones instead."""
    parser = argparse.ArgumentParser(prog="python -m calibration.fit", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the stored numbers; write nothing")
    is_check = parser.parse_args().check
    text = fitted()
    print(text, end="")
    if not is_check:
        TARGET.write_text(text, "utf-8")
    elif TARGET.read_text("utf-8") != text:
        raise SystemExit("the stored numbers differ")


if __name__ == "__main__":
    main()
