"""The pilot as a newcomer sees it: seeded, moved at 60x through the real gateway, answered by the monitor."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.simulator import fitted
from tests.conftest import Database
from tests.e2e.running_platform import RunningPlatform, running_platform

pytestmark = pytest.mark.slow

STARTS_AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
SPEED = 60
CITY_MINUTES = 11  # the script's last fault ends after 585 s


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """What the platform holds after the script's first minutes."""

    home: Path
    began_at: datetime
    incidents: list[dict[str, Any]]
    fixes: int
    quarantined: int
    seeded_again: dict[str, Any]
    orders: int

    def of(self, pair: int, *kinds: str) -> list[dict[str, Any]]:
        return [one for one in self.incidents if one["pair"] == pair and one["kind"] in kinds]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="aralyk-pilot-") as directory:
        yield Path(directory)


@pytest.fixture
def morning(database: Database, home: Path) -> Iterator[Morning]:
    """Seed twice, run the city for some minutes, read everything."""
    doors: dict[str, dict[str, object]] = {"gateway": {"http_port": 0, "r16h_port": 0}}
    names = ("jobs", "monitor", "gateway")
    with running_platform(home, starts_at=STARTS_AT, speed=SPEED, names=names, settings=doors) as platform:
        seed(platform)
        seeded_again = seed(platform)
        platform.wait_until_judged(database)
        began_at = start_city(platform)
        platform.wait_until(began_at + timedelta(minutes=CITY_MINUTES))
        platform.wait_until_judged(database)
        yield read(database, home, began_at=began_at, seeded_again=seeded_again)


def seed(platform: RunningPlatform) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(platform.command("seed").stdout)
    return said


def start_city(platform: RunningPlatform) -> datetime:
    beat = platform.detail_of("gateway")
    platform.start(
        "simulator",
        phones_url=f"http://127.0.0.1:{beat['http_port']}/osmand",
        bracelets_address=f"127.0.0.1:{beat['r16h_port']}",
    )
    origin = json.loads((platform.home / "simulator" / "origin.json").read_text())
    return clock.from_us(origin["origin_us"])


def read(database: Database, home: Path, *, began_at: datetime, seeded_again: dict[str, Any]) -> Morning:
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute(
            "SELECT split_part(split_part(o.number, '-', 2), '/', 1)::int, i.kind, i.worst_priority, i.status,"
            " i.late, i.episode_open, i.raised_at, i.occurred_at, i.decision->>'who_approached',"
            " (SELECT jsonb_agg(d.body) FROM (SELECT convert_from(body, 'UTF8')::jsonb AS body FROM decision"
            "   WHERE incident_key = i.engine_key ORDER BY step, ordinal) d)"
            " FROM incidents_incident i JOIN orders_order o ON o.id = i.order_id ORDER BY i.number"
        ).fetchall()
        (fixes,) = connection.execute("SELECT count(*) FROM fix").fetchone() or (0,)
        (quarantined,) = connection.execute("SELECT count(*) FROM quarantine").fetchone() or (0,)
        (orders,) = connection.execute("SELECT count(*) FROM orders_order WHERE synthetic").fetchone() or (0,)
    names = ("pair", "kind", "worst", "status", "late", "open", "raised_at", "occurred_at", "who", "decisions")
    incidents = [dict(zip(names, row, strict=True)) for row in rows]
    return Morning(
        home=home,
        began_at=began_at,
        incidents=incidents,
        fixes=fixes,
        quarantined=quarantined,
        seeded_again=seeded_again,
        orders=orders,
    )


def test_the_pilot_plays_its_script_through_the_gateway(morning: Morning) -> None:
    """One run, many things seen: a run takes twenty seconds."""
    assert morning.orders == 18
    assert morning.seeded_again["orders"] == 18, "seeding again adds nothing"
    assert morning.fixes > 36 * CITY_MINUTES * 60 / 15 * 0.8
    assert morning.quarantined == 0, "what our own encoders write, our gateway reads"
    secrets = fitted.path_in(morning.home)
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert json.loads((morning.home / "ground.geojson").read_text())["synthetic"] is True
    the_first_approach(morning)
    the_faults(morning)
    the_chance_meeting(morning)
    the_late_buffer(morning)


def the_first_approach(morning: Morning) -> None:
    ring = morning.of(1, "warning_ring", "proximity")[0]
    # By the time of the fixes: at 60x a busy machine's second is a minute of everything that follows them.
    after_s = (ring["occurred_at"] - morning.began_at).total_seconds()
    assert 10 <= after_s <= 80, f"the first approach occurred after {after_s:.0f} s"
    within = next(one for one in ring["decisions"] if one["kind"] != "approach")
    within_s = (clock.parse_iso(within["occurred_at"]) - morning.began_at).total_seconds()
    assert 40 <= within_s <= 110, f"he was within the warning ring after {within_s:.0f} s"
    assert ring["worst"] == 1
    assert within["who_approached"] == "respondent"


def the_faults(morning: Morning) -> None:
    (tamper,) = morning.of(2, "tamper")
    assert (tamper["worst"], tamper["open"]) == (1, True)
    (panic,) = morning.of(8, "panic")
    assert panic["worst"] == 1
    silence = [one for one in morning.of(10, "silence") if one["open"]]
    assert silence, "a dead phone stays an open silence"


def the_chance_meeting(morning: Morning) -> None:
    meeting = morning.of(7, "warning_ring", "proximity")[0]
    assert meeting["decisions"][0]["who_approached"] == "protected"
    assert "proximity" in {decision["kind"] for decision in meeting["decisions"]}


def the_late_buffer(morning: Morning) -> None:
    late = [one for one in morning.of(9, "warning_ring", "proximity", "exclusion_zone") if one["late"]]
    assert late, "what happened without network is raised as late"
    for one in late:
        assert one["occurred_at"] < morning.began_at + timedelta(seconds=585 - 120)
