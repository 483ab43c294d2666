"""The mutations fit the engine's source, and the cheapest are measured; `python -m tests.mutations` runs all."""

from __future__ import annotations

import ast
from typing import Final

import pytest

from tests.mutations.__main__ import measured
from tests.mutations.edits import edited
from tests.mutations.figures import FIGURES
from tests.mutations.table import MUTATIONS, Mutation

CHEAP: Final = ("no_jump_filter", "no_swept_way", "no_begin_inside", "no_end")


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_every_mutation_fits_the_engine_and_changes_it(mutation: Mutation) -> None:
    assert mutation.figure in FIGURES
    for module in {edit.module for edit in mutation.edits}:
        assert ast.dump(ast.parse(edited(module, mutation.edits))) != ast.dump(ast.parse(edited(module, ())))


@pytest.mark.parametrize("name", CHEAP)
def test_a_rule_removed_is_noticed(name: str) -> None:
    mutation = MUTATIONS[name]
    assert mutation.holds(measured("-", [mutation.figure])[mutation.figure])
    assert not mutation.holds(measured(name, [mutation.figure])[mutation.figure])
