"""`aralyk pack check` tells a lawyer and an engineer everything that is wrong, and never a trace."""

import shutil
from pathlib import Path

import pytest

from aralyk.cli import main
from aralyk.jurisdictions.loader import PACKS

TINY = Path(__file__).resolve().parents[1] / "jurisdictions" / "packs" / "XA"


def test_the_packs_of_this_version_hold_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "check"]) == 0
    told = capsys.readouterr().out
    assert "KG: " in told
    assert "KZ: " in told
    assert "texts in ky" in told


def test_a_pack_from_any_folder_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "check", str(TINY)]) == 0
    assert capsys.readouterr().out.startswith("XA: 63 entries hold together, 26 unverified\n")


def test_every_mistake_is_a_line_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "XA"
    shutil.copytree(TINY, folder)
    text = (folder / "clock.toml").read_text(encoding="utf-8")
    (folder / "clock.toml").write_text(text.replace("hours = 24", 'hours = "24"'), encoding="utf-8")
    (folder / "form.toml").unlink()
    assert main(["pack", "check", str(folder)]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "clock.toml: issue (from 2020-01-01): due.hours: expected whole number, 0 to 8784, found '24'",
        "form.toml: expected a file of this name, found none",
        "XA: 2 problems",
    ]
    assert shown.err == ""


def test_what_a_lawyer_has_still_to_read_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "check", str(PACKS / "KG"), "--unverified"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("KG/article.toml: law214_court_measure (from 2025-10-27): https://") for line in listed)
    assert not any("offences_70 " in line for line in listed)


def test_a_folder_that_is_not_there_is_the_callers_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", "check", str(tmp_path / "none")]) == 2
    assert "folder: expected a folder with a country.toml" in capsys.readouterr().err
