"""Nothing reaches a respondent's device whose moment could tell him where she is, and each exception has two names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import User
from aralyk.database import Role as DatabaseRole
from aralyk.devices import command_queue
from aralyk.devices.checkups import do_start_checkup
from aralyk.devices.command_queue import Wanted
from aralyk.devices.commands import do_ask_device, spoken_by
from aralyk.devices.contacts import (
    LATE_MAX,
    do_keep_contacts,
    is_quiet,
    moments_after,
    moments_of_day,
    next_contacts_for,
    next_moment_of,
)
from aralyk.devices.discretion import kept_quiet
from aralyk.devices.models import Checkup, Command, ContactPlan, Device, DeviceKind, Party
from aralyk.devices.urgent import WAITS, do_propose_urgent_contact, do_send_urgent_contact, urgent_contacts_for
from aralyk.jurisdictions.loader import pack
from aralyk.orders.actions import do_vary_order
from aralyk.orders.drafts import ConditionDraft
from aralyk.orders.life import cuts_for
from aralyk.orders.models import Order
from aralyk.protocols.commands import CommandKind
from tests.conftest import Database
from tests.devices.speaking import PROTOCOL, spoken_protocol
from tests.monitor.conftest import ShiftClock, shift
from tests.orders.cast import ZONE, Cast, equip, open_order, order, tell_openly, witnesses

__all__ = ["shift"]
TRACKER = "tracker-0001"
REASON = "он рядом с ней, счёт на минуты"
MORE = "подтверждаю, экипаж далеко"
ZONE_OF_BISHKEK = ZoneInfo("Asia/Bishkek")


@pytest.fixture(autouse=True)
def _protocol() -> Iterator[None]:
    with spoken_protocol():
        yield


@pytest.fixture
def tracker(roles: Cast) -> Device:
    return Device.objects.create(
        id=TRACKER, kind=DeviceKind.BRACELET, protocol=PROTOCOL, interval_s=60, trust="imei", synthetic=True
    )


def fitted(roles: Cast) -> Order:
    """He carries it under an order with a moving and a sealed condition, and what the fitting asked for is done."""
    found = order(roles.police)
    equip(roles.probation, found, device=TRACKER)
    return found


def asked(device: str = TRACKER) -> list[tuple[str, str, str, str]]:
    rows = Command.objects.filter(device=device).order_by("pk")
    return [(row.kind, row.why, row.state, row.outcome) for row in rows]


def engine_wants(database: Database, *devices: str) -> None:
    """What the monitor writes when the engine wants a place every 15 s and a better one now."""
    wanted = [
        Wanted(device=device, kind=kind, interval_s=interval_s, why=why, asked_by="decision:1", episode=uuid4(),
               life=timedelta(minutes=10), spoken=True)
        for device in devices
        for kind, interval_s, why in (
            (CommandKind.INTERVAL, 15, "pursuit_mode"), (CommandKind.POSITION, None, "better_fix"),
        )
    ]  # fmt: skip
    with database.connect(DatabaseRole.MONITOR) as session, session.cursor() as cursor:
        command_queue.ask(cursor, wanted, by="system:monitor", at=clock.now())


def test_what_the_engine_wants_of_his_device_near_her_is_written_down_and_never_sent(
    database: Database, roles: Cast, tracker: Device
) -> None:
    fitted(roles)
    before = len(witnesses(database))
    engine_wants(database, TRACKER)
    assert asked()[1:] == [
        ("interval", "pursuit_mode", "refused", "would_tell"),
        ("position", "better_fix", "refused", "would_tell"),
    ]
    kinds = [(kind, data.get("outcome")) for kind, _, _, data in witnesses(database)[before:]]
    assert kinds == 2 * [("command_asked", None), ("command_refused", "would_tell")]
    assert Command.objects.filter(finished_at__isnull=True, episode__isnull=False).count() == 0


def test_her_own_device_is_asked_as_before(database: Database, roles: Cast, tracker: Device) -> None:
    equip(roles.probation, order(roles.police), device=TRACKER, party=Party.PROTECTED)
    engine_wants(database, TRACKER)
    assert [state for *_, state, _ in asked()] == ["queued", "queued"]


def test_his_device_is_asked_where_the_order_he_was_given_names_every_place_openly(
    database: Database, roles: Cast, tracker: Device
) -> None:
    equip(roles.probation, open_order(roles.police), device=TRACKER)
    engine_wants(database, TRACKER)
    assert [state for *_, state, _ in asked()] == ["queued", "queued"]
    do_keep_contacts(now=clock.now())
    assert not ContactPlan.objects.exists()


def test_a_named_zone_opens_nothing_before_he_was_given_the_paper_or_after_it_moved(
    database: Database, roles: Cast, tracker: Device
) -> None:
    zone = ConditionDraft(kind="exclusion_zone", code="home", shape=ZONE)
    found = order(roles.police, conditions=(zone,))
    equip(roles.probation, found, device=TRACKER)
    assert is_quiet(tracker)
    tell_openly(roles.police, found)
    assert not is_quiet(tracker)
    moved = {"circle": {**ZONE["circle"], "lat": 42.8788, "radius_m": 800.0}}
    do_vary_order(
        roles.police, found.pk, reason="новая зона",
        conditions=(ConditionDraft(kind="exclusion_zone", code="home", shape=moved),),
    )  # fmt: skip
    assert is_quiet(tracker)


def test_one_hidden_condition_of_any_of_his_orders_is_enough(database: Database, roles: Cast, tracker: Device) -> None:
    openly = open_order(roles.police)
    equip(roles.probation, openly, device=TRACKER)
    assert not is_quiet(tracker)
    hidden = order(roles.police, respondent=openly.respondent_id)
    equip(roles.probation, hidden, device=TRACKER)
    assert is_quiet(tracker)


def test_no_person_can_make_his_device_show_sound_or_report_anything_because_he_is_near_her(
    database: Database, roles: Cast, tracker: Device
) -> None:
    fitted(roles)
    before = len(witnesses(database)), Command.objects.count()
    assert spoken_by(tracker) == []
    asks: tuple[dict[str, Any], ...] = (
        {"kind": CommandKind.MESSAGE, "listed": ("confirm", "ru")},
        {"kind": CommandKind.MESSAGE, "text": "Отойдите."},
        {"kind": CommandKind.BUZZ},
        {"kind": CommandKind.POSITION},
        {"kind": CommandKind.INTERVAL, "interval_s": 15},
    )
    for what in asks:
        with pytest.raises(Refused) as refused:
            do_ask_device(roles.supervisor, device_id=TRACKER, reason=REASON, **what)
        assert refused.value.code is Code.WOULD_TELL_HIM
    assert (len(witnesses(database)), Command.objects.count()) == before


def test_a_check_begun_from_the_desk_only_watches_his_device(database: Database, roles: Cast, tracker: Device) -> None:
    fitted(roles)
    do_start_checkup(roles.operator, device_id=TRACKER, maker="bracelet", minutes=10)
    assert Checkup.objects.get().command is None
    assert [why for _, why, *_ in asked()] == ["constant_interval"]


def test_at_the_fitting_his_device_is_asked_for_one_interval_that_never_changes_again(
    database: Database, roles: Cast, tracker: Device
) -> None:
    fitted(roles)
    (command,) = Command.objects.all()
    assert (command.kind, command.interval_s, command.why, command.state) == (
        "interval", 15, "constant_interval", "queued",
    )  # fmt: skip
    engine_wants(database, TRACKER)
    command.refresh_from_db()
    assert command.state == "queued"  # what is withheld does not take its place


def test_the_interval_does_not_depend_on_the_threat_which_alarms_would_raise(
    database: Database, roles: Cast, tracker: Device
) -> None:
    equip(roles.probation, order(roles.police, threat="low"), device=TRACKER)
    assert Command.objects.get().interval_s == 15


# The moments


def test_the_moments_are_the_same_however_often_they_are_asked_for_and_lie_in_decent_hours() -> None:
    law, secret = pack("KG"), b"s" * 32
    rule = law.contact_on(date(2026, 11, 23))
    assert rule is not None
    seen = set()
    for ahead in range(365):
        day = date(2026, 1, 1) + timedelta(days=ahead)
        moments = moments_of_day(secret, rule, day, zone=ZONE_OF_BISHKEK)
        assert moments == moments_of_day(secret, rule, day, zone=ZONE_OF_BISHKEK)
        assert len(moments) == rule.a_day
        for moment in moments:
            local = moment.at.astimezone(ZONE_OF_BISHKEK)
            assert local.date() == day
            assert rule.earliest <= local.time() < rule.latest
        seen |= {moment.at.astimezone(ZONE_OF_BISHKEK).time() for moment in moments}
    assert len(seen) > 700
    hours = [at.hour for at in seen]
    assert {hours.count(hour) > 30 for hour in range(9, 21)} == {True}


def test_another_orders_moments_are_others_and_some_are_for_a_call() -> None:
    law = pack("KG")
    after = datetime(2026, 11, 23, tzinfo=ZONE_OF_BISHKEK)
    one, other = (list(moments_after(secret * 32, law, after)) for secret in (b"a", b"b"))
    assert not {moment.at for moment in one} & {moment.at for moment in other}
    many = [moment for number in range(40) for moment in moments_after(bytes([number]) * 32, law, after)]
    assert 0.04 < sum(moment.call for moment in many) / len(many) < 0.11


def test_the_secret_is_drawn_once_at_the_fitting_and_its_fingerprint_can_be_checked_later(
    database: Database, roles: Cast, tracker: Device
) -> None:
    found = fitted(roles)
    plan = ContactPlan.objects.get(order=found)
    (data,) = (data for kind, _, _, data in witnesses(database) if kind == "contacts_drawn")
    assert data == {"secret_sha256": hashlib.sha256(bytes(plan.secret)).hexdigest()}
    first = next_moment_of(tracker)
    do_keep_contacts(now=clock.now())
    engine_wants(database, TRACKER)
    assert ContactPlan.objects.get().secret == plan.secret
    assert next_moment_of(tracker) == first


def texts() -> list[tuple[str, str]]:
    return [(row.text, row.state) for row in Command.objects.filter(kind="message").order_by("pk")]


def at_its_moment(shift: ShiftClock) -> None:
    found = ContactPlan.objects.get()
    assert found.next_at is not None
    shift.by(found.next_at - clock.now() + timedelta(seconds=1))


def test_at_each_moment_the_same_text_goes_out_whether_or_not_anything_happened(
    database: Database, roles: Cast, tracker: Device, shift: ShiftClock
) -> None:
    fitted(roles)
    assert do_keep_contacts(now=clock.now()) == 0
    for turn in range(1, 4):
        if turn == 2:
            engine_wants(database, TRACKER)
        at_its_moment(shift)
        assert do_keep_contacts(now=clock.now()) == 1
        assert do_keep_contacts(now=clock.now()) == 0
        assert [text for text, _ in texts()] == turn * ["Проверка связи. Подтвердите получение."]
    (asker,) = {row.asked_by for row in Command.objects.filter(kind="message")}
    assert asker == f"contact:{ContactPlan.objects.get().pk}"


def test_a_moment_that_passed_while_the_platform_was_away_is_not_made_up_for(
    database: Database, roles: Cast, tracker: Device, shift: ShiftClock
) -> None:
    fitted(roles)
    at_its_moment(shift)
    shift.by(LATE_MAX)
    assert do_keep_contacts(now=clock.now()) == 0
    plan = ContactPlan.objects.get()
    assert plan.next_at is not None
    assert plan.next_at > clock.now()


def test_after_the_orders_end_nobody_writes_to_him(
    database: Database, roles: Cast, tracker: Device, shift: ShiftClock
) -> None:
    found = fitted(roles)
    Order.objects.filter(pk=found.pk).update(ended_at=clock.now())
    at_its_moment(shift)
    assert do_keep_contacts(now=clock.now()) == 0
    assert ContactPlan.objects.get().next_at is None


def test_an_order_from_before_there_were_moments_gets_them_without_anybody_asking(
    database: Database, roles: Cast, tracker: Device
) -> None:
    fitted(roles)
    with database.connect(DatabaseRole.OWNER) as session:
        session.execute("DELETE FROM devices_contactplan")
    do_keep_contacts(now=clock.now())
    assert next_moment_of(tracker) is not None


def test_whoever_answers_alarms_sees_the_next_moments_of_the_cases_that_are_theirs(
    database: Database, roles: Cast, tracker: Device
) -> None:
    found = fitted(roles)
    (mine,) = next_contacts_for(roles.operator)
    assert (mine.order, mine.moment) == (found, next_moment_of(tracker))
    roles.probation.districts = ["bishkek_leninsky"]
    assert next_contacts_for(roles.probation) == []
    with pytest.raises(Refused):
        next_contacts_for(roles.prosecutor)


# At once, by two people


def propose(by: User, **changed: Any) -> int:
    given = {"kind": CommandKind.MESSAGE, "listed": ("call_centre", "ru"), "reason": REASON} | changed
    return do_propose_urgent_contact(by, device_id=TRACKER, **given).pk


def test_two_people_can_write_to_him_at_once_and_the_prosecutor_reads_that_they_did(
    database: Database, roles: Cast, tracker: Device
) -> None:
    found = fitted(roles)
    proposed = propose(roles.supervisor)
    assert texts() == []
    with pytest.raises(Refused) as refused:
        do_send_urgent_contact(roles.supervisor, proposed, reason=MORE)
    assert refused.value.code is Code.OWN_PROPOSAL
    sent = do_send_urgent_contact(roles.operator, proposed, reason=MORE)
    assert texts() == [("Позвоните в мониторинговый центр.", "queued")]
    with pytest.raises(Refused) as refused:
        do_send_urgent_contact(roles.operator, proposed, reason=MORE)
    assert refused.value.code is Code.PROPOSAL_DECIDED
    (cut,) = cuts_for(roles.prosecutor)
    assert (cut.what, cut.order, cut.by, cut.second_by) == (
        "contacted_at_once", found, roles.supervisor, roles.operator,
    )  # fmt: skip
    kinds = [kind for kind, *_ in witnesses(database)][-3:]
    assert kinds == ["urgent_contact_proposed", "command_asked", "urgent_contact_sent"]
    assert REASON not in str(witnesses(database))
    assert [row.pk for row in urgent_contacts_for(roles.prosecutor, TRACKER)] == [sent.pk]


def test_an_emergency_is_proposed_by_a_supervisor_about_a_quiet_device_and_is_over_in_ten_minutes(
    database: Database, roles: Cast, tracker: Device, shift: ShiftClock
) -> None:
    fitted(roles)
    with pytest.raises(Refused) as refused:
        propose(roles.operator)
    assert refused.value.code is Code.NOT_PERMITTED
    with pytest.raises(Refused) as refused:
        propose(roles.supervisor, kind=CommandKind.INTERVAL, listed=None)
    assert refused.value.fields[0].field == "kind"
    with pytest.raises(NotFound):
        do_send_urgent_contact(roles.operator, 999, reason=MORE)
    proposed = propose(roles.supervisor)
    shift.by(WAITS + timedelta(seconds=1))
    with pytest.raises(Refused) as refused:
        do_send_urgent_contact(roles.operator, proposed, reason=MORE)
    assert refused.value.code is Code.CONFIRMATION_OVER
    assert texts() == []


def test_where_nothing_is_hidden_from_him_no_second_person_is_needed(
    database: Database, roles: Cast, tracker: Device
) -> None:
    equip(roles.probation, open_order(roles.police), device=TRACKER)
    with pytest.raises(Refused) as refused:
        propose(roles.supervisor)
    assert refused.value.code is Code.NOT_QUIET
    with transaction.atomic(), connection.cursor() as cursor:
        assert kept_quiet(cursor, [TRACKER]) == set()
