"""A second look on the page: blind until the opinion is given, never one's own, settled by a third person."""

from __future__ import annotations

from aralyk.access.models import Role, User
from aralyk.incidents.actions import do_acknowledge, do_close
from aralyk.incidents.models import Incident, Outcome, SecondLook, Status
from aralyk.orders.models import Order
from tests.conftest import Database
from tests.console.test_pages import client_of, scene
from tests.orders.cast import Cast, account, raised

__all__ = ["scene"]
FIRST = "Technical cause"
SECRET = "ремень натёр кожу"


def closed_tamper(database: Database, case: Order, by: User) -> tuple[Incident, SecondLook]:
    incident = raised(database, case, kind="tamper", episode_open=False)
    do_acknowledge(by, incident.pk)
    do_close(by, incident.pk, outcome=Outcome.TECHNICAL, reason=SECRET, still_open_confirmed=True)
    return incident, SecondLook.objects.get(incident=incident)


def test_whoever_looks_again_reads_the_first_opinion_only_after_giving_the_own(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    incident, look = closed_tamper(database, scene[0], roles.operator)
    client = client_of(roles.supervisor, "en")
    assert f"/looks/{look.pk}/take" in client.get("/looks/").content.decode()
    assert client.post(f"/looks/{look.pk}/take").status_code == 302
    blind = client.get(f"/looks/{look.pk}/").content.decode()
    facts = blind.split("Your opinion")[0]
    assert FIRST not in facts
    assert SECRET not in blind
    assert client.get(f"/incidents/{incident.pk}/").status_code == 404
    empty = client.post(f"/looks/{look.pk}/", {"outcome": "", "note": ""})
    assert (empty.status_code, "Choose what you conclude" in empty.content.decode()) == (422, True)
    given = {"outcome": "possible_violation", "note": "замок открыт ножом"}
    assert client.post(f"/looks/{look.pk}/", given).status_code == 302
    after = client.get(f"/looks/{look.pk}/").content.decode()
    assert FIRST in after
    assert "A supervisor who is neither of you settles it." in after


def test_nobody_looks_twice_at_what_he_himself_closed(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    _, look = closed_tamper(database, scene[0], roles.operator)
    client = client_of(roles.operator, "en")
    assert f"/looks/{look.pk}/take" not in client.get("/looks/").content.decode()
    refused = client.post(f"/looks/{look.pk}/take")
    assert (refused.status_code, "Another person must do this" in refused.content.decode()) == (409, True)
    assert client.get(f"/looks/{look.pk}/").status_code == 404


def test_a_third_person_settles_it_and_a_wrong_closing_opens_the_signal_again(
    database: Database, scene: tuple[Order, Incident], roles: Cast
) -> None:
    incident, look = closed_tamper(database, scene[0], roles.operator)
    second = account("second_operator", Role.OPERATOR, agency="monitoring_centre")
    client = client_of(second)
    client.post(f"/looks/{look.pk}/take")
    client.post(f"/looks/{look.pk}/", {"outcome": "possible_violation", "note": "замок открыт ножом"})
    settling = {f"{look.pk}-outcome": "possible_violation", f"{look.pk}-note": "согласен со вторым"}
    assert client.post(f"/looks/{look.pk}/settle", settling).status_code == 404
    third = client_of(roles.supervisor, "en")
    assert "Judged differently" in third.get("/looks/").content.decode()
    assert third.post(f"/looks/{look.pk}/settle", settling).status_code == 302
    incident.refresh_from_db()
    assert incident.status == Status.OPEN


def test_who_closes_nothing_has_no_such_page(scene: tuple[Order, Incident], roles: Cast) -> None:
    assert client_of(roles.police).get("/looks/").status_code == 403
