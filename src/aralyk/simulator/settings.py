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
        bracelets_host: Address that the bracelets connect to.
        bracelets_port: TCP port that the bracelets connect to.
    """

    home: Path
    profile: str = "production"
    phones_url: str = "http://127.0.0.1:5055/osmand"
    bracelets_host: str = "127.0.0.1"
    bracelets_port: int = 5266

    def __post_init__(self) -> None:
        if not self.phones_url.startswith(("http://", "https://")):
            raise ValueError("phones_url must begin with http:// or https://")
        if not 0 < self.bracelets_port < 65536:
            raise ValueError(f"bracelets_port must be from 1 to 65535, not {self.bracelets_port}")
