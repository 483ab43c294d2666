"""A report taken on a phone by somebody who never saw the desk: one thing after another, and no word lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from aralyk.reports.models import Report
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.orders.cast import HERE, PASSWORD, Cast
from tests.reports.cast import ACCOUNT, taken

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PICTURES = os.environ.get("PICTURES")  # a directory: what the pages look like, for a person to judge


@pytest.fixture
def earlier(roles: Cast) -> Report:
    """The same man was reported before."""
    return taken(roles.police)


@pytest.fixture
def phone(earlier: Report, browser: Browser, server: Served, roles: Cast) -> Iterator[Screen]:
    """A cheap phone, in Kyrgyz, by daylight."""
    screen = Screen(browser, f"http://127.0.0.1:{server.port}", width=390, height=844, language="ky", theme="light")
    screen.log_in(roles.police, PASSWORD)
    yield screen
    screen.close()


def test_a_report_is_taken_on_a_phone_and_a_lost_connection_loses_nothing(phone: Screen, earlier: Report) -> None:
    page = phone.page
    phone.go("/reports/")
    _look(phone, "list")
    page.click("a[href='/reports/take']")
    expect(page.locator("[aria-current=step]")).to_have_count(1)
    _look(phone, "how")
    page.select_option("[name=applicant]", "neighbour")
    _on(page, "what")
    page.fill("[name=account]", ACCOUNT)
    expect(page.locator("[data-draft-state]")).to_have_attribute("data-state", "saved")
    phone.context.set_offline(True)
    page.fill("[name=account]", f"{ACCOUNT}. Он ушёл.")
    page.click("form[data-draft] .button-primary")
    expect(page.locator("[data-draft-state]")).to_have_attribute("data-state", "lost")
    phone.context.set_offline(False)
    expect(page.locator("[data-draft-state]")).to_have_attribute("data-state", "saved", timeout=15_000)
    page.check("[name=violence][value=physical]")
    _look(phone, "what")
    _on(page, "him")
    page.fill("[name=name]", "бакыт")
    page.click("button[name=search]")
    page.check(f"[name=who][value='{earlier.respondent_id}']")
    _look(phone, "him")
    _on(page, "her")
    page.check("[name=p0-part][value=victim]")
    page.check("[name=p0-minor][value=no]")
    page.click("button[name=add]")
    page.check("[name=p1-part][value=witness]")
    page.check("[name=p1-minor][value=yes]")
    _look(phone, "her")
    _on(page, "asked")
    for slug in ("weapons", "children", "prior_reports", "exits", "leaving", "injury"):
        page.check(f"[name={slug}][value=no]")
    expect(page.locator("[name=weapons-why]")).to_be_hidden()
    page.check("[name=separation][value=not_told]")
    page.select_option("[name=separation-why]", "does_not_know")
    _look(phone, "asked")
    _on(page, "check")
    _look(phone, "check")
    page.click("#actions .button-primary")
    expect(page.locator("#said-title")).to_be_visible()
    _look(phone, "report")
    page.click("form[action$='/read'] button")
    expect(page.locator(".spoken").first).to_contain_text("Он ушёл.")
    report = apart(lambda: Report.objects.exclude(pk=earlier.pk).get())
    assert (report.respondent_id, report.district) == (earlier.respondent_id, HERE)
    assert apart(lambda: report.tasks.filter(rule="notify_child_services_of_report").exists())
    lost = [said for said in phone.complaints if "ERR_INTERNET_DISCONNECTED" not in said]
    assert lost == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_report_desk_is_readable_at_a_desk(
    earlier: Report, browser: Browser, server: Served, roles: Cast, theme: str
) -> None:
    screen = Screen(browser, f"http://127.0.0.1:{server.port}", language="ru", theme=theme)
    screen.log_in(roles.police, PASSWORD)
    for name, address in (
        ("list", "/reports/"), ("report", f"/reports/{earlier.pk}/"), ("paper", f"/reports/{earlier.pk}/paper"),
    ):  # fmt: skip
        screen.go(address)
        _look(screen, f"desk-{theme}-{name}")
    screen.go(f"/reports/{earlier.pk}/")
    screen.page.click("summary.button-primary")
    screen.page.mouse.move(0, 0)
    _look(screen, f"desk-{theme}-decide")
    assert screen.complaints == []
    screen.close()


def _on(page: Page, step: str) -> None:
    page.click("form[data-draft] .button-primary")
    page.wait_for_url(f"**/{step}#main")


def _look(screen: Screen, name: str) -> None:
    """Nothing sticks out of the window, and nothing that a screen reader or a weak eye would stumble over."""
    if PICTURES:
        screen.page.screenshot(path=str(Path(PICTURES) / f"reports-{name}.png"), full_page=True)
    assert screen.overflow_px() <= 0, name
    assert screen.violations() == [], name
