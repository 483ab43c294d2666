"""A device's health is told with its figures, the worst first; what is not known is said to be unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.database import Role as DatabaseRole
from aralyk.devices.coverage import coverage_for
from aralyk.devices.health import Health, Word, health_for, last_discharge, time_to_empty
from aralyk.devices.listing import list_devices
from aralyk.devices.queries import places_for
from aralyk.tracking import log
from aralyk.tracking.health import Projector
from aralyk.tracking.log import Lane
from tests.conftest import Database
from tests.orders.cast import Cast, bracelet, equip, heard, order

BRACELET = "860000000000017"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def say(database: Database, *, ago_s: float, device: str = BRACELET, **said: Any) -> None:
    at = clock.now() - timedelta(seconds=ago_s)
    line = log.frame_line(
        raw=b"x", lane=Lane.POSITION, messages=[{"fixed_at": clock.iso(at)} | said], protocol="r16h",
        received_at_us=clock.to_us(at), device=device,
    )  # fmt: skip
    with database.connect(DatabaseRole.GATEWAY) as connection, connection.cursor() as cursor:
        log.append(cursor, stream="position/g1", lines=[line], received_at=at, by="system:gateway")


def project(database: Database) -> None:
    with database.connect(DatabaseRole.SEQUENCER, autocommit=True) as connection:
        Projector(connection).follow(now=clock.now())


def found(roles: Cast) -> Health:
    places = places_for(roles.operator, device_id=BRACELET)
    return health_for(roles.operator, BRACELET, place=places[0] if places else None)


@pytest.fixture
def carried(database: Database, roles: Cast) -> None:
    case = order(roles.police)
    bracelet(roles.probation)
    equip(roles.probation, case, device=BRACELET)
    heard(database, BRACELET, lat=42.87, lon=74.61, strap="locked")


def test_the_interval_kept_is_the_middle_gap_and_the_share_of_late_ones(
    database: Database, roles: Cast, carried: None
) -> None:
    for ago_s in (600, 540, 480, 420, 300, 240):
        say(database, ago_s=ago_s, lat=42.87, lon=74.61, source="gnss", accuracy_m=7.0)
    project(database)
    health = found(roles)
    assert health.keeping.interval_median_s == 60
    assert health.keeping.late_share == pytest.approx(0.2)
    assert (health.keeping.fixes, health.keeping.coarse_share, health.keeping.accuracy_median_m) == (6, 0.0, 7.0)
    assert (health.word, health.trust) == (Word.WELL, "imei")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"sent_at": "2020-01-01T00:00:00Z"}, Word.CLOCK_WRONG),
        ({"source": "network", "accuracy_m": 1500.0}, Word.POOR_PLACES),
        ({"valid": False}, Word.POOR_PLACES),
        ({}, Word.WELL),
    ],
)
def test_the_word_is_the_worst_that_holds(
    database: Database, roles: Cast, carried: None, said: dict[str, Any], word: Word
) -> None:
    for ago_s in (180, 120, 60):
        say(database, ago_s=ago_s, lat=42.87, lon=74.61, **said)
    project(database)
    assert found(roles).word is word
    (listed,) = list_devices(roles.operator).devices
    assert listed.word is word
    assert listed.figure == pytest.approx(found(roles).figure)


def test_a_device_that_nobody_heard_is_silent_and_one_without_a_day_is_unknown(
    database: Database, roles: Cast, carried: None
) -> None:
    assert found(roles).word is Word.UNKNOWN
    later = clock.now() + timedelta(minutes=10)
    (place,) = places_for(roles.operator, at=later)
    assert health_for(roles.operator, BRACELET, place=place, at=later).word is Word.SILENT
    assert health_for(roles.operator, BRACELET, place=None).word is Word.SILENT


def test_an_open_strap_stands_before_everything_but_silence(database: Database, roles: Cast, carried: None) -> None:
    heard(database, BRACELET, lat=42.87, lon=74.61, strap="open")
    say(database, ago_s=60, strap="open", sent_at="2020-01-01T00:00:00Z")
    project(database)
    health = found(roles)
    assert health.word is Word.STRAP_OPEN
    assert [strap for _, strap in health.straps] == ["open"]


def test_health_is_seen_by_those_who_see_the_device(database: Database, roles: Cast, carried: None) -> None:
    for user in (roles.police_elsewhere, roles.administrator):
        with pytest.raises(NotFound):
            health_for(user, BRACELET, place=None)


def falling(*percents: float, minutes: int = 30) -> list[tuple[datetime, int]]:
    return [(NOON + timedelta(minutes=minutes * i), round(pct)) for i, pct in enumerate(percents)]


def test_a_battery_that_lost_ten_percent_an_hour_is_empty_when_the_line_says_so() -> None:
    curve = falling(80, 75, 70, 65, 60)
    left = time_to_empty(curve, at=curve[-1][0])
    assert left is not None
    assert abs(left - timedelta(hours=6)) < timedelta(minutes=2)


def test_one_wild_reading_does_not_move_the_line() -> None:
    honest, wild = falling(80, 75, 70, 65, 60, 55, 50), falling(80, 75, 70, 68, 60, 55, 50)
    at = honest[-1][0]
    one, other = time_to_empty(honest, at=at), time_to_empty(wild, at=at)
    assert one is not None
    assert other is not None
    assert abs(one - other) < timedelta(minutes=20)


def test_only_what_followed_the_last_charge_counts() -> None:
    curve = falling(30, 20, 90, 88, 89, 80, 75, 70)
    assert [pct for _, pct in last_discharge(curve)] == [90, 88, 89, 80, 75, 70]


@pytest.mark.parametrize("percents", [(), (80,), (80, 80, 80, 80), (80, 79, 80, 79), (50, 60, 70, 80)])
def test_without_a_discharge_nothing_is_foretold(percents: tuple[int, ...]) -> None:
    assert time_to_empty(falling(*percents), at=NOON) is None


@given(st.lists(st.integers(0, 100), max_size=60), st.integers(1, 600))
def test_whatever_a_battery_says_the_time_left_is_never_negative(percents: list[int], minutes: int) -> None:
    curve = falling(*percents, minutes=minutes)
    left = time_to_empty(curve, at=curve[-1][0] if curve else NOON)
    assert left is None or left >= timedelta(0)


def test_hours_at_which_it_charges_are_found_by_its_word_and_by_a_rise(
    database: Database, roles: Cast, carried: None
) -> None:
    for days in (1, 2, 3):
        say(database, ago_s=days * 86_400, charging=True, battery_pct=60)
    project(database)
    local = (clock.now() - timedelta(days=1)).astimezone(_zone())
    assert found(roles).battery.charging_hours == (local.hour,)


def test_a_cell_shows_only_when_three_carriers_were_in_it(database: Database, roles: Cast) -> None:
    ids = ["860000000000017", "860000000000025", "860000000000033"]
    for number, device in enumerate(ids, 1):
        case = order(roles.police)
        bracelet(roles.probation, device)
        equip(roles.probation, case, device=device)
        for ago_s in (-60, -120, -300):
            say(database, ago_s=ago_s, device=device, lat=42.8701, lon=74.6101, source="gnss", extra={"rssi": -70})
        project(database)
        assert len(coverage_for(roles.operator)) == (1 if number == 3 else 0)
    (cell,) = coverage_for(roles.operator)
    assert (cell.devices, cell.gnss_share, cell.signal) == (3, 1.0, -70.0)
    assert cell.share == pytest.approx(9 / 15, abs=0.001)
    with pytest.raises(Refused) as refused:
        coverage_for(roles.administrator)
    assert refused.value.code is Code.NOT_PERMITTED


def _zone() -> Any:
    from django.utils import timezone

    return timezone.get_current_timezone()
