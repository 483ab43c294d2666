"""What is known of her: nothing is used that she did not confirm, nobody of his acts for her, a child has an owner."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.orders.models import Order
from aralyk.people.actions import do_change_protected_person
from aralyk.people.custody import do_child_is_back, do_give_notice, do_record_child_with_him, do_take_over_child
from aralyk.people.looks import do_look
from aralyk.people.models import Child, ChildNotice, ChildWithRespondent, ProtectedPerson, Respondent, Stated
from aralyk.people.protected import (
    do_add_channel,
    do_add_child,
    do_add_representative,
    do_confirm_channel,
    do_end_channel,
    do_name_helper,
    do_record_consent,
    do_withdraw_consent,
    do_withdraw_helper,
    do_withdraw_representative,
)
from aralyk.people.queries import (
    children_with_him,
    missing_of,
    missing_of_respondent,
    sealed_facts_for,
    usable_channels,
)
from aralyk.people.respondents import do_add_place, do_add_weapon, do_end_place, do_mark_seized
from aralyk.people.terms import terms
from aralyk.people.vault import SealedName
from aralyk.people.words import (
    ConsentKind,
    GivenBy,
    HelperRelation,
    How,
    LivesWith,
    NoticeKind,
    PlaceKind,
    RepresentativeKind,
    RoleOfChild,
    WeaponKind,
)
from tests.conftest import Database
from tests.orders.cast import HERE, Cast, account, order, witnesses

NUMBER = "+996555777001"
NAME = "Синтетическая Подруга"


@dataclass(frozen=True, kw_only=True)
class Hers:
    case: Order
    person: ProtectedPerson


@pytest.fixture
def hers(roles: Cast) -> Hers:
    case = order(roles.police)
    return Hers(case=case, person=case.protected_persons.get())


def child_of(by: User, hers: Hers) -> Child:
    return do_add_child(
        by, person=hers.person.pk, name="Синтетический Ребёнок", lives_with=LivesWith.HER, role=RoleOfChild.WITNESS,
        child_of_respondent=Stated.YES, birth_year=2018, school="школа № 0",
    )  # fmt: skip


def refused_field(act: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.fields[0].field


def test_a_number_beside_a_way_that_needs_none_is_checked_like_any(roles: Cast, hers: Hers) -> None:
    for number in ("1" * 1001, "+996\x00555"):
        field = refused_field(
            lambda number=number: do_add_channel(  # type: ignore[misc]
                roles.police, person=hers.person.pk, how=How.APP, given_by=GivenBy.HERSELF, number=number
            )
        )
        assert field == "number"
    assert not hers.person.channels.exists()


def test_no_number_is_used_before_she_confirmed_it_alone(roles: Cast, hers: Hers) -> None:
    her = hers.person
    channel = do_add_channel(roles.police, person=her.pk, how=How.CALL, given_by=GivenBy.HER_RELATIVE, number=NUMBER)
    assert list(usable_channels(her)) == []
    assert "safe_channel" in missing_of(her)
    assert refused_field(lambda: do_confirm_channel(roles.police, channel.pk, alone=False)) == "alone"
    do_confirm_channel(roles.police, channel.pk, alone=True)
    assert list(usable_channels(her)) == [channel]
    found = do_look(roles.operator, person=her.pk, order=hers.case.pk, field=SealedName.CHANNEL_NUMBER,
                    purpose="позвонить и предупредить", about=channel.pk)  # fmt: skip
    assert found == NUMBER
    do_end_channel(roles.police, channel.pk)
    assert list(usable_channels(her)) == []


@pytest.mark.parametrize("giver", [GivenBy.RESPONDENT, GivenBy.HIS_RELATIVE])
def test_a_number_that_he_gave_is_never_used(roles: Cast, hers: Hers, giver: GivenBy) -> None:
    channel = do_add_channel(roles.police, person=hers.person.pk, how=How.SMS, given_by=giver, number=NUMBER)
    assert refused_field(lambda: do_confirm_channel(roles.police, channel.pk, alone=True)) == "given_by"


def test_no_relative_of_his_helps_her_and_not_knowing_is_not_a_no(roles: Cast, hers: Hers) -> None:
    def name(**changed: Any) -> Any:
        values: dict[str, Any] = {"relative_of_his": Stated.NO, "consents": True, "phone": NUMBER} | changed
        return do_name_helper(roles.police, person=hers.person.pk, name=NAME, relation=HelperRelation.FRIEND, **values)

    assert refused_field(lambda: name(relative_of_his=Stated.YES)) == "relative_of_his"
    assert refused_field(lambda: name(relative_of_his=Stated.UNKNOWN)) == "relative_of_his"
    assert refused_field(lambda: name(consents=False)) == "consents"
    assert refused_field(lambda: name(phone=" ")) == "phone"
    helper = name()
    assert do_withdraw_helper(roles.police, helper.pk).withdrawn_at is not None
    with pytest.raises(Refused) as refused:
        do_withdraw_helper(roles.police, helper.pk)
    assert refused.value.code is Code.ALREADY_ENDED


def test_a_consent_stands_once_and_is_taken_back_without_touching_the_order(roles: Cast, hers: Hers) -> None:
    consent = do_record_consent(roles.police, person=hers.person.pk, kind=ConsentKind.DEVICE)

    def again() -> Any:
        return do_record_consent(roles.police, person=hers.person.pk, kind=ConsentKind.DEVICE)

    assert refused_field(again) == "kind"
    do_withdraw_consent(roles.police, consent.pk)
    assert again().withdrawn_at is None
    hers.case.refresh_from_db()
    assert hers.case.ended_at is None


def test_a_lawyer_acts_with_her_consent_and_until_a_day(roles: Cast, hers: Hers) -> None:
    lawyer = account("lawyer", Role.CRISIS_CENTRE, agency="monitoring_centre")
    until = clock.now() + timedelta(days=90)

    def name(**changed: Any) -> Any:
        values: dict[str, Any] = {"kind": RepresentativeKind.CRISIS_CENTRE_LAWYER, "until": until, "consents": True}
        return do_add_representative(roles.police, person=hers.person.pk, name=NAME, **(values | changed))

    assert refused_field(lambda: name(consents=False)) == "consents"
    assert refused_field(lambda: name(until=None)) == "until"
    assert refused_field(lambda: name(account="operator")) == "account"
    named = name(account=lawyer.username)
    assert named.account == lawyer
    do_withdraw_representative(roles.police, named.pk)
    guardian = name(kind=RepresentativeKind.GUARDIAN, consents=False, until=None, child=child_of(roles.police, hers).pk)
    assert guardian.consent_at is None
    with pytest.raises(NotFound):
        name(child=hers.person.pk)


def test_names_numbers_and_schools_are_sealed_and_stand_in_no_row_and_no_witness(
    database: Database, roles: Cast, hers: Hers
) -> None:
    child_of(roles.police, hers)
    do_add_channel(roles.police, person=hers.person.pk, how=How.CALL, given_by=GivenBy.HERSELF, number=NUMBER)
    sealed = [fact.field for fact in sealed_facts_for(roles.operator, hers.person.pk)]
    assert sealed == ["channel_number", "child_name", "child_school", "name", "phone"]
    with database.connect() as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'people_%'"
        ).fetchall()
        rows = str([connection.execute(f"SELECT t::text FROM {name} t").fetchall() for (name,) in tables])
    for text in (NUMBER, "Ребёнок", "школа № 0"):
        assert text not in rows
        assert text not in str(witnesses(database))


def test_a_child_with_him_has_an_owner_a_clock_and_notices_and_what_is_overdue_is_seen(roles: Cast, hers: Hers) -> None:
    child = child_of(roles.police, hers)
    him = hers.case.respondent_id
    stay = do_record_child_with_him(roles.police, child=child.pk, respondent=him, since=clock.now())
    assert stay.owner == roles.police
    assert {notice.kind for notice in stay.notices.all()} == {"school", "border"}
    assert stay.due_at - stay.recorded_at == terms().owner
    assert terms().unverified
    with pytest.raises(Refused) as refused:
        do_record_child_with_him(roles.police, child=child.pk, respondent=him, since=clock.now())
    assert refused.value.code is Code.CHILD_IS_WITH_HIM
    assert list(children_with_him(roles.police)) == [stay]
    assert list(children_with_him(roles.police, overdue_only=True)) == []
    late = ChildNotice.objects.filter(stay=stay, kind=NoticeKind.BORDER)
    late.update(due_at=clock.now() - timedelta(minutes=1))
    assert list(children_with_him(roles.operator, overdue_only=True)) == [stay]
    do_give_notice(roles.police, stay.pk, kind=NoticeKind.BORDER)
    assert list(children_with_him(roles.police, overdue_only=True)) == []
    ChildWithRespondent.objects.filter(pk=stay.pk).update(due_at=clock.now() - timedelta(minutes=1))
    assert list(children_with_him(roles.police, overdue_only=True)) == [stay]
    juvenile = account("juvenile", Role.JUVENILE_OFFICER, HERE)
    assert do_take_over_child(juvenile, stay.pk).owner == juvenile
    assert list(children_with_him(roles.police, overdue_only=True)) == []
    do_child_is_back(juvenile, stay.pk)
    assert list(children_with_him(roles.police)) == []
    again = do_record_child_with_him(roles.police, child=child.pk, respondent=him, since=clock.now())
    assert list(children_with_him(roles.police)) == [again]


def test_a_child_is_with_nobody_who_has_no_order_towards_her_and_not_in_the_future(roles: Cast, hers: Hers) -> None:
    child, other = child_of(roles.police, hers), order(roles.police)
    with pytest.raises(NotFound):
        do_record_child_with_him(roles.police, child=child.pk, respondent=other.respondent_id, since=clock.now())
    soon = clock.now() + timedelta(hours=1)
    act = lambda: do_record_child_with_him(  # noqa: E731
        roles.police, child=child.pk, respondent=hers.case.respondent_id, since=soon
    )
    assert refused_field(act) == "since"


def test_nobody_of_another_district_or_without_the_permission_writes_in_her_file(roles: Cast, hers: Hers) -> None:
    channel = do_add_channel(roles.police, person=hers.person.pk, how=How.IN_PERSON, given_by=GivenBy.HERSELF)
    child = child_of(roles.police, hers)
    acts: list[Callable[[User], Any]] = [
        lambda by: do_add_channel(by, person=hers.person.pk, how=How.APP, given_by=GivenBy.HERSELF),
        lambda by: do_confirm_channel(by, channel.pk, alone=True),
        lambda by: do_end_channel(by, channel.pk),
        lambda by: do_record_consent(by, person=hers.person.pk, kind=ConsentKind.TRACK),
        lambda by: child_of(by, hers),
        lambda by: do_change_protected_person(by, person=hers.person.pk, hears=Stated.NO),
        lambda by: do_record_child_with_him(by, child=child.pk, respondent=hers.case.respondent_id, since=clock.now()),
        lambda by: do_add_place(by, respondent=hers.case.respondent_id, kind=PlaceKind.HOME, address="улица"),
        lambda by: do_add_weapon(by, respondent=hers.case.respondent_id, kind=WeaponKind.COLD, registered=Stated.NO),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act(roles.police_elsewhere)
        for user in (roles.operator, roles.probation, roles.prosecutor, roles.administrator):
            with pytest.raises(Refused):
                act(user)


def test_how_to_speak_with_her_is_kept_and_what_nobody_asked_is_named(roles: Cast, hers: Hers) -> None:
    assert missing_of(hers.person) == ("hears", "reads", "has_phone", "children_stated", "safe_hours", "safe_channel")
    her = do_change_protected_person(
        roles.police, person=hers.person.pk, language="uz", hears=Stated.NO, reads=Stated.YES, has_phone=Stated.NO,
        children_stated=Stated.NO, safe_hours=(time(10), time(12, 30)),
    )  # fmt: skip
    assert missing_of(her) == ("safe_channel",)
    act = lambda: do_change_protected_person(  # noqa: E731
        roles.police, person=hers.person.pk, safe_hours=(time(12), time(12))
    )
    assert refused_field(act) == "safe_until"


def test_his_places_and_weapons_are_kept_and_what_nobody_found_out_is_named(roles: Cast, hers: Hers) -> None:
    him = Respondent.objects.get(pk=hers.case.respondent_id)
    Respondent.objects.filter(pk=him.pk).update(weapons=Stated.UNKNOWN)
    him.refresh_from_db()
    assert missing_of_respondent(him) == ("weapons", "born_on", "places")
    place = do_add_place(roles.police, respondent=him.pk, kind=PlaceKind.HOME, address="улица Синтетическая 5")
    weapon = do_add_weapon(roles.police, respondent=him.pk, kind=WeaponKind.HUNTING, registered=Stated.UNKNOWN)
    him.refresh_from_db()
    assert him.weapons == Stated.YES
    assert missing_of_respondent(him) == ("born_on",)
    assert do_mark_seized(roles.police, weapon.pk).seized_at is not None
    assert do_end_place(roles.police, place.pk).ended_at is not None
    for act in (lambda: do_mark_seized(roles.police, weapon.pk), lambda: do_end_place(roles.police, place.pk)):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code is Code.ALREADY_ENDED


def test_a_consent_that_ran_out_may_be_given_anew(roles: Cast, hers: Hers) -> None:
    consent = do_record_consent(
        roles.police, person=hers.person.pk, kind=ConsentKind.TRACK, until=clock.now() + timedelta(days=1)
    )
    type(consent).objects.filter(pk=consent.pk).update(until=datetime(2026, 1, 1, tzinfo=UTC))
    assert do_record_consent(roles.police, person=hers.person.pk, kind=ConsentKind.TRACK).withdrawn_at is None
