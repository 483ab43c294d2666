"""An order and its conditions as pages say them: law in the reader's language, distances and areas in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aralyk import clock
from aralyk.console import law, sentences
from aralyk.orders.models import Condition, Order
from aralyk.orders.queries import Standing, conditions_of, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What stands about an order beside a signal, in a list and on its page."""

    id: UUID
    number: str
    legal_basis: str
    respondent: str
    weapons: str
    protected: str
    district: str
    threat: str
    threat_code: str
    issued_at: datetime
    starts_at: datetime
    expires_at: datetime
    standing: str
    standing_code: str
    synthetic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFacts:
    """One condition: what is ordered, how far, on which article, and how compliance is known."""

    code: str
    title: str
    detail: str
    article: law.ArticleText | None
    known_by: str
    named: bool


def order_facts(order: Order) -> OrderFacts:
    """The facts of one order that was fetched with permission."""
    now = clock.now()
    current = standing(order, at=now)
    return OrderFacts(
        id=order.pk,
        number=order.number,
        legal_basis=law.legal_basis_name(order.jurisdiction, order.legal_basis, at=order.issued_at),
        respondent=order.respondent.name,
        weapons=_weapons(order.respondent.weapons),
        protected=", ".join(sorted(person.code for person in order.protected_persons.all())),
        district=law.district_name(order.jurisdiction, order.district, at=order.issued_at),
        threat=sentences.text(sentences.THREATS, order.threat),
        threat_code=order.threat,
        issued_at=order.issued_at,
        starts_at=order.starts_at,
        expires_at=order.expires_at,
        standing=_standing(current),
        standing_code=current.value,
        synthetic=order.synthetic,
    )


def condition_facts(order: Order, *, named: str = "") -> list[ConditionFacts]:
    """The conditions that hold now; the one that a signal names comes first."""
    found = [_condition(order, condition, named=named) for condition in conditions_of(order)]
    return sorted(found, key=lambda facts: not facts.named)


def _condition(order: Order, condition: Condition, *, named: str) -> ConditionFacts:
    return ConditionFacts(
        code=condition.code,
        title=law.condition_name(order.jurisdiction, condition.kind, at=order.issued_at),
        detail=_parameters(condition.kind, condition.parameters),
        article=law.article_text(order.jurisdiction, condition.legal_basis, at=order.issued_at),
        known_by=sentences.text(sentences.KNOWN_BY, condition.known_by),
        named=condition.code == named,
    )


def _parameters(kind: str, parameters: Mapping[str, Any]) -> str:
    if kind == "proximity":
        return _("not nearer than %(distance)s; warning from %(warning)s") % {
            "distance": sentences.metres(parameters["distance_m"]),
            "warning": sentences.metres(parameters["warning_m"]),
        }
    if kind in sentences.ZONES:
        circle = (parameters.get("shape") or {}).get("circle")
        area = (
            _("circle of %(radius)s") % {"radius": sentences.metres(circle["radius_m"])} if circle else _("drawn area")
        )
        hours = _schedule(parameters.get("schedule"))
        return f"{area}, {hours}" if hours else area
    return ""


def _schedule(schedule: Any) -> str:
    if not schedule:
        return _("at all hours")
    days = {
        "mon": pgettext("weekday", "Mon"), "tue": pgettext("weekday", "Tue"), "wed": pgettext("weekday", "Wed"),
        "thu": pgettext("weekday", "Thu"), "fri": pgettext("weekday", "Fri"), "sat": pgettext("weekday", "Sat"),
        "sun": pgettext("weekday", "Sun"),
    }  # fmt: skip
    return "; ".join(f"{', '.join(days[day] for day in slot['days'])} {slot['from']}–{slot['to']}" for slot in schedule)


def _weapons(stated: str) -> str:
    texts = {"yes": pgettext("weapons", "yes"), "no": pgettext("weapons", "no, as stated")}
    return texts.get(stated, pgettext("weapons", "not known: act as if there were"))


def _standing(current: Standing) -> str:
    texts = {
        Standing.PENDING: pgettext("order", "not yet in force"),
        Standing.LIVE: pgettext("order", "in force"),
        Standing.SUSPENDED: pgettext("order", "suspended"),
        Standing.EXPIRED: pgettext("order", "expired"),
        Standing.ENDED: pgettext("order", "ended"),
    }
    return texts[current]
