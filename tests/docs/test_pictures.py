"""The pictures of detection.md come from the real engine: they can be drawn, and show the decisions they speak of."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

EXPLANATION = Path(__file__).resolve().parents[2] / "docs" / "explanation"
SHOWN = {
    "ageing": {"became_active", "probable_inside"},
    "approach": {"approaching", "inside_warning_ring", "probable_inside"},
    "swept": {"crossed_between_fixes"},
    "reachable": {"no_contact", "possible_since", "no_better_fix"},
    "passing": {"passing_through", "probable_inside", "clear_evidence"},
    "episode": {"approaching", "inside_warning_ring", "probable_inside", "clear_evidence"},
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that draws them."""
    spec = importlib.util.spec_from_file_location("make_pictures", EXPLANATION / "make_pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_shows_the_decisions_that_it_explains(script: ModuleType, name: str) -> None:
    drawn = script.PICTURES[name]()
    assert drawn.reasons >= SHOWN[name]
    ElementTree.fromstring(drawn.svg)
    assert script.PICTURES[name]().svg == drawn.svg


def test_every_picture_is_kept_and_shown_on_the_page(script: ModuleType) -> None:
    assert set(script.PICTURES) == set(SHOWN)
    page = (EXPLANATION / "detection.md").read_text("utf-8")
    for name in SHOWN:
        assert (EXPLANATION / "pictures" / f"{name}.svg").is_file()
        assert f"(pictures/{name}.svg)" in page
