"""A job that hangs or fails again and again is noticed: the process falls silent, though its sequencer goes on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aralyk.database import Role
from aralyk.jobs import process
from aralyk.jobs.process import Jobs, Progress
from aralyk.jobs.settings import JobsSettings
from tests.conftest import Database
from tests.platform.waiting import wait_until

SILENT_S = 3 * process.BEAT_S
# For each job a table that a round of it needs, and the sequencer does not.
TABLES = {"upkeep": "live_event", "health": "log_stream", "risk": "risk_riskevent"}


@pytest.fixture
def beat(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The heartbeat of a jobs process that thinks two seconds a long time."""
    monkeypatch.setattr(process, "QUIET_S", 2.0)
    stop = threading.Event()
    settings = JobsSettings(home=tmp_path, upkeep_s=1, health_s=1, risk_s=1)
    thread = threading.Thread(target=Jobs(settings, stop).work)
    thread.start()
    yield tmp_path / "run" / "jobs.heartbeat"
    stop.set()
    thread.join()


def age_s(beat: Path) -> float:
    at = datetime.fromisoformat(json.loads(beat.read_text())["at"])
    return (datetime.now(UTC) - at).total_seconds()


@pytest.mark.parametrize("job", TABLES)
def test_no_heartbeat_is_written_while_one_job_stands_still_and_it_comes_back(
    database: Database, beat: Path, job: str
) -> None:
    wait_until(beat.exists, within_s=30, what="the process lives")
    with database.connect(Role.OWNER) as connection:
        connection.execute(f"LOCK TABLE {TABLES[job]} IN ACCESS EXCLUSIVE MODE")
        wait_until(lambda: age_s(beat) > SILENT_S, within_s=30, what=f"the process is silent while {job} waits")
    wait_until(lambda: age_s(beat) < SILENT_S, within_s=30, what="it speaks again")


def test_a_job_that_never_begins_is_silent_too() -> None:
    progress = Progress({"risk": 10.0, "upkeep": 10.0})
    assert progress.still(time.monotonic()) == []
    assert progress.still(time.monotonic() + 11.0) == ["risk", "upkeep"]
