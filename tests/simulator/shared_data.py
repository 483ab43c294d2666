"""Finds data that stays outside the project (`../shared`), or skips the test with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def shared_file(name: str) -> Path:
    """The path of a shared file; skips the calling test when it is not on this machine."""
    root = Path(os.environ.get("ARALYK_SHARED", REPOSITORY.parent / "shared"))
    path = root / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine: set ARALYK_SHARED to the folder that holds it")
    return path
