"""Seals and opens facts about a protected person: AES-256-GCM, the key in a file outside the database.

What is sealed is bound to its place: the person, the field and the key are authenticated with it, so a value copied
onto another person's row does not open. The key is made once, when nothing is sealed yet, and never silently again: a
lost key means sealed facts that nobody can read, and that must be seen, not papered over by a new key.
Not checked here: who may look. That is `aralyk.people.actions.do_look`, the only door.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aralyk.database.connect import home_directory

KEY_FILE: Final = Path("keys") / "vault.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # NIST SP 800-38D 8.2.2: random 96-bit nonces, far below 2^32 values a key
VALUE_MAX: Final = 1_000  # characters: a postal address with directions; documents belong elsewhere


class SealedName(StrEnum):
    """The facts that are sealed."""

    NAME = "name"
    PHONE = "phone"
    HOME_ADDRESS = "home_address"
    WORK_ADDRESS = "work_address"
    SCHOOL_ADDRESS = "school_address"
    HOME_PLACE = "home_place"  # the same places as points, "42.874600,74.612200", for checks that return no point
    WORK_PLACE = "work_place"
    SCHOOL_PLACE = "school_place"
    SHELTER_PLACE = "shelter_place"


class VaultKeyMissing(RuntimeError):
    """There is no key file, or it is not a key; says where it was looked for."""


class VaultUnreadable(RuntimeError):
    """A sealed value does not open: another key, or changed bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An encrypted value with what is needed to open it, the key apart."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKey:
    """The vault's key and its public name; the key never shows in a repr."""

    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Names the key without telling it."""
        return hashlib.sha256(b"aralyk vault key id\x00" + self.key).hexdigest()[:16]

    def seal(self, value: str, *, person: UUID, name: StrEnum) -> Sealed:
        """Encrypt `value` for this person and field."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        bound_to = _bound_to(person=person, name=name, key_id=self.key_id)
        ciphertext = AESGCM(self.key).encrypt(nonce, value.encode("utf-8"), bound_to)
        return Sealed(key_id=self.key_id, nonce=nonce, ciphertext=ciphertext)

    def open(self, sealed: Sealed, *, person: UUID, name: StrEnum) -> str:
        """Decrypt a value of this person and field.

        Raises:
            VaultUnreadable: Sealed with another key, for another person or field, or changed since.
        """
        if sealed.key_id != self.key_id:
            raise VaultUnreadable(f"sealed with key {sealed.key_id}, at hand is {self.key_id}")
        bound_to = _bound_to(person=person, name=name, key_id=self.key_id)
        try:
            return AESGCM(self.key).decrypt(sealed.nonce, sealed.ciphertext, bound_to).decode("utf-8")
        except InvalidTag:
            raise VaultUnreadable("the sealed bytes do not belong to this person and field") from None


def _bound_to(*, person: UUID, name: StrEnum, key_id: str) -> bytes:
    return f"aralyk sealed v1/{person}/{name.value}/{key_id}".encode()


def read_key(home: Path | None = None) -> VaultKey:
    """The vault's key.

    Raises:
        VaultKeyMissing: No key file, one that others may read, or one of the wrong length.
    """
    path = (home or home_directory()) / KEY_FILE
    try:
        mode = path.stat().st_mode & 0o777
        key = path.read_bytes()
    except FileNotFoundError:
        raise VaultKeyMissing(f"no vault key at {path}") from None
    if mode & 0o077:
        raise VaultKeyMissing(f"{path} may be read by others (mode {mode:o}); expected 600")
    if len(key) != KEY_BYTES:
        raise VaultKeyMissing(f"{path}: expected {KEY_BYTES} bytes, found {len(key)}")
    return VaultKey(key=key)


def make_key(home: Path | None = None) -> VaultKey:
    """Make the vault's key, or read the one that another process made a moment ago.

    Call it only while nothing is sealed.
    """
    path = (home or home_directory()) / KEY_FILE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        # Fails when there is a key already: then both must use that one. A rename would replace it.
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink()
    return read_key(home)
