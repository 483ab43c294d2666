"""Reports by the API: the domain's permissions, and a request that is sent twice is done once."""

from __future__ import annotations

from threading import Thread
from typing import Any

from django.db import connections
from django.test import Client

from aralyk import clock
from aralyk.access.models import User
from aralyk.api.models import IdempotencyKey
from aralyk.reports.models import Report
from aralyk.risk.levels import Level
from aralyk.simulator.reports import assess
from tests.api.test_api import ROOT, client_of, get, post
from tests.conftest import Database
from tests.orders.cast import HER_NAME, HERE, Cast, witnesses

ACCOUNT = "Он ударил её при детях"
WHY = "Сведения подтвердила соседка"


def body(**changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "district": HERE,
        "channel": "police_desk",
        "applicant": "protected_person",
        "reported_at": clock.iso(clock.now()),
        "account": ACCOUNT,
        "new_respondent": {"name": "Синтетический Бакыт", "residence_district": HERE},
        "involved": [{"sealed": {"name": HER_NAME}, "relation": "spouse"}],
        "violence": ["physical"],
        "statements": {"weapons": {"answer": "not_told", "why": "does_not_know"}},
    }
    return values | changed


def keyed(user: User, address: str, sent: dict[str, Any], key: str) -> tuple[int, Any]:
    return _answer(client_of(user), address, sent, key)


def _answer(client: Client, address: str, sent: dict[str, Any], key: str) -> tuple[int, Any]:
    answer = client.post(f"{ROOT}{address}", sent, content_type="application/json", headers={"Idempotency-Key": key})
    return answer.status_code, answer.json()


def test_a_report_is_taken_listed_and_read_with_a_witness(database: Database, roles: Cast) -> None:
    status, made = post(roles.police, "/reports", body())
    assert (status, made["statements"]) == (200, {"weapons": {"answer": "not_told", "why": "does_not_know"}})
    assert ACCOUNT not in str(made)
    assert HER_NAME not in str(made)
    assert [each["slug"] for each in made["clocks"]] == ["issue_from_report"]
    assert "statements.children" in made["lacks"]
    status, page = get(roles.prosecutor, "/reports?waiting=not_assessed")
    assert (status, [each["id"] for each in page["items"]]) == (200, [made["id"]])
    status, words = post(roles.prosecutor, f"/reports/{made['id']}/read", {})
    assert [word["text"] for word in words] == [ACCOUNT]
    assert witnesses(database)[-1][0] == "report_read"


def test_a_report_on_somebody_with_an_assessed_risk_names_the_level_towards_each_protected_person(roles: Cast) -> None:
    status, first = post(roles.police, "/reports", body())
    report = Report.objects.get(pk=first["id"])
    assess(roles.police, report, level=Level.HIGH)
    status, found = get(roles.police, f"/reports/{first['id']}")
    assert (status, found["joined"]["levels"]) == (200, {str(report.involved.get().person_id): "high"})


def test_a_report_of_another_district_is_not_there(roles: Cast) -> None:
    _, made = post(roles.police, "/reports", body())
    for address in (f"/reports/{made['id']}",):
        assert get(roles.police_elsewhere, address)[0] == 404
    assert get(roles.police_elsewhere, "/reports?waiting=all")[1]["total"] == 0
    decided = {"outcome": "refused", "reason": WHY}
    assert post(roles.police_elsewhere, f"/reports/{made['id']}/decisions", decided)[0] == 404
    assert post(roles.prosecutor, f"/reports/{made['id']}/decisions", decided)[0] == 403
    assert post(roles.operator, "/reports", body())[0] == 403


def test_a_report_that_lacks_something_is_not_closed_and_the_answer_names_it(roles: Cast) -> None:
    _, made = post(roles.police, "/reports", body())
    status, refusal = post(roles.police, f"/reports/{made['id']}/decisions", {"outcome": "refused", "reason": WHY})
    assert (status, refusal["code"]) == (409, "report_incomplete")
    assert {"statements.children", "copy"} <= {field["field"] for field in refusal["fields"]}
    status, refusal = post(roles.police, "/reports", body(account="", district="moscow"))
    assert (status, refusal["code"]) == (422, "invalid")


