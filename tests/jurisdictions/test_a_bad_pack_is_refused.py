"""A pack that could mislead is refused whole; the error says file, path, expected and found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aralyk.jurisdictions.loader import PACKS, PackInvalid, pack, read_pack

UNNUMBERED = '(article number not found)"\nknown_from = "press"\nunverified = '
Spoil = Callable[[str, str, str], PackInvalid]


@pytest.fixture
def spoiled(tmp_path: Path) -> Spoil:
    """Replace a text in a file of a copy of the Kyrgyz pack, and read it."""

    def spoil(file: str, old: str, new: str) -> PackInvalid:
        folder = tmp_path / "KG"
        shutil.copytree(PACKS / "KG", folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(PackInvalid) as refused:
            read_pack(folder)
        return refused.value

    return spoil


@pytest.mark.parametrize(
    ("file", "old", "new", "path", "expected", "found"),
    [
        ("legal_basis.toml", "term = { days_max = 3 }", 'term = { days_max = "3" }',
         "legal_basis[0].term.days_max", "`int | null`", "`str`"),
        ("legal_basis.toml", "term = { days_max = 3 }", "term = { days_max = 0 }",
         "legal_basis[0].term.days_max", "`int` >= 1", "another value"),
        ("legal_basis.toml", "term = { days_max = 3 }", "term = { days_max = 3, months_max = 1 }",
         "police_temporary_order.term", "one of days_max and months_max", "both"),
        ("legal_basis.toml", "valid_until = 2025-10-26", "valid_until = 2025-10-28",
         "police_temporary_order.valid_until", "a day before 2025-10-27 (the next entry)", "2025-10-28"),
        ("legal_basis.toml", 'article = "law63_27"', 'article = "law99"',
         "police_temporary_order.article", "one of ", "'law99'"),
        ("article.toml", UNNUMBERED + "true", UNNUMBERED + "false",
         "law63_monitoring_of_temporary_order.unverified", "true (no number)", "false"),
        ("condition_kind.toml", "engine = true", "engien = true",
         "condition_kind[0]", "the form of ConditionKind", "Object contains unknown field `engien`"),
        ("district.toml", 'within = "bishkek_city"', 'within = "moscow"',
         "bishkek_oktyabrsky.within", "one of ", "'moscow'"),
        ("agency.toml", 'kind = "monitoring_centre"', 'kind = "army"',
         "agency[0].kind", "the form of Agency", "Invalid enum value 'army'"),
        ("word.toml", 'known_from = "ours"', "", "word[0]", "the form of Word",
         "Object missing required field `known_from`"),
        ("country.toml", 'timezone = "Asia/Bishkek"', 'timezone = "Asia/Frunze"',
         "timezone", "a zone of the tz database", "'Asia/Frunze'"),
        ("word.toml", 'ky = "жабыр тарткан адам", ', "",
         "protected_person.text", "texts in ru, ky, en", "ru, en; draft ky"),
        ("country.toml", 'code = "KG"', 'code = "KZ"', "code", "'KG'", "'KZ'"),
        ("clock.toml", "hours = 24", "hours = ", "", "TOML in UTF-8", "Invalid value"),
    ],
)  # fmt: skip
def test_the_error_names_the_place_and_the_problem(
    spoiled: Spoil, file: str, old: str, new: str, path: str, expected: str, found: str
) -> None:
    error = spoiled(file, old, new)
    assert error.file == file
    assert error.path == path
    assert expected in error.expected
    assert found in error.found
    assert str(error) == f"{error.file}: {error.path}: expected {error.expected}, found {error.found}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "KG"
    shutil.copytree(PACKS / "KG", folder)
    (folder / "clock.toml").unlink()
    with pytest.raises(PackInvalid, match=r"clock\.toml: : expected a file of this name, found none"):
        read_pack(folder)


def test_a_country_without_a_pack_is_refused() -> None:
    with pytest.raises(PackInvalid, match="expected one of the packs KG"):
        pack("ZZ")
