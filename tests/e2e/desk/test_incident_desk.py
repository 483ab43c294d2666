"""Two consoles and one signal, by keyboard and in Russian: from the raising to the closing, through the police."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from aralyk.access.models import User
from aralyk.incidents.models import Incident, IncidentEvent, Outcome, Status
from tests.e2e.desk.browsing import Screen, apart
from tests.e2e.desk.test_desk import Shift, shift
from tests.incidents.stage import a_second_passes, full_roster, officer
from tests.orders.cast import PASSWORD

__all__ = ["shift"]
pytestmark = [pytest.mark.e2e, pytest.mark.slow]
PICTURES = os.environ.get("DESK_PICTURES")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def picture(screen: Screen, name: str) -> None:
    if PICTURES:
        screen.page.screenshot(path=str(Path(PICTURES) / f"g2-{name}.png"), full_page=True)


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A page of a busy machine takes its time."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def duty(shift: Shift) -> User:
    """An officer of the duty unit, on duty, with every other desk manned too."""

    def work() -> User:
        found = officer()
        full_roster(shift.roles, duty=found)
        return found

    return apart(work)


def logged_in(shift: Shift, user: User, **how: int) -> Screen:
    screen = shift.window(**how)
    screen.log_in(user, PASSWORD)
    return screen


def test_two_consoles_compete_and_the_signal_goes_to_the_police_and_to_its_end_by_keyboard(
    shift: Shift, duty: User
) -> None:
    incident = shift.raise_signal(episode_open=False)
    address = f"/incidents/{incident.pk}/"
    first, second = shift.screen("operator"), shift.screen("supervisor")
    first.go(address)
    second.go(address)
    # The second one's page has not heard yet that the first was faster.
    second.context.route("**/live/acts", lambda route: route.abort())
    first.page.keyboard.press("a")
    expect(first.page.locator(".stages [data-stage=acknowledged]")).to_contain_text("Т. operator")
    second.page.keyboard.press("a")
    expect(second.page.locator("[data-error-summary]")).to_contain_text("Т. operator")
    expect(second.page.locator("[data-error-summary]")).to_be_focused()
    picture(second, "slower-ru-1366")

    page = first.page
    press(page, "1")  # the playbook's first step: its first answer has the focus
    expect(page.locator("#id_step_call_her-result_0")).to_be_focused()
    press(page, "Space", "Tab")
    page.keyboard.type("у сестры, дети с ней")
    press(page, "Tab", "Enter")
    expect(page.locator("[data-step=call_her] .step-done")).to_contain_text("в безопасности")

    press(page, "t")
    expect(page.locator("#id_triage-judgement_0")).to_be_focused()
    press(page, "Space", "Tab", "Tab", "Enter")
    expect(page.locator(".stages [data-stage=acknowledged]")).to_contain_text("Милицию немедленно")

    press(page, "h")
    expect(page.locator("#id_hand_over-desk_0")).to_be_focused()
    press(page, "Space", "Tab")
    page.keyboard.type("у подъезда, возможно оружие")
    press(page, "Tab", "Enter")
    expect(page.locator(".stages [data-stage=handed_over]")).to_contain_text("Дежурная часть 102")
    picture(first, "handed-over-ru-1366")

    there = logged_in(shift, duty)
    there.go(address)
    officers = there.page
    press(officers, "p")
    expect(officers.locator("#id_accept-no_relation")).to_be_focused()
    press(officers, "Space", "Tab", "Enter")
    expect(officers.locator(".stages [data-stage=accepted]")).to_contain_text("Т. duty_officer")
    press(officers, "w")
    expect(officers.locator(".stages [data-stage=on_the_way][data-state=done]")).to_be_visible()
    press(officers, "r")
    expect(officers.locator(".stages [data-stage=arrived][data-state=done]")).to_be_visible()
    press(officers, "c")
    expect(officers.locator("#id_conclude-outcome_0")).to_be_focused()
    press(officers, "Space", "Tab")
    officers.keyboard.type("был у подъезда, ушёл с нарядом")
    press(officers, "Tab", "Enter")
    expect(officers.locator(".stages [data-stage=concluded]")).to_contain_text("Возможное нарушение")

    # The operator's page has followed by itself.
    expect(page.locator(".stages [data-stage=concluded]")).to_contain_text("Возможное нарушение", timeout=15_000)
    first.go(address)
    press(page, "x")
    expect(page.locator("#id_close-outcome_0")).to_be_focused()
    press(page, "Tab")
    page.keyboard.type("передано следователю")
    press(page, "Tab", "Enter")
    expect(page.locator(".stages [data-stage=closed][data-state=done]")).to_be_visible()
    picture(first, "closed-ru-1366")

    def stored() -> tuple[str, str, list[str]]:
        found = Incident.objects.get(pk=incident.pk)
        kinds = IncidentEvent.objects.filter(incident=found).order_by("at", "pk").values_list("kind", flat=True)
        return found.status, found.outcome, [kind for kind in kinds if kind not in {"raised", "shown"}]

    assert apart(stored) == (
        Status.CLOSED,
        Outcome.POSSIBLE_VIOLATION,
        ["acknowledged", "step_done", "triaged", "handed_over", "accepted", "on_the_way", "arrived", "concluded",
         "closed"],
    )  # fmt: skip
    assert first.complaints + there.complaints == []


@pytest.mark.parametrize(
    ("width", "height", "language", "theme"), [(1366, 768, "ru", "light"), (390, 844, "ky", "dark")]
)
def test_the_pages_have_no_serious_fault_at_any_width(
    shift: Shift, duty: User, width: int, height: int, language: str, theme: str
) -> None:
    incident = shift.raise_signal(minutes_ago=3.0)
    apart(a_second_passes)
    screen = shift.window(width=width, height=height, language=language, theme=theme)
    screen.log_in(duty, PASSWORD)
    name = f"{language}-{width}"
    picture(screen, f"desk-{name}")
    for address in (f"/incidents/{incident.pk}/", "/roster/", "/"):
        screen.go(address)
        assert screen.overflow_px() == 0, address
        assert screen.violations() == [], address
        picture(screen, f"{address.strip('/').split('/')[0] or 'queue'}-{name}")
    screen.go(f"/incidents/{incident.pk}/")
    screen.page.locator("[data-step] .ask summary").first.click()
    assert screen.overflow_px() == 0
    assert screen.violations() == []
    picture(screen, f"step-{name}")
    assert screen.complaints == []


def test_escape_in_an_opened_form_closes_it_and_loses_nothing(shift: Shift, duty: User) -> None:
    incident = shift.raise_signal()
    screen = shift.screen("operator")
    screen.go(f"/incidents/{incident.pk}/")
    press(screen.page, "a")
    expect(screen.page.locator(".stages [data-stage=acknowledged][data-state=done]")).to_be_visible()
    press(screen.page, "n")
    screen.page.keyboard.type("идёт к подъезду")
    press(screen.page, "Escape")
    expect(screen.page.locator("#act-note")).not_to_have_attribute("open", "")
    assert screen.page.url.endswith(f"/incidents/{incident.pk}/")
    press(screen.page, "n")
    expect(screen.page.locator("#id_note-text")).to_have_value("идёт к подъезду")


LISTEN = """
window.heard = [];
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () {
  const made = make.call(this);
  const start = made.start.bind(made);
  made.start = (at) => { window.heard.push(made.frequency.value); start(at); };
  return made;
};
"""


def test_a_flat_battery_never_sounds_like_an_approach(shift: Shift) -> None:
    screen = shift.window()
    screen.page.add_init_script(LISTEN)
    screen.log_in(shift.roles.operator, PASSWORD)
    page = screen.page
    expect(page.locator("[data-line].state-good")).to_be_visible(timeout=15_000)
    page.click("[data-sound-button]")
    expect(page.locator("[data-sound-button]")).to_have_attribute("data-state", "on")

    def sound_of(**given: object) -> list[float]:
        page.evaluate("window.heard = []")
        incident = shift.raise_signal(**given)
        expect(page.locator(f"#row-{incident.pk}")).to_be_visible(timeout=10_000)
        page.wait_for_function("window.heard.length > 0")
        heard: list[float] = page.evaluate("window.heard")
        return heard

    approach, battery = sound_of(kind="approach", priority=2), sound_of(kind="battery", priority=2)
    technical = sound_of(kind="battery", priority=3)
    assert max(battery) < min(approach)
    assert max(technical) < min(approach)
    assert min(sound_of(kind="proximity", priority=1)) > max(approach)
