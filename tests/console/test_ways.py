"""A person of an agency sets up alone how signals reach him, and the gateway's receipts are believed by token only."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from aralyk import clock
from aralyk.access.models import User
from aralyk.channels import outbox
from aralyk.channels.addresses import code_of
from aralyk.channels.models import Address, Delivery, Notice, Way
from aralyk.channels.notices import do_tell
from aralyk.channels.outbox import Message
from aralyk.channels.words import Text
from tests.console.test_pages import client_of as browser
from tests.orders.cast import Cast

NUMBER = "+996700123456"
SIGNAL = "6f0c2f7e-0b3f-4d3e-9a77-3b8f5c0d9e11"
TOKEN = "receipt-token-of-the-test"
SUBSCRIPTION = {"endpoint": "https://fcm.googleapis.com/wp/abc", "keys": {"p256dh": "B" * 87, "auth": "a" * 22}}


class Taken:
    """A next server that takes everything."""

    def send(self, message: Message) -> str:
        return f"ref-{message.delivery}"


def told(user: User) -> Notice:
    with transaction.atomic():
        notice = do_tell(
            user, text=Text.UNANSWERED, args={"number": 17, "seconds": 60}, subject=f"incident:{SIGNAL}", once="e:17:1",
            urgent=True,
        )  # fmt: skip
    assert notice is not None
    return notice


def test_a_number_is_added_proven_and_removed(roles: Cast) -> None:
    client = browser(roles.police)
    assert client.post("/ways/add", {"way": "sms", "value": "+996 700 123456"}).status_code == 302
    address = Address.objects.get()
    page = client.get("/ways/").content.decode()
    assert "ждёт код" in page
    wrong = client.post(f"/ways/{address.pk}/confirm", {f"{address.pk}-code": "12"})
    assert wrong.status_code == 422
    address.refresh_from_db()
    right = client.post(f"/ways/{address.pk}/confirm", {f"{address.pk}-code": code_of(address)})
    assert right.status_code == 302
    assert "подтверждён" in client.get("/ways/").content.decode()
    client.post(f"/ways/{address.pk}/end")
    assert NUMBER not in client.get("/ways/").content.decode()


def test_a_mistake_is_shown_beside_the_field(roles: Cast) -> None:
    answer = browser(roles.police).post("/ways/add", {"way": "sms", "value": "0700 12"})
    assert answer.status_code == 422
    assert "Ещё не сохранено" in answer.content.decode() or "data-error-summary" in answer.content.decode()
    assert not Address.objects.exists()


def test_another_persons_address_and_notice_do_not_exist(roles: Cast) -> None:
    browser(roles.police).post("/ways/add", {"way": "email", "value": "name@agency.kg"})
    address, notice = Address.objects.get(), told(roles.police)
    other = browser(roles.supervisor)
    for path in (f"{address.pk}/confirm", f"{address.pk}/code", f"{address.pk}/end", f"notices/{notice.pk}/"):
        assert other.post(f"/ways/{path}", {f"{address.pk}-code": "123456"}).status_code == 404
    assert "name@agency.kg" not in other.get("/ways/").content.decode()


def test_answering_on_the_page_ends_the_telling_and_leads_to_the_signal(roles: Cast) -> None:
    notice = told(roles.police)
    client = browser(roles.police)
    assert "На сигнал 17 никто не отвечает 60 с" in client.get("/ways/").content.decode()
    answer = client.post(f"/ways/notices/{notice.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/incidents/{SIGNAL}/")
    notice.refresh_from_db()
    assert notice.answered_at is not None


def test_a_browser_is_added_by_its_script_and_only_at_a_known_push_service(roles: Cast) -> None:
    client = browser(roles.police)
    added = client.post("/ways/browser", json.dumps(SUBSCRIPTION), content_type="application/json")
    assert added.status_code == 204
    assert Address.objects.get().way == Way.PUSH
    elsewhere = SUBSCRIPTION | {"endpoint": "https://169.254.169.254/latest"}
    for body in (json.dumps(elsewhere), "[]", "{", json.dumps({"endpoint": 1, "keys": []}), "x" * 9000):
        assert client.post("/ways/browser", body, content_type="application/json").status_code in (400, 422)
    assert Address.objects.count() == 1


def test_the_worker_stands_at_the_root_and_names_nothing(roles: Cast) -> None:
    answer = Client().get("/worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    words = re.sub(r"//.*", "", answer.content.decode())
    assert not re.search(r"aralyk|аралык|signal|сигнал", words, re.IGNORECASE)


def test_a_receipt_is_believed_only_with_the_gateways_token(roles: Cast, settings: Settings) -> None:
    now = clock.now()
    Address.objects.create(user=roles.police, way=Way.SMS, value=NUMBER, added_at=now, confirmed_at=now)
    notice = told(roles.police)
    outbox.work({Way.SMS: Taken()}, now=clock.now() + timedelta(seconds=1))
    delivery = Delivery.objects.get()
    receipt = {"id": f"ref-{delivery.pk}", "status": "delivered"}
    client = Client(enforce_csrf_checks=True)

    def send(body: object, token: str | None) -> int:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        text = body if isinstance(body, str) else json.dumps(body)
        return client.post("/receipts/sms", text, content_type="application/json", headers=headers).status_code

    assert send(receipt, "") == send(receipt, None) == 401, "no token is set: nobody is believed"
    settings.SMS_RECEIPT_TOKEN = TOKEN
    for wrong in (None, "", TOKEN[:-1], TOKEN + "x", "тест"):
        assert send(receipt, wrong) == 401
    assert Delivery.objects.get().state == "sent"
    for body in ("", "{", "[]", {"id": 5, "status": "delivered"}, {"id": "x", "status": "read"}):
        assert send(body, TOKEN) == 422
    assert send(receipt | {"id": "another"}, TOKEN) == 404
    assert send(receipt, TOKEN) == 200
    notice.refresh_from_db()
    assert notice.delivered_at is not None
    assert Delivery.objects.get().state == "delivered"


@pytest.mark.parametrize("path", ["/ways/", "/ways/add", "/ways/browser"])
def test_nobody_without_a_log_in_sees_or_changes_anything(roles: Cast, path: str) -> None:
    for answer in (Client().get(path), Client().post(path, {"way": "sms", "value": NUMBER})):
        assert answer.status_code in (302, 401, 405)
    assert not Address.objects.exists()
