"""The section of an order's page that tells the whole case: the level, what is owed, and one line of everything."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from aralyk import clock
from aralyk.access.models import User
from aralyk.access.permissions import May, allows
from aralyk.cases.history import Group, groups_for, history_for
from aralyk.console import risk_facts
from aralyk.console.case_words import GROUPS, line_of
from aralyk.orders.models import Order
from aralyk.risk.queries import duties_for, levels_for, reassessments_for

ID_DIGITS_MAX: Final = 18


def case_values(request: HttpRequest, user: User, order: Order) -> dict[str, Any]:
    """What the section shows of an order that was fetched with permission; `?kind=` filters, `?before=` goes on."""
    at = clock.now()
    reads_risk = allows(user, May.READ_RISK)
    asked = request.GET.get("kind", "")
    chosen = Group(asked) if asked in set(Group) else None
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX else None
    found = history_for(user, order.pk, groups=(chosen,) if chosen else (), before=before)
    names = risk_facts.level_names(order.jurisdiction, at=at)
    people = {person.pk for person in order.protected_persons.all()}
    levels = [one for one in levels_for(user, respondent=order.respondent_id) if one.protected_person in people]
    pair = {"respondent": order.respondent_id, "protected_person__in": people}
    return {
        "lines": [line_of(entry, may_read_risk=reads_risk) for entry in found.entries],
        "before": found.before,
        "first": before is None,
        "chosen": chosen.value if chosen else "",
        "groups": [(group.value, GROUPS[group]) for group in groups_for(user)],
        "levels": [{"code": one.code, "level": names[one.level], "slug": one.level.value} for one in levels],
        "due": risk_facts.due_of(
            duties_for(user).filter(**pair), reassessments_for(user).filter(**pair), jurisdiction=order.jurisdiction,
            at=at,
        ),
        "reads_risk": reads_risk,
        "assess": sorted(people) if allows(user, May.ASSESS_RISK) else [],
        "respondent": order.respondent_id,
    }  # fmt: skip
