"""What he was told, what the ministry chose, what she heard, what he lost outside his will: each recorded once."""

from datetime import timedelta
from typing import Any

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.jurisdictions.values import DutyKind
from aralyk.orders.actions import do_vary_order
from aralyk.orders.fitting import Limit, do_choose_device, do_record_loss, do_tell_limits
from aralyk.orders.life import clocks_of
from aralyk.orders.models import Carries, DeviceChoice, Exemption, LossCause, Order, Receipt, Weapons
from aralyk.orders.queries import order_for
from aralyk.orders.service import MUST_BE_TOLD, Topic, do_record_service
from aralyk.people.models import Stated
from tests.conftest import Database
from tests.orders.cast import Cast, order, witnesses
from tests.orders.shifting import ShiftClock


def serve(roles: Cast, issued: Order, **changed: Any) -> Receipt:
    values: dict[str, Any] = {
        "served_at": clock.now(), "language": "ky", "told": list(Topic), "weapons": Weapons.SEIZED,
        "weapon_register_answered": True,
    } | changed  # fmt: skip
    return do_record_service(roles.police, issued.pk, **values)


def test_a_service_says_what_when_by_whom_and_in_which_language(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    receipt = serve(roles, issued)
    assert (receipt.version, receipt.served_by, receipt.language) == (1, roles.police, "ky")
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("order_served", f"order:{issued.pk}", f"user:{roles.police.pk}")
    assert data["told"] == sorted(topic.value for topic in Topic)
    assert data["weapons"] == "seized"


def test_a_receipt_never_names_a_version_that_was_made_after_the_service(roles: Cast, shift: ShiftClock) -> None:
    issued = order(roles.police)
    served_at = shift.by(timedelta(hours=1))
    shift.by(timedelta(hours=2))
    do_vary_order(roles.police, issued.pk, reason="исправлена опечатка")
    assert serve(roles, issued, served_at=served_at).version == 1
    assert serve(roles, issued).version == 2
    with pytest.raises(Refused) as refused:
        serve(roles, issued, served_at=served_at, version=2)
    assert refused.value.fields[0].field == "served_at"


@pytest.mark.parametrize("topic", sorted(MUST_BE_TOLD))
def test_a_service_without_what_he_must_be_told_is_none(roles: Cast, topic: Topic) -> None:
    with pytest.raises(Refused) as refused:
        serve(roles, order(roles.police), told=[one for one in Topic if one is not topic])
    assert refused.value.fields[0].field == "told"
    assert topic.value in refused.value.fields[0].expected


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"weapons": None}, "weapons"),
        ({"language": "fr"}, "language"),
        ({"refused_to_sign": True}, "note"),
        ({"weapon_register_answered": False}, "note"),
        ({"note": "x" * 401}, "note"),
    ],
)
def test_a_service_with_something_left_open_is_refused_by_name(
    roles: Cast, changed: dict[str, Any], field: str
) -> None:  # fmt: skip
    with pytest.raises(Refused) as refused:
        serve(roles, order(roles.police), **changed)
    assert refused.value.fields[0].field == field


def test_nobody_records_a_service_that_lies_ahead_or_before_the_order(roles: Cast) -> None:
    issued = order(roles.police)
    for at in (clock.now() + timedelta(hours=1), issued.issued_at - timedelta(minutes=2)):
        with pytest.raises(Refused) as refused:
            serve(roles, issued, served_at=at)
        assert refused.value.fields[0].field == "served_at"


def test_her_own_receipt_asks_for_no_weapons(roles: Cast) -> None:
    issued = order(roles.police)
    her = issued.protected_persons.get().pk
    receipt = serve(roles, issued, person=her, weapons=None, told=[Topic.HELP])
    assert receipt.protected_person_id == her
    with pytest.raises(Refused):
        serve(roles, issued, person=her)
    with pytest.raises(NotFound):
        serve(roles, issued, person=order(roles.police).protected_persons.get().pk, weapons=None)


