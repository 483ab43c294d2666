"""The page of work without the platform: what stands still, whom to protect first, whom we told, and its rehearsal."""

from __future__ import annotations

import io
import json
import os
import re
import time
from pathlib import Path

import pytest
from pdfminer.high_level import extract_text

from aralyk.incidents.models import Incident
from aralyk.jobs.risk_list import keep_list
from aralyk.orders.models import Order
from aralyk.oversight.models import Outage, OutageCall
from tests.conftest import Database
from tests.console.test_pages import client_of, scene
from tests.incidents.stage import DUTY_UNIT, full_roster, officer
from tests.orders.cast import ELSEWHERE, HER_NAME, HER_PHONE, Cast, order, witnesses

__all__ = ["scene"]


def say(home: Path, *, age_s: float = 0.0, **failing: str) -> None:
    """What the watchdog writes: three parts, and which of them fail."""
    checks = {
        "process:monitor": {"well": True, "reason": "no_heartbeat", "age_s": 1.0},
        "intake:positions": {"well": "intake" not in failing, "reason": "not_stored", "stuck_s": 0.0, "waiting": 7},
        "sequencer": {"well": True, "reason": "entry_waits", "waiting": 0},
    }
    raised = [
        {"at": "2026-11-22T10:00:00.000000Z", "component": "intake:positions", "state": "raised",
         "reason": "not_stored", "detail": {}}
    ]  # fmt: skip
    (home / "run").mkdir(exist_ok=True)
    path = home / "run" / "status.json"
    path.write_text(json.dumps({"at": "", "pid": 1, "open": raised if failing else [], "checks": checks}))
    then = time.time() - age_s
    os.utime(path, (then, then))


def test_each_part_stands_with_whether_it_works_and_a_silent_watchdog_makes_all_unknown(
    scene: tuple[Order, Incident], roles: Cast, home: Path
) -> None:
    client = client_of(roles.operator, "en")
    say(home, intake="stuck")
    page = client.get("/outage/").content.decode()
    assert "storing of lane positions" in page
    assert "waiting: 7" in page
    assert page.count("does not work") == 1
    assert page.count("works</span>") == 2
    say(home, age_s=60)
    page = client.get("/outage/").content.decode()
    assert "The watchdog is silent" in page
    assert "works</span>" not in page
    assert page.count("not known</span>") >= 3


def test_the_page_shows_his_place_and_her_code_and_nothing_else_of_her(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    page = client_of(roles.police).get("/outage/").content.decode()
    assert case.number in page
    assert case.protected_persons.get().code in page
    assert "42.87000, 74.61000" in page
    for secret in (HER_NAME, HER_PHONE, "42.88", "Бакыт"):
        assert secret not in page


def test_the_paper_that_an_officer_takes_has_the_officers_cases_alone_and_is_witnessed(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    theirs = order(roles.police_elsewhere, district=ELSEWHERE)
    answer = client_of(roles.police).post("/outage/list.pdf")
    text = extract_text(io.BytesIO(answer.content))
    assert case.number in text
    assert theirs.number not in text
    assert "Дела по степени риска" in text
    kind, subject, _, data = witnesses(database)[-1]
    assert (kind, subject, data["cases"]) == ("risk_list_taken", f"user:{roles.police.pk}", 1)
    assert client_of(roles.probation).post("/outage/list.pdf").status_code == 403


def test_a_supervisor_rehearses_an_outage_and_who_is_on_duty_answers_on_the_page(
    scene: tuple[Order, Incident], roles: Cast, home: Path
) -> None:
    duty = officer()
    full_roster(roles, duty=duty)
    keep_list(home)
    supervisor = client_of(roles.supervisor, "en")
    assert supervisor.post("/outage/begin", {"practice": "yes"}).status_code == 302
    practice = Outage.objects.get()
    assert (practice.practice, practice.cases) == (True, 1)
    page = client_of(duty, "en").get("/outage/").content.decode()
    assert "PRACTICE of an outage" in page
    assert "I told her" not in page
    assert client_of(duty).post(f"/outage/{practice.pk}/answer").status_code == 302
    assert "I am here" not in client_of(duty, "en").get("/outage/").content.decode()
    assert supervisor.post(f"/outage/{practice.pk}/end").status_code == 302
    found = supervisor.get("/outage/").content.decode().split("Practices and outages so far")[1]
    assert re.search(r'data-label="Answered">1</td>', found)
    assert "nobody answered" not in found


def test_during_a_real_outage_each_protected_person_is_marked_as_told_by_whom_and_how(
    scene: tuple[Order, Incident], roles: Cast
) -> None:
    case, _ = scene
    her = case.protected_persons.get()
    client_of(roles.supervisor).post("/outage/begin", {"practice": "no"})
    real = Outage.objects.get()
    operator = client_of(roles.operator, "en")
    assert "not told yet" in operator.get("/outage/").content.decode()
    given = {"order": str(case.pk), "person": str(her.pk), "how": "call"}
    assert operator.post(f"/outage/{real.pk}/told", given).status_code == 422
    assert operator.post(f"/outage/{real.pk}/told", given | {"reached": "yes"}).status_code == 302
    page = operator.get("/outage/").content.decode()
    assert "not told yet" not in page
    assert "Т. operator, call on her safe channel" in page
    assert OutageCall.objects.get().reached
    again = client_of(roles.police_elsewhere).post(f"/outage/{real.pk}/told", given | {"reached": "no"})
    assert again.status_code == 404


@pytest.mark.parametrize("who", ["probation", "administrator"])
def test_whoever_may_not_read_the_list_finds_no_such_page(roles: Cast, who: str) -> None:
    assert client_of(getattr(roles, who)).get("/outage/").status_code == 404


def test_an_operator_cannot_declare_an_outage(roles: Cast) -> None:
    assert client_of(roles.operator).post("/outage/begin", {"practice": "yes"}).status_code == 403
    assert not Outage.objects.exists()


def test_a_duty_unit_says_under_which_number_its_desk_answers(roles: Cast, database: Database) -> None:
    order(roles.police)
    full_roster(roles, duty=officer())
    client = client_of(roles.supervisor, "en")
    refused = client.post("/outage/phone", {"desk": DUTY_UNIT, "phone": "ask Aigul"})
    assert refused.status_code == 422
    assert "Write digits" in refused.content.decode()
    assert client.post("/outage/phone", {"desk": DUTY_UNIT, "phone": "+996 312 000002"}).status_code == 302
    assert "+996 312 000002" in client_of(roles.police).get("/outage/").content.decode()
    assert client_of(roles.operator).post("/outage/phone", {"desk": DUTY_UNIT, "phone": "102"}).status_code == 403
