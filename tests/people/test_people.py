"""Respondents are registered by police of their district; unknown is never "no"."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.people.actions import do_register_protected_person, do_register_respondent
from aralyk.people.models import Respondent, Stated
from aralyk.people.protected import do_add_child
from aralyk.people.queries import respondent_for, respondents_for
from aralyk.people.vault import SealedName
from aralyk.people.words import LivesWith, RoleOfChild
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HERE, Cast, order, protected, respondent, witnesses


def test_a_respondent_is_registered_with_one_witness_that_does_not_name_him(database: Database, roles: Cast) -> None:
    before = len(witnesses(database))
    made = do_register_respondent(roles.police, name="Синтетический Бакыт", residence_district=HERE)
    assert Respondent.objects.get(pk=made.pk).weapons == Stated.UNKNOWN
    ((kind, subject, by, data),) = witnesses(database)[before:]
    assert (kind, subject, by) == ("respondent_registered", f"respondent:{made.pk}", f"user:{roles.police.pk}")
    assert "Бакыт" not in str(data)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"language": "xx"}, "language"),
        ({"residence_district": "moscow"}, "residence_district"),
        ({"born_on": clock.now().date() + timedelta(days=2)}, "born_on"),
    ],
)
def test_a_bad_respondent_is_refused_by_naming_its_field(roles: Cast, changed: dict[str, object], field: str) -> None:
    values = {"name": "Синтетический Бакыт", "residence_district": HERE} | changed
    with pytest.raises(Refused) as refused:
        do_register_respondent(roles.police, **values)  # type: ignore[arg-type]
    assert refused.value.fields[0].field == field
    assert Respondent.objects.count() == 0


def test_only_those_who_issue_orders_register_people_and_only_in_their_district(roles: Cast) -> None:
    for user in (roles.operator, roles.probation, roles.prosecutor, roles.administrator):
        with pytest.raises(Refused):
            respondent(user)
    with pytest.raises(NotFound):
        respondent(roles.police, district=ELSEWHERE)


def test_a_respondent_is_seen_where_he_lives_and_where_his_order_is(roles: Cast) -> None:
    case = order(roles.police)
    for user in (roles.police, roles.operator, roles.prosecutor):
        assert respondent_for(user, case.respondent_id) == case.respondent
        assert list(respondents_for(user)) == [case.respondent]
    for user in (roles.police_elsewhere, roles.administrator):
        with pytest.raises(NotFound):
            respondent_for(user, case.respondent_id)


def test_two_who_take_one_code_at_once_do_not_both_get_it_and_nobody_meets_a_failure(
    database: Database, roles: Cast
) -> None:
    protected(roles.police)
    with database.connect(autocommit=False) as other:
        other.execute(
            "INSERT INTO people_protectedperson SELECT (jsonb_populate_record(p, jsonb_build_object("
            "'id', gen_random_uuid(), 'code', 'Б-9'))).* FROM people_protectedperson p LIMIT 1"
        )
        commits = threading.Timer(0.5, other.commit)
        commits.start()
        with pytest.raises(Refused) as refused:
            do_register_protected_person(roles.police, sealed={SealedName.NAME: "Имя"}, code="Б-9")
        commits.join()
    assert refused.value.fields[0].field == "code"


def test_today_is_the_day_of_the_country_and_not_of_greenwich(roles: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    her = order(roles.police).protected_persons.get()
    new_year = datetime(2026, 12, 31, 19, 30, tzinfo=UTC)  # half past one of the first of January in Bishkek
    monkeypatch.setattr(clock, "now", lambda: new_year)
    made = do_register_respondent(
        roles.police, name="Синтетический Бакыт", residence_district=HERE, born_on=date(2027, 1, 1)
    )
    assert made.born_on == date(2027, 1, 1)
    child = do_add_child(
        roles.police, person=her.pk, name="Ребёнок", lives_with=LivesWith.HER, role=RoleOfChild.VICTIM,
        child_of_respondent=Stated.YES, birth_year=2027,
    )  # fmt: skip
    assert child.birth_year == 2027
