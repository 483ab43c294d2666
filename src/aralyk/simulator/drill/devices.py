"""What a device says of the person who carries it: records with their times, and the lack of them.

Delays and clocks follow what the real phones of the tracks did (a second or two, a late tail; stamps up to 3 s ahead of
receipt); rates of faults are parameters of each scenario, and guesses where no source is named [U].
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aralyk.simulator.drill.errors import Errors
from aralyk.simulator.drill.moves import Around, Track
from aralyk.simulator.drill.plane import Array, degrees

HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0
GNSS, FUSED, NETWORK = 1, 2, 3  # as `SOURCES` names them
SOURCES: Final = ("unknown", "gnss", "fused", "network")
STRAPS: Final = (None, "locked", "open")
ALARMS: Final = ("sos", "strap_open", "tamper", "low_battery", "jamming")
CHECK_INS: Final = (None, "passed", "failed")
SOS_ALARM = 1 << 0
STRAP_OPEN_ALARM, TAMPER_ALARM, LOW_BATTERY_ALARM, JAMMING_ALARM = 1 << 1, 1 << 2, 1 << 3, 1 << 4
LOW_BATTERY_PCT: Final = 15.0
ACT_DELAY_S: Final = 1.5  # from a press to its receipt
NETWORK_FROM_M: Final = 100.0  # a phone calls a place with a larger radius "network"

SAID: Final = np.dtype(
    [
        ("run", np.int32), ("party", np.int8), ("source", np.int8), ("strap", np.int8), ("charging", np.int8),
        ("alarms", np.int32), ("fixed_s", np.float64), ("received_s", np.float64), ("lat", np.float64),
        ("lon", np.float64), ("accuracy_m", np.float64), ("speed_mps", np.float64), ("heading_deg", np.float64),
        ("battery_pct", np.float64), ("mock", np.int8), ("check_in", np.int8), ("hears", np.int64),
    ]
)  # fmt: skip
"""One record. NaN: not said; charging 0 unknown, 1 no, 2 yes; strap 0 none, 1 locked, 2 open; check_in 0 none, 1 passed
or 2 failed. `party` is the run's number of the carrier: 0 he, 1 she, then the run's others. `hears` has a bit for each
carrier whose device is heard by BLE; -1 is not said."""

Windows = npt.NDArray[np.float64]
NONE: Final = np.zeros((0, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Astray:
    """A time in which a device says it is somewhere else: an outlier, a tower's place, or a place made by an app.

    Places wander round the one named by the radius declared; `frozen` ones are equal to the centimetre.
    """

    from_s: float
    to_s: float
    east_m: float
    north_m: float
    accuracy_m: float = 10.0
    source: int = GNSS
    mock: bool = False
    frozen: bool = False
    speed_mps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device and what goes wrong with it; windows are pairs of seconds."""

    kind: str  # "phone" or "bracelet"
    interval_s: int
    silent: Windows = field(default_factory=lambda: NONE)  # killed in the background, switched off, dead
    placeless: Windows = field(default_factory=lambda: NONE)  # heard, without a place
    cell: Windows = field(default_factory=lambda: NONE)  # cell fixes only
    offline: Windows = field(default_factory=lambda: NONE)  # no network: kept, and sent afterwards
    jammed: Windows = field(default_factory=lambda: NONE)  # jamming is reported, no place
    strap_open: Windows = field(default_factory=lambda: NONE)
    battery: tuple[tuple[float, float], ...] = ((0.0, 80.0),)  # second, percent
    charging: Windows = field(default_factory=lambda: NONE)
    astray: tuple[Astray, ...] = ()
    hears: tuple[tuple[int, Windows], ...] | None = None  # carriers' numbers and when they are heard; none: no BLE
    presses_s: tuple[float, ...] = ()  # of the panic button
    check_ins: tuple[tuple[float, str], ...] = ()  # second, "passed" or "failed"
    copies: int = 1  # how often each record is sent

    def with_faults(self, **windows: Windows) -> Device:
        """The same device with more windows."""
        merged = {name: np.concatenate([getattr(self, name), more]) for name, more in windows.items()}
        return replace(self, **merged)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often things go wrong, per device and hour; lengths in seconds from a log-normal median and a spread."""

    offline_per_h: float = 0.035
    offline_s: float = 120.0
    placeless_per_h: float = 0.05  # indoors only
    placeless_s: float = 240.0
    cell_share: float = 0.05
    cell_s: float = 1200.0
    killed_per_h: float = 0.05 / 24  # phones only
    killed_low_s: float = 600.0
    killed_high_s: float = 1800.0


EVERYDAY: Final = Rates()


def inside(at_s: Array, windows: Windows) -> npt.NDArray[np.bool_]:
    """Whether each second lies in some window."""
    if not len(windows):
        return np.zeros(at_s.shape, np.bool_)
    edges = np.concatenate([windows[:, 0], windows[:, 1]])
    signs = np.concatenate([np.ones(len(windows)), -np.ones(len(windows))])
    order = np.argsort(edges, kind="stable")
    depth = np.concatenate([[0.0], np.cumsum(signs[order])])
    return np.asarray(depth[np.searchsorted(edges[order], at_s, side="right")] > 0, np.bool_)


def window(from_s: float, to_s: float) -> Windows:
    """One window."""
    return np.array([[from_s, to_s]])


def at_random(rng: np.random.Generator, per_h: float, median_s: float, *, from_s: float, to_s: float) -> Windows:
    """Windows that begin by chance, with log-normal lengths (a third to three times the median, mostly)."""
    count = int(rng.poisson(per_h * (to_s - from_s) / HOUR_S))
    begins = np.sort(rng.uniform(from_s, to_s, count))
    return np.column_stack([begins, begins + median_s * rng.lognormal(0.0, 0.6, count)])


def with_everyday_faults(
    device: Device, track: Track, rng: np.random.Generator, rates: Rates, *, from_s: float, to_s: float
) -> Device:
    """The device with what goes wrong on ordinary days."""
    mean_cell_s = rates.cell_s * 1.197  # the mean of a log-normal with spread 0.6
    cell = at_random(rng, rates.cell_share / mean_cell_s * HOUR_S, rates.cell_s, from_s=from_s, to_s=to_s)
    placeless = at_random(rng, rates.placeless_per_h, rates.placeless_s, from_s=from_s, to_s=to_s)
    if len(placeless):
        placeless = placeless[track.surroundings(placeless[:, 0]) == Around.INDOORS]
    offline = at_random(rng, rates.offline_per_h, rates.offline_s, from_s=from_s, to_s=to_s)
    killed = NONE
    if device.kind == "phone":
        count = int(rng.poisson(rates.killed_per_h * (to_s - from_s) / HOUR_S))
        begins = rng.uniform(from_s, to_s, count)
        killed = np.column_stack([begins, begins + rng.uniform(rates.killed_low_s, rates.killed_high_s, count)])
    return device.with_faults(cell=cell, placeless=placeless, offline=offline, silent=killed)


def records(
    device: Device, track: Track, rng: np.random.Generator, errors: Errors, *, from_s: float, to_s: float
) -> npt.NDArray[Any]:
    """Everything the device says between two seconds, in the order of its fixes."""
    at = np.arange(from_s + rng.uniform(0, device.interval_s), to_s, device.interval_s)
    at = at + rng.uniform(0, 0.5, at.size)
    at = at[~inside(at, device.silent)]
    around = track.surroundings(at)
    cell = inside(at, device.cell)
    lost = inside(at, device.placeless) | inside(at, device.jammed)
    error = errors.draw(rng, at, around, cell)
    east, north = track.place(at)
    said = np.zeros(at.size, SAID)
    said["lat"], said["lon"] = degrees(east + error.east_m, north + error.north_m)
    said["accuracy_m"] = np.round(error.accuracy_m, 1)
    _say_motion(said, device, track, rng, at, cell)
    plain = GNSS if device.kind == "bracelet" else FUSED
    said["source"] = np.where(cell | (said["accuracy_m"] > NETWORK_FROM_M), NETWORK, plain)
    ahead_s = float(rng.uniform(0, 3)) if rng.random() < 0.3 else float(rng.normal(0, 0.3))
    said["fixed_s"] = at + ahead_s
    said["received_s"] = at + _delays(rng, at, device.offline)
    _say_state(said, device, at)
    for name in ("lat", "lon", "accuracy_m", "speed_mps", "heading_deg"):
        said[name][lost] = np.nan
    said["source"][lost] = 0
    said["hears"] = -1
    for lie in device.astray:
        _say_astray(said, lie, at, rng)
    said = _with_acts(said, device, from_s=from_s, to_s=to_s)
    if device.hears is not None:
        said["hears"] = 0
        for carrier, windows in device.hears:
            said["hears"] |= np.where(inside(said["fixed_s"], windows), 1 << carrier, 0)
    return np.repeat(said, device.copies)


def _say_astray(said: npt.NDArray[Any], lie: Astray, at: Array, rng: np.random.Generator) -> None:
    """Put another place into the records of a time, those without a place too."""
    mine = (at >= lie.from_s) & (at < lie.to_s)
    count = int(mine.sum())
    wander = np.zeros((2, count)) if lie.frozen else rng.normal(0.0, lie.accuracy_m / 3, (2, count))
    said["lat"][mine], said["lon"][mine] = degrees(lie.east_m + wander[0], lie.north_m + wander[1])
    said["accuracy_m"][mine] = lie.accuracy_m
    said["source"][mine] = lie.source
    said["mock"][mine] = int(lie.mock)
    said["heading_deg"][mine] = np.nan
    said["speed_mps"][mine] = (
        np.nan if lie.speed_mps is None else np.round(lie.speed_mps * rng.uniform(0.5, 1.5, count), 2)
    )


def _with_acts(said: npt.NDArray[Any], device: Device, *, from_s: float, to_s: float) -> npt.NDArray[Any]:
    """The records with presses and check-ins among them: records of their own, without a place."""
    acts = [(s, SOS_ALARM, 0) for s in device.presses_s]
    acts += [(s, 0, CHECK_INS.index(word)) for s, word in device.check_ins]
    acts = [act for act in sorted(acts) if from_s <= act[0] < to_s]
    if not acts:
        return said
    at = np.array([act[0] for act in acts])
    more = np.zeros(at.size, SAID)
    for name in ("lat", "lon", "accuracy_m", "speed_mps", "heading_deg"):
        more[name] = np.nan
    more["hears"] = -1
    more["fixed_s"], more["received_s"] = at, at + ACT_DELAY_S
    for begins, ends in device.offline:
        kept = (at >= begins) & (at < ends)
        more["received_s"][kept] = ends + ACT_DELAY_S
    _say_state(more, device, at)
    more["alarms"] |= np.array([act[1] for act in acts], np.int32)
    more["check_in"] = [act[2] for act in acts]
    together = np.concatenate([said, more])
    return together[np.argsort(together["fixed_s"], kind="stable")]


def _say_motion(
    said: npt.NDArray[Any],
    device: Device,
    track: Track,
    rng: np.random.Generator,
    at: Array,
    cell: npt.NDArray[np.bool_],
) -> None:
    """Speed and heading as phones say them: a Doppler speed, missing now and then, none from a cell."""
    speed, heading = track.motion(at)
    measured = np.where(speed < 0.3, np.abs(rng.normal(0, 0.15, at.size)), np.abs(speed + rng.normal(0, 0.3, at.size)))
    missing = cell | (rng.random(at.size) < (0.6 if device.kind == "phone" and rng.random() < 0.15 else 0.08))
    said["speed_mps"] = np.where(missing, np.nan, np.round(measured, 2))
    turned = (heading + rng.normal(0, 6, at.size)) % 360.0
    said["heading_deg"] = np.where(missing | (measured < 0.8), np.nan, np.round(turned, 1))


def _delays(rng: np.random.Generator, at: Array, offline: Windows) -> Array:
    """Seconds from fix to receipt: a second or two, one in a hundred later; kept ones come when the network does."""
    delay = np.minimum(1.2 * rng.lognormal(0.0, 0.6, at.size), 30.0)
    delay += np.where(rng.random(at.size) < 0.01, rng.uniform(5, 40, at.size), 0.0)
    for begins, ends in offline:
        kept = (at >= begins) & (at < ends)
        delay[kept] = np.maximum(ends - at[kept] + np.linspace(0.0, 2.0, int(kept.sum())), delay[kept])
    return delay


def _say_state(said: npt.NDArray[Any], device: Device, at: Array) -> None:
    seconds, levels = zip(*device.battery, strict=True)
    said["battery_pct"] = np.floor(np.clip(np.interp(at, seconds, levels), 1.0, 100.0))
    said["charging"] = np.where(inside(at, device.charging), 2, 1)
    if device.kind == "bracelet":
        opened = inside(at, device.strap_open)
        said["strap"] = np.where(opened, 2, 1)
        said["alarms"] |= np.where(opened & ~np.concatenate([[False], opened[:-1]]), STRAP_OPEN_ALARM, 0)
        said["alarms"] |= np.where(said["battery_pct"] < LOW_BATTERY_PCT, LOW_BATTERY_ALARM, 0)
    said["alarms"] |= np.where(inside(at, device.jammed), JAMMING_ALARM, 0)
