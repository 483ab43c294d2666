"""Device protocols: pure codecs between bytes and messages, one folder each.

A folder with an `__init__` that names its `CODEC` is registered by being there. Each holds its codec, its encoder (the
simulator and the tests speak with it) and a README with the protocol's specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from aralyk.protocols.codec import Codec


@cache
def registry() -> Mapping[str, Codec]:
    """All protocols by name, in alphabetical order.

    Raises:
        AssertionError: A folder without a codec, or one whose codec has another name.
    """
    codecs: dict[str, Codec] = {}
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        if not module.ispkg:
            continue
        codec = getattr(import_module(f"{__name__}.{module.name}"), "CODEC", None)
        if not isinstance(codec, Codec) or codec.name != module.name:
            raise AssertionError(f"protocols/{module.name} must name its CODEC, called like the folder")
        codecs[codec.name] = codec
    return MappingProxyType(codecs)
