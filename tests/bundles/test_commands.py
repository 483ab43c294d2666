"""`aralyk export`, `aralyk verify` and `aralyk bench ledger`, as typed at a terminal."""

import json
import zipfile
from pathlib import Path

import pytest

from aralyk.cli import main
from aralyk.evidence.keys import PUBLIC_FILE
from tests.bundles.conftest import Case


def test_an_exported_bundle_verifies_at_the_command_line(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    bundle = tmp_path / "bundle.zip"
    assert main(["export", str(case.number), "-o", str(bundle), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["failed"] == []
    assert summary["bytes_"] == bundle.stat().st_size
    assert main(["verify", str(bundle), "--key", str(tmp_path / PUBLIC_FILE)]) == 0
    assert "GENUINE: every check holds" in capsys.readouterr().out
    bundle.write_bytes(bundle.read_bytes() + b" ")
    assert main(["verify", str(bundle)]) == 1
    assert "NOT GENUINE" in capsys.readouterr().out
    assert main(["export", str(case.incident), "-o", str(tmp_path / "again.zip")]) == 0
    assert "for court and prosecutor only" in capsys.readouterr().out
    for arguments, expected in (
        (["export", "nonsense", "-o", "x"], "INCIDENT: expected"),
        (["export", "999999", "-o", "x"], "found none such"),
        (["export", str(case.number), "-o", "x", "--rendition", "served"], "cannot be made by this version"),
        (["verify", str(tmp_path / "absent.zip")], "No such file"),
        (["verify", str(bundle), "--key", str(bundle)], "key: expected one line"),
    ):
        assert main(arguments) == 2, arguments
        assert expected in capsys.readouterr().err


def test_the_bench_measures_and_prints_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "ledger", "--leaves", "2000", "--stored", "0", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["what"].split()[0] for row in rows] == ["append", "inclusion", "verify", "verify"]
    assert all(row.get("per_s", row.get("p99_ms")) > 0 for row in rows)


def test_an_exported_bundle_is_replayed_as_it_is(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The zip itself and its unpacked folder: every decision of the incident comes out again, byte for byte."""
    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    bundle = tmp_path / "bundle.zip"
    assert main(["export", str(case.number), "-o", str(bundle), "--json"]) == 0
    capsys.readouterr()
    assert main(["replay", str(bundle), "--json"]) == 0
    printed = capsys.readouterr().out
    made = [json.loads(line) for line in printed.splitlines()]
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(tmp_path / "unpacked")
        kept = [json.loads(line) for line in packed.read("decisions.jsonl").splitlines()]
    assert kept
    assert [decision for decision in kept if decision not in made] == []
    assert main(["replay", str(tmp_path / "unpacked"), "--json"]) == 0
    assert capsys.readouterr().out == printed
