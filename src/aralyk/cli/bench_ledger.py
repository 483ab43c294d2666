"""`aralyk bench ledger`: how fast evidence is appended, proven and verified, in memory and through PostgreSQL.

In memory: the pure tree on one core. Through PostgreSQL: entries that are already committed get their leaf indexes,
tiles and checkpoints from the real sequencer, then proofs are read back from the tables. The database is a scratch
one, made for the bench and removed (the embedded server, durable commits); your own is not touched.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

BATCH = 1_000  # leaves in one append: what a second brings at the pilot's load times thirty
SAMPLES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure: how many in how long, or the spread of single ones in milliseconds."""

    what: str
    leaves: int
    count: int
    per_s: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


def bench_ledger(
    leaves: Annotated[int, typer.Option(min=1_000, max=20_000_000, help="Leaves in memory.")] = 1_000_000,
    stored: Annotated[
        int, typer.Option(min=0, max=2_000_000, help="Entries through PostgreSQL; 0: none, no database is made.")
    ] = 100_000,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Measure append, proof and verification of evidence on this machine."""
    if not as_json:
        typer.echo(f"{'what':<34} {'leaves':>10} {'count':>9} {'per s':>11} {'p50 ms':>9} {'p99 ms':>9} {'max ms':>9}")
    for measured in (*_in_memory(leaves), *(_through_postgres(stored) if stored else ())):
        _print(measured, as_json=as_json)
    return 0


def _in_memory(leaves: int) -> Iterator[Measured]:
    from aralyk.ledger import merkle, tiles

    bodies = [f'{{"n":{n}}}'.encode().ljust(300, b" ") for n in range(BATCH)]
    shelf: dict[tuple[int, int], Sequence[bytes]] = {}
    edge = tiles.EMPTY_EDGE
    began_s = time.perf_counter()
    while edge.size < leaves:
        edge, written = tiles.append(edge, [merkle.leaf_hash(body) for body in bodies])
        shelf |= {(tile.level, tile.index): tiles.split_hashes(tile.hashes) for tile in written}
    yield _rate("append in memory (300 B each)", edge.size, edge.size, began_s)
    for level, (_, index, width) in enumerate(tiles.edge_places(edge.size)):
        if width:
            shelf[level, index] = edge.levels[level]
    root, leaf = edge.root(), merkle.leaf_hash(bodies[0])
    places = [n * (edge.size // SAMPLES) // BATCH * BATCH for n in range(SAMPLES)]  # every BATCH-th leaf is bodies[0]

    def prove(index: int) -> list[bytes]:
        node = tiles.node_reader(edge.size, lambda level, tile, width: shelf[level, tile])
        return merkle.inclusion_proof(index, edge.size, node)

    paths = [prove(index) for index in places]
    yield _spread("inclusion proof in memory", edge.size, [_timed(lambda i=index: prove(i)) for index in places])  # type: ignore[misc]
    began_s = time.perf_counter()
    rounds = 20
    for _ in range(rounds):
        for index, path in zip(places, paths, strict=True):
            if not merkle.verify_inclusion(index=index, size=edge.size, leaf=leaf, path=path, root=root):
                raise AssertionError(f"leaf {index} is not proven")
    yield _rate("verify an inclusion proof", edge.size, rounds * SAMPLES, began_s)
    began_s = time.perf_counter()
    hashes = [merkle.leaf_hash(body) for _ in range(100) for body in bodies]
    merkle.root_of_leaf_hashes(hashes)
    yield _rate("verify a whole log (hash, fold)", len(hashes), len(hashes), began_s)


def _through_postgres(count: int) -> Iterator[Measured]:
    """In a scratch embedded server in its own home, removed afterwards."""
    from aralyk.cli import schema
    from aralyk.database import Role
    from aralyk.database.cluster import Cluster

    for variable in (role.variable for role in Role):
        os.environ.pop(variable, None)  # this process only: the bench must not reach the installation's database
    home = Path(tempfile.mkdtemp(prefix="aralyk-bench-"))
    home.chmod(0o755)
    cluster = Cluster(home)
    try:
        with cluster:
            os.environ["DATABASE_URL"] = cluster.url
            schema.bring_up_to_date()
            yield from _stored(home, count)
    finally:
        shutil.rmtree(cluster.location.base)
        shutil.rmtree(home)


def _stored(home: Path, count: int) -> Iterator[Measured]:
    from aralyk import clock
    from aralyk.database import Role, connect
    from aralyk.evidence import tree
    from aralyk.evidence.keys import signing_key
    from aralyk.evidence.kinds import Kind
    from aralyk.evidence.record import record
    from aralyk.jobs.sequencer import Sequencer
    from aralyk.ledger import merkle

    with connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
        began_s = time.perf_counter()
        for n in range(count):
            record(cursor, kind=Kind.SETTINGS, subject=f"process:{n}", by="system:bench", at=clock.now(), data={"n": n})
            if n % BATCH == BATCH - 1:
                connection.commit()
        connection.commit()
        yield _rate("record() through PostgreSQL", count, count, began_s)
    with connect(Role.SEQUENCER, autocommit=True) as connection:
        sequencer = Sequencer(connection, signing_key(home, origin="bench/log"), "bench/log")
        began_s = time.perf_counter()
        while sequencer.run_once(clock.now()):
            pass
        yield _rate("sequence through PostgreSQL", sequencer.size, sequencer.size, began_s)
        with connection.cursor() as cursor:
            size = sequencer.size
            root = tree.stored_edge(cursor).root()
            proofs: list[tuple[int, list[bytes]]] = []

            def prove(index: int) -> None:
                proofs.append((index, tree.inclusion_paths(cursor, indexes=[index], size=size)[index]))

            spread = [_timed(lambda i=n * (size // SAMPLES): prove(i)) for n in range(SAMPLES)]  # type: ignore[misc]
            yield _spread("inclusion proof from tables", size, spread)
            for index, path in proofs:
                row = cursor.execute("SELECT leaf_hash FROM evidence_leaf WHERE leaf_index = %s", (index,)).fetchone()
                if row is None or not merkle.verify_inclusion(
                    index=index, size=size, leaf=bytes(row[0]), path=path, root=root
                ):
                    raise AssertionError(f"leaf {index} is not proven")


def _timed(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1e3


def _rate(what: str, leaves: int, count: int, began_s: float) -> Measured:
    return Measured(what=what, leaves=leaves, count=count, per_s=count / (time.perf_counter() - began_s))


def _spread(what: str, leaves: int, each_ms: Sequence[float]) -> Measured:
    percentiles = statistics.quantiles(each_ms, n=100)
    return Measured(
        what=what,
        leaves=leaves,
        count=len(each_ms),
        p50_ms=percentiles[49],
        p99_ms=percentiles[98],
        max_ms=max(each_ms),
    )


def _print(measured: Measured, *, as_json: bool) -> None:
    if as_json:
        known = {name: value for name, value in asdict(measured).items() if value is not None}
        typer.echo(json.dumps({n: round(v, 3) if isinstance(v, float) else v for n, v in known.items()}))
        return
    spread = [measured.p50_ms, measured.p99_ms, measured.max_ms]
    per_s = "" if measured.per_s is None else f"{measured.per_s:,.0f}"
    typer.echo(
        f"{measured.what:<34} {measured.leaves:>10,} {measured.count:>9,} {per_s:>11} "
        + " ".join(" " * 9 if value is None else f"{value:>9.2f}" for value in spread)
    )
