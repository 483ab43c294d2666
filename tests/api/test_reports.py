"""Reports by the API: the domain's permissions."""

from __future__ import annotations

from typing import Any

from aralyk import clock
from aralyk.reports.models import Report
from aralyk.risk.levels import Level
from aralyk.simulator.reports import assess
from tests.api.test_api import get, post
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
