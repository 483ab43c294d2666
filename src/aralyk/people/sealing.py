"""The vault as the database keeps it: a row for each sealed fact, a wrapped key for each person.

Everything here works through the vault's database role and inside its transaction. A master key is read from its file
each time, under a lock that a rotation takes alone: nobody wraps a new key with a master that is about to be forgotten.
Not checked here: who may do it.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import connections

from aralyk import clock
from aralyk.access.errors import Code, Refused
from aralyk.access.witness import Actor, witness
from aralyk.evidence.kinds import Kind
from aralyk.people import vault
from aralyk.people.masters import (
    Keyring,
    MasterKey,
    VaultKeyMissing,
    VaultUnreadable,
    Wrapped,
    make_master,
    read_keyring,
)
from aralyk.people.models import DataKey as StoredKey
from aralyk.people.models import LookPurpose, SealedField
from aralyk.people.vault import Beside, DataKey, Sealed, SealedName

VAULT: Final = "vault"  # the database alias that acts as the vault's role
OF_THE_VAULT: Final = "vault."  # how alarms of the vault begin
_LOCK: Final = 0x61726C_76  # "arlv": one lock of the database for the set of master keys
UNREADABLE: Final = (VaultUnreadable, VaultKeyMissing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFact:
    """That a fact is sealed: what, about whom of hers, since when; never the value."""

    field: SealedName
    about: UUID
    written_at: datetime


# Sealed rows that others keep (words of reports, in a package above this one): each tells how many it has by the master
# that sealed them itself; "" counts those under a data key.
RowsByMaster = Callable[[], Mapping[str, int]]
_kept_elsewhere: Final[dict[str, RowsByMaster]] = {}


def keeps_sealed(table: str, rows_by_master: RowsByMaster) -> None:
    """Say that another package keeps sealed rows, so that no master they need is replaced or forgotten."""
    _kept_elsewhere[table] = rows_by_master


def words_by_master() -> dict[str, int]:
    """How many sealed rows stand in other packages' tables, by the master that sealed them itself; "": a data key."""
    found: dict[str, int] = {}
    for rows_by_master in _kept_elsewhere.values():
        for master_id, rows in rows_by_master().items():
            found[master_id] = found.get(master_id, 0) + rows
    return found


def share_masters() -> None:
    """Keep the set of masters as it is until this transaction ends."""
    _lock("pg_advisory_xact_lock_shared")


def hold_masters() -> None:
    """Be alone with the set of masters until this transaction ends."""
    _lock("pg_advisory_xact_lock")


def keyring() -> Keyring:
    """The masters; the first is made when nothing was ever sealed.

    Raises:
        Refused: vault_unreadable: something is sealed, and its master is not here.
    """
    try:
        return read_keyring()
    except VaultKeyMissing as error:
        ours = SealedField.objects.using(VAULT).exists() or StoredKey.objects.using(VAULT).exists()
        if ours or words_by_master():
            raise Refused(Code.VAULT_UNREADABLE) from error
        return make_master()


def seal_fact(by: Actor, *, person: UUID, field: SealedName, value: str, about: UUID | None = None) -> None:
    """Write or replace one fact, and witness that it was written.

    Raises:
        Refused: vault_unreadable; vault_key_destroyed.
    """
    share_masters()
    key = _key_to_seal(person, keyring())
    about = person if about is None else about
    sealed = key.seal(value.strip(), name=field, about=about)
    at = clock.now()
    SealedField.objects.using(VAULT).update_or_create(
        protected_person=person,
        about=about,
        field=field.value,
        defaults={
            "data_key": key.key_id,
            "key_id": "",
            "nonce": sealed.nonce,
            "ciphertext": sealed.ciphertext,
            "written_at": at,
        },
    )
    witness(
        kind=Kind.VAULT_WRITTEN,
        subject=f"protected_person:{person}",
        by=by,
        at=at,
        data={"field": field.value, "key": str(key.key_id)} | ({} if about == person else {"about": str(about)}),
        using=VAULT,
    )


def seal_words(owner: UUID, *, name: StrEnum, text: str) -> Sealed:
    """Encrypt words of something else than a person (a report) under a key of its own; the caller keeps the row.

    Inside the vault's transaction.

    Raises:
        Refused: vault_unreadable; vault_key_destroyed.
    """
    share_masters()
    return _key_to_seal(owner, keyring()).seal(text, name=name, about=owner)


def open_words(owner: UUID, *, name: StrEnum, sealed: Sealed, master_id: str = "") -> str:
    """Decrypt what `seal_words` sealed, or what was sealed with this master itself before there were data keys.

    Raises:
        Refused: vault_unreadable; vault_key_destroyed.
    """
    try:
        masters = read_keyring()
        if master_id:
            return masters.master(master_id).open_directly(
                nonce=sealed.nonce, ciphertext=sealed.ciphertext, person=owner, name=name.value
            )
        return _stored_key(owner, masters).open(sealed, name=name, about=owner)
    except UNREADABLE as error:
        raise Refused(Code.VAULT_UNREADABLE) from error


