"""Real servers on this machine: mail over SMTP, an SMS gateway and a push service over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from aralyk.channels.models import Way
from aralyk.channels.outbox import Transport
from aralyk.cli.bench_home import free_port
from aralyk.courier.settings import CourierSettings
from aralyk.courier.transports import transports
from tests.orders.stage import roles, with_accounts

__all__ = ["roles", "with_accounts"]


@dataclass(kw_only=True)
class Heard:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Server:
    """An HTTP server that keeps what it hears and answers as it is told."""

    heard: list[Heard] = field(default_factory=list)
    status: int = 202
    answer: dict[str, str] | None = None  # None: {"id": "sms-1"}, counted
    hold: threading.Event | None = None  # answers only once it is set
    url: str = ""

    def texts(self) -> list[str]:
        return [one.json["text"] for one in self.heard]


def _serve(server: Server) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.heard.append(Heard(path=self.path, headers=dict(self.headers.items()), body=body))
            if server.hold is not None:
                server.hold.wait(8)
            answer = server.answer if server.answer is not None else {"id": f"sms-{len(server.heard)}"}
            content = json.dumps(answer).encode()
            self.send_response(server.status)
            if server.status in (301, 302, 307, 308):
                self.send_header("Location", f"{server.url}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{running.server_port}"
    threading.Thread(target=running.serve_forever, name="gateway of the test").start()
    return running


@pytest.fixture
def sms() -> Iterator[Server]:
    """The SMS gateway."""
    yield from _running()


@pytest.fixture
def pushes() -> Iterator[Server]:
    """The push service of a browser's maker."""
    yield from _running()


def _running() -> Iterator[Server]:
    server = Server()
    running = _serve(server)
    yield server
    if server.hold is not None:
        server.hold.set()
    running.shutdown()
    running.server_close()


class MailBox:
    """Keeps each mail that came."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []

    async def handle_DATA(  # noqa: N802  (aiosmtpd looks for this name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(([*envelope.rcpt_tos], content))
        return "250 taken"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The mail server."""

    box: MailBox
    port: int


@pytest.fixture
def mail() -> Iterator[Mail]:
    """A mail server on a free port."""
    box = MailBox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())  # it takes no 0
    controller.start()
    yield Mail(box=box, port=controller.port)
    controller.stop()


@pytest.fixture
def settings_of_courier(tmp_path: Path, sms: Server, mail: Mail) -> CourierSettings:
    """A courier whose three ways lead to the servers of the test."""
    return CourierSettings(
        home=tmp_path,
        sms_url=f"{sms.url}/messages",
        sms_token="gateway-token-of-the-test",
        sms_sender="Мониторинг",
        smtp_server="127.0.0.1",
        smtp_port=mail.port,
        smtp_tls=False,
        mail_from="duty@example.kg",
        push_contact="admin@example.kg",
    )


@pytest.fixture
def ways(settings_of_courier: CourierSettings) -> dict[Way, Transport]:
    """The courier's real transports."""
    return transports(settings_of_courier)
