"""`aralyk replay`: what an order makes of observations; the expert's re-run of a bundle, and the what-if.

Arrival is simulated by `received_at` and time passes in between, so silence and hours speak at their own time.
Nothing is read but the files named: no database, no clock. Replay ends with the last observation, or at `--until`.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from aralyk.cli.errors import CommandRefused

BATCH: Final = 10_000
"""Observations in one step: decisions appear while a long file is still being replayed."""
WIDTH: Final = 160
"""Of a table that goes into a file or a pipe: every column whole."""
ORDER_MEMBER: Final = "order.json"
OBSERVATIONS_MEMBER: Final = "observations.jsonl"
SETTABLE: Final = {
    "proximity": ("distance_m", "warning_m"),
    "exclusion_zone": ("shape", "schedule"),
    "inclusion_zone": ("shape", "schedule"),
    "curfew": ("shape", "schedule"),
    "check_in": ("per_day", "grace_s"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The two texts that a replay needs, and how to name them in a message."""

    order: str
    order_name: str
    observations: str
    observations_name: str


def replay(
    order: Annotated[Path, typer.Argument(metavar="ORDER.json|BUNDLE", help="The order, or a bundle with both.")],
    observations: Annotated[
        Path | None, typer.Argument(metavar="[OBSERVATIONS.jsonl]", help="One observation a line.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One decision a line, as JSON.")] = False,
    until: Annotated[str | None, typer.Option(help="Let time pass up to here; leave out what came later.")] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="CONDITION.FIELD=VALUE", help="What if: `condition.` means every condition."),
    ] = None,
    engine: Annotated[str | None, typer.Option(help="The engine version that must decide.")] = None,
) -> int:
    """Replay observations through an order and print the decisions."""
    from aralyk.engine import ENGINE_VERSION, Observation, OrderInvalid, State, compile_order

    if engine is not None and engine != ENGINE_VERSION:
        raise CommandRefused(f"--engine: expected {ENGINE_VERSION} (the one installed), found {engine}")
    sources = _read(order, observations)
    given = _changed(_object(sources.order, sources.order_name), changes or [])
    try:
        plan = compile_order(given)
    except OrderInvalid as error:
        raise CommandRefused(f"{sources.order_name}: {error}") from error
    until_us = None if until is None else _instant(until)
    heard: list[Observation] = sorted(_observations(sources), key=lambda seen: seen.received_at_us)
    if until_us is not None:
        heard = [seen for seen in heard if seen.received_at_us <= until_us]
    state = State.empty()
    made = state.set_order(plan, min([plan.starts_us, *(seen.received_at_us for seen in heard[:1])]))
    printer = _print_json if as_json else _Table()
    printer(decision.as_dict() for decision in made)
    for first in range(0, len(heard), BATCH):
        batch = heard[first : first + BATCH]
        printer(decision.as_dict() for decision in state.step(batch, batch[-1].received_at_us))
    if until_us is not None:
        printer(decision.as_dict() for decision in state.tick(until_us))
    if isinstance(printer, _Table):
        printer.show()
    _report(state.ignored, state.unjudged)
    return 0


def _read(order: Path, observations: Path | None) -> Sources:
    """Find the two texts: two files, a bundle (zip), or a directory with the members of one."""
    try:
        if observations is not None:
            return Sources(
                order=order.read_text("utf-8"), order_name=str(order),
                observations=observations.read_text("utf-8"), observations_name=str(observations),
            )  # fmt: skip
        if order.is_dir():
            return _read(order / ORDER_MEMBER, order / OBSERVATIONS_MEMBER)
        if not zipfile.is_zipfile(order):
            expected = "an order and its observations, or a bundle (a zip or directory that holds both)"
            raise CommandRefused(f"{order}: expected {expected}, found another file")
        with zipfile.ZipFile(order) as bundle:
            return Sources(
                order=bundle.read(ORDER_MEMBER).decode("utf-8"), order_name=f"{order}:{ORDER_MEMBER}",
                observations=bundle.read(OBSERVATIONS_MEMBER).decode("utf-8"),
                observations_name=f"{order}:{OBSERVATIONS_MEMBER}",
            )  # fmt: skip
    except UnicodeDecodeError as error:
        raise CommandRefused(f"{order}: expected UTF-8, found other bytes") from error
    except KeyError as error:
        raise CommandRefused(
            f"{order}: expected the members {ORDER_MEMBER} and {OBSERVATIONS_MEMBER}: {error}"
        ) from error
    except (OSError, zipfile.BadZipFile) as error:
        raise CommandRefused(f"{order}: cannot be read: {error}") from error


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise CommandRefused(f"{name}: expected JSON, found: {error}") from error
    if not isinstance(value, dict):
        raise CommandRefused(f"{name}: expected a JSON object, found {type(value).__name__}")
    return value


