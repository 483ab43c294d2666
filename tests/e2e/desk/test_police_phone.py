"""The officer's phone in a real browser: one thumb, a weak line, readable in two languages, and axe finds nothing."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from aralyk.access.models import User
from aralyk.incidents.handing import do_accept
from aralyk.incidents.models import Incident, Status
from aralyk.response.models import Check, FieldEntry, Proof
from tests.conftest import Database
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.incidents.stage import officer
from tests.orders.cast import PASSWORD, Cast
from tests.response.stage import AT_HIS
from tests.response.test_tasks import handed

SHOTS = os.environ.get("SHOTS")  # a directory: pictures of what was seen are left there
OFFLINE_S = 12


def scene(database: Database, roles: Cast) -> tuple[User, Incident]:
    def made() -> tuple[User, Incident]:
        duty = officer()
        return duty, handed(database, roles, duty)

    return apart(made)


def shoot(screen: Screen, name: str) -> None:
    if SHOTS:
        screen.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def phone(browser: Browser, server: Served, *, width: int = 390, height: int = 844, **cookies: str) -> Screen:
    screen = Screen(browser, f"http://127.0.0.1:{server.port}", width=width, height=height, **cookies)
    screen.context.grant_permissions(["geolocation"])
    screen.context.set_geolocation({"latitude": AT_HIS[0], "longitude": AT_HIS[1], "accuracy": 9})
    return screen


@pytest.mark.parametrize(("language", "width"), [("ru", 390), ("ky", 390), ("ru", 1366)])
def test_a_task_is_accepted_with_one_thumb_and_every_page_is_readable(
    browser: Browser, server: Served, database: Database, roles: Cast, language: str, width: int
) -> None:
    duty, incident = scene(database, roles)
    screen = phone(browser, server, width=width, language=language)
    screen.log_in(duty, PASSWORD)
    for name, path in (("list", "/tasks/"), ("brief", f"/tasks/{incident.pk}/")):
        screen.go(path)
        assert screen.overflow_px() == 0
        assert screen.violations() == []
        shoot(screen, f"{name}-{language}-{width}")
    screen.page.check("#no_relation")
    screen.page.click(".task-accept .button-primary")
    screen.page.wait_for_selector(".task-sketch")
    assert screen.overflow_px() == 0
    assert screen.violations() == []
    shoot(screen, f"task-{language}-{width}")
    screen.go(f"/checks/{incident.order_id}/")
    assert screen.overflow_px() == 0
    assert screen.violations() == []
    shoot(screen, f"check-{language}-{width}")
    screen.go(f"/tasks/{incident.pk}/")
    assert "Т. duty_officer" in screen.page.inner_text(".task-mark")
    assert screen.complaints == []
    screen.close()


def test_without_a_line_a_word_waits_on_the_phone_and_is_told_so_and_goes_when_the_line_is_back(
    browser: Browser, server: Served, database: Database, roles: Cast
) -> None:
    duty, incident = scene(database, roles)
    apart(lambda: do_accept(duty, incident.pk, no_relation=True))
    screen = phone(browser, server, language="ru")
    screen.log_in(duty, PASSWORD)
    screen.go(f"/tasks/{incident.pk}/")
    page = screen.page
    screen.context.set_offline(True)
    page.click("form:has(input[value=set_out]) button")
    expect(page.locator("[data-road-state]")).to_contain_text("Ещё не отправлено: 1")
    page.click("form:has(input[value=arrive]) button")
    expect(page.locator("[data-road-state]")).to_contain_text("Ещё не отправлено: 2")
    page.wait_for_timeout(OFFLINE_S * 1000)
    shoot(screen, "offline-ru-390")
    assert apart(FieldEntry.objects.count) == 0
    screen.context.set_offline(False)
    expect(page.locator(".task-said strong")).to_have_count(2, timeout=30_000)
    entries = apart(lambda: list(FieldEntry.objects.order_by("device_at")))
    assert [(one.act, one.moved) for one in entries] == [("set_out", True), ("arrive", True)]
    assert all(one.received_at - one.device_at > timedelta(seconds=OFFLINE_S - 2) for one in entries)
    assert apart(lambda: Check.objects.get(incident=incident).proof) == Proof.VERIFIED
    assert apart(lambda: Incident.objects.get(pk=incident.pk).status) == Status.ARRIVED
    expect(page.locator("[data-road-state]")).to_be_hidden()
    screen.close()
