"""Measure every mutation and print the table: the figure with the rule, without it, and whether that is caught."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.mutations.table import MUTATIONS, Mutation

REPOSITORY = Path(__file__).resolve().parents[2]


def measured(mutation: str, figures: Sequence[str]) -> dict[str, float]:
    """The figures of the engine with a mutation (`-`: as it is), measured in a process of its own, in plain Python."""
    path = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])
    command = [sys.executable, "-m", "tests.mutations.measure", mutation, *figures]
    run = subprocess.run(
        command, env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}, cwd=REPOSITORY,
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures_found: dict[str, float] = json.loads(run.stdout)
    return figures_found


def row(mutation: Mutation, whole: float, without: float) -> str:
    """One row of the table."""
    said = "caught" if mutation.holds(whole) and not mutation.holds(without) else "NOT CAUGHT"
    told = (f"`{mutation.name}`", mutation.removes, mutation.figure, mutation.bound, f"{whole:g}", f"{without:g}", said)
    return f"| {' | '.join(told)} |"


def main() -> int:
    """Print the table; 1 if a mutation was not caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(MUTATIONS), metavar="NAME", help="these mutations")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many processes at once")
    given = parser.parse_args()
    chosen = [MUTATIONS[name] for name in given.only or MUTATIONS]
    print(
        "| rule removed | what it is | figure | target | with | without | |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    caught = 0
    with ThreadPoolExecutor(given.jobs) as pool:
        wholes: dict[str, Future[dict[str, float]]] = {}
        withouts = []
        for mutation in chosen:
            if mutation.figure not in wholes:
                wholes[mutation.figure] = pool.submit(measured, "-", [mutation.figure])
            withouts.append(pool.submit(measured, mutation.name, [mutation.figure]))
        for mutation, result in zip(chosen, withouts, strict=True):
            whole, without = wholes[mutation.figure].result()[mutation.figure], result.result()[mutation.figure]
            caught += mutation.holds(whole) and not mutation.holds(without)
            print(row(mutation, whole, without), flush=True)
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
