"""A Kazakh order passes the same doors with its own terms, conditions and articles, and no device watches anybody."""

from datetime import timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.actions import do_create_user
from aralyk.access.errors import Code, Refused
from aralyk.access.models import Role, User
from aralyk.access.witness import System
from aralyk.orders.actions import do_issue_order
from aralyk.orders.drafts import ConditionDraft, OrderDraft
from aralyk.orders.models import Threat
from aralyk.orders.queries import article_of, conditions_of, issue_clocks
from aralyk.people.actions import do_register_respondent
from aralyk.people.models import Stated
from tests.conftest import Database
from tests.orders.cast import PASSWORD, STATED, answered, protected

CITY = "almaty_city"


@pytest.fixture
def police(database: Database) -> User:
    return do_create_user(
        System.SETUP, username="police_kz", password=PASSWORD, role=Role.POLICE, agency="police_duty_102",
        districts=(CITY,), display_name="Т. полиция", jurisdiction="KZ",
    )  # fmt: skip


def prescription(by: User, **changed: Any) -> OrderDraft:
    now = clock.now()
    him = do_register_respondent(
        by, name="Синтетический Болат", residence_district=CITY, weapons=Stated.NO, synthetic=True, jurisdiction="KZ"
    )
    values: dict[str, Any] = {
        "number": "ЗП-1", "jurisdiction": "KZ", "legal_basis": "protective_prescription", "respondent": him.pk,
        "protected_persons": (protected(by).pk,), "district": CITY, "threat": Threat.HIGH, "starts_at": now,
        "expires_at": now + timedelta(days=30),
        "conditions": (ConditionDraft(kind="no_contact"), ConditionDraft(kind="no_stalking")),
        "statements": STATED, "reported_at": now - timedelta(hours=2), "established_at": now - timedelta(hours=1),
        "synthetic": True,
    }  # fmt: skip
    return answered(by, OrderDraft(**(values | changed)))


def test_a_prescription_is_issued_for_30_days_on_an_article_that_is_still_to_be_read(police: User) -> None:
    issued = do_issue_order(police, prescription(police))
    found = {condition.kind: article_of(issued, condition) for condition in conditions_of(issued)}
    assert set(found) == {"no_contact", "no_stalking"}
    assert all("245-VIII" in article.act and article.unverified for article in found.values())
    assert issue_clocks(issued) == ()  # no Kazakh term for issuing a prescription was found: none is invented


def test_a_prescription_of_31_days_is_refused(police: User) -> None:
    too_long = prescription(police, expires_at=clock.now() + timedelta(days=31))
    with pytest.raises(Refused) as refused:
        do_issue_order(police, too_long)
    assert refused.value.code is Code.TERM_TOO_LONG


def test_a_ring_round_her_is_refused_because_nothing_may_be_measured(police: User) -> None:
    ring = ConditionDraft(kind="proximity", distance_m=500, warning_m=1200)
    with pytest.raises(Refused) as refused:
        do_issue_order(police, prescription(police, conditions=(ring,)))
    assert refused.value.code is Code.NOT_IN_FORCE


def test_special_requirements_of_two_months_are_refused(police: User) -> None:
    short = prescription(
        police, legal_basis="special_requirements", expires_at=clock.now() + timedelta(days=59)
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        do_issue_order(police, short)
    assert refused.value.code is Code.TERM_TOO_SHORT
