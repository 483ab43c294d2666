"""All doors of a gateway: which are open is said by the settings; each protocol brings its own splitter.

A protocol that can be spoken over UDP is served over both under one number. A listener with a certificate speaks TLS
alone; the others are plain, as most trackers know nothing else.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from aralyk.gateway.http_door import HttpDoor
from aralyk.gateway.metrics import Metrics
from aralyk.gateway.reception import Reception
from aralyk.gateway.registry import Registry
from aralyk.gateway.settings import HTTP, R16H, CertificatePaths, GatewaySettings
from aralyk.gateway.tcp_door import TcpDoor
from aralyk.gateway.udp_door import UdpDoor
from aralyk.protocols.codec import Codec, Transport

BACKLOG: Final = 4096  # connections that the system accepts while we are busy: a storm of reconnecting devices


class Doors:
    """The listeners and everything behind them."""

    def __init__(
        self,
        *,
        settings: GatewaySettings,
        codecs: Mapping[str, Codec],
        registry: Registry,
        reception: Reception,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._certificates = {name: _context(paths) for name, paths in settings.certificates().items()}
        self.http = HttpDoor(
            settings=settings,
            codecs={name: codec for name, codec in codecs.items() if codec.transport is Transport.HTTP},
            registry=registry,
            reception=reception,
            metrics=metrics,
        )
        self.tcp = {
            name: TcpDoor(
                settings=settings, codec=codecs[name], registry=registry, reception=reception, metrics=metrics
            )
            for name in settings.tcp_ports()
        }
        self.udp = {
            name: UdpDoor(codec=codecs[name], registry=registry, reception=reception, metrics=metrics)
            for name in self.tcp
            if codecs[name].frames_of_datagram is not None
        }
        self._servers: list[asyncio.Server] = []
        self._datagrams: list[asyncio.DatagramTransport] = []
        self.ports: dict[str, int] = {}

    async def open(self) -> None:
        """Listen on every port of the settings; afterwards `ports` says where ("teltonika/udp" for datagrams).

        Raises:
            OSError: A port is taken, or not ours to take.
        """
        settings, ports = self._settings, {}
        ports[HTTP] = await self._listen(HTTP, self.http.connection, settings.http_host, settings.http_port)
        for name, wanted in settings.tcp_ports().items():
            host = settings.r16h_host if name == R16H else settings.tracker_host
            ports[name] = await self._listen(name, self.tcp[name].connection, host, wanted)
        for name, door in self.udp.items():
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                partial(_itself, door), local_addr=(settings.tracker_host, settings.tcp_ports()[name])
            )
            self._datagrams.append(transport)
            ports[f"{name}/udp"] = transport.get_extra_info("sockname")[1]
        self.ports = ports

    def sweep(self) -> None:
        """Look at everybody's patience; call about four times a second."""
        self.http.sweep()
        for door in self.tcp.values():
            door.sweep()

    def close(self) -> None:
        """Take nothing new; what was taken is still answered."""
        for server in self._servers:
            server.close()
        for door in self.tcp.values():
            door.close()
        for deaf in self.udp.values():
            deaf.close()
        self.http.close_idle()

    def end(self) -> None:
        """Close what stayed open for the last answers."""
        for transport in self._datagrams:
            transport.close()

    @property
    def busy(self) -> bool:
        """Whether something that was read is not yet stored or not yet answered."""
        trackers = any(door.busy for door in self.tcp.values()) or any(door.busy for door in self.udp.values())
        return self.http.busy or trackers

    async def _listen(self, name: str, connection: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> int:
        context = self._certificates.get(name)
        server = await asyncio.get_running_loop().create_server(
            connection,
            host,
            port,
            backlog=BACKLOG,
            reuse_address=True,
            ssl=context,
            ssl_handshake_timeout=self._settings.request_s if context else None,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])


def _itself(door: UdpDoor) -> UdpDoor:
    """All datagrams of a port are one protocol's."""
    return door


def _context(paths: CertificatePaths) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(paths.certificate, paths.key)
    return context
