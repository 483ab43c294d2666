"""Takes the pictures of this folder from a running demo.

usage: python docs/screenshots/take.py http://localhost:8000 PASSWORD
after `make demo`, which prints both, has raised its first signals.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

HERE: Final = Path(__file__).resolve().parent
DESK: Final = (1366, 768)
PHONE: Final = (390, 844)
FLAGS: Final = [
    "--no-sandbox", "--disable-background-networking", "--use-gl=angle", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]  # fmt: skip
DRAWN_MS: Final = 4_000


def main(base: str, password: str) -> None:
    """Log in once for each picture, so that each shows its own language and theme."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        desk(browser, base, password, "desk-dark-ru", select=True)
        desk(browser, base, password, "desk-light-ky", select=True, theme="light", language="ky")
        desk(browser, base, password, "desk-wall-en", (1920, 1080), density="wall", language="en")
        desk(browser, base, password, "phone-queue-ru", PHONE)
        signal(browser, base, password, "signal-ru", (1366, 1100))
        signal(browser, base, password, "phone-signal-ky", PHONE, language="ky")
        listing(browser, base, password, "devices-ru", "/devices/")
        browser.close()


def desk(
    browser: Browser,
    base: str,
    password: str,
    name: str,
    size: tuple[int, int] = DESK,
    *,
    select: bool = False,
    **how: str,
) -> None:
    """The desk, with the worst signal selected or not."""
    page = log_in(browser, base, password, size, **how)
    page.wait_for_timeout(DRAWN_MS)
    if select:
        page.keyboard.press("j")
    save(page, name)


def signal(browser: Browser, base: str, password: str, name: str, size: tuple[int, int] = DESK, **how: str) -> None:
    """The page of the worst signal."""
    page = log_in(browser, base, password, size, **how)
    page.locator(".row-kind").first.click()
    save(page, name)


def listing(browser: Browser, base: str, password: str, name: str, path: str, **how: str) -> None:
    """A list."""
    page = log_in(browser, base, password, DESK, **how)
    page.goto(base + path)
    save(page, name)


def log_in(
    browser: Browser, base: str, password: str, size: tuple[int, int], *, language: str = "ru", **how: str
) -> Page:
    """The operator, before the desk."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    wanted = {"language": language, **how}
    context.add_cookies([{"name": key, "value": value, "url": base} for key, value in wanted.items()])
    page = context.new_page()
    page.goto(f"{base}/account/login/")
    page.fill("input[name=login]", "operator")
    page.fill("input[name=password]", password)
    page.click("main .button-primary")
    page.wait_for_selector("[data-line].state-good")
    return page


def save(page: Page, name: str) -> None:
    """Wait until the map has drawn, and keep the picture."""
    page.wait_for_timeout(DRAWN_MS)
    page.screenshot(path=HERE / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), sys.argv[2])
