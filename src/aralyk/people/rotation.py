"""The life of the vault's keys: a new master, wrapping anew under it, a person's key destroyed, a canary set.

For whoever keeps the machine and its key files (`aralyk vault …`). Values are never encrypted again when a master
changes; only what was sealed before persons had keys is sealed under her own now. Everything may be stopped at any
moment and begun again.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from django.db import transaction

from aralyk import clock
from aralyk.access.errors import Code, NotFound, Refused
from aralyk.access.texts import check_text
from aralyk.access.witness import System, fingerprint, witness
from aralyk.evidence.kinds import Kind
from aralyk.people.masters import Keyring, VaultKeyMissing, forget, lay_aside, read_keyring
from aralyk.people.models import DataKey as StoredKey
from aralyk.people.models import ProtectedPerson, SealedField
from aralyk.people.sealing import (
    UNREADABLE,
    VAULT,
    hold_masters,
    opened,
    seal_fact,
    share_masters,
    unwrapped,
    words_by_master,
    wrap_row,
)
from aralyk.people.vault import SealedName

BATCH: Final = 500  # keys a transaction: a look never waits for a whole rotation
REASON_MIN: Final = 8
REASON_MAX: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultState:
    """How the vault stands.

    Attributes:
        master_id: The master of today; None: there is none here.
        keys_by_master: How many persons' keys are wrapped with which master.
        direct_by_master: How many facts were sealed with a master itself, before persons had keys.
        words_by_master: How many words of reports were: they are never rewritten, so these masters are kept.
        facts: How many facts are sealed.
        words: How many words of reports are.
        destroyed: How many persons' keys were destroyed.
        missing: Masters that are needed and are not here: what hangs on them can't be read.
    """

    master_id: str | None
    keys_by_master: dict[str, int]
    direct_by_master: dict[str, int]
    words_by_master: dict[str, int]
    facts: int
    words: int
    destroyed: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """What a round of wrapping did."""

    keys: int
    facts_sealed_anew: int
    forgotten: tuple[str, ...]


def vault_state() -> VaultState:
    """How the vault stands; opens nothing."""
    try:
        masters: Keyring | None = read_keyring()
    except VaultKeyMissing:
        masters = None
    by_master: dict[str, int] = {}
    live = StoredKey.objects.using(VAULT).filter(destroyed_at__isnull=True)
    for master_id in live.values_list("master_id", flat=True):
        by_master[master_id] = by_master.get(master_id, 0) + 1
    direct: dict[str, int] = {}
    sealed = SealedField.objects.using(VAULT)
    for master_id in sealed.filter(data_key__isnull=True).values_list("key_id", flat=True):
        direct[master_id] = direct.get(master_id, 0) + 1
    words = words_by_master()
    words_direct = {master_id: rows for master_id, rows in words.items() if master_id}
    here = {masters.current.master_id, *masters.old} if masters else set()
    return VaultState(
        master_id=masters.current.master_id if masters else None,
        keys_by_master=by_master,
        direct_by_master=direct,
        words_by_master=words_direct,
        facts=sealed.count(),
        words=sum(words.values()),
        destroyed=StoredKey.objects.using(VAULT).filter(destroyed_at__isnull=False).count(),
        missing=tuple(sorted((set(by_master) | set(direct) | set(words_direct)) - here)),
    )


def do_rotate() -> Rewrapped:
    """Make a new master and wrap every person's key with it; the old one is kept until none is left under it.

    Raises:
        Refused: vault_unreadable: a master that is needed is not here.
    """
    with transaction.atomic(using=VAULT):
        hold_masters()
        _check_all_here()
        masters = lay_aside()
        _witness_master("rotated", masters, old=sorted(masters.old))
    return do_rewrap()


def do_rewrap() -> Rewrapped:
    """Wrap with the master of today whatever is not, and forget the old masters that nothing needs any more.

    Raises:
        Refused: vault_unreadable: a master that is needed is not here.
    """
    _check_all_here()
    keys = facts = 0
    while done := _rewrap_batch():
        keys += done
    while done := _reseal_batch():
        facts += done
    with transaction.atomic(using=VAULT):
        hold_masters()
        masters, state = read_keyring(), vault_state()
        needed = state.keys_by_master | state.direct_by_master | state.words_by_master
        forgotten = tuple(each for each in sorted(masters.old) if each not in needed)
        if keys or facts or forgotten:
            _witness_master("rewrapped", masters, keys=keys, facts=facts, forgotten=list(forgotten))
    for master_id in forgotten:
        forget(master_id)
    return Rewrapped(keys=keys, facts_sealed_anew=facts, forgotten=forgotten)


def do_destroy_key(code: str, *, reason: str) -> None:
    """Destroy a person's key: none of her sealed facts opens again, in this database or any copy of its rows.

    Words of reports that name her are under the reports' own keys and stay.
    A backup that is older still holds the wrapped key: rotate the master afterwards, and keep no copy of the old one.

    Args:
        code: Her code.
        reason: Why now; the log keeps its fingerprint.

    Raises:
        NotFound: No such person, or nothing was ever sealed.
        Refused: still_open: an order of hers has not ended; vault_key_destroyed; invalid.
    """
    reason = check_text("reason", reason, longest=REASON_MAX, shortest=REASON_MIN)
    person = _person(code)
    at = clock.now()
    if person.orders.filter(ended_at__isnull=True, expires_at__gt=at).exists():
        raise Refused(Code.ORDER_STANDS)
    with transaction.atomic(using=VAULT):
        stored = StoredKey.objects.using(VAULT).select_for_update().filter(protected_person=person.pk).first()
        if stored is None:
            raise NotFound("data_key")
        if stored.destroyed_at is not None:
            raise Refused(Code.VAULT_KEY_DESTROYED)
        stored.nonce, stored.ciphertext, stored.master_id, stored.destroyed_at = b"", b"", "", at
        stored.save(using=VAULT)
        direct = SealedField.objects.using(VAULT).filter(protected_person=person.pk, data_key__isnull=True)
        direct.update(nonce=b"", ciphertext=b"", key_id="", data_key=stored.pk)
        witness(
            kind=Kind.VAULT_KEY_DESTROYED,
            subject=f"protected_person:{person.pk}",
            by=System.VAULT,
            at=at,
            data={"key": str(stored.pk), "reason_sha256": fingerprint(reason)},
            using=VAULT,
        )


def do_set_canary(code: str) -> str:
    """Make a person of the register a canary: she does not exist, and any look at her raises an alarm.

    Register her and issue her order as for anybody, days before: the log then shows nothing but an ordinary case.

    Args:
        code: The code of somebody who does not exist.

    Returns:
        The secret that proves later which person the log's commitment meant. Keep it with the list of canaries.

    Raises:
        NotFound: No such person, or nothing is sealed about her.
        Refused: vault_unreadable; vault_key_destroyed.
    """
    person = _person(code)
    secret = secrets.token_hex(32)
    with transaction.atomic(using=VAULT):
        stored = StoredKey.objects.using(VAULT).select_for_update().filter(protected_person=person.pk).first()
        if stored is None:
            raise NotFound("data_key")
        try:
            stored.mark = unwrapped(stored, read_keyring()).canary_mark()
        except UNREADABLE as error:
            raise Refused(Code.VAULT_UNREADABLE) from error
        stored.save(using=VAULT, update_fields=["mark"])
        witness(
            kind=Kind.CANARY_SET,
            subject="vault:canaries",
            by=System.VAULT,
            at=clock.now(),
            data={"commitment": hashlib.sha256(f"{secret}/{person.pk}".encode()).hexdigest()},
            using=VAULT,
        )
    return secret


def _rewrap_batch() -> int:
    with transaction.atomic(using=VAULT):
        share_masters()
        masters = read_keyring()
        rows = StoredKey.objects.using(VAULT).filter(destroyed_at__isnull=True)
        batch = list(rows.exclude(master_id=masters.current.master_id).select_for_update().order_by("pk")[:BATCH])
        for stored in batch:
            try:
                wrap_row(stored, unwrapped(stored, masters), masters.current)
            except UNREADABLE as error:
                raise Refused(Code.VAULT_UNREADABLE) from error
        StoredKey.objects.using(VAULT).bulk_update(batch, ["master_id", "nonce", "ciphertext"])
    return len(batch)


def _reseal_batch() -> int:
    """What was sealed with a master itself gets under its person's own key."""
    with transaction.atomic(using=VAULT):
        share_masters()
        masters = read_keyring()
        rows = SealedField.objects.using(VAULT).filter(data_key__isnull=True)
        batch = list(rows.select_for_update().order_by("pk")[:BATCH])
        for row in batch:
            try:
                value = opened(row, masters)
            except UNREADABLE as error:
                raise Refused(Code.VAULT_UNREADABLE) from error
            person = row.protected_person
            seal_fact(System.VAULT, person=person, field=SealedName(row.field), value=value, about=row.about)
    return len(batch)


def _check_all_here() -> None:
    state = vault_state()
    if state.missing or state.master_id is None:
        raise Refused(Code.VAULT_UNREADABLE)


def _person(code: str) -> ProtectedPerson:
    person = ProtectedPerson.objects.filter(code=code.strip()).first()
    if person is None:
        raise NotFound("protected_person")
    return person


def _witness_master(act: str, masters: Keyring, **data: object) -> None:
    witness(
        kind=Kind.VAULT_MASTER_CHANGED,
        subject="vault:masters",
        by=System.VAULT,
        at=clock.now(),
        data={"act": act, "master": masters.current.master_id, **data},
        using=VAULT,
    )
