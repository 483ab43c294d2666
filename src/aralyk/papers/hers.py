"""Her copy: what is forbidden to the other side, until when, and what the system can't do. None of her own facts."""

from __future__ import annotations

from datetime import datetime

from aralyk.papers.documents import Document, facts, heading, items, notice, text
from aralyk.papers.served import ServedCondition, ServedOrder, area_code, order_facts
from aralyk.papers.words import Words


def her_document(served: ServedOrder, words: Words) -> Document:
    """Her plain copy. Made of the served facts alone: should he find it, he learns nothing that he does not know."""
    basis = words.law.legal_basis(served.legal_basis, on=words.day)
    named = ", ".join(area_code(area.number, words) for area in served.areas if area.named)
    address = words.say("your_address_named", codes=named) if named else words.say("your_address")
    ends = "extension" if basis.extension else "ending"
    emergency = words.word("emergency_number")
    blocks = (
        notice(words.say("safety")),
        facts(*order_facts(served, words), (words.say("against"), served.respondent)),
        heading(words.say("forbidden_to_him")),
        items(*(_item(condition, words) for condition in served.conditions)),
        text(address),
        heading(words.say("cannot")),
        items(
            (words.say("cannot_stop"),), (words.say("cannot_late"),), (words.say("cannot_road", emergency=emergency),)
        ),
        text(words.say("messages")),
        notice(words.say(ends, ends=_day(served.expires_at, words))),
        text(words.say("your_rights")),
        heading(words.say("calls")),
        facts((words.say("emergency"), emergency)),
    )
    return Document(
        language=words.language,
        over=words.word("screen_name"),
        title=f"{words.name(basis.name)} № {served.number}",
        copy=words.say("for_her"),
        blocks=blocks,
        warning=words.say("draft") if words.draft else "",
    )


def _item(condition: ServedCondition, words: Words) -> tuple[str, ...]:
    name = words.name(words.law.condition_kind(condition.kind, on=words.day).name)
    if condition.distance_m is not None:
        return name, words.say("her_distance", distance=words.length(condition.distance_m))
    return (name,)


def _day(at: datetime, words: Words) -> str:
    return words.moment(at)
