"""The sheet is every page's: what one part of the pages needs must not reach the others."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[2] / "frontend/src/styles"
OF_PARTS = sorted(re.findall(r'@import "\./(\w+)\.css" layer\(pages\)', (STYLES / "main.css").read_text()))
RULE = re.compile(r"([^{}@]+)\{")


@pytest.mark.parametrize("name", OF_PARTS)
def test_a_part_of_the_pages_styles_nothing_by_its_element_alone(name: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (STYLES / f"{name}.css").read_text(), flags=re.DOTALL)
    text = re.sub(r"@[^{;]+[{;]", "", text)
    selectors = [one.strip() for rule in RULE.findall(text) for one in re.split(r",(?![^(]*\))", rule)]
    assert selectors
    without_a_name = [one for one in selectors if not re.search(r"[.#\[]", one)]
    by_element_first = [
        one for one in selectors if re.match(r"(main|form|p|div|section|ul|ol|table|input|a)\b[^.#\[]", one)
    ]
    assert not [*without_a_name, *by_element_first]
