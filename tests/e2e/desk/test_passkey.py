"""A passkey in a real browser: made by the person, used to log in without a password, and it counts as two factors."""

from __future__ import annotations

from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, expect
from pytest_django import Settings

from aralyk.access.limits import SecondFactor, limits
from aralyk.access.models import User
from tests.console.serving import Served
from tests.e2e.desk.browsing import Screen, apart
from tests.orders.cast import PASSWORD, Cast

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_passkey_is_made_and_logs_in_and_opens_what_needs_a_second_factor(
    browser: Browser, server: Served, roles: Cast, settings: Settings
) -> None:
    settings.ACCESS_LIMITS = replace(limits(), second_factor=SecondFactor.SENSITIVE)
    screen = Screen(browser, f"http://localhost:{server.port}", language="en")  # a passkey is bound to a name
    devtools = screen.context.new_cdp_session(screen.page)
    devtools.send("WebAuthn.enable")
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
    page = screen.page
    screen.log_in(roles.administrator, PASSWORD)

    screen.go(f"/accounts/{roles.operator.pk}/")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("this needs a second factor")).to_be_visible()

    screen.go("/account/second-factor/webauthn/add/")
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form .button-primary, main form button[type=submit], main form button").first.click()
    page.wait_for_url("**/webauthn/add/**")
    page.fill("input[name=name]", "ноутбук")
    if page.locator("input[name=passwordless]").count():
        page.check("input[name=passwordless]")
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda address: "/webauthn/add/" not in address)
    assert apart(lambda: Authenticator.objects.filter(user=roles.administrator, type="webauthn").count()) == 1
    assert len(devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]) == 1

    screen.context.clear_cookies(name="session")
    screen.go("/account/login/")
    page.locator("#passkey_login").click()
    page.wait_for_url(f"{screen.base}/")
    screen.go(f"/accounts/{roles.operator.pk}/")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    assert not apart(lambda: User.objects.get(pk=roles.operator.pk).is_active)
    assert [one for one in screen.complaints if "403" not in one] == []
    screen.close()
