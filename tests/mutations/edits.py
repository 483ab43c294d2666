"""Edits of the engine's source at import: another constant, another body of a function, another text."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType

ENGINE = Path(__file__).resolve().parents[2] / "src" / "aralyk" / "engine"


class EditMisses(AssertionError):
    """The engine's source changed: the edit must be written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """Another value of a threshold of `policy`."""

    name: str
    value: str
    module: str = "policy"

    def apply(self, source: str) -> str:
        """The source with the constant's value replaced."""
        tree = ast.parse(source)
        for node in tree.body:
            names = (
                [node.target]
                if isinstance(node, ast.AnnAssign)
                else node.targets
                if isinstance(node, ast.Assign)
                else []
            )
            if any(isinstance(name, ast.Name) and name.id == self.name for name in names):
                assert isinstance(node, ast.AnnAssign | ast.Assign)
                node.value = ast.parse(self.value, mode="eval").body
                return ast.unparse(tree)
        raise EditMisses(f"{self.module}.py assigns no {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Another body of a function."""

    module: str
    function: str
    body: str

    def apply(self, source: str) -> str:
        """The source with the function's body replaced."""
        tree = ast.parse(source)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == self.function:
                node.body = ast.parse(self.body).body
                return ast.unparse(tree)
        raise EditMisses(f"{self.module}.py has no function {self.function}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Another text in place of one that stands exactly once."""

    module: str
    old: str
    new: str

    def apply(self, source: str) -> str:
        """The source with the text replaced."""
        if source.count(self.old) != 1:
            raise EditMisses(f"{self.module}.py has {source.count(self.old)} times, not once: {self.old}")
        return source.replace(self.old, self.new)


Edit = Constant | Body | Text


def edited(module: str, edits: Sequence[Edit]) -> str:
    """The source of a module (`rules.late`) after its edits."""
    source = (ENGINE / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
    for edit in edits:
        if edit.module == module:
            source = edit.apply(source)
    return source


class _Loader(SourceFileLoader):
    source = ""

    def get_code(self, fullname: str) -> CodeType:
        """The edited code; never from or into the cache of byte code."""
        return compile(self.source, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds the edited modules of the engine before anybody else does."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits
        self._modules = {f"aralyk.engine.{edit.module}": edit.module for edit in edits}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        """The spec of an edited module; None leaves a module to the others."""
        if fullname not in self._modules:
            return None
        found = PathFinder.find_spec(fullname, path)
        assert found is not None
        assert found.origin is not None
        loader = _Loader(fullname, found.origin)
        loader.source = edited(self._modules[fullname], self._edits)
        return importlib.util.spec_from_file_location(fullname, found.origin, loader=loader)


def install(edits: Sequence[Edit]) -> None:
    """Let the engine be imported with these edits. It must not have been imported before."""
    assert "aralyk.engine" not in sys.modules, "the engine was imported before its edits"
    if edits:
        sys.meta_path.insert(0, _Finder(edits))
