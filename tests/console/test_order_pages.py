"""An order is written in seven steps that keep what was typed, changed by two people, and its acts are pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aralyk import clock
from aralyk.access.models import User
from aralyk.orders.models import DraftedOrder, ExtensionQuestion, Order, Proposal, Receipt, ReductionRequest
from aralyk.people.models import ProtectedPerson
from tests.conftest import Database
from tests.orders.cast import HERE, Cast, controls, order, respondent
from tests.reports.cast import taken

HER_NAME = "Синтетическая Айгуль"
HOME = "42.920000, 74.612200"


def client_of(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def local(hours: float) -> str:
    """A moment as the browser's own field writes it."""
    from zoneinfo import ZoneInfo

    return (clock.now() + timedelta(hours=hours)).astimezone(ZoneInfo("Asia/Bishkek")).strftime("%Y-%m-%dT%H:%M")


PEOPLE = {
    "respondent": "", "new_name": "Синтетический Бакыт", "new_weapons": "unknown", "new_language": "ru",
    "district": HERE, "codes": "", "her_name": HER_NAME, "her_phone": "+996555000001", "her_language": "ky",
    "her_home": HOME, "her_shelter": "",
}  # fmt: skip
CONDITIONS = {"ring": "on", "distance_m": "500", "warning_m": "2000", "kind_no_contact": "on"}
ZONES = {
    "zone-0-code": "school", "zone-0-form": "circle", "zone-0-points": "42.880000, 74.600000", "zone-0-radius_m": "300",
    "zone-1-form": "polygon", "zone-1-code": "market", "zone-1-days": ["mon", "sat"], "zone-1-begins": "08:00",
    "zone-1-points": "42.89, 74.60\n42.89, 74.61\n42.90, 74.61", "zone-1-ends": "18:00",
    **{f"zone-{number}-form": "circle" for number in range(2, 6)},
}  # fmt: skip


def law_step(number: str) -> dict[str, str]:
    return {
        "legal_basis": "court_measure", "number": number, "term_days": "30", "starts_at": "", "threat": "high",
        "reported_at": local(-5), "established_at": local(-4), "stated_weapons": "unknown", "stated_children": "yes",
        "stated_prior_reports": "no",
    }  # fmt: skip


def begin(browser: Client) -> DraftedOrder:
    assert browser.post(reverse("order_new")).status_code == 302
    return DraftedOrder.objects.latest("created_at")


def save(browser: Client, draft: DraftedOrder, step: str, given: dict[str, Any]) -> str:
    answer = browser.post(reverse("order_step", args=[draft.pk, step]), given)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"]).rsplit("/", 1)[-1]


def answers_of(draft: DraftedOrder) -> dict[str, str]:
    found = DraftedOrder.objects.get(pk=draft.pk).content["found"]
    given = {f"finding-{number}-reason": "известно, ордер нужен сегодня" for number in range(len(found))}
    return given | {f"finding-{number}-alternative": "убежище, участковый рядом" for number in range(len(found))}


def written(browser: Client, number: str = "ПР-7") -> DraftedOrder:
    """A draft up to its last step."""
    draft = begin(browser)
    assert save(browser, draft, "people", PEOPLE) == "law"
    assert save(browser, draft, "law", law_step(number)) == "conditions"
    assert save(browser, draft, "conditions", CONDITIONS) == "zones"
    assert save(browser, draft, "zones", ZONES) == "circumstances"
    her = ProtectedPerson.objects.latest("pk")
    her_id = DraftedOrder.objects.get(pk=draft.pk).content["who"]["protected"][0]
    assert her is not None
    circumstances = {"his_home": "42.870000, 74.590000", "police_travel_min": "12", "interval_s": "60"}
    assert save(browser, draft, "circumstances", circumstances | {f"carries_{her_id}": "yes"}) == "findings"
    page = browser.get(reverse("order_step", args=[draft.pk, "findings"]))
    assert "cannot_protect_here" in json.dumps(DraftedOrder.objects.get(pk=draft.pk).content["found"])
    assert page.status_code == 200
    assert save(browser, draft, "findings", answers_of(draft)) == "review"
    return draft


