"""Lock files: every package with its hash, and no address of a registry, in any committed file of that kind."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.conftest import REPOSITORY

LOCKS = sorted((REPOSITORY / "requirements").glob("*.txt"))


def locked(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Version and hashes by name (the first of several by Python version)."""
    found: dict[str, tuple[str, list[str]]] = {}
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        name, _, rest = line.partition("==")
        found.setdefault(name.strip(), (rest.split()[0], re.findall(r"--hash=sha256:([0-9a-f]{64})", rest)))
    return found


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_each_locked_package_has_its_hashes(path: Path) -> None:
    packages = locked(path)
    assert packages
    assert [name for name, (_, hashes) in packages.items() if not hashes] == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_no_lock_names_a_registry(path: Path) -> None:
    assert "://" not in path.read_text(encoding="utf-8")


def test_the_npm_lock_names_no_registry_and_keeps_integrity() -> None:
    lock = json.loads((REPOSITORY / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name and not package.get("link")}
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []


def test_the_lock_satisfies_what_the_project_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [(REPOSITORY / "requirements" / "run.txt", text) for text in project["dependencies"]]
    wanted += [(REPOSITORY / "requirements" / "test.txt", text) for text in project["optional-dependencies"]["dev"]]
    for path, text in wanted:
        requirement = Requirement(text)
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()  # as PEP 503 writes names
        assert name in locked(path), f"{name} is not in {path.name}: make lock"
        assert requirement.specifier.contains(locked(path)[name][0]), f"{text} in {path.name}: make lock"
