"""Makes frozen values at the speed of the hot path.

A frozen dataclass sets each of its fields through `object.__setattr__`; for a message of 18 fields that takes longer
than reading the record. A draft of the same layout is filled by plain assignments and becomes the value when it is
whole; from then on it is frozen like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
ValueT = TypeVar("ValueT")


def maker_of(cls: Callable[Given, ValueT]) -> Callable[Given, ValueT]:
    """Give a function that makes what `cls` makes, from the same keywords and defaults, about six times as fast.

    Args:
        cls: A frozen dataclass with slots that takes keywords alone, without `__post_init__` and without a base that
            has fields.
    """
    assert isinstance(cls, type)
    assert not hasattr(cls, "__post_init__")
    fields = dataclasses.fields(cls)
    assert cls.__dict__["__slots__"] == tuple(one.name for one in fields)
    names: dict[str, Any] = {
        "_Draft": type(f"_{cls.__name__}Draft", (), {"__slots__": cls.__dict__["__slots__"]}),
        "_Whole": cls,
        "_not_given": object(),
    }
    parameters, fillings = [], []
    for one in fields:
        value = one.name
        if one.default_factory is not dataclasses.MISSING:
            names[f"_make_{one.name}"] = one.default_factory
            parameters.append(f"{one.name}=_not_given")
            value = f"_make_{one.name}() if {one.name} is _not_given else {one.name}"
        elif one.default is not dataclasses.MISSING:
            names[f"_default_{one.name}"] = one.default
            parameters.append(f"{one.name}=_default_{one.name}")
        else:
            parameters.append(one.name)
        fillings.append(f" draft.{one.name} = {value}")
    source = [f"def make(*, {', '.join(parameters)}):", " draft = _Draft()", *fillings,
              " draft.__class__ = _Whole", " return draft"]  # fmt: skip
    exec("\n".join(source), names)
    made: Callable[Given, ValueT] = names["make"]
    return made
