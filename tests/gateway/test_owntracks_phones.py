"""An OwnTracks phone at the real door: what is kept is confirmed in the form of the app, readable or not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aralyk.protocols.messages import Message
from aralyk.protocols.owntracks import encoder
from tests.conftest import Database
from tests.gateway.driving import GatewayProcess, Phone, quarantine, register, stored_lines

KEY = b"of the phone"
PLACE = Message(
    fixed_at_us=1_795_255_200_000_000, sent_at_us=1_795_255_205_000_000, lat=42.87, lon=74.57, accuracy_m=12
)
HEADERS = {"Content-Type": "application/json", "X-Limit-U": "wearer", "X-Limit-D": "phone"}


@pytest.fixture
def owner(database: Database, tmp_path: Path) -> Iterator[Phone]:
    register("own-1", "owntracks", secret="its-secret", key=KEY, home=tmp_path)
    with GatewayProcess(tmp_path) as gateway:
        yield gateway.phone("its-secret", "own-1")


def test_an_encrypted_place_is_opened_stored_and_confirmed_with_an_empty_list_of_commands(owner: Phone) -> None:
    body = encoder.encode_encrypted(encoder.encode_location(PLACE), key=KEY)
    answer = owner.ask("POST", "/owntracks/its-secret", body, HEADERS)
    assert (answer.status, json.loads(answer.text)) == (200, [])
    (line,) = stored_lines("position/g1")
    assert (line.device, line.protocol, line.messages[0]["lat"]) == ("own-1", "owntracks", 42.87)
    assert b"its-secret" not in base64.b64decode(line.frame)


def test_a_box_that_does_not_open_is_kept_before_the_app_may_forget_it(owner: Phone) -> None:
    body = encoder.encode_encrypted(encoder.encode_location(PLACE), key=b"another")
    answer = owner.ask("POST", "/owntracks/its-secret", body, HEADERS)
    assert (answer.status, json.loads(answer.text)) == (200, [])  # the app reads commands there, never a sentence
    assert [row[:3] for row in quarantine()] == [("owntracks", "own-1", "not_opened")]
    assert stored_lines("position/g1") == []
