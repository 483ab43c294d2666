"""Bringing the pilot in, again, after months, and after a loss."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from aralyk import clock
from aralyk.access.models import User
from aralyk.clock import Pace
from aralyk.database import Role
from aralyk.devices.models import Assignment, Device
from aralyk.jurisdictions.values import DeskKind
from aralyk.orders.models import Condition, Order
from aralyk.people.models import ProtectedPerson, Respondent
from aralyk.roster.queries import duty_at, gaps_ahead
from aralyk.simulator import fitted, roster
from aralyk.simulator.pilot import Wire
from aralyk.simulator.roster import DEMO_PASSWORD
from aralyk.simulator.seed import SeedRefused, seed
from aralyk.simulator.world import World
from tests.conftest import Database


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    return tmp_path


def carried_now() -> set[tuple[str, str]]:
    return {(a.device_id, str(a.order_id)) for a in Assignment.objects.filter(until__isnull=True)}


def test_the_pilot_is_18_orders_whose_people_and_devices_are_all_synthetic(database: Database, home: Path) -> None:
    told: list[tuple[int, int]] = []
    seeded = seed(home=home, profile="demo", progress=lambda done, of: told.append((done, of)))
    assert (seeded.orders, seeded.issued) == (18, 18)
    assert told[-1] == (18, 18)
    for model in (Order, Respondent, ProtectedPerson, Device):
        assert model.objects.exists()
        assert not model.objects.filter(synthetic=False).exists(), model
    assert Device.objects.filter(kind="bracelet").count() == 6
    assert len(carried_now()) == 36
    assert {order.district for order in Order.objects.all()} == set(roster.DISTRICT_OF_SIDE.values())
    kinds = set(Condition.objects.values_list("kind", flat=True))
    assert {"proximity", "exclusion_zone", "no_contact"} <= kinds
    operator = User.objects.get(username="operator")
    assert operator.check_password(DEMO_PASSWORD)
    assert len(seeded.accounts) == 6


def test_the_simulator_can_read_what_it_needs_and_nobody_else_can(database: Database, home: Path) -> None:
    seed(home=home, profile="test")
    assert fitted.path_in(home).stat().st_mode & 0o777 == 0o600
    fitting = fitted.read(home)
    assert fitting is not None
    assert {worn.person for worn in fitting.devices} == set(World(fitting.seed).people)
    assert all((worn.secret is None) == (worn.wire is Wire.R16H) for worn in fitting.devices)
    imeis = [worn.device for worn in fitting.devices if worn.wire is Wire.R16H]
    assert all(len(imei) == 15 and imei.startswith("00") for imei in imeis), "the range that is kept for tests"


def test_no_name_and_no_secret_stands_in_the_evidence(database: Database, home: Path) -> None:
    seed(home=home, profile="test")
    fitting = fitted.read(home)
    assert fitting is not None
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute("SELECT convert_from(body, 'UTF8') FROM evidence_entry").fetchall()
    text = "\n".join(row[0] for row in rows)
    assert len(rows) > 18 * 6
    for number in range(1, 19):
        assert roster.respondent_name(number) not in text
        assert roster.protected_name(number) not in text
        assert roster.phone_number(number) not in text
    for worn in fitting.devices:
        assert worn.secret is None or worn.secret not in text


def test_every_desk_of_the_pilot_is_manned_has_answered_and_has_nobody_missing_tomorrow(
    database: Database, home: Path
) -> None:
    seed(home=home, profile="test")
    manned = duty_at(clock.now()).desks
    assert {desk.desk.kind for desk in manned} == set(DeskKind)
    assert all(desk.is_ready for desk in manned)
    assert gaps_ahead(clock.now()) == {}


def test_seeding_again_changes_nothing(database: Database, home: Path) -> None:
    seed(home=home, profile="test")
    before = (carried_now(), fitted.path_in(home).read_bytes(), entries(database))
    again = seed(home=home, profile="test")
    assert (again.orders, again.issued) == (18, 0)
    assert (carried_now(), fitted.path_in(home).read_bytes(), entries(database)) == before


def entries(database: Database) -> int:
    with database.connect(Role.OWNER) as connection:
        row = connection.execute("SELECT count(*) FROM evidence_entry").fetchone()
    assert row is not None
    return int(row[0])


def test_after_the_orders_have_ended_new_ones_follow_for_the_same_people_and_devices(
    database: Database, home: Path
) -> None:
    seed(home=home, profile="test")
    people, devices = set(Order.objects.values_list("respondent", flat=True)), {device for device, _ in carried_now()}
    now_s = clock.now().timestamp()
    clock.follow(Pace(real_s=now_s, start_s=now_s + timedelta(days=200).total_seconds(), speed=1.0))
    try:
        again = seed(home=home, profile="test")
        assert again.issued == 18
        live = Order.objects.filter(expires_at__gt=clock.now(), ended_at__isnull=True)
        assert live.count() == 18
        assert set(live.values_list("respondent", flat=True)) == people
        assert {device for device, _ in carried_now()} == devices
        assert {order for _, order in carried_now()} == {str(order.pk) for order in live}
        assert Order.objects.count() == 36, "the old ones stay"
    finally:
        clock.follow(Pace(real_s=now_s, start_s=now_s, speed=1.0))


def test_a_phone_whose_secret_was_lost_is_replaced(database: Database, home: Path) -> None:
    seed(home=home, profile="test")
    path = fitted.path_in(home)
    kept = json.loads(path.read_text())
    lost = next(worn for worn in kept["devices"] if worn["secret"])
    kept["devices"].remove(lost)
    path.write_text(json.dumps(kept))
    seed(home=home, profile="test")
    fitting = fitted.read(home)
    assert fitting is not None
    (found,) = [worn for worn in fitting.devices if worn.person == lost["person"]]
    assert found.device != lost["device"]
    assert lost["device"] not in {device for device, _ in carried_now()}
    assert len(carried_now()) == 36


def test_a_production_installation_and_another_city_are_refused(database: Database, home: Path) -> None:
    with pytest.raises(SeedRefused, match="production"):
        seed(home=home, profile="production")
    assert not User.objects.exists()
    seed(home=home, profile="test", number=5)
    with pytest.raises(SeedRefused, match="seeded with 5"):
        seed(home=home, profile="test", number=6)


def test_names_are_invented_and_differ_between_pairs() -> None:
    names = [roster.respondent_name(n) for n in range(1, 19)] + [roster.protected_name(n) for n in range(1, 19)]
    assert len(set(names)) == 36
    surnames = {name.split()[0] for name in names}
    assert all(
        surname.startswith(("Вымышлен", "Пример", "Образц", "Макет", "Учебн", "Үлгү", "Көнүгүү", "Сынамык", "Модел"))
        for surname in surnames
    )