def seal_purpose(person: UUID, purpose: str) -> UUID:
    """Keep why somebody looks, under her key; inside the vault's transaction.

    Returns:
        The id by which the evidence of the look names it.

    Raises:
        Refused: vault_unreadable; vault_key_destroyed.
    """
    look = uuid.uuid4()
    share_masters()
    sealed = _key_to_seal(person, keyring()).seal(purpose, name=Beside.LOOK_PURPOSE, about=look)
    LookPurpose.objects.using(VAULT).create(
        pk=look, protected_person=person, nonce=sealed.nonce, ciphertext=sealed.ciphertext, written_at=clock.now()
    )
    return look


def purposes_of(person: UUID) -> dict[str, str]:
    """Why each look at a person was made, by the look's id; empty when nothing of hers can be opened.

    Ask it only for who was fetched with permission.
    """
    rows = list(LookPurpose.objects.using(VAULT).filter(protected_person=person))
    if not rows:
        return {}
    try:
        key = _stored_key(person, read_keyring())
        return {
            str(row.pk): key.open(
                Sealed(nonce=bytes(row.nonce), ciphertext=bytes(row.ciphertext)),
                name=Beside.LOOK_PURPOSE,
                about=row.pk,
            )
            for row in rows
        }
    except (*UNREADABLE, Refused):
        return {}  # the list of looks outlives her key


def open_fact(row: SealedField) -> str:
    """The value of a row.

    Raises:
        Refused: vault_unreadable; vault_key_destroyed.
    """
    try:
        return opened(row, read_keyring())
    except UNREADABLE as error:
        raise Refused(Code.VAULT_UNREADABLE) from error


def opened(row: SealedField, masters: Keyring) -> str:
    """The value of a row, with these masters.

    Raises:
        VaultKeyMissing: Its master is not here.
        VaultUnreadable: It does not open.
        Refused: vault_key_destroyed.
    """
    if row.data_key is None:
        master = masters.master(row.key_id)
        nonce, ciphertext = bytes(row.nonce), bytes(row.ciphertext)
        return master.open_directly(nonce=nonce, ciphertext=ciphertext, person=row.protected_person, name=row.field)
    sealed = Sealed(nonce=bytes(row.nonce), ciphertext=bytes(row.ciphertext))
    return _stored_key(row.protected_person, masters).open(sealed, name=SealedName(row.field), about=row.about)


def unwrapped(stored: StoredKey, masters: Keyring) -> DataKey:
    """A person's key.

    Raises:
        VaultKeyMissing: Its master is not here.
        VaultUnreadable: It was changed, or belongs to somebody else.
        Refused: vault_key_destroyed.
    """
    if stored.destroyed_at is not None:
        raise Refused(Code.VAULT_KEY_DESTROYED)
    wrapped = Wrapped(master_id=stored.master_id, nonce=bytes(stored.nonce), ciphertext=bytes(stored.ciphertext))
    person = stored.protected_person
    key = masters.master(stored.master_id).unwrap(wrapped, person=person, key_id=stored.pk)
    return DataKey(key_id=stored.pk, person=person, key=key)


def is_canary(person: UUID) -> bool:
    """Whether this person does not exist and stands in the register to be looked at; false when it can't be told."""
    stored = StoredKey.objects.using(VAULT).filter(protected_person=person).first()
    if stored is None or stored.destroyed_at is not None:
        return False
    try:
        key = unwrapped(stored, read_keyring())
    except UNREADABLE:
        return False
    return hmac.compare_digest(key.canary_mark(), bytes(stored.mark))


def sealed_facts(person: UUID) -> Sequence[SealedFact]:
    """Which facts of a person are sealed; ask it only for who was fetched with permission."""
    rows = SealedField.objects.using(VAULT).filter(protected_person=person).order_by("field", "pk")
    found = rows.values_list("field", "about", "written_at")
    return [SealedFact(field=SealedName(field), about=about, written_at=at) for field, about, at in found]


def wrap_row(stored: StoredKey, key: DataKey, master: MasterKey) -> None:
    """Put a person's key under this master."""
    wrapped = master.wrap(key.key, person=key.person, key_id=key.key_id)
    stored.master_id, stored.nonce, stored.ciphertext = wrapped.master_id, wrapped.nonce, wrapped.ciphertext


def _stored_key(person: UUID, masters: Keyring) -> DataKey:
    stored = StoredKey.objects.using(VAULT).filter(protected_person=person).first()
    if stored is None:
        raise VaultUnreadable("the data key is not in the database")
    return unwrapped(stored, masters)


def _key_to_seal(person: UUID, masters: Keyring) -> DataKey:
    """Her key; made at the first fact, also when two write their first at once."""
    rows = StoredKey.objects.using(VAULT)
    stored = rows.filter(protected_person=person).first()
    if stored is None:
        key = DataKey(key_id=uuid.uuid4(), person=person, key=vault.new_key())
        fresh = StoredKey(pk=key.key_id, protected_person=person, mark=vault.no_mark(), made_at=clock.now())
        wrap_row(fresh, key, masters.current)
        rows.bulk_create([fresh], ignore_conflicts=True)
        stored = rows.get(protected_person=person)
    try:
        return unwrapped(stored, masters)
    except UNREADABLE as error:
        raise Refused(Code.VAULT_UNREADABLE) from error


def _lock(function: str) -> None:
    with connections[VAULT].cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", (_LOCK,))
