"""A new user's way in a real browser: report, risk, order, service, devices, watched; each step leaves its entry.

The console runs in this process, gateway and monitor as processes of their own; the phones speak over loopback. How
long people need is said by a model of their hands and eyes (`newcomer`), not by how fast a browser is driven.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect
from pytest_django import Settings

from aralyk import clock
from aralyk.incidents.models import Incident
from aralyk.orders.models import Order, Proposal
from tests.conftest import Database
from tests.console.serving import Served, served
from tests.e2e.desk.browsing import Screen, apart, chromium
from tests.e2e.newcomer import Hand, Work
from tests.e2e.running_platform import RunningPlatform, running_platform
from tests.orders.cast import HERE, PASSWORD, Cast, order, witnesses
from tests.orders.stage import roles, with_accounts
from tests.platform.waiting import wait_until

__all__ = ["roles", "with_accounts"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOORS: dict[str, dict[str, object]] = {"gateway": {"http_port": 0, "r16h_port": 0}}
TEN_MINUTES_S = 600.0
NUMBER = "ПР-2026/1"
HIS_NAME = "Синтетический Бакыт"
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

    def screen(self, username: str, *, width: int = 1366, height: int = 768) -> Screen:
        """Somebody's window, logged in."""
        screen = Screen(self.browser, self.base, width=width, height=height)
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


def take_report(hand: Hand, base: str) -> str:
    """At the desk of the police; returns the report's address."""
    page = hand.page

    def on(step: str) -> None:
        hand.go("form[data-draft] .button-primary", f"**/{step}#main")

    page.goto(f"{base}/reports/")
    hand.arrive()
    hand.go("a[href='/reports/take']", "**/how")
    hand.choose("[name=applicant]", "protected_person")
    hand.tick("[name=applicant_minor][value=no]")
    on("what")
    hand.write("[name=account]", "Муж ударил её на кухне, угрожал ножом. Соседка вызвала милицию.")
    hand.tick("[name=violence][value=physical]")
    hand.write("[name=established_at]", local(0))
    on("him")
    hand.write("[name=name]", HIS_NAME)
    hand.press("button[name=search]")
    page.wait_for_url("**/him#again")
    hand.tick("[name=who][value=new]")
    hand.choose("[name=residence_district]", HERE)
    on("her")
    hand.write("[name=p0-called]", "Синтетическая Айгуль")
    hand.tick("[name=p0-minor][value=no]")
    hand.choose("[name=p0-relation]", "spouse")
    hand.write("[name=p0-phone]", "+996555000001")
    on("asked")
    for slug in ("weapons", "children", "prior_reports", "exits", "leaving", "injury"):
        hand.tick(f"[name={slug}][value=no]")
    hand.tick("[name=separation][value=not_told]")
    hand.choose("[name=separation-why]", "does_not_know")
    on("check")
    hand.go("#actions .button-primary", re.compile(r"/reports/[0-9a-f-]{36}/(#main)?$"))
    return urlsplit(page.url).path


def assess(hand: Hand, base: str, report: str) -> None:
    """On the inspector's phone, by thumb: the report leads to the form, the form to the order."""
    page = hand.page
    page.goto(f"{base}/reports/")
    hand.arrive()
    hand.go(f"a[href='{report}']", f"**{report}")
    hand.go("#actions a[href*='/assess']", "**/assess*")
    questions = page.locator("[data-question]")
    for number in range(questions.count()):
        hand.press(questions.nth(number).locator(".three-one").nth(0 if number == 0 else 1))
    hand.go("button.button-wide", "**/risk/assessments/**")
    assert page.locator(".risk-level").get_attribute("data-level") == "high"
    expect(page.locator("form[action='/orders/new'] button")).to_be_visible()


