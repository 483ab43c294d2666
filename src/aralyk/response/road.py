"""On the way, arrived, outcome: said by the officer who accepted it, over a line that may be weak.

Each word has an id that his device made: sent again, it is the same word. Both times are kept, his device's and the
server's; what comes late says so. A word that comes when the incident already stands otherwise moves nothing, and is
kept all the same: what an officer said he did is never lost.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed, seen_by
from aralyk.access.texts import check_text
from aralyk.access.witness import witness
from aralyk.evidence.kinds import Kind
from aralyk.incidents.actions import CLOSE_REASON_MAX, CLOSE_REASON_MIN, do_conclude
from aralyk.incidents.handing import do_arrive, do_set_out
from aralyk.incidents.models import Incident, Outcome
from aralyk.ledger.canonical import canonical_bytes
from aralyk.response.checks import OLDEST, Given, do_check
from aralyk.response.judging import CLOCK_MAY_DIFFER, LATE_AFTER, Fix
from aralyk.response.models import CheckKind, FieldAct, FieldEntry

_TOO_LATE: Final = frozenset({Code.NOT_POSSIBLE_NOW, Code.ALREADY_CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the officer's device sends.

    Attributes:
        id: Made once by the device, the same with every retry.
        incident: Which.
        act: What he did.
        device_at: When, by his device.
        fix: Where his device was, for an arrival; without it the arrival is his word alone.
        outcome: For an outcome: what it was in his opinion.
        reason: For an outcome: why.
    """

    id: UUID
    incident: UUID
    act: FieldAct
    device_at: datetime
    fix: Fix | None = None
    outcome: str = ""
    reason: str = ""


def do_say(by: User, said: Said) -> FieldEntry:
    """Keep one word from the road, and move the incident by it as far as it still can.

    Raises:
        NotFound: No such incident, or it is not (or no longer) this officer's.
        Refused: not_permitted; invalid; key_reused: another word has this id.
    """
    check_allowed(by, May.ACCEPT_INCIDENTS)
    _check_form(said)
    content = _content_of(said)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('response_fieldentry'), %s)", (by.pk,))
        known = FieldEntry.objects.filter(pk=said.id).first()
        if known is not None:
            if known.officer_id != by.pk or known.content_sha256 != content:
                raise Refused(Code.KEY_REUSED)
            return known
        mine = Incident.objects.filter(
            seen_by(by, order="order__", district="district", to=May.ACCEPT_INCIDENTS), accepted_by=by
        )
        incident = mine.filter(pk=said.incident).first()
        if incident is None:
            raise NotFound("task")
        at = clock.now()
        entry = FieldEntry(
            id=said.id, incident=incident, officer=by, act=said.act, device_at=said.device_at, received_at=at,
            late=at - said.device_at > LATE_AFTER, moved=_moved(by, incident, said), content_sha256=content,
        )  # fmt: skip
        entry.save(force_insert=True)
        witness(
            kind=Kind.FIELD_ENTRY, subject=f"incident:{incident.pk}", by=by, at=at,
            data={
                "act": str(said.act), "device_at": clock.iso(said.device_at), "entry": str(said.id),
                "late": entry.late, "moved": entry.moved,
            },
        )  # fmt: skip
    return entry


def _moved(by: User, incident: Incident, said: Said) -> bool:
    try:
        with transaction.atomic():
            if said.act is FieldAct.SET_OUT:
                do_set_out(by, incident.pk)
            elif said.act is FieldAct.CONCLUDE:
                do_conclude(by, incident.pk, outcome=Outcome(said.outcome), reason=said.reason)
            else:
                do_arrive(by, incident.pk)
    except Refused as refused:
        if refused.code not in _TOO_LATE:
            raise
        moved = False
    else:
        moved = True
    if said.act is FieldAct.ARRIVE:
        _prove(by, incident, said)
    return moved


def _prove(by: User, incident: Incident, said: Said) -> None:
    """What the arrival is worth; an order that ended meanwhile is nobody's to check."""
    given = Given(
        id=said.id, kind=CheckKind.ARRIVAL, order=incident.order_id, device_at=said.device_at, fix=said.fix,
        incident=incident.pk,
    )  # fmt: skip
    try:
        with transaction.atomic():
            do_check(by, given)
    except NotFound:
        return


def _check_form(said: Said) -> None:
    now = clock.now()
    if not now - OLDEST <= said.device_at:
        raise Refused.field("device_at", expected="not older than seven days")
    if said.device_at > now + CLOCK_MAY_DIFFER and said.act is not FieldAct.ARRIVE:
        raise Refused.field("device_at", expected="not in the future: the device's clock is wrong")
    if (said.act is FieldAct.CONCLUDE) != bool(said.outcome):
        raise Refused.field("outcome", expected="for an outcome, and for nothing else")
    if said.act is FieldAct.CONCLUDE:
        if said.outcome not in Outcome.values:
            raise Refused.field("outcome", expected=" or ".join(Outcome.values))
        check_text("reason", said.reason, shortest=CLOSE_REASON_MIN, longest=CLOSE_REASON_MAX)
    if said.fix is not None and said.act is not FieldAct.ARRIVE:
        raise Refused.field("fix", expected="for an arrival, and for nothing else")


def _content_of(said: Said) -> str:
    fix = said.fix
    sent = {
        "act": str(said.act), "device_at": clock.iso(said.device_at), "incident": str(said.incident),
        "fix": None if fix is None else [fix.lat, fix.lon, fix.accuracy_m, clock.iso(fix.fixed_at)],
        "outcome": said.outcome, "reason": said.reason,
    }  # fmt: skip
    return hashlib.sha256(canonical_bytes(sent)).hexdigest()
