"""What is seen from above, in a real browser: fits desk and phone, free of what axe finds, reached by keyboard."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aralyk import clock
from aralyk.access.models import User
from aralyk.devices.models import Party
from aralyk.incidents.models import Incident, Outcome, Status
from aralyk.jobs.risk_list import keep_list
from aralyk.orders.models import Order, Threat
from aralyk.oversight.digests import do_make_digests
from aralyk.oversight.hand_over import do_leave_shift
from aralyk.oversight.models import FoldedDigest
from aralyk.oversight.outages import do_begin_outage, do_end_outage
from tests.conftest import Database
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.incidents.stage import full_roster, officer
from tests.orders.cast import PASSWORD, Cast, bracelet, equip, heard, order, phone, raised
from tests.oversight.engine_says import said

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SIZES = {"ru": (1366, 768), "ky": (390, 844)}
Pages = dict[str, tuple[User, str]]


def staged(database: Database, roles: Cast, home: Path) -> Pages:
    """Something on every page: whose page and its address."""

    def work() -> Pages:
        case = order(roles.police)
        bracelet(roles.probation)
        phone(roles.probation)
        equip(roles.probation, case, device="860000000000017")
        equip(roles.probation, case, device="phone-0001", party=Party.PROTECTED)
        heard(database, "860000000000017", lat=42.87, lon=74.61, strap="locked")
        raised(database, case, priority=2)
        order(roles.police, threat=Threat.MEDIUM)
        full_roster(roles, duty=officer())
        keep_list(home)
        _status(home)
        practice = do_begin_outage(roles.supervisor, practice=True, home=home)
        do_end_outage(roles.supervisor, practice.pk)
        do_begin_outage(roles.supervisor, practice=False, home=home)
        do_leave_shift(roles.operator, note="По второму делу ждём ответа дежурной части, перезвонить в десять.")
        day = _digests(database, raised(database, case, priority=1))
        _closed(database, roles, case)
        return {
            "outage": (roles.supervisor, "/outage/"),
            "digests": (roles.supervisor, "/digests/"),
            "digest": (roles.supervisor, f"/digests/{day}/"),
            "figures": (roles.supervisor, "/figures/"),
            "hand_over": (roles.supervisor, "/hand-over/"),
        }

    return apart(work)


def _digests(database: Database, incident: Incident) -> date:
    """Alerts folded today, and the digest that is made tomorrow; returns its day."""
    then = clock.now() - timedelta(seconds=10)
    for second, priority in enumerate((1, 1, 2, 1)):
        at = then + timedelta(seconds=second)
        said(database, incident, at=at, priority=priority, event="updated" if second else "raised")
    do_make_digests(now=clock.now() + timedelta(days=1, minutes=30))
    return FoldedDigest.objects.get(folded=3).day


def _closed(database: Database, roles: Cast, case: Order) -> None:
    for number, outcome in enumerate([*Outcome] * 3):
        incident = raised(database, case, kind="tamper" if number % 3 else "proximity", priority=1 + number % 2)
        at = incident.raised_at
        Incident.objects.filter(pk=incident.pk).update(
            acknowledged_at=at + timedelta(seconds=10 + number), acknowledged_by=roles.operator,
            handed_over_at=at + timedelta(seconds=60 + number), accepted_at=at + timedelta(seconds=100 + number),
            accepted_by=roles.police, arrived_at=at + timedelta(seconds=700 + number), status=Status.CLOSED,
            outcome=outcome,
        )  # fmt: skip


def _status(home: Path) -> None:
    checks = {
        "process:monitor": {"well": True, "reason": "no_heartbeat", "age_s": 1.2},
        "intake:positions": {"well": False, "reason": "not_stored", "stuck_s": 14.0, "waiting": 71},
        "lane:positions/0": {"well": True, "reason": "not_read", "waiting": 0},
        "sequencer": {"well": True, "reason": "entry_waits", "waiting": 0},
    }
    raised = {
        "at": "2026-11-22T10:00:00.000000Z", "component": "intake:positions", "state": "raised",
        "reason": "not_stored", "detail": {},
    }  # fmt: skip
    (home / "run" / "status.json").write_text(json.dumps({"at": "", "pid": 1, "open": [raised], "checks": checks}))


@pytest.mark.parametrize("language", SIZES)
def test_pages_of_oversight_fit_the_window_and_hold_nothing_that_axe_finds(
    browser: Browser, server: Served, database: Database, roles: Cast, tmp_path: Path, language: str
) -> None:
    pages = staged(database, roles, tmp_path)
    width, height = SIZES[language]
    found: dict[str, list[str]] = {}
    for name, (user, address) in pages.items():
        screen = Screen(browser, f"http://127.0.0.1:{server.port}", width=width, height=height, language=language)
        screen.log_in(user, PASSWORD)
        screen.go(address)
        if shots := os.environ.get("SHOTS"):
            screen.page.screenshot(path=f"{shots}-{name}-{language}.png", full_page=True)
        found[name] = [*screen.complaints, *screen.violations()]
        if screen.overflow_px() > 0:
            found[name].append(f"wider than the window by {screen.overflow_px()} px")
        screen.close()
    assert {name: faults for name, faults in found.items() if faults} == {}
