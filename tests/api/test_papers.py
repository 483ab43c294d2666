"""Papers through the API: the same permissions, witnesses and refusals as on the pages."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aralyk import clock
from aralyk.evidence.keys import SigningKey, signing_key
from aralyk.ledger.canonical import canonical_bytes
from aralyk.ledger.checkpoint import public_key
from aralyk.orders.models import Order
from aralyk.papers import register_file as files
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


def test_a_zone_is_named_or_withheld_by_who_may_make_papers(case: Order, roles: Cast) -> None:
    body = {"condition": "home", "reason": "в области одно село"}
    assert post(roles.operator, f"/orders/{case.pk}/areas/withheld", body)[0] == 403
    assert post(roles.police_elsewhere, f"/orders/{case.pk}/areas/withheld", body)[0] == 404
    assert post(roles.police, f"/orders/{case.pk}/areas/withheld", body)[0] == 200
    assert post(roles.police, f"/orders/{case.pk}/areas/named", body)[0] == 200
    assert post(roles.police, f"/orders/{case.pk}/areas/named", body | {"condition": "nowhere"})[0] == 404


def test_an_order_goes_to_the_register_and_its_answer_comes_back(case: Order, roles: Cast, tmp_path: Path) -> None:
    signing_key(tmp_path, origin="log.test/orders")
    private = Ed25519PrivateKey.generate()
    theirs = SigningKey(private=private, public=public_key("register.test/police", private))
    body = {"register": "protection_orders", "key": theirs.public.line()}
    assert post(roles.police, "/register/keys", body)[0] == 403
    status, added = post(roles.administrator, "/register/keys", body)
    assert (status, added["register"], added["sealed_allowed"]) == (200, "protection_orders", False)
    assert get(roles.operator, "/register/keys")[1] == []

    status, sent = post(roles.police, f"/orders/{case.pk}/register", {"key": added["id"]})
    assert status == 200
    assert hashlib.sha256(sent["content"].encode()).hexdigest() == sent["sha256"]
    status, said = post(
        roles.police, f"/orders/{case.pk}/register", {"key": added["id"], "sealed": True, "purpose": "для реестра"}
    )
    assert (status, said["code"]) == (409, "sealed_not_allowed")
    assert post(roles.police, f"/register/keys/{added['id']}/allow-sealed")[1]["sealed_allowed"] is True

    answer = canonical_bytes(
        {
            "format": files.REPLY_FORMAT, "file": "R-1", "made_at": "2026-11-22T08:00:00Z",
            "register": "protection_orders",
            "records": [
                {"record": "A-1", "kind": "registered", "order_number": json.loads(sent["content"])["order"]["number"],
                 "recorded_at": "2026-11-22T07:30:00Z", "external_number": "КО-77"},
            ],
        }
    )  # fmt: skip
    signature = files.sign(answer, format_=files.REPLY_FORMAT, key=theirs).decode()
    reply = {"key": added["id"], "content": answer.decode(), "signature": signature}
    assert post(roles.police, "/register/replies", reply)[1]["new"] == 1
    assert post(roles.police, "/register/replies", reply)[1]["new"] == 0
    (kept,) = get(roles.operator, f"/orders/{case.pk}/register")[1]
    assert (kept["register"], kept["record"], kept["external_number"]) == ("protection_orders", "A-1", "КО-77")
    status, said = post(roles.police, "/register/replies", reply | {"content": answer.decode() + " "})
    assert (status, said["fields"][0]["field"]) == (422, "signature")
