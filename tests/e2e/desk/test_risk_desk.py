"""Risk on a phone, in a real browser: the form by thumb and by keyboard, a dropped line, and what axe finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser

from aralyk import clock
from aralyk.orders.models import Order
from aralyk.risk.actions import do_assess, do_set_level
from aralyk.risk.events import Cause
from aralyk.risk.levels import Level
from aralyk.risk.models import Assessment, RiskDuty
from tests.conftest import Database
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.orders.cast import PASSWORD, bracelet, equip, order, raised
from tests.risk.cast import WHY, assessed, form, told
from tests.risk.conftest import Pair, pair

__all__ = ["pair"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def case(database: Database, pair: Pair) -> Order:
    """A case that went on for a while: levels, signals, a proposal, duties of which one is overdue."""
    found = order(pair.inspector, respondent=pair.respondent.pk, protected_persons=(pair.protected.pk,))
    bracelet(pair.cast.probation)
    equip(pair.cast.probation, found, device="860000000000017")
    raised(database, found)
    assessed(pair, Level.LOW)
    for number, cause in enumerate((Cause.TAMPER, Cause.PANIC, Cause.POSSIBLE_VIOLATION, Cause.POSSIBLE_VIOLATION)):
        told(pair, cause, source=f"incident:{number}", occurred_at=clock.now() - timedelta(days=3 * number))
    do_assess(pair.inspector, form(pair, yes=("weapon",), unknown=("follows",)))
    her = pair.protected.pk
    do_set_level(pair.inspector, respondent=pair.respondent.pk, protected_person=her, level=Level.MEDIUM, reason=WHY)
    RiskDuty.objects.filter(kind="refer").update(due_at=clock.now() - timedelta(hours=5))
    return found


def phone_of(browser: Browser, server: Served, pair: Pair, language: str = "ru", **size: Any) -> Screen:
    window = size or {"width": 390, "height": 844}
    screen = Screen(browser, f"http://127.0.0.1:{server.port}", language=language, **window)
    screen.log_in(pair.inspector, PASSWORD)
    return screen


def test_the_form_is_filled_by_thumb_and_keyboard_and_a_reload_loses_nothing(
    server: Served, pair: Pair, browser: Browser
) -> None:
    screen = phone_of(browser, server, pair)
    address = f"/risk/{pair.respondent.pk}/{pair.protected.pk}/assess"
    screen.go(address)
    page = screen.page
    assert screen.overflow_px() == 0
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.three-one label')].map(one => one.getBoundingClientRect().height))"
    )
    assert smallest >= 44
    assert page.inner_text("[data-missing]") == "11"
    page.click(".three:nth-of-type(1) .three-one:nth-child(2)")
    page.focus("[data-question] >> nth=1 >> input >> nth=0")
    for key in "2231":
        page.keyboard.press(key)
    assert (page.inner_text("[data-given]"), page.inner_text("[data-missing]")) == ("5", "7")
    page.reload()
    assert (page.inner_text("[data-given]"), page.inner_text("[data-missing]")) == ("5", "7")
    chosen = page.eval_on_selector_all("[data-question] input:checked", "all => all.map(one => one.value)")
    assert chosen == ["no", "no", "no", "unknown", "yes"]
    screen.context.set_offline(True)
    page.click("button.button-wide", no_wait_after=True)
    page.wait_for_timeout(300)
    screen.context.set_offline(False)
    screen.complaints.clear()
    screen.go(address)
    assert page.inner_text("[data-given]") == "5"
    page.focus("[data-question] >> nth=0 >> input >> nth=0")
    for key in "1" + "2" * 10:
        page.keyboard.press(key)
    page.click("button.button-wide")
    page.wait_for_url("**/risk/assessments/**")
    assert page.locator(".risk-level").get_attribute("data-level") == "high"
    screen.go(address)
    assert page.inner_text("[data-given]") == "0"
    assert screen.complaints == []
    screen.close()
    assert apart(Assessment.objects.count) == 1


@pytest.mark.parametrize(("width", "height", "language"), [(390, 844, "ky"), (1366, 768, "ru")])
def test_nothing_is_wider_than_the_window_and_axe_finds_nothing(
    server: Served, pair: Pair, case: Order, browser: Browser, width: int, height: int, language: str
) -> None:
    form_id = apart(lambda: Assessment.objects.order_by("-assessed_at")[0].pk)
    decision = apart(lambda: pair.respondent.risk_levels.get(state="proposed").pk)
    screen = phone_of(browser, server, pair, language, width=width, height=height)
    pair_of = f"/risk/{pair.respondent.pk}/{pair.protected.pk}"
    pages = (
        f"{pair_of}/assess", f"{pair_of}/level", f"/risk/assessments/{form_id}/", f"/risk/{pair.respondent.pk}/",
        "/risk/", f"/risk/proposals/{decision}/", "/duties/", f"/orders/{case.pk}/",
    )  # fmt: skip
    for page in pages:
        screen.go(page)
        assert screen.overflow_px() == 0, page
        assert screen.violations() == [], page
    assert screen.complaints == []
    screen.close()
