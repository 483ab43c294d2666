"""The bundle as the supervisor gets it from the page: made, witnessed with the reason, and whole."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from aralyk.access.models import User
from aralyk.evidence.keys import SigningKey
from aralyk.ledger.verification import verify
from tests.bundles.conftest import Case

REASON = "по запросу прокурора"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings, key: SigningKey) -> Path:
    """The installation whose log the key signs."""
    settings.HOME = tmp_path
    return tmp_path


def download(case: Case, username: str, reason: str) -> tuple[int, bytes]:
    client = Client()
    client.force_login(User.objects.get(username=username))
    response = client.post(f"/incidents/{case.incident}/bundle", {"bundle-reason": reason}, headers={"X-Fragment": "1"})
    return response.status_code, response.content


@pytest.mark.usefixtures("sequenced")
def test_what_the_page_hands_out_verifies_and_leaves_nothing_behind(case: Case, key: SigningKey, home: Path) -> None:
    status, file = download(case, "supervisor", REASON)
    assert status == 200
    assert verify(file, key=key.public).failed == ()
    assert list(home.glob("bundle-*")) == []


@pytest.mark.usefixtures("sequenced")
def test_no_bundle_without_a_reason_or_without_the_right(case: Case) -> None:
    assert download(case, "supervisor", " ")[0] == 422
    assert download(case, "operator", REASON)[0] == 403
    assert download(case, "administrator", REASON)[0] == 403
