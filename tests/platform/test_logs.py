"""Logs: whole lines, bounded in size, and never a value that could be a person's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from aralyk.cli.logs import LOGS_KEPT, calm_trace, tail
from tests.conftest import Database


def run_logging(path: Path, program: str) -> int:
    prologue = (
        "import pathlib\nfrom aralyk.cli import logs\n"
        f"logs.LOG_BYTES_MAX = 2000\nlogs.log_to_file(pathlib.Path({str(path)!r}), 'sample')\n"
    )
    return subprocess.run([sys.executable, "-c", prologue + program], check=False).returncode


def test_a_log_is_begun_anew_when_it_is_full_and_old_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "log" / "sample.log"
    assert run_logging(path, "import structlog\nfor n in range(500): structlog.get_logger().info('event', n=n)") == 0
    files = sorted(path.parent.iterdir())
    assert len(files) == LOGS_KEPT + 1
    assert all(file.stat().st_size <= 2000 for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    last = json.loads(tail(path, 1)[0])
    assert (last["event"], last["n"], last["process"], last["level"]) == ("event", 499, "sample", "info")


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "sample.log"
    program = (
        "import structlog, threading\n"
        "def work(): [structlog.get_logger().info('event', text='x' * 200) for _ in range(4)]\n"
        "threads = [threading.Thread(target=work) for _ in range(2)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
    )
    assert run_logging(path, program) == 0
    lines = [line for file in path.parent.glob("sample.log*") for line in file.read_text().splitlines()]
    assert len(lines) == 8
    assert {json.loads(line)["process"] for line in lines} == {"sample"}


def test_what_libraries_log_and_last_words_are_events_too(tmp_path: Path) -> None:
    path = tmp_path / "sample.log"
    assert run_logging(path, "import logging\nlogging.getLogger('lib').warning('odd')\nraise ValueError('why')") == 1
    odd, last = (json.loads(line) for line in path.read_text().splitlines())
    assert (odd["event"], odd["logger"]) == ("odd", "lib")
    assert last["event"] == "process_failed"
    assert last["trace"].endswith("ValueError: why")


def test_a_trace_of_a_refused_row_does_not_quote_the_row(database: Database) -> None:
    with database.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE person (phone text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('+996555000111')")
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            connection.execute("INSERT INTO person VALUES ('+996555000111')")
    assert "996555000111" in str(caught.value)
    trace = calm_trace(caught.value)
    assert "UniqueViolation: duplicate key" in trace
    assert "996555000111" not in trace


def test_a_trace_tells_the_cause_first() -> None:
    def fail() -> None:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise RuntimeError("second") from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    trace = calm_trace(caught.value)
    assert trace.index("KeyError") < trace.index("then") < trace.index("RuntimeError: second")


def test_a_full_disk_costs_the_line_and_not_the_process(tmp_path: Path) -> None:
    script = (
        "import sys, structlog; from pathlib import Path; from aralyk.cli import logs\n"
        "logs.log_into(Path('/dev/full'), 'gateway')\n"
        "structlog.get_logger().warning('commit_failed')\n"
        "print('alive')\n"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert "alive" in finished.stdout, finished.stderr


def test_an_error_that_ends_a_command_is_told_to_its_log_and_to_whoever_sits_there(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from aralyk.cli import logs\n"
        "logs.log_into(Path(sys.argv[1]), 'supervisor')\n"
        "raise RuntimeError('the first words\\nand values')\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "supervisor.log")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 1
    assert finished.stderr.endswith("RuntimeError: the first words\n")
    assert '"event": "process_failed"' in (tmp_path / "supervisor.log").read_text()
