"""A new user's way in a real browser: order, devices, watched. Every step leaves its entry, and the clock is read.

The console runs in this process, gateway and monitor as processes of their own; the phones speak over loopback.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings

from aralyk import clock
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order
from tests.conftest import Database
from tests.console.serving import Served, served
from tests.e2e.desk.browsing import Screen, apart, chromium
from tests.e2e.running_platform import RunningPlatform, running_platform
from tests.orders.cast import HERE, PASSWORD, Cast, order, witnesses
from tests.orders.stage import roles, with_accounts
from tests.platform.waiting import wait_until

__all__ = ["roles", "with_accounts"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOORS: dict[str, dict[str, object]] = {"gateway": {"http_port": 0, "r16h_port": 0}}
TEN_MINUTES_S = 600.0
NUMBER = "ПР-2026/1"
LIVE_WITHIN_S = 5.0
COMPILED_WITHIN_S = 400.0
PATIENCE_MS = 120_000  # the first check of a process loads the engine, and a busy machine takes its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the test needs at hand."""

    browser: Browser
    base: str
    platform: RunningPlatform
    database: Database
    roles: Cast

    def screen(self, username: str) -> Screen:
        """Somebody's window, logged in."""
        screen = Screen(self.browser, self.base)
        screen.page.set_default_timeout(PATIENCE_MS)
        screen.log_in(getattr(self.roles, username), PASSWORD)
        return screen


@pytest.fixture
def stage(database: Database, roles: Cast, tmp_path: Path, settings: Settings) -> Iterator[Stage]:
    """Gateway and monitor run; the console and a browser too."""
    settings.HOME = tmp_path
    now = datetime.now(UTC)
    with (
        running_platform(tmp_path, starts_at=now, speed=1.0, names=("monitor", "gateway"), settings=DOORS) as platform,
        served() as console,
        chromium() as browser,
    ):
        # The engine compiles at its first step of a machine: an installation that runs has done so long ago.
        apart(lambda: order(roles.police))
        wait_until(lambda: _steps(database), within_s=COMPILED_WITHIN_S, what="the monitor's first step")
        yield Stage(
            browser=browser, base=_base(console), platform=platform, database=database, roles=roles,
        )  # fmt: skip


