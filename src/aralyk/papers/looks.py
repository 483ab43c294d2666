"""Looks into the vault for a paper or a file: one by one, each witnessed with its purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aralyk.access.errors import Code, Refused
from aralyk.access.models import User
from aralyk.orders.models import Order
from aralyk.people.looks import do_look
from aralyk.people.vault import SealedName

# What may stand on a paper. Not a shelter's address, a code word, a helper: those are read on the screen or not at all.
ON_PAPER: Final = (
    SealedName.NAME,
    SealedName.PHONE,
    SealedName.HOME_ADDRESS,
    SealedName.WORK_ADDRESS,
    SealedName.SCHOOL_ADDRESS,
)


def look_at_facts(
    by: User, order: Order, *, fields: Sequence[SealedName], purpose: str
) -> dict[str, dict[SealedName, str]]:
    """The facts of each protected person of the order, by her code; what was never stored is left out.

    Raises:
        NotFound: Not this person's case.
        Refused: not_permitted; invalid (purpose; fields that belong on no paper); vault_unreadable.
    """
    if not set(fields) <= set(ON_PAPER):
        raise Refused.field("fields", expected=f"of {', '.join(ON_PAPER)}")
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
