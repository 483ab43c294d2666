"""One line of everything in a case: whole, each with who, when and its entry; nobody reads what is not theirs."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from aralyk import clock
from aralyk.access.errors import NotFound
from aralyk.access.witness import witness
from aralyk.cases.history import NOT_SHOWN, SHOWN, Group, history_for
from aralyk.devices.actions import do_unassign_device
from aralyk.evidence.kinds import Kind
from aralyk.incidents.actions import do_acknowledge, do_note
from aralyk.orders.actions import do_vary_order
from aralyk.orders.models import Order
from aralyk.orders.threats import do_follow_levels
from aralyk.people.looks import do_look
from aralyk.people.vault import SealedName
from aralyk.risk.actions import do_assess
from aralyk.risk.levels import Level
from tests.conftest import Database
from tests.console.test_pages import client_of
from tests.orders.cast import bracelet, equip, order, protected, raised
from tests.orders.stage import roles, with_accounts
from tests.risk.cast import assessed, form
from tests.risk.conftest import Pair, pair

__all__ = ["pair", "roles", "with_accounts"]


@pytest.fixture
def case(database: Database, pair: Pair) -> Order:
    """An order that was issued, varied and followed its level; a device, a signal that was answered, a look."""
    found = order(pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,), threat="low")
    bracelet(pair.cast.probation)
    equip(pair.cast.probation, found, device="860000000000017")
    incident = raised(database, found)
    do_acknowledge(pair.cast.operator, incident.pk)
    do_note(pair.cast.operator, incident.pk, text="звонит участковый")
    assessed(pair, Level.HIGH)
    do_follow_levels(now=clock.now())
    do_vary_order(pair.inspector, found.pk, reason="по решению суда")
    do_look(pair.inspector, person=pair.protected.pk, order=found.pk, field=SealedName.PHONE, purpose="предупредить")
    return found


def kinds(user: object, case: Order, *groups: Group) -> list[str]:
    return [entry.kind.value for entry in history_for(user, case.pk, groups=groups).entries]  # type: ignore[arg-type]


def test_every_kind_of_evidence_is_either_in_the_line_or_left_out_on_purpose() -> None:
    assert set(SHOWN) | NOT_SHOWN == set(Kind)
    assert not set(SHOWN) & NOT_SHOWN


def test_the_line_tells_everything_newest_first_with_who_did_it(pair: Pair, case: Order) -> None:
    found = history_for(pair.inspector, case.pk).entries
    assert [entry.kind.value for entry in found] == [
        "vault_look", "order_varied", "order_varied", "risk_assessed", "incident_noted", "incident_acknowledged",
        "device_assigned", "order_issued", "vault_written", "vault_written",
        "protected_person_registered", "respondent_registered",
    ]  # fmt: skip
    by = {entry.kind.value: entry.by for entry in found}
    assert (by["incident_noted"], by["risk_assessed"]) == ("Т. operator", "Т. police")
    assert [entry.by for entry in found][1:3] == ["Т. police", ""]  # by a person; by the machine, after the level
    assert [entry.id for entry in found] == sorted((entry.id for entry in found), reverse=True)


def test_risk_and_looks_into_the_sealed_facts_are_only_for_those_who_may_read_them(pair: Pair, case: Order) -> None:
    operator = kinds(pair.cast.operator, case)
    assert "risk_assessed" not in operator
    assert "vault_look" in operator  # whoever closes signals answers for the looks
    probation = kinds(pair.cast.probation, case)
    assert not {"risk_assessed", "vault_look", "vault_written"} & set(probation)
    assert "device_assigned" in probation
    prosecutor = kinds(pair.cast.prosecutor, case)
    assert "risk_assessed" in prosecutor
    assert "vault_look" not in prosecutor
    assert kinds(pair.cast.prosecutor, case, Group.VAULT) == []
    for user in (pair.cast.police_elsewhere, pair.cast.administrator):
        with pytest.raises(NotFound):
            history_for(user, case.pk)


def test_of_the_same_respondent_another_persons_risk_is_not_in_this_case(pair: Pair, case: Order) -> None:
    do_assess(pair.inspector, form(pair, protected_person=protected(pair.inspector).pk))
    assert kinds(pair.inspector, case, Group.RISK) == ["risk_assessed"]


def test_a_device_is_in_the_line_only_while_it_was_carried_in_this_order(pair: Pair, case: Order) -> None:
    do_unassign_device(pair.cast.probation, device_id="860000000000017", order_id=case.pk, reason="возвращён")
    other = order(pair.inspector)
    equip(pair.cast.probation, other, device="860000000000017")
    assert kinds(pair.inspector, case, Group.DEVICE) == ["device_unassigned", "device_assigned"]
    assert kinds(pair.inspector, other, Group.DEVICE) == ["device_assigned"]


def test_pages_follow_each_other_by_key_without_a_gap(pair: Pair, case: Order) -> None:
    whole = [entry.id for entry in history_for(pair.inspector, case.pk).entries]
    found, before = [], None
    while True:
        page = history_for(pair.inspector, case.pk, before=before, limit=5)
        found += [entry.id for entry in page.entries]
        before = page.before
        if before is None:
            break
    assert found == whole


def test_the_page_of_a_case_asks_as_often_however_much_happened(pair: Pair, case: Order) -> None:
    acts = (
        (f"respondent:{case.respondent_id}", Kind.RISK_DUTY_DONE),
        (f"order:{case.pk}", Kind.ORDER_VARIED),
        (f"incident:{case.incidents.get().pk}", Kind.INCIDENT_NOTED),
    )
    client = client_of(pair.inspector, "en")
    client.get("/duties/")  # the first page of a session asks for more

    def asked_often(events: int) -> tuple[int, int]:
        for number in range(events):
            subject, kind = acts[number % len(acts)]
            with transaction.atomic():
                witness(kind=kind, subject=subject, by=pair.second, at=clock.now(), data={"duty": "visit_respondent"})
        with CaptureQueriesContext(connection) as asked:
            page = client.get(f"/orders/{case.pk}/")
        assert page.status_code == 200
        line = page.content.decode().split('class="timeline case-line"')[1].split("</ol>")[0]
        return len(asked), line.count("<li>")

    few, shown = asked_often(0)
    assert (asked_often(300), shown) == ((few, 50), 12)
    assert few <= QUERIES_MAX


QUERIES_MAX = 50


def test_the_page_filters_and_goes_on(pair: Pair, case: Order) -> None:
    client = client_of(pair.inspector, "en")
    page = client.get(f"/orders/{case.pk}/", {"kind": "incident"}).content.decode()
    line = page.split('class="timeline case-line"')[1].split("</ol>")[0]
    assert line.count("<li>") == 2
    assert "signal acknowledged" in line
    assert "Т. operator" in line
    for broken in ({"kind": "nothing"}, {"before": "-1"}, {"before": "9" * 40}):
        assert client.get(f"/orders/{case.pk}/", broken).status_code == 200
