"""Devices are registered, given and taken with a reason; the engine hears of each change; places have ages."""

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.database import Role as DatabaseRole
from aralyk.devices import keys
from aralyk.devices.actions import (
    do_assign_device,
    do_bind_device,
    do_register_device,
    do_set_device_active,
    do_unassign_device,
)
from aralyk.devices.models import Device, DeviceKind, Party
from aralyk.devices.queries import assignments_for, device_for, devices_for, places_for, trails_for
from aralyk.orders.actions import do_end_order
from aralyk.orders.queries import order_for, version_of
from tests.conftest import Database
from tests.orders.cast import RULING, Cast, bracelet, controls, equip, heard, order, phone, witnesses

REASON = "выбрано комиссией"
BRACELET, PHONE = "860000000000017", "phone-0001"


def test_a_phones_secret_is_shown_once_and_kept_as_its_hash(database: Database, roles: Cast) -> None:
    made = do_register_device(roles.probation, device_id=PHONE, kind=DeviceKind.PHONE, protocol="osmand", interval_s=60)
    assert made.secret is not None
    assert len(made.secret) == 32
    assert made.secret not in repr(made)
    stored = Device.objects.get(pk=PHONE)
    assert bytes(stored.secret_hash or b"") == hashlib.sha256(made.secret.encode()).digest()
    kind, subject, by, data = witnesses(database)[-1]
    assert (kind, subject, by) == ("device_registered", f"device:{PHONE}", f"user:{roles.probation.pk}")
    assert made.secret not in str(data)


def test_a_bracelet_has_no_secret_of_ours_and_says_so(roles: Cast) -> None:
    made = bracelet(roles.probation)
    assert made.secret_hash is None
    assert made.trust == "imei"


def test_a_tracker_bound_to_a_network_says_so_and_can_be_bound_to_another(database: Database, roles: Cast) -> None:
    made = do_register_device(
        roles.probation, device_id=BRACELET, kind=DeviceKind.BRACELET, protocol="gt06", interval_s=60,
        networks=["10.20.0.0/16", "fd00::/8"],
    ).device  # fmt: skip
    assert (made.networks, made.trust) == ("10.20.0.0/16,fd00::/8", "network")
    changed = do_bind_device(roles.probation, BRACELET, networks=[], reason=REASON)
    assert (changed.networks, changed.trust) == ("", "imei")
    kind, subject, _, data = witnesses(database)[-1]
    assert (kind, subject, data["networks"]) == ("device_changed", f"device:{BRACELET}", "")
    with pytest.raises(Refused):
        do_bind_device(roles.operator, BRACELET, networks=[], reason=REASON)
    with pytest.raises(Refused):
        do_bind_device(roles.probation, BRACELET, networks=["10.20.0.1/16"], reason=REASON)


def test_a_devices_own_key_is_in_the_database_only_sealed(
    database: Database, roles: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    do_register_device(
        roles.probation, device_id=PHONE, kind=DeviceKind.PHONE, protocol="owntracks", interval_s=60, key=b"secret word"
    )
    sealed = bytes(Device.objects.get(pk=PHONE).key or b"")
    assert b"secret word" not in sealed
    assert keys.open_sealed(sealed, device_id=PHONE) == b"secret word"
    assert "secret word" not in str(witnesses(database)[-1])
    for device_id, content in ((BRACELET, sealed), (PHONE, sealed[:-1] + b"x"), (PHONE, b"")):
        with pytest.raises(keys.DeviceKeyUnreadable):
            keys.open_sealed(content, device_id=device_id)
    (tmp_path / keys.KEY_FILE).chmod(0o644)
    with pytest.raises(keys.DeviceKeyUnreadable, match="may be read by others"):
        keys.open_sealed(sealed, device_id=PHONE)


def test_the_gateways_are_woken_when_the_registry_changes(database: Database, roles: Cast) -> None:
    with database.connect(DatabaseRole.GATEWAY, autocommit=True) as connection:
        connection.execute("LISTEN devices")
        phone(roles.probation)
        heard_of = [notice.payload for notice in connection.notifies(timeout=10, stop_after=1)]
    assert heard_of == [PHONE]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"device_id": "a b"}, "device_id"),
        ({"device_id": "абвг"}, "device_id"),
        ({"protocol": "carrier-pigeon"}, "protocol"),
        ({"interval_s": 1}, "interval_s"),
        ({"interval_s": 4000}, "interval_s"),
        ({"model": "m" * 65}, "model"),
        ({"networks": ["everywhere"]}, "networks"),
        ({"networks": ["10.0.0.0/8"] * 9}, "networks"),
        ({"key": b""}, "key"),
    ],
)
def test_a_bad_device_is_refused_by_naming_its_field(roles: Cast, changed: dict[str, object], field: str) -> None:
    values = {"device_id": PHONE, "kind": DeviceKind.PHONE, "protocol": "osmand", "interval_s": 60} | changed
    with pytest.raises(Refused) as refused:
        do_register_device(roles.probation, **values)  # type: ignore[arg-type]
    assert refused.value.fields[0].field == field


