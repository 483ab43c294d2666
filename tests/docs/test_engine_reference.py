"""The reference of the engine names everything that a decision can say."""

from __future__ import annotations

from pathlib import Path

import pytest

from aralyk.engine import Kind, Phase
from aralyk.engine.reasons import NAMES, NONE

REFERENCE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "engine.md").read_text("utf-8")
KINDS = REFERENCE.split("## Kinds and priorities")[1].split("\n## ")[0]
REASONS = REFERENCE.split("## Reasons")[1].split("\n## ")[0]


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_of_incident_stands_in_the_table_of_kinds(kind: Kind) -> None:
    rows = [line for line in KINDS.splitlines() if line.startswith("|")]
    assert any(f"`{kind}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("phase", Phase)
def test_a_phase_is_explained(phase: Phase) -> None:
    assert f"`{phase}`" in KINDS


@pytest.mark.parametrize("reason", [name for code, name in enumerate(NAMES) if code != NONE])
def test_a_reason_is_explained(reason: str) -> None:
    assert any(f"`{reason}`" in row.split("|")[1] for row in REASONS.splitlines() if row.startswith("|"))
