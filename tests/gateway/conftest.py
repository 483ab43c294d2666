"""A running gateway with one phone and one bracelet in its register."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, Phone, register

SECRET = "s3cretOfThePhoneWith32characters"
IMEI = "860000000000017"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def gateway(database: Database, home: Path) -> Iterator[GatewayProcess]:
    register("phone-1", secret=SECRET)
    register(IMEI, "r16h")
    with GatewayProcess(home) as running:
        yield running


@pytest.fixture
def phone(gateway: GatewayProcess) -> Phone:
    return gateway.phone(SECRET)
