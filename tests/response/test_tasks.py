"""The officer's phone: before acceptance only his place, threat and weapons; after it, hers, for one officer alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.devices.models import Party
from aralyk.incidents.actions import do_acknowledge, do_close
from aralyk.incidents.handing import do_accept, do_give_back, do_hand_over
from aralyk.incidents.models import Incident, Outcome, Status
from aralyk.jurisdictions.values import DeskKind
from aralyk.people.actions import do_register_shelter
from aralyk.people.respondents import do_add_weapon
from aralyk.people.words import Stated, WeaponKind
from aralyk.response.judging import LATE_AFTER, Fix
from aralyk.response.models import Check, FieldAct, FieldEntry, Proof
from aralyk.response.road import Said, do_say
from aralyk.response.tasks import accepted_by, brief_for, task_for, waiting_for
from tests.conftest import Database
from tests.incidents.stage import DUTY_UNIT, man, officer
from tests.orders.cast import HERE, Cast, bracelet, equip, order, phone, raised, witnesses
from tests.orders.shifting import ShiftClock
from tests.response.stage import AT_HIS, MINUTE, fix, heard_now

HER_PLACE = (42.871234, 74.613987)
HIS_BRACELET = "860000000000017"
HER_PHONE = "phone-0001"


def handed(database: Database, roles: Cast, duty: User, **changed: Any) -> Incident:
    """Handed to the desk at which `duty` sits: both parties carry a device, he has a hunting weapon."""
    man(roles.supervisor, DUTY_UNIT, DeskKind.DUTY_UNIT, duty, district=HERE)
    found = order(roles.police, **changed)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, found, device=HIS_BRACELET)
    equip(roles.probation, found, device=HER_PHONE, party=Party.PROTECTED)
    heard_now(database, HIS_BRACELET, AT_HIS)
    heard_now(database, HER_PHONE, HER_PLACE)
    do_add_weapon(roles.police, respondent=found.respondent_id, kind=WeaponKind.HUNTING, registered=Stated.NO)
    incident = raised(database, found, episode_open=False)
    do_acknowledge(roles.operator, incident.pk)
    return do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)


def says_where_she_is(shown: Any) -> bool:
    return "42.8712" in repr(shown) or "74.6139" in repr(shown)


def said(incident: Incident, act: FieldAct, **changed: Any) -> Said:
    return replace(Said(id=uuid4(), incident=incident.pk, act=act, device_at=clock.now()), **changed)


def test_before_acceptance_an_officer_sees_his_place_threat_and_weapons_and_nothing_else(
    database: Database, roles: Cast
) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    brief = brief_for(duty, incident.pk)
    assert waiting_for(duty) == [brief]
    assert (brief.threat, brief.weapons, brief.weapon_kinds) == ("high", "yes", ("hunting",))
    assert [(spot.lat, spot.lon) for spot in brief.his] == [AT_HIS]
    shown = repr(brief)
    her, him = incident.order.protected_persons.get(), incident.order.respondent
    assert not says_where_she_is(shown)
    assert her.code not in shown
    assert him.name not in shown
    assert incident.order.number not in shown
    with pytest.raises(NotFound):
        task_for(duty, incident.pk)


def test_after_acceptance_the_named_officer_alone_sees_her_place_with_his_name_over_it(
    database: Database, roles: Cast
) -> None:
    duty, other = officer(), officer("second_officer")
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    task = task_for(duty, incident.pk)
    (her,) = task.hers
    assert [(spot.lat, spot.lon) for spot in her.spots] == [HER_PLACE]
    now = timezone.localtime(clock.now())
    assert task.watermark in {f"Т. duty_officer · {at:%d.%m.%Y %H:%M}" for at in (now, now - MINUTE)}
    assert (task.respondent, her.children) == (incident.order.respondent.name, her.children)
    assert not waiting_for(duty)
    assert [one.id for one in accepted_by(duty)] == [incident.pk]
    for stranger in (other, roles.police, roles.police_elsewhere, roles.operator, roles.prosecutor):
        with pytest.raises(NotFound):
            task_for(stranger, incident.pk)
        with pytest.raises(NotFound):
            brief_for(stranger, incident.pk)
        assert not accepted_by(stranger)


def test_with_the_closing_her_place_is_gone_and_also_when_the_hand_over_is_taken_back(
    database: Database, roles: Cast
) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    do_give_back(roles.operator, incident.pk, reason="принято другим отделом")
    with pytest.raises(NotFound):
        task_for(duty, incident.pk)
    do_hand_over(roles.operator, incident.pk, desk=DUTY_UNIT)
    do_accept(duty, incident.pk, no_relation=True)
    assert says_where_she_is(task_for(duty, incident.pk))
    do_close(roles.operator, incident.pk, outcome=Outcome.TECHNICAL, reason="замок неисправен")
    with pytest.raises(NotFound):
        task_for(duty, incident.pk)
    assert not accepted_by(duty)


def test_a_hand_over_stands_with_those_on_duty_at_its_desk_and_with_nobody_else(
    database: Database, roles: Cast
) -> None:
    duty, off_duty = officer(), officer("second_officer")
    incident = handed(database, roles, duty)
    assert [one.id for one in waiting_for(duty)] == [incident.pk]
    for other in (off_duty, roles.police, roles.police_elsewhere, roles.operator, roles.prosecutor):
        assert not waiting_for(other)


def test_what_was_handed_over_by_telephone_waits_for_every_officer_of_the_district(
    database: Database, roles: Cast
) -> None:
    incident = raised(database, order(roles.police))
    do_acknowledge(roles.operator, incident.pk)
    do_hand_over(roles.operator, incident.pk, note="по телефону дежурному Октябрьского района")
    assert [one.id for one in waiting_for(roles.police)] == [incident.pk]
    assert not waiting_for(roles.police_elsewhere)


def test_a_shelter_is_its_duty_phone_and_its_meeting_point_and_never_a_place(database: Database, roles: Cast) -> None:
    duty = officer()
    shelter = do_register_shelter(
        roles.police, code="УБ-1", name="Синтетический приют", address="ул. Тихая, 5", duty_phone="+996312000000",
        meeting_point="Площадь, у фонтана", synthetic=True,
    )  # fmt: skip
    incident = handed(database, roles, duty, protected_persons=(shelter.desk_id,))
    do_accept(duty, incident.pk, no_relation=True)
    (her,) = task_for(duty, incident.pk).hers
    assert (her.spots, her.place_hidden) == ((), True)
    assert her.shelter is not None
    assert (her.shelter.duty_phone, her.shelter.meeting_point) == ("+996312000000", "Площадь, у фонтана")
    shown = repr(task_for(duty, incident.pk))
    assert not says_where_she_is(shown)
    assert "Тихая" not in shown


def test_an_arrival_is_proven_by_the_officers_fix_and_moves_the_incident(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    assert do_say(duty, said(incident, FieldAct.SET_OUT)).moved
    assert do_say(duty, said(incident, FieldAct.ARRIVE, fix=fix(north_m=4))).moved
    check = Check.objects.get(incident=incident)
    assert (check.proof, check.reasons, check.lat is None) == (Proof.VERIFIED, [], False)
    incident.refresh_from_db()
    assert incident.status == Status.ARRIVED


def test_who_goes_to_her_has_arrived_too_and_nothing_kept_says_where(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    near_her = Fix(lat=HER_PLACE[0] + 4e-5, lon=HER_PLACE[1], accuracy_m=10.0, fixed_at=clock.now())
    do_say(duty, said(incident, FieldAct.ARRIVE, fix=near_her))
    check = Check.objects.get(incident=incident)
    assert (check.proof, check.lat, check.lon, check.distance_m) == (Proof.VERIFIED, None, None, None)
    assert not says_where_she_is([data for *_, data in witnesses(database)])


def test_an_arrival_from_elsewhere_is_flagged_and_one_without_a_fix_is_claimed(database: Database, roles: Cast) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    do_say(duty, said(incident, FieldAct.ARRIVE, fix=fix(north_m=3000)))
    do_say(duty, said(incident, FieldAct.ARRIVE))
    assert [(one.proof, one.reasons) for one in Check.objects.order_by("received_at")] == [
        (Proof.FLAGGED, ["elsewhere"]),
        (Proof.CLAIMED, ["no_fix"]),
    ]


def test_a_word_that_came_late_keeps_both_times_and_moves_what_it_still_can(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    on_the_road = said(incident, FieldAct.SET_OUT)
    shift.by(LATE_AFTER + MINUTE)
    entry = do_say(duty, on_the_road)
    assert (entry.late, entry.moved) == (True, True)
    assert entry.device_at == on_the_road.device_at
    assert entry.received_at - entry.device_at > LATE_AFTER
    assert [data["late"] for kind, *_, data in witnesses(database) if kind == "field_entry"] == [True]


def test_a_word_that_comes_twice_is_one_and_one_that_comes_after_the_closing_is_kept_and_moves_nothing(
    database: Database, roles: Cast
) -> None:
    duty = officer()
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    word = said(incident, FieldAct.SET_OUT)
    assert do_say(duty, word) == do_say(duty, word)
    assert FieldEntry.objects.count() == 1
    with pytest.raises(Refused) as refused:
        do_say(duty, replace(word, device_at=word.device_at - MINUTE))
    assert refused.value.code is Code.KEY_REUSED
    do_close(roles.operator, incident.pk, outcome=Outcome.TECHNICAL, reason="замок неисправен")
    late = do_say(duty, said(incident, FieldAct.ARRIVE))
    assert late.moved is False
    incident.refresh_from_db()
    assert incident.status == Status.CLOSED


def test_nobody_but_the_officer_who_accepted_says_anything_from_the_road(database: Database, roles: Cast) -> None:
    duty, other = officer(), officer("second_officer")
    incident = handed(database, roles, duty)
    do_accept(duty, incident.pk, no_relation=True)
    for stranger in (other, roles.police):
        with pytest.raises(NotFound):
            do_say(stranger, said(incident, FieldAct.SET_OUT))
    with pytest.raises(Refused):
        do_say(roles.operator, said(incident, FieldAct.SET_OUT))
