"""A shift at the desk in a real browser: a signal arrives, it is answered by keyboard, in any language and width."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, expect

from aralyk import clock
from aralyk.access.actions import do_change_user
from aralyk.devices.models import Party
from aralyk.incidents.models import Incident, Status
from aralyk.orders.models import Order
from aralyk.tracking.live import LiveKind, announce
from tests.conftest import Database
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.orders.cast import PASSWORD, Cast, bracelet, equip, heard, order, phone, raised
from tests.platform.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MAP_READY = ".maplibregl-canvas"


def box_of(shown: Locator) -> FloatRect:
    """Where it stands on the page. The live stream may just be replacing it: then it has no place for a moment."""
    return wait_until(shown.bounding_box, within_s=15.0, what="it stands on the page")


@dataclass(slots=True, kw_only=True)
class Shift:
    """What a test of the desk needs at hand."""

    browser: Browser
    base: str
    database: Database
    roles: Cast
    case: Order
    served: Served
    screens: list[Screen] = field(default_factory=list)

    def raise_signal(self, **given: Any) -> Incident:
        """A signal as the monitor raises it, and the word to every screen."""

        def work() -> Incident:
            incident = raised(self.database, self.case, **given)
            self.tell(LiveKind.INCIDENT, str(incident.pk))
            return incident

        return apart(work)

    def tell(self, kind: LiveKind, subject: str) -> None:
        """Announce a change."""
        with self.database.connect() as connection, connection.cursor() as cursor:
            announce(cursor, kind=kind, subject=subject, district=self.case.district, at=clock.now())

    def screen(self, username: str = "operator", **how: Any) -> Screen:
        """Somebody's window, logged in, on the desk, with a living line."""
        screen = self.window(**how)
        screen.log_in(getattr(self.roles, username), PASSWORD)
        expect(screen.page.locator("[data-line].state-good")).to_be_visible(timeout=15_000)
        return screen

    def window(self, **how: Any) -> Screen:
        """A browser window, closed after the test."""
        screen = Screen(self.browser, self.base, **how)
        self.screens.append(screen)
        return screen

    def incident(self, pk: UUID) -> Incident:
        """The signal as stored."""
        return apart(lambda: Incident.objects.select_related("acknowledged_by").get(pk=pk))


@pytest.fixture
def shift(browser: Browser, server: Served, database: Database, roles: Cast) -> Iterator[Shift]:
    """An order whose two devices are heard."""

    def work() -> Order:
        case = order(roles.police)
        bracelet(roles.probation)
        phone(roles.probation)
        equip(roles.probation, case, device="860000000000017")
        equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
        heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
        heard(database, "phone-0001", lat=42.8801, lon=74.6202)
        return case

    base = f"http://127.0.0.1:{server.port}"
    shift = Shift(browser=browser, base=base, database=database, roles=roles, case=apart(work), served=server)
    yield shift
    for screen in shift.screens:
        screen.close()


def test_a_signal_arrives_by_itself_and_is_acknowledged_by_keyboard(shift: Shift) -> None:
    screen = shift.screen()
    page = screen.page
    expect(page.locator("[data-queue] .empty")).to_be_visible()
    incident = shift.raise_signal()
    row = page.locator(f"#row-{incident.pk}")
    expect(row).to_be_visible(timeout=10_000)
    expect(row.locator(".sign")).to_have_attribute("data-priority", "1")
    expect(page.locator("[data-loud]")).to_contain_text(str(incident.number))
    page.keyboard.press("j")
    expect(row).to_have_attribute("data-selected", "")
    page.keyboard.press("a")
    expect(row).to_have_attribute("data-status", "acknowledged", timeout=10_000)
    expect(row.locator(".row-state")).to_contain_text("Т. operator")
    stored = shift.incident(incident.pk)
    assert (stored.status, stored.acknowledged_by_id) == (Status.ACKNOWLEDGED, shift.roles.operator.pk)
    assert stored.shown_at is not None
    assert screen.complaints == []


