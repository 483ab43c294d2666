"""No rule reads a row that is not its own: in the compiled reading nothing would stop it.

A wrong row number reads foreign memory when compiled and, when negative, silently another row when plain. Here every
table refuses it, in a process of its own that reads everything plain.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the guarded reading of some stories."""
    path = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])
    return subprocess.run(
        [sys.executable, "-m", "tests.engine.guarded", *arguments], capture_output=True, text=True, check=False,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": path}, cwd=REPOSITORY, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize("story", ["devices", "orders", "approaches", "silence", "indoors"])
def test_no_row_outside_a_table_is_touched(story: str) -> None:
    done = run(story)
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[-1]) > 50  # decisions: the story told something


def test_the_guard_refuses_a_row_below_and_beyond_a_table() -> None:
    done = run("guard")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["refused", "refused", "read"]
