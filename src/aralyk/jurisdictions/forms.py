"""Says in words what form a field has, from the same JSON Schema that editors check a pack with.

The schema comes from the classes of `model`, so errors, the reference page and the schema can't tell different things.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from aralyk.jurisdictions.model import KINDS, Country
from aralyk.jurisdictions.values import Text

Schema = Mapping[str, Any]
_REF: Final = "#/$defs/"
_SLUG: Final = "^[a-z][a-z0-9_]*$"
_WORDS: Final = {"boolean": "true or false", "null": "nothing"}


@cache
def definitions() -> dict[str, Any]:
    """The JSON Schema of every class of the model, by class name."""
    kinds = [kind for kind, _ in KINDS.values()]
    _, components = msgspec.json.schema_components([*kinds, Country, Text], ref_template=_REF + "{name}")
    return components


def schema_at(name: str, path: Sequence[str]) -> Schema | None:
    """The schema of a field, by the class's name and the names that lead to it; None when the path leaves the schema.

    Args:
        name: Of the class ("LegalBasis").
        path: Names of fields; "[]" stands for an element of a list or a value of a table.
    """
    found: Schema = definitions()[name]
    for step in path:
        found = _one_of(found)
        inner = found.get("items", found.get("additionalProperties")) if step == "[]" else None
        following = inner if step == "[]" else found.get("properties", {}).get(step)
        if not isinstance(following, Mapping):
            return None
        found = following
    return found


def form_of(schema: Schema) -> str:
    """The form in words: "one of court, police", "whole number, 1 to 3660", "list of slugs"."""
    if "$ref" in schema:
        return _form_of_class(str(schema["$ref"]).removeprefix(_REF))
    if "anyOf" in schema:
        return form_of(_one_of(schema))
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return f"list of: {form_of(schema['items'])}" + (", not empty" if schema.get("minItems") else "")
    if kind == "object":
        return f"table of: {form_of(schema['additionalProperties'])}"
    if kind in {"integer", "number"}:
        return ("whole number" if kind == "integer" else "number") + _bounds(schema)
    if kind == "string":
        return _form_of_string(schema)
    return _WORDS.get(str(kind), str(kind))


def _one_of(schema: Schema) -> Schema:
    """The schema itself, behind a reference and behind "or null"."""
    if "anyOf" in schema:
        schema = next(choice for choice in schema["anyOf"] if choice.get("type") != "null")
    if "$ref" in schema:
        found: Schema = definitions()[str(schema["$ref"]).removeprefix(_REF)]
        return found
    return schema


def _form_of_class(name: str) -> str:
    schema = definitions()[name]
    if "enum" in schema:
        return form_of(schema)
    return f"a {name}: {{ {', '.join(schema['properties'])} }}"


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    return "" if least is None else f", {least} or more"


def _form_of_string(schema: Schema) -> str:
    form = {
        "date": "a date (2026-01-31, without quotes)",
        "partial-time": "a time of day (09:00:00, without quotes)",
    }.get(schema.get("format", ""))
    if form:
        return form
    if schema.get("pattern") == _SLUG:
        return f"a slug (small letters, digits and _; at most {schema['maxLength']})"
    if "pattern" in schema:
        return f"text like {schema['pattern']}"
    longest = schema.get("maxLength")
    return "text" if longest is None else f"text of 1 to {longest} characters"
