"""A level of risk that rises reaches the orders between the two people, and with them the engine. A job calls it.

An order carries the threat that the engine reads: three words, of which `high` changes decisions (docs/reference/
engine.md). The levels of risk are four: `extreme` is more haste for people and, for the engine, high. A threat follows
upward only. Downward two people lower the level, and then whoever varies the order may write the lower threat; one that
no level stands for is refused, for nobody lowers alone.

Between the look and the lock anything may have happened, so each order is judged again under its lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.access.witness import System, fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.orders import versions
from aralyk.orders.models import Order, Threat
from aralyk.risk.levels import Level
from aralyk.risk.models import LevelDecision, State
from aralyk.risk.standing import standing_of

RISEN: Final = "risk level rose"  # the reason of such a version; pages say it in the reader's language
THREAT_OF: Final[Mapping[Level, Threat]] = MappingProxyType(
    {Level.LOW: Threat.LOW, Level.MEDIUM: Threat.MEDIUM, Level.HIGH: Threat.HIGH, Level.EXTREME: Threat.HIGH}
)
assert set(THREAT_OF) == set(Level)
BATCH: Final = 500  # orders a round; the next round takes the rest
_HEIGHT: Final = {Threat.LOW: 1, Threat.MEDIUM: 2, Threat.HIGH: 3}

# From the levels that stand and not from the orders: most levels are low, and a low one raises nothing.
_BELOW: Final = """
    SELECT DISTINCT o.id
    FROM risk_leveldecision d
    JOIN orders_order_protected_persons p ON p.protectedperson_id = d.protected_person_id
    JOIN orders_order o ON o.id = p.order_id AND o.respondent_id = d.respondent_id
    WHERE d.state = %(in_force)s AND d.level = ANY(%(levels)s)
      AND o.ended_at IS NULL AND o.expires_at > %(now)s
      AND (o.threat = %(low)s OR (o.threat = %(medium)s AND d.level <> %(medium)s))
      AND NOT EXISTS (
          SELECT FROM risk_leveldecision later
          WHERE later.respondent_id = d.respondent_id AND later.protected_person_id = d.protected_person_id
            AND later.state = d.state AND (later.in_force_at, later.id) > (d.in_force_at, d.id))
    LIMIT %(batch)s
"""


def do_follow_levels(*, now: datetime) -> int:
    """Raise the threat of each order in force that stands below the level of one of its pairs.

    Returns:
        How many orders were raised; each is a new version, witnessed, and the engine is told.

    Raises:
        Refused: The engine can't compile an order any more. The others were raised first: none waits behind it.
    """
    asked: dict[str, Any] = {
        "in_force": State.IN_FORCE.value,
        "levels": [level.value for level, threat in THREAT_OF.items() if threat is not Threat.LOW],
        "now": now,
        "low": Threat.LOW.value,
        "medium": Threat.MEDIUM.value,
        "batch": BATCH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BELOW, asked)
        orders = [row[0] for row in cursor.fetchall()]
    raised = 0
    refusals: list[Refused] = []
    for order in orders:
        try:
            raised += _raise(order)
        except Refused as refused:
            refusals.append(refused)
    if refusals:
        raise refusals[0]
    return raised


def check_not_lowered_alone(by: User, order: Order, threat: Threat) -> None:
    """Go on only with a threat that is as high as before, or that the levels of all whom the order protects allow.

    A level counts that two people lowered, or that somebody else than `by` decided.

    Raises:
        Refused: proposal_needed (threat).
    """
    if _HEIGHT[threat] >= _HEIGHT[Threat(order.threat)]:
        return
    levels = _levels_of(order)
    assessed = len(levels) == order.protected_persons.count()
    higher = any(_HEIGHT[THREAT_OF[Level(one.level)]] > _HEIGHT[threat] for one in levels)
    alone = any(one.second_by_id is None and one.decided_by_id == by.pk for one in levels)
    if not assessed or higher or alone:
        raise Refused.field(
            "threat", expected="at least what the levels of risk give that two people decided",
            code=Code.PROPOSAL_NEEDED,
        )  # fmt: skip


def _levels_of(order: Order) -> list[LevelDecision]:
    """The levels in force towards those whom the order protects."""
    people = order.protected_persons.order_by("pk").values_list("pk", flat=True)
    return [found for person in people if (found := standing_of(order.respondent_id, person)) is not None]


def _raise(order_id: UUID) -> bool:
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=order_id)
        at = clock.now()
        if order.ended_at is not None or order.expires_at <= at:
            return False
        standing = _levels_of(order)
        if not standing:
            return False
        highest = max(standing, key=lambda decision: Level(decision.level).height)
        threat = THREAT_OF[Level(highest.level)]
        if _HEIGHT[threat] <= _HEIGHT[Threat(order.threat)]:
            return False
        before, order.threat = order.threat, threat
        spec = {**versions.current_version(order).spec, "threat_level": str(threat)}
        version = versions.add_version(System.RISK, order, spec=spec, reason=RISEN, at=at)
        witness(
            kind=Kind.ORDER_VARIED,
            subject=f"order:{order.pk}",
            by=System.RISK,
            at=at,
            data={
                "district": order.district,
                "expires_at": clock.iso(order.expires_at),
                "legal_basis": order.legal_basis,
                "reason_sha256": fingerprint(RISEN),
                "risk_level": highest.level,
                "risk_level_decision": highest.pk,
                "spec_sha256": versions.digest_of(version.spec),
                "starts_at": clock.iso(order.starts_at),
                "threat": str(threat),
                "threat_before": before,
                "version": version.version,
            },
        )
        versions.tell_engine(System.RISK, order, version, at=at)
    return True
