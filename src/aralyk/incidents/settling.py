"""A supervisor settles where two people judged one incident differently; a wrong closing opens it again."""

from __future__ import annotations

from django.db import transaction

from aralyk.access.models import User
from aralyk.incidents import second_looks
from aralyk.incidents.actions import reopen
from aralyk.incidents.models import Incident, Outcome, SecondLook, Status


def do_settle(by: User, look_id: int, *, outcome: Outcome, note: str) -> SecondLook:
    """Say which opinion stands, or a third one.

    Raises:
        NotFound: No such dispute, or not this person's to see.
        Refused: not_permitted; another_person_needed: this person is one of the two; invalid.
    """
    with transaction.atomic():
        look = second_looks.settle(by, look_id, outcome=outcome, note=note)
        closed = Incident.objects.filter(pk=look.incident_id, status=Status.CLOSED).exists()
        if closed and look.settled_outcome != look.first_outcome:
            reopen(by, look.incident_id, reason=look.settled_note)
    return look
