"""The signing key: made once, read by nobody else, never mistaken for another log's."""

import os
import stat
from pathlib import Path

import pytest

from aralyk.evidence.keys import PRIVATE_FILE, PUBLIC_FILE, KeyProblem, exported_key, signing_key
from aralyk.ledger.checkpoint import parse_key

ORIGIN = "log.test/aralyk"


def test_the_key_is_made_once_and_stays_the_same(tmp_path: Path) -> None:
    first = signing_key(tmp_path, origin=ORIGIN)
    assert signing_key(tmp_path, origin=ORIGIN).public == first.public
    assert exported_key(tmp_path) == first.public
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["log.pem", "log.vkey"]


def test_only_its_owner_can_read_the_private_key(tmp_path: Path) -> None:
    signing_key(tmp_path, origin=ORIGIN)
    assert stat.S_IMODE((tmp_path / PRIVATE_FILE).stat().st_mode) == 0o600
    (tmp_path / PRIVATE_FILE).chmod(0o640)
    with pytest.raises(KeyProblem, match="0600"):
        signing_key(tmp_path, origin=ORIGIN)


def test_the_exported_line_is_the_public_key_alone(tmp_path: Path) -> None:
    key = signing_key(tmp_path, origin=ORIGIN)
    line = (tmp_path / PUBLIC_FILE).read_text()
    assert parse_key(line) == key.public
    assert "PRIVATE" not in line
    assert "private" not in repr(key).lower()


def test_the_key_of_one_log_never_signs_another(tmp_path: Path) -> None:
    signing_key(tmp_path, origin=ORIGIN)
    with pytest.raises(KeyProblem, match="another origin or key"):
        signing_key(tmp_path, origin="log.test/other")


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe"])
def test_a_damaged_key_file_stops_the_start(tmp_path: Path, content: bytes) -> None:
    signing_key(tmp_path, origin=ORIGIN)
    (tmp_path / PRIVATE_FILE).write_bytes(content)
    with pytest.raises(KeyProblem, match=r"log\.pem"):
        signing_key(tmp_path, origin=ORIGIN)
    (tmp_path / PUBLIC_FILE).write_bytes(content)
    with pytest.raises(KeyProblem, match=r"log\.vkey"):
        exported_key(tmp_path)


def test_a_key_beside_the_logs_is_named_when_it_can_not_be_used(tmp_path: Path) -> None:
    signing_key(tmp_path, origin=ORIGIN, name="register")
    (tmp_path / "keys" / "register.pem").chmod(0o644)
    with pytest.raises(KeyProblem, match=r"^keys/register\.pem: .*0644"):
        signing_key(tmp_path, origin=ORIGIN, name="register")
    with pytest.raises(KeyProblem, match=r"^no keys/other\.vkey yet"):
        exported_key(tmp_path, name="other")


def test_two_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    children = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            signing_key(tmp_path, origin=ORIGIN)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0, 0]
    assert signing_key(tmp_path, origin=ORIGIN).public == exported_key(tmp_path)
