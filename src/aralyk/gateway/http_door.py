"""The door for phones: HTTP/1.1, one record per request at `/PROTOCOL/SECRET`.

An app that can't have a secret in its address sends it as the password of HTTP's basic authorization, to `/PROTOCOL`.
httptools parses; this module bounds what it may be fed and answers in the order of the requests. "200" is written by
the commit's call and nowhere else; its body is the codec's answer. Every refusal says in plain text which part of the
request was expected in which form; none repeats a place, an id or the secret.
"""

from __future__ import annotations

import asyncio
import binascii
import time
from base64 import b64decode
from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Final, cast

import httptools

from aralyk.gateway.lanes import Parcel
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.outbox import Outbox
from aralyk.gateway.reception import Fate, Reception, Verdict
from aralyk.gateway.registry import Registry
from aralyk.gateway.settings import GatewaySettings
from aralyk.gateway.sources import Occupancy, Source
from aralyk.protocols.codec import Codec, Decoded, HttpRequest, Session

TARGET_BYTES_MAX: Final = 16 * 1024  # the app's longest query has 400; other clients send cells and access points
HEAD_BYTES_MAX: Final = 32 * 1024  # target and headers; a proxy adds a few hundred
BODY_BYTES_MAX: Final = 64 * 1024  # the codecs' own limit
EXCHANGES_MAX: Final = 4  # requests in flight on one connection (phones have one); more are not read until answered
RETRY_AFTER_S: Final = 5
SECRET_CHARS_MAX: Final = 128

_REASONS: Final[Mapping[int, str]] = {
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    413: "Content Too Large", 414: "URI Too Long", 431: "Request Header Fields Too Large", 503: "Service Unavailable",
}  # fmt: skip
_NOT_NOW: Final = "not stored: the platform cannot store records at the moment; send the same record again later\n"


def answer(status: int, body: bytes = b"", *, close: bool = False) -> bytes:
    """One response; a body is text, or JSON when it looks so."""
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: {len(body)}\r\n"
    if body:
        form = "application/json" if body.startswith((b"[", b"{")) else "text/plain; charset=utf-8"
        head += f"Content-Type: {form}\r\n"
    if status == 503:
        head += f"Retry-After: {RETRY_AFTER_S}\r\n"
    if status == 405:
        head += "Allow: GET, POST\r\n"
    if close:
        head += "Connection: close\r\n"
    return head.encode("ascii") + b"\r\n" + body


_STORED: Final = answer(200)