def test_the_clock_for_service_and_weapons_stops_with_the_receipt(roles: Cast, shift: ShiftClock) -> None:
    now = clock.now()
    issued = order(
        roles.police, legal_basis="police_temporary_order", starts_at=now, expires_at=now + timedelta(days=3)
    )
    before = {one.slug: one for one in clocks_of(issued)}
    assert before["deliver_order"].done_at is None
    assert before["check_weapons"].due_at == issued.issued_at + timedelta(hours=24)
    assert before["ask_about_extension"].due_at == issued.expires_at - timedelta(hours=24)
    later = shift.by(timedelta(hours=25))
    assert before["check_weapons"].overdue(at=later)
    serve(roles, issued, served_at=later)
    after = {one.slug: one for one in clocks_of(order_for(roles.police, issued.pk))}
    assert after["deliver_order"].done_at == later
    assert after["check_weapons"].done_at == later
    assert after["check_weapons"].overdue(at=later)  # done, and too late


# --- the ministry's choice ------------------------------------------------------------------------------------


def test_the_ministrys_choice_stands_beside_the_polices_risk_and_is_not_the_polices(roles: Cast) -> None:
    issued = order(roles.police)
    with pytest.raises(Refused) as refused:
        do_choose_device(roles.police, issued.pk, carries=Carries.APP, reason="полиция решила", free_charger_given=True)
    assert refused.value.code is Code.NOT_PERMITTED
    choice = do_choose_device(
        roles.probation, issued.pk, carries=Carries.BRACELET, reason="риск высокий", free_charger_given=True
    )
    assert (choice.threat, choice.chosen_by) == ("high", roles.probation)
    chosen = next(one for one in clocks_of(order_for(roles.police, issued.pk)) if one.kind is DutyKind.CHOOSE_DEVICE)
    assert chosen.done_at == choice.chosen_at


def test_an_exemption_forbids_the_bracelet_and_a_charger_is_free(roles: Cast) -> None:
    issued = order(roles.police)
    for changed, field in (
        ({"exemption": Exemption.PACEMAKER, "exemption_reason": "справка кардиолога"}, "carries"),
        ({"exemption": Exemption.SKIN}, "exemption_reason"),
        ({"free_charger_given": False}, "free_charger_given"),
    ):
        values: dict[str, Any] = {"carries": Carries.BRACELET, "reason": "риск высокий", "free_charger_given": True}
        with pytest.raises(Refused) as refused:
            do_choose_device(roles.probation, issued.pk, **(values | changed))
        assert refused.value.fields[0].field == field
    assert DeviceChoice.objects.count() == 0
    do_choose_device(
        roles.probation, issued.pk, carries=Carries.APP, reason="браслет нельзя", exemption=Exemption.PACEMAKER,
        exemption_reason="справка кардиолога", free_charger_given=True,
    )  # fmt: skip


def test_she_hears_every_limit_or_it_was_not_told(database: Database, roles: Cast) -> None:
    issued = order(roles.police)
    her = issued.protected_persons.get().pk
    with pytest.raises(Refused) as refused:
        do_tell_limits(
            roles.probation, issued.pk, person=her, limits=[Limit.DEVICE_MAY_FAIL], language="ky",
            carries_device=Stated.YES,
        )  # fmt: skip
    assert refused.value.fields[0].field == "limits"
    do_tell_limits(roles.probation, issued.pk, person=her, limits=list(Limit), language="uz", carries_device=Stated.NO)
    assert witnesses(database)[-1][0] == "limits_told"


def test_a_loss_outside_his_will_is_recorded_with_its_time(roles: Cast) -> None:
    issued = order(roles.police)
    began = clock.now() - timedelta(hours=6)
    loss = do_record_loss(
        roles.operator,
        issued.pk,
        cause=LossCause.HOSPITAL,
        from_at=began,
        until_at=None,
        note="палата без сети",
    )
    assert (loss.cause, loss.until_at) == ("hospital", None)
    with pytest.raises(Refused) as refused:
        do_record_loss(
            roles.operator, issued.pk, cause=LossCause.NO_POWER, from_at=began, until_at=began, note="нет света"
        )
    assert refused.value.fields[0].field == "until_at"
    with pytest.raises(NotFound):
        do_record_loss(
            roles.police_elsewhere, issued.pk, cause=LossCause.NO_POWER, from_at=began, until_at=None, note="нет света"
        )
