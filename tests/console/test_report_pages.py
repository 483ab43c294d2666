"""The report desk's pages: a report is taken one thing after another, nothing is lost, and no page names her."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from aralyk import clock
from aralyk.access.models import Role
from aralyk.reports import sealed
from aralyk.reports.actions import do_decide, do_record_copy
from aralyk.reports.models import Report
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import HER_NAME, HERE, Cast, account, witnesses
from tests.reports.cast import ACCOUNT, CONTACT, WHY, assessed, taken

FRAGMENT = {"X-Fragment": "1"}


def local(hours_ago: float = 0) -> str:
    return timezone.localtime(clock.now() - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M")


def steps(**changed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an officer writes, step by step."""
    questions = ("weapons", "children", "prior_reports", "exits", "leaving", "injury")
    asked: dict[str, Any] = dict.fromkeys(questions, "no")
    asked |= {"weapons": "not_told", "weapons-why": "does_not_know", "separation": "yes", "separation-on": "2026-09-01"}
    values: dict[str, dict[str, Any]] = {
        "how": {"channel": "police_desk", "applicant": "neighbour", "applicant_contact": CONTACT,
                "applicant_minor": "no", "language": "ky", "reported_at": local(2), "district": HERE},
        "what": {"account": ACCOUNT, "happened_at": local(3), "violence": ["physical"], "established_at": ""},
        "him": {"name": "Синтетический Бакыт", "born_on": "1985-03-04", "who": "new", "residence_district": HERE,
                "unknown_respondent": ""},
        "her": {"p0-called": HER_NAME, "p0-part": "victim", "p0-minor": "no", "p0-relation": "spouse",
                "p0-language": "ky", "p0-phone": "", "p0-home_address": ""},
        "asked": asked,
    }  # fmt: skip
    return {step: values[step] | changed.get(step, {}) for step in values}


def written(client: Client, draft: str, **changed: dict[str, Any]) -> None:
    for step, fields in steps(**changed).items():
        answer = client.post(f"/reports/drafts/{draft}/{step}", fields)
        assert answer.status_code == 302, (step, answer.content.decode()[:4000])


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_report_is_taken_one_thing_after_another(roles: Cast) -> None:
    client = client_of(roles.police)
    first = client.get("/reports/take")
    draft = first["Location"].split("/")[3]
    assert client.get(first["Location"]).status_code == 200
    written(client, draft)
    answer = client.post(f"/reports/drafts/{draft}/check")
    assert answer["Location"] == f"/reports/{draft}/"
    report = Report.objects.get()
    assert (str(report.pk), report.applicant, report.language) == (draft, "neighbour", "ky")
    assert report.statements["weapons"] == {"answer": "not_told", "why": "does_not_know"}
    assert report.statements["separation"] == {"answer": "yes", "on": "2026-09-01"}
    assert report.involved.get().relation == "spouse"
    assert client.post(f"/reports/drafts/{draft}/check")["Location"] == f"/reports/{draft}/"
    assert Report.objects.count() == 1
    assert sealed.drafts_of(roles.police.pk) == []


def test_what_is_written_is_kept_before_it_is_complete_and_only_for_whoever_wrote_it(roles: Cast) -> None:
    client = client_of(roles.police)
    draft = uuid4()
    half = {"account": "Она позвонила и", "happened_at": "не время"}
    assert client.post(f"/reports/drafts/{draft}/what", half, headers=FRAGMENT).status_code == 204
    assert "Она позвонила и" in text(client, f"/reports/drafts/{draft}/what")
    other = client_of(account("duty_102", Role.DUTY_UNIT, HERE, agency="police_duty_102"))
    assert "Она позвонила и" not in text(other, f"/reports/drafts/{draft}/what")
    assert other.post(f"/reports/drafts/{draft}/what", half, headers=FRAGMENT).status_code == 404
    assert str(draft) in text(client, "/reports/")
    client.post(f"/reports/drafts/{draft}/drop")
    assert sealed.drafts_of(roles.police.pk) == []


