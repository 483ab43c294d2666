"""A real Chromium on the pages, and axe-core to look for what a screen reader or a weak eye would stumble over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from aralyk.access.models import User

T = TypeVar("T")
REPOSITORY = Path(__file__).resolve().parents[3]
AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip
# Of axe's rules, those that WCAG 2.2 AA asks for.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that ARALYK_CHROMIUM names; a machine without one skips."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Screen:
    """One person's browser window; anything that a page complains about fails the test."""

    def __init__(self, browser: Browser, base: str, *, width: int = 1366, height: int = 768, **cookies: str) -> None:
        self.base = base
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": height})
        self.context.add_cookies([{"name": name, "value": value, "url": base} for name, value in cookies.items()])
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self._hear(said.type, said.text))

    def log_in(self, user: User, password: str) -> None:
        """Through the form, as people do."""
        self.page.goto(f"{self.base}/account/login/")
        self.page.fill("input[name=login]", user.username)
        self.page.fill("input[name=password]", password)
        self.page.click("main .button-primary")
        self.page.wait_for_url(f"{self.base}/")

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.base + path)

    def overflow_px(self) -> int:
        """By how much the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width

    def violations(self) -> list[str]:
        """What axe finds, each with the first element concerned."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = self.page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(result => result.violations)", TAGS
        )
        return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]}" for one in found]

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "GPU stall" not in text:
            self.complaints.append(f"{kind}: {text}")


def apart(work: Callable[[], T]) -> T:
    """Do database work in a thread of its own: Playwright's event loop runs in this one, and Django minds."""

    def done() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(done).result()
