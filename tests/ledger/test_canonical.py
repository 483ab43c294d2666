"""Canonical JSON: one value, one byte string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.ledger.canonical import (
    DEPTH_MAX,
    INTEGER_MAX,
    CanonicalError,
    canonical_bytes,
    parse_canonical,
    parse_strict,
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(values)
def test_a_value_comes_back_from_its_bytes(value: object) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


@given(st.dictionaries(texts, st.integers(0, 9)))
def test_the_order_in_which_keys_were_set_changes_nothing(value: dict[str, int]) -> None:
    assert canonical_bytes(dict(reversed(value.items()))) == canonical_bytes(value)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_give_a_value_or_a_canonical_error(data: bytes) -> None:
    try:
        value = parse_canonical(data)
    except CanonicalError:
        return
    assert canonical_bytes(value) == data


def test_the_bytes_are_those_of_the_written_specification() -> None:
    assert canonical_bytes({"b": [1, 1.5, True, None], "a": "Ош ң"}) == '{"a":"Ош ң","b":[1,1.5,true,null]}'.encode()


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), INTEGER_MAX + 1, -INTEGER_MAX - 1, {1: "x"}, b"x", {1, 2}, "\ud800", {"\ud800": 1}],
)
def test_what_two_readers_could_understand_differently_is_not_written(value: object) -> None:
    with pytest.raises(CanonicalError):
        canonical_bytes(value)


def test_nesting_has_a_limit_for_writers_and_readers() -> None:
    nested: object = 1
    for _ in range(DEPTH_MAX):
        nested = [nested]
    assert parse_canonical(canonical_bytes(nested)) == nested
    with pytest.raises(CanonicalError):
        canonical_bytes([nested])
    with pytest.raises(CanonicalError):
        parse_strict(b"[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [b'{"a":1,"a":2}', b"NaN", b"[Infinity]", b"\xef\xbb\xbf1", b"\xff", b"", b"1 2", b"9" * 5000],
)
def test_ambiguous_json_is_refused(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        parse_canonical(data)


@pytest.mark.parametrize("data", [b'{"b":1,"a":2}', b'{"a": 1}', b'"\\u0041"', b"1.50", b"1E3", b"1\n"])
def test_another_spelling_of_the_same_value_is_json_but_not_canonical(data: bytes) -> None:
    parse_strict(data)
    with pytest.raises(CanonicalError):
        parse_canonical(data)