def test_a_draft_stands_nowhere_in_clear(database: Database, roles: Cast) -> None:
    written(client_of(roles.police), str(uuid4()))
    with database.connect() as connection:
        for table in ("reports_draft", "django_session", "evidence_entry"):
            rows = connection.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t").fetchall()
            stored = "\n".join(row[0] for row in rows)
            assert ACCOUNT not in stored
            assert HER_NAME not in stored


def test_a_step_that_lacks_something_says_so_and_keeps_what_was_written(roles: Cast) -> None:
    client = client_of(roles.police)
    draft = uuid4()
    answer = client.post(f"/reports/drafts/{draft}/him", {"who": "new", "name": "", "residence_district": ""})
    assert answer.status_code == 422
    assert b"data-error-summary" in answer.content
    answer = client.post(f"/reports/drafts/{draft}/asked", {"weapons": "not_told"})
    assert answer.status_code == 422
    answer = client.post(f"/reports/drafts/{draft}/check")
    assert answer.status_code == 422
    assert f"/reports/drafts/{draft}/what" in answer.content.decode()
    assert Report.objects.count() == 0


def test_an_unfinished_number_of_people_never_breaks_a_draft(roles: Cast) -> None:
    client = client_of(roles.police)
    draft = uuid4()
    for _ in range(10):
        client.post(f"/reports/drafts/{draft}/her", {"add": "1"})
    assert text(client, f"/reports/drafts/{draft}/her").count("-called") > 0
    client.post(f"/reports/drafts/{draft}/her", {"people": "many"})
    assert client.get(f"/reports/drafts/{draft}/her").status_code == 200


def test_a_respondent_is_found_before_he_is_registered_twice(roles: Cast) -> None:
    earlier = taken(roles.police)
    client = client_of(roles.police)
    draft = str(uuid4())
    client.post(f"/reports/drafts/{draft}/him", {"name": "бакыт", "search": "1"})
    page = text(client, f"/reports/drafts/{draft}/him")
    assert str(earlier.respondent_id) in page
    written(client, draft, him={"name": "бакыт", "born_on": "", "who": str(earlier.respondent_id)})
    client.post(f"/reports/drafts/{draft}/check")
    assert Report.objects.get(pk=draft).respondent_id == earlier.respondent_id


def test_the_page_of_a_report_shows_nobodys_words_until_they_are_asked_for(database: Database, roles: Cast) -> None:
    report = taken(roles.police)
    client = client_of(roles.police)
    page = text(client, f"/reports/{report.pk}/")
    assert ACCOUNT not in page
    read = client.post(f"/reports/{report.pk}/read").content.decode()
    assert ACCOUNT in read
    assert CONTACT in read
    assert HER_NAME not in read
    assert witnesses(database)[-1][0] == "report_read"


def test_what_is_done_on_the_page_is_done_and_what_is_refused_says_why(roles: Cast) -> None:
    report = taken(roles.police)
    client = client_of(roles.police)
    address = f"/reports/{report.pk}"
    task = report.tasks.get(rule="query_weapon_register")
    done = {
        "established": {"established-established_at": local()},
        "asked": {"asked-pregnancy": "no"},
        "words": {"words-text": "Он вернулся"},
        "person": {"person-part": "witness", "person-minor": "yes", "person-language": "ru"},
        "copy": {"copy-given": "no", "copy-reason": "Он проверяет её сумку"},
        f"task-{task.pk}": {f"task-{task.pk}-result": "no_weapon_registered"},
        "case": {"case-step": "registered", "case-register": "erp", "case-register_number": "1-26",
                 "case-happened_on": local()[:10]},
    }  # fmt: skip
    for name, fields in done.items():
        answer = client.post(f"{address}/{name}", fields)
        assert answer.status_code == 302, (name, re.findall(r'class="error"[^<]*<?[^<]*', answer.content.decode()))
    refused = client.post(f"{address}/decide", {"decide-outcome": "refused", "decide-reason": WHY})
    assert refused.status_code == 422
    assert "оценки риска" in refused.content.decode()
    assert client.post(f"{address}/nothing", {}).status_code == 404
    stored = Report.objects.get()
    assert (stored.copy, stored.closed_at, stored.statements["pregnancy"]) == ("withheld", None, {"answer": "no"})