def write_order(hand: Hand) -> None:
    """The seven steps at the desk: who, when and how dangerous is known from the report and the risk."""
    page = hand.page

    def on(step: str) -> None:
        hand.go("#actions button", f"**/{step}")

    page.reload()
    hand.arrive()
    hand.go("form[action='/orders/new'] button", "**/people")
    expect(page.locator("[name=respondent] option:checked")).to_have_text(HIS_NAME)
    on("law")
    for stated in ("weapons", "children", "prior_reports"):
        expect(page.locator(f"[name=stated_{stated}][value=no]")).to_be_checked()
    expect(page.locator("[name=threat][value=high]")).to_be_checked()
    hand.tick("[name=legal_basis][value=court_measure]")
    hand.write("[name=number]", NUMBER)
    hand.write("[name=term_days]", "30")
    on("conditions")
    hand.press("button[name=template][value=no_approach]")
    expect(page.locator("[name=distance_m]")).to_have_value("500")
    on("zones")
    draw(hand)
    on("circumstances")
    hand.write("[name=his_home]", "42.870000, 74.560000")
    hand.write("[name=police_travel_min]", "12")
    hand.tick("input[name^=carries_][value=yes]")
    on("findings")
    expect(page.locator("[name=finding-0-reason]")).to_be_visible()
    for number in range(page.locator("textarea[name$=-reason]").count()):
        hand.write(f"[name=finding-{number}-reason]", "уточним сегодня до вечера")
        alternative = page.locator(f"[name=finding-{number}-alternative]")
        if alternative.count():
            hand.write(alternative, "убежище на первую неделю")
    on("review")
    hand.go("#actions button", re.compile(r"/orders/[0-9a-f-]{36}/#next$"))


def draw(hand: Hand) -> None:
    """A circle by two clicks on the map, and a polygon by the keyboard alone."""
    page = hand.page
    canvas = page.locator("[data-draw] .maplibregl-canvas")
    expect(canvas).to_be_visible(timeout=20_000)
    page.wait_for_function("document.querySelector('[data-draw] canvas').width > 0")
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    hand.point_at(*middle)
    expect(page.locator("[name=zone-0-points]")).not_to_have_value("")
    page.wait_for_timeout(400)  # two clicks at once would be a double click, which the map takes as closer
    hand.point_at(middle[0] + 60, middle[1])
    expect(page.locator("[name=zone-0-radius_m]")).not_to_have_value("")
    hand.write("[name=zone-0-code]", "school")
    page.check("#drawn-2")  # a second area for who has no mouse: one is enough for the count
    page.check("[name=zone-1-form][value=polygon]")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press("Enter")
        page.keyboard.press(key)
        page.wait_for_timeout(500)
    assert len(page.input_value("[name=zone-1-points]").splitlines()) == 3
    page.fill("[name=zone-1-code]", "market")


def next_step(hand: Hand, name: str) -> None:
    """The first thing of this kind that the order's page says is missing."""
    hand.go(f"#next a[href*='/act/{name}']", f"**/act/{name}*")


def done(hand: Hand, order: str) -> None:
    hand.go("#actions button", re.compile(f"/orders/{order}/#next$"))


def serve(hand: Hand, order: str) -> None:
    """He is handed the order, and told what it says."""
    next_step(hand, "serve")
    hand.write("[name=served_at]", local(0))
    for topic in ("conditions", "term", "breach", "contest", "device"):
        hand.tick(f"[name=told][value={topic}]")
    hand.tick("[name=weapons][value=none_found]")
    hand.write("[name=note]", "реестр ответит завтра")
    done(hand, order)


def put_into_stock(hand: Hand, base: str, device: str) -> str:
    """A telephone is registered and set up by hand, as it comes from the shop; returns its secret, shown this once."""
    hand.page.goto(f"{base}/devices/register")
    hand.arrive()
    hand.write("[name=device_id]", device)
    hand.tick("[name=kind][value=phone]")
    hand.choose("[name=protocol]", "osmand")
    hand.press("main form .button-primary")
    secret = hand.page.locator("p.number strong").inner_text()
    hand.arrive()
    hand.by_hand(f"/osmand/{secret}")
    hand.by_hand(device)
    return secret


def give(hand: Hand, order: str, device: str, *, why: str) -> None:
    """One of the stock; who carries it from now on is filled in by the step."""
    next_step(hand, "assign")
    hand.choose("[name=device]", device)
    hand.write("[name=reason]", why)
    done(hand, order)