def _steps(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT count(*) FROM step").fetchone()
    return 0 if row is None else int(row[0])


def _base(console: Served) -> str:
    return f"http://127.0.0.1:{console.port}"


def local(hours: float) -> str:
    return (clock.now() + timedelta(hours=hours)).astimezone(ZoneInfo("Asia/Bishkek")).strftime("%Y-%m-%dT%H:%M")


def go_on(page: Page, step: str) -> None:
    page.click("#actions button")
    page.wait_for_url(f"**/{step}")


def write_order(page: Page, base: str) -> None:
    """The seven steps, as somebody who does it for the first time clicks them."""
    page.goto(f"{base}/orders/new")
    page.click("main form .button-primary")
    page.wait_for_url("**/people")
    page.fill("[name=new_name]", "Синтетический Бакыт")
    page.select_option("[name=district]", HERE)
    page.fill("[name=her_name]", "Синтетическая Айгуль")
    page.fill("[name=her_home]", "42.920000, 74.612200")
    go_on(page, "law")
    page.check("[name=legal_basis][value=court_measure]")
    page.fill("[name=number]", NUMBER)
    page.fill("[name=term_days]", "30")
    page.fill("[name=reported_at]", local(-5))
    page.fill("[name=established_at]", local(-4))
    for stated, answer in (("weapons", "unknown"), ("children", "no"), ("prior_reports", "yes")):
        page.check(f"[name=stated_{stated}][value={answer}]")
    page.check("[name=threat][value=high]")
    go_on(page, "conditions")
    page.click("button[name=template][value=no_approach]")
    expect(page.locator("[name=distance_m]")).to_have_value("500")
    go_on(page, "zones")
    draw(page)
    go_on(page, "circumstances")
    page.fill("[name=his_home]", "42.870000, 74.560000")
    page.fill("[name=police_travel_min]", "12")
    page.check("input[name^=carries_][value=yes]")
    go_on(page, "findings")
    for number in range(page.locator("textarea[name$=-reason]").count()):
        page.fill(f"[name=finding-{number}-reason]", "известно, ордер нужен сегодня")
        alternative = page.locator(f"[name=finding-{number}-alternative]")
        if alternative.count():
            alternative.fill("убежище на первую неделю, участковый рядом")
    go_on(page, "review")


def draw(page: Page) -> None:
    """A circle by two clicks on the map, and a polygon by the keyboard alone."""
    canvas = page.locator("[data-draw] .maplibregl-canvas")
    expect(canvas).to_be_visible(timeout=20_000)
    page.wait_for_function("document.querySelector('[data-draw] canvas').width > 0")
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.click(*middle)
    expect(page.locator("[name=zone-0-points]")).not_to_have_value("")
    page.wait_for_timeout(400)  # two clicks at once would be a double click, which the map takes as closer
    page.mouse.click(middle[0] + 60, middle[1])
    expect(page.locator("[name=zone-0-radius_m]")).not_to_have_value("")
    page.fill("[name=zone-0-code]", "school")
    page.check("#drawn-2")
    page.check("[name=zone-1-form][value=polygon]")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press("Enter")
        page.keyboard.press(key)
        page.wait_for_timeout(500)
    assert len(page.input_value("[name=zone-1-points]").splitlines()) == 3
    page.fill("[name=zone-1-code]", "market")


def register_phone(page: Page, base: str, device: str) -> str:
    """A phone of the stock; returns the secret that is shown once."""
    page.goto(f"{base}/devices/register")
    page.fill("[name=device_id]", device)
    page.check("[name=kind][value=phone]")
    page.select_option("[name=protocol]", "osmand")
    page.fill("[name=interval_s]", "60")
    page.click("main .button-primary")
    return page.locator("p.number strong").inner_text()


def act(page: Page, base: str, order: str, name: str, **given: str) -> None:
    page.goto(f"{base}/orders/{order}/act/{name}")
    for field, value in given.items():
        box = page.locator(f"main [name={field}]").first
        kind = box.get_attribute("type")
        if kind == "radio":
            page.check(f"main [name={field}][value={value}]")
        elif kind == "checkbox":
            for one in value.split(","):
                page.check(f"main [name={field}]" if one == "on" else f"main [name={field}][value={one}]")
        elif box.evaluate("one => one.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    page.click("#actions button")
    page.wait_for_url(f"**/orders/{order}/*")


def say(platform: RunningPlatform, secret: str, device: str) -> None:
    """A phone tells its place to the gateway, and hears that it is kept."""
    port = platform.detail_of("gateway")["http_port"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    at = clock.now().timestamp()
    target = f"/osmand/{secret}?id={device}&lat=42.9&lon=74.6&accuracy=8&timestamp={at:.0f}"
    connection.request("GET", target)
    assert connection.getresponse().status == 200
    connection.close()


def live_after_s(stage: Stage, version: int) -> float:
    """Seconds until the monitor has taken everything of the log, this version of the order too."""
    began = time.monotonic()
    stage.platform.wait_until_judged(stage.database)
    taken_s = time.monotonic() - began
    with stage.database.connect() as connection:
        row = connection.execute("SELECT (up_to->>'control/c')::int FROM step ORDER BY step DESC LIMIT 1").fetchone()
    assert row is not None
    assert row[0] >= version  # each version is one line of the control stream
    return taken_s


def test_a_new_users_way_from_an_order_to_its_first_signal(stage: Stage) -> None:
    began = time.monotonic()
    police = stage.screen("police")
    write_order(police.page, stage.base)
    police.page.click("#actions button")
    police.page.wait_for_url(re.compile(r"/orders/[0-9a-f-]{36}/"))
    to_live_s = live_after_s(stage, 2)
    assert to_live_s < LIVE_WITHIN_S
    issued = apart(lambda: Order.objects.get(number=NUMBER))
    number, her = str(issued.pk), apart(lambda: issued.protected_persons.get())
    police.page.wait_for_timeout(100)
    act(
        police.page, stage.base, number, "serve", served_at=local(0), language="ru",
        told="conditions,term,breach,contest,device", weapons="none_found", note="реестр ответит завтра",
    )  # fmt: skip

    centre = stage.screen("supervisor")
    page = centre.page
    his, hers = (register_phone(page, stage.base, device) for device in ("phone-his", "phone-hers"))
    act(
        page, stage.base, number, "choose-device", carries="app", reason="риск допускает приложение",
        exemption="none", free_charger_given="on",
    )  # fmt: skip
    limits = "no_signal_no_place,police_may_be_late,device_may_fail,others_may_come,no_device_no_ring"
    act(page, stage.base, number, "limits", language="ky", limits=limits, carries_device="yes")
    act(
        page,
        stage.base,
        number,
        "assign",
        person=str(issued.respondent_id),
        device="phone-his",
        reason="выбор министерства",
    )
    act(page, stage.base, number, "assign", person=str(her.pk), device="phone-hers", reason="она согласна носить")
    devices_live_s = live_after_s(stage, 4)
    for secret, device in ((hers, "phone-hers"), (his, "phone-his")):
        say(stage.platform, secret, device)
    stage.platform.wait_until_judged(stage.database)
    signal = wait_until(
        lambda: apart(lambda: Incident.objects.filter(order_id=issued.pk, kind="proximity").first()),
        within_s=20.0, what="the order's first signal",
    )  # fmt: skip
    page.goto(f"{stage.base}/incidents/{signal.pk}/")
    expect(page.locator("h1")).to_be_visible()
    took_s = time.monotonic() - began
    print(
        json.dumps(
            {"way_s": round(took_s, 1), "plan_live_s": round(to_live_s, 2), "devices_s": round(devices_live_s, 2)}
        )
    )
    assert took_s < TEN_MINUTES_S
    said = [kind for kind, *_ in witnesses(stage.database)]
    for kind in (
        "respondent_registered", "protected_person_registered", "vault_written", "vault_look", "order_issued",
        "order_served", "device_registered", "device_chosen", "limits_told", "device_assigned", "incident_raised",
    ):  # fmt: skip
        assert kind in said, kind
    assert police.complaints == centre.complaints == []
