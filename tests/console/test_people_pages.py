"""The pages about people: what is sealed shows as a mask, a look needs its purpose, and no search leads to her."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from aralyk import clock
from aralyk.access.models import Role, User
from aralyk.orders.models import Order
from aralyk.people.actions import do_seal
from aralyk.people.custody import do_record_child_with_him
from aralyk.people.models import (
    Child,
    ChildWithRespondent,
    Consent,
    Helper,
    LookRequest,
    ProtectedPerson,
    Representative,
    Respondent,
    RespondentPlace,
    SafeChannel,
    Shelter,
    Stated,
    Weapon,
)
from aralyk.people.protected import do_add_child
from aralyk.people.rotation import do_set_canary
from aralyk.people.vault import SealedName
from aralyk.people.words import LivesWith, RoleOfChild
from tests.console.test_pages import client_of
from tests.orders.cast import HER_NAME, HER_PHONE, HERE, Cast, account, order

PURPOSE = "позвонить и предупредить"
SHELTER = "улица Синтетическая 1, убежище"


@pytest.fixture
def case(roles: Cast) -> Order:
    return order(roles.police)


def her_page(case: Order) -> str:
    return f"/people/protected/{case.protected_persons.get().pk}/"


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def look(client: Client, case: Order, field: str, purpose: str = PURPOSE) -> Any:
    her = case.protected_persons.get().pk
    return client.post(
        f"{her_page(case)}look",
        {"look-fact": f"{field}.{her}", "look-order": str(case.pk), "look-purpose": purpose},
    )


def test_her_page_is_masked_until_a_look_with_a_purpose_shows_one_fact_once(roles: Cast, case: Order) -> None:
    client = client_of(roles.operator)
    page = text_of(client, her_page(case))
    assert "••••••••" in page
    assert HER_PHONE not in page
    refused = look(client, case, "phone", purpose="x")
    assert refused.status_code == 422
    assert HER_PHONE not in refused.content.decode()
    shown = look(client, case, "phone")
    assert shown.status_code == 200
    assert HER_PHONE in shown.content.decode()
    assert HER_NAME not in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert HER_PHONE not in text_of(client, her_page(case))
    looks = text_of(client_of(roles.police), f"{her_page(case)}looks")
    assert PURPOSE in looks
    assert "Т. operator" in looks
    assert HER_PHONE not in looks


def test_her_page_is_not_there_for_other_districts_and_roles_that_have_no_need(roles: Cast, case: Order) -> None:
    for user in (roles.operator, roles.supervisor, roles.police):
        assert client_of(user).get(her_page(case)).status_code == 200, user.username
    for user in (roles.police_elsewhere, roles.probation, roles.prosecutor, roles.administrator):
        assert client_of(user).get(her_page(case)).status_code == 404, user.username
        assert look(client_of(user), case, "phone").status_code == 404, user.username
    assert client_of(roles.probation).get(f"{her_page(case)}looks").status_code == 404


def test_a_shelters_address_is_shown_once_after_a_second_person_confirmed_on_the_pages(
    roles: Cast, case: Order
) -> None:
    her = case.protected_persons.get().pk
    do_seal(roles.police, person=her, field=SealedName.SHELTER_ADDRESS, value=SHELTER)
    operator, supervisor = client_of(roles.operator), client_of(roles.supervisor)
    asked = look(operator, case, "shelter_address")
    assert asked.status_code == 302
    request = LookRequest.objects.get()
    assert operator.post(f"/vault/requests/{request.pk}/show").status_code == 409
    assert operator.post(f"/vault/requests/{request.pk}/answer", {"answer": "confirm"}).status_code == 403
    assert PURPOSE in text_of(supervisor, "/vault/")
    assert supervisor.post(f"/vault/requests/{request.pk}/answer", {"answer": "confirm"}).status_code == 302
    assert supervisor.post(f"/vault/requests/{request.pk}/show").status_code == 404
    assert f"/vault/requests/{request.pk}/show" in text_of(operator, "/vault/")
    assert SHELTER in operator.post(f"/vault/requests/{request.pk}/show").content.decode()
    assert operator.post(f"/vault/requests/{request.pk}/show").status_code == 409
    for address in ("/vault/", her_page(case), f"{her_page(case)}looks"):
        assert SHELTER not in text_of(supervisor, address)


def test_a_search_by_her_name_phone_or_address_is_answered_like_one_for_nobody(roles: Cast, case: Order) -> None:
    client = client_of(roles.police, "en")
    nobody = text_of(client, "/people/?q=Никого+Такого")
    for asked in (HER_NAME, HER_NAME.split()[1], HER_PHONE, HER_PHONE[-6:]):
        page = client.get("/people/", {"q": asked}).content.decode()
        assert her_page(case) not in page
        assert "Nobody found." in page
        assert "Nobody found." in nobody
    code = case.protected_persons.get().code
    assert her_page(case) in client.get("/people/", {"q": code}).content.decode()
    assert her_page(case) not in client.get("/people/", {"q": code[:-1]}).content.decode()
    found = client.get("/people/", {"q": "bakyt"}).content.decode()
    assert f"/people/respondents/{case.respondent_id}/" in found


def test_a_person_is_registered_on_the_pages_and_mistakes_stand_beside_their_fields(roles: Cast) -> None:
    client = client_of(roles.police, "en")
    values = {"name": "Синтетический Эрмек", "born_on": "2999-01-01", "residence_district": HERE, "language": "ky",
              "weapons": "unknown"}  # fmt: skip
    refused = client.post("/people/respondents/new", values)
    assert refused.status_code == 422
    assert "Write a day in the past" in refused.content.decode()
    made = client.post("/people/respondents/new", values | {"born_on": "1980-05-05"})
    assert made.status_code == 302
    him = Respondent.objects.get()
    page = text_of(client, made.headers["Location"])
    assert "05.05.1980" in page
    assert "whether there are weapons" in page
    assert client_of(roles.operator).get("/people/respondents/new").status_code == 403
    address = f"/people/respondents/{him.pk}/"
    assert client.post(f"{address}places", {"places-kind": "home", "places-address": ""}).status_code == 422
    client.post(f"{address}places", {"places-kind": "home", "places-address": "улица Синтетическая 7"})
    client.post(f"{address}weapons", {"weapons-kind": "hunting", "weapons-registered": "yes"})
    assert "улица Синтетическая 7" in text_of(client, address)
    client.post(f"/people/weapons/{Weapon.objects.get().pk}/seized")
    client.post(f"/people/places/{RespondentPlace.objects.get().pk}/end")
    assert Weapon.objects.get().seized_at is not None
    assert RespondentPlace.objects.get().ended_at is not None


def test_a_protected_person_is_registered_and_nothing_of_what_was_typed_comes_back(roles: Cast) -> None:
    client = client_of(roles.police, "en")
    values = {"name": HER_NAME, "phone": HER_PHONE, "language": "ky", "hears": "no", "reads": "unknown",
              "has_phone": "yes", "children_stated": "yes", "safe_from": "10:00", "safe_until": "12:00"}  # fmt: skip
    assert client.post("/people/protected/new", values | {"safe_until": "09:00"}).status_code == 422
    made = client.post("/people/protected/new", values)
    assert made.status_code == 302
    page = text_of(client, made.headers["Location"])
    assert HER_NAME not in page
    assert HER_PHONE not in page
    assert "10:00 – 12:00" in page
    assert ProtectedPerson.objects.get().hears == "no"


def test_what_is_known_of_her_is_kept_on_the_pages(roles: Cast, case: Order) -> None:
    client = client_of(roles.police, "en")
    address = her_page(case)
    until = (clock.now() + timedelta(days=60)).date().isoformat()
    forms: dict[str, dict[str, str]] = {
        "facts": {"field": "home_address", "value": "дом 5"},
        "speaking": {"language": "uz", "hears": "no", "reads": "no", "has_phone": "no", "children_stated": "yes"},
        "channels": {"how": "call", "number": "+996555777001", "given_by": "herself"},
        "helpers": {"name": "Подруга", "phone": "+996555777002", "relation": "friend", "relative_of_his": "no",
                    "consents": "on"},
        "consents": {"kind": "device", "until": until},
        "children": {"name": "Ребёнок", "birth_year": "2018", "lives_with": "her", "role": "witness",
                     "child_of_respondent": "yes", "school": "школа № 0"},
        "representatives": {"kind": "lawyer", "name": "Адвокат", "until": until, "consents": "on"},
    }  # fmt: skip
    for what, values in forms.items():
        posted = {f"{what}-{name}": value for name, value in values.items()}
        assert client.post(f"{address}add/{what}", {}).status_code == 422, what
        response = client.post(f"{address}add/{what}", posted)
        assert response.status_code == 302, (what, response.content.decode()[:0])
    refused = client.post(
        f"{address}add/helpers",
        {"helpers-name": "Свекровь", "helpers-phone": "+996555777003", "helpers-relation": "relative",
         "helpers-relative_of_his": "yes", "helpers-consents": "on"},
    )  # fmt: skip
    assert refused.status_code == 422
    assert "relatives may help" in refused.content.decode()
    page = text_of(client, address)
    for text in ("дом 5", "+996555777001", "Подруга", "Ребёнок", "школа № 0", "Адвокат"):
        assert text not in page
    channel, helper = SafeChannel.objects.get(), Helper.objects.get()
    assert client.post(f"/people/rows/channels-confirm/{channel.pk}").status_code == 400
    client.post(f"/people/rows/channels-confirm/{channel.pk}", {f"confirm-{channel.pk}-alone": "on"})
    for what, row in (
        ("channels-end", channel.pk),
        ("helpers-withdraw", helper.pk),
        ("consents-withdraw", Consent.objects.get().pk),
        ("representatives-withdraw", Representative.objects.get().pk),
    ):
        assert client_of(roles.police_elsewhere).post(f"/people/rows/{what}/{row}").status_code == 404
        assert client.post(f"/people/rows/{what}/{row}").status_code == 302, what
        assert client.post(f"/people/rows/{what}/{row}").status_code == 409, what
    channel.refresh_from_db()
    assert channel.confirmed_at is not None
    assert channel.ended_at is not None


def test_a_child_with_him_is_recorded_seen_overdue_and_ended_on_the_pages(roles: Cast, case: Order) -> None:
    client = client_of(roles.police, "en")
    child = do_add_child(
        roles.police, person=case.protected_persons.get().pk, name="Ребёнок", lives_with=LivesWith.HER,
        role=RoleOfChild.WITNESS, child_of_respondent=Stated.YES, birth_year=2018,
    )  # fmt: skip
    what = f"with-him-{child.pk}"
    address = f"/people/children/{child.pk}/with-him"
    given = {f"{what}-respondent": str(case.respondent_id), f"{what}-since": "2999-01-01T10:00"}
    assert client.post(address, given).status_code == 422
    assert client.post(address, given | {f"{what}-since": "2026-01-01T10:00"}).status_code == 302
    stay = ChildWithRespondent.objects.get()
    assert "Child born 2018" in text_of(client, "/people/")
    ChildWithRespondent.objects.update(due_at=clock.now() - timedelta(minutes=1))
    assert "Overdue" in text_of(client, "/people/")
    assert "overdue</span>" in text_of(client, her_page(case))
    juvenile = account("juvenile", Role.JUVENILE_OFFICER, HERE)
    assert client_of(juvenile).post(f"/people/rows/children-take/{stay.pk}").status_code == 302
    for act in ("school", "border", "back"):
        assert client.post(f"/people/rows/children-{act}/{stay.pk}").status_code == 302
    stay.refresh_from_db()
    assert stay.ended_at is not None
    assert "Child born" not in text_of(client, "/people/")
    assert Child.objects.count() == 1
    do_record_child_with_him(roles.police, child=child.pk, respondent=case.respondent_id, since=clock.now())


def test_a_look_at_somebody_who_does_not_exist_shows_to_who_watches_the_vault_alone(roles: Cast, case: Order) -> None:
    do_set_canary(case.protected_persons.get().code)
    watcher = client_of(roles.administrator, "en")
    assert "None." in text_of(watcher, "/vault/")
    assert HER_PHONE in look(client_of(roles.operator), case, "phone").content.decode()
    assert "Т. operator" in text_of(watcher, "/vault/")
    for user in (roles.operator, roles.supervisor, roles.police):
        assert "who do not exist" not in text_of(client_of(user, "en"), "/vault/")
        assert client_of(user).post(f"/vault/alarms/{roles.operator.pk}/clear").status_code == 404
    assert client_of(roles.probation).get("/vault/").status_code == 404
    assert watcher.post(f"/vault/alarms/{roles.operator.pk}/clear").status_code == 302
    assert "None." in text_of(watcher, "/vault/")


def test_a_shelter_shows_its_duty_phone_and_meeting_point_and_never_its_address(roles: Cast) -> None:
    client = client_of(roles.police, "en")
    values = {"code": "У-1", "name": "Приют", "address": SHELTER, "duty_phone": "+996555000009",
              "meeting_point": "вход в парк"}  # fmt: skip
    assert client.post("/vault/shelters/new", values | {"meeting_point": SHELTER}).status_code == 422
    assert client.post("/vault/shelters/new", values).status_code == 302
    assert Shelter.objects.count() == 1
    page = text_of(client_of(roles.operator, "en"), "/vault/")
    assert "+996555000009" in page
    assert SHELTER not in page
    assert "Приют" not in page


@pytest.mark.parametrize("language", ["ru", "ky", "en"])
def test_every_page_about_people_opens_in_every_language(roles: Cast, case: Order, language: str) -> None:
    client = client_of(roles.police, language)
    him = f"/people/respondents/{case.respondent_id}/"
    fixed = ("/people/", "/people/respondents/new", "/people/protected/new", "/vault/", "/vault/shelters/new")
    for address in (*fixed, him, her_page(case), f"{her_page(case)}looks"):
        text_of(client, address)


def test_who_sees_no_case_sees_no_people(roles: Cast, case: Order) -> None:
    users: list[User] = [roles.administrator, account("ombudsman", Role.OMBUDSMAN)]
    for user in users:
        page = client_of(user).get("/people/", {"q": "Бакыт"})
        assert str(case.respondent_id) not in page.content.decode()
        assert client_of(user).get(f"/people/respondents/{case.respondent_id}/").status_code == 404
