"""The vault's master keys: files outside the database and its backups; they wrap the data keys of persons.

`<home>/keys/vault.key` is the master of today. A rotation lays the earlier one aside in `<home>/keys/vault-old/` under
its id and keeps it until nothing is wrapped with it any more; a crash in between leaves both, and the next
`aralyk vault rewrap` goes on. A master is made once, when nothing is sealed yet, and never silently again: a lost
master means facts that nobody can read, and that must be seen, not papered over by a new key.

What a master wraps is bound to the person and the data key; the key that wraps is derived (HKDF), so that it is never
the one that sealed values before there were data keys (`open_directly`).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aralyk.database.connect import home_directory

KEY_FILE: Final = Path("keys") / "vault.key"
OLD_KEYS: Final = Path("keys") / "vault-old"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # NIST SP 800-38D 8.2.2: random 96-bit nonces, far below 2^32 values a key


class VaultKeyMissing(RuntimeError):
    """There is no such master key, or it is not a key; says where it was looked for."""


class VaultUnreadable(RuntimeError):
    """Sealed or wrapped bytes do not open: another key, another place, or changed bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A data key as the database keeps it."""

    master_id: str
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKey:
    """One master and its public name; the key never shows in a repr."""

    key: bytes = field(repr=False)

    @property
    def master_id(self) -> str:
        """Names the key without telling it."""
        return hashlib.sha256(b"aralyk vault key id\x00" + self.key).hexdigest()[:16]

    def wrap(self, data_key: bytes, *, person: UUID, key_id: UUID) -> Wrapped:
        """Encrypt a person's data key."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound_to = _wrap_bound_to(person=person, key_id=key_id, master_id=self.master_id)
        return Wrapped(
            master_id=self.master_id, nonce=nonce, ciphertext=self._wrapping().encrypt(nonce, data_key, bound_to)
        )

    def unwrap(self, wrapped: Wrapped, *, person: UUID, key_id: UUID) -> bytes:
        """Decrypt the data key of this person.

        Raises:
            VaultUnreadable: Wrapped with another master, for another person or key, or changed since.
        """
        if wrapped.master_id != self.master_id:
            raise VaultUnreadable(f"wrapped with master {wrapped.master_id}, at hand is {self.master_id}")
        bound_to = _wrap_bound_to(person=person, key_id=key_id, master_id=self.master_id)
        try:
            return self._wrapping().decrypt(wrapped.nonce, wrapped.ciphertext, bound_to)
        except InvalidTag:
            raise VaultUnreadable("the wrapped key does not belong to this person and master") from None

    def open_directly(self, *, nonce: bytes, ciphertext: bytes, person: UUID, name: str) -> str:
        """Decrypt a value that was sealed with the master itself, as it was before persons had keys of their own.

        Raises:
            VaultUnreadable: The bytes do not belong to this person, field and master.
        """
        bound_to = f"aralyk sealed v1/{person}/{name}/{self.master_id}".encode()
        try:
            return AESGCM(self.key).decrypt(nonce, ciphertext, bound_to).decode("utf-8")
        except InvalidTag:
            raise VaultUnreadable("the sealed bytes do not belong to this person and field") from None

    def _wrapping(self) -> AESGCM:
        derived = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=b"aralyk vault wrap v1")
        return AESGCM(derived.derive(self.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The master of today, and those that a rotation has not finished with."""

    current: MasterKey
    old: Mapping[str, MasterKey]

    def master(self, master_id: str) -> MasterKey:
        """The master of this name.

        Raises:
            VaultKeyMissing: It is not here.
        """
        if master_id == self.current.master_id:
            return self.current
        if master_id not in self.old:
            raise VaultKeyMissing(f"no master key {master_id} here; the one of today is {self.current.master_id}")
        return self.old[master_id]


def read_keyring(home: Path | None = None) -> Keyring:
    """The masters at hand.

    Raises:
        VaultKeyMissing: No master of today, one that others may read, or one of the wrong length.
    """
    base = home or home_directory()
    current = _read(base / KEY_FILE)
    old = [_read(path) for path in sorted((base / OLD_KEYS).glob("*.key"))]
    return Keyring(current=current, old={each.master_id: each for each in old if each != current})


def make_master(home: Path | None = None) -> Keyring:
    """Make the first master, or read the one that another process made a moment ago.

    Call it only while nothing is sealed.
    """
    base = home or home_directory()
    _write(base / KEY_FILE, secrets.token_bytes(KEY_BYTES))
    return read_keyring(base)


def lay_aside(home: Path | None = None) -> Keyring:
    """Begin a rotation: keep the master of today among the old ones, and make a new one of today.

    The old one is on disk under its own name before it stops being the one of today, so a crash loses neither.

    Raises:
        VaultKeyMissing: There is no master to lay aside.
    """
    base = home or home_directory()
    current = read_keyring(base).current
    _write(base / OLD_KEYS / f"{current.master_id}.key", current.key)
    fresh = base / KEY_FILE.with_name("vault.key.next")
    fresh.unlink(missing_ok=True)
    _write(fresh, secrets.token_bytes(KEY_BYTES))
    fresh.replace(base / KEY_FILE)
    _sync(base / KEY_FILE.parent)
    return read_keyring(base)


def forget(master_id: str, home: Path | None = None) -> None:
    """Remove an old master. Call it only when nothing is wrapped or sealed with it any more."""
    (home or home_directory()).joinpath(OLD_KEYS, f"{master_id}.key").unlink(missing_ok=True)


def _read(path: Path) -> MasterKey:
    try:
        mode = path.stat().st_mode & 0o777
        key = path.read_bytes()
    except FileNotFoundError:
        raise VaultKeyMissing(f"no vault key at {path}") from None
    if mode & 0o077:
        raise VaultKeyMissing(f"{path} may be read by others (mode {mode:o}); expected 600")
    if len(key) != KEY_BYTES:
        raise VaultKeyMissing(f"{path}: expected {KEY_BYTES} bytes, found {len(key)}")
    return MasterKey(key=key)


def _write(path: Path, key: bytes) -> None:
    """Write a key for its owner alone; a file that is there stays as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        # Fails when there is a key already: then both must use that one. A rename would replace it.
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
    _sync(path.parent)


def _sync(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _wrap_bound_to(*, person: UUID, key_id: UUID, master_id: str) -> bytes:
    return f"aralyk data key v1/{person}/{key_id}/{master_id}".encode()
