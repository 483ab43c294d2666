"""The pure engine in its own wheel: built, run by its version without the rest of Aralyk, byte for byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aralyk.cli.engine_wheels import find_wheel
from aralyk.cli.errors import CommandRefused
from aralyk.engine import ENGINE_VERSION
from tests.engine.builders import HERS, HIS, circle, line, order, proximity, still, walk
from tests.engine.test_replay_command import REPOSITORY, published

OLD = "0.9.7"


def built(source: Path, into: Path, version: str) -> Path:
    """Build the wheel of a source tree; its name says the version."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)]
    folder = source / "packaging" / "engine"
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return into / f"aralyk_engine-{version}-py3-none-any.whl"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel of this tree, and that of the same tree under an older version."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel; it is not installed here")
    folder = tmp_path_factory.mktemp("wheels")
    source = folder / "source"
    for part in ("packaging/engine", "src/aralyk/engine"):
        shutil.copytree(REPOSITORY / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "src" / "aralyk" / "__init__.py", source / "src" / "aralyk")
    now = built(source, folder, ENGINE_VERSION)
    version = source / "src" / "aralyk" / "engine" / "version.py"
    version.write_text(version.read_text("utf-8").replace(ENGINE_VERSION, OLD), "utf-8")
    return {ENGINE_VERSION: now, OLD: built(source, folder, OLD)}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle as a directory: he comes to her, and falls silent."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    given = order(proximity(distance_m=800, warning_m=1200), circle(east_m=900))
    (folder / "order.json").write_text(json.dumps(given), "utf-8")
    heard = still(HERS, 0, 60) + walk(HIS, 3, line((2000, 0), (300, 0), 40))
    (folder / "observations.jsonl").write_text("\n".join(map(published, heard)) + "\n", "utf-8")
    return folder


def run(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python, plain: compiling each wheel would take longer than all else here."""
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "XDG_CACHE_HOME": str(cwd / "cache")} | variables
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd)


def replayed(bundle: Path, *options: object) -> subprocess.CompletedProcess[str]:
    """`aralyk replay --json` of this tree."""
    arguments = ["-m", "aralyk.cli", "replay", bundle, "--json", "--until", "2026-11-21T05:00:00Z", *options]
    return run(*arguments, cwd=bundle.parent, PYTHONPATH=str(REPOSITORY / "src"))


def test_the_wheel_has_the_engine_s_version_and_nothing_of_the_platform(wheels: dict[str, Path]) -> None:
    for version, wheel in wheels.items():
        names = zipfile.ZipFile(wheel).namelist()
        metadata = zipfile.ZipFile(wheel).read(f"aralyk_engine-{version}.dist-info/METADATA").decode()
        assert f"\nVersion: {version}\n" in metadata
        needed = {
            line.split(" ")[1].split(">")[0] for line in metadata.splitlines() if line.startswith("Requires-Dist")
        }
        assert needed == {"numpy", "numba", "tzdata"}
        assert "aralyk/engine/rules/handover.py" in names
        assert {name.split("/")[1] for name in names if name.startswith("aralyk/")} == {"__init__.py", "engine"}
        assert not [name for name in names if "__pycache__" in name]


def test_the_wheel_alone_replays_byte_for_byte(wheels: dict[str, Path], bundle: Path) -> None:
    """With the wheel's folder as the only place that has an `aralyk`; imports of anything else of it would fail."""
    expected = replayed(bundle)
    assert expected.returncode == 0, expected.stderr
    assert expected.stdout.count("\n") > 3
    unpacked = bundle.parent / "unpacked"
    zipfile.ZipFile(wheels[ENGINE_VERSION]).extractall(unpacked)
    code = (
        "import sys, aralyk.engine; from aralyk.engine.command import main; "
        "assert aralyk.engine.__file__.startswith(sys.argv[1]); made = main(sys.argv[2:]); "
        "others = [m for m in sys.modules if m.startswith('aralyk.') and not m.startswith('aralyk.engine')]; "
        "assert not others, others; sys.exit(made)"
    )
    given = ["replay", bundle, "--until", "2026-11-21T05:00:00Z"]
    alone = run("-P", "-c", code, unpacked, *given, cwd=bundle.parent, PYTHONPATH=str(unpacked))
    assert (alone.returncode, alone.stderr) == (0, expected.stderr)
    assert alone.stdout == expected.stdout


def test_an_old_version_runs_from_its_wheel(wheels: dict[str, Path], bundle: Path) -> None:
    expected = replayed(bundle).stdout.replace(f'"engine": "{ENGINE_VERSION}"', f'"engine": "{OLD}"')
    done = replayed(bundle, "--engine", OLD, "--engines", wheels[OLD].parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected
    assert OLD in done.stdout


@pytest.mark.parametrize("where", ["in the bundle", "beside it", "in the zip"])
def test_a_wheel_is_found_where_the_bundle_is(wheels: dict[str, Path], bundle: Path, where: str) -> None:
    given = bundle
    if where == "in the zip":
        given = bundle.parent / "bundle.zip"
        with zipfile.ZipFile(given, "w") as packed:
            for path in (*bundle.iterdir(), wheels[OLD]):
                packed.write(path, path.name)
    else:
        shutil.copy(wheels[OLD], bundle if where == "in the bundle" else bundle.parent)
    assert find_wheel(OLD, None, given) == wheels[OLD].read_bytes()
    with pytest.raises(CommandRefused, match=r"9\.9\.9"):
        find_wheel("9.9.9", None, given)


def test_an_old_version_s_refusal_is_passed_on(wheels: dict[str, Path], bundle: Path) -> None:
    done = replayed(bundle, "--engine", OLD, "--engines", wheels[OLD].parent, "--set", "ring.nonsense=1")
    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_a_broken_wheel_is_refused(bundle: Path) -> None:
    (bundle / f"aralyk_engine-{OLD}-py3-none-any.whl").write_bytes(b"no zip")
    done = replayed(bundle, "--engine", OLD)
    assert done.returncode == 2
    assert "cannot be unpacked" in done.stderr
