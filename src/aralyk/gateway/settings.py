"""What can be set about the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
        metrics_port: Port on 127.0.0.1 where Prometheus may ask; 0: none.
        gather_ms: How long a position waits for others to share its commit (and its witness: a commit leaves an
            evidence entry). Panic and tamper never wait.
        ack_wait_s: How long a request waits for its commit before it is told to come again. Below the app's own
            patience of 15 s, so that it hears a clear answer.
        connections_max: Connections open at once on each port; one more is refused.
        request_s: How long a request may take to arrive, from its first byte to its last.
        idle_s: How long a kept-alive connection of a phone may be silent. Phones report every 15 s to 5 min; a new
            connection costs them little, a forgotten one costs us memory.
        bracelet_idle_s: How long a bracelet's connection may be silent; it says something at least every few minutes.
        strangers_per_s: How many frames a second of unknown senders are kept in quarantine, after a burst of 200.
        drain_s: How long a stopping gateway waits for its last commits.
    """

    home: Path
    writer: str = "g1"
    http_host: str = "127.0.0.1"
    http_port: int = 5055
    r16h_host: str = "127.0.0.1"
    r16h_port: int = 5266
    metrics_port: int = 0
    gather_ms: int = 20
    ack_wait_s: float = 10.0
    connections_max: int = 10_000
    request_s: float = 15.0
    idle_s: float = 330.0
    bracelet_idle_s: float = 1800.0
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
            ("bracelet_idle_s", 1, 86400),
            ("strangers_per_s", 0, 1000),
            ("drain_s", 0, 60),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name}: from {low} to {high}, not {value}")
