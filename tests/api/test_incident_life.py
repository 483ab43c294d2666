"""The life of an incident over REST: the same acts, permissions and refusals as by the pages."""

from __future__ import annotations

from datetime import timedelta

from aralyk import clock
from aralyk.access.models import Role
from tests.api.test_api import get, post
from tests.conftest import Database
from tests.orders.cast import HERE, Cast, account, order, raised


def test_an_incident_goes_to_the_door_and_is_closed_over_rest(database: Database, roles: Cast) -> None:
    duty = account("duty_officer", Role.DUTY_UNIT, HERE, agency="police_oktyabrsky")
    incident = f"/incidents/{raised(database, order(roles.police), episode_open=False).pk}"
    desk = {"code": "unit_here", "kind": "duty_unit", "district": HERE}
    assert post(duty, "/roster/desks", desk)[0] == 200
    now = clock.now()
    hours = {"starts_at": clock.iso(now - timedelta(hours=1)), "ends_at": clock.iso(now + timedelta(hours=8))}
    status, shift = post(duty, "/roster/shifts", {"desk": "unit_here", "people": ["duty_officer"], **hours})
    assert (status, shift["people"]) == (200, ["Т. duty_officer"])
    assert post(duty, f"/roster/shifts/{shift['id']}/here")[1]["call_answered_by"] == "Т. duty_officer"
    assert [one["ready"] for one in get(roles.operator, "/roster/now")[1]] == [True]

    status, refused = post(roles.operator, f"{incident}/hand-over", {"desk": "unit_here"})
    assert (status, refused["code"]) == (409, "not_possible_now")
    assert refused["fields"] == [{"field": "act", "expected": "show, acknowledge, note", "found": "open"}]
    assert post(roles.operator, f"{incident}/acknowledge")[0] == 200
    assert post(roles.operator, f"{incident}/triage", {"judgement": "police_at_once"})[1]["status"] == "triaged"
    life = post(roles.operator, f"{incident}/hand-over", {"desk": "unit_here"})[1]
    assert (life["status"], life["handed_to"]) == ("handed_over", "unit_here")
    assert {one["milestone"] for one in life["clocks"]} == {"accepted", "closed"}
    assert post(duty, f"{incident}/accept", {"no_relation": False})[0] == 422
    assert post(duty, f"{incident}/accept", {"no_relation": True})[1]["accepted_by"] == "Т. duty_officer"
    assert post(duty, f"{incident}/accept", {"no_relation": True})[1]["code"] == "already_accepted"
    assert post(duty, f"{incident}/set-out")[1]["status"] == "on_the_way"
    assert post(duty, f"{incident}/arrive")[1]["status"] == "arrived"
    opinion = {"outcome": "technical", "reason": "замок неисправен"}
    assert post(duty, f"{incident}/conclude", opinion)[1]["status"] == "concluded"
    assert post(duty, f"{incident}/close", opinion)[0] == 403
    assert post(roles.operator, f"{incident}/close", opinion)[1]["outcome"] == "technical"
    status, listed = get(roles.prosecutor, "/legality?seen=false")
    assert (status, [one["what"] for one in listed["items"]]) == (200, ["closed_technical"])
    seen = post(roles.prosecutor, f"/legality/{listed['items'][0]['id']}/seen", {"remark": "проверить"})[1]
    assert (seen["seen_by"], seen["remark"]) == ("Т. prosecutor", "проверить")
    assert get(roles.police_elsewhere, f"{incident}/life")[0] == 404
    assert get(roles.probation, "/legality")[1]["total"] == 0


def test_a_step_of_the_playbook_is_recorded_over_rest_once_somebody_has_taken_the_incident_on(
    database: Database, roles: Cast
) -> None:
    incident = f"/incidents/{raised(database, order(roles.police)).pk}"
    status, steps = get(roles.operator, f"{incident}/playbook")
    assert (status, [one["contact"] for one in steps]) == (200, ["protected", "police", "device", "protected"])
    told = {"result": "told", "note": "дежурный, сержант"}
    assert post(roles.operator, f"{incident}/steps/police", told)[1]["code"] == "take_it_on_first"
    assert post(roles.operator, f"{incident}/acknowledge")[0] == 200
    assert post(roles.operator, f"{incident}/steps/police", {"result": "safe"})[0] == 422
    assert post(roles.operator, f"{incident}/steps/call_him", told)[0] == 404
    assert post(roles.prosecutor, f"{incident}/steps/police", told)[0] == 403
    status, line = post(roles.operator, f"{incident}/steps/police", told)
    assert (status, line["kind"], line["data"]["result"], line["by"]) == (200, "step_done", "told", "Т. operator")
    done = get(roles.operator, f"{incident}/playbook")[1][1]["done"]
    assert [(one["result"], one["text"]) for one in done] == [("told", "дежурный, сержант")]
    assert get(roles.police_elsewhere, f"{incident}/playbook")[0] == 404
