"""Looks into the vault for a paper or a file: one by one, each witnessed with its purpose."""

from __future__ import annotations

from collections.abc import Sequence

from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.orders.models import Order
from aralyk.people.actions import do_look
from aralyk.people.vault import SealedName


def look_at_facts(
    by: User, order: Order, *, fields: Sequence[SealedName], purpose: str
) -> dict[str, dict[SealedName, str]]:
    """The facts of each protected person of the order, by her code; what was never stored is left out.

    Raises:
        NotFound: Not this person's case.
        Refused: not_permitted; invalid (purpose); vault_unreadable.
    """
    found: dict[str, dict[SealedName, str]] = {}
    for person in order.protected_persons.order_by("pk"):
        facts = found.setdefault(person.code, {})
        for field in sorted(set(fields)):
            try:
                facts[field] = do_look(by, person=person.pk, order=order.pk, field=field, purpose=purpose)
            except Refused as refusal:
                if refusal.code is not Code.NOTHING_SEALED:
                    raise
    return found
