"""The bench of the path speaks every protocol while something breaks, and finds in the log whatever was confirmed."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from aralyk.cli.bench_found import FoundInLog, key_of
from aralyk.cli.bench_speakers import SPEAKERS
from aralyk.protocols import registry
from aralyk.protocols.codec import Session
from aralyk.protocols.commands import Command, CommandKind


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
