"""The doctor finds what is wrong with an installation, and each finding fails the whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aralyk.conf.platform import platform_settings
from tests.conftest import Database


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARALYK_HOME", str(tmp_path))
    platform_settings().secret_key()
    return tmp_path


def examine(**more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    finished = subprocess.run(
        [sys.executable, "-m", "aralyk.cli", "doctor", "--json"],
        env=os.environ | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stderr == ""
    checks = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [check["number"] for check in checks] == list(range(1, len(checks) + 1))
    return finished.returncode, {check["name"]: check for check in checks}


def test_a_fit_database_passes_its_checks(database: Database, home: Path) -> None:
    _, checks = examine()
    for name in ("database", "database version", "schema", "rights of roles", "guards against change", "role vault"):
        assert checks[name]["well"], checks[name]


def test_each_jurisdiction_pack_is_checked(home: Path) -> None:
    _, checks = examine()
    for code in ("KG", "KZ"):
        assert checks[f"jurisdiction pack {code}"]["well"]
        assert int(checks[f"jurisdiction pack {code}"]["found"].removesuffix(" entries")) > 100


def test_a_database_that_may_lose_commits_fails(database: Database, home: Path) -> None:
    code, checks = examine()  # the tests' server runs with fsync off
    assert code == 1
    assert not checks["database fsync"]["well"]
    assert checks["database fsync"]["found"] == "off"


def test_a_right_too_many_is_found(database: Database, home: Path) -> None:
    with database.connect() as connection:
        connection.execute("GRANT SELECT ON people_sealedfield TO aralyk_gateway")
    _, checks = examine()
    assert checks["rights of roles"]["found"] == "aralyk_gateway may SELECT people_sealedfield"


def test_evidence_that_could_be_changed_is_found(database: Database, home: Path) -> None:
    with database.connect() as connection:
        connection.execute("ALTER TABLE evidence_entry DISABLE TRIGGER evidence_entry_only_grows")
        insert = "INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash)"
        connection.execute(insert + " VALUES ('settings', 'process:x', now(), 'x', sha256('\\x0078'::bytea))")
    _, checks = examine()
    assert not checks["guards against change"]["well"]
    assert "evidence_entry" in checks["guards against change"]["found"]
    assert checks["evidence"]["found"] == "it was allowed"


def test_evidence_that_refuses_change_is_well(database: Database, home: Path) -> None:
    with database.connect() as connection:
        insert = "INSERT INTO evidence_entry (kind, subject, at, body, leaf_hash)"
        connection.execute(insert + " VALUES ('settings', 'process:x', now(), 'x', sha256('\\x0078'::bytea))")
    _, checks = examine()
    assert checks["evidence"]["found"] == "refused"


def test_a_key_that_others_may_read_fails(database: Database, home: Path) -> None:
    (home / "keys" / "django-secret").chmod(0o644)
    _, checks = examine()
    assert not checks["private django-secret"]["well"]


def test_a_process_without_a_heartbeat_fails(database: Database, home: Path) -> None:
    code, checks = examine()
    assert code == 1
    assert checks["process gateway"]["found"] == "none: it does not run"


def test_a_database_that_is_away_fails_with_its_reason(home: Path) -> None:
    code, checks = examine(DATABASE_URL="postgresql:///aralyk?host=/nonexistent")
    assert code == 1
    assert "/nonexistent" in checks["database"]["found"]


def test_an_open_alarm_of_the_watchdog_fails(database: Database, home: Path) -> None:
    (home / "run").mkdir()
    (home / "run" / "status.json").write_text(json.dumps({"open": [{"component": "disk", "reason": "disk_full"}]}))
    _, checks = examine()
    assert checks["alarms"]["found"] == "disk (disk_full)"


def test_an_unknown_setting_is_the_finding(home: Path) -> None:
    code, checks = examine(ARALYK_SURPRISE="1")
    assert code == 1
    assert not checks["setting ARALYK_SURPRISE"]["well"]
