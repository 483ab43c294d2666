"""Writes the reference page of an incident's life from the table and the packs' clocks; a test compares them.

python -m aralyk.incidents.reference > docs/reference/incident-life.md
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Final

import django

_OPENING: Final = """# The life of an incident

Made by `python -m aralyk.incidents.reference` from `incidents/life.py` and the jurisdiction packs; a test compares
them. The rest about incidents: [incidents](incidents.md); how people use the roster: [roster](roster.md).

The engine raises an incident and a person ends it. Whatever stands in no row below is refused with its code, and the
field `act` of the refusal names the status and what is possible (`GET /api/v1/incidents/{id}/life` lists it before).
Every act is one transaction: permission, row lock, table, then row, one line of the time line, one witness, one live
event. Of two who do the same at the same moment one wins, and the other is told who.

```mermaid
"""
_CLOSING: Final = """
## Clocks

A clock counts seconds from a moment in the database, by the platform's steady clock: nights, holidays and a restart
change nothing. Which ones run follows from the status alone:

"""
_AFTER: Final = """
*shown*, *acknowledged* and *closed* count from the moment the engine decided; from when it grew worse, or was opened
again. *handed_over* (or concluded: nobody need go) counts from the acknowledgement, or from when it was given back;
*accepted* from the hand-over; *on_the_way* and *arrived* from the acceptance. An incident that is not closed always
has at least the clock of closing.

When a clock runs out, round 1 tells its desks at once and in parallel; the next rounds follow, and the last one comes
again after its interval, and again, until what is awaited has happened. `incidents_escalation` has a row for each desk
and round (unique: told once); whatever sends messages reads those that stand (`acknowledged_at` and `stopped_at`
empty). Delivered is not read: only a named person of that desk answers (`POST /api/v1/escalations/{id}/answer`), which
at every desk but the caller's for her takes the incident on; that caller speaks with her, and the others are told on.
A desk whose person answered is left alone for one interval.

A round never ends at an empty chair. Where one of its desks is not ready (nobody on the roster, or its test call of
this shift not answered), the last desk is told with it; where none is ready, any desk that is; where there is no desk
at all, a row without one stands, for everybody who answers incidents.

The jobs process asks each second for incidents whose `clock_at` has come, by an index that holds only what runs.
`clock_at` is set in the transaction of each change; killed at any moment it loses no round and tells none twice.

"""
_REST: Final = """
## A second person looks

Every closed tamper, and one in five of closed priority 1 by lot, waits for another person (24 hours; ours). Whoever
takes it did nothing in that incident, reads the facts without anybody's opinion, and does not find the incident
anywhere else until the own opinion is given. Where the two differ, a supervisor who is neither settles it; if the
first was wrong, the incident opens again.

## The prosecutor's list

Within the hour, in practice within a minute: each suspension, cut of a zone or term, end by revocation or request;
each lower level of risk; each weaker device; each closing as `false`, `no_pursuit` or `technical` under an order of
high threat or of suspected stalking; and each suspected stalking itself. One row each (`incidents_legalityitem`), once
however often the job runs; the prosecutor marks it seen, with a remark. The third `no_pursuit` of an order opens all
three again as suspected stalking.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "".join(_parts())


def _parts() -> Iterator[str]:
    from aralyk.incidents.life import DEEDS, TRANSITIONS, WAITS_FOR, diagram
    from aralyk.jurisdictions.loader import available

    yield _OPENING + diagram() + "\n```\n\n## Acts\n\n"
    yield "| act | permission | must state | witness | time line |\n|---|---|---|---|---|\n"
    for act, deed in DEEDS.items():
        whose = "; the accepting officer alone" if deed.officers_own else ""
        needs = ", ".join(f"`{need}`" for need in deed.needs) or "–"
        yield f"| `{act}` | `{deed.may}`{whose} | {needs} | `{deed.kind}` | `{deed.event}` |\n"
    yield "\n## Transitions\n\n| status | act | becomes |\n|---|---|---|\n"
    for (status, act), result in TRANSITIONS.items():
        yield f"| `{status.value}` | `{act}` | `{result.value}` |\n"
    yield _CLOSING + "| status | clocks that run |\n|---|---|\n"
    for status, milestones in WAITS_FOR.items():
        yield f"| `{status.value}` | {', '.join(f'`{one}`' for one in milestones) or 'none'} |\n"
    yield _AFTER
    for code in available():
        yield from _clocks(code)
    yield _REST


def _clocks(code: str) -> Iterator[str]:
    """The clocks of one pack that have no end, in the order of a life."""
    from aralyk.jurisdictions.loader import pack
    from aralyk.jurisdictions.values import Milestone

    order = list(Milestone)
    rules = [one for versions in pack(code).incident_clocks.values() for one in versions if one.valid_until is None]
    yield f"### {code}\n\n| awaited | priority | threat | within | who is told, after | again every | word |\n"
    yield "|---|---|---|---|---|---|---|\n"
    for rule in sorted(rules, key=lambda one: (order.index(one.milestone), one.priority, one.slug)):
        rounds = "; ".join(f"{_span(one.after_s)}: {', '.join(one.desks)}" for one in rule.rounds)
        threats = ", ".join(rule.threats) or "every"
        word = "unverified" if rule.unverified else str(rule.known_from)
        yield (
            f"| `{rule.milestone}` | {rule.priority} | {threats} | {_span(rule.seconds)} | {rounds} |"
            f" {_span(rule.repeat_s)} | {word} |\n"
        )
    yield "\n"


def _span(seconds: int) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aralyk.conf.django_settings")
    django.setup()
    sys.stdout.write(page())
