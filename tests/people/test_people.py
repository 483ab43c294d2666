"""Respondents are registered by police of their district; unknown is never "no"."""

from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.errors import NotFound, Refused
from aralyk.people.actions import do_register_respondent
from aralyk.people.models import Respondent, Stated
from aralyk.people.queries import respondent_for, respondents_for
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HERE, Cast, order, respondent, witnesses


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
