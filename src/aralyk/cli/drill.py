"""`aralyk drill`: how good is the detection of this build, against a world whose truth is known?

The world (aralyk.simulator.drill) never sees the engine; here its records go through the engine's public door and the
decisions come back as plain rows. Same seed, same figures, byte for byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from aralyk.cli.errors import CommandRefused

if TYPE_CHECKING:
    import numpy.typing as npt

    from aralyk.engine import State
    from aralyk.simulator.drill.errors import Errors
    from aralyk.simulator.drill.runs import Run
    from aralyk.simulator.drill.scenarios import Scenario
    from aralyk.simulator.drill.streets import Streets

BATCH_S: Final = 4_000_000.0  # seconds of pairs judged at once: bounds the memory
RUNS_MAX: Final = 500


def drill(
    scenarios: Annotated[list[str] | None, typer.Argument(metavar="[SCENARIO…]", help="Which; without: all.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the city, the people and their devices.")] = 1,
    pairs: Annotated[
        int | None, typer.Option(min=1, help="Runs (pairs) per scenario; without: each one's own.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=1, help="Days per pair, for ordinary_life.")] = None,
    tracks: Annotated[Path | None, typer.Option(help="Directory of the real tracks (mobilitynet_*.parquet).")] = None,
    noise: Annotated[
        str, typer.Option(help="tracks (resampled errors of real phones), everything, fitted.")
    ] = "tracks",
    threat: Annotated[str, typer.Option(help="Threat level of the orders: low, medium or high.")] = "medium",
    cases: Annotated[Path | None, typer.Option(help="Write runs that went wrong here, for `aralyk replay`.")] = None,
    show_misses: Annotated[int, typer.Option(min=0, help="So many of each kind in --cases.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Run scenarios with a known truth and print the quality of detection."""
    from aralyk.simulator.drill.scenarios import SCENARIOS
    from aralyk.simulator.drill.streets import Streets

    unknown = [name for name in scenarios or [] if name not in SCENARIOS]
    if unknown:
        raise CommandRefused(f"SCENARIO: expected some of {' '.join(SCENARIOS)}, found {unknown[0]!r}")
    if threat not in ("low", "medium", "high"):
        raise CommandRefused(f"--threat: expected low, medium or high, found {threat!r}")
    errors = _errors(noise, tracks)
    streets = Streets(seed)
    lines = []
    for name in scenarios or list(SCENARIOS):
        kept = _Cases(cases, show_misses) if cases is not None else None
        line = run_scenario(
            SCENARIOS[name], streets, errors, seed=seed, pairs=pairs, days=days, threat=threat, cases=kept
        )
        lines.append(line)
        if as_json:
            typer.echo(json.dumps(line))
    if not as_json:
        _print_table(lines)
    return 0


