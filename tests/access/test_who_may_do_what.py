"""Accounts and the permission table: who sees what, who may do what, and who can't even learn that it exists."""

import pytest
from django.contrib.auth import authenticate

from aralyk.access.actions import do_change_user, do_create_user, do_set_language, do_set_password
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.access.permissions import GRANTS, May, allows, districts_of, sees_district
from aralyk.access.queries import user_for, users_for
from aralyk.access.sentences import SENTENCES, sentence_of
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, HERE, PASSWORD, Cast, witnesses

MATRIX = {
    Role.OPERATOR: {"see_cases", "see_protected_place", "watch", "answer_incidents", "close_incidents",
                    "look_into_vault", "command_devices", "read_quarantine", "see_risk_level", "confirm_access",
                    "read_roster", "read_risk_list", "take_her_word"},
    Role.SUPERVISOR: {"see_cases", "see_protected_place", "watch", "answer_incidents", "close_incidents",
                      "look_into_vault", "manage_devices", "export_bundles", "command_devices", "write_to_respondent",
                      "read_quarantine", "release_frames", "see_risk_level", "give_access", "confirm_access",
                      "review_access", "record_conflicts", "review_accounts", "confirm_vault_looks", "oversee_duties",
                      "confirm_orders", "read_cuts", "settle_looks", "read_roster", "keep_roster",
                      "read_risk_list", "declare_outages", "sign_digests", "read_figures", "take_her_word"},
    Role.POLICE: {"confirm_vault_looks", "keep_people",
                  "see_cases", "answer_incidents", "issue_orders", "look_into_vault", "see_risk_level", "read_risk",
                  "assess_risk", "confirm_risk", "give_access", "break_glass", "confirm_access", "take_reports",
                  "read_reports", "decide_reports", "make_papers", "read_sealed_papers", "exchange_register",
                  "confirm_orders", "accept_incidents", "read_roster", "read_risk_list", "make_checks"},
    Role.PROBATION: {"command_devices", "see_cases", "manage_devices", "see_risk_level", "break_glass"},
    Role.PROSECUTOR: {"watch_vault",
                      "see_cases", "export_bundles", "see_risk_level", "read_risk", "break_glass", "confirm_access",
                      "review_access", "record_conflicts", "read_reports", "read_sealed_papers", "oversee_duties",
                      "read_cuts", "oversee_legality", "read_roster", "read_risk_list", "read_figures"},
    Role.DUTY_UNIT: {"see_cases", "answer_incidents", "look_into_vault", "see_risk_level", "break_glass",
                     "confirm_access", "take_reports", "read_reports", "accept_incidents", "read_roster",
                     "keep_roster", "read_risk_list", "make_checks"},
    Role.JUVENILE_OFFICER: {"keep_people", "see_cases", "look_into_vault", "see_risk_level", "read_risk", "assess_risk",
                            "break_glass", "take_reports", "read_reports", "decide_reports"},
    Role.COURT: {"see_cases", "export_bundles", "see_risk_level", "read_risk", "give_access", "issue_orders",
                 "confirm_orders", "make_papers",
                 "read_sealed_papers"},
    Role.CRISIS_CENTRE: {"see_cases", "see_risk_level", "take_reports"},
    Role.LABOUR_MINISTRY: {"see_cases"},
    Role.OMBUDSMAN: {"see_cases", "see_risk_level", "read_risk", "read_figures"},
    Role.ANALYST: {"read_figures"},
    Role.DEFENCE_LAWYER: set(),
    Role.ADMINISTRATOR: {"manage_users", "review_accounts", "watch_vault"},
}  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_a_role_holds_exactly_these_permissions(role: Role) -> None:
    user = User(role=role)
    assert {may.value for may in May if allows(user, may)} == MATRIX[role]
    assert set(GRANTS) == set(MATRIX)


@pytest.mark.parametrize("role", Role)
def test_a_disabled_account_may_do_nothing_and_sees_no_district(role: Role) -> None:
    user = User(role=role, districts=[HERE], is_active=False)
    assert not any(allows(user, may) for may in May)
    assert districts_of(user) == frozenset()


@pytest.mark.parametrize(
    ("role", "districts", "sees"),
    [
        (Role.OPERATOR, [], None),
        (Role.SUPERVISOR, [], None),
        (Role.POLICE, [HERE], {HERE}),
        (Role.POLICE, [], set()),
        (Role.PROBATION, [HERE], {HERE}),
        (Role.PROSECUTOR, [HERE], {HERE}),
        (Role.PROSECUTOR, [], None),
        (Role.COURT, [HERE], {HERE}),
        (Role.CRISIS_CENTRE, [HERE], set()),
        (Role.OMBUDSMAN, [], set()),
        (Role.DEFENCE_LAWYER, [HERE], set()),
        (Role.ADMINISTRATOR, [HERE], set()),
    ],
)
def test_what_districts_a_role_sees(role: Role, districts: list[str], sees: set[str] | None) -> None:
    user = User(role=role, districts=districts)
    assert districts_of(user) == sees
    assert sees_district(user, ELSEWHERE) == (sees is None)


