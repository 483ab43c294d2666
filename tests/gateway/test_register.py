"""The gateway's copy of the register: one bad row costs no other device, and old news shows."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from aralyk.database import Role, connect
from aralyk.gateway import outbox, registry
from aralyk.gateway.process import Gateway
from aralyk.gateway.registry import read_register
from aralyk.gateway.settings import GatewaySettings
from aralyk.gateway.sources import Sources
from tests.conftest import Database
from tests.gateway.driving import register

FROM_ANYWHERE, BOUND = "860000000000017", "860000000000025"
SILENT_S = 4.0
PATIENCE_S = 60.0


def as_owner(database: Database, statement: str) -> None:
    with database.connect(Role.OWNER) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("written", ["10.20.0.0/16,nonsense", "10.20.0.1/16", "10.20.0.0/99"])
def test_a_device_whose_networks_cannot_be_read_is_believed_from_nowhere_and_costs_no_other(
    database: Database, written: str
) -> None:
    register(FROM_ANYWHERE, "r16h")
    register(BOUND, "r16h")
    as_owner(database, f"UPDATE devices_device SET networks = '{written}' WHERE id = '{BOUND}'")
    with connect(Role.GATEWAY, autocommit=True) as connection:
        by_id = read_register(connection).by_id
    assert by_id[FROM_ANYWHERE].networks == ()
    inside = Sources(()).of(("10.20.0.7", 4000))
    assert by_id[BOUND].networks
    assert not inside.within(by_id[BOUND].networks)


@pytest.mark.parametrize("table", ["devices_device", "devices_command"])
def test_no_heartbeat_is_written_while_register_or_commands_cannot_be_read(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    for module in (registry, outbox):
        monkeypatch.setattr(module, "POLL_S", 1.0)
        monkeypatch.setattr(module, "STALE_S", 2.0)
    register(FROM_ANYWHERE, "r16h")
    beat = tmp_path / "run" / "gateway.heartbeat"
    deadline_s = time.monotonic() + PATIENCE_S

    def age_s() -> float:
        return time.time() - beat.stat().st_mtime

    async def serve() -> None:
        gateway = Gateway(GatewaySettings(home=tmp_path, http_port=0, r16h_port=0))
        serving = asyncio.create_task(gateway.serve())
        while not beat.exists():
            assert time.monotonic() < deadline_s, "the gateway lives"
            await asyncio.sleep(0.05)
        as_owner(database, f"REVOKE ALL ON {table} FROM aralyk_gateway")
        while age_s() < SILENT_S:
            assert time.monotonic() < deadline_s, f"the gateway is silent without {table}"
            await asyncio.sleep(0.05)
        as_owner(database, f"GRANT SELECT, UPDATE ON {table} TO aralyk_gateway")
        while age_s() > SILENT_S:
            assert time.monotonic() < deadline_s, "it speaks again"
            await asyncio.sleep(0.05)
        gateway._stop.set()
        assert await serving == 0

    asyncio.run(serve())


def test_a_server_that_vanishes_without_a_word_is_noticed_by_every_process(database: Database) -> None:
    for role in (Role.GATEWAY, Role.MONITOR, Role.SEQUENCER, Role.WATCHDOG):
        with connect(role) as connection:
            given = connection.info.get_parameters()
        assert (given["tcp_user_timeout"], given["keepalives_idle"]) == ("15000", "5"), role
