"""What is seen from above, in a real browser: fits desk and phone, free of what axe finds, reached by keyboard."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from aralyk.access.models import User
from aralyk.devices.models import Party
from aralyk.jobs.risk_list import keep_list
from aralyk.orders.models import Threat
from aralyk.oversight.outages import do_begin_outage, do_end_outage
from tests.conftest import Database
from tests.console.serving import Served
from tests.e2e.desk.browsing import AXE, Screen, apart
from tests.incidents.stage import full_roster, officer
from tests.orders.cast import PASSWORD, Cast, bracelet, equip, heard, order, phone, raised

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
        return {"outage": (roles.supervisor, "/outage/")}

    return apart(work)


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
        found[name] = [*screen.complaints, *(screen.violations() if AXE.exists() else [])]
        if screen.overflow_px() > 0:
            found[name].append(f"wider than the window by {screen.overflow_px()} px")
        screen.close()
    assert {name: faults for name, faults in found.items() if faults} == {}
