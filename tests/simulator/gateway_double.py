"""The other end of the line for simulated devices: loopback sockets that write down what they hear, and can be away.

Not a model of our gateway: it answers a status that the test chooses, or does not answer at all. What it heard is read
with the real codecs.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools


@dataclass(slots=True)
class Heard:
    """One HTTP request as it arrived, and the status that was answered."""

    target: str
    content_type: str
    body: bytes
    status: int


@dataclass(slots=True)
class Listener:
    """Two listening sockets in a thread of their own: HTTP for phones, TCP for bracelets."""

    status: int = 200
    requests: list[Heard] = field(default_factory=list)
    bracelet_bytes: list[bytes] = field(default_factory=list)
    phones_port: int = 0
    bracelets_port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _phones: asyncio.Server | None = None
    _bracelets: asyncio.Server | None = None
    _straps: set[asyncio.StreamWriter] = field(default_factory=set)

    def __enter__(self) -> Listener:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join(10)
        self._loop.close()

    def turn_bracelets_away(self) -> None:
        """Hang up on the bracelets and stop listening to them."""
        asyncio.run_coroutine_threadsafe(self._turn_away(), self._loop).result(10)

    def welcome_bracelets(self) -> None:
        """Listen again, at the same port."""
        asyncio.run_coroutine_threadsafe(self._listen_to_bracelets(), self._loop).result(10)

    async def _listen(self) -> None:
        self._phones = await asyncio.start_server(self._phone, "127.0.0.1", 0)
        self.phones_port = self._phones.sockets[0].getsockname()[1]
        await self._listen_to_bracelets()

    async def _listen_to_bracelets(self) -> None:
        self._bracelets = await asyncio.start_server(self._bracelet, "127.0.0.1", self.bracelets_port)
        self.bracelets_port = self._bracelets.sockets[0].getsockname()[1]

    async def _turn_away(self) -> None:
        assert self._bracelets is not None
        self._bracelets.close()
        for writer in self._straps:
            writer.close()
        self._straps.clear()

    async def _close(self) -> None:
        await self._turn_away()
        assert self._phones is not None
        self._phones.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _phone(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = _Request(self, writer)
        try:
            while data := await reader.read(65536):
                request.parser.feed_data(data)
        except OSError:
            return
        finally:
            writer.close()

    async def _bracelet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._straps.add(writer)
        try:
            while data := await reader.read(65536):
                self.bracelet_bytes.append(data)
        except OSError:
            return
        finally:
            writer.close()


class _Request:
    """Collects one request after the other of one connection and answers each."""

    def __init__(self, listener: Listener, writer: asyncio.StreamWriter) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self._listener = listener
        self._writer = writer
        self._target = b""
        self._type = ""
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._type = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        status = self._listener.status
        target = self._target.decode()
        self._listener.requests.append(Heard(target=target, content_type=self._type, body=self._body, status=status))
        assert urlsplit(target).path.startswith("/osmand/")
        self._target, self._type, self._body = b"", "", b""
        self._writer.write(f"HTTP/1.1 {status} Answer\r\nContent-Length: 0\r\n\r\n".encode())
