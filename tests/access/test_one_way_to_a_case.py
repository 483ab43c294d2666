"""What hangs on an order is fetched by `seen_by` or its SQL twin: a filter by district forgets what is closed."""

from __future__ import annotations

import ast
from pathlib import Path

import aralyk

SOURCE = Path(aralyk.__file__).parent
# Where a district alone decides, and why that is right.
BY_DISTRICT = {
    "people/queries.py": "where a respondent lives, besides the orders; what is closed is taken out beside it",
    "risk/actions.py": "which protected persons may be put beside a respondent who was already found open",
    "reports/queries.py": "a report stands in a district and in no order; what is closed is taken out beside it",
    "quarantine/queries.py": "who sees every district; frames of closed cases are taken out beside it",
    "api/routes.py": "says to a person which districts are theirs",
    "people/actions.py": "protected persons of a report, or just registered; what is closed is taken out beside it",
    "console/views/report_taking.py": "which district an empty form proposes",
    "roster/queries.py": "a desk stands in a district and in no order: there is no case in it",
    "access/permissions.py": "the definition",
}


def test_nothing_is_fetched_by_its_district_alone() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if path.parts[-2] != "monitor"  # its own `districts_of` asks no person's permission
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"in_districts", "districts_of"}
    }
    assert found == set(BY_DISTRICT)
