"""What is made from the model is what is committed."""

import json
import tomllib
from pathlib import Path

import pytest

from aralyk.jurisdictions.loader import PACKS, available
from aralyk.jurisdictions.model import KINDS, Entry
from aralyk.jurisdictions.reference import SCHEMA, reference_page, schema, schema_text

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_schema_is_what_the_model_says() -> None:
    made = "run: python -m aralyk.jurisdictions.reference schema > src/aralyk/jurisdictions/packs/schema.json"
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), made


def test_the_reference_page_is_what_the_model_says() -> None:
    page = REPOSITORY / "docs" / "reference" / "jurisdiction-pack.md"
    made = "run: python -m aralyk.jurisdictions.reference page > docs/reference/jurisdiction-pack.md"
    assert page.read_text(encoding="utf-8") == reference_page(), made


def test_every_field_but_names_and_values_says_what_it_is_for() -> None:
    silent = {
        f"{kind}.{field}"
        for kind in ["Country", *(kind.__name__ for kind, _ in KINDS.values())]
        for field, form in schema()["$defs"][kind]["properties"].items()
        if "description" not in form and field not in {"name", "text", "subject", "term", "due"}
    }
    assert silent == set()
    assert all((kind.__doc__ or "").strip() for kind, _ in KINDS.values())


@pytest.mark.parametrize("code", available())
def test_each_file_names_the_schema_that_describes_it(code: str) -> None:
    named = {"country", *KINDS}
    for path in (PACKS / code).glob("*.toml"):
        if path.stem in named:
            assert path.read_text(encoding="utf-8").startswith("#:schema ../schema.json\n")
            properties = json.loads(SCHEMA.read_text(encoding="utf-8"))["oneOf"][1]["properties"]
            assert set(tomllib.loads(path.read_text(encoding="utf-8"))) <= set(properties) or path.stem == "country"


def test_every_kind_names_what_its_references_lead_to() -> None:
    assert Entry.references == {}
    for kind, _ in KINDS.values():
        assert set(kind.references) <= set(kind.__struct_fields__)
        assert set(kind.references.values()) <= set(KINDS)
