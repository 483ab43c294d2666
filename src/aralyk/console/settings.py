"""Settings of the console process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """How the console listens. What its pages need (languages, time zone, tiles) stands in Django's settings.

    Attributes:
        home: Directory of this installation: heartbeats and the watchdog's status are below `run/`.
        host: Address to listen on; anything but a loopback address belongs behind a proxy that encrypts.
        port: TCP port to listen on; 0: one that is free (the heartbeat tells which).
        trusted_proxies: Addresses whose `X-Forwarded-*` headers are believed, with commas; empty: none.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 8000
    trusted_proxies: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.port < 65536:
            raise ValueError(f"port must be from 0 to 65535, not {self.port}")
