"""A name is found however it is spelt: Cyrillic or Latin, ё or е, ң or н."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk.people.models import ProtectedPerson
from aralyk.people.names import key_of, words_of
from aralyk.people.queries import find_protected_person, find_respondents, protected_persons_for
from tests.orders.cast import ELSEWHERE, HER_NAME, HER_PHONE, Cast, order, respondent

SPELLINGS = [
    ("Бакыт Асанов", ["Bakyt Asanov", "асанов бакыт", "BAKIT", "Асан"]),
    ("Чыңгыз Өмүралиев", ["Чынгыз Омуралиев", "Chyngyz Omuraliev", "Chingiz"]),
    ("Жаңыл Жумабаева", ["Zhanyl Jumabaeva", "Жаныл"]),
    ("Фёдор Хрущёв", ["Федор Хрущев", "Fedor Khrushchev"]),
    ("Аннa-Мария Филиппова", ["Ана Филипова", "Anna Maria Filippova"]),
    ("Айбек Қасымов", ["Касымов", "Qasymov", "Kasimov"]),
    ("Юлия Щербакова", ["Yuliya Shcherbakova", "Iuliia Shcherbakova"]),
]


@pytest.mark.parametrize(("stored", "asked"), SPELLINGS)
def test_a_name_is_found_by_any_usual_spelling(roles: Cast, stored: str, asked: list[str]) -> None:
    found = respondent(roles.police, name=stored)
    respondent(roles.police, name="Совсем Другой")
    for text in asked:
        assert list(find_respondents(roles.police, text)) == [found], text


@given(name=st.text(max_size=200))
def test_any_text_has_a_key_and_the_same_key_in_capitals_or_twice_folded(name: str) -> None:
    key = key_of(name)
    assert len(key) <= 300
    assert key.isascii()
    assert all(word.strip() for word in words_of(name))


def test_a_search_stays_within_the_districts_and_treats_wildcards_as_letters(roles: Cast) -> None:
    him = respondent(roles.police)
    assert list(find_respondents(roles.police, "Бакыт")) == [him]
    assert list(find_respondents(roles.police_elsewhere, "Бакыт")) == []
    assert list(find_respondents(roles.administrator, "Бакыт")) == []
    assert list(find_respondents(roles.police, "%")) == [him]  # no word in it: the whole list of these districts
    there = respondent(roles.police_elsewhere, district=ELSEWHERE)
    assert set(find_respondents(roles.operator, "бакыт")) == {him, there}


def test_a_protected_person_is_found_by_her_whole_code_alone(roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get()
    assert find_protected_person(roles.police, her.code) == her
    assert find_protected_person(roles.police, f" {her.code.lower()} ") == her
    for text in (HER_NAME, HER_PHONE, her.code[:-1], f"{her.code}X", "%", "", str(her.pk)):
        assert find_protected_person(roles.police, text) is None, text
        assert her.pk not in [found.pk for found in find_respondents(roles.police, text)]
    for user in (roles.police_elsewhere, roles.probation, roles.prosecutor, roles.administrator):
        assert find_protected_person(user, her.code) is None
        assert list(protected_persons_for(user)) == []


def test_whom_one_office_registered_another_does_not_see_before_there_is_an_order(roles: Cast) -> None:
    from tests.orders.cast import protected

    her = protected(roles.police)
    assert find_protected_person(roles.police, her.code) == her
    for user in (roles.police_elsewhere, roles.operator, roles.supervisor):
        assert find_protected_person(user, her.code) is None
    assert ProtectedPerson.objects.count() == 1
