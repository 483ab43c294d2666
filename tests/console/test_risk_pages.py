"""The pages of risk: a form that anybody can fill at a door, what came of it, and the second person's answer."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.people.models import Stated
from aralyk.risk.actions import do_assess, do_set_level
from aralyk.risk.events import Cause
from aralyk.risk.instrument import instrument_on
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, LevelDecision, State
from aralyk.risk.queries import level_for
from tests.console.test_pages import client_of
from tests.orders.cast import order
from tests.risk.cast import WHY, assessed, form, told
from tests.risk.conftest import Pair, pair

__all__ = ["pair"]


def address(pair: Pair, page: str = "assess") -> str:
    return f"/risk/{pair.respondent.pk}/{pair.protected.pk}/{page}"


def filled(
    *, yes: tuple[str, ...] = (), unknown: tuple[str, ...] = (), slug: str = "lap_screen", **more: str
) -> dict[str, str]:
    """What a browser sends: everything is answered no but what is named."""
    instrument = instrument_on(slug, on=clock.now().date())
    answers = dict.fromkeys([item.slug for item in instrument.item], Stated.NO)
    answers |= dict.fromkeys(yes, Stated.YES) | dict.fromkeys(unknown, Stated.UNKNOWN)
    sent = {f"answer-{item}": answer.value for item, answer in answers.items()}
    return sent | {"form_id": str(uuid4()), "version": str(instrument.version), "level": "", "reason": ""} | more


def text_of(client: Client, address: str, **given: str) -> str:
    return client.get(address, given).content.decode()


def test_the_form_asks_every_question_in_the_order_of_the_instrument_with_three_answers_and_none_chosen(
    pair: Pair,
) -> None:
    page = text_of(client_of(pair.inspector, "en"), address(pair))
    instrument = instrument_on("lap_screen", on=clock.now().date())
    asked = re.findall(r'<legend><span class="number">(\d+)\.</span> (.+?)</legend>', page)
    assert [int(number) for number, _ in asked] == list(range(1, 12))
    assert [text for _, text in asked] == [item.text.en for item in instrument.item]
    assert len(re.findall(r'type="radio" name="answer-\w+" value="(?:yes|no|unknown)"', page)) == 33
    assert not re.search(r'name="answer-\w+"[^>]*checked', page)
    assert '<b class="number" data-missing>11</b>' in page
    assert "MNADV" in page


@pytest.mark.parametrize("language", ["ru", "ky"])
def test_what_nobody_reviewed_or_compared_with_the_official_text_is_marked(pair: Pair, language: str) -> None:
    page = text_of(client_of(pair.inspector, language), address(pair), instrument="kg_protocol")
    assert page.count("[U]") == len(instrument_on("kg_protocol", on=clock.now().date()).item)
    assert {"ru": "Черновой перевод", "ky": "Котормонун долбоору"}[language] in page


def test_what_devices_said_stands_beside_the_questions_and_answers_none_of_them(pair: Pair) -> None:
    for number, cause in enumerate((Cause.TAMPER, Cause.TAMPER, Cause.PANIC)):
        told(pair, cause, source=f"incident:{number}")
    page = text_of(client_of(pair.inspector, "en"), address(pair))
    facts = page.split('id="facts-title"')[1].split("</section>")[0]
    assert re.findall(r"<dt>([^<]+)</dt><dd><span class=\"number\">(\d+)</span>", facts) == [
        ("call for help", "1"), ("tampering with a device", "2"),
    ]  # fmt: skip
    assert not re.search(r'name="answer-\w+"[^>]*checked', page)


def test_one_red_flag_gives_the_level_and_the_page_says_what_it_makes_due_and_when(pair: Pair) -> None:
    client = client_of(pair.inspector, "en")
    sent = client.post(address(pair), filled(yes=("weapon",)))
    assert sent.status_code == 302
    page = text_of(client, sent["Location"])
    assert 'data-level="high"' in page
    assert "by one answer that alone is enough (red flag)" in page
    assert re.search(r"Missing answers</dt><dd><span class=\"number\">0 / 11", page)
    owed = page.split("Owed now")[1].split("</section>")[0]
    assert len(re.findall(r"<li data-due-row", owed)) == 4
    assert "Assess the risk again: term of the level" in owed
    assert level_for(pair.cast.operator, pair.respondent.pk, pair.protected.pk).level is Level.HIGH


def test_answers_that_leave_it_open_are_said_and_nothing_that_was_answered_is_lost(pair: Pair) -> None:
    client = client_of(pair.inspector, "en")
    sent = filled(yes=("left",), unknown=("weapon", "follows"))
    response = client.post(address(pair), sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert "The answers leave it open (missing: 2 of 11)" in page
    assert len(re.findall(r'name="answer-\w+"[^>]*checked', page)) == 11
    assert sent["form_id"] in page
    assert not Assessment.objects.exists()
    signed = client.post(address(pair), sent | {"level": "high", "reason": WHY})
    page = text_of(client, signed["Location"])
    assert WHY in page
    assert "2 / 11" in page
    # The level stands by her word alone; the missing answers could have made more of it, so the clock is the worst's.
    assert LevelDecision.objects.get().basis == "judgement"


def test_a_form_sent_twice_over_a_bad_line_is_kept_once(pair: Pair) -> None:
    client = client_of(pair.inspector)
    sent = filled(yes=("weapon",))
    first, again = client.post(address(pair), sent), client.post(address(pair), sent)
    assert first["Location"] == again["Location"]
    assert Assessment.objects.count() == 1
    other = client.post(address(pair), sent | {"answer-left": "yes"})
    assert other.status_code == 422


def test_a_lower_level_waits_and_is_answered_by_another_person_alone(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    mine, other = client_of(pair.inspector, "en"), client_of(pair.second, "en")
    page = text_of(mine, mine.post(address(pair), filled(reason=WHY))["Location"])
    proposal = LevelDecision.objects.get(state=State.PROPOSED)
    assert "Lower level proposed" in page
    assert 'data-level="high"' in page
    answer = f"/risk/proposals/{proposal.pk}/"
    assert "You proposed it" in text_of(mine, answer)
    assert mine.post(answer, {"reason": WHY, "agree": "yes"}).status_code == 409
    assert other.post(answer, {"reason": "", "agree": "yes"}).status_code == 422
    assert answer in text_of(other, "/risk/")
    assert other.post(answer, {"reason": WHY, "agree": "yes"}).status_code == 302
    assert level_for(pair.inspector, pair.respondent.pk, pair.protected.pk).level is Level.LOW
    assert "second_inspector" in text_of(client_of(pair.cast.prosecutor, "en"), "/risk/")
    assert other.post(answer, {"reason": WHY, "agree": "yes"}).status_code == 409


def test_without_the_word_yes_the_higher_level_stands(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    proposal = do_set_level(
        pair.inspector, respondent=pair.respondent.pk, protected_person=pair.protected.pk, level=Level.LOW, reason=WHY
    )
    client_of(pair.second).post(f"/risk/proposals/{proposal.pk}/", {"reason": WHY})
    proposal.refresh_from_db()
    assert proposal.state == State.REFUSED
    assert level_for(pair.second, pair.respondent.pk, pair.protected.pk).level is Level.HIGH


def test_a_higher_level_is_signed_at_once_and_needs_a_reason(pair: Pair) -> None:
    assessed(pair, Level.LOW)
    client = client_of(pair.inspector)
    assert client.post(address(pair, "level"), {"level": "extreme", "reason": "да"}).status_code == 422
    assert client.post(address(pair, "level"), {"level": "extreme", "reason": WHY}).status_code == 302
    assert level_for(pair.inspector, pair.respondent.pk, pair.protected.pk).level is Level.EXTREME


def test_the_levels_over_time_are_drawn_and_the_table_says_the_same(pair: Pair) -> None:
    assessed(pair, Level.LOW)
    told(pair, Cause.PANIC)
    do_assess(pair.inspector, form(pair, yes=("weapon",), unknown=("follows",)))
    do_set_level(
        pair.inspector,
        respondent=pair.respondent.pk,
        protected_person=pair.protected.pk,
        level=Level.MEDIUM,
        reason=WHY,
    )
    page = text_of(client_of(pair.inspector, "en"), f"/risk/{pair.respondent.pk}/")
    assert len(re.findall(r'class="risk-step', page)) == 2
    assert len(re.findall(r"risk-step-hollow", page)) == 1
    assert len(re.findall(r'class="risk-spot risk-help"', page)) == 1
    assert len(re.findall(r"risk-lowering-open", page)) == 1
    path = re.search(r'<polyline class="curve-line" points="([^"]+)"', page)
    assert path is not None
    heights = [float(point.split(",")[1]) for point in path[1].split()]
    assert heights == sorted(heights, reverse=True)  # up on the page is a smaller number
    assert (heights[0], heights[-1]) == (122.0, 50.0)
    twin = page.split("The levels as a table")[-1].split("</table>")[0]
    assert len(re.findall(r"<tr><td", twin)) == 4
    assert "1 / 11" in twin
    assert " style=" not in page


@pytest.mark.parametrize("role", ["operator", "supervisor", "probation", "administrator", "police_elsewhere"])
def test_who_may_not_read_a_risk_finds_no_page_of_it(pair: Pair, role: str) -> None:
    found = assessed(pair, Level.HIGH)
    client = client_of(getattr(pair.cast, role))
    pages = (f"/risk/{pair.respondent.pk}/", f"/risk/assessments/{found.assessment.pk}/")
    assert [client.get(page).status_code for page in pages] == [404, 404]
    assert client.get(address(pair)).status_code == (404 if role == "police_elsewhere" else 403)
    assert client.post(address(pair), filled()).status_code in (403, 404)


def test_a_prosecutor_reads_and_signs_nothing(pair: Pair) -> None:
    found = assessed(pair, Level.HIGH)
    client = client_of(pair.cast.prosecutor)
    for page in (f"/risk/{pair.respondent.pk}/", f"/risk/assessments/{found.assessment.pk}/", "/risk/"):
        response = client.get(page)
        assert response.status_code == 200
        assert '/assess"' not in response.content.decode()
    assert client.post(address(pair, "level"), {"level": "extreme", "reason": WHY}).status_code == 403


def test_the_report_that_asked_comes_back_and_nothing_else_is_taken_into_an_address(pair: Pair) -> None:
    client = client_of(pair.inspector)
    report = str(uuid4())
    assert f"report={report}" in text_of(client, address(pair), report=report)
    assert f"report={report}" in client.post(f"{address(pair)}?report={report}", filled())["Location"]
    actions = re.findall(r'<form class="stack" method="post" action="([^"]*)"', text_of(
        client, address(pair), report="javascript:alert(1)"
    ))  # fmt: skip
    assert actions == ["?instrument=lap_screen"]


def test_titles_hold_nobodys_name(pair: Pair) -> None:
    found = assessed(pair, Level.HIGH)
    client = client_of(pair.inspector)
    for page in (address(pair), address(pair, "level"), f"/risk/{pair.respondent.pk}/",
                 f"/risk/assessments/{found.assessment.pk}/", "/risk/", "/duties/"):  # fmt: skip
        title = re.search(r"<title>(.*?)</title>", text_of(client, page), re.DOTALL)
        assert title is not None
        assert pair.respondent.name not in title[1]
        assert pair.protected.code not in title[1]


def test_the_pages_of_a_pair_ask_as_often_however_much_happened(pair: Pair) -> None:
    found = assessed(pair, Level.LOW)
    order(pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,))
    client = client_of(pair.inspector)
    client.get("/duties/")  # the first page of a session asks for more

    def asked_often(events: range) -> list[int]:
        for number in events:
            occurred_at = clock.now() - timedelta(minutes=number)
            told(pair, Cause.TAMPER, source=f"incident:{number}", occurred_at=occurred_at)
            do_assess(pair.inspector, form(pair, yes=("weapon",)))
        counts = []
        for page in (f"/risk/{pair.respondent.pk}/", f"/risk/assessments/{found.assessment.pk}/", address(pair)):
            with CaptureQueriesContext(connection) as asked:
                assert client.get(page).status_code == 200
            counts.append(len(asked))
        return counts

    few = asked_often(range(2))
    assert asked_often(range(2, 22)) == few
    assert max(few) <= QUERIES_MAX


QUERIES_MAX = 30
