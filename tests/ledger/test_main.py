"""The stand-alone program: what it prints and how it ends."""

import json
from pathlib import Path

import pytest

from aralyk.ledger import merkle
from aralyk.ledger.__main__ import main
from tests.ledger.zoo import KEY, ZOO, Forger, honest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.vkey").write_text(KEY.line() + "\n")
    (tmp_path / "honest.zip").write_bytes(honest().bundle())
    (tmp_path / "bad.zip").write_bytes(ZOO[0].build())
    return tmp_path


def test_each_check_is_printed_with_its_number_what_was_expected_and_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(folder / "honest.zip"), "--key", str(folder / "log.vkey")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines if line.startswith("(")] == [f"({n:2})" for n in range(1, 24)]
    assert sum("expected  " in line for line in lines) == sum("found     " in line for line in lines) == 23


def test_a_bad_bundle_ends_with_1_and_names_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder / "bad.zip"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["failed"] == [1]


def test_what_cannot_be_carried_out_ends_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(folder / "absent.zip")]) == 2
    assert main(["verify", str(folder / "honest.zip"), "--key", str(folder / "bad.zip")]) == 2
    assert "key: expected" in capsys.readouterr().err


def write_log(folder: Path, *, rewritten: bool) -> list[str]:
    """Two checkpoints of one log and the path between them, as a witness would be given them."""
    forger: Forger = honest()
    old, new = 5, len(forger.log)
    (folder / "old").write_bytes(forger.sign(old, 20, rewritten=rewritten))
    (folder / "new").write_bytes(forger.sign(new, 40))
    node = merkle.node_reader([merkle.leaf_hash(body) for body in forger.log])
    path = [step.hex() for step in merkle.consistency_proof(old, new, node)]
    (folder / "proof").write_text(json.dumps(path))
    return ["consistency", *(str(folder / name) for name in ("old", "new", "proof")), "--key", str(folder / "log.vkey")]


def test_a_log_that_only_grew_is_consistent_with_what_a_witness_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(write_log(folder, rewritten=False)) == 0
    assert "it is" in capsys.readouterr().out


def test_a_rewritten_past_is_found_by_a_witness(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(write_log(folder, rewritten=True)) == 1
    assert "it is NOT" in capsys.readouterr().out


@pytest.mark.parametrize("broken", ["old", "new", "proof"])
def test_a_broken_file_is_named(folder: Path, capsys: pytest.CaptureFixture[str], broken: str) -> None:
    arguments = write_log(folder, rewritten=False)
    (folder / broken).write_bytes(b"broken")
    assert main(arguments) == 2
    assert f"/{broken}: " in capsys.readouterr().err
