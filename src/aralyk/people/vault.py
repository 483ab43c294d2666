"""Seals and opens facts about a protected person, and words of a report: AES-256-GCM, under a data key of its own.

A data key is wrapped by a master key that is not in the database (`masters`). What is sealed is bound to its place: the
person, whom of hers it is about, the field and the data key are authenticated with it, so a value copied onto another
row does not open. Values are padded: the length of a ciphertext must not tell a flat from a house in a village.
Without a data key nothing of hers opens: destroying it ends her file for good, wherever copies of the rows lie.
Not checked here: who may look. That is `aralyk.people.looks.do_look`, the only door.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aralyk.people.masters import KEY_BYTES, NONCE_BYTES, VaultUnreadable

VALUE_MAX: Final = 1_000  # characters: a postal address with directions; documents belong elsewhere
PADDED_TO: Final = 128  # bytes
MARK_BYTES: Final = 16
_END: Final = b"\x80"  # ISO/IEC 7816-4: the end of the text, then zeros


class SealedName(StrEnum):
    """The facts that are sealed. `about` says whose they are: her own, a child's, a helper's, a channel's."""

    NAME = "name"
    PHONE = "phone"
    HOME_ADDRESS = "home_address"
    WORK_ADDRESS = "work_address"
    SCHOOL_ADDRESS = "school_address"
    SHELTER_ADDRESS = "shelter_address"
    HOME_PLACE = "home_place"  # the same places as points, "42.874600,74.612200", for checks that return no point
    WORK_PLACE = "work_place"
    SCHOOL_PLACE = "school_place"
    SHELTER_PLACE = "shelter_place"
    CODE_WORD = "code_word"
    CHANNEL_NUMBER = "channel_number"
    CHILD_NAME = "child_name"
    CHILD_SCHOOL = "child_school"
    HELPER_NAME = "helper_name"
    HELPER_PHONE = "helper_phone"
    REPRESENTATIVE_NAME = "representative_name"
    REPRESENTATIVE_PHONE = "representative_phone"


class Beside(StrEnum):
    """What is under her key and is no fact about her: no look asks for it."""

    LOOK_PURPOSE = "look_purpose"


OWN_FACTS: Final = (
    SealedName.NAME,
    SealedName.PHONE,
    SealedName.HOME_ADDRESS,
    SealedName.WORK_ADDRESS,
    SealedName.SCHOOL_ADDRESS,
    SealedName.SHELTER_ADDRESS,
    SealedName.HOME_PLACE,
    SealedName.WORK_PLACE,
    SealedName.SCHOOL_PLACE,
    SealedName.SHELTER_PLACE,
    SealedName.CODE_WORD,
)
# A shelter is a secret of everybody in it: a second person confirms before it is shown.
NEEDS_SECOND: Final = frozenset({SealedName.SHELTER_ADDRESS, SealedName.SHELTER_PLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An encrypted value, the key apart."""

    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """One person's key, or one report's; it never shows in a repr."""

    key_id: UUID
    person: UUID
    key: bytes = field(repr=False)

    def seal(self, value: str, *, name: StrEnum, about: UUID) -> Sealed:
        """Encrypt a value of this person."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        content = value.encode("utf-8") + _END
        padded = content + bytes(-len(content) % PADDED_TO)
        return Sealed(nonce=nonce, ciphertext=AESGCM(self.key).encrypt(nonce, padded, self._bound_to(name, about)))

    def open(self, sealed: Sealed, *, name: StrEnum, about: UUID) -> str:
        """Decrypt a value of this person.

        Raises:
            VaultUnreadable: Sealed with another key, for another field, or changed since.
        """
        try:
            padded = AESGCM(self.key).decrypt(sealed.nonce, sealed.ciphertext, self._bound_to(name, about))
        except InvalidTag:
            raise VaultUnreadable("the sealed bytes do not belong to this person and field") from None
        return padded.rstrip(b"\x00")[: -len(_END)].decode("utf-8")

    def canary_mark(self) -> bytes:
        """What stands in the row of a person who does not exist; without the key it looks like chance."""
        return hmac.digest(self.key, f"aralyk canary v1/{self.person}".encode(), hashlib.sha256)[:MARK_BYTES]

    def _bound_to(self, name: StrEnum, about: UUID) -> bytes:
        return f"aralyk sealed v2/{self.person}/{about}/{name.value}/{self.key_id}".encode()


def new_key() -> bytes:
    """A fresh data key."""
    return secrets.token_bytes(KEY_BYTES)


def no_mark() -> bytes:
    """What stands in the row of a person who does exist: chance."""
    return secrets.token_bytes(MARK_BYTES)
