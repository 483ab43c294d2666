"""Which devices are ours: a copy of the register in memory, so that judging a frame needs no database.

A thread of its own reads the register, listens for changes ("devices") and reads it again every 30 s in case a
notification was lost. While the database is away the last copy serves; before the first copy nobody is refused for
being unknown, because nobody can be known. A copy that can't be renewed though the database answers is a fault that
shows: devices that were added, moved or taken out of service would be judged by old news.
"""

from __future__ import annotations

import hashlib
import ipaddress
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg
import structlog

from aralyk.database import Role, connect
from aralyk.devices.keys import DeviceKeyUnreadable, open_sealed
from aralyk.gateway.settings import Network

POLL_S: Final = 30.0
BACK_OFF_S: Final = 1.0
STALE_S: Final = 2 * POLL_S  # no reading for longer: it fails, or hangs
_LISTEN_S: Final = 1.0  # between looks at whether to stop

# What is written for a device that we can't read is no permission for anybody: no sender has this address.
_NOWHERE: Final[tuple[Network, ...]] = (ipaddress.ip_network("255.255.255.255/32"),)

_log = structlog.get_logger("aralyk.gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A registered device, as far as the gateway needs it.

    Attributes:
        id: What it says on the wire.
        protocol: How it speaks.
        model: As on the box, for protocols whose frames depend on it.
        active: Whether it is in use.
        trust: How far the register lets its word go.
        networks: Where it may speak from; empty: from anywhere.
        key: With which it encrypts, opened.
    """

    id: str
    protocol: str
    model: str
    active: bool
    trust: str = ""
    networks: tuple[Network, ...] = ()
    key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One reading of the register; never changed, only replaced."""

    by_id: Mapping[str, Device] = field(default_factory=dict)
    by_secret_hash: Mapping[bytes, Device] = field(default_factory=dict)

    def of_secret(self, secret: bytes) -> Device | None:
        """The device that carries a secret."""
        return self.by_secret_hash.get(hashlib.sha256(secret).digest())


class Registry:
    """Keeps the newest register; `current` is None until the first one was read."""

    def __init__(self) -> None:
        self.current: Register | None = None
        self._read_s = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="registry", daemon=True)

    def start(self) -> None:
        """Begin to read and listen."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, which hears it within a second."""
        self._ended.set()

    @property
    def alive(self) -> bool:
        """Whether changes are still followed."""
        return self._thread.is_alive()

    def is_fresh(self, now_s: float) -> bool:
        """Whether it was read lately; monotonic seconds."""
        return now_s - self._read_s < STALE_S

    def _keep(self) -> None:
        while not self._ended.is_set():
            try:
                with connect(Role.GATEWAY, autocommit=True) as connection:
                    connection.execute("LISTEN devices")
                    self._follow(connection)
            except psycopg.Error as error:
                _log.warning("register_not_read", error=type(error).__name__, sqlstate=error.sqlstate)
                self._ended.wait(BACK_OFF_S)

    def _follow(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        while not self._ended.is_set():
            self.current = read_register(connection)
            self._read_s = time.monotonic()
            waited_s = 0.0
            while waited_s < POLL_S and not self._ended.is_set():
                # Several changes at once are one reading.
                if list(connection.notifies(timeout=_LISTEN_S, stop_after=1)):
                    break
                waited_s += _LISTEN_S


def read_register(connection: psycopg.Connection[tuple[object, ...]]) -> Register:
    """Read all devices, the inactive too: they are refused by name, not as strangers."""
    by_id: dict[str, Device] = {}
    by_secret_hash: dict[bytes, Device] = {}
    rows = connection.execute(
        "SELECT id, protocol, model, active, trust, networks, key, secret_hash FROM devices_device"
    )
    for device_id, protocol, model, active, trust, networks, key, secret_hash in rows:
        device = Device(
            id=str(device_id),
            protocol=str(protocol),
            model=str(model),
            active=bool(active),
            trust=str(trust),
            networks=_networks(str(networks), device_id=str(device_id)),
            key=_key(key, device_id=str(device_id)) if isinstance(key, bytes) else None,
        )
        by_id[device.id] = device
        if isinstance(secret_hash, bytes):
            by_secret_hash[secret_hash] = device
    return Register(by_id=by_id, by_secret_hash=by_secret_hash)


def _networks(text: str, *, device_id: str) -> tuple[Network, ...]:
    """One row that was written past our checks must not keep all others from being read."""
    try:
        return tuple(ipaddress.ip_network(part) for part in text.split(",") if part)
    except ValueError:
        _log.error("device_networks_unreadable", device=device_id)
        return _NOWHERE


def _key(sealed: bytes, *, device_id: str) -> bytes | None:
    """Without its key the device's frames can't be read: they are set aside, and none is lost."""
    try:
        return open_sealed(sealed, device_id=device_id)
    except DeviceKeyUnreadable as error:
        _log.error("device_key_unreadable", device=device_id, error=str(error))
        return None