def test_an_order_is_written_step_by_step_and_issued(database: Database, roles: Cast) -> None:
    browser = client_of(roles.police)
    draft = written(browser)
    review = browser.get(reverse("order_step", args=[draft.pk, "review"]))
    assert "ПР-7" in review.content.decode()
    issued_at = browser.post(reverse("order_step", args=[draft.pk, "review"]))
    assert issued_at.status_code == 302
    issued = Order.objects.get(number="ПР-7")
    assert reverse("order", args=[issued.pk]) in issued_at["Location"]
    spec = controls(database)[0]["order"]
    assert [one["id"] for one in spec["conditions"]] == ["ring", "school", "market"]
    assert spec["conditions"][2]["schedule"] == [{"days": ["mon", "sat"], "from": "08:00", "to": "18:00"}]
    assert spec["conditions"][1]["shape"] == {"circle": {"lat": 42.88, "lon": 74.6, "radius_m": 300.0}}
    assert issued.versions.get().findings.count() >= 1
    page = browser.get(reverse("order", args=[issued.pk])).content.decode()
    assert "участковый рядом" in page
    again = browser.get(reverse("order_step", args=[draft.pk, "review"]))
    assert again["Location"] == reverse("order", args=[issued.pk])


def test_a_draft_holds_neither_her_name_nor_her_places(database: Database, roles: Cast) -> None:
    draft = written(client_of(roles.police))
    kept = json.dumps(DraftedOrder.objects.get(pk=draft.pk).content, ensure_ascii=False)
    for secret in (HER_NAME, "555000001", "42.92", "Бакыт"):
        assert secret not in kept


def test_no_page_of_the_wizard_shows_her_place_again(roles: Cast) -> None:
    browser = client_of(roles.police)
    draft = written(browser)
    for step in ("people", "law", "conditions", "zones", "circumstances", "findings", "review"):
        page = browser.get(reverse("order_step", args=[draft.pk, step]))
        assert page.status_code == 200, step
        assert "42.92" not in page.content.decode(), step
        assert HER_NAME not in page.content.decode(), step


def test_a_draft_is_its_authors_alone_and_needs_the_right_to_issue(roles: Cast) -> None:
    draft = begin(client_of(roles.police))
    where = reverse("order_step", args=[draft.pk, "people"])
    assert client_of(roles.police_elsewhere).get(where).status_code == 404
    assert client_of(roles.operator).get(where).status_code == 403
    assert client_of(roles.operator).get(reverse("order_new")).status_code == 403


def test_a_step_that_rests_on_a_missing_one_leads_back_to_it(roles: Cast) -> None:
    browser = client_of(roles.police)
    draft = begin(browser)
    for step in ("conditions", "zones", "findings", "review"):
        answer = browser.get(reverse("order_step", args=[draft.pk, step]))
        assert answer.status_code == 302
        assert answer["Location"].endswith(("/people", "/law"))


def test_what_changes_after_the_checks_is_checked_again(roles: Cast) -> None:
    browser = client_of(roles.police)
    draft = written(browser)
    save(browser, draft, "conditions", CONDITIONS | {"warning_m": "700"})
    assert "found" not in DraftedOrder.objects.get(pk=draft.pk).content
    answer = browser.get(reverse("order_step", args=[draft.pk, "review"]))
    assert answer["Location"].endswith("/findings")
    browser.get(reverse("order_step", args=[draft.pk, "findings"]))
    assert "interval_too_long" in json.dumps(DraftedOrder.objects.get(pk=draft.pk).content["found"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"zone-0-points": "здесь"}, "42.8746"),
        ({"zone-0-radius_m": ""}, "zone-0-radius_m"),
        ({"zone-1-points": "42.89, 74.60\n42.89, 74.61"}, "zone-1-points"),
        ({"zone-1-begins": ""}, "zone-1-days"),
        ({"handover-third_adult": "бабушка"}, "handover-place"),
    ],
)
def test_an_area_that_is_none_is_refused_beside_its_field(
    roles: Cast, changed: dict[str, str], said: str
) -> None:  # fmt: skip
    browser = client_of(roles.police)
    draft = begin(browser)
    save(browser, draft, "people", PEOPLE)
    save(browser, draft, "law", law_step("ПР-8"))
    save(browser, draft, "conditions", CONDITIONS)
    answer = browser.post(reverse("order_step", args=[draft.pk, "zones"]), ZONES | changed)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_set_fills_the_conditions(roles: Cast) -> None:
    browser = client_of(roles.police)
    draft = begin(browser)
    save(browser, draft, "people", PEOPLE)
    save(browser, draft, "law", law_step("ПР-9"))
    browser.post(reverse("order_template", args=[draft.pk]), {"template": "high_threat"})
    kept = DraftedOrder.objects.get(pk=draft.pk).content["conditions"]
    assert kept["warning_m"] == ["5000"]
    assert "kind_no_shared_home" not in kept  # the court's measure does not allow it
    assert browser.post(reverse("order_template", args=[draft.pk]), {"template": "no-such"}).status_code == 404


