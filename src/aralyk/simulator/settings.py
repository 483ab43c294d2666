"""Settings of the simulator process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """Where the synthetic city's devices report to.

    Attributes:
        home: Directory of this installation: fitted devices and the city's start are below `simulator/`; the truth
            and the ground for the map stand beside.
        profile: Of the platform; the simulator refuses to run in `production`.
        phones_url: Where the phones' app posts to, without the secret that follows as the last part of the path.
        bracelets_address: Where the bracelets connect to over TCP, "host:port".
    """

    home: Path
    profile: str = "production"
    phones_url: str = "http://127.0.0.1:5055/osmand"
    bracelets_address: str = "127.0.0.1:5266"

    def __post_init__(self) -> None:
        if not self.phones_url.startswith(("http://", "https://")):
            raise ValueError("phones_url must begin with http:// or https://")
        host, _, port = self.bracelets_address.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"bracelets_address must be host:port, not {self.bracelets_address}")
