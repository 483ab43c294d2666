"""The pages of accounts and access: what each person may do there, and what a case looks like to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from aralyk import clock
from aralyk.access.conflicts import do_record_conflict
from aralyk.access.models import BreakGlass, CaseGrant, CaseSubject, Closeness, Conflict, Delegation, Right, Role, User
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from tests.access.people import PURPOSE, REASON, open_to, other, scene
from tests.conftest import Database
from tests.console.test_pages import addresses, client_of
from tests.orders.cast import ELSEWHERE, HERE, PASSWORD, Cast

ENDS_ON = (clock.now() + timedelta(days=5)).date().isoformat()


@pytest.fixture
def case(database: Database, roles: Cast) -> tuple[Order, Incident]:
    return scene(database, roles)


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return response.content.decode()


def test_every_page_of_a_case_opens_for_whoever_was_given_it_and_for_nobody_close_to_it(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    ombudsman = other(Role.OMBUDSMAN)
    for address in addresses(*case):
        assert client_of(ombudsman).get(address).status_code == 404, address
    open_to(roles.police, ombudsman, case[0])
    for address in addresses(*case):
        assert client_of(ombudsman).get(address).status_code == 200, address
    do_record_conflict(
        roles.operator, username="operator", subject_kind=CaseSubject.ORDER, subject_id=case[0].pk,
        closeness=Closeness.RELATIVE, note="племянник",
    )  # fmt: skip
    for address in addresses(*case):
        assert client_of(roles.operator).get(address).status_code == 404, address
    for address in ("/", "/desk/rows?show=all", "/orders/?all=1", "/devices/", "/map/places.json"):
        page = client_of(roles.operator).get(address).content.decode()
        marks = (case[0].number, str(case[1].pk), str(case[0].pk), case[0].respondent.name)
        assert not any(mark in page for mark in marks), address


def test_a_lawyer_sees_the_number_of_the_case_and_no_page_of_it(roles: Cast, case: tuple[Order, Incident]) -> None:
    lawyer = other(Role.DEFENCE_LAWYER)
    open_to(roles.police, lawyer, case[0], right=Right.SERVED)
    page = text_of(client_of(lawyer, "en"), "/access/")
    assert case[0].number in page
    assert str(case[0].pk) not in page
    for address in addresses(*case):
        assert client_of(lawyer).get(address).status_code == 404, address


def test_a_case_is_opened_and_taken_back_on_its_page(roles: Cast, case: tuple[Order, Incident]) -> None:
    ombudsman = other(Role.OMBUDSMAN)
    address = f"/orders/{case[0].pk}/access/"
    given = {"grant-username": ombudsman.username, "grant-right": "read", "grant-purpose": PURPOSE}
    client = client_of(roles.police, "en")
    refused = client.post(address + "grant", given)
    assert refused.status_code == 422
    assert "Choose the day" in refused.content.decode()
    again = client.post(address + "grant", {**given, "grant-right": "work", "grant-ends_at": ENDS_ON})
    assert (again.status_code, CaseGrant.objects.count()) == (422, 0)
    assert client.post(address + "grant", {**given, "grant-ends_at": ENDS_ON}).status_code == 302
    grant = CaseGrant.objects.get()
    assert PURPOSE in text_of(client, address)
    assert case[0].number in text_of(client_of(ombudsman), "/access/")
    assert client.post(f"{address}{grant.pk}/withdraw", {f"{grant.pk}-reason": ""}).status_code == 422
    assert client.post(f"{address}{grant.pk}/withdraw", {f"{grant.pk}-reason": "выполнено"}).status_code == 302
    assert client_of(ombudsman).get(f"/orders/{case[0].pk}/").status_code == 404
    assert client_of(roles.police_elsewhere).get(address).status_code == 404
    assert "Open this case to a person" not in text_of(client_of(roles.operator, "en"), address)


def test_an_emergency_is_opened_confirmed_closed_and_reviewed_on_the_pages(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    opener, second, reviewer = (client_of(u, "en") for u in (roles.police_elsewhere, roles.operator, roles.prosecutor))
    wrong = opener.post("/access/emergencies/open", {"number": "ПР-нет", "reason": REASON})
    assert wrong.status_code == 422
    assert "There is no order with this number." in wrong.content.decode()
    opened = opener.post("/access/emergencies/open", {"number": case[0].number, "reason": REASON})
    assert (opened.status_code, opened.headers["Location"]) == (302, f"/orders/{case[0].pk}/")
    assert case[0].number in text_of(opener, f"/orders/{case[0].pk}/")
    glass = BreakGlass.objects.get()
    address = f"/access/emergencies/{glass.pk}/"
    assert "waits for a second person" in text_of(second, "/access/emergencies/")
    assert "You are the second person" in text_of(second, address)
    assert "You are the second person" not in text_of(opener, address)
    assert second.post(address + "confirm").status_code == 302
    assert opener.post(address + "close").status_code == 302
    assert opener.get(f"/orders/{case[0].pk}/").status_code == 404
    assert "emergencies without a finding: 1" in text_of(reviewer, "/access/")
    assert reviewer.post(address + "review", {"finding": "justified", "text": "да"}).status_code == 422
    finding = {"finding": "justified", "text": "проверено по записи звонка"}
    assert reviewer.post(address + "review", finding).status_code == 302
    assert "проверено по записи звонка" in text_of(opener, address)
    assert client_of(roles.probation).get(address).status_code == 404
    assert client_of(other(Role.OMBUDSMAN)).get("/access/emergencies/").status_code == 404


def test_whoever_declares_to_be_close_to_a_case_no_longer_finds_it(roles: Cast, case: tuple[Order, Incident]) -> None:
    client = client_of(roles.police, "en")
    given = {
        "close-subject": f"respondent:{case[0].respondent_id}",
        "close-closeness": "relative",
        "close-note": "двоюродный",
    }
    address = f"/orders/{case[0].pk}/access/conflict"
    assert client.post(address, given | {"close-note": ""}).status_code == 422
    assert client.post(address, given).status_code == 302
    assert client.get(f"/orders/{case[0].pk}/").status_code == 404
    page = text_of(client_of(roles.supervisor, "en"), "/access/conflicts/")
    assert "Т. police" in page
    assert client.get("/access/conflicts/").status_code == 404
    number = Conflict.objects.get().pk
    assert client_of(roles.supervisor).post(f"/access/conflicts/{number}/agree").status_code == 302
    supervisor = client_of(roles.supervisor)
    asked = supervisor.post(f"/access/conflicts/{number}/ask", {f"{number}-reason": "ошибка, однофамилец"})
    assert asked.status_code == 302
    assert supervisor.post(f"/access/conflicts/{number}/lift").status_code == 409
    assert client_of(roles.prosecutor).post(f"/access/conflicts/{number}/lift").status_code == 302
    assert client.get(f"/orders/{case[0].pk}/").status_code == 200


def test_cover_is_given_and_ended_on_the_page(roles: Cast) -> None:
    deputy = other(Role.POLICE, "deputy", ELSEWHERE, agency="police_oktyabrsky")
    client = client_of(roles.police, "en")
    given = {"deputy": "deputy", "starts_at": clock.now().date().isoformat(), "ends_at": ENDS_ON, "reason": "отпуск"}
    assert client.post("/access/covers/new", given | {"deputy": "operator"}).status_code == 422
    assert client.post("/access/covers/new", given).status_code == 302
    made = Delegation.objects.get()
    assert "Т. police → Т. deputy" in text_of(client_of(deputy), "/access/")
    assert client_of(deputy).post(f"/access/covers/{made.pk}/end").status_code == 302
    assert Delegation.objects.get().ended_at is not None


def test_an_administrator_makes_changes_and_disables_accounts_and_sees_no_case(
    roles: Cast, case: tuple[Order, Incident]
) -> None:
    client = client_of(roles.administrator, "en")
    given = {
        "username": "Айзада", "password": "12345", "display_name": "Айзада О.", "role": "police",
        "agency": "police_oktyabrsky", "districts": [HERE], "language": "ky",
    }  # fmt: skip
    refused = client.post("/accounts/new", given)
    assert refused.status_code == 422
    assert "12345" not in refused.content.decode()
    made = client.post("/accounts/new", given | {"password": PASSWORD})
    user = User.objects.get(username="Айзада")
    assert (made.status_code, made.headers["Location"]) == (302, f"/accounts/{user.pk}/")
    assert (user.role, user.districts, user.language, user.agency_id) == ("police", [HERE], "ky", "police_oktyabrsky")
    assert "Айзада" in text_of(client, "/accounts/?q=айза")
    change = {"display_name": "Айзада О.", "role": "probation", "districts": [ELSEWHERE]}
    assert client.post(f"/accounts/{user.pk}/change", change).status_code == 302
    assert client.post(f"/accounts/{user.pk}/password", {"password": "short"}).status_code == 422
    assert client.post(f"/accounts/{user.pk}/disable").status_code == 302
    user.refresh_from_db()
    assert (user.role, user.districts, user.is_active) == ("probation", [ELSEWHERE], False)
    for address in addresses(*case):
        assert client.get(address).status_code == 404, address
    for address in ("/accounts/", "/accounts/new", f"/accounts/{user.pk}/"):
        assert client_of(roles.supervisor).get(address).status_code == 404, address


def test_the_monthly_review_confirms_or_takes_away_on_its_page(roles: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(pk=roles.operator.pk).update(date_joined=clock.now() - timedelta(days=40))
    client = client_of(roles.supervisor, "en")
    assert "accounts not reviewed in time: 1" in text_of(client, "/access/")
    assert "late since" in text_of(client, "/access/review/")
    address = f"/access/review/{roles.operator.pk}"
    assert client.post(address, {f"{roles.operator.pk}-note": ""}).status_code == 422
    assert client.post(address, {"keep": "1"}).status_code == 302
    assert "late since" not in text_of(client, "/access/review/")
    assert client.post(address, {f"{roles.operator.pk}-note": "уволена"}).status_code == 302
    assert not User.objects.get(pk=roles.operator.pk).is_active
    assert client_of(roles.police).get("/access/review/").status_code == 404