# --- changes -------------------------------------------------------------------------------------------------


def test_a_cut_on_the_page_becomes_a_proposal_that_another_person_confirms(roles: Cast) -> None:
    issued = order(roles.police)
    browser = client_of(roles.police)
    where = reverse("order_vary", args=[issued.pk])
    assert 'value="home"' in browser.get(where).content.decode()
    given: dict[str, Any] = {
        "ring": "on", "distance_m": "500", "warning_m": "1200", "kind_no_contact": "on", "reason": "зона не нужна",
        **{f"zone-{number}-form": "circle" for number in range(6)},
    }  # fmt: skip
    asked = browser.post(where, given)
    assert asked.status_code == 422
    assert 'name="propose"' in asked.content.decode()
    assert browser.post(where, given | {"propose": "1"}).status_code == 302
    proposal = Proposal.objects.get()
    page = client_of(roles.supervisor).get(reverse("orders_waiting")).content.decode()
    assert reverse("order_proposal", args=[proposal.pk]) in page
    own = browser.post(reverse("order_proposal", args=[proposal.pk]), {"reason": "сам", "answer": "confirm"})
    assert own.status_code == 422
    client_of(roles.supervisor).post(
        reverse("order_proposal", args=[proposal.pk]), {"reason": "проверено", "answer": "confirm"}
    )
    issued.refresh_from_db()
    assert issued.current_version == 2
    assert "зона не нужна" in client_of(roles.prosecutor).get(reverse("orders_waiting")).content.decode()


def test_more_protection_on_the_page_takes_effect_at_once(roles: Cast) -> None:
    issued = order(roles.police)
    browser = client_of(roles.police)
    given: dict[str, Any] = {
        "ring": "on", "distance_m": "900", "warning_m": "3000", "kind_no_contact": "on", "reason": "суд увеличил",
        "zone-0-code": "home", "zone-0-form": "circle", "zone-0-points": "42.8746, 74.6122", "zone-0-radius_m": "600",
        **{f"zone-{number}-form": "circle" for number in range(1, 6)},
    }  # fmt: skip
    answer = browser.post(reverse("order_vary", args=[issued.pk]), given)
    assert answer.status_code == 302, answer.content.decode()
    issued.refresh_from_db()
    assert issued.versions.get(version=2).spec["conditions"][0]["distance_m"] == 900


# --- acts ----------------------------------------------------------------------------------------------------


def test_every_act_has_its_page_for_those_who_may_and_for_nobody_else(roles: Cast) -> None:
    from aralyk.access.permissions import allows
    from aralyk.console.views.order_acts import ACTS

    issued = order(roles.police)
    for name, act in ACTS.items():
        where = reverse("order_act", args=[issued.pk, name])
        for user in (roles.police, roles.probation, roles.operator, roles.prosecutor):
            expected = 200 if allows(user, act.may) else 403
            assert client_of(user).get(where).status_code == expected, (name, user.username)
        assert client_of(roles.police_elsewhere).get(where).status_code == 404
    assert client_of(roles.police).get(reverse("order_act", args=[issued.pk, "no-such"])).status_code == 404