def run_scenario(
    scenario: Scenario, streets: Streets, errors: Errors, *, seed: int,
    pairs: int | None = None, days: float | None = None, threat: str = "medium", cases: _Cases | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Make, judge and score all runs of one scenario; the line INTERFACES names."""
    from aralyk.engine import ENGINE_VERSION
    from aralyk.simulator.drill.runs import said_by
    from aralyk.simulator.drill.verdicts import per_run

    tally = scenario.tally()
    count = pairs or scenario.pairs
    for made, rngs in _batches(scenario, streets, seed, count, days or scenario.days):
        runs = made if threat == "medium" else [replace(run, threat=threat) for run in made]
        said = said_by(runs, errors, rngs)
        verdicts = per_run(judge(runs, said), len(runs))
        order = np.argsort(said["run"], kind="stable")
        heard = np.split(said[order], np.searchsorted(said["run"][order], np.arange(1, len(runs))))
        for run, mine, told in zip(runs, heard, verdicts, strict=True):
            for wrong in tally.add(run, mine, told):
                if cases is not None:
                    cases.keep(wrong, run, mine, told)
    head = {"scenario": scenario.name}
    return head | tally.line() | {"noise": errors.name, "threat": threat, "seed": seed, "engine": ENGINE_VERSION}


def judge(runs: Sequence[Run], said: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the engine decides about the records of a batch of runs, as rows of `verdicts.VERDICT`."""
    from aralyk.engine import State, compile_order
    from aralyk.simulator.drill.runs import STARTS_US, device_id
    from aralyk.simulator.drill.verdicts import PHASES, VERDICT

    state = State.empty()
    state.set_orders([compile_order(run.order()) for run in runs], STARTS_US)
    index = np.full((len(runs), 2 + max(len(run.others) for run in runs)), -1, np.int64)
    for i, run in enumerate(runs):
        for carrier, *_ in run.carriers():
            index[i, carrier] = state.rows_of(device_id(run, carrier))[0]
    rows = _columns(said, index)
    rows["heard"] = _heard(state, runs, said, index)
    until_us = STARTS_US + round(max(run.ends_s for run in runs) * 1e6)
    number = {run.name: i for i, run in enumerate(runs)}
    decisions = state.step_columns(rows, until_us)
    found = np.zeros(len(decisions), VERDICT)
    for i, d in enumerate(decisions):
        found[i] = (
            number[d.order_id], PHASES.index(d.phase.value), d.priority, d.kind.value, d.reason, d.incident,
            (d.decided_at_us - STARTS_US) / 1e6, (d.occurred_at_us - STARTS_US) / 1e6, d.condition or "",
        )  # fmt: skip
    ends = np.array([run.ends_s for run in runs])
    found = found[found["decided_s"] <= ends[found["run"]]]
    return np.asarray(found[np.argsort(found["run"], kind="stable")])


def _heard(state: State, runs: Sequence[Run], said: npt.NDArray[Any], index: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Whom each record hears by BLE, as the engine numbers the devices of a case."""
    from aralyk.simulator.drill.runs import device_id

    found = np.zeros(said.size, np.int64)
    known: dict[tuple[int, int, int], int] = {}
    for i in np.flatnonzero(said["hears"] >= 0):
        key = int(said["run"][i]), int(said["party"][i]), int(said["hears"][i])
        if key not in known:
            run = runs[key[0]]
            heard = [device_id(run, carrier) for carrier, *_ in run.carriers() if key[2] & (1 << carrier)]
            known[key] = state.heard_by(int(index[key[0], key[1]]), heard)
        found[i] = known[key]
    return found


def _columns(said: npt.NDArray[Any], index: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Records in the engine's columnar form, as `Observation.row` would make them."""
    from aralyk.engine import records
    from aralyk.engine.observations import ALARMS as ENGINE_ALARMS
    from aralyk.simulator.drill.devices import ALARMS
    from aralyk.simulator.drill.runs import STARTS_US

    rows = np.zeros(said.size, records.RECORD)
    placed = ~np.isnan(said["lat"])
    rows["device"] = index[said["run"], said["party"]]
    rows["fixed_us"] = STARTS_US + np.round(said["fixed_s"] * 1e6).astype(np.int64)
    rows["received_us"] = STARTS_US + np.round(said["received_s"] * 1e6).astype(np.int64)
    flags = np.where(placed, records.PLACED, 0) | (said["source"].astype(np.int64) << records.SOURCE_SHIFT)
    flags |= said["strap"].astype(np.int64) << records.STRAP_SHIFT
    charging = np.array([0, records.CHARGING_NO, records.CHARGING_YES])[said["charging"]]
    flags |= charging << records.CHARGING_SHIFT
    flags |= said["battery_pct"].astype(np.int64) << records.BATTERY_SHIFT
    flags |= np.where(said["mock"] > 0, records.MOCK, 0)
    flags |= np.array([0, records.CHECK_IN_PASSED, records.CHECK_IN_FAILED])[said["check_in"]] << records.CHECK_IN_SHIFT
    for bit, name in enumerate(ALARMS):
        flags |= np.where(said["alarms"] & (1 << bit), ENGINE_ALARMS[name], 0)
    rows["flags"] = flags
    for ours, theirs, missing in (
        ("lat", "lat", 0.0), ("lon", "lon", 0.0), ("accuracy_m", "radius_m", 0.0),
        ("speed_mps", "speed_mps", -1.0), ("heading_deg", "heading_deg", -1.0),
    ):  # fmt: skip
        rows[theirs] = np.where(np.isnan(said[ours]), missing, said[ours])
    return rows


def _batches(
    scenario: Scenario, streets: Streets, seed: int, pairs: int, days: float
) -> Iterator[tuple[list[Run], list[np.random.Generator]]]:
    from rich.console import Console
    from rich.progress import Progress

    from aralyk.simulator.chance import stream

    runs: list[Run] = []
    rngs: list[np.random.Generator] = []
    seconds = 0.0
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(scenario.name, total=pairs)
        for number in range(pairs):
            rng = stream(seed, "drill", scenario.name, number)
            runs.append(scenario.make(streets, rng, number, days))
            rngs.append(rng)
            seconds += runs[-1].ends_s
            if seconds >= BATCH_S or len(runs) >= RUNS_MAX:
                yield runs, rngs
                runs, rngs, seconds = [], [], 0.0
            progress.update(task, completed=number + 1)
        if runs:
            yield runs, rngs


def _errors(noise: str, tracks: Path | None) -> Errors:
    from aralyk.simulator.drill.errors import FittedErrors, Resampled, TracksMissing

    if noise == "fitted":
        return FittedErrors()
    if noise not in ("tracks", "everything"):
        raise CommandRefused(f"--noise: expected tracks, everything or fitted, found {noise!r}")
    shared = Path(os.environ.get("ARALYK_SHARED") or Path(__file__).resolve().parents[3].parent / "shared")
    try:
        return Resampled(tracks or shared / "tracks", everything=noise == "everything")
    except TracksMissing as missing:
        raise CommandRefused(str(missing)) from missing


class _Cases:
    """Runs that went wrong, each in a directory of its own, for `aralyk replay` and with the truth beside it."""

    def __init__(self, directory: Path, of_each: int) -> None:
        self._directory = directory
        self._of_each = of_each
        self._kept: dict[str, int] = {}

    def keep(self, wrong: str, run: Run, said: npt.NDArray[Any], verdicts: npt.NDArray[Any]) -> None:
        """Write one run, unless there are enough of its kind."""
        if self._kept.get(wrong, 0) >= self._of_each:
            return
        from aralyk.simulator.drill.dump import case_texts

        where = self._directory / f"{run.name}-{wrong}"
        if where.exists():
            return
        self._kept[wrong] = self._kept.get(wrong, 0) + 1
        where.mkdir(parents=True)
        for name, text in case_texts(run, said, verdicts, wrong).items():
            (where / name).write_text(text, encoding="utf-8")


def _print_table(lines: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for line in lines:
        table = Table(title=f"{line['scenario']} (seed {line['seed']}, {line['engine']})", show_header=False)
        for name, value in line.items():
            if name not in ("scenario", "seed", "engine"):
                table.add_row(name.replace("_", " "), _shown(value))
        console.print(table)


def _shown(value: Any) -> str:
    """A group of groups is one line each; a group of numbers is one line."""
    if isinstance(value, dict):
        if any(isinstance(inner, dict) for inner in value.values()):
            return "\n".join(f"{name}: {_shown(inner)}" for name, inner in value.items())
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " to ".join(_shown(inner) for inner in value)
    if isinstance(value, float):
        return f"{value:,.5g}"
    return "–" if value is None else str(value)