def test_an_account_is_made_by_an_administrator_with_one_witness_and_without_its_name_in_evidence(
    database: Database, roles: Cast
) -> None:
    before = len(witnesses(database))
    made = do_create_user(
        roles.administrator, username="Айзада.О", password=PASSWORD, role=Role.OPERATOR, agency="monitoring_centre",
        display_name="Айзада О.",
    )  # fmt: skip
    ((kind, subject, by, data),) = witnesses(database)[before:]
    assert (kind, subject, by) == ("user_changed", f"user:{made.pk}", f"user:{roles.administrator.pk}")
    assert data["act"] == "created"
    assert "Айзада" not in str(data)
    assert made.password.startswith("argon2")
    assert made.agency is not None
    assert made.agency.name_ky == "Юстиция министрлигинин мониторинг борбору"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"password": "12345"}, "password"),
        ({"password": "operator-two"}, "password"),
        ({"districts": ["moscow"]}, "districts[0]"),
        ({"agency": "army"}, "agency"),
        ({"language": "fr"}, "language"),
        ({"username": "with space"}, "username"),
        ({"username": "operator"}, "username"),
        ({"display_name": "a\x00b"}, "display_name"),
        ({"display_name": "д" * 121}, "display_name"),
    ],
)
def test_a_bad_account_is_refused_by_naming_its_field(roles: Cast, changed: dict[str, object], field: str) -> None:
    values = {"username": "operator-two", "password": PASSWORD, "role": Role.OPERATOR} | changed
    before = User.objects.count()
    with pytest.raises(Refused) as refused:
        do_create_user(roles.administrator, **values)  # type: ignore[arg-type]
    assert refused.value.fields[0].field == field
    assert User.objects.count() == before


def test_nobody_but_an_administrator_makes_or_lists_accounts(roles: Cast) -> None:
    for user in (roles.operator, roles.supervisor, roles.police, roles.probation, roles.prosecutor):
        with pytest.raises(Refused) as refused:
            do_create_user(user, username="friend", password=PASSWORD, role=Role.SUPERVISOR)
        assert refused.value.code is Code.NOT_PERMITTED
        assert list(users_for(user)) == [user]
        with pytest.raises(NotFound):
            user_for(user, roles.administrator.pk)
    assert users_for(roles.administrator).count() == 7


def test_a_disabled_account_cannot_log_in_and_its_sessions_end(database: Database, roles: Cast) -> None:
    assert authenticate(username="police", password=PASSWORD) == roles.police
    hash_of_sessions = roles.police.get_session_auth_hash()
    do_change_user(roles.administrator, roles.police.pk, active=False)
    assert authenticate(username="police", password=PASSWORD) is None
    do_set_password(roles.administrator, roles.police.pk, password=PASSWORD + "-новый")
    assert User.objects.get(pk=roles.police.pk).get_session_auth_hash() != hash_of_sessions
    assert [data["act"] for *_, data in witnesses(database)[-2:]] == ["changed", "password_set"]


def test_a_person_sets_their_own_password_and_nobody_elses(roles: Cast) -> None:
    do_set_password(roles.operator, roles.operator.pk, password=PASSWORD + "-мой")
    with pytest.raises(Refused):
        do_set_password(roles.operator, roles.supervisor.pk, password=PASSWORD + "-чужой")
    do_set_language(roles.operator, language="ky")
    assert User.objects.get(pk=roles.operator.pk).language == "ky"


def test_the_change_of_an_unknown_account_is_refused(roles: Cast) -> None:
    with pytest.raises(NotFound):
        do_change_user(roles.administrator, 10**9, active=False)


def test_a_witness_outside_a_transaction_is_our_own_fault(roles: Cast, database: Database) -> None:
    from aralyk import clock

    with pytest.raises(AssertionError, match="none is open"):
        witness(kind=Kind.USER_CHANGED, subject="user:1", by=roles.operator, at=clock.now(), data={})


@pytest.mark.parametrize("code", Code)
def test_every_refusal_has_a_sentence_that_can_be_filled(code: Code) -> None:
    assert sentence_of(Refused(code, who="Т. operator", most=5))
    assert code in SENTENCES