def test_nothing_moves_under_the_pointer_and_a_critical_signal_is_still_unmistakable(shift: Shift) -> None:
    first = shift.raise_signal(kind="battery", priority=3)
    screen = shift.screen()
    page = screen.page
    row = page.locator(f"#row-{first.pk}")
    row.hover()
    before = row.bounding_box()
    second = shift.raise_signal(priority=1)
    news = page.locator("[data-news]")
    expect(news).to_have_attribute("data-level", "critical", timeout=10_000)
    assert row.bounding_box() == before
    expect(page.locator(f"#row-{second.pk}")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.locator("[data-queue] li").first).to_have_attribute("id", f"row-{second.pk}")
    assert screen.complaints == []


def test_a_second_person_of_another_district_sees_nothing(shift: Shift) -> None:
    elsewhere = shift.screen("police_elsewhere")
    here = shift.screen("police")
    incident = shift.raise_signal()
    expect(here.page.locator(f"#row-{incident.pk}")).to_be_visible(timeout=10_000)
    expect(elsewhere.page.locator("[data-queue] .empty")).to_be_visible()
    elsewhere.go(f"/incidents/{incident.pk}/")
    expect(elsewhere.page.locator("h1")).to_have_text("Не найдено")


def test_a_lost_line_is_said_within_five_seconds(shift: Shift) -> None:
    screen = shift.screen()
    screen.context.set_offline(True)
    shift.served.console.hub.end_all()
    line = screen.page.locator("[data-line]")
    expect(line).to_contain_text("связь с сервером потеряна, данные на", timeout=6_500)
    expect(screen.page.locator("body")).to_have_attribute("data-connection", "lost")
    screen.context.set_offline(False)
    expect(screen.page.locator("[data-line].state-good")).to_be_visible(timeout=15_000)


def test_what_happened_while_the_line_was_lost_is_there_when_it_is_back(shift: Shift) -> None:
    screen = shift.screen()
    screen.context.set_offline(True)
    shift.served.console.hub.end_all()
    expect(screen.page.locator("body")).to_have_attribute("data-connection", "lost", timeout=10_000)
    incident = shift.raise_signal()
    screen.context.set_offline(False)
    expect(screen.page.locator(f"#row-{incident.pk}")).to_be_visible(timeout=20_000)


def test_a_disabled_account_is_shown_the_door(shift: Shift) -> None:
    screen = shift.screen("police")
    apart(lambda: do_change_user(shift.roles.administrator, shift.roles.police.pk, active=False))
    screen.page.wait_for_url("**/account/login/**", timeout=15_000)


def test_the_desk_switches_to_kyrgyz_and_stays_there(shift: Shift) -> None:
    shift.raise_signal()
    screen = shift.screen()
    screen.page.click("button[name=language][value=ky]")
    expect(screen.page.locator("html")).to_have_attribute("lang", "ky")
    expect(screen.page.locator(".row-kind").first).to_contain_text("Белгиленген аралыктан жакын келген")
    expect(screen.page.locator("[data-line].state-good")).to_contain_text("сервер менен байланыш бар", timeout=15_000)
    screen.go("/orders/")
    expect(screen.page.locator("h1")).to_have_text("Ордерлер")
    assert screen.complaints == []


def test_at_phone_width_the_queue_comes_first_and_acknowledging_is_under_the_thumb(shift: Shift) -> None:
    incident = shift.raise_signal()
    screen = shift.screen(width=390, height=844)
    page = screen.page
    expect(page.locator("#map")).to_be_hidden()
    button = page.locator(f"#row-{incident.pk} form button")
    assert box_of(button)["height"] >= 40
    assert screen.overflow_px() == 0
    page.click("[role=tab][data-tab=map]")
    expect(page.locator(MAP_READY)).to_be_visible(timeout=20_000)
    screen.go(f"/incidents/{incident.pk}/")
    assert box_of(page.locator(".thumb button"))["y"] > 700
    assert screen.overflow_px() == 0
    page.click(".thumb button")
    expect(page.locator(".incident-head")).to_contain_text("принят: Т. operator")


