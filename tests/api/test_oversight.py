"""What is seen from above over REST: the same permissions as on the pages, and typed answers."""

from __future__ import annotations

from datetime import timedelta

from aralyk import clock
from aralyk.oversight.digests import do_make_digests
from aralyk.oversight.models import FoldedDigest
from tests.api.test_api import get, post
from tests.conftest import Database
from tests.orders.cast import ELSEWHERE, Cast, order, raised
from tests.oversight.engine_says import said


def test_the_list_by_risk_is_of_ones_own_districts_and_says_what_is_not_known(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    order(roles.police_elsewhere, district=ELSEWHERE)
    status, found = get(roles.police, "/risk-list")
    assert (status, found["total"]) == (200, 1)
    (one,) = found["items"]
    assert (one["rank"], one["order"], one["respondent_last_place"], one["desk_phone"]) == (1, case.number, None, None)
    assert get(roles.supervisor, "/risk-list")[1]["total"] == 2
    assert get(roles.probation, "/risk-list")[1]["items"] == []


def test_an_outage_is_declared_worked_and_ended(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    assert post(roles.operator, "/outages", {"practice": False})[0] == 403
    status, outage = post(roles.supervisor, "/outages", {"practice": False})
    assert (status, outage["practice"], outage["ended_at"]) == (200, False, None)
    told = {
        "order_id": str(case.pk), "person_id": str(case.protected_persons.get().pk), "how": "call", "reached": True
    }  # fmt: skip
    assert post(roles.operator, f"/outages/{outage['id']}/told", told)[1]["by"] == "Т. operator"
    assert post(roles.police_elsewhere, f"/outages/{outage['id']}/told", told)[0] == 404
    assert post(roles.supervisor, f"/outages/{outage['id']}/end")[1]["ended_at"] is not None
    assert [one["id"] for one in get(roles.prosecutor, "/outages")[1]] == [outage["id"]]


def test_a_digest_is_read_and_signed(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    at = clock.now()
    said(database, incident, at=at, priority=1, event="raised")
    said(database, incident, at=at + timedelta(milliseconds=1), priority=2)
    do_make_digests(now=at + timedelta(days=1, hours=1))
    day = FoldedDigest.objects.get(folded=1).day
    found = get(roles.prosecutor, f"/digests/{day}")[1]
    assert [(one["folded"], one["downgraded"]) for one in found["items"]] == [(1, 1)]
    assert found["items"][0]["incidents"] == [str(incident.pk)]
    signature = {"list_sha256": found["list_sha256"]}
    assert post(roles.prosecutor, f"/digests/{day}/sign", signature)[0] == 403
    assert post(roles.supervisor, f"/digests/{day}/sign", {"list_sha256": "0" * 64})[0] == 422
    assert post(roles.supervisor, f"/digests/{day}/sign", signature)[1]["signed_by"] == "Т. supervisor"
    assert get(roles.operator, f"/digests/{day}")[0] == 404


def test_figures_have_their_period_and_a_moment_without_a_zone_is_refused(database: Database, roles: Cast) -> None:
    raised(database, order(roles.police))
    status, found = get(roles.supervisor, "/figures")
    assert (status, found["suppressed"]) == (200, False)
    assert [(one["key"], one["total"]) for one in found["by_rule"]] == [("proximity", 1)]
    status, refused = get(roles.supervisor, "/figures?since=2026-11-01T00:00:00")
    assert (status, [one["field"] for one in refused["fields"]]) == (422, ["since"])
    assert get(roles.police, "/figures")[0] == 404


def test_a_shift_is_left_and_taken_over_by_another(database: Database, roles: Cast) -> None:
    left = post(roles.operator, "/hand-overs", {"note": "всё спокойно"})[1]
    assert post(roles.operator, f"/hand-overs/{left['id']}/take")[0] == 409
    taken = post(roles.supervisor, f"/hand-overs/{left['id']}/take")[1]
    assert (taken["left_by"], taken["taken_by"]) == ("Т. operator", "Т. supervisor")
    assert [one["id"] for one in get(roles.prosecutor, "/hand-overs")[1]] == [left["id"]]
    assert get(roles.police, "/hand-overs")[1] == []
