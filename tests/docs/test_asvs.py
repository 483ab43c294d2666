"""The table of ASVS names only tests and files that exist, and its page is what the table says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.docs.asvs import PAGE, REPOSITORY, page, requirements


@cache
def _functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("one", requirements(), ids=lambda one: str(one["id"]))
def test_what_a_requirement_rests_on_exists(one: dict[str, Any]) -> None:
    assert re.fullmatch(r"V\d{1,2}\.\d{1,2}\.\d{1,2}", one["id"])
    assert one["level"] in (1, 2, 3)
    assert one["about"]
    assert one.get("by") or one.get("gap"), "neither held nor said to be missing"
    for name in one.get("by", ()):
        path, _colons, test = name.partition("::")
        assert (REPOSITORY / path).is_file(), path
        assert not test or test in _functions_of(REPOSITORY / path), name
        assert not path.startswith("tests/") or test.startswith("test_"), f"a test is named by its function: {name}"


def test_a_requirement_is_listed_once_and_the_page_says_what_the_table_says() -> None:
    ids = [one["id"] for one in requirements()]
    assert len(ids) == len(set(ids))
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.docs.asvs > docs/reference/asvs.md"