def test_the_same_key_gives_the_same_report(roles: Cast) -> None:
    sent = body()
    first = keyed(roles.police, "/reports", sent, "phone-17-0001")
    again = keyed(roles.police, "/reports", sent, "phone-17-0001")
    assert first[0] == again[0] == 200
    assert first[1]["number"] == again[1]["number"]
    assert Report.objects.count() == 1
    assert keyed(roles.police, "/reports", sent, "phone-17-0002")[1]["number"] != first[1]["number"]


def test_a_key_that_was_used_for_another_request_is_refused(roles: Cast) -> None:
    sent = body()
    _, made = keyed(roles.police, "/reports", sent, "phone-17-0001")
    status, refusal = keyed(roles.police, "/reports", sent | {"violence": []}, "phone-17-0001")
    assert (status, refusal["code"]) == (422, "key_reused")
    status, refusal = keyed(roles.police, f"/reports/{made['id']}/reopen", {"reason": WHY}, "phone-17-0001")
    assert (status, refusal["code"]) == (422, "key_reused")
    assert Report.objects.count() == 1


def test_a_refused_request_keeps_its_key_free(roles: Cast) -> None:
    status, _ = keyed(roles.police, "/reports", body(district="moscow"), "phone-17-0001")
    assert status == 409
    assert not IdempotencyKey.objects.exists()
    assert keyed(roles.police, "/reports", body(), "phone-17-0001")[0] == 200


def test_keys_of_two_people_do_not_meet(roles: Cast) -> None:
    sent = body()
    ours = keyed(roles.police, "/reports", sent, "phone-17-0001")[1]
    theirs = keyed(roles.police_elsewhere, "/reports", sent, "phone-17-0001")[1]
    assert ours["id"] != theirs["id"]


def test_a_key_without_the_form_is_refused(roles: Cast) -> None:
    for key in ("short", "ключ-для-отчёта", "x" * 129):
        client = client_of(roles.police)
        answer = client.post(
            f"{ROOT}/reports", body(), content_type="application/json", headers={"Idempotency-Key": key}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert Report.objects.count() == 0


def test_two_requests_with_one_key_at_one_moment_take_one_report(roles: Cast) -> None:
    sent = body()
    clients = [client_of(roles.police) for _ in range(2)]
    answers: list[tuple[int, Any]] = []

    def send(client: Client) -> None:
        try:
            answers.append(_answer(client, "/reports", sent, "phone-17-0001"))
        finally:
            connections.close_all()

    threads = [Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200, 200]
    assert len({answer["id"] for _, answer in answers}) == 1
    assert Report.objects.count() == 1


def test_a_report_goes_its_way_by_the_api_alone(roles: Cast) -> None:
    _, made = post(roles.police, "/reports", body())
    address = f"/reports/{made['id']}"
    answers = {
        slug: {"answer": "no"} for slug in ("children", "prior_reports", "exits", "leaving", "separation", "injury")
    }
    assert post(roles.police, f"{address}/statements", {"statements": answers})[0] == 200
    assert post(roles.police, f"{address}/established", {"established_at": clock.iso(clock.now())})[0] == 200
    assert post(roles.police, f"{address}/words", {"text": "Он вернулся ночью"})[0] == 200
    assert post(roles.police, f"{address}/involved", {"part": "witness", "minor": "yes"})[0] == 200
    _, found = post(roles.police, f"{address}/copy", {"given": False, "reason": "Бумага выдала бы её"})
    assert (found["lacks"], found["assessed"], len(found["clocks"])) == ([], False, 2)
    task = next(each for each in found["tasks"] if each["rule"] == "query_weapon_register")
    _, found = post(roles.police, f"{address}/tasks/{task['id']}", {"result": "no_weapon_registered"})
    assert task["id"] not in [each["id"] for each in get(roles.police, "/report-tasks")[1]["items"]]
    status, refusal = post(roles.police, f"{address}/decisions", {"outcome": "refused", "reason": WHY})
    assert (status, refusal["code"]) == (409, "report_not_assessed")
    assert get(roles.prosecutor, "/report-refusals") == (200, [])
