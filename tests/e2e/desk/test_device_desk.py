"""A device at the desk in a real browser: asked by keyboard alone, its answer arrives by itself; the map of cells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from aralyk import clock
from aralyk.database import Role as DatabaseRole
from aralyk.devices import command_queue
from aralyk.devices.command_queue import Outcome, State, Step
from aralyk.devices.models import Command, Device, DeviceKind
from aralyk.devices.urgent import do_propose_urgent_contact
from aralyk.protocols.commands import CommandKind
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.e2e.desk.browsing import apart
from tests.e2e.desk.test_desk import MAP_READY, Shift, shift
from tests.orders.cast import equip, open_order

__all__ = ["shift"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
TRACKER = "tracker-0001"


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.fixture
def tracker(shift: Shift) -> str:
    """His second device, that can be asked; with a day of its battery."""

    def work() -> None:
        Device.objects.create(
            id=TRACKER, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei", synthetic=True
        )
        equip(shift.roles.probation, open_order(shift.roles.police), device=TRACKER)
        _live_through_a_day(shift.database)

    apart(work)
    return TRACKER


def _live_through_a_day(database: Database) -> None:
    """Hours of the tracker and cells of three carriers, as the reader of the log lays them out."""
    now = clock.now()
    with database.connect() as owner:
        for hours in range(24):
            owner.execute(
                "INSERT INTO device_hour (device, hour, contacts, late, fixes, coarse, invalid, charging, gaps_s,"
                " battery_minutes, battery_pct, clock_error_s, accuracy_m)"
                " VALUES (%s, date_trunc('hour', %s::timestamptz), 60, 0, 60, 0, 0, 0, '{60,60}', '{0,30}', %s, '{1}',"
                " '{8}')",
                (TRACKER, now - timedelta(hours=hours), [30 + 2 * hours, 29 + 2 * hours]),
            )
        for number in range(3):
            for cell_x, missed in ((12433, 0), (12434, 90)):
                owner.execute(
                    "INSERT INTO coverage_cell (month, cell_y, cell_x, device, reports, missed, gnss, signals, signal)"
                    " VALUES (date_trunc('month', %s::timestamptz), 9527, %s, %s, 100, %s, 90, 0, 0)",
                    (now, cell_x, f"carrier-{number}", missed),
                )


def test_a_device_is_asked_by_keyboard_and_its_answer_arrives_by_itself(shift: Shift, tracker: str) -> None:
    screen = shift.screen()
    page = screen.page
    screen.go(f"/devices/{tracker}/")
    expect(page.locator("[data-line].state-good")).to_be_visible(timeout=15_000)
    page.locator(".asks summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#id_position-reason")).to_be_focused()
    page.keyboard.type("проверка связи")
    page.keyboard.press("Enter")
    asked = page.locator(".asked li").first
    expect(asked).to_contain_text("ждёт следующей связи с устройством")
    expect(asked).to_contain_text("Т. operator")
    expect(page.locator("[data-line].state-good")).to_be_visible(timeout=15_000)

    def answer() -> None:
        step = Step(command=Command.objects.get().pk, state=State.ANSWERED, at=clock.now(), outcome=Outcome.ACCEPTED)
        with shift.database.connect(DatabaseRole.GATEWAY) as session, session.cursor() as cursor:
            command_queue.note(cursor, [step], by="system:gateway", at=clock.now())

    page.locator("h1").click()
    apart(answer)
    expect(asked).to_contain_text("подтверждено устройством", timeout=10_000)
    assert screen.complaints == []


def test_what_is_left_out_takes_the_focus_and_the_form_stays_open(shift: Shift, tracker: str) -> None:
    screen = shift.screen()
    page = screen.page
    screen.go(f"/devices/{tracker}/")
    page.locator(".asks summary").nth(1).click()
    page.locator("#id_interval-interval_s").fill("3600")
    page.locator("#id_interval-reason").fill("проверка связи")
    page.keyboard.press("Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.click("[data-error-summary] a")
    expect(page.locator("#id_interval-interval_s")).to_be_focused()


def test_the_cells_are_drawn_and_stand_in_a_table(shift: Shift, tracker: str) -> None:
    screen = shift.screen()
    page = screen.page
    screen.go("/devices/coverage")
    canvas = page.locator(MAP_READY)
    expect(canvas).to_be_visible(timeout=20_000)
    page.wait_for_timeout(2_000)
    assert len(canvas.screenshot()) > 4_000, "a flat picture compresses to less"
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("53 %")
    assert screen.complaints == []


@pytest.mark.parametrize(("theme", "width", "height"), [("dark", 1366, 768), ("light", 1366, 768), ("light", 390, 844)])
def test_no_page_of_devices_has_a_barrier_that_axe_finds(
    shift: Shift, tracker: str, theme: str, width: int, height: int
) -> None:
    screen = shift.screen(width=width, height=height, theme=theme)
    page = screen.page
    screen.go(f"/devices/{tracker}/")
    page.locator("details.ask").last.locator("summary").click()
    page.locator("#id_checkup-minutes").press("Enter")
    page.wait_for_url("**/checkups/**")
    checkup = page.url.removeprefix(shift.base)
    found = {}
    for path in ("/devices/", "/devices/?look=1", f"/devices/{tracker}/", checkup, "/devices/coverage"):
        screen.go(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) { one.name = ''; one.open = true; }")
        page.wait_for_timeout(400)
        found[path] = screen.violations()
        assert screen.overflow_px() == 0, path
    assert {path: violations for path, violations in found.items() if violations} == {}


@pytest.fixture
def quiet(shift: Shift) -> str:
    """His second device, under the order that hides where she is, with something that a supervisor wants sent."""

    def work() -> None:
        Device.objects.create(
            id=TRACKER, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei", synthetic=True
        )
        equip(shift.roles.probation, shift.case, device=TRACKER)
        do_propose_urgent_contact(
            shift.roles.supervisor, device_id=TRACKER, kind=CommandKind.MESSAGE, listed=("call_centre", "ru"),
            reason="он у её двери, экипаж через 40 минут",
        )  # fmt: skip

    apart(work)
    return TRACKER


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_the_page_of_a_quiet_device_fits_and_has_no_barrier(shift: Shift, quiet: str, width: int, height: int) -> None:
    screen = shift.screen("operator" if width > 390 else "supervisor", width=width, height=height)
    page = screen.page
    screen.go(f"/devices/{quiet}/")
    page.evaluate("for (const one of document.querySelectorAll('#commands details')) { one.open = true; }")
    expect(page.locator("#commands")).to_contain_text("ничего не отправляется")
    assert screen.overflow_px() == 0
    assert screen.violations() == []
