"""Papers through the API: the same permissions, witnesses and refusals as on the pages."""

from __future__ import annotations

import hashlib
import json
from uuid import uuid4

import pytest

from aralyk import clock
from aralyk.orders.models import Order
from tests.api.test_api import ROOT, client_of, get, post
from tests.conftest import Database
from tests.orders.cast import HER_NAME, HER_PHONE, Cast, order, witnesses
from tests.papers.looking import holds


@pytest.fixture
def case(database: Database, roles: Cast) -> Order:
    return order(roles.police)


def test_a_paper_is_made_listed_read_taken_and_delivered(case: Order, roles: Cast, database: Database) -> None:
    status, made = post(roles.police, f"/orders/{case.pk}/renditions", {"rendition": "served", "language": "ky"})
    assert status == 200
    assert made["draft"] is True
    assert made["document"]["language"] == "ky"
    assert get(roles.operator, f"/orders/{case.pk}/renditions")[1][0]["sha256"] == made["sha256"]
    assert get(roles.operator, f"/renditions/{made['id']}")[1] == made
    file = client_of(roles.operator).get(f"{ROOT}/renditions/{made['id']}/file")
    assert file.status_code == 200
    assert hashlib.sha256(file.content).hexdigest() == made["sha256"] == file["X-Content-SHA256"]
    body = {"recipient": "defence_lawyer", "way": "in_person", "delivered_at": clock.iso(clock.now())}
    assert post(roles.police, f"/renditions/{made['id']}/deliveries", body)[0] == 200
    assert [kind for kind, *_ in witnesses(database) if kind.startswith("paper_")] == [
        "paper_made", "paper_taken", "paper_delivered",
    ]  # fmt: skip


def test_a_sealed_paper_comes_as_a_file_and_is_nowhere_afterwards(case: Order, roles: Cast) -> None:
    body = {"language": "ru", "purpose": "передача в суд", "fields": ["name", "phone"]}
    answer = client_of(roles.police).post(
        f"{ROOT}/orders/{case.pk}/renditions/sealed", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200
    assert holds(answer.content, HER_PHONE)
    assert holds(answer.content, HER_NAME)
    (kept,) = get(roles.police, f"/orders/{case.pk}/renditions")[1]
    assert kept["kept"] is False
    assert get(roles.police, f"/renditions/{kept['id']}/file")[0] == 409
    assert get(roles.operator, f"/orders/{case.pk}/renditions")[1] == []
    assert get(roles.operator, f"/renditions/{kept['id']}")[0] == 404


def test_refusals_name_the_field_and_strangers_find_nothing(case: Order, roles: Cast) -> None:
    address = f"/orders/{case.pk}/renditions"
    status, said = post(roles.police, address, {"rendition": "served", "language": "uz"})
    assert (status, said["fields"][0]["field"]) == (422, "language")
    status, said = post(roles.police, address, {"rendition": "sealed", "language": "ru"})
    assert (status, said["fields"][0]["field"]) == (422, "rendition")
    status, said = post(roles.police, f"{address}/sealed", {"language": "ru", "purpose": "x"})
    assert (status, said["fields"][0]["field"]) == (422, "purpose")
    assert post(roles.operator, address, {"rendition": "served", "language": "ru"})[0] == 403
    assert post(roles.police_elsewhere, address, {"rendition": "served", "language": "ru"})[0] == 404
    assert get(roles.police_elsewhere, address)[0] == 404
    assert get(roles.police, f"/renditions/{uuid4()}")[0] == 404
    assert get(None, address)[0] == 401
