"""A check counts by co-presence; what is forged, copied, late or merely said never counts as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import DatabaseError, transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.models import Role, User
from aralyk.devices.actions import do_register_device
from aralyk.devices.commands import commands_for, shown_text
from aralyk.devices.models import Command, DeviceKind
from aralyk.jurisdictions.values import DutyKind
from aralyk.people.models import SafeChannel
from aralyk.people.protected import do_add_channel, do_confirm_channel
from aralyk.people.words import GivenBy, How
from aralyk.response.checks import do_check, do_take_her_word
from aralyk.response.codes import AT_ONCE_MAX, LASTS, TRIES_MAX, code_on, do_ask_for_code
from aralyk.response.judging import LATE_AFTER
from aralyk.response.models import Challenge, Check, HerWord, Proof
from aralyk.response.queries import checks_for, standings, unproven_for, visits_without_check_for
from aralyk.risk.actions import do_finish_duty
from aralyk.risk.levels import Level
from aralyk.risk.models import RiskDuty
from tests.conftest import Database
from tests.orders.cast import HERE, Cast, account, bracelet, equip, order, witnesses
from tests.orders.shifting import ShiftClock
from tests.response.stage import (
    AT_HIS,
    HIS_PHONE,
    MINUTE,
    Case,
    case,
    enter,
    entry,
    fix,
    heard_now,
    visit,
    without_code,
)
from tests.risk.cast import assessed
from tests.risk.conftest import Pair


def reasons(check: Check) -> tuple[str, list[str]]:
    return check.proof, check.reasons


def field_of(act: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [problem.field for problem in refused.value.fields]


@contextmanager
def refuses(code: Code) -> Iterator[None]:
    with pytest.raises(Refused) as refused:
        yield
    assert refused.value.code is code


def test_a_check_counts_by_the_code_of_his_phone_and_the_officers_own_fix(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    check = enter(roles, entry(roles, here))
    assert (reasons(check), check.late) == ((Proof.VERIFIED, []), False)
    assert check.distance_m == pytest.approx(3.0, abs=0.2)
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("check_made", f"order:{here.order.pk}", f"user:{roles.police.pk}")
    assert (data["proof"], data["check"], data["late"]) == ("verified", str(check.pk), False)


def test_the_code_is_shown_by_his_device_alone_and_evidence_does_not_hold_it(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    asked = do_ask_for_code(roles.police, here.order.pk)
    code = Challenge.objects.get(pk=asked.id).code
    assert len(code) == 6
    assert code.isdigit()
    assert not hasattr(asked, "code")
    shown = code_on(here.phone)
    assert shown is not None
    assert shown.code == code
    assert code not in str([data for *_, data in witnesses(database)])


def test_a_quiet_bracelet_gets_no_code_for_its_moment_could_tell_him_something(database: Database, roles: Cast) -> None:
    found = order(roles.police)
    device = do_register_device(
        roles.probation, device_id="013800000017", kind=DeviceKind.BRACELET, protocol="jt808", interval_s=60,
        synthetic=True,
    ).device  # fmt: skip
    equip(roles.probation, found, device=device.pk)
    with refuses(Code.NO_CODE_HERE):
        do_ask_for_code(roles.police, found.pk)
    assert not [one for one in commands_for(roles.police, device.pk) if one.kind == "message"]
    assert not Challenge.objects.exists()


def test_a_code_that_goes_to_a_bracelet_stands_in_no_list_of_commands() -> None:
    code = Command(asked_by=f"check:{uuid4()}", text="482913")
    assert shown_text(code) == ""
    assert shown_text(Command(asked_by="user:17", text="Явитесь в инспекцию")) == "Явитесь в инспекцию"


@pytest.mark.parametrize(
    ("changed", "proof", "why"),
    [
        ({"code": "", "challenge": None}, Proof.CLAIMED, ["no_code"]),
        ({"fix": None}, Proof.CLAIMED, ["no_fix"]),
        ({"code": "", "challenge": None, "fix": None}, Proof.CLAIMED, ["no_code", "no_fix"]),
    ],
)
def test_a_check_without_proof_is_claimed_and_the_prosecutor_sees_it_so(
    database: Database, roles: Cast, changed: dict[str, Any], proof: Proof, why: list[str]
) -> None:
    here = case(database, roles)
    check = enter(roles, entry(roles, here, **changed))
    assert reasons(check) == (proof, why)
    assert [(one.check.pk, one.proof) for one in standings(list(unproven_for(roles.prosecutor)))] == [(check.pk, proof)]


def test_a_check_from_the_wrong_place_is_flagged(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    assert reasons(enter(roles, entry(roles, here, fix=fix(north_m=400)))) == (Proof.FLAGGED, ["elsewhere"])


def test_two_places_agree_within_what_both_devices_declare_and_not_a_metre_more(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)  # his phone declares 8 m
    assert reasons(enter(roles, entry(roles, here, fix=fix(north_m=17)))) == (Proof.VERIFIED, [])
    assert reasons(enter(roles, entry(roles, here, fix=fix(north_m=20)))) == (Proof.FLAGGED, ["elsewhere"])


def test_a_fix_too_coarse_or_too_old_proves_nothing(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    assert reasons(enter(roles, entry(roles, here, fix=fix(accuracy_m=900)))) == (Proof.CLAIMED, ["fix_coarse"])
    old = replace(fix(), fixed_at=clock.now() - 2 * MINUTE)
    assert reasons(enter(roles, entry(roles, here, fix=old))) == (Proof.CLAIMED, ["fix_old"])


def test_when_his_own_place_is_old_nothing_can_be_proven(database: Database, roles: Cast, shift: ShiftClock) -> None:
    here = case(database, roles)
    shift.by(20 * MINUTE)
    assert reasons(enter(roles, entry(roles, here))) == (Proof.CLAIMED, ["his_place_unknown"])


def test_a_wrong_code_is_refused_and_guessing_ends_after_five_tries(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    honest = entry(roles, here)
    wrong = f"{(int(honest.code) + 1) % 10**6:06d}"
    for north_m in range(TRIES_MAX):
        tried = replace(honest, id=uuid4(), code=wrong, fix=fix(north_m=float(north_m)))
        assert reasons(enter(roles, tried)) == (Proof.REFUSED, ["code_wrong"])
    assert reasons(enter(roles, honest)) == (Proof.REFUSED, ["code_wrong"])


def test_a_code_is_used_once(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    honest = entry(roles, here)
    assert enter(roles, honest).proof == Proof.VERIFIED
    again = replace(honest, id=uuid4(), device_at=clock.now(), fix=fix(north_m=4))
    assert reasons(enter(roles, again)) == (Proof.REFUSED, ["code_used"])
    assert code_on(here.phone) is None


def test_a_code_counts_for_a_few_minutes_by_the_servers_time(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    here = case(database, roles)
    honest = entry(roles, here)
    shift.by(LASTS + MINUTE)
    heard_now(database, HIS_PHONE)
    late = replace(honest, device_at=clock.now(), fix=fix())
    assert reasons(enter(roles, late)) == (Proof.CLAIMED, ["code_expired"])
    assert code_on(here.phone) is None


def test_a_code_that_a_colleague_asked_for_is_refused(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    colleague = account("second_inspector", Role.POLICE, HERE, agency="police_oktyabrsky")
    check = do_check(colleague, entry(roles, here))
    assert reasons(check) == (Proof.REFUSED, ["code_of_another"])


def test_a_bracelet_without_a_screen_can_show_no_code_and_the_officer_hears_it(database: Database, roles: Cast) -> None:
    found = order(roles.police)
    with refuses(Code.DEVICE_NOT_CARRIED):
        do_ask_for_code(roles.police, found.pk)
    equip(roles.probation, found, device=bracelet(roles.probation).pk)
    with refuses(Code.NO_CODE_HERE):
        do_ask_for_code(roles.police, found.pk)


def test_codes_are_not_asked_for_without_end(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    for _ in range(AT_ONCE_MAX):
        do_ask_for_code(roles.police, here.order.pk)
    with refuses(Code.TOO_OFTEN):
        do_ask_for_code(roles.police, here.order.pk)


def test_the_same_request_again_is_the_same_check_and_another_under_its_id_is_refused(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    honest = entry(roles, here)
    assert enter(roles, honest).pk == enter(roles, honest).pk
    assert Check.objects.count() == 1
    with refuses(Code.KEY_REUSED):
        enter(roles, replace(honest, fix=fix(north_m=5)))


def test_a_replayed_request_under_a_new_id_is_refused(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    honest = entry(roles, here)
    enter(roles, honest)
    replayed = enter(roles, replace(honest, id=uuid4()))
    assert reasons(replayed) == (Proof.REFUSED, ["code_used", "same_bytes"])


def test_a_check_heard_too_late_is_marked_and_only_claimed(database: Database, roles: Cast, shift: ShiftClock) -> None:
    here = case(database, roles)
    honest = entry(roles, here)
    shift.by(LATE_AFTER + MINUTE)
    check = enter(roles, honest)
    assert (check.late, check.proof) == (True, Proof.CLAIMED)
    assert "late" in check.reasons
    assert check.received_at - check.device_at > LATE_AFTER


def test_a_clock_that_was_set_back_is_flagged(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    before_the_code = clock.now() - 4 * MINUTE
    back = entry(roles, here, device_at=before_the_code, fix=replace(fix(), fixed_at=before_the_code))
    assert reasons(enter(roles, back)) == (Proof.FLAGGED, ["clock_back"])


def test_a_clock_that_says_an_earlier_time_than_the_entry_before_is_flagged(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    enter(roles, without_code(here))
    earlier = clock.now() - 4 * MINUTE
    check = enter(roles, without_code(here, device_at=earlier, fix=replace(fix(north_m=5), fixed_at=earlier)))
    assert reasons(check) == (Proof.FLAGGED, ["no_code", "clock_back"])


def test_a_clock_set_ahead_so_that_a_late_entry_looks_fresh_is_flagged(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    ahead = clock.now() + 10 * MINUTE
    check = enter(roles, entry(roles, here, device_at=ahead, fix=replace(fix(), fixed_at=ahead)))
    assert reasons(check) == (Proof.FLAGGED, ["clock_ahead"])


def test_two_checks_at_a_speed_that_no_car_has_are_flagged(database: Database, roles: Cast, shift: ShiftClock) -> None:
    there = (AT_HIS[0] + 0.3, AT_HIS[1])  # 33 km
    here, far = case(database, roles), case(database, roles, device="phone-his-02", at=there)
    assert enter(roles, entry(roles, here)).proof == Proof.VERIFIED
    shift.by(5 * MINUTE)
    heard_now(database, "phone-his-02", there)
    check = enter(roles, entry(roles, far, fix=fix(of=there)))
    assert reasons(check) == (Proof.FLAGGED, ["impossible_route"])
    shift.by(40 * MINUTE)
    heard_now(database, HIS_PHONE)
    assert reasons(enter(roles, entry(roles, here, fix=fix(north_m=6)))) == (Proof.VERIFIED, [])


def test_the_same_fix_to_the_metre_on_another_day_is_flagged(
    database: Database, roles: Cast, shift: ShiftClock
) -> None:
    here = case(database, roles)
    assert enter(roles, entry(roles, here)).proof == Proof.VERIFIED
    shift.by(20 * 60 * MINUTE)
    heard_now(database, HIS_PHONE)
    assert reasons(enter(roles, entry(roles, here))) == (Proof.FLAGGED, ["same_fix"])
    assert reasons(enter(roles, entry(roles, here, fix=fix(north_m=5.5)))) == (Proof.VERIFIED, [])


def test_the_same_photo_twice_is_flagged(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    photo = "ab" * 32
    assert enter(roles, entry(roles, here, photo_sha256=photo)).proof == Proof.VERIFIED
    again = enter(roles, entry(roles, here, photo_sha256=photo, fix=fix(north_m=5)))
    assert reasons(again) == (Proof.FLAGGED, ["same_photo"])


def test_no_role_edits_or_deletes_what_an_officer_entered_and_the_owner_is_stopped_too(
    database: Database, roles: Cast
) -> None:
    check = enter(roles, without_code(case(database, roles)))
    for table in ("response_check", "response_challenge", "response_herword", "response_fieldentry"):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError), transaction.atomic():
                Check.objects.raw(statement)[0]
    with database.connect() as owner, pytest.raises(psycopg.Error, match="refused"):
        owner.execute("UPDATE response_check SET proof = 'verified' WHERE id = %s", (check.pk,))


def test_a_row_that_was_edited_past_every_lock_is_found_by_its_hash(database: Database, roles: Cast) -> None:
    check = enter(roles, without_code(case(database, roles)))
    with database.connect() as owner:
        owner.execute("ALTER TABLE response_check DISABLE TRIGGER USER")
        owner.execute("UPDATE response_check SET proof = 'verified', reasons = '{}' WHERE id = %s", (check.pk,))
        owner.execute("ALTER TABLE response_check ENABLE TRIGGER USER")
    (standing,) = standings(list(checks_for(roles.prosecutor)))
    assert (standing.proof, [str(one) for one in standing.reasons]) == (Proof.FLAGGED, ["edited"])


def her_channel(roles: Cast, here: Case, confirmed_by: Any) -> SafeChannel:
    her = here.order.protected_persons.get()
    made = do_add_channel(roles.police, person=her.pk, how=How.IN_PERSON, given_by=GivenBy.HERSELF)
    return do_confirm_channel(confirmed_by, made.pk, alone=True)


def test_a_visit_to_her_counts_by_her_word_alone_and_her_silence_confirms_nothing(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    colleague = account("second_inspector", Role.POLICE, HERE, agency="police_oktyabrsky")
    channel = her_channel(roles, here, colleague)
    check = enter(roles, visit(here))
    assert reasons(check) == (Proof.CLAIMED, ["her_word_awaited"])
    with refuses(Code.NOT_PERMITTED):
        do_take_her_word(roles.police, check.pk, channel=channel.pk, visited=True)
    do_take_her_word(roles.operator, check.pk, channel=channel.pk, visited=True)
    (standing,) = standings(list(checks_for(roles.prosecutor)))
    assert (standing.proof, standing.reasons) == (Proof.VERIFIED, ())
    assert not unproven_for(roles.prosecutor).exists()
    with refuses(Code.ALREADY_ANSWERED):
        do_take_her_word(roles.operator, check.pk, channel=channel.pk, visited=False)


def test_when_she_says_that_nobody_came_the_visit_is_flagged(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    channel = her_channel(roles, here, account("second_inspector", Role.POLICE, HERE, agency="police_oktyabrsky"))
    check = enter(roles, visit(here))
    do_take_her_word(roles.operator, check.pk, channel=channel.pk, visited=False)
    (standing,) = standings(list(unproven_for(roles.prosecutor)))
    assert (standing.proof, list(standing.reasons)) == (Proof.FLAGGED, ["she_says_no"])


def test_her_word_does_not_come_by_a_channel_that_the_officer_himself_confirmed(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    channel = her_channel(roles, here, roles.police)
    check = enter(roles, visit(here))
    fields = field_of(lambda: do_take_her_word(roles.operator, check.pk, channel=channel.pk, visited=True))
    assert fields == ["channel"]


def test_she_never_vouches_for_a_check_at_his_place(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    channel = her_channel(roles, here, account("second_inspector", Role.POLICE, HERE, agency="police_oktyabrsky"))
    check = enter(roles, without_code(here))
    with pytest.raises(NotFound):
        do_take_her_word(roles.operator, check.pk, channel=channel.pk, visited=True)
    assert not HerWord.objects.exists()


def test_a_visit_to_her_holds_no_place(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    assert field_of(lambda: enter(roles, visit(here, fix=fix()))) == ["fix"]
    assert field_of(lambda: enter(roles, visit(here, protected_person=None))) == ["protected_person"]


def visit_owed(roles: Cast, here: Case) -> RiskDuty:
    """A visit to him that a high level made due."""
    her, him = here.order.protected_persons.get(), here.order.respondent
    second = User.objects.filter(username="second_inspector").first()
    pair = Pair(inspector=roles.police, second=second or roles.police, respondent=him, protected=her, cast=roles)
    assessed(pair, Level.HIGH)
    return RiskDuty.objects.get(respondent=him, kind=DutyKind.VISIT_RESPONDENT, done_at__isnull=True)


def test_a_verified_check_fulfils_the_visit_that_the_risk_made_due(database: Database, roles: Cast) -> None:
    here = case(database, roles)
    duty = visit_owed(roles, here)
    assert enter(roles, without_code(here)).duties == []
    duty.refresh_from_db()
    assert duty.done_at is None
    check = enter(roles, entry(roles, here, fix=fix(north_m=5)))
    assert (check.proof, check.duties) == (Proof.VERIFIED, [duty.pk])
    duty.refresh_from_db()
    assert duty.done_by == roles.police
    assert not visits_without_check_for(roles.prosecutor).exists()


def test_a_visit_that_is_only_ticked_off_stands_with_the_prosecutor_as_one_without_a_check(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    duty = visit_owed(roles, here)
    do_finish_duty(roles.police, duty.pk, note=f"check {uuid4()}")
    assert [one.pk for one in visits_without_check_for(roles.prosecutor)] == [duty.pk]
    assert not visits_without_check_for(roles.probation).exists()


def test_a_check_is_an_officers_of_the_district_and_others_do_not_learn_of_the_case(
    database: Database, roles: Cast
) -> None:
    here = case(database, roles)
    for stranger in (roles.police_elsewhere,):
        with pytest.raises(NotFound):
            do_check(stranger, without_code(here))
        assert not checks_for(stranger).exists()
    for reader in (roles.operator, roles.prosecutor, roles.probation):
        with refuses(Code.NOT_PERMITTED):
            do_check(reader, without_code(here))
    enter(roles, without_code(here))
    assert checks_for(roles.prosecutor).count() == 1
    assert not checks_for(roles.probation).exists()
    assert not checks_for(roles.administrator).exists()
