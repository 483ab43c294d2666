"""From the centre to the officer at the door: triage, hand-over, acceptance, the way, arrival, and back.

A hand-over goes to a rostered desk, or by telephone to somebody who has none. It is accepted by one named officer, who
says that he is no relation of either party; two who accept at once are told who was first. Each act: `acting`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from aralyk.access.errors import Refused
from aralyk.access.models import User
from aralyk.access.permissions import May, check_allowed
from aralyk.access.texts import check_text
from aralyk.access.witness import fingerprint
from aralyk.channels.words import Text
from aralyk.incidents.acting import Planned, perform
from aralyk.incidents.life import Act
from aralyk.incidents.models import Incident, Judgement
from aralyk.incidents.telling import tell_desk
from aralyk.jurisdictions.values import DeskKind
from aralyk.roster.models import Desk
from aralyk.roster.queries import Manned, duty_at

NOTE_MAX: Final = 1_000
REASON_MIN: Final = 3
# Taken back, or to another desk: what the first one had begun no longer stands.
_WITHOUT_OFFICER: Final = {"accepted_at": None, "accepted_by": None, "on_the_way_at": None, "arrived_at": None}


def do_triage(by: User, incident_id: UUID, *, judgement: Judgement, note: str = "") -> Incident:
    """Say what must happen next; said again, the newest stands.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_possible_now; already_closed; invalid.
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    if judgement not in Judgement.values:
        raise Refused.field("judgement", expected=" or ".join(Judgement.values))
    text = check_text("note", note, shortest=0, longest=NOTE_MAX)
    return perform(
        by, incident_id, Act.TRIAGE,
        lambda incident, at: Planned(
            change={"judgement": Judgement(judgement)}, data={"judgement": str(judgement)} | _hash(text), text=text
        ),
    ).incident  # fmt: skip


def do_hand_over(by: User, incident_id: UUID, *, desk: str = "", note: str = "") -> Incident:
    """Hand an incident to the police; from now on their clock of acceptance runs.

    Args:
        by: Who answers incidents.
        incident_id: One that was taken on, was handed to a desk that did not accept, or was concluded.
        desk: Code of a duty unit's desk; "" where it was told by telephone to somebody without one.
        note: What was said; without a desk it must say to whom.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_possible_now; already_closed; invalid (desk, note).
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    text = check_text("note", note, shortest=0 if desk else REASON_MIN, longest=NOTE_MAX)
    to = _desk(desk) if desk else None
    here: list[Manned] = []

    def plan(incident: Incident, at: datetime) -> Planned:
        here.extend(one for one in duty_at(at).desks if one.desk == to)
        return Planned(
            change={"handed_to": to, "handed_over_at": at, "concluded_at": None, "concluded_by": None, "outcome": ""}
            | _WITHOUT_OFFICER,
            data={"desk": to.code if to else None, "desk_ready": any(one.is_ready for one in here)} | _hash(text),
            text=text,
        )

    with transaction.atomic():
        done = perform(by, incident_id, Act.HAND_OVER, plan)
        for one in here:
            once = f"hand_over:{done.event.pk}"
            tell_desk(done.incident, one.people, text=Text.HANDED_OVER, once=once)
    return done.incident


def do_accept(by: User, incident_id: UUID, *, no_relation: bool) -> Incident:
    """Take on a hand-over as the named officer who goes.

    Args:
        by: An officer.
        incident_id: One that was handed over.
        no_relation: He declares that he is no relation of either party; who can't, declares the conflict instead.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; invalid (no_relation); already_accepted (`who`); not_possible_now; already_closed.
    """
    check_allowed(by, May.ACCEPT_INCIDENTS)
    if no_relation is not True:
        raise Refused.field("no_relation", expected="true: no relation of either party; otherwise declare the conflict")
    return perform(
        by, incident_id, Act.ACCEPT,
        lambda incident, at: Planned(change={"accepted_at": at, "accepted_by": by}, data={"no_relation": True}),
    ).incident  # fmt: skip


def do_set_out(by: User, incident_id: UUID) -> Incident:
    """Say that one is on the way.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; anothers_incident (`who`); not_possible_now; already_closed.
    """
    return perform(by, incident_id, Act.SET_OUT, lambda incident, at: Planned(change={"on_the_way_at": at})).incident


def do_arrive(by: User, incident_id: UUID) -> Incident:
    """Say that one is there. By itself it is the officer's word, at the server's time; a check proves it.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; anothers_incident (`who`); not_possible_now; already_closed.
    """
    return perform(by, incident_id, Act.ARRIVE, lambda incident, at: Planned(change={"arrived_at": at})).incident


def do_give_back(by: User, incident_id: UUID, *, reason: str) -> Incident:
    """Give a hand-over back to the centre, or call it back; the clock of handing over runs anew.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_possible_now; already_closed; invalid (reason).
    """
    check_allowed(by, May.ANSWER_INCIDENTS)
    text = check_text("reason", reason, shortest=REASON_MIN, longest=NOTE_MAX)
    return perform(
        by, incident_id, Act.GIVE_BACK,
        lambda incident, at: Planned(
            change={"returned_at": at, "handed_to": None, "handed_over_at": None} | _WITHOUT_OFFICER,
            data={"reason_sha256": fingerprint(text)}, text=text,
        ),
    ).incident  # fmt: skip


def do_take_over(by: User, incident_id: UUID) -> Incident:
    """Become the owner in the place of whoever was: at the change of a shift, or because nobody goes on with it.

    Raises:
        NotFound: No such incident, or not this person's.
        Refused: not_permitted; not_possible_now; already_closed.
    """
    return perform(
        by, incident_id, Act.TAKE_OVER,
        lambda incident, at: Planned(
            change={"acknowledged_by": by}, data={"from": f"user:{incident.acknowledged_by_id}"}
        ),
    ).incident  # fmt: skip


def _desk(code: str) -> Desk:
    found = Desk.objects.filter(code=code, kind=DeskKind.DUTY_UNIT, closed_at__isnull=True).first()
    if found is None:
        raise Refused.field("desk", expected="the code of an open desk of a duty unit")
    return found


def _hash(text: str) -> dict[str, object]:
    return {"text_sha256": fingerprint(text)} if text else {}
