"""A page asks the database as often with many cases as with few: what grows is the answer, never the questions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client

from aralyk import clock
from aralyk.devices.models import Party
from aralyk.orders.models import ExtensionQuestion, Order, Proposal, ProtectionCut, ReductionRequest
from aralyk.risk.levels import Level
from aralyk.simulator import reports
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import HERE, Cast, bracelet, equip, heard, order, phone, raised

LISTS = (
    "/", "/desk/rows?show=all", "/desk/rows?show=closed", "/strip", "/orders/", "/orders/?all=1", "/orders/?q=Бакыт",
    "/orders/waiting", "/people/", "/people/?q=Бакыт", "/devices/", "/devices/?look=1", "/devices/?q=Бакыт",
    "/reports/", "/reports/?waiting=all", "/reports/?waiting=overdue", "/reports/?q=Бакыт", "/duties/",
    "/duties/?show=overdue", "/duties/?show=mine", "/risk/", "/vault/", "/accounts/", "/access/", "/access/review/",
    "/quarantine/", "/map/places.json", "/papers/",
    "/api/v1/incidents", "/api/v1/orders", "/api/v1/devices", "/api/v1/reports", "/api/v1/report-tasks",
    "/api/v1/duties", "/api/v1/people/respondents", "/api/v1/people/respondents?q=Бакыт", "/api/v1/proposals",
    "/api/v1/extension-questions", "/api/v1/reduction-requests", "/api/v1/protection-cuts",
    "/api/v1/risk/assessments", "/api/v1/map/places", "/api/v1/map/zones",
)  # fmt: skip


def one_more_case(database: Database, roles: Cast, number: int) -> Order:
    """A case in which everything that lists show happened once."""
    case = order(roles.police)
    now, her = clock.now(), case.protected_persons.get()
    for device, party in ((bracelet, Party.RESPONDENT), (phone, Party.PROTECTED)):
        name = f"{party.value}-{number}"
        device(roles.probation, name)
        equip(roles.probation, case, device=name, party=party)
        heard(database, name, lat=42.87, lon=74.61)
    raised(database, case, device=f"respondent-{number}")
    report = reports.take(
        roles.police, respondent=case.respondent_id, protected=her.pk, district=HERE, language="ru", statements={},
        at=now,
    )  # fmt: skip
    reports.assess(roles.police, report, level=Level.HIGH)
    ExtensionQuestion.objects.get_or_create(
        order=case, expires_at=case.expires_at, defaults={"due_at": now + timedelta(days=1)}
    )
    Proposal.objects.create(
        order=case, change="variation", content={}, on_version=1, reason="…", proposed_by=roles.operator,
        proposed_at=now,
    )  # fmt: skip
    ReductionRequest.objects.create(
        order=case, protected_person=her, wish="lift", requested_at=now, recorded_by=roles.police
    )
    ProtectionCut.objects.create(order=case, what="term_cut", at=now, by=roles.police, reason="…", threat="high")
    return case


def asked(client: Client, address: str) -> int:
    """How many questions a page asks the database."""
    count = 0

    def counting(execute: Any, *given: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*given)

    with connection.execute_wrapper(counting):
        assert client.get(address).status_code in {200, 403, 404}, address
    return count


def test_no_list_asks_more_often_the_more_cases_there_are(database: Database, roles: Cast) -> None:
    people = (roles.operator, roles.police, roles.prosecutor, roles.supervisor, roles.administrator)
    clients = {user.username: client_of(user, "en") for user in people}
    for number in range(2):
        one_more_case(database, roles, number)
    few = {(name, address): asked(client, address) for name, client in clients.items() for address in LISTS}
    for number in range(2, 5):
        one_more_case(database, roles, number)
    many = {(name, address): asked(client, address) for name, client in clients.items() for address in LISTS}
    assert {key: (few[key], many[key]) for key in few if many[key] > few[key]} == {}