def fit(hand: Hand, base: str, order: str) -> None:
    """At the monitoring centre: the device is chosen, she hears what it can't do, both are given one."""
    hand.page.goto(f"{base}/orders/")
    hand.arrive()
    hand.go(f"a[href='/orders/{order}/']", f"**/orders/{order}/")
    next_step(hand, "choose-device")
    hand.tick("[name=carries][value=app]")
    hand.write("[name=reason]", "риск допускает приложение")
    hand.tick("[name=free_charger_given]")
    done(hand, order)
    give(hand, order, "phone-his", why="выбор министерства")
    next_step(hand, "limits")
    for limit in (
        "no_signal_no_place", "police_may_be_late", "device_may_fail", "others_may_come", "no_device_no_ring",
    ):  # fmt: skip
        hand.tick(f"[name=limits][value={limit}]")
    hand.tick("[name=carries_device][value=yes]")
    done(hand, order)
    give(hand, order, "phone-hers", why="она согласна носить")


def watch(hand: Hand, order: str) -> None:
    """Both are heard: nothing is missing any more, and the device leads to where they are now."""
    page = hand.page
    page.reload()
    hand.arrive()
    expect(page.locator("#next")).to_have_count(0)
    hand.go("a.device-name[href='/devices/phone-his/']", "**/devices/phone-his/")
    hand.go("main .page-head a.button-primary", f"**/orders/{order}/#map")
    hand.press("[data-twin-toggle]")
    expect(page.locator("[data-twin] tbody tr")).to_have_count(2)


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


STEPS: Final = (
    "device_registered", "device_registered", "report_taken", "risk_assessed", "order_issued", "order_served",
    "device_chosen", "device_assigned", "limits_told", "device_assigned", "incident_raised",
)  # fmt: skip


def stand_in_order(said: list[str], steps: Sequence[str]) -> bool:
    """Whether these stand in the log one after the other, whatever stands between them."""
    rest = iter(said)
    return all(step in rest for step in steps)


def test_a_new_users_way_from_a_report_to_being_watched_takes_ten_minutes_and_is_evidence(stage: Stage) -> None:
    work, stock = Work(), Work(stage="stock")
    police, phone = stage.screen("police"), stage.screen("police", width=390, height=844)
    desk, thumb = Hand(police.page, work), Hand(phone.page, work, phone=True)
    centre = stage.screen("supervisor")
    before = len(witnesses(stage.database))
    devices = ("phone-hers", "phone-his")
    secrets = {one: put_into_stock(Hand(centre.page, stock), stage.base, one) for one in devices}
    work.stage = "report"
    report = take_report(desk, stage.base)
    work.stage = "risk"
    assess(thumb, stage.base, report)
    work.stage = "order"
    write_order(desk)
    to_live_s = live_after_s(stage, 2)
    assert to_live_s < LIVE_WITHIN_S
    order = str(apart(lambda: Order.objects.get(number=NUMBER)).pk)
    work.stage = "service"
    serve(desk, order)
    work.stage = "devices"
    watcher = Hand(centre.page, work)
    fit(watcher, stage.base, order)
    devices_live_s = live_after_s(stage, 4)
    for device in devices:
        say(stage.platform, secrets[device], device)
    stage.platform.wait_until_judged(stage.database)
    signal = wait_until(
        lambda: apart(lambda: Incident.objects.filter(order_id=order, kind="proximity").first()),
        within_s=20.0, what="the order's first signal",
    )  # fmt: skip
    work.stage = "watched"
    watch(watcher, order)
    watcher.go(f"a[href='/incidents/{signal.pk}/']", f"**/incidents/{signal.pk}/")
    print(work.table())
    print(stock.table())  # before there is a case: not of the way
    print(json.dumps({"plan_live_s": round(to_live_s, 2), "devices_s": round(devices_live_s, 2)}))
    assert 0 < work.seconds <= TEN_MINUTES_S
    said = [kind for kind, *_ in witnesses(stage.database)][before:]
    assert stand_in_order(said, STEPS), said
    assert {"respondent_registered", "protected_person_registered", "vault_written"} <= set(said)
    assert not apart(lambda: Proposal.objects.exists())  # nothing on this way waits for a second person
    assert police.complaints == phone.complaints == centre.complaints == []
