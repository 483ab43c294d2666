"""Digests, figures and the change of a shift on pages; hidden from whoever has no part in it."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest

from aralyk import clock
from aralyk.access.models import Role
from aralyk.incidents.actions import do_acknowledge
from aralyk.incidents.models import Incident, Outcome, Status
from aralyk.oversight.digests import do_make_digests
from aralyk.oversight.models import FoldedDigest, ShiftHandOver
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import Cast, account, order, raised
from tests.oversight.engine_says import said


@pytest.fixture
def folded(database: Database, roles: Cast) -> Incident:
    """An incident to which the engine added two decisions, and the digest that has them."""
    incident = raised(database, order(roles.police))
    at = clock.now()
    for second, priority in enumerate((1, 1, 2)):
        event = "updated" if second else "raised"
        said(database, incident, at=at + timedelta(milliseconds=second), priority=priority, event=event)
    do_make_digests(now=at + timedelta(days=1, hours=1))
    return incident


def test_a_digest_leads_to_each_signal_and_is_signed_after_it_was_read(folded: Incident, roles: Cast) -> None:
    digest = FoldedDigest.objects.get(folded=2)
    address = f"/digests/{digest.day}/"
    client = client_of(roles.supervisor, "en")
    assert f'href="{address}"' in client.get("/digests/").content.decode()
    page = client.get(address).content.decode()
    assert f"/incidents/{folded.pk}/" in page
    found = re.search(r'name="list_sha256" value="([0-9a-f]{64})"', page)
    assert found is not None
    unread = client.post(f"{address}sign", {"list_sha256": found[1]})
    assert unread.status_code == 422
    assert "Confirm that you have read the list" in unread.content.decode()
    another = client.post(f"{address}sign", {"list_sha256": "0" * 64, "read": "on"})
    assert another.status_code == 422
    assert "somebody else must sign it" in another.content.decode()
    signed = client.post(f"{address}sign", {"list_sha256": found[1], "read": "on", "remark": "без замечаний"})
    assert signed.status_code == 302
    page = client_of(roles.prosecutor, "en").get(address).content.decode()
    assert "Т. supervisor" in page
    assert "без замечаний" in page
    assert "list_sha256" not in page


def test_a_prosecutor_sees_an_unsigned_digest_and_has_nothing_to_press(folded: Incident, roles: Cast) -> None:
    digest = FoldedDigest.objects.get(folded=2)
    page = client_of(roles.prosecutor, "en").get(f"/digests/{digest.day}/").content.decode()
    assert "Waits for a signature" in page
    assert "/sign" not in page
    for user in (roles.operator, roles.police, roles.administrator):
        assert client_of(user).get("/digests/").status_code == 404
        assert client_of(user).get(f"/digests/{digest.day}/").status_code == 404
    assert client_of(roles.supervisor).get("/digests/2026-99-99/").status_code == 404


def test_each_drawing_of_figures_has_a_table_and_a_csv_that_says_its_period(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    Incident.objects.filter(pk=incident.pk).update(
        acknowledged_at=incident.raised_at + timedelta(seconds=42), acknowledged_by=roles.operator,
        status=Status.CLOSED, outcome=Outcome.FALSE,
    )  # fmt: skip
    client = client_of(roles.supervisor, "en")
    page = client.get("/figures/").content.decode()
    assert page.count('<svg class="curve bars"') == 4
    assert page.count("The table below says the same") == 4
    addresses = re.findall(r'href="(/figures/\w+\.csv\?[^"]+)"', page)
    assert len(addresses) == 6
    rows = list(csv.reader(io.StringIO(client.get("/figures/times.csv").content.decode())))
    assert [row[0] for row in rows[:4]] == ["since", "until", "read_at", "suppressed_below"]
    assert rows[5][:4] == ["acknowledge", "1", "1", "42.0"]
    loads = client.get("/figures/operators.csv").content.decode()
    assert "Т. operator,operator,1,0,42.0" in loads


def test_an_analyst_reads_no_names_and_no_small_cell(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    Incident.objects.filter(pk=incident.pk).update(
        acknowledged_at=incident.raised_at + timedelta(seconds=42), acknowledged_by=roles.operator
    )
    asked = {"since": f"{clock.now():%Y-%m-%d}", "until": f"{clock.now() + timedelta(days=40):%Y-%m-%d}"}
    client = client_of(account("analyst", Role.ANALYST), "en")
    page = client.get("/figures/", asked).content.decode()
    assert "Whole months of the whole country" in page
    assert "fewer than five" in page
    assert "Т. operator" not in page
    assert client.get("/figures/operators.csv").status_code == 404
    assert client_of(roles.police).get("/figures/").status_code == 404
    assert client_of(roles.police).get("/figures/times.csv").status_code == 404


@pytest.mark.parametrize(
    "asked", [{"since": "x"}, {"since": "2026-12-31", "until": "2026-01-01"}, {"until": "9999-12-31"}]
)
def test_a_period_that_is_none_is_taken_as_the_usual_one(roles: Cast, asked: dict[str, str]) -> None:
    assert client_of(roles.supervisor).get("/figures/", asked).status_code == 200


def test_a_shift_is_left_with_words_and_taken_by_another_and_a_signal_by_its_own_act(
    database: Database, roles: Cast
) -> None:
    incident = raised(database, order(roles.police))
    do_acknowledge(roles.operator, incident.pk)
    leaving, coming = client_of(roles.operator, "en"), client_of(roles.supervisor, "en")
    silent = leaving.post("/hand-over/leave", {"note": ""})
    assert silent.status_code == 422
    assert leaving.post("/hand-over/leave", {"note": "ждём ответа дежурной части"}).status_code == 302
    left = ShiftHandOver.objects.get()
    assert "I take over" not in leaving.get("/hand-over/").content.decode()
    assert leaving.post(f"/hand-over/{left.pk}/take").status_code == 409
    page = coming.get("/hand-over/").content.decode()
    assert "ждём ответа дежурной части" in page
    assert "I take over" in page
    assert coming.post(f"/hand-over/{left.pk}/take").status_code == 302
    incident.refresh_from_db()
    assert incident.acknowledged_by == roles.operator
    assert coming.post(f"/hand-over/incidents/{incident.pk}/take").status_code == 302
    incident.refresh_from_db()
    assert incident.acknowledged_by == roles.supervisor


@pytest.mark.parametrize("who", ["police", "probation", "prosecutor", "administrator"])
def test_who_has_no_shift_in_the_centre_finds_no_such_page(roles: Cast, who: str) -> None:
    client = client_of(getattr(roles, who))
    assert client.get("/hand-over/").status_code == 404
    assert client.post("/hand-over/leave", {"note": "ничего нет"}).status_code == 403