def test_a_service_is_recorded_on_its_page_or_refused_beside_what_is_missing(roles: Cast) -> None:
    issued = order(roles.police)
    browser = client_of(roles.police)
    where = reverse("order_act", args=[issued.pk, "serve"])
    given: dict[str, Any] = {
        "person": "", "served_at": local(0), "language": "ky", "weapons": "seized", "weapon_register_answered": "on",
        "told": ["conditions", "term", "breach"],
    }  # fmt: skip
    refused = browser.post(where, given)
    assert refused.status_code == 422
    assert "contest" in refused.content.decode()
    Order.objects.filter(pk=issued.pk).update(issued_at=clock.now() - timedelta(hours=1))
    assert browser.post(where, given | {"told": ["conditions", "term", "breach", "contest"]}).status_code == 302
    assert Receipt.objects.get().language == "ky"


def test_the_question_is_answered_in_private_or_stays_open(roles: Cast) -> None:
    now = clock.now()
    order(roles.police, legal_basis="police_temporary_order", starts_at=now, expires_at=now + timedelta(days=3))
    question = ExtensionQuestion.objects.get()
    browser = client_of(roles.police)
    where = reverse("order_question", args=[question.pk])
    assert browser.get(where).status_code == 200
    alone = {"answer": "wishes", "alone": "on", "code_word_used": "on", "not_on_her_phone": "on", "pressure": "no"}
    assert browser.post(where, alone).status_code == 422
    not_reached = {"answer": "not_reached", "pressure": "unknown", "note": "телефон выключен"}
    assert browser.post(where, not_reached).status_code == 302
    question.refresh_from_db()
    assert (question.attempts, question.closed_at) == (1, None)
    assert browser.post(where, alone | {"adviser_offered": "on", "extend_to": local(100)}).status_code == 302
    question.refresh_from_db()
    assert question.answer == "wishes"


def test_a_request_for_less_protection_goes_its_way_on_pages(roles: Cast) -> None:
    issued = order(roles.police)
    browser = client_of(roles.police)
    her = issued.protected_persons.get()
    browser.post(
        reverse("order_act", args=[issued.pk, "request"]),
        {"person": str(her.pk), "wish": "lift", "pressure": "yes", "note": "звонила его мать"},
    )
    request = ReductionRequest.objects.get()
    page = browser.get(reverse("orders_waiting")).content.decode()
    assert reverse("order_reduction", args=[request.pk, "talk"]) in page
    talk = {
        "alone": "on", "code_word_used": "on", "not_on_her_phone": "on", "adviser_offered": "on", "still_wishes": "yes",
        "pressure": "no",
    }  # fmt: skip
    assert browser.post(reverse("order_reduction", args=[request.pk, "talk"]), talk).status_code == 302
    decided = browser.post(
        reverse("order_reduction", args=[request.pk, "decide"]),
        {"granted": "yes", "reason": "просьба", "act": "1-23"},
    )
    assert decided.status_code == 422
    assert Order.objects.get(pk=issued.pk).ended_at is None


def test_a_report_leads_to_an_order_that_begins_with_what_it_says(roles: Cast) -> None:
    him = respondent(roles.police)
    report = taken(roles.police, respondent=him.pk)
    browser = client_of(roles.police)
    where = f"{reverse('order_new')}?report={report.pk}"
    page = browser.get(reverse("report", args=[report.pk])).content.decode()
    assert f'<input type="hidden" name="report" value="{report.pk}">' in page
    begun = browser.post(reverse("order_new"), {"report": str(report.pk)})
    draft = DraftedOrder.objects.get()
    again = browser.post(reverse("order_new"), {"report": str(report.pk)})
    assert begun["Location"] == again["Location"] == reverse("order_step", args=[draft.pk, "people"])
    assert DraftedOrder.objects.count() == 1
    assert draft.content["who"]["respondent"] == str(him.pk)
    assert draft.content["who"]["report"] == str(report.pk)
    step = browser.get(reverse("order_step", args=[draft.pk, "law"])).content.decode()
    assert 'name="reported_at" value="20' in step
    assert client_of(roles.police_elsewhere).get(where).status_code == 404
