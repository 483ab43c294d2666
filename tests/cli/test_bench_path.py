"""The bench of the path speaks every protocol while something breaks, and finds in the log whatever was confirmed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aralyk.cli import bench_pairs
from aralyk.cli.bench_found import FoundInLog, key_of
from aralyk.cli.bench_home import Usage
from aralyk.cli.bench_speakers import SPEAKERS, Place, Said, index_of
from aralyk.database import Role
from aralyk.jurisdictions.loader import available
from aralyk.protocols import registry
from aralyk.protocols.codec import BrokenFrame, Codec, Session
from aralyk.protocols.commands import Command, CommandKind
from aralyk.protocols.errors import ProtocolError
from aralyk.protocols.messages import Alarm
from tests.conftest import Database

AT_US = 1_795_255_200_000_000


@pytest.mark.slow
def test_what_was_confirmed_before_and_after_a_kill_is_in_the_log() -> None:
    load = ("--protocol", "mixed", "--rate", "90", "--seconds", "6", "--connections", "12", "--malformed", "0.1",
            "--slow", "3", "--half-open", "3", "--kill-loop", "1")  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    finished = subprocess.run(
        [sys.executable, "-m", "aralyk.cli", "bench", "path", "--json", *load],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    result = json.loads(finished.stdout.splitlines()[-1])
    assert result["losses"] == 0
    assert result["fault"] == {"gateway_killed": 1}
    assert result["connects"] > result["connections"]
    assert result["acks"] >= result["records"] / 2
    assert result["rows"]["quarantine"] > 0
    assert set(result["ack_ms"]) == set(result["panic_live_ms"]) == {"p50", "p99", "p99_9", "max"}


def test_a_process_that_fell_and_is_not_yet_back_costs_no_figures(tmp_path: Path) -> None:
    fallen = subprocess.Popen([sys.executable, "-c", ""])
    fallen.wait()
    (tmp_path / "run").mkdir()
    status = {"database": os.getpid(), "processes": {"jobs": {"pid": fallen.pid}, "gateway": {"pid": os.getpid()}}}
    (tmp_path / "run" / "supervisor.json").write_text(json.dumps(status))
    used = Usage(tmp_path).since(1.0)
    assert used["cpu"]["jobs"] == 0.0
    assert used["memory_mib"]["jobs"] == 0.0
    assert used["memory_mib"]["gateway"] > 0.0


def test_the_orders_of_the_bench_are_of_a_jurisdiction_that_there_is() -> None:
    assert bench_pairs.JURISDICTION in available()


def test_the_people_of_the_bench_fit_into_the_registers(database: Database) -> None:
    bench_pairs.seed(2, interval_s=60)
    with database.connect(Role.OWNER) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM orders_order), (SELECT count(*) FROM devices_assignment), last_seq"
            " FROM log_stream WHERE stream = 'control/c'"
        ).fetchall()
    assert rows == [(2, 4, 1)]


def test_a_record_that_is_not_in_the_log_is_counted_once_however_often_it_was_sent() -> None:
    at_us = 1_700_000_000_000_000
    found = FoundInLog(keys=np.array([key_of(7, at_us)]), span_s=1.0, opened={})
    heard = {
        "device": np.array([7, 7]),
        "first_us": np.array([at_us, at_us]),
        "step_us": np.array([1_000_000, 1_000_000]),
        "records": np.array([3, 2]),
    }
    assert found.missing(heard, np.array([True, True])) == 2
    assert found.missing(heard, np.array([False, False])) == 0


def test_a_command_of_the_platform_is_not_taken_for_the_confirmation_of_a_record() -> None:
    encode = registry()["teltonika"].encode_command
    assert encode is not None
    command = encode(Command(serial=1, kind=CommandKind.POSITION), Session())
    take = SPEAKERS["teltonika"].take_answer
    assert take(command + b"\x00\x00\x00\x01") == (len(command), None)
    assert take(command[:-1]) is None
    assert take(b"\x00\x00\x00\x01") == (4, True)


@pytest.mark.parametrize("name", sorted(SPEAKERS.keys() - {"osmand"}))
@pytest.mark.parametrize("sos", [False, True])
def test_each_speaker_says_in_its_protocol_where_it_is_when_and_whether_it_cries_for_help(name: str, sos: bool) -> None:
    speaker, codec = SPEAKERS[name], registry()[name]
    assert codec.splitter is not None
    (frame,) = codec.splitter().feed(speaker.frame(7, Said(times_us=(AT_US,), place=Place(40.0, 60.0), sos=sos)))
    assert isinstance(frame, bytes)
    decoded = codec.decode(frame, Session(device_id=speaker.device_id(7)))
    (message,) = decoded.messages
    assert index_of(message.device_id or "") == 7
    assert message.fixed_at_us == AT_US
    assert message.lat == pytest.approx(40.0, abs=1e-5)
    assert message.lon == pytest.approx(60.0, abs=1e-5)
    assert (Alarm.SOS in message.alarms) is sos
    if decoded.answer is not None:
        taken = speaker.take_answer(decoded.answer)
        assert taken == (len(decoded.answer), True if speaker.answers else None)
        assert speaker.take_answer(decoded.answer[:-1]) is None


@pytest.mark.parametrize("name", sorted(SPEAKERS.keys() - {"osmand"}))
def test_what_a_speaker_says_that_no_codec_can_read_is_refused_and_costs_no_other_frame(name: str) -> None:
    speaker, codec = SPEAKERS[name], registry()[name]
    assert codec.splitter is not None
    good = speaker.frame(7, Said(times_us=(AT_US,), place=Place(40.0, 60.0)))
    poisoned, whole = codec.splitter().feed(speaker.poison(7) + good)
    with pytest.raises(ProtocolError):
        raise_broken(codec, poisoned)
    assert isinstance(whole, bytes)
    assert codec.decode(whole, Session(device_id=speaker.device_id(7))).messages


def raise_broken(codec: Codec, frame: bytes | BrokenFrame) -> None:
    if isinstance(frame, BrokenFrame):
        raise frame.error
    codec.decode(frame, Session(device_id="860000000000007"))


def test_a_command_to_a_gt06_is_not_taken_for_the_confirmation_of_a_record() -> None:
    encode = registry()["gt06"].encode_command
    assert encode is not None
    command = encode(Command(serial=1, kind=CommandKind.POSITION), Session())
    assert SPEAKERS["gt06"].take_answer(command + b"xx") == (len(command), None)
