"""The command line lists what works and nothing else, and says clearly what was wrong with a call."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib

import pytest

from aralyk.cli import COMMANDS, main
from tests.conftest import REPOSITORY

NOT_BUILT_YET = {"import", "backup", "restore", "map"}


def test_help_lists_no_command_that_is_not_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")}
    assert {"up", "demo", "doctor", "migrate"} <= listed
    assert not listed & NOT_BUILT_YET


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert importlib.util.find_spec(f"aralyk.cli.{COMMANDS[name].module}") is not None
    assert main([*name.split(), "--help"]) == 0
    assert f"Usage: aralyk {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["restore"], ["bench"], ["up", "--colour", "red"], ["demo", "--speed", "fast"]])
def test_a_wrong_call_ends_with_2_and_words_on_standard_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err != ""


def test_the_home_can_stand_before_any_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARALYK_HOME", "elsewhere")
    monkeypatch.delenv("DATABASE_URL")
    assert main(["--home", "/nonexistent/home", "doctor"]) == 1
    assert "no database in /nonexistent/home" in capsys.readouterr().out


def test_a_speed_that_the_city_cannot_keep_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--speed", "61"]) == 2
    assert "--speed: expected 1 to 60, found 61" in capsys.readouterr().err


def test_help_loads_none_of_the_heavy_parts() -> None:
    program = (
        "import sys; from aralyk.cli import main; main(['--help']);"
        "heavy = {'django', 'numba', 'numpy', 'psycopg', 'typer', 'shapely'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("aralyk") is None or not _installed():
        pytest.skip("the package is not installed here, only on the path")
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"aralyk {version}\n"


def _installed() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version("aralyk")
    except PackageNotFoundError:
        return False
    return True
