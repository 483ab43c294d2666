"""The page of duties: whatever is owed in my districts, the longest overdue first, and who else sees what is late."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.duties.rows import Key
from aralyk.risk.actions import do_assess
from aralyk.risk.levels import Level
from aralyk.risk.models import Reassessment, RiskDuty
from tests.console.test_pages import client_of
from tests.orders.cast import respondent
from tests.risk.cast import assessed, form
from tests.risk.conftest import Pair, pair

__all__ = ["pair"]
ROW = r'<li data-due-row( data-overdue)?>.*?<div class="duty-what"><a href="([^"]+)"><strong>(.*?)</strong>'


def rows(page: str) -> list[tuple[bool, str, str]]:
    return [(bool(late), words, address) for late, address, words in re.findall(ROW, page, re.DOTALL)]


def listed(user: object, **asked: str) -> list[tuple[bool, str, str]]:
    return rows(client_of(user, "en").get("/duties/", asked).content.decode())  # type: ignore[arg-type]


def test_duties_and_assessments_stand_in_one_list_by_their_clocks(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    found = listed(pair.inspector)
    assert len(found) == 4
    assert [late for late, _, _ in found] == sorted([late for late, _, _ in found], reverse=True)
    again = f"/risk/{pair.respondent.pk}/{pair.protected.pk}/assess"
    assert ("Assess the risk again: term of the level", again) in [one[1:] for one in found]


def test_a_duty_is_ticked_off_with_a_note_and_stands_among_those_done_with_who_did_it(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    duty = RiskDuty.objects.get(kind="refer")
    client = client_of(pair.inspector, "en")
    refused = client.post(f"/duties/{duty.pk}/finish", {f"{duty.pk}-note": " "})
    assert refused.status_code == 422
    assert "Write what was done" in refused.content.decode()
    done = client.post(f"/duties/{duty.pk}/finish", {f"{duty.pk}-note": "Передана в центр", "show": "overdue"})
    assert (done.status_code, done["Location"]) == (302, "/duties/?show=overdue&")
    duty.refresh_from_db()
    assert (duty.done_by, duty.note) == (pair.inspector, "Передана в центр")
    page = client.get("/duties/").content.decode()
    assert "Передана в центр" in page.split("Done lately")[1]
    again = client.post(f"/duties/{duty.pk}/finish", {f"{duty.pk}-note": "ещё раз"})
    assert again.status_code == 422


def test_filters_keep_what_is_overdue_what_is_due_today_and_what_is_mine(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    do_assess(pair.second, form(pair, respondent=respondent(pair.inspector).pk))
    RiskDuty.objects.update(due_at=clock.now() + timedelta(days=3))
    RiskDuty.objects.filter(kind="refer").update(due_at=clock.now() - timedelta(minutes=5))
    assert [late for late, _, _ in listed(pair.inspector, show="overdue")] == [True]
    assert len(listed(pair.inspector, show="today")) == 1
    assert (len(listed(pair.inspector)), len(listed(pair.inspector, show="mine"))) == (7, 4)
    assert len(listed(pair.second, show="mine")) == 3


def test_a_supervisor_and_a_prosecutor_see_what_is_overdue_and_nobody_else_of_the_centre(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    RiskDuty.objects.update(due_at=clock.now() + timedelta(days=1))
    RiskDuty.objects.filter(kind="refer").update(due_at=clock.now() - timedelta(minutes=5))
    assert len(listed(pair.cast.supervisor)) == 1
    assert len(listed(pair.cast.prosecutor, show="overdue")) == 1
    assert len(listed(pair.cast.prosecutor)) == 4
    for user in (pair.cast.supervisor, pair.cast.prosecutor):
        page = client_of(user, "en").get("/duties/").content.decode()
        assert "/finish" not in page
        duty = RiskDuty.objects.get(kind="refer")
        assert client_of(user).post(f"/duties/{duty.pk}/finish", {f"{duty.pk}-note": "сделано"}).status_code in (
            403,
            422,
        )
        duty.refresh_from_db()
        assert duty.done_at is None
    for user in (pair.cast.operator, pair.cast.probation, pair.cast.administrator):
        assert client_of(user).get("/duties/").status_code == 404
    assert listed(pair.cast.police_elsewhere) == []


def test_pages_follow_each_other_by_key_and_lose_nothing_when_a_duty_is_done_between(pair: Pair) -> None:
    for _ in range(30):
        do_assess(pair.inspector, form(pair, respondent=respondent(pair.inspector).pk))
    at = clock.now() + timedelta(days=1)
    RiskDuty.objects.update(due_at=at)  # all at once: the key's second and third part decide
    Reassessment.objects.update(due_at=at)
    client = client_of(pair.inspector, "en")
    first = client.get("/duties/").content.decode()
    following = re.search(r'href="(/duties/\?after=[^"]+)"', first)
    assert following is not None
    RiskDuty.objects.filter(pk=RiskDuty.objects.order_by("pk").values_list("pk", flat=True)[0]).update(lapsed_at=at)
    second = client.get(following[1]).content.decode()
    assert (len(rows(first)), len(rows(second))) == (50, 40)
    assert 'href="/duties/?after=' not in second


@pytest.mark.parametrize(
    "text", ["", "x", "1.2.3", "-5.risk_duty.7", "999999999999999999.risk_duty.1", "1.risk_duty.²"]
)
def test_a_broken_key_is_no_key(text: str) -> None:
    assert Key.parse(text) is None


def test_the_page_asks_as_often_however_much_is_owed(pair: Pair) -> None:
    client = client_of(pair.inspector)
    client.get("/duties/")  # the first page of a session asks for more

    def asked_often(pairs: int) -> int:
        for _ in range(pairs):
            do_assess(pair.inspector, form(pair, respondent=respondent(pair.inspector).pk, yes=("weapon",)))
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/duties/").status_code == 200
        return len(asked)

    few = asked_often(1)
    assert asked_often(12) == few <= QUERIES_MAX


QUERIES_MAX = 35
