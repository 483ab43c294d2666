"""One lane that stalls is named to people within a minute, the others go on, and nothing in it is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aralyk import clock
from aralyk.database import Role
from aralyk.gateway.lanes import BUDGETS, QUIET_S, LaneQueue, Parcel
from aralyk.protocols.messages import Alarm, Message
from aralyk.protocols.r16h.encoder import encode_position
from aralyk.tracking.log import Lane
from tests.conftest import Database
from tests.faults.running import Process
from tests.gateway.driving import GatewayProcess, register, rows, stored_lines, tcp, until

HIS, HERS = "860000000000017", "860000000000025"
NOTICED_S = 60.0


@pytest.fixture
def gateway(database: Database, tmp_path: Path) -> Iterator[GatewayProcess]:
    for device in (HIS, HERS):
        register(device, "r16h")
    with GatewayProcess(tmp_path) as running:
        yield running


def place(device: str, *alarms: Alarm) -> bytes:
    return encode_position(
        Message(device_id=device, fixed_at_us=clock.now_us(), lat=42.87, lon=74.61, valid=True, alarms=alarms)
    )


def alarms(home: Path, component: str) -> list[dict[str, Any]]:
    path = home / "run" / "alarms.jsonl"
    told = path.read_text().splitlines() if path.exists() else []
    return [alarm for alarm in map(json.loads, told) if alarm["component"] == component]


def test_a_panic_lane_that_the_database_holds_up_is_an_alarm_within_a_minute_and_clears_itself(
    database: Database, gateway: GatewayProcess, tmp_path: Path
) -> None:
    with (
        Process("watchdog", tmp_path, processes="gateway", interval_s=1) as _,
        tcp(gateway) as his,
        tcp(gateway) as hers,
        database.connect(Role.OWNER) as holder,
    ):
        his.sendall(place(HIS, Alarm.SOS))
        until(lambda: len(stored_lines("panic/g1")) == 1, "the lane flows")
        holder.execute("SELECT 1 FROM log_stream WHERE stream = 'panic/g1' FOR UPDATE")
        his.sendall(place(HIS, Alarm.SOS))
        began_s = time.monotonic()
        for _ in range(3):
            hers.sendall(place(HERS))
        until(lambda: len(stored_lines("position/g1")) == 3, "positions go on")
        until(lambda: alarms(tmp_path, "intake:panic"), "the lane is named", within_s=NOTICED_S)
        assert time.monotonic() - began_s < NOTICED_S
        (raised,) = alarms(tmp_path, "intake:panic")
        assert (raised["state"], raised["reason"]) == ("raised", "not_stored")
        assert raised["detail"]["stuck_s"] > 10
        assert alarms(tmp_path, "intake:position") == []
        assert len(stored_lines("panic/g1")) == 1
        holder.rollback()
        until(lambda: len(alarms(tmp_path, "intake:panic")) == 2, "the alarm clears itself", within_s=NOTICED_S)
        assert alarms(tmp_path, "intake:panic")[-1]["state"] == "cleared"
        assert len(stored_lines("panic/g1")) == 2
        recorded = "SELECT state FROM platform_alarm WHERE component = 'intake:panic' ORDER BY id"
        until(lambda: rows(recorded) == [("raised",), ("cleared",)], "both ends are recorded")
        kinds = "SELECT kind FROM evidence_entry WHERE subject = 'component:intake:panic' ORDER BY id"
        assert rows(kinds) == [("alarm_raised",), ("alarm_cleared",)]


def parcel(since_s: float) -> Parcel:
    return Parcel(lane=Lane.POSITION, line=b"{}", received_us=0, since_s=since_s)


def test_senders_that_give_up_do_not_hide_that_their_lane_is_stuck() -> None:
    lane = LaneQueue(Lane.POSITION, BUDGETS[Lane.POSITION])
    for since_s in (100.0, 110.0, 120.0):
        waits = parcel(since_s)
        lane.offer(waits)
        waits.abandoned = True
        lane.drop_abandoned()
        assert lane.oldest_since_s() is None
    assert lane.stuck_s(121.0) == 21.0
    assert lane.stuck_s(120.0 + QUIET_S + 1) == 0.0


def test_a_commit_shows_that_a_lane_flows_and_what_it_left_behind_is_as_old_as_it_is() -> None:
    lane = LaneQueue(Lane.POSITION, BUDGETS[Lane.POSITION])
    lane.offer(parcel(100.0))
    lane.take()
    lane.offer(parcel(105.0))
    lane.flows(None)
    assert lane.stuck_s(106.0) == 1.0
    lane.take()
    lane.flows(None)
    assert lane.stuck_s(200.0) == 0.0
