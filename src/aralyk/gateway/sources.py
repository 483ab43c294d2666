"""Where frames come from: an address, its name that tells nothing, and whether it stands for many devices."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aralyk.gateway.settings import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One sender's address.

    Attributes:
        name: Eight hex digits that tell it apart within this run of the process; what log and metrics may know.
        address: Itself; None: the system did not say. Never shown.
        trusted: Whether it stands for many devices (see the setting `trusted_networks`).
    """

    name: str
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None = field(repr=False)
    trusted: bool

    def within(self, networks: Sequence[Network]) -> bool:
        """Whether it lies in one of these networks."""
        return self.address is not None and any(self.address in network for network in networks)


class Sources:
    """Names source addresses without telling them: keyed with this process's own randomness.

    A plain hash of an address is undone by trying all of them. The key dies with the process, so sources can be told
    apart within a run and nowhere else.
    """

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._key = secrets.token_bytes(16)
        self._trusted = tuple(trusted)

    def of(self, peer: object) -> Source:
        """The source of a socket's peer name, as asyncio gives it."""
        host = str(peer[0]) if isinstance(peer, tuple) and peer else ""
        name = hashlib.blake2b(host.encode(), key=self._key, digest_size=4).hexdigest()
        address = _address(host)
        trusted = address is not None and any(address in network for network in self._trusted)
        return Source(name=name, address=address, trusted=trusted)


class Occupancy:
    """Counts one port's open connections by source, so that one address can't take all the room."""

    def __init__(self, *, per_address_max: int) -> None:
        self._max = per_address_max
        self._open: Counter[str] = Counter()

    def enter(self, source: Source) -> bool:
        """Count one more; False: this address has its share."""
        if not source.trusted and self._open[source.name] >= self._max:
            return False
        self._open[source.name] += 1
        return True

    def leave(self, source: Source) -> None:
        """Count one less."""
        self._open[source.name] -= 1
        if self._open[source.name] <= 0:
            del self._open[source.name]


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
