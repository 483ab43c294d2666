"""Writes what follows from the model: the JSON Schema of a pack's files and the reference page.

    python -m aralyk.jurisdictions.reference schema > src/aralyk/jurisdictions/packs/schema.json
    python -m aralyk.jurisdictions.reference page > docs/reference/jurisdiction-pack.md

Tests compare both with what is committed.
"""

from __future__ import annotations

import enum
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from aralyk.jurisdictions import values
from aralyk.jurisdictions.forms import definitions, form_of
from aralyk.jurisdictions.loader import PACKS
from aralyk.jurisdictions.model import KINDS, Country, Entry

SCHEMA: Final[Path] = PACKS / "schema.json"
_VALUES: Final = (values.Text, values.Term, values.Extension, values.Due, values.Range)

_OPENING = """# Jurisdiction pack

Made from the model by `python -m aralyk.jurisdictions.reference page`; a test compares them.

What the law and the offices of one country are, as dated data. Code never holds a term, an article, a clock or an
official word: it asks `pack("KG").legal_basis("police_temporary_order", on=day)`, and gets what held on that day.

A pack is the folder `src/aralyk/jurisdictions/packs/<CODE>/` (ISO 3166-1 alpha-2) with one TOML file for each kind
below; a file with no entries stands there all the same, and says why. It is read once per process and checked whole.
A pack with a mistake is refused, with every mistake at once: file, entry, field, the form that is expected, and what
was found.

```
$ aralyk pack check src/aralyk/jurisdictions/packs/KG
clock.toml: issue_from_report (from 2018-01-01): due.hours: expected whole number, 0 to 8784, found '24'
```

`aralyk pack check` without a folder checks the packs of this version; with `--unverified` it lists what a lawyer has
still to read. `aralyk doctor` checks them too. The same form as JSON Schema, for editors:
`src/aralyk/jurisdictions/packs/schema.json` (each file names it in its first line). How to write one: [add a
country](../how-to/add-a-country.md).

## Time

One slug may have several entries, one after another: a change of law is a new entry with its `valid_from`, and a
`valid_until` on the day before in the old one. Of one slug exactly one entry holds on each day from its first to its
last; overlaps and gaps are refused. An order is judged by the law of its day of issue, so old orders keep theirs.
What an entry names alone (`article`, `within`, `kept_by`) must hold as long as the entry itself; what stands in a
list must exist.

Hours are elapsed hours: 24 are 24, across midnight and a change of the clocks. Days and months are those of the
country's calendar. Terms in working days and hours count by the calendar `offices` and the holidays. In a year that
`years_known` does not name, every day of the working week counts as worked: the due time can only be too early, and
is marked provisional.

## Languages

Every text is in every language of the pack, or names the language in `missing`. `draft` names those that no native
lawyer has reviewed; screens say so. A text never falls back to another language: who asks for a missing one gets an
error, not a translation.

## What the mark *unverified* does

It stands beside the condition on every screen and in the API. An order may rest on it: she is protected today. A form
that accuses may not (`Pack.held_back_by`, `Article.carries_a_protocol`): nobody is charged by an article that nobody
has read. An article without a number, and a sanction without a maximum, is always unverified.

## Packs of this version

**Kyrgyzstan (KG).** Read from public pages; no full statute was read. From an official source: the temporary order (3
days, 30 more at her request, issued within 24 hours of the established fact) and its prohibitions. From the press:
the court measure of Law 214 (up to 3 months, in the pilot 20 days at least), Article 70, the sanctions for breaking
monitoring. Unverified: the article numbers of Law 214, of a breach of a temporary order and of a breach of
monitoring; the police's risk form, its levels but "high"; how often inspectors check; official layouts of papers;
names of some offices; the programme's length. Terms that are ours say so. Curfew and inclusion zone are not in the
pack: no source names a legal basis for them in protection orders.

**Kazakhstan (KZ).** The prescription of 30 days and the special requirements of 3 to 12 months. On 2 March 2026 the
law of 2009 was folded into Law 245-VIII; its article on prescriptions was not read, so what rests on it is unverified
from that day. Electronic monitoring is off on every basis: no plan and no pilot for them was found. Levels of risk
and duties are ours.

## Every entry
"""


def schema() -> dict[str, Any]:
    """The JSON Schema that each file of a pack satisfies, country.toml or tables."""
    tables = {
        name: {"type": "array", "items": {"$ref": f"#/$defs/{kind.__name__}"}} for name, (kind, _) in KINDS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Jurisdiction pack",
        "description": "One file of a jurisdiction pack. What entries say together (dates, references, languages) "
        "is checked by `aralyk pack check`.",
        "oneOf": [
            {"$ref": "#/$defs/Country"},
            {"type": "object", "properties": tables, "additionalProperties": False, "maxProperties": 1},
        ],
        "$defs": dict(sorted(definitions().items())),
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def reference_page() -> str:
    """The whole page, as Markdown."""
    common = set(Entry.__struct_fields__)
    parts = [_OPENING, *_fields("District", only=common), "\n## country.toml\n\n", _first_line(Country), "\n"]
    parts += _fields("Country")
    for name, (kind, _) in KINDS.items():
        parts += [f"\n## {name}.toml\n\n", _first_line(kind), "\n", *_fields(kind.__name__, without=common)]
    parts.append("\n## Values\n")
    for value in _VALUES:
        parts += [f"\n### {value.__name__}\n\n", _first_line(value), "\n", *_fields(value.__name__)]
    parts += ["\n## Closed words\n\nCode acts on these, so a new one needs code.\n\n", *_words()]
    return "".join(parts)


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0] + "\n"


def _fields(name: str, *, only: set[str] | None = None, without: set[str] | None = None) -> Iterator[str]:
    definition = definitions()[name]
    yield "| field | form | meaning |\n|---|---|---|\n"
    for field, form in definition["properties"].items():
        if (only is None or field in only) and field not in (without or set()):
            needed = "" if field in definition.get("required", ()) else "; optional"
            yield f"| `{field}` | {_cell(_short(form))}{needed} | {_cell(form.get('description', ''))} |\n"


def _short(form: Mapping[str, Any]) -> str:
    """The form, with a value's or closed word's name in place of all that it may hold."""
    named = form.get("$ref") or next((choice["$ref"] for choice in form.get("anyOf", ()) if "$ref" in choice), None)
    if named is not None:
        return str(named).rpartition("/")[2]
    if form.get("type") == "array" and "$ref" in form["items"]:
        return f"list of {str(form['items']['$ref']).rpartition('/')[2]}"
    return form_of(form)


def _words() -> Iterator[str]:
    yield "| word | values | meaning |\n|---|---|---|\n"
    words = [kind for _, kind in inspect.getmembers(values, inspect.isclass) if issubclass(kind, enum.StrEnum)]
    for word in words:
        if word is not enum.StrEnum:
            listed = ", ".join(f"`{value}`" for value in word)
            yield f"| {word.__name__} | {listed} | {_cell((inspect.getdoc(word) or '').splitlines()[0])} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    outputs: dict[str, Callable[[], str]] = {"schema": schema_text, "page": reference_page}
    if len(sys.argv) != 2 or sys.argv[1] not in outputs:
        sys.exit("usage: python -m aralyk.jurisdictions.reference schema|page")
    print(outputs[sys.argv[1]](), end="")
