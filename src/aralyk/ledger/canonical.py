"""Canonical JSON: one value, one byte string, so that a hash of the bytes is a hash of the value.

Rules (docs/reference/ledger.md): UTF-8 without a byte order mark, keys sorted by code point, "," and ":" without
spaces, only the escapes that JSON demands, integers within ±(2^53 - 1), finite floats in their shortest form, no key
twice. What was stored is hashed as stored and never written again: `parse_strict` reads foreign bytes (log lines),
while `parse_canonical` also demands that writing the value again gives the very same bytes (entries, manifests,
proofs).
"""

import json
import math
from collections.abc import Iterable
from typing import NoReturn

# RFC 7493 (I-JSON) 2.2: beyond this another reader may see another number.
INTEGER_MAX = 2**53 - 1
# Deeper than anything we write; a reader in any language can follow it without running out of stack.
DEPTH_MAX = 32


class CanonicalError(ValueError):
    """Bytes or a value outside canonical JSON; the message names the rule, never the content."""


def canonical_bytes(value: object) -> bytes:
    """Write a value as canonical JSON.

    Args:    value: None, bool, int, finite float, str, list, tuple or dict with str keys, nested at most DEPTH_MAX.
    Returns: The only bytes that `parse_canonical` accepts for this value.
    Raises:  CanonicalError: Another type, NaN or infinity, an integer beyond INTEGER_MAX, a lone surrogate, too deep.
    """
    _check(value, DEPTH_MAX)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("text holds a lone surrogate: it has no UTF-8 form") from error


def parse_strict(data: bytes) -> object:
    """Read JSON that need not be canonical, refusing what two readers could understand differently.

    Raises:  CanonicalError: Not UTF-8, not JSON, a duplicate key, NaN or infinity, nested too deep.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise CanonicalError(f"not JSON in UTF-8 ({type(error).__name__})") from error


def parse_canonical(data: bytes) -> object:
    """Read canonical JSON; the bytes must be exactly those that `canonical_bytes` writes.

    Raises:  CanonicalError: As `parse_strict`, or the same value has another canonical form.
    """
    value = parse_strict(data)
    if canonical_bytes(value) != data:
        raise CanonicalError("JSON, but not in its canonical form")
    return value


def _check(value: object, depth: int) -> None:
    if value is None or isinstance(value, bool | str):
        return
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise CanonicalError("integer beyond 2^53 - 1: write it as text")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise CanonicalError("NaN and infinity have no JSON form")
    else:
        _check_container(value, depth)


def _check_container(value: object, depth: int) -> None:
    if depth == 0:
        raise CanonicalError(f"nested deeper than {DEPTH_MAX}")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise CanonicalError(f"a key is {type(key).__name__}, not text")
        items: Iterable[object] = value.values()
    elif isinstance(value, list | tuple):
        items = value
    else:
        raise CanonicalError(f"{type(value).__name__} has no canonical form")
    for item in items:
        _check(item, depth - 1)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise CanonicalError("an object names the same key twice")
    return unique


def _refuse_constant(name: str) -> NoReturn:
    raise CanonicalError(f"{name} is not JSON")