def _instant(text: str) -> int:
    from aralyk.engine.times import parse_us

    try:
        return parse_us(text)
    except (ValueError, OverflowError) as error:
        raise CommandRefused(f"--until: expected an ISO 8601 time with Z, found: {error}") from error


def _observations(sources: Sources) -> Iterator[Any]:
    from aralyk.engine import ObservationInvalid, parse_observation

    for number, line in enumerate(sources.observations.splitlines(), start=1):
        if not line.strip():
            continue
        name = f"{sources.observations_name}:{number}"
        try:
            yield parse_observation(_object(line, name))
        except ObservationInvalid as error:
            raise CommandRefused(f"{name}: {error}") from error


def _changed(order: dict[str, Any], changes: Iterable[str]) -> dict[str, Any]:
    """Apply the what-ifs. A warning ring that a wider ring swallows is dropped, and said so."""
    conditions = order.get("conditions")
    for change in changes:
        path, equals, text = change.partition("=")
        target, dot, field = path.partition(".")
        if not (equals and dot and isinstance(conditions, list)):
            raise CommandRefused(f"--set: expected CONDITION.FIELD=VALUE, found {change!r}")
        matching = [c for c in conditions if isinstance(c, dict) and _fits(c, target, field)]
        if not matching:
            raise CommandRefused(f"--set: expected a condition that has {field!r}, found none for {target!r}")
        for condition in matching:
            condition[field] = _value(text)
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict) and changes:
            _drop_swallowed_ring(condition)
    return order


def _fits(condition: dict[str, Any], target: str, field: str) -> bool:
    return target in ("condition", condition.get("id")) and field in SETTABLE.get(str(condition.get("kind")), ())


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _drop_swallowed_ring(condition: dict[str, Any]) -> None:
    distance, warning = condition.get("distance_m"), condition.get("warning_m")
    if isinstance(distance, int | float) and isinstance(warning, int | float) and warning < distance:
        condition["warning_m"] = None
        print(
            f"note: {condition.get('id')}: the warning ring lies inside the ring now and is left out", file=sys.stderr
        )


def _print_json(decisions: Iterable[dict[str, Any]]) -> None:
    for decision in decisions:
        print(json.dumps(decision, ensure_ascii=False))


class _Table:
    """Decisions for people: collected, then shown at once so that the columns fit."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def __call__(self, decisions: Iterable[dict[str, Any]]) -> None:
        self._rows.extend(decisions)

    def show(self) -> None:
        from rich.console import Console
        from rich.table import Table

        table = Table(title=f"Decisions: {len(self._rows)}", title_justify="left")
        for name in ("decided", "occurred", "phase", "P", "kind", "who", "probability", "distance m", "reason"):
            table.add_column(name, no_wrap=name in ("decided", "occurred", "phase", "P"))
        for row in self._rows:
            probability, distance = row["probability"], row["distance_m"]
            table.add_row(
                row["decided_at"][:19], row["occurred_at"][:19], row["phase"], str(row["priority"]), row["kind"],
                row["party"], "" if probability is None else f"{probability:.3f}",
                "" if distance is None else f"{distance:.0f}", row["reason"],
            )  # fmt: skip
        wide = None if sys.stdout.isatty() else WIDTH
        Console(width=wide).print(table)


def _report(ignored: int, unjudged: int) -> None:
    """Say what had no part in the decisions: unknown is never safe."""
    if ignored:
        print(f"note: {ignored} observations of devices that the order does not name were left out", file=sys.stderr)
    if unjudged:
        print(f"note: {unjudged} late places met no history of the other party: not judged", file=sys.stderr)