def test_a_device_is_registered_once_and_only_by_those_who_manage_devices(roles: Cast) -> None:
    phone(roles.probation)
    with pytest.raises(Refused) as refused:
        phone(roles.supervisor)
    assert refused.value.code is Code.DEVICE_KNOWN
    for user in (roles.operator, roles.police, roles.prosecutor, roles.administrator):
        with pytest.raises(Refused) as refused:
            phone(user, "phone-0002")
        assert refused.value.code is Code.NOT_PERMITTED


def test_giving_a_device_makes_a_new_version_and_tells_the_engine(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    before = len(witnesses(database))
    equip(roles.probation, case, device=BRACELET)
    (kind, subject, by, data), drawn = witnesses(database)[before:]
    assert drawn[:2] == ("contacts_drawn", f"order:{case.pk}")  # the moments at which he may be written to
    assert (kind, subject, by) == ("device_assigned", f"device:{BRACELET}", f"user:{roles.probation.pk}")
    assert data["version"] == 2
    spec = version_of(order_for(roles.police, case.pk)).spec
    assert spec["respondent"]["devices"] == [{"id": BRACELET, "kind": "bracelet", "interval_s": 60}]
    assert controls(database)[-1] == {"type": "order", "order": spec, "version": 2}


def test_a_device_for_her_stands_on_her_side_of_the_order(roles: Cast) -> None:
    case = order(roles.police)
    phone(roles.probation)
    equip(roles.probation, case, device=PHONE, party=Party.PROTECTED)
    spec = version_of(order_for(roles.police, case.pk)).spec
    assert spec["respondent"]["devices"] == []
    assert [device["id"] for device in spec["protected"][0]["devices"]] == [PHONE]


def test_two_people_never_carry_one_device(roles: Cast) -> None:
    case, other = order(roles.police), order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    for again in (case, other):
        with pytest.raises(Refused) as refused:
            equip(roles.probation, again, device=BRACELET)
        assert refused.value.code is Code.DEVICE_CARRIED


def test_her_one_phone_serves_two_orders(roles: Cast) -> None:
    case = order(roles.police)
    her = case.protected_persons.get().pk
    other = order(roles.police, protected_persons=(her,))
    phone(roles.probation)
    for found in (case, other):
        equip(roles.probation, found, device=PHONE, party=Party.PROTECTED)
    assert {place.order for place in places_for(roles.operator)} == {case.pk, other.pk}


def test_a_device_is_given_only_to_a_person_of_the_order_by_those_who_see_it(roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    for person, party in ((uuid4(), Party.RESPONDENT), (case.respondent_id, Party.PROTECTED)):
        with pytest.raises(NotFound):
            do_assign_device(
                roles.probation, device_id=BRACELET, order_id=case.pk, party=party, person=person, reason=REASON
            )
    with pytest.raises(NotFound):
        equip(roles.probation, case, device="unknown-device")
    roles.probation.districts = ["bishkek_leninsky"]
    with pytest.raises(NotFound):
        equip(roles.probation, case, device=BRACELET)


def test_a_device_taken_back_leaves_the_order_and_can_be_given_again(database: Database, roles: Cast) -> None:
    case, other = order(roles.police), order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    do_unassign_device(roles.probation, device_id=BRACELET, order_id=case.pk, reason="замена")
    assert controls(database)[-1]["order"]["respondent"]["devices"] == []
    equip(roles.probation, other, device=BRACELET)
    carried = [(row.order_id, row.until is None) for row in assignments_for(roles.probation, BRACELET)]
    assert carried == [(other.pk, True), (case.pk, False)]
    with pytest.raises(Refused) as refused:
        do_unassign_device(roles.probation, device_id=BRACELET, order_id=case.pk, reason="ещё раз")
    assert refused.value.code is Code.DEVICE_NOT_CARRIED


def test_taking_a_device_back_after_the_end_does_not_wake_the_order(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    do_end_order(roles.police, case.pk, reason="решение суда", act=RULING)
    do_unassign_device(roles.probation, device_id=BRACELET, order_id=case.pk, reason="сдан")
    assert controls(database)[-1]["type"] == "order_ended"
    assert witnesses(database)[-1][0] == "device_unassigned"
    with pytest.raises(Refused) as refused:
        equip(roles.probation, case, device=BRACELET)
    assert refused.value.code is Code.ORDER_ENDED


def test_a_lost_device_is_refused_only_when_nobody_carries_it(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    with pytest.raises(Refused) as refused:
        do_set_device_active(roles.probation, BRACELET, active=False, reason="утерян")
    assert refused.value.code is Code.DEVICE_CARRIED
    do_unassign_device(roles.probation, device_id=BRACELET, order_id=case.pk, reason="утерян")
    assert not do_set_device_active(roles.probation, BRACELET, active=False, reason="утерян").active
    assert witnesses(database)[-1][0] == "device_changed"
    with pytest.raises(NotFound):
        equip(roles.probation, case, device=BRACELET)


def test_who_sees_which_devices(roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    seen = {
        user.username: [device.pk for device in devices_for(user)]
        for user in (roles.operator, roles.supervisor, roles.police, roles.probation, roles.prosecutor,
                     roles.police_elsewhere, roles.administrator)
    }  # fmt: skip
    assert seen == {
        "operator": [BRACELET], "supervisor": [BRACELET, PHONE], "police": [BRACELET],
        "probation": [BRACELET, PHONE], "prosecutor": [BRACELET], "police_elsewhere": [], "administrator": [],
    }  # fmt: skip
    with pytest.raises(NotFound):
        device_for(roles.police_elsewhere, BRACELET)


def test_a_place_has_its_age_and_hers_shows_only_to_those_who_watch(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    equip(roles.probation, case, device=PHONE, party=Party.PROTECTED)
    heard(database, BRACELET, lat=42.87, lon=74.61, strap="locked")
    heard(database, PHONE, lat=42.88, lon=74.62)
    his, hers = places_for(roles.operator)
    assert (his.device, his.label, his.strap, his.silent) == (BRACELET, "Синтетический Бакыт", "locked", False)
    assert (hers.lat, hers.lon, hers.rings, hers.withheld) == (42.88, 74.62, ((500.0, 1200.0),), False)
    assert his.fix_age_s is not None
    assert 9 <= his.fix_age_s < 60
    for user in (roles.police, roles.probation, roles.prosecutor):
        his, hers = places_for(user)
        assert his.lat == 42.87
        assert (hers.lat, hers.lon, hers.accuracy_m, hers.rings, hers.withheld) == (None, None, None, (), True)
        assert hers.fix_age_s is not None
    assert places_for(roles.police_elsewhere) == []
    assert places_for(roles.administrator) == []


def test_a_device_given_to_another_person_does_not_show_where_its_last_carrier_was(
    database: Database, roles: Cast
) -> None:
    before, after = order(roles.police), order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, before, device=BRACELET)
    heard(database, BRACELET, lat=42.87, lon=74.61)
    do_unassign_device(roles.probation, device_id=BRACELET, order_id=before.pk, reason="снят")
    equip(roles.probation, after, device=BRACELET)
    (place,) = places_for(roles.operator)
    assert (place.order, place.lat, place.heard_at, place.silent) == (after.pk, None, None, True)


def test_a_device_never_heard_or_not_for_three_intervals_is_silent(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    (never,) = places_for(roles.operator)
    assert never.silent
    assert never.fix_age_s is None
    heard(database, BRACELET, lat=42.87, lon=74.61)
    assert not places_for(roles.operator)[0].silent
    assert places_for(roles.operator, at=clock.now() + timedelta(seconds=190))[0].silent


def test_an_ended_order_leaves_the_map(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    do_end_order(roles.police, case.pk, reason="решение суда", act=RULING)
    assert places_for(roles.operator) == []


def test_a_trail_holds_valid_places_of_the_time_it_was_carried_in_order(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    phone(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    equip(roles.probation, case, device=PHONE, party=Party.PROTECTED)
    start = clock.now()
    for device, second, valid in ((BRACELET, 2, True), (BRACELET, 1, True), (BRACELET, 3, False),
                                  (BRACELET, -60, True), (PHONE, 1, True)):  # fmt: skip
        fix(database, device, start + timedelta(seconds=second), valid=valid)
    window = {"since": start - timedelta(hours=1), "until": start + timedelta(hours=1)}
    his, hers = trails_for(roles.operator, case.pk, **window)
    assert [round((point.fixed_at - start).total_seconds()) for point in his.points] == [1, 2]
    assert len(hers.points) == 1
    assert [trail.device for trail in trails_for(roles.police, case.pk, **window)] == [BRACELET]
    with pytest.raises(NotFound):
        trails_for(roles.police_elsewhere, case.pk, **window)


def fix(database: Database, device: str, at: object, *, valid: bool) -> None:
    with database.connect(DatabaseRole.MONITOR) as connection:
        connection.execute(
            "INSERT INTO fix (device, fixed_at, content_hash, received_at, lat, lon, valid, accuracy_m, source, stream,"
            " seq, late) VALUES (%s, %s, %s, %s, 42.87, 74.61, %s, 8, 'gnss', 'position/g1', 1, false)",
            (device, at, uuid4().bytes, at, valid),
        )
