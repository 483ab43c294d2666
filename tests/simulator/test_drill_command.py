"""`aralyk drill` prints the same figures for the same seed, and what it calls wrong can be replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aralyk.cli import main
from aralyk.engine import ENGINE_VERSION

pytest.importorskip("pyarrow", reason="reads the real tracks")

FIELDS = {
    "scenario", "pairs", "true_events", "alerted", "alerted_before_breach", "silent_misses", "false_p1_per_pair_day",
    "incidents_per_pair_day", "precision_p1", "warning_s", "latency_fixes", "seed", "engine", "noise",
}  # fmt: skip
ALL = ("queensland35", "approaches", "pass_by", "motorway", "indoors", "silence", "torment", "ordinary_life",
       "no_device", "handover", "check_ins", "people", "hours", "gadgets", "places", "restless", "expiry")  # fmt: skip


def drilled(capsys: pytest.CaptureFixture[str], shared: Path, *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["drill", *arguments, "--tracks", str(shared / "tracks"), "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_scenario_publishes_the_fields_of_the_interface(capsys: pytest.CaptureFixture[str], shared: Path) -> None:
    lines = drilled(capsys, shared, "--pairs", "8", "--days", "1")
    assert [line["scenario"] for line in lines] == list(ALL)
    for line in lines:
        assert line.keys() >= FIELDS, line["scenario"]
        assert line["pairs"] == 8
        assert line["engine"] == ENGINE_VERSION
        assert line["noise"].startswith("resampled")


def test_none_of_the_35_breaches_of_the_queensland_trial_goes_without_an_alert(
    capsys: pytest.CaptureFixture[str], shared: Path
) -> None:
    (line,) = drilled(capsys, shared, "queensland35", "--seed", "1")
    assert line["true_events"] == 35
    assert {name: row["none"] for name, row in line["by_mode"].items()} == dict.fromkeys(line["by_mode"], 0)
    assert len(line["by_mode"]) == 7


def test_the_same_seed_prints_the_same_bytes_and_another_seed_others(
    capsys: pytest.CaptureFixture[str], shared: Path
) -> None:
    first = drilled(capsys, shared, "approaches", "--pairs", "12", "--seed", "4")
    again = drilled(capsys, shared, "approaches", "--pairs", "12", "--seed", "4")
    other = drilled(capsys, shared, "approaches", "--pairs", "12", "--seed", "5")
    assert first == again
    assert first[0]["warning_by"] != other[0]["warning_by"]


def test_a_case_that_went_wrong_gives_the_same_decisions_in_replay(
    capsys: pytest.CaptureFixture[str], shared: Path, tmp_path: Path
) -> None:
    drilled(capsys, shared, "motorway", "--pairs", "300", "--seed", "1", "--cases", str(tmp_path), "--show-misses", "2")
    cases = sorted(tmp_path.iterdir())
    assert cases, "300 drives along the motorway leave something to look at"
    for case in cases:
        told = [json.loads(line) for line in (case / "VERDICTS.jsonl").read_text().splitlines()]
        until = json.loads((case / "ABOUT.json").read_text())["ends"]
        replay = ["replay", str(case / "ORDER.json"), str(case / "OBSERVATIONS.jsonl"), "--until", until, "--json"]
        assert main(replay) == 0
        replayed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        facts = ("phase", "priority", "kind", "reason")
        assert [[d[f] for f in facts] for d in replayed] == [[d[f] for f in facts] for d in told]


def test_a_wrong_name_or_missing_tracks_end_with_2_and_say_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["drill", "approach"]) == 2
    assert "SCENARIO: expected some of queensland35" in capsys.readouterr().err
    assert main(["drill", "approaches", "--tracks", str(tmp_path)]) == 2
    assert "--noise fitted" in capsys.readouterr().err
    assert main(["drill", "approaches", "--noise", "gaussian"]) == 2
    assert "--noise: expected" in capsys.readouterr().err


def test_without_tracks_the_fitted_noise_is_named_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "queensland35", "--pairs", "7", "--noise", "fitted", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["noise"].startswith("fitted")
