"""Reads the reference's frames, which are kept beside the project and never in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from aralyk.protocols import registry
from aralyk.protocols.codec import Decoded, HttpRequest, Session
from aralyk.protocols.errors import ProtocolError

SHARED = Path(os.environ.get("ARALYK_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def vectors(name: str) -> list[Any]:
    """All entries of a file; skips the test where the files are not."""
    path = SHARED / "vectors" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the reference's frames are not here ({path.name}); set ARALYK_SHARED")
    return list(json.loads(path.read_text(encoding="utf-8")))


def vector(name: str, vector_id: str) -> Any:
    """One entry."""
    return next(entry for entry in vectors(name) if entry["id"] == vector_id)


def frame_of(protocol: str, entry: Any) -> bytes:
    """The frame as our codec takes it."""
    if entry["kind"] != "http":
        frame: str = entry["frame"]
        return bytes.fromhex(frame) if entry["kind"] == "hex" else frame.encode("latin-1")
    http = entry["http"]
    make = registry()[protocol].frame_of_request
    assert make is not None
    headers = {name.lower(): value for name, value in http.get("headers", {}).items()}
    body = (http["body"] or "" if "body" in http else entry["frame"]).encode()
    return make(HttpRequest(method=http["method"], target=http["uri"].encode(), body=body, headers=headers))


def session_of(entry: Any) -> Session:
    """What the gateway would know of the sender: the model that the reference's test set, and a key."""
    secret = entry.get("secret")
    return Session(model=entry.get("model"), key=None if secret is None else secret.encode())


def read(protocol: str, entry: Any) -> Decoded | ProtocolError:
    """What our codec makes of an entry."""
    try:
        return registry()[protocol].decode(frame_of(protocol, entry), session_of(entry))
    except ProtocolError as error:
        return error
