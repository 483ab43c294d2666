"""Log-in, second factor, sessions and headers, as a browser meets them."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from aralyk.access.actions import do_set_password
from aralyk.access.limits import SecondFactor, limits
from aralyk.access.models import User
from aralyk.console import doorkeeper
from aralyk.console.visibility import viewer_of
from tests.access.people import scene
from tests.conftest import Database
from tests.console.serving import Served, session_of
from tests.console.test_pages import client_of
from tests.orders.cast import PASSWORD, Cast, witnesses
from tests.platform.waiting import wait_until


@pytest.fixture(autouse=True)
def no_counts() -> None:
    """Failed log-ins of other tests don't count here."""
    cache.clear()


def second_factor(settings: Settings, policy: SecondFactor) -> None:
    settings.ACCESS_LIMITS = replace(limits(), second_factor=policy)


def log_in(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post("/account/login/", {"login": user.username, "password": password})


def code_of(secret: str, ago_s: int = 0) -> str:
    """The one-time code that the person's telephone would show, with seconds left to send it."""
    wait_until(lambda: time.time() % 30 < 25, within_s=10, what="a code that holds for five seconds more")
    counter = (int(time.time()) - ago_s) // 30
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def with_totp(user: User) -> str:
    secret = str(totp.generate_totp_secret())
    totp.TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def test_a_one_time_code_is_set_up_by_the_person_and_asked_for_at_the_next_log_in(roles: Cast) -> None:
    client = Client()
    log_in(client, roles.operator)
    set_up = "/account/second-factor/totp/activate/"
    assert client.get(set_up).headers["Location"].startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    assert client.get(set_up).status_code == 200
    secret = client.session["mfa.totp.secret"]
    assert client.post("/account/second-factor/totp/activate/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.filter(user=roles.operator).exists()
    assert client.post("/account/second-factor/totp/activate/", {"code": code_of(secret)}).status_code == 302
    assert Authenticator.objects.filter(user=roles.operator, type="totp").exists()
    again = Client()
    assert log_in(again, roles.operator).headers["Location"].startswith("/account/second-factor/authenticate/")
    assert again.get("/").status_code == 302  # the password alone opens nothing


def test_a_wrong_code_opens_nothing_a_right_one_once_and_a_recovery_code_once(roles: Cast) -> None:
    secret = with_totp(roles.operator)
    client = Client()
    log_in(client, roles.operator)
    assert client.post("/account/second-factor/authenticate/", {"code": "000000"}).status_code == 200
    assert client.get("/").status_code == 302
    code = code_of(secret)
    assert client.post("/account/second-factor/authenticate/", {"code": code}).status_code == 302
    assert client.get("/").status_code == 200
    replayed = Client()
    log_in(replayed, roles.operator)
    replayed.post("/account/second-factor/authenticate/", {"code": code})
    assert replayed.get("/").status_code == 302  # a code that somebody saw is used up
    recovery = Authenticator.objects.get(user=roles.operator, type="recovery_codes").wrap().get_unused_codes()[0]
    for opens in (200, 302):
        other = Client()
        log_in(other, roles.operator)
        other.post("/account/second-factor/authenticate/", {"code": recovery})
        assert other.get("/").status_code == opens


def test_a_secret_of_the_second_factor_is_not_stored_in_clear(roles: Cast) -> None:
    secret = with_totp(roles.operator)
    stored = Authenticator.objects.get(user=roles.operator, type="totp").data["secret"]
    assert secret not in stored
    assert get_adapter().decrypt(stored) == secret


def test_accounts_are_changed_only_by_a_session_that_used_its_second_factor(roles: Cast, settings: Settings) -> None:
    second_factor(settings, SecondFactor.SENSITIVE)
    plain = client_of(roles.administrator, "en")
    refused = plain.post(f"/accounts/{roles.operator.pk}/disable")
    assert refused.status_code == 403
    assert "second factor" in refused.content.decode()
    assert User.objects.get(pk=roles.operator.pk).is_active
    secret = with_totp(roles.administrator)
    strong = Client()
    log_in(strong, roles.administrator)
    strong.post("/account/second-factor/authenticate/", {"code": code_of(secret)})
    assert strong.post(f"/accounts/{roles.operator.pk}/disable").status_code == 302
    assert not User.objects.get(pk=roles.operator.pk).is_active


def test_where_everybody_needs_a_second_factor_a_session_without_sees_only_how_to_set_one_up(
    roles: Cast, settings: Settings
) -> None:
    second_factor(settings, SecondFactor.EVERYBODY)
    client = client_of(roles.operator)
    assert client.get("/").headers["Location"] == "/account/second-factor/"
    assert client.get("/desk/rows", headers={"X-Fragment": "1"}).status_code == 401
    assert client.get("/api/v1/incidents").status_code == 302
    assert client.get("/account/second-factor/").status_code == 200


def test_guessing_a_password_is_stopped_for_the_account_and_does_not_tell_whether_there_is_one(roles: Cast) -> None:
    answers = []
    for name in ("operator", "nobody-of-this-name"):
        client = Client(REMOTE_ADDR=f"10.0.0.{len(name)}")
        page = client.post("/account/login/", {"login": name, "password": "не-тот-пароль"}, HTTP_COOKIE="language=en")
        answers.append(page.content.decode().replace(name, "").split("<form")[1].split("csrfmiddlewaretoken")[0])
    assert answers[0] == answers[1]
    guesser = Client(REMOTE_ADDR="10.0.0.99")
    for _ in range(6):
        log_in(guesser, roles.operator, "не-тот-пароль")
    log_in(guesser, roles.operator)  # the right one now, too late
    assert guesser.get("/").status_code == 302


def test_every_log_in_and_every_refused_one_leaves_a_witness(database: Database, roles: Cast) -> None:
    before = len(witnesses(database))
    log_in(Client(), roles.operator, "не-тот-пароль")
    Client().post("/account/login/", {"login": "пароль-вместо-имени", "password": "x"})
    log_in(Client(), roles.operator)
    entries = witnesses(database)[before:]
    assert [(kind, subject) for kind, subject, *_ in entries] == [
        ("login_refused", f"user:{roles.operator.pk}"), ("logged_in", f"user:{roles.operator.pk}"),
    ]  # fmt: skip
    assert entries[1][3] == {"second_factor": False}


def aged(session_key: str, **keys: int) -> None:
    session = SessionStore(session_key)
    for name, value in keys.items():
        session[name] = value
    session.save()


@pytest.mark.parametrize(
    ("began_ago_s", "seen_ago_s", "good"),
    [(60, 60, True), (11 * 3600, 59 * 60, True), (11 * 3600, 61 * 60, False), (12 * 3600 + 60, 5, False)],
)
def test_a_session_ends_when_idle_and_after_a_shift(roles: Cast, began_ago_s: int, seen_ago_s: int, good: bool) -> None:
    client = client_of(roles.police)
    client.get("/")
    now_s = int(time.time())
    key = client.session.session_key
    assert key is not None
    aged(key, **{doorkeeper.BEGAN: now_s - began_ago_s, doorkeeper.SEEN: now_s - seen_ago_s})
    assert client.get("/").status_code == (200 if good else 302)
    assert client.get("/").status_code == (200 if good else 302)


def test_what_a_page_fetches_by_itself_keeps_only_the_watch_awake(roles: Cast) -> None:
    for user, awake in ((roles.police, False), (roles.operator, True)):
        client = client_of(user)
        client.get("/")
        key = client.session.session_key
        assert key is not None
        aged(key, **{doorkeeper.SEEN: int(time.time()) - 59 * 60})
        client.get("/desk/rows", headers={"X-Fragment": "1"})
        assert (int(time.time()) - client.session[doorkeeper.SEEN] < 60) is awake, user.username


def test_an_idle_session_hears_no_live_stream(roles: Cast, server: Served) -> None:
    session = session_of(roles.police)
    page = server.open_page(session)
    now_s = int(time.time())
    aged(session, **{doorkeeper.BEGAN: now_s - 3700, doorkeeper.SEEN: now_s - 3700})
    assert page.until_ended()[-1].name == "bye"
    assert server.get("/live", session=session)[0] == 401


def test_a_log_in_starts_a_new_session_and_a_log_out_ends_it(roles: Cast) -> None:
    client = Client()
    client.get("/account/login/")
    log_in(client, roles.operator)
    first = client.cookies["session"].value
    client.post("/account/logout/")
    client.cookies["session"] = first
    assert client.get("/").status_code == 302
    log_in(client, roles.operator)
    assert client.cookies["session"].value != first


def test_every_answer_carries_the_headers_that_a_browser_enforces(
    database: Database, roles: Cast, settings: Settings
) -> None:
    case, incident = scene(database, roles)
    client = client_of(roles.supervisor)
    pages = ["/", f"/orders/{case.pk}/", f"/orders/{case.pk}/access/", f"/incidents/{incident.pk}/", "/access/",
             "/access/review/", "/api/v1/incidents", "/nowhere", "/map/places.json"]  # fmt: skip
    for address in [*pages, "/account/login/"]:
        response = (client if address != "/account/login/" else Client()).get(address)
        policy = dict(one.split(" ", 1) for one in response.headers["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'", address
        assert (policy["frame-ancestors"], policy["object-src"], policy["base-uri"]) == ("'none'",) * 3
        assert (policy["form-action"], "unsafe" in str(policy)) == ("'self'", False)
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    for address in pages:
        if not address.startswith("/api") and address != "/nowhere":
            assert "no-store" in client.get(address).headers["Cache-Control"], address


def test_no_page_holds_inline_script_or_style(database: Database, roles: Cast) -> None:
    case, incident = scene(database, roles)
    client = client_of(roles.supervisor)
    pages = ["/", f"/orders/{case.pk}/", f"/orders/{case.pk}/access/", f"/incidents/{incident.pk}/", "/access/",
             "/access/review/", "/access/emergencies/", "/access/conflicts/", "/account/second-factor/"]  # fmt: skip
    for address in pages:
        page = client.get(address).content.decode()
        for tag in re.findall(r"<script\b[^>]*>", page):
            assert "src=" in tag or 'type="application/json"' in tag, (address, tag)
        assert not re.search(r"<style\b|\sstyle=\"|\son[a-z]+=\"", page), address


def test_cookies_are_for_this_site_and_no_script(roles: Cast) -> None:
    client = Client()
    client.get("/account/login/")
    log_in(client, roles.operator)
    session = client.cookies["session"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
    assert client.cookies["csrf"]["samesite"] == "Strict"


def test_no_page_but_the_named_ones_opens_without_a_log_in(roles: Cast) -> None:
    """Walks every address that takes no parameter: a new page that forgot its guard fails here."""
    open_to_all = {"account_login", "account_logout", "account_inactive", "account_signup", "account_reauthenticate",
                   "language", "healthz", "live", "mfa_authenticate", "mfa_login_webauthn", "mfa_signup_webauthn",
                   "mfa_trust", "openapi-json", "api-root", "get_health",
                   "worker"}  # fmt: skip

    def walk(patterns: list[Any], prefix: str = "/") -> list[tuple[str, str | None]]:
        found: list[tuple[str, str | None]] = []
        for one in patterns:
            route = prefix + str(one.pattern).lstrip("^").rstrip("$")
            if isinstance(one, URLResolver):
                found += walk(one.url_patterns, route)
            elif isinstance(one, URLPattern):
                found.append((route, one.name))
        return found

    guarded = [(route, name) for route, name in walk(get_resolver().url_patterns)
               if "<" not in route and "[" not in route and "(" not in route and name not in open_to_all]  # fmt: skip
    assert len(guarded) > 20
    for route, name in guarded:
        assert Client().get(route).status_code in {302, 401, 405}, (route, name)


def test_with_a_password_that_somebody_else_chose_only_its_change_opens(
    database: Database, roles: Cast, server: Served
) -> None:
    do_set_password(roles.administrator, roles.operator.pk, password=PASSWORD + "-выданный")
    client = Client()
    log_in(client, roles.operator, PASSWORD + "-выданный")
    for address in ("/", "/api/v1/incidents", "/account/second-factor/", "/account/sessions/", "/vault/"):
        assert client.get(address).headers["Location"] == "/account/password/", address
    assert client.get("/desk/rows", headers={"X-Fragment": "1"}).status_code == 401
    key = client.session.session_key
    assert key is not None
    assert server.get("/live", session=key)[0] == 401
    page = client.get("/account/password/")
    assert page.status_code == 200
    given = {"oldpassword": PASSWORD + "-выданный"}
    same = client.post("/account/password/", given | dict.fromkeys(("password1", "password2"), given["oldpassword"]))
    assert same.status_code == 200  # the form again
    assert client.get("/").status_code == 302
    own = dict.fromkeys(("password1", "password2"), PASSWORD + "-мой-собственный")
    assert client.post("/account/password/", given | own).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    _kind, subject, by, data = next(one for one in reversed(witnesses(database)) if one[0] == "user_changed")
    assert (subject, by, data["act"]) == (f"user:{roles.operator.pk}",) * 2 + ("password_set",)


def test_setting_up_and_removing_ones_own_second_factor_leaves_a_witness(database: Database, roles: Cast) -> None:
    client = Client()
    log_in(client, roles.operator)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    client.get("/account/second-factor/totp/activate/")
    client.post("/account/second-factor/totp/activate/", {"code": code_of(client.session["mfa.totp.secret"])})
    assert client.post("/account/second-factor/totp/deactivate/").status_code == 302
    told = [(by, data["act"], data.get("factor")) for kind, _, by, data in witnesses(database)
            if kind == "user_changed"]  # fmt: skip
    me = f"user:{roles.operator.pk}"
    assert (me, "second_factor_added", "totp") in told
    assert (me, "own_second_factor_removed", "totp") in told


def test_where_everybody_needs_a_second_factor_a_session_without_hears_no_live_stream(
    roles: Cast, settings: Settings, server: Served
) -> None:
    session = session_of(roles.operator)
    assert viewer_of(session) is not None
    second_factor(settings, SecondFactor.EVERYBODY)
    assert viewer_of(session) is None


def test_an_administrator_asks_and_a_supervisor_agrees_that_a_lost_second_factor_is_removed(roles: Cast) -> None:
    with_totp(roles.operator)
    administrator, supervisor = client_of(roles.administrator, "en"), client_of(roles.supervisor, "en")
    account = f"/accounts/{roles.operator.pk}/"
    assert "Lost second factor" in administrator.get(account).content.decode()
    assert administrator.post(f"{account}second-factor", {"reason": "x"}).status_code == 422
    assert administrator.post(f"{account}second-factor", {"reason": "пришёл с паспортом"}).status_code == 302
    assert "Another person answers" in administrator.get(account).content.decode()
    page = supervisor.get("/access/review/").content.decode()
    (address,) = set(re.findall(r"/access/removals/\d+/confirm", page))
    assert administrator.post(address).status_code == 409
    assert Authenticator.objects.filter(user=roles.operator).exists()
    assert supervisor.post(address).status_code == 302
    assert not Authenticator.objects.filter(user=roles.operator).exists()
