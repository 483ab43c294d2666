"""`aralyk-engine replay`: the pure engine by itself, for an expert who has its wheel and nothing else of the platform.

`aralyk replay` does the same with tables and comparisons, and runs an older engine through this door. Only this module
of the engine opens files, and only those it is given.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aralyk.engine.replaying import (
    Replay,
    ReplayRefused,
    changed,
    compiled,
    line_of,
    parse_object,
    read_observations,
    read_outages,
)
from aralyk.engine.times import parse_us
from aralyk.engine.version import ENGINE_VERSION

ORDER_MEMBER: Final = "order.json"
OBSERVATIONS_MEMBER: Final = "observations.jsonl"
OUTAGE_MEMBERS: Final = "frames/control/away-"
"""Where a bundle has the log lines that say when the platform itself could not hear."""
EXIT_MISTAKE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """An order's text and the lines of its observations, read as they are asked for, with their names for messages."""

    order: bytes
    order_name: str
    observations: Iterable[bytes]
    observations_name: str
    outages: tuple[tuple[str, bytes], ...] = ()
    """Names and bodies of log lines about times in which the platform could not hear; two plain files have none."""


@contextmanager
def opened(order: Path, observations: Path | None) -> Iterator[Sources]:
    """Open what a replay needs: two files, a bundle (a zip), or a directory with the members of one.

    Raises: ReplayRefused: Something is missing or unreadable.
    """
    outages: tuple[tuple[str, bytes], ...] = ()
    try:
        if observations is None and order.is_dir():
            found = sorted(order.glob(f"{OUTAGE_MEMBERS}*/**/*.json"))
            outages = tuple((str(path), path.read_bytes()) for path in found)
            order, observations = order / ORDER_MEMBER, order / OBSERVATIONS_MEMBER
        if observations is not None:
            with observations.open("rb") as lines:
                yield Sources(
                    order=order.read_bytes(), order_name=str(order), observations=lines,
                    observations_name=str(observations), outages=outages,
                )  # fmt: skip
            return
        if not zipfile.is_zipfile(order):
            expected = "an order and its observations, or a bundle (a zip or directory that holds both)"
            raise ReplayRefused(f"{order}: expected {expected}, found another file")
        with zipfile.ZipFile(order) as bundle, bundle.open(OBSERVATIONS_MEMBER) as lines:
            names = sorted(n for n in bundle.namelist() if n.startswith(OUTAGE_MEMBERS) and n.endswith(".json"))
            yield Sources(
                order=bundle.read(ORDER_MEMBER), order_name=f"{order}:{ORDER_MEMBER}", observations=lines,
                observations_name=f"{order}:{OBSERVATIONS_MEMBER}",
                outages=tuple((f"{order}:{name}", bundle.read(name)) for name in names),
            )  # fmt: skip
    except KeyError as error:
        expected = f"the members {ORDER_MEMBER} and {OBSERVATIONS_MEMBER}"
        raise ReplayRefused(f"{order}: expected {expected}: {error}") from error
    except (OSError, zipfile.BadZipFile) as error:
        raise ReplayRefused(f"{order}: cannot be read: {error}") from error


def until_of(text: str | None) -> int | None:
    """The option --until. Raises: ReplayRefused."""
    if text is None:
        return None
    try:
        return parse_us(text)
    except (ValueError, OverflowError) as error:
        raise ReplayRefused(f"--until: expected an ISO 8601 time with Z, found: {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `aralyk-engine`; return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        _replay(given)
    except ReplayRefused as error:
        print(f"aralyk-engine: {error}", file=sys.stderr)
        return EXIT_MISTAKE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="aralyk-engine", description="What an order makes of observations.")
    parser.add_argument("--version", action="version", version=ENGINE_VERSION)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    replay = commands.add_parser("replay", help="print the decisions, one JSON object a line")
    replay.add_argument("order", type=Path, metavar="ORDER.json|BUNDLE")
    replay.add_argument("observations", type=Path, nargs="?", metavar="OBSERVATIONS.jsonl")
    replay.add_argument("--until", metavar="TIME", help="let time pass up to here; leave out what came later")
    replay.add_argument("--set", action="append", default=[], dest="changes", metavar="CONDITION.FIELD=VALUE")
    replay.add_argument("--json", action="store_true", help="as without it: the output is JSON Lines")
    return parser


def _replay(given: argparse.Namespace) -> None:
    until_us = until_of(given.until)
    with opened(given.order, given.observations) as sources:
        order, notes = changed(parse_object(sources.order, sources.order_name), given.changes)
        plan = compiled(order, sources.order_name)
        heard = read_observations(sources.observations, sources.observations_name, plan, until_us)
        outages = read_outages(sources.outages)
    replay = Replay(plan, heard, until_us, outages)
    for decision in replay.decisions():
        print(line_of(decision))
    for note in [*notes, *replay.notes()]:
        print(f"note: {note}", file=sys.stderr)
