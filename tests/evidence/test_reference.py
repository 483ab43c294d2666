"""The written specification names everything that the code knows, and its example is true."""

import re

from aralyk.evidence.kinds import GRAMMAR, Kind
from aralyk.ledger import bundle
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.checks import CHECKS
from tests.conftest import REPOSITORY

LEDGER = (REPOSITORY / "docs/reference/ledger.md").read_text(encoding="utf-8")
BUNDLE = (REPOSITORY / "docs/reference/bundle.md").read_text(encoding="utf-8")


def test_each_kind_stands_in_the_reference_with_its_subject_and_data() -> None:
    rows = [line for line in LEDGER.splitlines() if line.startswith("| `")]
    for kind in Kind:
        (row,) = (row for row in rows if f"`{kind}`" in row.split("|")[1])
        assert f"`{GRAMMAR[kind].subject}:<" in row, kind
        assert all(f"`{name}`" in row for name in GRAMMAR[kind].data), kind


def test_each_check_and_each_member_of_the_manifest_stands_in_the_reference() -> None:
    numbers: set[int] = set()
    for first, last in re.findall(r"^\| (\d+)(?:–(\d+))? \|", BUNDLE, re.MULTILINE):
        numbers |= set(range(int(first), int(last or first) + 1))
    assert numbers == {check.number for check in CHECKS}
    assert all(f"`{name}`" in BUNDLE for name in bundle.MANIFEST_FIELDS | bundle.PROOFS_FIELDS)


def test_numbers_are_written_as_the_reference_says() -> None:
    assert canonical_bytes([1.0, 0.1, 1e-7, 10]) == b"[1.0,0.1,1e-07,10]"
