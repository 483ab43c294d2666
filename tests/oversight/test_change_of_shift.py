"""A shift changes between two people who both name how it stood; whose a signal is changes only by an act."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.access.witness import fingerprint
from aralyk.incidents.actions import do_acknowledge
from aralyk.incidents.handing import do_take_over
from aralyk.orders.models import Loss, LossCause, Suspension
from aralyk.orders.proposals import do_confirm_proposal, do_propose_suspension
from aralyk.oversight.hand_over import do_leave_shift, do_take_shift, hand_overs_for, standing_for
from aralyk.oversight.models import ShiftHandOver
from tests.conftest import Database
from tests.incidents.stage import a_second_passes, full_roster, officer
from tests.orders.cast import Cast, account, bracelet, equip, heard, order, raised, witnesses
from tests.orders.shifting import ShiftClock

NOTE = "по второму делу ждём ответа дежурной части, перезвонить в десять"


def second_operator() -> User:
    return account("operator_two", Role.OPERATOR, agency="monitoring_centre")


def test_what_is_open_stands_with_its_owner_and_with_what_is_overdue(database: Database, roles: Cast) -> None:
    full_roster(roles, duty=officer())
    case = order(roles.police)
    mine = raised(database, case, priority=1, minutes_ago=2)
    do_acknowledge(roles.operator, mine.pk)
    nobodys = raised(database, case, kind="tamper", priority=1, minutes_ago=2)
    a_second_passes()
    found = {one.incident.pk: one for one in standing_for(roles.operator, at=clock.now()).incidents}
    assert found[mine.pk].owner == "Т. operator"
    assert (found[nobodys.pk].owner, "acknowledged" in found[nobodys.pk].overdue) == ("", True)
    assert "acknowledged" not in found[mine.pk].overdue


def test_a_silent_device_stands_with_the_recorded_reason_or_as_not_known(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device="860000000000017")
    heard(database, "860000000000017", lat=42.87, lon=74.61)
    assert standing_for(roles.operator, at=clock.now()).silent == ()
    now = shift.by(timedelta(minutes=4))
    (one,) = standing_for(roles.operator, at=now).silent
    assert (one.device, one.cause) == ("860000000000017", None)
    Loss.objects.create(
        order=case, cause=LossCause.NO_POWER, from_at=now - timedelta(minutes=3), note="авария на подстанции",
        recorded_by=roles.operator, recorded_at=now,
    )  # fmt: skip
    (one,) = standing_for(roles.operator, at=now).silent
    assert one.cause == "no_power"


def test_a_suspension_that_runs_is_on_the_page_and_one_that_is_over_is_not(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    now = clock.now()
    proposal = do_propose_suspension(
        roles.police, case.pk, from_at=now, until_at=now + timedelta(hours=3), reason="замена устройства у мастера"
    )
    do_confirm_proposal(roles.supervisor, proposal.pk, reason="согласовано с дежурной частью")
    running = Suspension.objects.get()
    at = running.from_at + timedelta(minutes=1)
    assert [one.pk for one in standing_for(roles.operator, at=at).suspensions] == [running.pk]
    assert standing_for(roles.operator, at=now + timedelta(hours=4)).suspensions == ()


def test_the_leaving_persons_words_are_fingerprinted_and_never_in_the_evidence(database: Database, roles: Cast) -> None:
    raised(database, order(roles.police))
    left = do_leave_shift(roles.operator, note=NOTE)
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("shift_left", f"hand_over:{left.pk}", f"user:{roles.operator.pk}")
    assert data["note_sha256"] == fingerprint(NOTE)
    assert (data["incidents"], data["suspended"], data["silent"]) == (1, 0, 0)
    assert "перезвонить" not in str(data)
    with pytest.raises(Refused) as refused:
        do_leave_shift(roles.operator, note=" ")
    assert [one.field for one in refused.value.fields] == ["note"]


def test_the_coming_person_takes_over_by_name_the_list_that_was_left(database: Database, roles: Cast) -> None:
    left = do_leave_shift(roles.operator, note=NOTE)
    coming = second_operator()
    taken = do_take_shift(coming, left.pk)
    assert (taken.taken_by, taken.left_by) == (coming, roles.operator)
    kind, _, by, data = witnesses(database)[-1]
    assert (kind, by) == ("shift_taken_over", f"user:{coming.pk}")
    assert data["standing_sha256"] == left.standing_sha256
    with pytest.raises(Refused) as refused:
        do_take_shift(roles.supervisor, left.pk)
    assert refused.value.code is Code.ALREADY_ANSWERED


def test_nobody_takes_over_from_himself_and_the_database_refuses_it_too(database: Database, roles: Cast) -> None:
    left = do_leave_shift(roles.operator, note=NOTE)
    with pytest.raises(Refused) as refused:
        do_take_shift(roles.operator, left.pk)
    assert refused.value.code is Code.OWN_HAND_OVER
    with pytest.raises(IntegrityError), transaction.atomic():
        ShiftHandOver.objects.filter(pk=left.pk).update(taken_by=roles.operator, taken_at=clock.now())


def test_taking_a_shift_over_changes_no_owner_and_an_act_does(database: Database, roles: Cast) -> None:
    incident = raised(database, order(roles.police))
    do_acknowledge(roles.operator, incident.pk)
    coming = second_operator()
    do_take_shift(coming, do_leave_shift(roles.operator, note=NOTE).pk)
    incident.refresh_from_db()
    assert incident.acknowledged_by == roles.operator
    do_take_over(coming, incident.pk)
    incident.refresh_from_db()
    assert incident.acknowledged_by == coming


def test_only_the_centre_has_shifts_there_and_the_prosecutor_reads_who_took_over(
    database: Database, roles: Cast
) -> None:
    left = do_leave_shift(roles.operator, note=NOTE)
    for user in (roles.police, roles.probation, roles.prosecutor, roles.administrator):
        with pytest.raises(NotFound):
            standing_for(user, at=clock.now())
        with pytest.raises(Refused):
            do_leave_shift(user, note=NOTE)
        with pytest.raises(Refused):
            do_take_shift(user, left.pk)
    assert [one.pk for one in hand_overs_for(roles.prosecutor)] == [left.pk]
    assert not hand_overs_for(roles.police).exists()
