"""Risk, duties and a case's line over REST: the same as the pages, for the same people."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, RiskDuty
from tests.api.test_api import get, post
from tests.orders.cast import order
from tests.risk.cast import WHY, assessed, form
from tests.risk.conftest import Pair, pair

__all__ = ["pair"]


def sent(pair: Pair, *, yes: tuple[str, ...] = (), unknown: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    draft = form(pair, yes=yes, unknown=unknown)
    return {
        "id": str(uuid4()),
        "respondent": str(pair.respondent.pk),
        "protected_person": str(pair.protected.pk),
        "instrument": draft.instrument,
        "version": draft.version,
        "answers": {slug: answer.value for slug, answer in draft.answers.items()},
    } | more


def test_a_form_is_filled_and_read_back_and_twice_sent_is_once_kept(pair: Pair) -> None:
    body = sent(pair, yes=("weapon",), unknown=("left",))
    status, made = post(pair.inspector, "/risk/assessments", body)
    assert (status, made["at_least"], made["missing"], made["red_flags"]) == (200, "high", 1, ["weapon"])
    assert [one["level"] for one in made["decisions"]] == ["high"]
    assert post(pair.inspector, "/risk/assessments", body) == (200, made)
    assert get(pair.cast.prosecutor, f"/risk/assessments/{made['id']}") == (200, made)
    assert Assessment.objects.count() == 1
    status, levels = get(pair.cast.operator, f"/risk/levels?respondent={pair.respondent.pk}")
    assert [one["level"] for one in levels] == ["high"]


def test_what_the_answers_leave_open_is_refused_by_the_name_of_the_field(pair: Pair) -> None:
    status, body = post(pair.inspector, "/risk/assessments", sent(pair, unknown=("weapon",)))
    assert (status, [field["field"] for field in body["fields"]]) == (422, ["level"])
    status, body = post(pair.inspector, "/risk/assessments", sent(pair, answers={"nothing": "yes"}))
    assert (status, [field["field"] for field in body["fields"]]) == (422, ["answers.nothing"])


def test_a_lower_level_is_proposed_by_one_and_answered_by_another(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    pair_of = {"respondent": str(pair.respondent.pk), "protected_person": str(pair.protected.pk)}
    status, proposed = post(pair.inspector, "/risk/levels", pair_of | {"level": "low", "reason": WHY})
    assert (status, proposed["state"], proposed["before"]) == (200, "proposed", "high")
    assert get(pair.second, "/risk/proposals") == (200, [proposed])
    address = f"/risk/proposals/{proposed['id']}"
    assert post(pair.inspector, address, {"agree": True, "reason": WHY})[0] == 409
    assert post(pair.second, address, {"agree": True, "reason": "да"})[0] == 422
    status, done = post(pair.second, address, {"agree": True, "reason": WHY})
    assert (status, done["state"], done["second_by"]) == (200, "in_force", "Т. second_inspector")
    (line,) = get(pair.inspector, f"/risk/respondents/{pair.respondent.pk}")[1]
    assert [point["level"] for point in line["points"]] == ["high", "low"]


def test_duties_come_page_by_page_and_are_ticked_off(pair: Pair) -> None:
    assessed(pair, Level.HIGH)
    found, after = [], ""
    while True:
        status, page = get(pair.inspector, f"/duties?limit=1{after}")
        assert status == 200
        found += page["items"]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert len(found) == 4
    assert [one["due_at"] for one in found] == sorted(one["due_at"] for one in found)
    duty = RiskDuty.objects.get(kind="refer")
    assert post(pair.cast.prosecutor, f"/duties/risk/{duty.pk}/finish", {"note": "сделано"})[0] == 403
    assert post(pair.inspector, f"/duties/risk/{duty.pk}/finish", {"note": "сделано"})[0] == 200
    assert post(pair.inspector, f"/duties/risk/{duty.pk}/finish", {"note": "сделано"})[0] == 409
    assert len(get(pair.inspector, "/duties")[1]["items"]) == 3
    assert get(pair.inspector, "/duties?after=999999999999999999.x.1")[0] == 422


def test_a_cases_line_is_read_by_key(pair: Pair) -> None:
    case = order(pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,))
    assessed(pair, Level.HIGH)
    status, page = get(pair.inspector, f"/orders/{case.pk}/history?limit=1")
    assert (status, [one["kind"] for one in page["items"]]) == (200, ["risk_assessed"])
    status, rest = get(pair.inspector, f"/orders/{case.pk}/history?before={page['before']}")
    assert "order_issued" in [one["kind"] for one in rest["items"]]
    assert get(pair.cast.operator, f"/orders/{case.pk}/history?group=risk")[1]["items"] == []


@pytest.mark.parametrize("role", ["operator", "probation", "administrator", "police_elsewhere"])
def test_who_may_not_read_risk_gets_nothing_of_it(pair: Pair, role: str) -> None:
    made = assessed(pair, Level.HIGH).assessment
    user = getattr(pair.cast, role)
    assert get(user, f"/risk/assessments/{made.pk}")[0] == 404
    assert get(user, f"/risk/respondents/{pair.respondent.pk}")[0] == 404
    assert get(user, "/risk/assessments")[1]["items"] == []
    assert get(user, "/risk/proposals")[1] == []
    assert post(user, "/risk/assessments", sent(pair))[0] in (403, 404)
    if role != "police_elsewhere":
        assert get(user, "/duties")[0] == 404
        assert get(user, "/risk/instruments")[0] == 404


def test_an_instrument_says_whose_it_is_and_what_nobody_compared(pair: Pair) -> None:
    found = {one["slug"]: one for one in get(pair.inspector, "/risk/instruments")[1]}
    assert found["kg_protocol"]["unverified"]
    assert all(item["unverified"] for item in found["kg_protocol"]["items"])
    assert (found["lap_screen"]["gives_levels"], set(found["lap_screen"]["name"])) == (True, {"ru", "ky", "en"})
    assert "MNADV" in found["lap_screen"]["licence"]
