"""Versions of an order: the exact words that the engine is told, stored for ever, and the control line that tells it.

A change of anything the engine must know (conditions, term, threat, who carries which device) is a new version. The
caller holds the order's row lock from its first read to its commit, so versions of one order follow each other; the
log's lock comes last in every transaction, so two of them never wait for each other in a circle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_case
from aralyk.access.witness import Actor, name_of, user_of
from aralyk.ledger.canonical import canonical_bytes
from aralyk.orders.comparing import Rule
from aralyk.orders.drafts import LawfulCondition
from aralyk.orders.models import Condition, Order, OrderVersion
from aralyk.tracking.live import LiveKind, announce
from aralyk.tracking.log import append, control_line

CONTROL_STREAM: Final = "control/c"


def locked_order(by: User, order_id: UUID, *, to: May = May.ISSUE_ORDERS) -> Order:
    """The order, locked until the end of the transaction, if this person may do this with it.

    Raises:
        NotFound: There is none, or it is not this person's to see.
    """
    order = Order.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise NotFound("order")
    check_case(by, order.pk, district=order.district, what="order", to=to)
    return order


def check_not_ended(order: Order, *, at: datetime) -> None:
    """Go on only with an order that is not over, by its end or by its term.

    Raises:
        Refused: order_ended.
    """
    if is_over(order, at=at):
        raise Refused(Code.ORDER_ENDED)


def is_over(order: Order, *, at: datetime) -> bool:
    """Whether an order no longer holds at `at`: somebody ended it, or its term has run out."""
    return order.ended_at is not None or order.expires_at <= at


def current_version(order: Order) -> OrderVersion:
    """The version that holds now."""
    return order.versions.get(version=order.current_version)


def engine_conditions(conditions: Sequence[LawfulCondition]) -> list[dict[str, Any]]:
    """Those conditions that a device can measure, as the engine reads them."""
    return [
        {"id": condition.code, "kind": condition.kind.slug, **condition.parameters}
        for condition in conditions
        if condition.kind.engine
    ]


def spec_of(
    order: Order,
    *,
    timezone: str,
    respondent_devices: list[dict[str, Any]],
    protected: list[dict[str, Any]],
    conditions: list[dict[str, Any]],
) -> dict[str, Any]:
    """The ORDER of docs/reference: everything the engine is told, and nothing else."""
    return {
        "order_id": str(order.pk),
        "version": order.current_version,
        "starts_at": clock.iso(order.starts_at),
        "expires_at": clock.iso(order.expires_at),
        "timezone": timezone,
        "threat_level": str(order.threat),
        "respondent": {"devices": respondent_devices},
        "protected": protected,
        "conditions": conditions,
    }


def check_spec(spec: dict[str, Any]) -> None:
    """Go on only with what the engine can compile.

    Raises:
        Refused: invalid, naming the engine's field, what it expected and what it found.
    """
    # Here and not above: the engine brings its compiler, a second of every start, to pages that only read.
    from aralyk.engine import OrderInvalid, compile_order

    try:
        compile_order(spec)
    except OrderInvalid as error:
        raise Refused.field(error.field, expected=error.expected, found=error.found) from error


def check_measurable(
    conditions: Sequence[LawfulCondition],
    *,
    protected: Sequence[UUID],
    starts_at: datetime,
    expires_at: datetime,
    timezone: str,
) -> None:
    """Go on only with conditions that the engine can compile: before anything looks at their shapes.

    Raises:
        Refused: invalid, naming the engine's field.
    """
    check_spec(
        {
            "order_id": "draft",
            "starts_at": clock.iso(starts_at),
            "expires_at": clock.iso(expires_at),
            "timezone": timezone,
            "respondent": {"devices": []},
            "protected": [{"id": str(person), "devices": []} for person in protected],
            "conditions": engine_conditions(conditions),
        }
    )


def rules_of(order: Order) -> list[Rule]:
    """The conditions that hold now, to compare others with."""
    rows = Condition.objects.filter(order_version__order=order, order_version__version=order.current_version)
    return [
        Rule(code=row.code, kind=row.kind, parameters=row.parameters, facts=row.facts) for row in rows.order_by("pk")
    ]


def add_version(
    by: Actor,
    order: Order,
    *,
    spec: dict[str, Any],
    reason: str,
    at: datetime,
    conditions: Sequence[LawfulCondition] | None = None,
) -> OrderVersion:
    """Store the next version; conditions are carried over when none are given. `order` is saved.

    Raises:
        Refused: invalid: the engine can't compile it.
    """
    before = order.current_version
    order.current_version = before + 1
    spec = {**spec, "version": order.current_version}
    check_spec(spec)
    order.save(update_fields=["current_version", "expires_at", "threat", "circumstances"])
    version = OrderVersion.objects.create(
        order=order, version=order.current_version, spec=spec, reason=reason, made_by=user_of(by), made_at=at
    )
    if conditions is None:
        _carry_over(order, before=before, version=version)
    else:
        Condition.objects.bulk_create(
            Condition(
                order_version=version,
                code=condition.code,
                kind=condition.kind.slug,
                legal_basis=condition.article,
                known_by=condition.kind.known_by.value,
                parameters=condition.parameters,
                facts=condition.facts,
            )
            for condition in conditions
        )
    return version


def _carry_over(order: Order, *, before: int, version: OrderVersion) -> None:
    rows = Condition.objects.filter(order_version__order=order, order_version__version=before).order_by("pk")
    Condition.objects.bulk_create(
        Condition(
            order_version=version, code=row.code, kind=row.kind, legal_basis=row.legal_basis,
            known_by=row.known_by, parameters=row.parameters, facts=row.facts,
        )
        for row in rows
    )  # fmt: skip


def tell_engine(by: Actor, order: Order, version: OrderVersion, *, at: datetime) -> None:
    """Put the version into the log that the engine is fed from. Call it last in the transaction."""
    _tell(by, order, {"type": "order", "order": version.spec, "version": version.version}, at=at)


def tell_engine_it_pauses(by: User, order: Order, version: OrderVersion, *, at: datetime) -> None:
    """Put a version into the log that begins later. Call it last in the transaction.

    The engine goes on watching an order that has begun, whatever a new version says of its start: so its watch ends
    here, and the version that follows begins it anew.
    """
    _tell(by, order, {"type": "order_ended", "order_id": str(order.pk), "ended_at": clock.iso(at)}, at=at)
    tell_engine(by, order, version, at=at)


def tell_engine_it_ended(by: User, order: Order, *, at: datetime) -> None:
    """Put the order's end into the log. Call it last in the transaction."""
    _tell(by, order, {"type": "order_ended", "order_id": str(order.pk), "ended_at": clock.iso(at)}, at=at)


def _tell(by: Actor, order: Order, control: dict[str, Any], *, at: datetime) -> None:
    line = control_line(control, received_at_us=clock.to_us(at))
    with connection.cursor() as cursor:
        announce(cursor, kind=LiveKind.ORDER, subject=str(order.pk), district=order.district, at=at)
        append(cursor, stream=CONTROL_STREAM, lines=[line], received_at=at, by=name_of(by))


def digest_of(spec: dict[str, Any]) -> str:
    """SHA-256 of the canonical bytes: evidence names the version by it, the zones stay in the log."""
    return hashlib.sha256(canonical_bytes(spec)).hexdigest()
