"""The served rendition: what the respondent or his lawyer may know of an order, taken by name, one fact at a time.

`ServedOrder` is the whitelist. It is filled from an order, field by field, and never made by taking things out of the
sealed one: a fact that somebody adds to orders tomorrow is not in it. Nothing of a condition's parameters is copied but
the ordered distance, and, where the order itself names a place, that place. The paper is then written from it alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aralyk.jurisdictions.model import Issuer
from aralyk.jurisdictions.values import KnownBy
from aralyk.orders.models import Condition, Order, OrderVersion
from aralyk.papers.documents import Block, Document, facts, heading, items, lines, notice, text
from aralyk.papers.geometry import Circle
from aralyk.papers.words import Words, degrees

PROXIMITY = "proximity"
CLOSED_AREA = "exclusion_zone"
BY_HAND = ("served_by_hand", "received_by_hand", "time_by_hand", "interpreter_by_hand")
GRID_PLACES = 3  # decimals of a degree: a public area stands on that grid
NAMED_PLACES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedArea:
    """An area as he may know it.

    Attributes:
        number: Its code's number in this order.
        circle: The public circle; the zone's own only where the order names the place; None: no paper draws it.
        named: Whether it is the zone's own.
    """

    number: int
    circle: Circle | None
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCondition:
    """A condition as he may know it.

    Attributes:
        kind: Of the pack.
        article: Of the pack.
        known_by_device: Whether a device measures it.
        distance_m: Of the ordered distance alone; the warning ring is not his to know.
        area: The number of the area that it closes.
    """

    kind: str
    article: str
    known_by_device: bool
    distance_m: float | None = None
    area: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedOrder:
    """Everything that a served paper is made of."""

    number: str
    legal_basis: str
    respondent: str
    version: int
    issued_at: datetime
    starts_at: datetime
    expires_at: datetime
    conditions: tuple[ServedCondition, ...]
    areas: tuple[ServedArea, ...]


def served_order(
    order: Order,
    version: OrderVersion,
    conditions: Sequence[Condition],
    *,
    areas: Mapping[str, ServedArea],
) -> ServedOrder:
    """What of this version may be served.

    Args:
        order: Fetched with permission.
        version: Of that order.
        conditions: Of that version.
        areas: By a condition's code: how its zone is published.
    """
    conditions = [condition for condition in conditions if condition.order_version_id == version.pk]
    served = (_condition(condition, areas) for condition in conditions)
    shown = {areas[condition.code].number: areas[condition.code] for condition in conditions if condition.code in areas}
    return ServedOrder(
        number=order.number,
        legal_basis=order.legal_basis,
        respondent=order.respondent.name,
        version=version.version,
        issued_at=order.issued_at,
        starts_at=order.starts_at,
        expires_at=order.expires_at,
        # Two that read alike become one: how many people or places stand behind it is not his to know.
        conditions=tuple(dict.fromkeys(served)),
        areas=tuple(shown[number] for number in sorted(shown)),
    )


def _condition(condition: Condition, areas: Mapping[str, ServedArea]) -> ServedCondition:
    distance_m = condition.parameters.get("distance_m") if condition.kind == PROXIMITY else None
    area = areas.get(condition.code) if condition.kind == CLOSED_AREA else None
    return ServedCondition(
        kind=condition.kind,
        article=condition.legal_basis,
        known_by_device=condition.known_by == KnownBy.DEVICE,
        distance_m=None if distance_m is None else float(distance_m),
        area=None if area is None else area.number,
    )


def served_document(served: ServedOrder, words: Words) -> Document:
    """The paper that is handed to the respondent."""
    basis = words.law.legal_basis(served.legal_basis, on=words.day)
    title = words.name(basis.name)
    blocks = (
        facts(*order_facts(served, words), (words.say("binds"), served.respondent)),
        lines(words.say("protects_by_hand")),
        heading(words.say("conditions")),
        items(*(_item(condition, served, words) for condition in served.conditions)),
        *_areas(served, words),
        *_device(served, words),
        heading(words.say("calls")),
        lines(words.say("centre_by_hand", centre=words.word("monitoring_centre"))),
        facts((words.say("emergency"), words.word("emergency_number"))),
        text(words.say("neutral_calls")),
        heading(words.say("contest")),
        text(words.say("contest_how")),
        lines(words.say("contest_until_by_hand")),
        text(words.say("breach")),
        heading(words.say("service")),
        lines(*(words.say(key) for key in BY_HAND)),
    )
    return Document(
        language=words.language,
        over=words.word("screen_name"),
        title=f"{title} № {served.number}",
        copy=words.say("for_respondent"),
        blocks=blocks,
        warning=words.say("draft") if words.draft else "",
    )


def order_facts(served: ServedOrder, words: Words) -> list[tuple[str, str]]:
    """What stands at the head of every rendition."""
    basis = words.law.legal_basis(served.legal_basis, on=words.day)
    issuer = "issuer_court" if basis.issuer is Issuer.COURT else "issuer_police"
    term = words.say("from_until", starts=words.moment(served.starts_at), ends=words.moment(served.expires_at))
    return [
        (words.say("number"), served.number),
        (words.say("basis"), words.name(basis.name)),
        (words.say("article"), words.article(basis.article)),
        (words.say("issuer"), words.say(issuer)),
        (words.say("issued"), words.moment(served.issued_at)),
        (words.say("term"), term),
        (words.say("version"), str(served.version)),
    ]


def area_code(number: int, words: Words) -> str:
    """How papers call an area."""
    return words.say("area_code", number=str(number))


def _item(condition: ServedCondition, served: ServedOrder, words: Words) -> tuple[str, ...]:
    kind = words.law.condition_kind(condition.kind, on=words.day)
    return words.name(kind.name), _detail(condition, served, words), words.article(condition.article)


def _detail(condition: ServedCondition, served: ServedOrder, words: Words) -> str:
    if condition.distance_m is not None:
        return words.say("proximity", distance=words.length(condition.distance_m))
    if condition.area is not None:
        named = any(area.named for area in served.areas if area.number == condition.area)
        return words.say("zone_named" if named else "zone", code=area_code(condition.area, words))
    # A kind that nobody has written a sentence for: its name is the law's, the rest is said and not printed.
    return words.say(condition.kind) if words.has(condition.kind) else words.say("told_in_person")


def _areas(served: ServedOrder, words: Words) -> tuple[Block, ...]:
    if not served.areas:
        return ()
    rows = tuple((area_code(area.number, words), _circle(area, words)) for area in served.areas)
    drawn = any(not area.named and area.circle is not None for area in served.areas)
    withheld = any(area.circle is None for area in served.areas)
    said = [notice(words.say(key)) for key, so in (("areas_mean", drawn), ("areas_withheld", withheld)) if so]
    return (heading(words.say("areas")), *said, facts(*rows))


def _circle(area: ServedArea, words: Words) -> str:
    circle, places = area.circle, NAMED_PLACES if area.named else GRID_PLACES
    if circle is None:
        return words.say("area_withheld")
    lat, lon = (degrees(value, language=words.language, places=places) for value in (circle.lat, circle.lon))
    return words.say("area", radius=words.length(circle.radius_m), lat=lat, lon=lon)


def _device(served: ServedOrder, words: Words) -> tuple[Block, ...]:
    if not any(condition.known_by_device for condition in served.conditions):
        return ()
    duties = ("device_charge", "device_strap", "device_on", "device_ends")
    return (heading(words.say("device")), items(*((words.say(duty),) for duty in duties)))
