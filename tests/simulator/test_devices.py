"""The simulator's process from outside: what its devices say on the wire, and what they do when nobody answers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from aralyk import clock
from aralyk.protocols import registry
from aralyk.protocols.codec import HttpRequest, Session
from aralyk.protocols.messages import Alarm, Message, Strap
from aralyk.simulator import fitted
from aralyk.simulator.city import Spot
from aralyk.simulator.fitted import Fitted, Fitting
from aralyk.simulator.pilot import Pair, Wire
from aralyk.simulator.world import World
from tests.simulator.gateway_double import Heard, Listener

SOURCE = Path(__file__).resolve().parents[2] / "src"
SEED = 4
SPEED = 120
START = datetime(2026, 11, 21, 3, tzinfo=UTC)
PAIRS = (2, 3, 7, 8, 9, 10)
INTERVAL_S = 15
ENDS_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record that a device sent, as the codec reads it."""

    since_s: float
    message: Message
    status: int
    place_in_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Everything that was heard of one run, by person."""

    home: Path
    world: World
    records: dict[str, list[Record]]
    links: set[str]
    exit_code: int

    def accepted(self, person: str) -> list[Record]:
        return [record for record in self.records[person] if record.status == 200]


def worn(pair: Pair, *, respondent: bool) -> Fitted:
    wire = pair.respondent_wire if respondent else pair.protected_wire
    number = f"{1 if respondent else 2}{pair.number:02d}"
    return Fitted(
        person=pair.respondent.key if respondent else pair.protected.key,
        device=f"001019900{number}006" if wire is Wire.R16H else f"48{number}",
        wire=wire,
        interval_s=INTERVAL_S,
        secret=None if wire is Wire.R16H else f"secret-of-48{number}",
    )


def start(home: Path, listener: Listener, *, profile: str = "test") -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARALYK_")}
    environment |= {
        "PYTHONPATH": str(SOURCE),
        "ARALYK_PROFILE": profile,
        "ARALYK_HOME": str(home),
        "ARALYK_SIMULATOR_PHONES_URL": f"http://127.0.0.1:{listener.phones_port}/osmand",
        "ARALYK_SIMULATOR_BRACELETS_ADDRESS": f"127.0.0.1:{listener.bracelets_port}",
    }
    if profile != "production":
        environment["ARALYK_CLOCK_PACE"] = f"{time.time()} {START.timestamp()} {SPEED}"
    return subprocess.Popen([sys.executable, "-m", "aralyk.cli", "process", "simulator"], env=environment)


def wait_for(what: str, done: object, *, within_s: float = 60) -> None:
    assert callable(done)
    ends_s = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < ends_s, f"{what} did not come within {within_s} s"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """Fifteen minutes of the city at 120x: the server refuses at first, and is away for the bracelets once."""
    world = World(SEED)
    with tempfile.TemporaryDirectory() as directory, Listener(status=503) as listener:
        home = Path(directory)
        devices = [worn(world.pairs[number - 1], respondent=who) for number in PAIRS for who in (True, False)]
        fitted.write(home, Fitting(seed=SEED, devices=devices))
        process = start(home, listener)
        try:
            wait_for("a refused record", lambda: len(listener.requests) > 5)
            listener.status = 200
            origin_us = json.loads((home / "simulator" / "origin.json").read_text())["origin_us"]
            wait_for("both bracelets' hello", lambda: b"".join(listener.bracelet_bytes).count(b"@LINK") >= 2)
            listener.turn_bracelets_away()
            away_s = latest_s(listener, origin_us)
            wait_for("three intervals", lambda: latest_s(listener, origin_us) > away_s + 3 * INTERVAL_S)
            listener.welcome_bracelets()
            wait_for("the end of the morning", lambda: latest_s(listener, origin_us) > ENDS_S)
        finally:
            process.send_signal(signal.SIGTERM)
            exit_code = process.wait(30)
        records, links = read(listener, devices, origin_us)
        yield Day(home=home, world=world, records=records, links=links, exit_code=exit_code)


def latest_s(listener: Listener, origin_us: int) -> float:
    return max((since(message_of(heard), origin_us) for heard in listener.requests[-3:]), default=0)


def message_of(heard: Heard) -> Message:
    codec = registry()["osmand"]
    assert codec.frame_of_request is not None
    frame = codec.frame_of_request(HttpRequest(method="POST", target=heard.target.encode(), body=heard.body))
    (message,) = codec.decode(frame, Session()).messages
    return message


def since(message: Message, origin_us: int) -> float:
    at_us = message.fixed_at_us if message.fixed_at_us is not None else message.sent_at_us
    assert at_us is not None
    return (at_us - origin_us) / 1e6


def read(listener: Listener, devices: list[Fitted], origin_us: int) -> tuple[dict[str, list[Record]], set[str]]:
    people = {device.device: device.person for device in devices}
    records: dict[str, list[Record]] = {device.person: [] for device in devices}
    links = set()
    for line, heard in enumerate(listener.requests):
        message = message_of(heard)
        assert message.device_id is not None
        person = people[message.device_id]
        assert heard.target.split("?")[0] == f"/osmand/secret-of-{message.device_id}"
        records[person].append(
            Record(since_s=since(message, origin_us), message=message, status=heard.status, place_in_line=line)
        )
    codec = registry()["r16h"]
    assert codec.splitter is not None
    for frame in b"".join(listener.bracelet_bytes).split(b"$")[:-1]:
        decoded = codec.decode(frame, Session())
        assert decoded.device_id is not None
        links.add(people[decoded.device_id])
        for message in decoded.messages:
            records[people[decoded.device_id]].append(
                Record(since_s=since(message, origin_us), message=message, status=200, place_in_line=-1)
            )
    return records, links


def test_the_process_ends_when_told_to_and_said_that_it_lived(day: Day) -> None:
    assert day.exit_code == 0
    beat = json.loads((day.home / "run" / "simulator.heartbeat").read_text())
    assert beat["detail"]["told"] > 100


def test_a_refused_record_is_sent_again_before_any_newer_one(day: Day) -> None:
    refused = [(person, r) for person, records in day.records.items() for r in records if r.status == 503]
    assert refused
    for person, record in refused:
        later = [r for r in day.records[person] if r.place_in_line > record.place_in_line]
        assert later[0].since_s == record.since_s


def test_every_record_of_a_phone_arrives_once_in_its_order_and_none_is_missing(day: Day) -> None:
    phones = [key for key in day.records if day.accepted(key)[0].place_in_line >= 0]
    assert len(phones) == 10
    for person in phones:
        records = day.accepted(person)
        steps = [after.since_s - before.since_s for before, after in pairwise(records)]
        assert all(step > 0 for step in steps), person
        assert max(steps) <= INTERVAL_S + 2, f"{person} lost a record"


def test_what_a_phone_recorded_without_network_arrives_after_it_and_whole(day: Day) -> None:
    key = "respondent-09"
    (begins_s, ends_s), *_ = day.world.faults(key).offline
    lost = [r for r in day.accepted(key) if begins_s + 2 < r.since_s < ends_s - 2]
    assert len(lost) >= (ends_s - begins_s) / INTERVAL_S - 3
    others = [r for person, records in day.records.items() if person != key for r in records if r.since_s > ends_s - 60]
    nearly_over = min(r.place_in_line for r in others if r.place_in_line >= 0)
    assert all(r.place_in_line > nearly_over for r in lost)


def test_a_cut_strap_is_told_at_once_and_stays_open(day: Day) -> None:
    records = day.accepted("respondent-02")
    told = [r for r in records if Alarm.STRAP_OPEN in r.message.alarms]
    assert [round(r.since_s) for r in told] == [150]
    assert {r.message.strap for r in records if r.since_s < 149} == {Strap.LOCKED}
    assert {r.message.strap for r in records if r.since_s > 151} == {Strap.OPEN}


def test_bracelets_say_hello_and_keep_what_they_could_not_tell(day: Day) -> None:
    assert day.links == {"respondent-02", "respondent-03"}
    for person in sorted(day.links):
        stored = [r for r in day.accepted(person) if r.message.extra.get("stored")]
        assert stored, "the connection was cut: something must have been kept"


def test_a_dying_phone_runs_down_and_then_says_nothing(day: Day) -> None:
    records = day.accepted("respondent-10")
    assert max(r.since_s for r in records) < 300
    batteries = [r.message.battery_pct for r in records if r.message.battery_pct is not None]
    assert batteries == sorted(batteries, reverse=True)
    assert batteries[-1] < 2


def test_a_panic_press_is_a_record_of_its_own(day: Day) -> None:
    pressed = [r for r in day.accepted("protected-08") if Alarm.SOS in r.message.alarms]
    assert [round(r.since_s) for r in pressed] == [210]


def test_a_device_says_where_its_person_is_give_or_take_its_error(day: Day) -> None:
    for person, records in day.records.items():
        errors_m = []
        for record in records:
            if record.message.lat is None or record.message.lon is None:
                continue
            said = Spot.from_degrees(lat=record.message.lat, lon=record.message.lon)
            errors_m.append(said.distance_m(day.world.whereabouts(person, record.since_s).spot))
        assert sorted(errors_m)[len(errors_m) // 2] < 300, person
        assert sum(errors_m) > 0


def test_the_truth_is_written_down_and_is_the_truth(day: Day) -> None:
    lines = [json.loads(line) for line in (day.home / "truth.jsonl").read_text().splitlines()]
    assert lines[0] == {"kind": "run", "seed": SEED, "started_at": lines[0]["started_at"]}
    origin_us = clock.to_us(clock.parse_iso(lines[0]["started_at"]))
    places = [line for line in lines if line["kind"] == "place"]
    assert {line["party"] for line in places} == set(day.world.people)
    for line in places[::17]:
        since_s = (clock.to_us(clock.parse_iso(line["at"])) - origin_us) / 1e6
        told = Spot.from_degrees(lat=line["lat"], lon=line["lon"])
        assert told.distance_m(day.world.whereabouts(line["party"], since_s).spot) < 0.1
    episodes = [line["episode"] for line in lines if line["kind"] == "episode"]
    assert set(episodes) == {"approach", "strap_cut", "panic", "late_buffer", "chance_meeting", "dead_phone"}


def test_a_production_installation_refuses_synthetic_people(tmp_path: Path) -> None:
    with Listener() as listener:
        assert start(tmp_path, listener, profile="production").wait(30) == 78


def test_without_a_fitting_there_is_no_city(tmp_path: Path) -> None:
    with Listener() as listener:
        assert start(tmp_path, listener).wait(30) == 78
