"""A pack that could mislead is refused whole; each error says file, entry, field, the expected form, what was found."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.jurisdictions.loader import FILE_BYTES_MAX, PACKS, PackInvalid, pack, read_pack
from aralyk.jurisdictions.model import KINDS
from aralyk.jurisdictions.problems import Problem

UNNUMBERED = '(article number not found)"\nknown_from = "press"\nunverified = '
TINY = Path(__file__).parent / "packs" / "XA"
POLICE_ORDER = "police_temporary_order (from 2018-01-01)"
Spoil = Callable[[str, str, str], PackInvalid]


@pytest.fixture
def spoiled(tmp_path: Path) -> Spoil:
    """Replace a text in a file of a copy of the Kyrgyz pack, and read it."""
    return spoiler(PACKS / "KG", tmp_path)


@pytest.fixture
def spoiled_tiny(tmp_path: Path) -> Spoil:
    """The same with the invented country, whose law counts working days."""
    return spoiler(TINY, tmp_path)


def spoiler(pack_folder: Path, tmp_path: Path) -> Spoil:
    def spoil(file: str, old: str, new: str) -> PackInvalid:
        folder = tmp_path / pack_folder.name
        shutil.copytree(pack_folder, folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(PackInvalid) as refused:
            read_pack(folder)
        return refused.value

    return spoil


@pytest.mark.parametrize(
    ("file", "old", "new", "entry", "field", "expected", "found"),
    [
        ("legal_basis.toml", "term = { days_max = 3 }", 'term = { days_max = "3" }',
         POLICE_ORDER, "term.days_max", "whole number, 1 to 3660", "'3'"),
        ("legal_basis.toml", "term = { days_max = 3 }", "term = { days_max = 0 }",
         POLICE_ORDER, "term.days_max", "whole number, 1 to 3660", "0"),
        ("legal_basis.toml", "term = { days_max = 3 }", "term = { days_max = 3, months_max = 1 }",
         POLICE_ORDER, "term", "one of days_max and months_max", "both"),
        ("legal_basis.toml", "term = { days_max = 3 }", "term = { days_max = 3, days_min = 4 }",
         POLICE_ORDER, "term", "a minimum that is not above the maximum", "a longer minimum"),
        ("legal_basis.toml", "valid_until = 2025-10-26", "valid_until = 2025-10-28",
         POLICE_ORDER, "valid_until", "2025-10-26 (the next entry holds from 2025-10-27)", "2025-10-28"),
        ("legal_basis.toml", "valid_until = 2025-10-26", "valid_until = 2025-10-25",
         POLICE_ORDER, "valid_until", "2025-10-26 (the next entry holds from 2025-10-27)", "2025-10-25"),
        ("legal_basis.toml", 'article = "law63_27"', 'article = "law99"',
         POLICE_ORDER, "article", "one of crime_122, ", "law99"),
        ("legal_basis.toml", 'article = "law63_27"', 'article = "law214_court_measure"',
         POLICE_ORDER, "article", "an entry of article.toml that holds from 2018-01-01 to 2025-10-26",
         "law214_court_measure, which holds 2025-10-27 to today"),
        ("legal_basis.toml", 'valid_from = 2018-01-01', 'valid_from = "in spring"',
         "police_temporary_order (from in spring)", "valid_from", "a date (2026-01-31, without quotes)", "'in spring'"),
        ("incident_clock.toml", '"centre", "last"] }]', '"centre"] }]',
         "acknowledged_p1 (from 2018-01-01)", "rounds", "the desk `last` in the last round",
         "duty_unit, supervisor, her_caller, centre"),
        ("incident_clock.toml", "after_s = 60", "after_s = 0",
         "acknowledged_p1 (from 2018-01-01)", "rounds", "a round after 0 s", "0"),
        ("playbook.toml", 'slug = "follow"\ncontact = "device"', 'slug = "follow"\ncontact = "respondent"',
         "moving (from 2018-01-01)", "steps[2].contact",
         "nobody who calls him: the moment of the call would tell where she is", "respondent"),
        ("playbook.toml", 'says = "near"', 'says = "neer"',
         "moving (from 2018-01-01)", "steps[0].says", "one of lost_could_not_reach, ", "neer"),
        ("playbook.toml", 'slug = "call_her_again"', 'slug = "police"',
         "moving (from 2018-01-01)", "steps[3].slug", "another than an earlier step has", "police"),
        ("playbook.toml", 'kinds = ["panic"]', 'kinds = ["panic", "proximity"]',
         "panic (from 2018-01-01)", "kinds", "another than moving has", "proximity"),
        ("article.toml", UNNUMBERED + "true", UNNUMBERED + "false",
         "law63_monitoring_of_temporary_order (from 2025-10-27)", "unverified", "true (no number)", "false"),
        ("sanction.toml", "maximum = 14", "maximum = 6",
         "breach_of_monitoring_arrest (from 2025-10-27)", "maximum", "7 or more", "6"),
        ("condition_kind.toml", "engine = true", "engine = true\nengien = true",
         "proximity (from 2025-10-27)", "engien", "one of the fields slug, ", "another"),
        ("condition_kind.toml", "engine = true", "engine = false",
         "proximity (from 2025-10-27)", "engine", "true exactly where known_by is device", "false"),
        ("condition_kind.toml", 'court_measure = "law214_court_measure"', 'court_measure = "law214"',
         "proximity (from 2025-10-27)", "articles.court_measure", "one of crime_122, ", "law214"),
        ("district.toml", 'within = "bishkek_city"', 'within = "moscow"',
         "bishkek_oktyabrsky (from 2017-04-27)", "within", "one of batken, ", "moscow"),
        ("district.toml", 'within = "bishkek_city"', 'within = "bishkek_oktyabrsky"',
         "bishkek_oktyabrsky (from 2017-04-27)", "within", "a district that is not within this",
         "bishkek_oktyabrsky"),
        ("agency.toml", 'kind = "monitoring_centre"', 'kind = "army"',
         "monitoring_centre (from 2026-01-21)", "kind", "one of child_services, court, ", "'army'"),
        ("agency.toml", 'slug = "monitoring_centre"', 'slug = "Центр"',
         "Центр (from 2026-01-21)", "slug", "a slug (small letters, digits and _; at most 64)", "'Центр'"),
        ("word.toml", 'known_from = "ours"', "",
         "screen_name (from 2018-01-01)", "known_from", "one of inference, official, ", "nothing"),
        ("word.toml", 'ky = "жабыр тарткан адам", ', "",
         "protected_person (from 2018-01-01)", "text", "texts in ru, ky, uz, en, or the language in `missing`",
         "ru, uz, en; missing none; draft ky, uz"),
        ("word.toml", 'en = "protected person"', 'en = ""',
         "protected_person (from 2018-01-01)", "text.en", "text of 1 to 2000 characters", "''"),
        ("word.toml", 'en = "protected person"', 'de = "geschützte Person"',
         "protected_person (from 2018-01-01)", "text.de", "a Text: { ru, ky, kk, uz, en, draft, missing }",
         "another field"),
        ("country.toml", 'timezone = "Asia/Bishkek"', 'timezone = "Asia/Frunze"',
         "", "timezone", "a zone of the tz database", "'Asia/Frunze'"),
        ("country.toml", 'timezone = "Asia/Bishkek"', 'timezone = "Asia"',
         "", "timezone", "a zone of the tz database", "'Asia'"),
        ("country.toml", 'code = "KG"', 'code = "KZ"', "", "code", "the folder's name 'KG'", "'KZ'"),
        ("clock.toml", "hours = 24", "hours = ", "", "", "TOML in UTF-8", "Invalid value"),
        ("clock.toml", "hours = 24", "hours = 24, days = 1",
         "issue_from_established_fact (from 2018-01-01)", "due", "one of hours, days, ", "hours, days"),
        ("clock.toml", "hours = 24", "working_days = 1",
         "issue_from_established_fact (from 2018-01-01)", "due", "a calendar 'offices' in calendar.toml", "none"),
        ("duty.toml", "hours = 72 }", 'hours = 72, ends = "end_of_day" }',
         "reassess_extreme (from 2018-01-01)", "due.ends", "same_time (it counts hours)", "end_of_day"),
        ("duty.toml", 'tells = "child_services"\n', "",
         "notify_child_services (from 2018-01-01)", "tells", "an agency exactly with", "None"),
        ("duty.toml", 'levels = ["extreme"]', 'levels = ["terrible"]',
         "reassess_extreme (from 2018-01-01)", "levels", "one of extreme, high, low, medium", "terrible"),
        ("risk_level.toml", "rank = 2", "rank = 1",
         "high (from 2018-01-01)", "rank", "another than extreme has", "the same"),
        ("register.toml", 'kept_by = "ministry_internal_affairs"', "kept_by = 7",
         "erp (from 2026-01-21)", "kept_by", "a slug", "7"),
    ],
)  # fmt: skip
def test_the_error_names_the_place_and_the_form(
    spoiled: Spoil, file: str, old: str, new: str, entry: str, field: str, expected: str, found: str
) -> None:
    error = spoiled(file, old, new)
    (problem,) = error.problems
    assert (problem.file, problem.entry, problem.field) == (file, entry, field)
    assert expected in problem.expected
    assert found in problem.found
    place = ": ".join(part for part in (file, entry, field) if part)
    assert str(error) == f"{place}: expected {problem.expected}, found {problem.found}"


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "expected"),
    [
        ("sanction.toml", "maximum = 10\n", "", "unverified", "true (no maximum)"),
        ("calendar.toml", "closes = 17:00:00", "closes = 08:00:00", "closes", "later than 09:00:00"),
        ("calendar.toml", "closes = 17:00:00", 'closes = "late"', "closes", "a time of day (09:00:00, without quotes)"),
        ("calendar.toml", '"monday", ', '"lundi", ', "weekdays[0]", "one of friday, monday, "),
        ("calendar.toml", "years_known = [2026]", "years_known = 2026", "years_known", "list of: whole number"),
        ("holiday.toml", "days_off = [2026-10-01,", "days_off = [2019-10-01,", "days_off", "days from 2020-01-01 to"),
        ("holiday.toml", "days_on = [2026-10-10]", "days_on = [2019-12-31]", "days_off", "days from 2020-01-01 to"),
        ("holiday.toml", "days_off = [2026-10-01, 2026-10-02]", "days_off = []", "days_off", "list of: a date"),
        ("clock.toml", "working_days = 3,", "working_days = 3, ahead = true,", "due.ahead", "only hours or days"),
        ("clock.toml", "hours = 24", "hours = 24, moves_to_working_day = true", "due.moves_to_working_day", "false"),
        ("clock.toml", "working_hours = 4", "working_hours = 0", "due.working_hours", "whole number, 1 to 3660"),
        ("clock.toml", 'runs_from = "report_received"', 'runs_from = "spring"', "runs_from", "one of breach, "),
        ("duty.toml", "due = { hours = 48 }\n", "", "repeats", "false (it has no due)"),
        ("duty.toml", 'kind = "notify"', 'kind = "deliver"', "tells", "an agency exactly with the kinds"),
        ("condition_kind.toml", "minimum = 100, maximum = 1000", "minimum = 100, maximum = 10",
         "numbers.distance_m.maximum", "100 or more"),
        ("condition_kind.toml", "minimum = 100, maximum = 1000", 'minimum = "near", maximum = 10',
         "numbers[...].minimum", "number"),
        ("legal_basis.toml", "months_min = 1", "months_min = 1, days_min = 3", "term", "at most one of days_min and"),
        ("legal_basis.toml", "months_min = 1", "months_min = 3", "term", "a minimum that is not above the maximum"),
        ("word.toml", ', missing = ["en"]', "", "text", "texts in ru, en, or the language in `missing`"),
        ("word.toml", 'en = "Monitoring"', 'en = "Monitoring", kk = "Мониторинг"', "text", "texts in ru, en, or the"),
        ("word.toml", 'en = "Monitoring"', 'en = "Monitoring", missing = ["en"]', "text", "texts in ru, en, or the"),
        ("word.toml", 'en = "Monitoring"', 'en = "Monitoring", draft = ["ky"]', "text", "texts in ru, en, or the"),
        ("word.toml", 'en = "Monitoring"', 'en = "Monitoring", draft = ["fr"]', "text.draft[0]", "one of en, kk, ky, "),
        ("country.toml", 'en = "Invented country"', 'ky = "Ойдон чыгарылган өлкө"', "name", "texts in ru, en, or the"),
        ("country.toml", 'languages = ["ru", "en"]', "languages = []", "languages", "list of: one of en, "),
        ("country.toml", 'code = "XA"', "", "code", "text like ^[A-Z]{2}$"),
    ],
)  # fmt: skip
def test_a_rule_between_the_fields_of_an_entry_is_told_with_the_field(
    spoiled_tiny: Spoil, file: str, old: str, new: str, field: str, expected: str
) -> None:
    (problem,) = spoiled_tiny(file, old, new).problems
    assert (problem.file, problem.field) == (file, field)
    assert problem.expected.startswith(expected)


def test_an_incident_has_one_clock_a_milestone_and_never_none(spoiled: Spoil) -> None:
    of_one, of_two = 'milestone = "shown"\npriority = 1', 'milestone = "shown"\npriority = 2'
    problems = spoiled("incident_clock.toml", of_one, of_two).problems
    assert {problem.expected for problem in problems} == {
        "another than shown_p1 has",
        *(f"a clock for shown at priority 1 and threat {threat}" for threat in ("high", "medium", "low")),
    }


def test_two_codes_of_a_table_can_not_have_one_place(spoiled: Spoil) -> None:
    (problem,) = spoiled("statistics_code.toml", "position = 2", "position = 1").problems
    assert (problem.field, problem.found) == ("position", "the same")


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "XA"
    shutil.copytree(TINY, folder)
    (folder / "clock.toml").unlink()
    (folder / "word.toml").write_text('[[word]]\nslug = "a"\nvalid_from = 1\n\n[[wrod]]\n', encoding="utf-8")
    (folder / "sanction.toml").write_text("sanction = 3", encoding="utf-8")
    (folder / "relation.toml").write_bytes(b"\xff")
    article = (folder / "article.toml").read_text(encoding="utf-8")
    (folder / "article.toml").write_text(article.replace('number = "1"', "number = 1", 1), encoding="utf-8")
    with pytest.raises(PackInvalid) as refused:
        read_pack(folder)
    told = {(problem.file, problem.entry, problem.field) for problem in refused.value.problems}
    assert told == {
        ("article.toml", "order (from 2020-01-01)", "number"),
        ("clock.toml", "", ""),
        ("relation.toml", "", ""),
        ("sanction.toml", "", ""),
        ("word.toml", "", ""),
        *(("word.toml", "a (from 1)", field) for field in ("valid_from", "source", "known_from", "unverified", "text")),
    }
    assert Problem(file="clock.toml", expected="a file of this name", found="none") in refused.value.problems


def test_a_malformed_entry_is_told_once_and_not_again_by_each_entry_that_names_it(spoiled: Spoil) -> None:
    error = spoiled("article.toml", 'number = "27"', "number = 27")
    assert [problem.field for problem in error.problems] == ["number"]


def test_a_file_that_is_no_pack_is_not_read_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "XA"
    shutil.copytree(TINY, folder)
    (folder / "word.toml").write_text("#" * (FILE_BYTES_MAX + 1), encoding="utf-8")
    with pytest.raises(PackInvalid, match=r"^word\.toml: expected at most 1000000 bytes, found 1000001 bytes$"):
        read_pack(folder)


def test_values_nested_without_end_are_a_mistake_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "XA"
    shutil.copytree(TINY, folder)
    (folder / "word.toml").write_text("a = " + "[" * 50_000, encoding="utf-8")
    with pytest.raises(PackInvalid, match=r"^word\.toml: expected TOML in UTF-8, found values nested too deeply$"):
        read_pack(folder)


def test_a_country_without_a_pack_is_refused() -> None:
    with pytest.raises(PackInvalid, match="expected one of the packs KG, KZ, found 'ZZ'"):
        pack("ZZ")


@given(
    file=st.sampled_from(["country", *KINDS]),
    cut=st.floats(0, 1),
    insert=st.sampled_from(
        ["", "}", '"', "[]", " = 3\n", "2026-99-99", "-", "[[article]]\n", "x = { y = [1] }\n", "'", "=", "nan", "\n"]
    ),
    dropped=st.integers(0, 40),
)
def test_whatever_is_broken_in_a_pack_the_answer_is_a_list_of_mistakes_and_no_trace(
    tmp_path_factory: pytest.TempPathFactory, file: str, cut: float, insert: str, dropped: int
) -> None:
    folder = tmp_path_factory.mktemp("broken") / "XA"
    shutil.copytree(TINY, folder)
    path = folder / f"{file}.toml"
    text = path.read_text(encoding="utf-8")
    at = int(cut * len(text))
    path.write_text(text[:at] + insert + text[at + dropped :], encoding="utf-8")
    problems: tuple[Problem, ...] = ()
    try:
        law = read_pack(folder)
    except PackInvalid as invalid:
        problems = invalid.problems
    else:
        assert law.country.code == "XA"
    shutil.rmtree(folder)
    assert all(problem.file and problem.expected and problem.found for problem in problems)
