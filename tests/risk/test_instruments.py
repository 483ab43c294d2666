"""An instrument is data that can't mislead: whole, in every language, and a missing answer in it is never a no."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.people.models import Stated
from aralyk.risk.errors import InstrumentChanged, InstrumentInvalid, InstrumentMissing
from aralyk.risk.instrument import (
    INSTRUMENTS,
    LANGUAGES,
    Instrument,
    Method,
    all_instruments,
    instrument_on,
    instruments_on,
    read_instrument,
    read_instruments,
    version_used,
)
from aralyk.risk.levels import Level
from aralyk.risk.reading import Basis, read_answers

TODAY = date(2026, 11, 22)
LAP = instrument_on("lap_screen", on=TODAY)
KG = instrument_on("kg_protocol", on=TODAY)
CHECKLIST = instrument_on("structured_checklist", on=TODAY)


def all_answered(instrument: Instrument, answer: Stated) -> dict[str, Stated]:
    return {item.slug: answer for item in instrument.item}


def height(level: Level | None) -> int:
    assert level is not None
    return level.height


def answers_to(instrument: Instrument) -> st.SearchStrategy[dict[str, Stated]]:
    return st.fixed_dictionaries({item.slug: st.sampled_from(list(Stated)) for item in instrument.item})


def scored(weights: list[int], flags: list[bool]) -> Instrument:
    """The screen with other weights and flags: the rules must hold for any instrument, not for one."""
    from msgspec.structs import replace

    items = tuple(
        replace(item, weight=weight, red_flag=flag) for item, weight, flag in zip(LAP.item, weights, flags, strict=True)
    )
    return replace(LAP, item=items)


INSTRUMENTS_OF_ANY_WEIGHT = st.builds(
    scored,
    st.lists(st.integers(0, 9), min_size=len(LAP.item), max_size=len(LAP.item)),
    st.lists(st.booleans(), min_size=len(LAP.item), max_size=len(LAP.item)),
)


def test_one_red_flag_makes_the_level_high_whatever_else_is_said() -> None:
    for item in LAP.item[:3]:
        reading = read_answers(LAP, {**all_answered(LAP, Stated.NO), item.slug: Stated.YES})
        assert (reading.at_least, reading.basis, reading.red_flags) == (Level.HIGH, Basis.RED_FLAG, (item.slug,))


def test_four_of_the_eight_other_questions_make_the_level_high_and_three_do_not() -> None:
    rest = [item.slug for item in LAP.item[3:]]
    assert len(rest) == 8
    for count, level in ((3, Level.LOW), (4, Level.HIGH)):
        reading = read_answers(LAP, all_answered(LAP, Stated.NO) | dict.fromkeys(rest[:count], Stated.YES))
        assert (reading.score_at_least, reading.at_least, reading.settled) == (count, level, True)
        assert reading.basis is Basis.SCORE


def test_nobody_who_answered_nothing_has_a_low_risk() -> None:
    reading = read_answers(LAP, {})
    assert not reading.settled
    assert (reading.at_least, reading.at_most, len(reading.missing)) == (Level.LOW, Level.HIGH, 11)


@given(INSTRUMENTS_OF_ANY_WEIGHT, st.data())
def test_another_yes_never_lowers_the_level(instrument: Instrument, data: st.DataObject) -> None:
    answers = data.draw(answers_to(instrument))
    changed = data.draw(st.sampled_from([item.slug for item in instrument.item]))
    before, after = read_answers(instrument, answers), read_answers(instrument, {**answers, changed: Stated.YES})
    assert height(after.at_least) >= height(before.at_least)
    assert height(after.at_most) >= height(before.at_most)
    assert (after.score_at_least or 0) >= (before.score_at_least or 0)
    assert (after.score_at_most or 0) >= (before.score_at_most or 0)


@given(INSTRUMENTS_OF_ANY_WEIGHT, st.data())
def test_a_missing_answer_never_counts_as_no(instrument: Instrument, data: st.DataObject) -> None:
    """Whatever the missing answers turn out to be lies within what was said, and the worst of it is said too."""
    answers = data.draw(answers_to(instrument))
    missing = [slug for slug, answer in answers.items() if answer is Stated.UNKNOWN]
    turned_out = answers | {slug: data.draw(st.sampled_from([Stated.YES, Stated.NO])) for slug in missing}
    worst = answers | dict.fromkeys(missing, Stated.YES)
    said, later, at_worst = (read_answers(instrument, given) for given in (answers, turned_out, worst))
    assert said.missing == tuple(item.slug for item in instrument.item if item.slug in missing)
    assert later.settled
    assert at_worst.settled
    assert height(said.at_least) <= height(later.at_least)
    assert said.at_most is at_worst.at_least
    if said.settled:
        assert later.at_least is said.at_least


@given(st.data())
def test_leaving_a_question_out_and_saying_unknown_are_the_same(data: st.DataObject) -> None:
    answers = data.draw(answers_to(LAP))
    said = {slug: answer for slug, answer in answers.items() if answer is not Stated.UNKNOWN}
    assert read_answers(LAP, said) == read_answers(LAP, answers)


@given(st.data())
def test_the_kyrgyz_form_is_unverified_to_its_last_item_and_gives_no_level(data: st.DataObject) -> None:
    assert KG.unverified
    assert all(item.unverified for item in KG.item)
    reading = read_answers(KG, data.draw(answers_to(KG)))
    assert (reading.at_least, reading.at_most, reading.settled) == (None, None, False)


def test_the_checklist_follows_the_order_of_the_five_groups_and_weighs_nothing() -> None:
    assert [group.slug for group in CHECKLIST.group] == ["history", "respondent", "protected", "minors", "aggravating"]
    assert [item.group for item in CHECKLIST.item] == sorted(
        (item.group for item in CHECKLIST.item), key=[group.slug for group in CHECKLIST.group].index
    )
    assert CHECKLIST.method is Method.JUDGEMENT
    assert not any(item.weight or item.red_flag for item in CHECKLIST.item)
    assert read_answers(CHECKLIST, all_answered(CHECKLIST, Stated.YES)).at_least is None


def test_every_instrument_says_whose_it_is_and_what_it_cannot_say_in_every_language() -> None:
    assert {one.slug for one in instruments_on(TODAY)} == {"lap_screen", "kg_protocol", "structured_checklist"}
    for one in all_instruments().values():
        assert len(one.licence) > 40
        for language in LANGUAGES:
            assert one.limits.in_language(language)
            assert language == "en" or one.name.is_draft(language)


def test_no_text_uses_a_banned_word_or_names_the_product() -> None:
    banned = re.compile(
        r"жертв|курмандык|агрессор|дебошир|нарушител|надзор|көзөмөл|семейн\w+ конфликт|чыр\b|aralyk|victim",
        re.IGNORECASE,
    )
    for path in INSTRUMENTS.glob("*.toml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                assert not banned.search(line), f"{path.name}: {line[:80]}"


def test_a_version_that_was_edited_after_use_is_refused() -> None:
    assert version_used(LAP.slug, LAP.version, sha256=LAP.sha256) is LAP
    with pytest.raises(InstrumentChanged):
        version_used(LAP.slug, LAP.version, sha256="0" * 64)
    with pytest.raises(InstrumentMissing):
        version_used(LAP.slug, 99, sha256=LAP.sha256)


def test_the_released_versions_are_the_ones_that_were_released() -> None:
    """An edit of a released file must be a new version: this list only grows."""
    released: Mapping[tuple[str, int], str] = {
        ("kg_protocol", 1): "faebf2a36dc20207",
        ("lap_screen", 1): "c3979b36750da4f2",
        ("structured_checklist", 1): "f4e9828c11842ce1",
    }
    assert {key: one.sha256[:16] for key, one in all_instruments().items()} == released


def test_a_comment_or_another_layout_of_the_file_changes_no_version(tmp_path: Path) -> None:
    text = (INSTRUMENTS / "lap_screen_1.toml").read_text(encoding="utf-8")
    (tmp_path / "lap_screen_1.toml").write_text("# another comment\n\n" + text, encoding="utf-8")
    assert read_instruments(tmp_path)["lap_screen", 1].sha256 == LAP.sha256


@pytest.mark.parametrize(
    ("file", "before", "after", "path"),
    [
        ("lap_screen_1", "version = 1", "version = 2", "slug"),
        ("lap_screen_1", "weight = 1", "weight = -3", ""),
        ("lap_screen_1", 'slug = "follows"', 'slug = "left"', "item"),
        ("lap_screen_1", 'group = "any_four"', 'group = "nowhere"', "group"),
        ("lap_screen_1", "from_score = 0", "from_score = 1", "band"),
        ("lap_screen_1", "from_score = 4", "from_score = 9", "band"),
        ("lap_screen_1", '\nlevel = "high"', '\nlevel = "low"', "band"),
        ("lap_screen_1", 'red_flag_level = "high"', 'red_flag_level = "low"', "red_flag_level"),
        ("lap_screen_1", 'level = "low"', 'level = "none"', ""),
        ("lap_screen_1", 'red_flag_level = "high"\n', "", "red_flag_level"),
        ("lap_screen_1", 'ky = "Бул адам азыр жумушсузбу?", ', "", "item.without_work"),
        ("lap_screen_1", "version = 1", 'version = 1\nsha256 = "00"', "sha256"),
        ("structured_checklist_1", 'group = "history"', 'group = "history"\nweight = 2', "item"),
        ("structured_checklist_1", 'method = "judgement"', 'method = "not_known"', "unverified"),
        ("kg_protocol_1", "unverified = true\nsource", "unverified = false\nsource", "unverified"),
    ],
)
def test_an_instrument_that_could_mislead_is_refused(
    tmp_path: Path, file: str, before: str, after: str, path: str
) -> None:
    text = (INSTRUMENTS / f"{file}.toml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / f"{file}.toml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InstrumentInvalid) as refused:
        read_instrument(tmp_path / f"{file}.toml")
    assert refused.value.path == path
    assert refused.value.file == f"{file}.toml"