class HttpDoor:
    """What all connections of phones share."""

    def __init__(
        self,
        *,
        settings: GatewaySettings,
        codecs: Mapping[str, Codec],
        registry: Registry,
        reception: Reception,
        outbox: Outbox,
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.codecs = codecs
        self.registry = registry
        self.reception = reception
        self.outbox = outbox
        self.metrics = metrics
        self.occupancy = Occupancy(per_address_max=settings.connections_per_address_max)
        self.connections: set[HttpConnection] = set()
        self.closing = False

    def connection(self) -> HttpConnection:
        """Make the protocol of a new connection."""
        return HttpConnection(self)

    def sweep(self) -> None:
        """Look at every connection's patience; call about twice a second."""
        now_s = time.monotonic()
        for connection in list(self.connections):
            connection.sweep(now_s)

    @property
    def paths(self) -> str:
        """Where records are taken, for people."""
        return " or ".join(f"/{name}/" for name in self.codecs)

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return any(connection.busy for connection in self.connections)

    def close_idle(self) -> None:
        """Stop taking requests: idle connections end now, the others with their last answer."""
        self.closing = True
        for connection in list(self.connections):
            connection.close_when_idle()


class Exchange:
    """One request on its way to its answer."""

    __slots__ = ("keep_alive", "parcel", "response", "since_s")

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        self.since_s = time.monotonic()
        self.parcel: Parcel | None = None
        self.response: bytes | None = None


class HttpConnection(asyncio.Protocol):
    """One connection of a phone."""

    def __init__(self, door: HttpDoor) -> None:
        self._door = door
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._source: Source | None = None
        self._exchanges: deque[Exchange] = deque()
        self._target = bytearray()
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._message_since_s: float | None = None
        self._quiet_since_s = time.monotonic()
        self._refused: tuple[int, str] | None = None
        self._ending = False
        self._paused = False
        self._unheard = False

    # asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or say that there is no room."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has no base class in common with asyncio's
        source = self._door.reception.sources.of(transport.get_extra_info("peername"))
        self._door.connections.add(self)
        if len(self._door.connections) > self._door.settings.connections_max:
            self._turn_away("full")
        elif self._door.occupancy.enter(source):
            self._source = source
        else:
            self._turn_away("address")
        self._door.metrics.connections.labels("http").set(len(self._door.connections))

    def _turn_away(self, why: str) -> None:
        self._door.metrics.refused.labels("http", why).inc()
        self._refuse(503, _NOT_NOW)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection; what it sent is stored all the same."""
        if self._source is not None:
            self._door.occupancy.leave(self._source)
            self._source = None
        self._transport = None
        self._exchanges.clear()
        self._door.connections.discard(self)
        self._door.metrics.connections.labels("http").set(len(self._door.connections))

    def data_received(self, data: bytes) -> None:
        """Feed the parser, within the limits."""
        if self._ending:
            return
        unfinished = self._message_since_s is not None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            raise  # our own fault: not to be answered as the sender's
        except httptools.HttpParserUpgrade:
            self._ending = True  # answered as if it had not asked for another protocol, then closed
        except httptools.HttpParserError:
            self._refuse(*(self._refused or (400, "request: expected HTTP/1.1\n")))
        if self._refused:
            self._refuse(*self._refused)
        elif unfinished and self._message_since_s is not None and not self._body:
            # The parser holds an unfinished header in memory however long it grows: bytes are counted here.
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(431, f"request: expected target and headers of at most {HEAD_BYTES_MAX} bytes\n")
        self._flush()

    def pause_writing(self) -> None:
        """The other side does not read its answers: read no more of its requests."""
        self._unheard = True
        self._balance()

    def resume_writing(self) -> None:
        """It reads again."""
        self._unheard = False
        self._balance()

    # httptools' calls

    def on_message_begin(self) -> None:
        """A request begins."""
        self._message_since_s = time.monotonic()
        self._target.clear()
        self._body.clear()
        self._headers = {}
        self._head_bytes = 0

    def on_url(self, part: bytes) -> None:
        """A part of the target."""
        self._target += part
        if len(self._target) > TARGET_BYTES_MAX:
            self._refused = (414, f"request: expected a target of at most {TARGET_BYTES_MAX} bytes\n")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; codecs may want it."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refused = (431, f"request: expected target and headers of at most {HEAD_BYTES_MAX} bytes\n")

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self._body += part
        if len(self._body) > BODY_BYTES_MAX:
            self._refused = (413, f"request: expected a body of at most {BODY_BYTES_MAX} bytes\n")

    def on_message_complete(self) -> None:
        """A request is here, whole."""
        self._message_since_s = None
        if self._refused or self._ending:
            return
        exchange = Exchange(keep_alive=self._parser.should_keep_alive() and not self._parser.should_upgrade())
        self._exchanges.append(exchange)
        status, text = self._receive(exchange)
        if status:
            self._answer(exchange, status, text.encode())

    # the request itself

    def _receive(self, exchange: Exchange) -> tuple[int, str]:
        """Take a request; returns its answer, or status 0 when the commit will give it."""
        method = self._parser.get_method()
        if method not in (b"GET", b"POST"):
            return 405, "request: expected GET or POST\n"
        target = bytes(self._target)
        path, _, _ = target.partition(b"?")
        _, protocol, secret = (*path.split(b"/", 2), b"", b"")[:3]
        authorization = self._headers.pop("authorization", "")  # no codec's business
        secret = secret.rstrip(b"/") or _password(authorization)
        codec = self._door.codecs.get(protocol.decode("latin-1"))
        if codec is None or codec.frame_of_request is None or not 0 < len(secret) <= SECRET_CHARS_MAX:
            return 404, f"request: expected the path {self._door.paths} and the device's secret\n"
        register, source = self._door.registry.current, self._source
        if register is None or source is None:
            return 503, _NOT_NOW
        request = HttpRequest(
            method=method.decode("ascii"), target=target, body=bytes(self._body), headers=self._headers
        )
        frame = codec.frame_of_request(request)
        device = register.of_secret(secret)
        if device is None:
            self._door.reception.of_stranger(codec, frame, source=source)
            return 404, "request: expected the secret of a registered device at the end of the path\n"
        stored = partial(self._stored, exchange)
        verdict, parcel = self._door.reception.of_phone(codec, frame, device=device, source=source, stored=stored)
        exchange.parcel = parcel
        if verdict.fate is Fate.NOT_KEPT:
            return 404, f"not accepted: {verdict.detail}\n"
        if parcel is None:
            return 503, _NOT_NOW
        if verdict.decoded is not None:
            parcel.stored = partial(self._kept, exchange, codec, verdict.session, verdict.decoded)
        elif verdict.fate is Fate.SET_ASIDE:
            parcel.stored = partial(self._set_aside, exchange, verdict, codec, device.id, frame, device.active)
        return 0, ""

    def _stored(self, exchange: Exchange, body: bytes = b"") -> None:
        self._answer(exchange, 200, body)
        self._flush()

    def _kept(self, exchange: Exchange, codec: Codec, session: Session, decoded: Decoded) -> None:
        """Answer a stored record, with what waits for its device where the protocol's answer can carry it."""
        for said in decoded.command_answers:
            self._door.outbox.answered(session.device_id or "", said)
        body = None
        # A phone that hung up, or was told to come again, would not hear it.
        if self._transport is not None and exchange.response is None:
            body = self._door.outbox.body(codec, session)
        self._stored(exchange, body or decoded.to_send or b"")

    def _set_aside(
        self, exchange: Exchange, verdict: Verdict, codec: Codec, device_id: str, frame: bytes, active: bool
    ) -> None:
        """Answer a refused frame after its commit; see the protocol's README for which status and why."""
        status = codec.refused_with(verdict.code) if active else 404
        if active and status != 200 and self._door.reception.repeats.heard_before(device_id, frame):
            status = 200
        body = f"not accepted, set aside: {verdict.detail}\n".encode()
        if status == 200 and codec.answer_of_commands is not None:
            body = codec.answer_of_commands([])  # an app that reads commands in a 200 can't read a sentence there
        self._answer(exchange, status, body)
        self._flush()

    # answers

    def _answer(self, exchange: Exchange, status: int, body: bytes = b"") -> None:
        if exchange.response is not None:
            return
        close = not exchange.keep_alive or self._door.closing
        exchange.keep_alive = not close
        exchange.response = _STORED if status == 200 and not body and not close else answer(status, body, close=close)
        self._door.metrics.answers.labels(str(status)).inc()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        ready: list[bytes] = []
        while self._exchanges and self._exchanges[0].response is not None:
            exchange = self._exchanges.popleft()
            assert exchange.response is not None
            ready.append(exchange.response)
            if not exchange.keep_alive:
                self._ending = True
                self._exchanges.clear()
        if ready:
            self._quiet_since_s = time.monotonic()
            transport.write(b"".join(ready))
        if self._ending and not self._exchanges:
            transport.close()
            return
        self._balance()

    def _balance(self) -> None:
        """Read no further than EXCHANGES_MAX requests ahead of the answers."""
        if self._transport is None or self._transport.is_closing():
            return
        wants_pause = self._unheard or len(self._exchanges) >= EXCHANGES_MAX
        if wants_pause and not self._paused:
            self._transport.pause_reading()
        elif self._paused and not wants_pause:
            self._transport.resume_reading()
        self._paused = wants_pause

    def _refuse(self, status: int, text: str) -> None:
        """Answer what is no request and end the connection after the answers before it."""
        if self._ending:
            return
        self._refused = None
        self._ending = True
        exchange = Exchange(keep_alive=False)
        self._exchanges.append(exchange)
        self._answer(exchange, status, text.encode())
        self._flush()

    # patience

    def sweep(self, now_s: float) -> None:
        """Answer requests that waited too long for their commit; end slow and forgotten connections."""
        settings = self._door.settings
        for exchange in self._exchanges:
            if exchange.response is None and now_s - exchange.since_s > settings.ack_wait_s:
                if exchange.parcel is not None:
                    exchange.parcel.abandoned = True
                self._answer(exchange, 503, _NOT_NOW.encode())
        self._flush()
        if self._message_since_s is not None and now_s - self._message_since_s > settings.request_s:
            self._refuse(408, f"request: expected whole within {settings.request_s:g} s\n")
        elif not self._exchanges and self._message_since_s is None and now_s - self._quiet_since_s > settings.idle_s:
            self.close_when_idle()

    @property
    def busy(self) -> bool:
        """Whether a request waits for its answer."""
        return bool(self._exchanges)

    def close_when_idle(self) -> None:
        """End the connection if nothing is under way on it."""
        if not self._exchanges and self._message_since_s is None and self._transport is not None:
            self._ending = True
            self._transport.close()


def _password(authorization: str) -> bytes:
    """The password of HTTP's basic authorization, whoever the user calls himself; nothing in other forms."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        _, _, password = b64decode(coded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return b""
    return password
