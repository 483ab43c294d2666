"""An honest bundle passes; every bad one is found, by exactly the check that is there for it."""

import random
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.ledger import archive, bundle
from aralyk.ledger.checks import CHECKS, Status
from aralyk.ledger.verification import verify, written_report
from tests.ledger.zoo import KEY, ZOO, Animal, honest


@cache
def honest_bundle() -> bytes:
    return honest().bundle()


def kept() -> bytes:
    (note,) = honest().earlier.values()
    return note


def test_an_honest_bundle_holds_in_every_check() -> None:
    report = verify(honest_bundle(), key=KEY, earlier=kept())
    assert {f.outcome.status for f in report.findings} == {Status.HOLDS}, written_report(report)
    assert [finding.number for finding in report.findings] == list(range(1, len(CHECKS) + 1))
    assert report.holds
    assert "GENUINE: every check holds" in written_report(report)


def test_without_a_key_from_elsewhere_the_report_says_so_loudly() -> None:
    report = verify(honest_bundle())
    assert report.holds
    assert not report.key_trusted
    assert [f.number for f in report.findings if f.outcome.status is Status.NOT_ASKED] == [6, 23]
    assert "SELF-CONSISTENT ONLY" in written_report(report)
    assert "GENUINE: " not in written_report(report)


@pytest.mark.parametrize("animal", ZOO, ids=lambda animal: f"{animal.check}-{animal.story}")
def test_each_bad_bundle_is_found_by_one_check_and_passes_without_it(animal: Animal) -> None:
    file = animal.build()
    report = verify(file, key=KEY, earlier=animal.reader_keeps)
    assert report.failed == (animal.check,), written_report(report)
    assert "NOT GENUINE" in written_report(report)
    weaker = [check for check in CHECKS if check.number != animal.check]
    assert verify(file, key=KEY, earlier=animal.reader_keeps, checks=weaker).holds


def test_every_check_has_a_bundle_that_only_it_finds() -> None:
    assert {animal.check for animal in ZOO} == {check.number for check in CHECKS}


def test_a_bundle_is_the_same_bytes_each_time() -> None:
    assert honest().bundle() == honest_bundle()


def test_no_report_quotes_a_place() -> None:
    for animal in ZOO:
        text = written_report(verify(animal.build(), key=KEY, earlier=animal.reader_keeps))
        assert "42.87" not in text, animal.story
        assert "74.6" not in text, animal.story


def find_flips(places: range) -> None:
    file = honest_bundle()
    chance = random.Random(places.start)
    for place in places:
        flipped = bytearray(file)
        flipped[place] ^= 1 << chance.randrange(8)
        assert not verify(bytes(flipped), key=KEY).holds, f"byte {place} of {len(file)}"


def test_a_flipped_bit_is_found_in_a_sample_of_all_places() -> None:
    find_flips(range(0, len(honest_bundle()), 23))


def test_a_flipped_bit_is_found_at_every_place_outside_the_members() -> None:
    """Headers, names, the directory: where a checker that only reads members would look away."""
    file = honest_bundle()
    members = sorted(archive.read_members(file).items())
    inside: set[int] = set()
    at = 0
    for _, data in members:
        at = file.index(data, at)
        inside |= set(range(at, at + len(data)))
        at += len(data)
    for place in sorted(set(range(len(file))) - inside)[::3]:
        flipped = bytearray(file)
        flipped[place] ^= 0x01
        assert not verify(bytes(flipped), key=KEY).holds, f"byte {place}"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_a_flipped_bit_is_found_at_every_place(part: int) -> None:
    find_flips(range(part, len(honest_bundle()), 8))


@given(st.binary(max_size=400))
def test_any_bytes_give_a_report_that_fails(data: bytes) -> None:
    assert not verify(data, key=KEY).holds


@given(st.data())
def test_any_damage_gives_a_report_that_fails_and_never_a_crash(draw: st.DataObject) -> None:
    file = honest_bundle()
    start = draw.draw(st.integers(0, len(file) - 1))
    end = draw.draw(st.integers(start, min(len(file), start + 300)))
    replaced = draw.draw(st.binary(max_size=300))
    damaged = file[:start] + replaced + file[end:]
    if damaged != file:
        assert not verify(damaged, key=KEY, earlier=kept()).holds


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_members_that_are_json_of_any_form_give_a_report_that_fails(draw: st.DataObject) -> None:
    """Deeper than flipped bits: well-formed documents with the wrong things in them."""
    import json

    members = dict(archive.read_members(honest_bundle()))
    name = draw.draw(st.sampled_from([n for n in sorted(members) if n.endswith(".json")]))
    value = json.loads(members[name])
    field = draw.draw(st.sampled_from(sorted(value)))
    other = draw.draw(json_values)
    if repr(value[field]) == repr(other):
        return
    value[field] = other
    members[name] = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "replace"
    )
    assert not verify(archive.write_archive(members), key=KEY, earlier=kept()).holds


def test_each_member_but_the_proof_is_listed_in_the_manifest() -> None:
    members = archive.read_members(honest_bundle())
    manifest = bundle.read_object(members[bundle.MANIFEST], "manifest")
    listed = manifest["members"]
    assert isinstance(listed, list)
    assert len(members) - len(listed) == 4
