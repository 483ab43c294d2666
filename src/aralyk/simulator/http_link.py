"""A phone's connection to its server: HTTP/1.1 over TCP, kept alive, one request at a time, as the app's library does.

Small on purpose: what a phone app sees of the gateway (a status, or a broken connection) and nothing more.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httptools

TIMEOUT_S: Final = 15.0  # the app's own
READ_BYTES: Final = 4096
ANSWER_BYTES_MAX: Final = 65536


class NoAnswer(OSError):
    """The request may or may not have arrived: no connection, a broken one, or silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the app sends it, without what the link adds."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class _Answer:
    """Collects one response."""

    def __init__(self) -> None:
        self.complete = False
        self.bytes_read = 0

    def on_message_complete(self) -> None:
        self.complete = True


class HttpLink:
    """One kept-alive connection to one server."""

    def __init__(self, *, base_url: str) -> None:
        parts = urlsplit(base_url)
        assert parts.hostname is not None, "a base URL names its host"
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, request: Request) -> int:
        """Send one request and return the answer's status.

        Raises:
            NoAnswer: The connection failed or stayed silent; the caller keeps its record.
        """
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._exchange(request)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, httptools.HttpParserError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from error

    def close(self) -> None:
        """Drop the connection; the next request opens a new one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _exchange(self, request: Request) -> int:
        if self._writer is None or self._reader is None or self._reader.at_eof():
            self.close()
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        self._writer.write(self._wire_form(request))
        await self._writer.drain()
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        while not answer.complete:
            data = await self._reader.read(READ_BYTES)
            answer.bytes_read += len(data)
            if not data or answer.bytes_read > ANSWER_BYTES_MAX:
                raise ConnectionResetError("the answer broke off")
            parser.feed_data(data)
        status = parser.get_status_code()
        if not parser.should_keep_alive():
            self.close()
        return int(status)

    def _wire_form(self, request: Request) -> bytes:
        headers = {"Host": f"{self._host}:{self._port}", **request.headers, "Content-Length": str(len(request.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + request.body
