"""How long a person who is new to the desk needs, by a model and not by the clock of the machine that runs the test.

The keystroke-level model (Card, Moran and Newell, 1980): what a hand does is counted and each movement has its time.
It was made for practised users. For somebody who is new, every word of what is touched is read when it is met for the
first time on the way, or has its thought, whichever is longer: one thinks while one reads. What is met again is known,
and the boxes of one question are one thought (their rule: no M inside a cognitive unit).

| operator | s | what |
|---|---|---|
| key | 0.28 | one letter of words: their average typist who is no secretary |
| sign | 0.50 | one character of anything with digits in it, of a code or a secret: their "random letters" |
| point | 1.10 | to move the pointer or the thumb to a thing |
| press | 0.20 | button down and up; a tap |
| home | 0.40 | the hand from the mouse to the keys, or back; none on a phone |
| think | 1.35 | before what is new and has few words, before a line of a list and a place on the map |
| read | 0.25 | each word of longer labels, hints, answers and page titles: 238 a minute (Brysbaert, 2019) |
| page | 1.00 | until the next page is there |

Not counted: logging in at the start of a shift, talking with her, and waiting for devices.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import Locator, Page

SECONDS: Final[Mapping[str, float]] = {
    "key": 0.28, "sign": 0.50, "point": 1.10, "press": 0.20, "home": 0.40, "think": 1.35, "read": 60 / 238,
    "page": 1.00,
}  # fmt: skip
# What somebody reads who meets this control: its nearest group with label, hint and answers.
_TEXT: Final = """
    one => {
        const group = one.closest("button, a, summary") ?? one.closest("fieldset, .three, .field, label, li");
        return (group ?? one).innerText;
    }
"""


@dataclass(slots=True)
class Work:
    """What was done, by stage of the way."""

    stage: str = ""
    done: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    known: set[str] = field(default_factory=set)

    def add(self, **operators: int) -> None:
        """Count."""
        self.done[self.stage].update(operators)

    def meet(self, text: str) -> None:
        """Read and think, unless it was met before."""
        if text in self.known:
            return
        self.known.add(text)
        words = len(text.split())
        if words * SECONDS["read"] > SECONDS["think"]:
            self.add(read=words)
        else:
            self.add(think=1)

    def seconds_of(self, stage: str) -> float:
        """What the model says of one stage."""
        return sum(SECONDS[name] * count for name, count in self.done[stage].items())

    @property
    def seconds(self) -> float:
        """What it says of the whole way."""
        return sum(self.seconds_of(stage) for stage in self.done)

    def table(self) -> str:
        """For a person to judge."""
        lines = [f"{'stage':<10}{'s':>8}  " + "".join(f"{name:>7}" for name in SECONDS)]
        for stage, counted in self.done.items():
            lines.append(f"{stage:<10}{self.seconds_of(stage):>8.1f}  " + "".join(f"{counted[n]:>7}" for n in SECONDS))
        return "\n".join([*lines, f"{'all':<10}{self.seconds:>8.1f}"])


@dataclass(slots=True)
class Hand:
    """One person's hand on one window; whatever it does is counted and really done."""

    page: Page
    work: Work
    phone: bool = False
    typing: bool = False

    def press(self, target: str | Locator) -> None:
        """A button, a link, a heading that opens."""
        self._go_to(self._of(target))
        self._of(target).click()

    def go(self, target: str | Locator, to: str | re.Pattern[str]) -> None:
        """Press something that leads to another page."""
        self.press(target)
        self.page.wait_for_url(to)
        self.arrive()

    def arrive(self) -> None:
        """Read where one is."""
        self.work.add(page=1)
        self.work.meet(self.page.locator("main h1").first.inner_text())

    def tick(self, target: str) -> None:
        """One answer, or one box."""
        self._go_to(self._of(target))
        self.page.check(target)

    def choose(self, target: str, value: str) -> None:
        """One line of a list that opens: open, look for it, take it."""
        self._go_to(self._of(target))
        self.work.add(think=1, point=1, press=1)
        self.page.select_option(target, value)

    def write(self, target: str | Locator, text: str) -> None:
        """Type a text; a moment of the browser's own field is twelve digits."""
        self._go_to(self._of(target))
        if not self.phone and not self.typing:
            self.work.add(home=1)
            self.typing = True
        self._type(text, digits_alone=self._of(target).get_attribute("type") in {"datetime-local", "date"})
        self._of(target).fill(text)

    def point_at(self, x: float, y: float) -> None:
        """A place on the map."""
        self.work.add(think=1, point=1, press=1)
        self.page.mouse.click(x, y)

    def by_hand(self, text: str) -> None:
        """Type something into another thing than this window: a setting of the telephone that is fitted."""
        self.work.add(think=1, point=1, press=1)
        self._type(text)

    def _type(self, text: str, *, digits_alone: bool = False) -> None:
        """Words, or what must be copied sign by sign."""
        digits = sum(letter.isdigit() for letter in text)
        if digits_alone:
            self.work.add(sign=digits)
        elif digits:
            self.work.add(sign=len(text))
        else:
            self.work.add(key=len(text))

    def _go_to(self, target: Locator) -> None:
        if self.typing:
            self.work.add(home=1)
            self.typing = False
        self.work.add(point=1, press=1)
        self.work.meet(target.evaluate(_TEXT))

    def _of(self, target: str | Locator) -> Locator:
        return (self.page.locator(target) if isinstance(target, str) else target).first
