"""Starts the real gateway as a process and speaks to it as phones and bracelets do."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aralyk.database import Role, connect
from aralyk.devices import keys
from aralyk.tracking.log import FrameLine, decode_line

SOURCE = Path(__file__).resolve().parents[2] / "src"
PATIENCE_S = 30.0
Rows = list[tuple[Any, ...]]


def until(condition: Callable[[], Any], what: str, within_s: float = PATIENCE_S) -> Any:
    """Wait for something to become true."""
    deadline_s = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"within {within_s:g} s: {what}"
        time.sleep(0.02)
    return value


class GatewayProcess:
    """`aralyk process gateway` in a home of its own, on free ports."""

    def __init__(self, home: Path, **settings: object) -> None:
        self.home = home
        self.log = home / "gateway.log"
        given = {"http_port": 0, "r16h_port": 0} | settings
        self._environ = os.environ | {
            "PYTHONPATH": str(SOURCE),
            "ARALYK_HOME": str(home),
            **{f"ARALYK_GATEWAY_{name}".upper(): str(value) for name, value in given.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._phones: list[Phone] = []
        self.http_port = 0
        self.r16h_port = 0
        self.ports: dict[str, int] = {}

    def __enter__(self) -> GatewayProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for phone in self._phones:
            phone.close()
        self.kill()

    def phone(self, secret: str, device_id: str = "phone-1") -> Phone:
        """A phone with this address; hangs up at the end."""
        self._phones.append(Phone(self, secret, device_id))
        return self._phones[-1]

    def launch(self) -> None:
        """Start the process without waiting for its doors."""
        (self.home / "run" / "gateway.heartbeat").unlink(missing_ok=True)
        command = [sys.executable, "-m", "aralyk.cli", "process", "gateway", "--log", str(self.log)]
        self._process = subprocess.Popen(command, env=self._environ)

    def start(self) -> None:
        """Start the process and wait until it says that its doors are open."""
        self.launch()
        beat = until(self.heartbeat, "the gateway opens its doors")
        self.http_port, self.r16h_port = beat["detail"]["http_port"], beat["detail"]["r16h_port"]
        self.ports = beat["detail"]["ports"]
        # Later starts keep the ports, as an installation does.
        self._environ |= {
            "ARALYK_GATEWAY_HTTP_PORT": str(self.http_port),
            "ARALYK_GATEWAY_R16H_PORT": str(self.r16h_port),
        }

    def heartbeat(self) -> dict[str, Any] | None:
        """What the watchdog reads."""
        path = self.home / "run" / "gateway.heartbeat"
        assert self._process is None or self._process.poll() is None, self.words()
        return json.loads(path.read_text()) if path.exists() else None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE_S)
        self._process = None
        return code

    def words(self) -> str:
        """Everything it logged."""
        return self.log.read_text() if self.log.exists() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a phone hears."""

    status: int
    text: str
    headers: dict[str, str]


class Phone:
    """A phone that keeps its connection."""

    def __init__(self, gateway: GatewayProcess, secret: str, device_id: str = "phone-1") -> None:
        self.device_id = device_id
        self._path = f"/osmand/{secret}"
        self._link = http.client.HTTPConnection("127.0.0.1", gateway.http_port, timeout=PATIENCE_S)

    def say(self, query: str, *, method: str = "GET") -> Answer:
        """Send one query as it stands."""
        return self.ask(method, f"{self._path}?{query}")

    def place(self, number: int, extra: str = "") -> Answer:
        """Send one place; `number` tells records apart."""
        return self.say(f"id={self.device_id}&lat=42.87&lon=74.57&timestamp={1_700_000_000 + number}{extra}")

    def post(self, body: bytes, content_type: str = "application/json") -> Answer:
        """Send one body."""
        return self.ask("POST", self._path, body, {"Content-Type": content_type})

    def ask(self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """Send one request."""
        self._link.request(method, target, body=body or None, headers=headers or {})
        response = self._link.getresponse()
        text = response.read().decode()
        return Answer(status=response.status, text=text, headers={k.lower(): v for k, v in response.getheaders()})

    def close(self) -> None:
        """Hang up."""
        self._link.close()


def register(
    device_id: str,
    protocol: str = "osmand",
    *,
    secret: str | None = None,
    active: bool = True,
    model: str = "",
    networks: str = "",
    key: bytes | None = None,
    home: Path | None = None,
) -> None:
    """Put a device into the register, as the console's action does in SQL; a key is sealed with the home's file."""
    with connect(Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO devices_device"
            " (id, kind, protocol, model, interval_s, secret_hash, trust, active, synthetic, networks, key)"
            " VALUES (%s, %s, %s, %s, 15, %s, %s, %s, true, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET active = excluded.active",
            (
                device_id,
                "phone" if secret else "bracelet",
                protocol,
                model,
                hashlib.sha256(secret.encode()).digest() if secret else None,
                "secret" if secret else "network" if networks else "imei",
                active,
                networks,
                None if key is None else keys.seal(key, device_id=device_id, home=home),
            ),
        )
        connection.execute("SELECT pg_notify('devices', %s)", (device_id,))


def stored_lines(stream: str | None = None) -> list[FrameLine]:
    """Every frame line of the log, streams sorted, in order."""
    sql = "SELECT payload FROM log_batch WHERE %(stream)s::text IS NULL OR stream = %(stream)s ORDER BY stream, seq"
    lines: list[FrameLine] = []
    for (payload,) in rows(sql, stream=stream):
        for raw in bytes(payload).split(b"\n"):
            line = decode_line(raw)
            assert isinstance(line, FrameLine)
            lines.append(line)
    return lines


def rows(sql: str, **parameters: object) -> Rows:
    """Ask the database as its owner."""
    with connect(Role.OWNER) as connection:
        return connection.execute(sql, parameters).fetchall()


def quarantine() -> Rows:
    """(protocol, device, code, detail, bytes) of every row, oldest first."""
    return rows("SELECT protocol, device, code, detail, bytes FROM quarantine ORDER BY id")


def tcp(gateway: GatewayProcess, protocol: str = "r16h", *, source: str = "127.0.0.1") -> socket.socket:
    """A tracker's connection; every address of 127.0.0.0/8 is one that it may come from."""
    address = ("127.0.0.1", gateway.ports[protocol])
    return socket.create_connection(address, timeout=PATIENCE_S, source_address=(source, 0))


def ended(link: socket.socket) -> bool:
    """Whether the other side has ended the connection; waits for it."""
    try:
        return link.recv(10) == b""
    except ConnectionResetError:
        return True


def standing_alarms() -> dict[str, dict[str, Any]]:
    """The detail of every alarm whose newest row says that it stands."""
    sql = "SELECT DISTINCT ON (component) component, state, detail FROM platform_alarm ORDER BY component, id DESC"
    return {component: detail for component, state, detail in rows(sql) if state == "raised"}


def numbers(lines: list[FrameLine]) -> Iterator[int]:
    """The numbers that `Phone.place` put into the records."""
    for line in lines:
        for message in line.messages:
            fixed_at = message["fixed_at"]
            yield int(datetime.fromisoformat(fixed_at).timestamp()) - 1_700_000_000
