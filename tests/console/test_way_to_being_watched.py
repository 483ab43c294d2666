"""Each page on the way from a report to being watched leads to the next one, and asks nothing twice."""

from __future__ import annotations

import re

from django.urls import reverse

from aralyk.access.models import User
from aralyk.devices.models import Party
from aralyk.orders.models import DraftedOrder
from aralyk.risk.models import Assessment
from tests.console.test_pages import client_of
from tests.orders.cast import Cast, bracelet, equip, order, phone
from tests.reports.cast import assessed, taken


def test_the_assessed_risk_is_not_asked_again_and_the_assessment_leads_to_the_order(roles: Cast) -> None:
    report = taken(roles.police)
    assessed(roles.police, report)
    browser = client_of(roles.police)
    form = Assessment.objects.get()
    page = browser.get(reverse("risk_assessment", args=[form.pk])).content.decode()
    assert f'<input type="hidden" name="report" value="{report.pk}">' in page
    browser.post(reverse("order_new"), {"report": str(report.pk)})
    draft = DraftedOrder.objects.get()
    assert draft.content["law"]["threat"] == ["low"]
    step = browser.get(reverse("order_step", args=[draft.pk, "law"])).content.decode()
    assert re.search(r'<input type="radio" name="threat" value="low"[^>]* checked', step)
    prosecutor = client_of(roles.prosecutor).get(reverse("risk_assessment", args=[form.pk])).content.decode()
    assert reverse("order_new") not in prosecutor


def test_the_orders_page_says_what_is_missing_until_it_is_watched_and_each_step_to_whose_it_is(
    roles: Cast,
) -> None:
    issued = order(roles.police)
    her = issued.protected_persons.get()
    where = reverse("order", args=[issued.pk])

    def offered(user: User) -> list[str]:
        page = client_of(user, "en").get(where).content.decode()
        panel = page.split('id="next"')[1].split("</section>")[0] if 'id="next"' in page else ""
        return re.findall(r'href="[^"]*/act/([a-z-]+)', panel)

    assert offered(roles.police) == ["serve"]
    assert offered(roles.supervisor) == ["choose-device", "assign", "limits", "assign"]
    phone(roles.probation)
    bracelet(roles.probation)
    register = client_of(roles.supervisor, "en").get(f"/orders/{issued.pk}/act/assign?person={her.pk}").content.decode()
    assert f'<option value="{her.pk}" selected>' in register
    assert f"/devices/register?order={issued.pk}&amp;person={her.pk}" in register
    equip(roles.probation, issued, device="860000000000017")
    equip(roles.probation, issued, device="phone-0001", party=Party.PROTECTED)
    assert offered(roles.supervisor) == ["limits"]
    page = client_of(roles.supervisor, "en").get("/devices/860000000000017/").content.decode()
    assert f'href="{where}#map"' in page