def test_a_signal_is_closed_after_its_reason_is_given(shift: Shift) -> None:
    incident = shift.raise_signal(episode_open=False)
    screen = shift.screen()
    page = screen.page
    screen.go(f"/incidents/{incident.pk}/")
    page.keyboard.press("a")
    page.wait_for_load_state()
    expect(page.locator("#act-close")).to_be_visible()
    page.keyboard.press("x")
    page.locator("#id_close-outcome_2").check()
    page.locator("form[action$='/close'] button").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.click("[data-error-summary] a")
    expect(page.locator("#id_close-reason")).to_be_focused()
    page.keyboard.type("устройство на зарядке, сбой датчика")
    page.locator("form[action$='/close'] button").click()
    expect(page.locator(".incident-head")).to_contain_text("закрыт")
    assert shift.incident(incident.pk).status == Status.CLOSED


def test_an_open_page_of_a_signal_follows_what_others_do(shift: Shift) -> None:
    incident = shift.raise_signal()
    one, other = shift.screen(), shift.screen("supervisor")
    one.go(f"/incidents/{incident.pk}/")
    expect(one.page.locator("[data-line].state-good")).to_be_visible(timeout=15_000)
    other.page.locator(f"#row-{incident.pk} form button").click()
    expect(one.page.locator(".incident-head")).to_contain_text("принят: Т. supervisor", timeout=10_000)
    expect(one.page.locator(".timeline")).to_contain_text("Т. supervisor")


def test_the_map_is_also_a_table(shift: Shift) -> None:
    screen = shift.screen()
    screen.page.click("[data-twin-toggle]")
    rows = screen.page.locator("[data-twin] tbody tr")
    expect(rows).to_have_count(2, timeout=10_000)
    expect(rows.first).to_contain_text("Лицо под мониторингом")
    expect(screen.page.locator(MAP_READY)).to_be_visible(timeout=20_000)
    assert screen.complaints == []


@pytest.mark.parametrize(("theme", "width", "height"), [("dark", 1366, 768), ("light", 1366, 768), ("dark", 390, 844)])
def test_no_page_has_a_barrier_that_axe_finds(shift: Shift, theme: str, width: int, height: int) -> None:
    incident = shift.raise_signal()
    shift.raise_signal(kind="tamper", priority=1)
    shift.raise_signal(kind="silence", priority=2, episode_open=False)
    shift.raise_signal(kind="battery", priority=3)
    login = shift.window(width=width, height=height, theme=theme)
    login.go("/account/login/")
    found = {"/account/login/": login.violations()}
    screen = shift.screen(width=width, height=height, theme=theme)
    for path in (
        "/", f"/incidents/{incident.pk}/", "/orders/", f"/orders/{shift.case.pk}/", "/devices/",
        "/devices/860000000000017/", "/quarantine/", "/nothing-here", "/account/password/", "/account/second-factor/",
    ):  # fmt: skip
        screen.go(path)
        screen.page.wait_for_timeout(400)
        found[path] = screen.violations()
        assert screen.overflow_px() == 0, path
    assert {path: violations for path, violations in found.items() if violations} == {}


def test_screenshots_of_the_desk_are_drawn(shift: Shift, tmp_path: Path) -> None:
    """The map really draws: its canvas is not one flat colour."""
    screen = shift.screen()
    canvas = screen.page.locator(MAP_READY)
    expect(canvas).to_be_visible(timeout=20_000)
    screen.page.wait_for_timeout(1_500)
    picture = canvas.screenshot(path=str(tmp_path / "map.png"))
    assert len(picture) > 8_000, "a flat picture compresses to less"
