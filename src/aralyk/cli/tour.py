"""The tour of the demo: ten stops, one after the other as the newcomer presses Enter.

It never blocks the supervisor: each tick looks whether a line was typed. Without a terminal all stops
are printed at once, as a text to read.
"""

from __future__ import annotations

import select
import sys
from dataclasses import dataclass

import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop: what to do, and what to see there."""

    title: str
    text: str


STOPS = (
    Stop(
        title="The desk",
        text="Open the console and log in as `operator`. Left: the queue, worst first. Right: the map of a city that\n"
        "does not exist. 18 respondents (6 with a bracelet, 12 with a phone) and 18 protected persons live in it.",
    ),
    Stop(
        title="The first incident",
        text="About a minute after the start a respondent drives towards a protected person's place. The incident\n"
        "arrives without a reload. The circles are accuracy: the true place is probably inside, not certainly.",
    ),
    Stop(
        title="How sure is it?",
        text="Open the incident. It says what is possible and how probable, from both fixes, their ages and their\n"
        "accuracy. It never says that somebody violated anything: that is for a court.",
    ),
    Stop(
        title="A person answers",
        text="Acknowledge it. Your name and the time are on the time line now, and in the evidence. Add a note. Close\n"
        "it with an outcome: an opinion, with your name.",
    ),
    Stop(
        title="Languages",
        text="Switch to Kyrgyz and back. Every text has three languages; Kyrgyz is marked as a draft until a lawyer\n"
        "whose language it is has read it.",
    ),
    Stop(
        title="Another district",
        text="Log out and log in as a police officer of the other district. The incident is not there: not on the\n"
        "page, not in the live stream, not in the API.",
    ),
    Stop(
        title="Unknown is not safe",
        text="Some minutes later a strap is cut and a phone dies. Silence is an incident, not a gap in a line.",
    ),
    Stop(
        title="Evidence",
        text="In a second terminal: `.venv/bin/aralyk --home var/demo export 1 -o incident.zip`, then check it with\n"
        "`.venv/bin/python -m aralyk.ledger verify incident.zip`, which needs nothing of the platform. Change one\n"
        "byte of the file and check it again.",
    ),
    Stop(
        title="Break it",
        text="`.venv/bin/aralyk --home var/demo doctor` checks the installation. Kill a process (their numbers are in\n"
        "var/demo/run/supervisor.json): it is back in a second, and nothing acknowledged was lost.",
    ),
    Stop(
        title="The watch over the watch",
        text="Stop a process with `kill -STOP`: within a minute the console says that the monitoring itself does not\n"
        "work. `kill -CONT` lets it go on. This was the tour; Ctrl-C stops everything.",
    ),
)


class Tour:
    """Where the newcomer stands."""

    def __init__(self) -> None:
        self._next = 0
        self._follows_keys = sys.stdin.isatty()
        if self._follows_keys:
            self._show()
        else:
            while self._next < len(STOPS):
                self._show()

    def go_on(self) -> None:
        """Show the next stop if Enter was pressed; returns at once."""
        if not self._follows_keys or self._next >= len(STOPS):
            return
        if select.select([sys.stdin], [], [], 0)[0]:
            if sys.stdin.readline() == "":
                self._follows_keys = False  # the terminal is gone: a closed input would be readable for ever
                return
            self._show()

    def _show(self) -> None:
        stop = STOPS[self._next]
        self._next += 1
        typer.echo(f"\n  {self._next}/{len(STOPS)}  {stop.title}")
        typer.echo("\n".join(f"        {line}" for line in stop.text.split("\n")))
        if self._follows_keys and self._next < len(STOPS):
            typer.echo("        [Enter]")
