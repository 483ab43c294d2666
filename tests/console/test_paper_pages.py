"""The pages about papers: made by who may, read by who sees the order, downloaded with a witness, printed as a page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aralyk import clock
from aralyk.access.grants import do_grant_case
from aralyk.access.models import Right, Role
from aralyk.orders.models import Order, Receipt
from aralyk.papers.models import Delivery, Paper
from tests.conftest import Database
from tests.console.test_order_pages import local
from tests.console.test_pages import client_of
from tests.orders.cast import HER_NAME, HER_PHONE, Cast, account, order, witnesses
from tests.papers.looking import holds


@pytest.fixture
def case(database: Database, roles: Cast) -> Order:
    return order(roles.police)


def made(client: Client, case: Order, *, rendition: str = "served", language: str = "ru") -> Paper:
    answer = client.post(
        reverse("papers_make", args=[case.pk]), {"make-rendition": rendition, "make-language": language}
    )
    assert answer.status_code == 302
    return Paper.objects.get(pk=re.findall(r"[0-9a-f-]{36}", answer["Location"])[0])


def test_an_officer_makes_prints_downloads_and_serves_a_paper(case: Order, roles: Cast, database: Database) -> None:
    client = client_of(roles.police)
    assert reverse("papers", args=[case.pk]) in client.get(reverse("order", args=[case.pk])).content.decode()
    paper = made(client, case)
    shown = client.get(reverse("paper", args=[paper.pk])).content.decode()
    assert "Не приближаться" in shown
    assert "Получил и понял: подпись" in shown
    assert HER_NAME not in shown
    assert case.protected_persons.get().code not in shown
    file = client.post(reverse("paper_take", args=[paper.pk]))
    assert file["Content-Type"] == "application/pdf"
    assert file.content == bytes(paper.pdf or b"")
    assert client.get(reverse("paper_take", args=[paper.pk])).status_code == 405
    serve = reverse("order_act", args=[case.pk, "serve"])
    assert f"{serve}?paper={paper.pk}" in shown
    assert f'value="{paper.pk}" selected' in client.get(f"{serve}?paper={paper.pk}").content.decode()
    told = {
        "person": "", "paper": str(paper.pk), "served_at": local(0), "language": "ru", "weapons": "seized",
        "weapon_register_answered": "on", "told": ["conditions", "term", "breach", "contest"],
    }  # fmt: skip
    assert client.post(serve, told).status_code == 302
    delivery = Delivery.objects.get()
    assert (delivery.recipient, delivery.receipt, delivery.paper) == ("respondent", Receipt.objects.get(), paper)
    given = client.post(reverse("paper_deliver", args=[paper.pk]), {"recipient": "respondent", "way": "in_person"})
    assert given.status_code == 422, "a party is served, not handed a copy"
    kinds = [kind for kind, *_ in witnesses(database)]
    assert [kind for kind in kinds if kind.startswith("paper_")] == ["paper_made", "paper_taken", "paper_delivered"]


def test_a_form_that_is_not_filled_says_which_field(case: Order, roles: Cast) -> None:
    client = client_of(roles.police)
    answer = client.post(reverse("papers_make", args=[case.pk]), {"make-language": "ru"})
    assert answer.status_code == 422
    assert "#id_make-rendition_0" in answer.content.decode()
    answer = client.post(reverse("papers_sealed", args=[case.pk]), {"sealed-language": "ru", "sealed-purpose": "x"})
    assert answer.status_code == 422
    assert Paper.objects.count() == 0


def test_a_sealed_paper_is_downloaded_with_a_purpose_and_each_fact_is_a_look(
    case: Order, roles: Cast, database: Database
) -> None:
    answer = client_of(roles.police).post(
        reverse("papers_sealed", args=[case.pk]),
        {"sealed-language": "ru", "sealed-purpose": "передача в суд", "sealed-facts": ["phone", "home_address"]},
    )
    assert answer["Content-Type"] == "application/pdf"
    assert holds(answer.content, HER_PHONE)
    assert not holds(answer.content, HER_NAME)
    assert [data["field"] for kind, _, _, data in witnesses(database) if kind == "vault_look"] == ["phone"]


def test_who_only_reads_gets_no_form_and_who_sees_no_order_gets_nothing(case: Order, roles: Cast) -> None:
    paper = made(client_of(roles.police), case)
    addresses = [
        reverse("papers", args=[case.pk]), reverse("paper", args=[paper.pk]),
    ]  # fmt: skip
    reader = client_of(roles.operator)
    for address in addresses:
        page = reader.get(address)
        assert page.status_code == 200
        assert "papers/make" not in page.content.decode()
        assert "/deliver" not in page.content.decode()
        for user in (roles.police_elsewhere, roles.administrator):
            assert client_of(user).get(address).status_code == 404
    assert reader.post(reverse("papers_sealed", args=[case.pk])).status_code == 403
    assert client_of(roles.police_elsewhere).post(reverse("paper_take", args=[paper.pk])).status_code == 404


def test_an_officer_of_the_country_withholds_an_area_before_the_paper_is_made(case: Order, roles: Cast) -> None:
    client = client_of(roles.police)
    address = reverse("papers_zone", args=[case.pk])
    assert client.post(address, {"zone-condition": "home", "zone-shown": "withheld"}).status_code == 422
    given = {"zone-condition": "home", "zone-shown": "withheld", "zone-reason": "в области одно село"}
    assert client.post(address, given).status_code == 302
    paper = made(client, case)
    assert "граница не показана" in client.get(reverse("paper", args=[paper.pk])).content.decode()
    assert client_of(roles.operator).post(address, given).status_code == 403


def test_the_list_asks_the_database_as_often_for_many_papers_as_for_one(case: Order, roles: Cast) -> None:
    client = client_of(roles.police)
    address = reverse("papers", args=[case.pk])
    counts = []
    for language in ("ru", "ky", "en"):
        paper = made(client, case, language=language)
        client.post(reverse("paper_deliver", args=[paper.pk]), {"recipient": "court", "way": "in_person"})
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[-1]


def test_a_defence_lawyers_only_page_of_a_case_is_its_served_papers(case: Order, roles: Cast) -> None:
    client = client_of(roles.police)
    paper = made(client, case)
    client.post(reverse("paper_deliver", args=[paper.pk]), {"recipient": "defence_lawyer", "way": "in_person"})
    user = account("lawyer", Role.DEFENCE_LAWYER)
    do_grant_case(
        roles.police, order=case.pk, username="lawyer", right=Right.SERVED, purpose="защита по делу",
        ends_at=clock.now() + timedelta(days=10),
    )  # fmt: skip
    lawyer = client_of(user)
    assert case.number in lawyer.get(reverse("served_papers")).content.decode()
    page = lawyer.get(reverse("paper", args=[paper.pk])).content.decode()
    assert "Не приближаться" in page
    assert str(case.pk) not in page
    assert lawyer.post(reverse("paper_take", args=[paper.pk])).status_code == 200
    for name in ("order", "papers"):
        assert lawyer.get(reverse(name, args=[case.pk])).status_code == 404
