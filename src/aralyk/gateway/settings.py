"""What can be set about the gateway.

A listener is named like its protocol ("gt06"), the door for phones "http". Settings of single listeners are lists of
NAME:VALUE, so that a new protocol needs no new setting.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aralyk.protocols import registry
from aralyk.protocols.codec import Transport

HTTP: Final = "http"
R16H: Final = "r16h"  # has settings of its own: it was the first
IDLE_S_MAX: Final = 86_400
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePaths:
    """Where the proof of a listener's name lies."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Settings of one gateway process.

    Attributes:
        home: The installation's directory; the heartbeat goes to `run/` in it.
        writer: This gateway's name in its streams ("position/g1"); each gateway process has its own.
        http_host: Address on which phones are served. Encryption is a reverse proxy's work, which then stands in front.
        http_port: Port for phones (OsmAnd): the app's server is `http(s)://HOST:PORT/osmand/SECRET`.
        r16h_host: Address on which R16H bracelets are served; bracelets come in directly.
        r16h_port: TCP port for R16H bracelets.
        tracker_host: Address on which the protocols of `ports` are served; trackers come in directly.
        ports: Which other protocols are served, and on which port: `gt06:5023,teltonika:5027`. A protocol that is
            also spoken over UDP is served over both, under the same number. What is not named is not served;
            docs/how-to/connect-a-tracker.md has the customary numbers.
        tls: Listeners that speak TLS alone, each with its certificate (with chain) and key, PEM:
            `gt06:/etc/aralyk/gt06.pem:/etc/aralyk/gt06.key`; the door for phones is `http`. The others are plain.
        trusted_networks: Networks whose addresses stand for many devices, so that limits per address do not hold for
            them: this machine (a reverse proxy), an operator's private APN behind one address.
        metrics_port: Port on 127.0.0.1 where Prometheus may ask; 0: none.
        gather_ms: How long a position waits for others to share its commit (and its witness: a commit leaves an
            evidence entry). Panic and tamper never wait.
        ack_wait_s: How long a request waits for its commit before it is told to come again. Below the app's own
            patience of 15 s, so that it hears a clear answer.
        connections_max: Connections open at once on each port; one more is refused.
        connections_per_address_max: Connections open at once on each port from one address; one more is refused.
        device_frames_per_s: How many frames a second of one device are taken in the long run, after a burst of
            20,000 (its whole backlog); beyond, the connection is read no faster, and a phone is told to come again.
        address_frames_per_s: The same for all devices of one address together, after a burst of 20,000.
        request_s: How long a request may take to arrive, from its first byte to its last.
        idle_s: How long a kept-alive connection of a phone may be silent. Phones report every 15 s to 5 min; a new
            connection costs them little, a forgotten one costs us memory.
        bracelet_idle_s: How long a bracelet's connection may be silent; it says something at least every few minutes.
        idle_by_protocol: Other patience for single protocols, seconds: `gt06:900,watch:3600`.
        login_s: How long a TCP connection may be open before it names a device that is registered.
        resend_s: How long after a frame the same bytes are taken for the device's own second try; later, when the
            device has moved on since, they are marked as a replay.
        strangers_per_s: How many frames a second of unknown senders are kept in quarantine, after a burst of 200.
        drain_s: How long a stopping gateway waits for its last commits.
    """

    home: Path
    writer: str = "g1"
    http_host: str = "127.0.0.1"
    http_port: int = 5055
    r16h_host: str = "127.0.0.1"
    r16h_port: int = 5266
    tracker_host: str = "127.0.0.1"
    ports: tuple[str, ...] = ()
    tls: tuple[str, ...] = ()
    trusted_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    metrics_port: int = 0
    gather_ms: int = 20
    ack_wait_s: float = 10.0
    connections_max: int = 25_000
    connections_per_address_max: int = 200
    device_frames_per_s: float = 500.0
    address_frames_per_s: float = 1000.0
    request_s: float = 15.0
    idle_s: float = 330.0
    bracelet_idle_s: float = 1800.0
    idle_by_protocol: tuple[str, ...] = ()
    login_s: float = 120.0
    resend_s: float = 300.0
    strangers_per_s: float = 1.0
    drain_s: float = 8.0

    def __post_init__(self) -> None:
        """Refuse values that would lose or delay.

        Raises:
            ValueError: Names the field, what it may be and what it was.
        """
        if not (self.writer.isascii() and self.writer.isalnum() and len(self.writer) <= 16):
            raise ValueError(f"writer: 1 to 16 letters and digits, not {self.writer!r}")
        for name, low, high in (
            ("http_port", 0, 65535),
            ("r16h_port", 0, 65535),
            ("metrics_port", 0, 65535),
            ("gather_ms", 0, 1000),
            ("ack_wait_s", 0.1, 60),
            ("connections_max", 1, 100_000),
            ("request_s", 1, 120),
            ("idle_s", 1, 3600),
            ("bracelet_idle_s", 1, IDLE_S_MAX),
            ("connections_per_address_max", 1, 100_000),
            ("device_frames_per_s", 0.1, 1_000_000),
            ("address_frames_per_s", 0.1, 1_000_000),
            ("login_s", 1, IDLE_S_MAX),
            ("resend_s", 0, IDLE_S_MAX),
            ("strangers_per_s", 0, 1000),
            ("drain_s", 0, 60),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}: from {low} to {high}, not {value}")
        self.tcp_ports()
        self.idle_s_of(R16H)
        self.certificates()
        self.trusted()

    def tcp_ports(self) -> dict[str, int]:
        """The port of each TCP protocol that is served, R16H's first.

        Raises:
            ValueError: A name that is no TCP protocol, twice the same one, or no port.
        """
        ports = {R16H: self.r16h_port}
        for item in self.ports:
            name, _, port = item.partition(":")
            if name == R16H:
                raise ValueError("ports: r16h has its own setting r16h_port")
            if name not in _tcp_protocols() or name in ports:
                raise ValueError(f"ports: each of {', '.join(_tcp_protocols() - {R16H})} at most once, not {name!r}")
            if not (port.isascii() and port.isdigit() and int(port) <= 65535):
                raise ValueError(f"ports: NAME:PORT with a port from 0 to 65535, not {item!r}")
            ports[name] = int(port)
        return ports

    def idle_s_of(self, protocol: str) -> float:
        """How long a connection of a TCP protocol may be silent.

        Raises:
            ValueError: A name that is no TCP protocol, or no number of seconds.
        """
        patience = dict.fromkeys(_tcp_protocols(), self.bracelet_idle_s)
        for item in self.idle_by_protocol:
            name, _, seconds = item.partition(":")
            if name not in patience:
                raise ValueError(f"idle_by_protocol: one of {', '.join(sorted(patience))}, not {name!r}")
            if not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= IDLE_S_MAX):
                raise ValueError(f"idle_by_protocol: NAME:SECONDS from 1 to {IDLE_S_MAX}, not {item!r}")
            patience[name] = float(seconds)
        return patience[protocol]

    def certificates(self) -> dict[str, CertificatePaths]:
        """The listeners that speak TLS.

        Raises:
            ValueError: A name that is no listener, or a file that is not there.
        """
        found: dict[str, CertificatePaths] = {}
        for item in self.tls:
            name, *paths = item.split(":")
            if name not in _tcp_protocols() | {HTTP}:
                raise ValueError(f"tls: a TCP protocol or {HTTP}, not {name!r}")
            if len(paths) != 2 or not all(Path(path).is_file() for path in paths):
                raise ValueError(f"tls: NAME:CERTIFICATE:KEY with two files that are there, for {name}")
            found[name] = CertificatePaths(certificate=Path(paths[0]), key=Path(paths[1]))
        return found

    def trusted(self) -> tuple[Network, ...]:
        """The trusted networks.

        Raises:
            ValueError: Not a network in CIDR form.
        """
        try:
            return tuple(ipaddress.ip_network(text) for text in self.trusted_networks)
        except ValueError:
            raise ValueError("trusted_networks: networks like 10.20.0.0/16, without host bits") from None


def _tcp_protocols() -> set[str]:
    return {name for name, codec in registry().items() if codec.transport is Transport.TCP}
