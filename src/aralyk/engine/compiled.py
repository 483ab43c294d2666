"""One source, two readings: each kernel function is plain Python that Numba also compiles.

`kernel` marks a scalar function of the hot path; `entry` marks the few functions that Python calls.
With the environment variable NUMBA_DISABLE_JIT=1 (Numba's own switch) everything runs as plain Python,
which is how the tests compare both readings; a single function's plain form is its `py_func`.

Numba's cache looks only at the file of the function it caches and would serve stale machine code after
a change in another module, so only entries are cached and each carries a fingerprint of every kernel
function and of every constant they name. No fastmath, no parallel, no contraction: equal bytes everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

import numba as _typed_numba
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

numba: Any = _typed_numba
"""Its own types know neither the switches used here nor a kernel's arguments: this module is the border."""

IS_PLAIN: bool = bool(numba.config.DISABLE_JIT)

_sources: list[FunctionType] = []
_layouts: list[str] = []


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a scalar rule; it stays callable (and readable) as plain Python."""
    _sources.append(cast(FunctionType, function))
    # No wrapper for Python (only entries are called from there) and no reference counting (no kernel makes an array).
    made = numba.njit(error_model="numpy", nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)
    return cast(Callable[P, R], _without_literals(made(function)))


def entry(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that Python calls, cached on disk under the fingerprint of all kernel functions."""
    _sources.append(cast(FunctionType, function))
    fingerprint = _fingerprint()

    def stamped(*args: Any) -> Any:
        return fingerprint, args

    # Numba keys its cache by the closure cells too: the bound fingerprint makes a change anywhere a new key.
    bound = _with_cell(cast(FunctionType, function), cast(FunctionType, stamped))
    try:
        return cast(Callable[P, R], numba.njit(error_model="numpy", nogil=True, cache=True)(bound))
    except RuntimeError:  # no writable place for the cache: compile in memory
        return cast(Callable[P, R], numba.njit(error_model="numpy", nogil=True)(function))


def fingerprint_layout(layout: str) -> None:
    """Make a memory layout part of the fingerprint: machine code for another layout would read other fields."""
    _layouts.append(layout)


def plain(function: Callable[P, R]) -> Callable[P, R]:
    """Return the plain Python form of a kernel function (the functions it calls stay as they are)."""
    return cast(Callable[P, R], getattr(function, "py_func", function))


def _without_literals(dispatcher: Any) -> Any:
    """Compile one version per type, not one per constant argument: 21 versions of one rule took a minute."""
    if IS_PLAIN:
        return dispatcher
    original = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        plain_kws = {name: numba.types.unliteral(value) for name, value in kws.items()}
        return original(tuple(numba.types.unliteral(arg) for arg in args), plain_kws)

    dispatcher.get_call_template = get_call_template
    return dispatcher


def _with_cell(function: FunctionType, stamped: FunctionType) -> FunctionType:
    code = function.__code__
    if code.co_freevars:
        raise AssertionError(f"an entry closes over {code.co_freevars}")
    cells = stamped.__closure__
    assert cells is not None
    named = code.replace(co_freevars=stamped.__code__.co_freevars)
    made = FunctionType(named, function.__globals__, function.__name__, function.__defaults__, cells)
    made.__qualname__ = function.__qualname__
    made.__module__ = function.__module__
    made.__doc__ = function.__doc__
    return made


def _fingerprint() -> str:
    seen = hashlib.sha256("\n".join(_layouts).encode())
    for function in _sources:
        code = function.__code__
        seen.update(repr((function.__module__, code.co_name, code.co_varnames, code.co_names)).encode())
        seen.update(code.co_code)
        seen.update(repr(code.co_consts).encode())
        for name in code.co_names:
            seen.update(_constant_bytes(function.__globals__.get(name)))
    return seen.hexdigest()


def _constant_bytes(value: object) -> bytes:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, (int, float, str, tuple)):
        return repr(value).encode()
    return b""