def test_an_officer_who_is_complained_of_loses_the_report(roles: Cast) -> None:
    report = taken(roles.police)
    duty = account("duty_102", Role.DUTY_UNIT, HERE, agency="police_duty_102")
    answer = client_of(duty).post(
        f"/reports/{report.pk}/complaint",
        {"complaint-officer": roles.police.pk, "complaint-reason": "Отказался принять заявление"},
    )
    assert answer.status_code == 302
    assert client_of(roles.police).get(f"/reports/{report.pk}/").status_code == 404
    assert report.number not in text(client_of(roles.police), "/reports/?waiting=all")


@pytest.mark.parametrize("who", ["operator", "supervisor", "probation", "police_elsewhere", "administrator"])
def test_whoever_has_no_right_to_the_case_finds_nothing(roles: Cast, who: str) -> None:
    report = taken(roles.police)
    client = client_of(getattr(roles, who))
    for address in (f"/reports/{report.pk}/", f"/reports/{report.pk}/paper"):
        assert client.get(address).status_code == 404
    assert client.post(f"/reports/{report.pk}/read").status_code == 404
    assert client.post(f"/reports/{report.pk}/words", {"words-text": "x"}).status_code == 404


def test_the_prosecutor_reads_what_was_refused_and_can_do_nothing_here(roles: Cast) -> None:
    report = taken(roles.police)
    assessed(roles.police, report)
    do_record_copy(roles.police, report.pk, given=True)
    do_decide(roles.police, report.pk, outcome="refused", reason=WHY)
    client = client_of(roles.prosecutor)
    assert WHY in text(client, "/reports/?waiting=closed")
    page = text(client, f"/reports/{report.pk}/")
    assert 'action="/reports/' not in page.replace(f'action="/reports/{report.pk}/read"', "")
    assert client.post(f"/reports/{report.pk}/reopen", {"reopen-reason": WHY}).status_code in {403, 422}


def test_the_applicants_paper_says_nothing_that_could_endanger_in_each_language(roles: Cast) -> None:
    report = taken(roles.police)
    client = client_of(roles.police)
    for language in ("ru", "ky", "uz", "en"):
        page = text(client, f"/reports/{report.pk}/paper?language={language}")
        assert f'<html lang="{language}"' in page
        assert report.number in page
        code = report.involved.get().person.code
        for word in (
            HER_NAME,
            "Бакыт",
            ACCOUNT,
            code,
            "Соседка",
            "насил",
            "зомбулук",
            "ордер",
            "violence",
            "Мониторинг",
        ):
            assert word.lower() not in page.lower(), (language, word)


@pytest.mark.parametrize("waiting", ["open", "mine", "overdue", "stalled", "not_assessed", "closed", "all", "nonsense"])
def test_each_list_opens(roles: Cast, waiting: str) -> None:
    taken(roles.police)
    assert client_of(roles.police).get(f"/reports/?waiting={waiting}").status_code == 200


def test_a_search_finds_a_number_a_respondent_and_a_code_and_never_her_name(roles: Cast) -> None:
    report = taken(roles.police)
    client = client_of(roles.police)
    code = report.involved.get().person.code
    for found in (report.number, "бакыт", code):
        assert report.number in text(client, f"/reports/?q={found}")
    assert report.number not in text(client, "/reports/?q=Айгуль")


def test_the_list_asks_the_database_the_same_number_of_times_however_many_reports(
    roles: Cast, django_assert_max_num_queries: Any
) -> None:
    client = client_of(roles.police)
    for _ in range(4):
        taken(roles.police)
    client.get("/reports/")
    with django_assert_max_num_queries(22):
        client.get("/reports/")
