"""The sealed rendition, for court, police and prosecutor: the exact places, the warning rings, and opened facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aralyk.orders.models import Condition, Order
from aralyk.papers.documents import Document, facts, heading, items, notice, text
from aralyk.papers.geometry import circle_of
from aralyk.papers.served import ServedArea, ServedOrder, area_code, order_facts
from aralyk.papers.words import Words, degrees
from aralyk.people.vault import SealedName

EXACT_PLACES = 6  # decimals of a degree: 0.1 m


def sealed_document(
    order: Order,
    served: ServedOrder,
    conditions: Sequence[Condition],
    words: Words,
    *,
    areas: Mapping[str, ServedArea],
    opened: Mapping[str, Mapping[SealedName, str]],
    purpose: str,
) -> Document:
    """The paper that must not reach the respondent.

    Args:
        order: Fetched with permission.
        served: What he was told: the head is the same.
        conditions: Of the version.
        words: Of the reader's language.
        areas: How each zone was published.
        opened: By a protected person's code: the facts that were looked at for this paper.
        purpose: Why they were.
    """
    basis = words.law.legal_basis(served.legal_basis, on=words.day)
    people = ", ".join(sorted(person.code for person in order.protected_persons.all()))
    stated = "; ".join(f"{name}: {said}" for name, said in sorted(order.statements.items()))
    level = words.law.risk_level(order.threat, on=words.day)
    blocks = (
        notice(words.say("for_sealed")),
        facts(
            *order_facts(served, words),
            (words.say("binds"), served.respondent),
            (words.say("protected"), people),
            (words.say("threat"), words.name(level.mark or level.name)),
            (words.say("statements"), stated),
        ),
        heading(words.say("conditions")),
        items(*(_item(condition, words, areas=areas) for condition in conditions)),
        *_opened(words, opened=opened, purpose=purpose),
    )
    return Document(
        language=words.language,
        over=words.word("screen_name"),
        title=f"{words.name(basis.name)} № {served.number}",
        copy="",
        blocks=blocks,
        warning=words.say("draft") if words.draft else "",
    )


def _item(condition: Condition, words: Words, *, areas: Mapping[str, ServedArea]) -> tuple[str, ...]:
    kind = words.law.condition_kind(condition.kind, on=words.day)
    details = [*_details(condition.parameters, words)]
    if condition.code in areas:
        details.append(words.say("published_as", code=area_code(areas[condition.code].number, words)))
    return words.name(kind.name), "; ".join([condition.code, *details]), words.article(condition.legal_basis)


def _details(parameters: Mapping[str, Any], words: Words) -> list[str]:
    details = []
    if "distance_m" in parameters:
        details.append(words.say("her_distance", distance=words.length(parameters["distance_m"])))
    if "warning_m" in parameters:
        details.append(words.say("warning", distance=words.length(parameters["warning_m"])))
    if parameters.get("shape"):
        circle = circle_of(parameters["shape"])
        lat, lon = (degrees(value, language=words.language, places=EXACT_PLACES) for value in (circle.lat, circle.lon))
        details.append(words.say("exact", lat=lat, lon=lon, radius=words.length(circle.radius_m)))
    schedule = parameters.get("schedule") or ()
    return [*details, *(f"{', '.join(slot['days'])} {slot['from']}–{slot['to']}" for slot in schedule)]


def _opened(words: Words, *, opened: Mapping[str, Mapping[SealedName, str]], purpose: str) -> tuple[Any, ...]:
    rows = [
        (f"{code}: {name.value}", value)
        for code, found in sorted(opened.items())
        for name, value in sorted(found.items())
    ]
    if not rows:
        return ()
    return heading(words.say("opened")), text(words.say("opened_why", purpose=purpose)), facts(*rows)
