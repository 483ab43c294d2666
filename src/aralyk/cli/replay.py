"""`aralyk replay`: what an order makes of observations; the expert's re-run of a bundle, and the what-if.

The work is done by `aralyk.engine.replaying`, which the engine's own wheel has too; here are tables, comparisons and
the run of another engine version. Nothing is read but the files named: no database, no clock.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aralyk.cli.errors import CommandRefused

if TYPE_CHECKING:
    from aralyk.engine import Decision
    from aralyk.engine.command import Sources
    from aralyk.engine.replaying import Difference, Replay

WIDTH = 160
"""Of a table that goes into a file or a pipe: every column whole."""
COLUMNS = ("decided", "occurred", "phase", "P", "kind", "who", "probability", "distance m", "reason")


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
    compare: Annotated[
        bool, typer.Option("--compare", help="Show what the what-if gains, loses and changes against the order.")
    ] = False,
    engine: Annotated[str | None, typer.Option(help="The engine version that must decide.")] = None,
    engines: Annotated[
        Path | None, typer.Option(metavar="DIRECTORY", help="Where the wheels of other engine versions lie.")
    ] = None,
) -> int:
    """Replay observations through an order and print the decisions."""
    from aralyk.engine import ENGINE_VERSION
    from aralyk.engine.command import opened
    from aralyk.engine.replaying import ReplayRefused

    if compare and not changes:
        raise CommandRefused("--compare: expected a what-if (--set) to compare with, found none")
    if engine is not None and engine != ENGINE_VERSION:
        return _run_other(engine, engines, order, observations, until, changes or [], as_json, compare)
    try:
        with opened(order, observations) as sources:
            _replay(sources, until, changes or [], as_json, compare)
    except ReplayRefused as error:
        raise CommandRefused(str(error)) from error
    return 0


def _replay(sources: Sources, until: str | None, changes: Sequence[str], as_json: bool, compare: bool) -> None:
    from aralyk.engine.command import until_of
    from aralyk.engine.replaying import Replay, changed, compiled, parse_object, read_observations, read_outages

    until_us = until_of(until)
    given = parse_object(sources.order, sources.order_name)
    order, notes = changed(given, changes)
    plan = compiled(order, sources.order_name)
    heard = read_observations(sources.observations, sources.observations_name, plan, until_us)
    outages = read_outages(sources.outages)
    run = Replay(plan, heard, until_us, outages)
    if compare:
        received = heard.rows["received_us"]
        ends_us = until_us if until_us is not None else int(received[-1]) if received.size else plan.starts_us
        as_ordered = Replay(compiled(given, sources.order_name), heard, until_us, outages)
        _compare(as_ordered, run, ends_us, as_json)
    else:
        _print(run.decisions(), as_json)
    for note in [*notes, *run.notes()]:
        print(f"note: {note}", file=sys.stderr)


def _print(decisions: Iterable[Decision], as_json: bool) -> None:
    from aralyk.engine.replaying import line_of

    if as_json:
        for decision in decisions:
            print(line_of(decision))
        return
    rows = [_cells(decision) for decision in decisions]
    _show(f"Decisions: {len(rows)}", COLUMNS, rows)


def _cells(decision: Decision) -> list[str]:
    from aralyk.engine.times import iso

    probability, distance = decision.probability, decision.distance_m
    return [
        iso(decision.decided_at_us)[:19], iso(decision.occurred_at_us)[:19], decision.phase.value,
        str(decision.priority), decision.kind.value, decision.party,
        "" if probability is None else f"{probability:.3f}", "" if distance is None else f"{distance:.0f}",
        decision.reason,
    ]  # fmt: skip


def _compare(as_ordered: Replay, what_if: Replay, ends_us: int, as_json: bool) -> None:
    from aralyk.engine.replaying import alerts_of, differences, summary_of

    before = alerts_of(as_ordered.decisions(), ends_us)
    after = alerts_of(what_if.decisions(), ends_us)
    found = differences(before, after)
    summary = summary_of(before, after, found)
    if as_json:
        for difference in found:
            print(json.dumps(difference.as_dict(), ensure_ascii=False))
        print(json.dumps({"summary": summary}))
        return
    title = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in summary.items())
    names = ("change", "first alert", "kind", "condition", "P before", "P after", "earlier s", "reason")
    _show(title, names, [_difference_cells(difference) for difference in found])


def _difference_cells(found: Difference) -> list[str]:
    from aralyk.engine.times import iso

    shown = found.after or found.before
    assert shown is not None
    return [
        found.change, iso(shown.decided_at_us)[:19], shown.kind.value, shown.condition or shown.party,
        "" if found.before is None else str(found.before.priority),
        "" if found.after is None else str(found.after.priority),
        "" if found.earlier_s is None else f"{found.earlier_s:.0f}", shown.reason,
    ]  # fmt: skip


def _show(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for people, shown at once so that the columns fit."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, no_wrap=name in ("decided", "occurred", "phase", "P", "change", "first alert"))
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def _run_other(
    version: str, engines: Path | None, order: Path, observations: Path | None,
    until: str | None, changes: Sequence[str], as_json: bool, compare: bool,
) -> int:  # fmt: skip
    """Let the wheel of another engine version decide, in a process of its own."""
    from aralyk.cli.engine_wheels import find_wheel, run_wheel

    if compare or not as_json:
        raise CommandRefused(f"--engine {version}: another version than the one installed prints --json only")
    wheel = find_wheel(version, engines, order)
    arguments = [str(order)] if observations is None else [str(order), str(observations)]
    if until is not None:
        arguments += ["--until", until]
    for change in changes:
        arguments += ["--set", change]
    return run_wheel(wheel, ["replay", *arguments])
