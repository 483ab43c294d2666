"""Seals the keys of devices that encrypt what they say: AES-256-GCM, the key for it in a file outside the database.

A device's own key must be readable for the gateway, so a hash won't do; sealed, a stolen database does not open it. A
sealed key is bound to its device: copied onto another row, it does not open. `<home>/keys/devices.key` is made once,
when the first device key is sealed. Without Django: the gateway reads it.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aralyk.database.connect import home_directory

KEY_FILE: Final = Path("keys") / "devices.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # NIST SP 800-38D 8.2.2: random 96-bit nonces, far below 2^32 values a key
DEVICE_KEY_BYTES_MAX: Final = 64


class DeviceKeyUnreadable(RuntimeError):
    """A device's key can't be opened: no key file, another one, or changed bytes. Says where it was looked for."""


def seal(device_key: bytes, *, device_id: str, home: Path | None = None) -> bytes:
    """Encrypt a device's key for its row, making the key file if there is none yet.

    Raises:
        ValueError: The key is empty or longer than 64 bytes.
        DeviceKeyUnreadable: The key file is not ours alone, or not a key.
    """
    if not 0 < len(device_key) <= DEVICE_KEY_BYTES_MAX:
        raise ValueError(f"key: 1 to {DEVICE_KEY_BYTES_MAX} bytes")
    path = (home or home_directory()) / KEY_FILE
    if not path.exists():
        _make(path)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_read(path)).encrypt(nonce, device_key, _bound_to(device_id))


def open_sealed(sealed: bytes, *, device_id: str, home: Path | None = None) -> bytes:
    """Decrypt a device's key.

    Raises:
        DeviceKeyUnreadable: No key file, another key, or another device's.
    """
    key = _read((home or home_directory()) / KEY_FILE)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(device_id))
    except (InvalidTag, ValueError):
        raise DeviceKeyUnreadable("the sealed key does not belong to this device and key file") from None


def _bound_to(device_id: str) -> bytes:
    return f"aralyk device key v1/{device_id}".encode()


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode & 0o777
        key = path.read_bytes()
    except OSError as error:
        raise DeviceKeyUnreadable(f"no key for device keys at {path} ({error.strerror})") from None
    if mode & 0o077:
        raise DeviceKeyUnreadable(f"{path} may be read by others (mode {mode:o}); expected 600")
    if len(key) != KEY_BYTES:
        raise DeviceKeyUnreadable(f"{path}: expected {KEY_BYTES} bytes, found {len(key)}")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)  # fails when another process made one a moment ago: then both use that one
    except FileExistsError:
        pass
    finally:
        partial.unlink()
