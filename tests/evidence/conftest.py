"""A log with something in it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aralyk.database import Role
from aralyk.evidence.keys import SigningKey, signing_key
from aralyk.evidence.kinds import Kind
from aralyk.evidence.record import EntryId, record
from aralyk.jobs.sequencer import Sequencer
from tests.conftest import Database

ORIGIN = "log.test/aralyk"
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

Write = Callable[..., list[EntryId]]


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key(tmp_path, origin=ORIGIN)


@pytest.fixture
def write(database: Database) -> Write:
    """Commit so many entries, in transactions of 100."""

    def write(count: int, *, kind: Kind = Kind.INCIDENT_NOTED, at: datetime = START) -> list[EntryId]:
        entries = []
        with database.connect(Role.CONSOLE) as connection, connection.cursor() as cursor:
            for number in range(count):
                entries.append(
                    record(cursor, kind=kind, subject=f"incident:{number}", by="user:1", at=at, data={"n": number})
                )
                if number % 100 == 99:
                    connection.commit()
        return entries

    return write


@pytest.fixture
def sequencer(database: Database, key: SigningKey) -> Iterator[Sequencer]:
    with database.connect(Role.SEQUENCER, autocommit=True) as connection:
        yield Sequencer(connection, key, ORIGIN)


@pytest.fixture
def filled(database: Database, write: Write, sequencer: Sequencer) -> Database:
    """300 leaves, one tile of each of two levels, one checkpoint."""
    write(300)
    sequencer.run_once(START + timedelta(seconds=1))
    return database
