"""Access at the desk in a real browser: readable on a phone, free of what axe finds, in Russian and Kyrgyz."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from aralyk import clock
from aralyk.access.break_glass import do_break_glass
from aralyk.access.conflicts import do_record_conflict
from aralyk.access.delegations import do_delegate
from aralyk.access.models import CaseSubject, Closeness, Right, Role, User
from aralyk.orders.models import Order
from tests.access.people import REASON, open_to, other
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.orders.cast import ELSEWHERE, PASSWORD, Cast, order

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SIZES = {"ru": (1366, 768), "ky": (390, 844)}


def staged(roles: Cast) -> dict[str, tuple[User, str]]:
    """Something on every page: whose page and its address."""

    def work() -> Order:
        case = order(roles.police)
        again = order(roles.police)
        open_to(roles.supervisor, roles.police_elsewhere, again, right=Right.WORK, days=20)
        do_break_glass(roles.police_elsewhere, number=case.number, reason=REASON)
        deputy = other(Role.POLICE, "deputy", ELSEWHERE, agency="police_oktyabrsky")
        now = clock.now()
        do_delegate(
            roles.police, giver="police", deputy=deputy.username, starts_at=now, ends_at=now + timedelta(days=10),
            reason="отпуск",
        )  # fmt: skip
        do_record_conflict(
            roles.prosecutor, username="probation", subject_kind=CaseSubject.RESPONDENT,
            subject_id=case.respondent_id, closeness=Closeness.RELATIVE, note="двоюродный брат по рапорту",
        )  # fmt: skip
        User.objects.filter(pk=roles.operator.pk).update(date_joined=now - timedelta(days=45))
        return again

    case = apart(work)
    return {
        "access": (roles.police, "/access/"),
        "emergencies": (roles.police_elsewhere, "/access/emergencies/"),
        "emergency": (roles.supervisor, "/access/emergencies/1/"),
        "case": (roles.supervisor, f"/orders/{case.pk}/access/"),
        "conflicts": (roles.supervisor, "/access/conflicts/"),
        "review": (roles.supervisor, "/access/review/"),
        "accounts": (roles.administrator, "/accounts/"),
        "account": (roles.administrator, f"/accounts/{roles.police.pk}/"),
        "new": (roles.administrator, "/accounts/new"),
    }


@pytest.mark.parametrize("language", SIZES)
def test_pages_of_access_fit_the_window_and_hold_nothing_that_axe_finds(
    browser: Browser, server: Served, roles: Cast, language: str
) -> None:
    pages = staged(roles)
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
