"""A process says that it works by a file; where that can't be written the old one stays and the work goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path

from aralyk.clock import heartbeat


def test_a_sign_of_life_is_whole_and_names_its_process(tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, "courier", {"waiting": 3})
    told = json.loads((tmp_path / "run" / "courier.heartbeat").read_text(encoding="utf-8"))
    assert (told["pid"], told["detail"]) == (os.getpid(), {"waiting": 3})
    assert told["at"].endswith("Z")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["courier.heartbeat"]


def test_where_nothing_can_be_written_the_old_sign_stays_to_age_and_the_process_goes_on(tmp_path: Path) -> None:
    heartbeat.beat(tmp_path, "console", {"pages": 1})
    (tmp_path / "run" / "console.heartbeat.partial").mkdir()  # as a full disk: the new one can't be laid beside it
    before = (tmp_path / "run" / "console.heartbeat").read_bytes()
    heartbeat.beat(tmp_path, "console", {"pages": 2})
    assert (tmp_path / "run" / "console.heartbeat").read_bytes() == before
